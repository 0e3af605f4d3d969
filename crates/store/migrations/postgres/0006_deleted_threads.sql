-- Where threads stood in their lists that were deleted a short while ago: whoever deletes what a page showed goes on
-- after it.
CREATE TABLE chatkitd.deleted_threads (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    site       TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL
);
-- For the sweep.
CREATE INDEX deleted_threads_by_end ON chatkitd.deleted_threads (deleted_at);

-- As for the tables of before: shut to everybody but the owner, and without a policy.
ALTER TABLE chatkitd.deleted_threads ENABLE ROW LEVEL SECURITY;
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
