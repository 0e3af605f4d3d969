-- Conversations. Times are milliseconds since 1970. JSON (statuses, domains, metadata, items, checkpoints)
-- is TEXT, so that keys keep their order.
--
-- Whoever changes several rows of a thread locks the thread's row first, so that no two operations
-- deadlock, and so that an item's position and the lease are decided by the row that is locked.

CREATE TABLE chatkitd.threads (
    id                    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    site                  TEXT    NOT NULL,
    user_id               TEXT    NOT NULL,
    created_at            BIGINT  NOT NULL,
    title                 TEXT,
    active                BOOLEAN NOT NULL, -- whether it takes messages, as the status says
    status                TEXT    NOT NULL,
    allowed_image_domains TEXT,
    metadata              TEXT    NOT NULL,
    run_id                TEXT COLLATE "C", -- the run that holds the lease, whether or not that ran out
    last_position         BIGINT  NOT NULL  -- the last one that was given to an item
-- Each run changes the row, and none of the columns that are indexed: with room on the page that leaves
-- the indexes alone.
) WITH (fillfactor = 80);
CREATE INDEX threads_by_site ON chatkitd.threads (site, created_at, id);
CREATE INDEX threads_by_user ON chatkitd.threads (site, user_id, created_at, id);

CREATE TABLE chatkitd.items (
    thread_id   TEXT COLLATE "C" NOT NULL REFERENCES chatkitd.threads (id) ON DELETE CASCADE,
    position    BIGINT  NOT NULL, -- which a replacement keeps
    id          TEXT COLLATE "C" NOT NULL,
    hidden      BOOLEAN NOT NULL,
    body        TEXT    NOT NULL,
    feedback    TEXT,
    feedback_at BIGINT,
    PRIMARY KEY (thread_id, position),
    UNIQUE (thread_id, id)
);
CREATE INDEX items_with_feedback ON chatkitd.items (thread_id, id) WHERE feedback IS NOT NULL;

CREATE TABLE chatkitd.runs (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    thread_id      TEXT COLLATE "C" NOT NULL REFERENCES chatkitd.threads (id) ON DELETE CASCADE,
    status         TEXT    NOT NULL,
    started_at     BIGINT  NOT NULL,
    ended_at       BIGINT,
    lease_until    BIGINT  NOT NULL, -- by this database's clock
    stop_requested BOOLEAN NOT NULL DEFAULT FALSE,
    checkpoint     TEXT,             -- items to append should the run be interrupted
    key_digest     BYTEA UNIQUE,     -- the request's idempotency key within its scope
    body_digest    BYTEA,
    key_until      BIGINT
) WITH (fillfactor = 80);
-- One run per thread; also where runs to recover are looked for.
CREATE UNIQUE INDEX runs_going ON chatkitd.runs (thread_id) WHERE status = 'running';
-- For the deletion of a thread.
CREATE INDEX runs_by_thread ON chatkitd.runs (thread_id);
-- For the sweep.
CREATE INDEX runs_by_key_end ON chatkitd.runs (key_until) WHERE key_until IS NOT NULL;

-- As for the tables of before: shut to everybody but the owner, and without a policy.
ALTER TABLE chatkitd.threads ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.items ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.runs ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON ALL TABLES IN SCHEMA chatkitd FROM PUBLIC;
DO $$
DECLARE
    role_name TEXT;
BEGIN
    FOR role_name IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA chatkitd FROM %I', role_name);
    END LOOP;
END
$$;
