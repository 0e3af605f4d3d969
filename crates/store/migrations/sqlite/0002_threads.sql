-- Threads, items and runs. Times are milliseconds since 1970. JSON is TEXT, so that keys keep their order.

-- `key` stands for a thread within this file: new threads and their rows go to the end of each table. It is never
-- given out twice, so that nothing left of a deleted thread can belong to another.
CREATE TABLE threads (
    key                   INTEGER PRIMARY KEY AUTOINCREMENT,
    id                    TEXT    NOT NULL UNIQUE,
    site                  TEXT    NOT NULL,
    user_id               TEXT    NOT NULL,
    created_at            INTEGER NOT NULL,
    title                 TEXT,
    status                TEXT    NOT NULL,
    allowed_image_domains TEXT,
    metadata              TEXT    NOT NULL,
    -- The lease: who may write to the thread, and until when unless renewed.
    run_id                TEXT,
    leased_until          INTEGER,
    stop_requested        INTEGER NOT NULL DEFAULT 0,
    checkpoint            TEXT             -- the items to append should the run's process be gone
) STRICT;
CREATE INDEX threads_by_user ON threads (site, user_id, created_at, id);
CREATE INDEX threads_by_site ON threads (site, created_at, id);
CREATE INDEX threads_leased ON threads (key) WHERE run_id IS NOT NULL;

-- Ordered by position, which a replacement keeps.
CREATE TABLE items (
    thread      INTEGER NOT NULL REFERENCES threads (key) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    hidden      INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    feedback    TEXT,
    feedback_at INTEGER,
    PRIMARY KEY (thread, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX items_by_id ON items (thread, id);
CREATE INDEX items_with_feedback ON items (thread, id) WHERE feedback IS NOT NULL;

CREATE TABLE runs (
    id          TEXT    NOT NULL PRIMARY KEY,
    thread      INTEGER NOT NULL REFERENCES threads (key) ON DELETE CASCADE,
    status      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    -- The idempotency key of the request that began it, as SHA-256 of it and its scope; NULL: none, or forgotten.
    key_digest  BLOB,
    body_digest BLOB,
    key_until   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_thread ON runs (thread);
CREATE UNIQUE INDEX runs_by_key ON runs (key_digest) WHERE key_digest IS NOT NULL;
CREATE INDEX runs_by_key_end ON runs (key_until) WHERE key_until IS NOT NULL;
