-- The programs (not site users) that may call /rest/adhoc/{jid}. Names are compared byte by byte.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE gateway_caller (
	name          TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
	password_hash TEXT    NOT NULL CHECK (password_hash <> ''),
	api_key_hash  BLOB    CHECK (length(api_key_hash) = 32), -- SHA-256 of a random key; NULL: none is asked for
	domains       TEXT    NOT NULL CHECK (domains <> ''),    -- to bind in, separated by blanks; prepared: Nameprep
	addresses     TEXT    NOT NULL DEFAULT '',               -- to call from, networks separated by blanks; '': any
	disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
	created       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
