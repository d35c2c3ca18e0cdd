-- Site users of provider "login", and the login sessions of all providers that have login sessions.
-- Names are compared byte by byte (collation BINARY): "Bob" and "bob" are two users.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE site_user (
	id            INTEGER PRIMARY KEY,
	name          TEXT    NOT NULL UNIQUE CHECK (name <> ''),
	display_name  TEXT    NOT NULL DEFAULT '',
	password_hash TEXT    NOT NULL DEFAULT '',             -- '' if the user cannot log in
	disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
	created       INTEGER NOT NULL
) STRICT;

-- The browser has the token, and this table has only the SHA-256 of the token. So nobody can use a session with a copy of
-- the database.
-- user is not a foreign key to site_user, because users of other providers have no row in site_user.
CREATE TABLE login_session (
	token_hash    BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
	source        TEXT    NOT NULL CHECK (source <> ''),   -- the provider that identified the user
	user          TEXT    NOT NULL CHECK (user <> ''),
	created       INTEGER NOT NULL,
	last_seen     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_session_of_user ON login_session (source, user, created);
CREATE INDEX login_session_unused  ON login_session (last_seen);
