-- Times are milliseconds since 1970. JSON is TEXT: JSONB reorders keys and refuses \u0000.
-- The schema and its table of migrations are made before this file is run.

CREATE TABLE chatkitd.sessions (
    -- "C": ids sort by their bytes, that is by time, whatever the database's language is.
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    site            TEXT   NOT NULL,
    user_id         TEXT   NOT NULL,
    workflow        TEXT   NOT NULL,
    state_variables TEXT   NOT NULL,
    metadata        TEXT   NOT NULL,
    configuration   TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT
);
-- Lists page by id, which sorts by time. The second one also finds the session to reuse: the newest
-- of a user, so that the workflow and the end need not be in the index.
CREATE INDEX sessions_by_site ON chatkitd.sessions (site, id);
CREATE INDEX sessions_by_user ON chatkitd.sessions (site, user_id, id);
-- For the sweep.
CREATE INDEX sessions_by_end ON chatkitd.sessions (expires_at);
CREATE INDEX sessions_by_revocation ON chatkitd.sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE chatkitd.secrets (
    hash             BYTEA  NOT NULL PRIMARY KEY,
    session_id       TEXT COLLATE "C" NOT NULL REFERENCES chatkitd.sessions (id) ON DELETE CASCADE,
    upstream_session TEXT,            -- NULL: minted here
    issued_at        BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    revoked_at       BIGINT,
    replaced_at      BIGINT,
    overlap_until    BIGINT,
    sealed           BYTEA,           -- NULL: never there, or swept
    claimed_until    BIGINT
);
CREATE INDEX secrets_by_session ON chatkitd.secrets (session_id, expires_at);
CREATE INDEX secrets_by_end ON chatkitd.secrets (expires_at);
CREATE INDEX secrets_by_overlap ON chatkitd.secrets (overlap_until) WHERE sealed IS NOT NULL;

CREATE TABLE chatkitd.cancel_jobs (
    site             TEXT   NOT NULL,
    upstream_session TEXT   NOT NULL,
    due_at           BIGINT NOT NULL, -- while the job is leased: the end of the lease
    attempts         BIGINT NOT NULL,
    PRIMARY KEY (site, upstream_session)
);
CREATE INDEX cancel_jobs_by_due ON chatkitd.cancel_jobs (due_at);

CREATE TABLE chatkitd.service_keys (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    hash       BYTEA  NOT NULL UNIQUE,
    site       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    hint       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX service_keys_by_site ON chatkitd.service_keys (site, created_at, id);

CREATE TABLE chatkitd.audit_log (
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     BIGINT NOT NULL,
    site   TEXT   NOT NULL,
    actor  TEXT   NOT NULL,
    action TEXT   NOT NULL,
    target TEXT   NOT NULL
);
CREATE INDEX audit_log_by_site ON chatkitd.audit_log (site, at, id);

-- Unlogged: counts need not survive a crash of the database, and are written with every request.
CREATE UNLOGGED TABLE chatkitd.limiter_windows (
    key       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    count     BIGINT NOT NULL,
    resets_at BIGINT NOT NULL
);
CREATE INDEX limiter_windows_by_end ON chatkitd.limiter_windows (resets_at);

-- Only the owner, which is the role that chatkitd connects as, reads any of this: the schema is shut
-- to everybody else, and should it ever be opened by mistake, no row shows without a policy.
ALTER TABLE chatkitd._sqlx_migrations ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.cancel_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.service_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.limiter_windows ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON SCHEMA chatkitd FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA chatkitd FROM PUBLIC;
-- The roles behind Supabase's public keys, where there are any.
DO $$
DECLARE
    role_name TEXT;
BEGIN
    FOR role_name IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA chatkitd FROM %I', role_name);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA chatkitd FROM %I', role_name);
    END LOOP;
END
$$;
