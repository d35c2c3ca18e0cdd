-- Site users of provider "login", and the login sessions of every provider that keeps them.
-- Names are compared byte by byte (collation BINARY): "Bob" and "bob" are two users.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE site_user (
	id            INTEGER PRIMARY KEY,
	name          TEXT    NOT NULL UNIQUE CHECK (name <> ''),
	display_name  TEXT    NOT NULL DEFAULT '',
	password_hash TEXT    NOT NULL DEFAULT '',             -- '': cannot log in
	disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
	created       INTEGER NOT NULL
) STRICT;

-- The browser holds the token and this table only its SHA-256, so a copy of the file opens no session.
-- There is no reference to site_user: other providers' users have no row there.
CREATE TABLE login_session (
	token_hash    BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
	source        TEXT    NOT NULL CHECK (source <> ''),   -- the provider that vouched
	user          TEXT    NOT NULL CHECK (user <> ''),
	created       INTEGER NOT NULL,
	last_seen     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_session_of_user ON login_session (source, user, created);
CREATE INDEX login_session_unused  ON login_session (last_seen);
