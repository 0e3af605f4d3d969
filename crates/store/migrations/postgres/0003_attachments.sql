-- Files that visitors send along. Their content lies elsewhere, under their ids.

CREATE TABLE chatkitd.attachments (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    site       TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    mime_type  TEXT    NOT NULL,
    size       BIGINT  NOT NULL,
    uploaded   BOOLEAN NOT NULL DEFAULT FALSE,
    preview    BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT  NOT NULL,
    -- The message that it was sent with: it goes with that, and that with its thread.
    thread_id  TEXT COLLATE "C",
    item_id    TEXT COLLATE "C",
    FOREIGN KEY (thread_id, item_id) REFERENCES chatkitd.items (thread_id, id) ON DELETE CASCADE
);
CREATE INDEX attachments_by_item ON chatkitd.attachments (thread_id, item_id) WHERE thread_id IS NOT NULL;
CREATE INDEX attachments_unsent ON chatkitd.attachments (created_at) WHERE thread_id IS NULL;
CREATE INDEX attachments_unsent_by_user ON chatkitd.attachments (site, user_id) WHERE thread_id IS NULL;

-- Content that nothing names any more.
CREATE TABLE chatkitd.blob_deletions (
    attachment TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    due_at     BIGINT NOT NULL
);
CREATE INDEX blob_deletions_due ON chatkitd.blob_deletions (due_at);

-- However a row goes, its content follows.
CREATE FUNCTION chatkitd.delete_blobs() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    INSERT INTO chatkitd.blob_deletions (attachment, due_at) VALUES (OLD.id, 0);
    RETURN NULL;
END
$$;
CREATE TRIGGER attachments_gone AFTER DELETE ON chatkitd.attachments
    FOR EACH ROW EXECUTE FUNCTION chatkitd.delete_blobs();

-- As for the tables of before: shut to everybody but the owner, and without a policy.
ALTER TABLE chatkitd.attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE chatkitd.blob_deletions ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON ALL TABLES IN SCHEMA chatkitd FROM PUBLIC;
REVOKE ALL ON FUNCTION chatkitd.delete_blobs() FROM PUBLIC;
DO $$
DECLARE
    role_name TEXT;
BEGIN
    FOR role_name IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA chatkitd FROM %I', role_name);
        EXECUTE format('REVOKE ALL ON FUNCTION chatkitd.delete_blobs() FROM %I', role_name);
    END LOOP;
END
$$;
