-- Times are milliseconds since 1970. JSON is TEXT, so that keys keep their order.
-- `number` counts in the order of creation: the sweep walks along it, so that no index is needed for an end.

CREATE TABLE sessions (
    number          INTEGER NOT NULL PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    site            TEXT    NOT NULL,
    user_id         TEXT    NOT NULL,
    workflow        TEXT    NOT NULL,
    state_variables TEXT    NOT NULL,
    metadata        TEXT    NOT NULL,
    configuration   TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    revoked_at      INTEGER
) STRICT;
-- Lists page by id, which sorts by time. The second one also finds the session to reuse: the newest
-- of a user, so that the workflow and the end need not be in the index.
CREATE INDEX sessions_by_site ON sessions (site, id);
CREATE INDEX sessions_by_user ON sessions (site, user_id, id);

-- Hashes are random: only their index is written all over the file, the rows are not.
CREATE TABLE secrets (
    number           INTEGER NOT NULL PRIMARY KEY,
    hash             BLOB    NOT NULL UNIQUE,
    session_id       TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    upstream_session TEXT,            -- NULL: minted here
    issued_at        INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    revoked_at       INTEGER,
    replaced_at      INTEGER,
    overlap_until    INTEGER,
    sealed           BLOB,            -- NULL: never there, or swept
    claimed_until    INTEGER
) STRICT;
CREATE INDEX secrets_by_session ON secrets (session_id);
CREATE INDEX secrets_by_overlap ON secrets (overlap_until) WHERE sealed IS NOT NULL;

CREATE TABLE cancel_jobs (
    site             TEXT    NOT NULL,
    upstream_session TEXT    NOT NULL,
    due_at           INTEGER NOT NULL, -- while the job is leased: the end of the lease
    attempts         INTEGER NOT NULL,
    PRIMARY KEY (site, upstream_session)
) STRICT, WITHOUT ROWID;
CREATE INDEX cancel_jobs_by_due ON cancel_jobs (due_at);

CREATE TABLE service_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    hash       BLOB    NOT NULL UNIQUE,
    site       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    hint       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX service_keys_by_site ON service_keys (site, created_at, id);

CREATE TABLE audit_log (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    site   TEXT    NOT NULL,
    actor  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    target TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_log_by_site ON audit_log (site, at, id);

CREATE TABLE limiter_windows (
    key       TEXT    NOT NULL PRIMARY KEY,
    count     INTEGER NOT NULL,
    resets_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
