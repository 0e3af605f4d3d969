-- What a service key promised a session when it made it over REST, as JSON; NULL: it is as the site says.
ALTER TABLE sessions ADD COLUMN promise TEXT;

-- Lists over REST have some kinds of items only. Virtual: nothing else pays for it.
ALTER TABLE items ADD COLUMN kind TEXT GENERATED ALWAYS AS (body ->> '$.type') VIRTUAL;
