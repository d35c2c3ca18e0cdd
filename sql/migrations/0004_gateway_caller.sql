-- The programs (not site users) that are allowed to call /rest/adhoc/{jid}. Names are compared byte by byte.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE gateway_caller (
	name          TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
	password_hash TEXT    NOT NULL CHECK (password_hash <> ''),
	api_key_hash  BLOB    CHECK (length(api_key_hash) = 32), -- SHA-256 of a random key; NULL if no key is required
	domains       TEXT    NOT NULL CHECK (domains <> ''),    -- in which the caller can bind, separated by spaces; prepared with Nameprep
	addresses     TEXT    NOT NULL DEFAULT '',               -- networks from which it can call, separated by spaces; '' for any
	disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
	created       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
