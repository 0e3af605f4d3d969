-- What a service key promised a session when it made it over REST, as JSON; NULL: it is as the site says.
ALTER TABLE chatkitd.sessions ADD COLUMN promise TEXT;

-- Lists over REST have some kinds of items only. An item's `type` stands first in its body. Not `body::json ->>
-- 'type'`: that refuses a body with \u0000 in it, wherever it is.
ALTER TABLE chatkitd.items ADD COLUMN kind TEXT
    GENERATED ALWAYS AS (substring(body FROM '^\{"type":"([a-z_]+)"')) STORED;
