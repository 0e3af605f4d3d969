-- Files that visitors send along. Their content lies elsewhere, under their ids.

CREATE TABLE attachments (
    id         TEXT    NOT NULL PRIMARY KEY,
    site       TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    mime_type  TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    uploaded   INTEGER NOT NULL DEFAULT 0,
    preview    INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    -- The message that it was sent with: it goes with that, and that with its thread.
    thread     INTEGER,
    item_id    TEXT,
    FOREIGN KEY (thread, item_id) REFERENCES items (thread, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX attachments_by_item ON attachments (thread, item_id) WHERE thread IS NOT NULL;
CREATE INDEX attachments_unsent ON attachments (created_at) WHERE thread IS NULL;
CREATE INDEX attachments_unsent_by_user ON attachments (site, user_id) WHERE thread IS NULL;

-- Content that nothing names any more.
CREATE TABLE blob_deletions (
    attachment TEXT    NOT NULL PRIMARY KEY,
    due_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_deletions_due ON blob_deletions (due_at);

-- However a row goes, its content follows.
CREATE TRIGGER attachments_gone AFTER DELETE ON attachments BEGIN
    INSERT INTO blob_deletions (attachment, due_at) VALUES (OLD.id, 0);
END;
