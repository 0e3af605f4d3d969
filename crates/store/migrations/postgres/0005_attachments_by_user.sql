-- A session made over REST has a number of files, so those of its user are counted.
CREATE INDEX attachments_by_user ON chatkitd.attachments (site, user_id, created_at);
