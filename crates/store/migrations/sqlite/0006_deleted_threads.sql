-- Where threads stood in their lists that were deleted a short while ago: whoever deletes what a page showed goes on
-- after it.
CREATE TABLE deleted_threads (
    id         TEXT    NOT NULL PRIMARY KEY,
    site       TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- For the sweep.
CREATE INDEX deleted_threads_by_end ON deleted_threads (deleted_at);
