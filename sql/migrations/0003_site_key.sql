-- Keys that all processes of a site share and nobody types in; made at random by the first who asks.

CREATE TABLE site_key (
	purpose       TEXT NOT NULL PRIMARY KEY CHECK (purpose <> ''),
	key           BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;
