-- Keys that all processes of a site share. Nobody types them in: the first process that needs a key makes it at random.

CREATE TABLE site_key (
	purpose       TEXT NOT NULL PRIMARY KEY CHECK (purpose <> ''),
	key           BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;
