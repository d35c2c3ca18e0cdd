-- Keys that all processes of a site share. No operator configures them. The first process that needs a key creates it at
-- random.

CREATE TABLE site_key (
	purpose       TEXT NOT NULL PRIMARY KEY CHECK (purpose <> ''),
	key           BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;
