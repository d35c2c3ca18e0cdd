-- Secret keys that all processes of a site share. The operator does not configure these keys. The first process that needs
-- a key generates a random key.

CREATE TABLE site_key (
	purpose       TEXT NOT NULL PRIMARY KEY CHECK (purpose <> ''),
	key           BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;
