-- Like ../migrations/0003_site_key.sql.

CREATE TABLE site_key (
	purpose       TEXT  COLLATE "C" PRIMARY KEY CHECK (purpose <> ''),
	key           BYTEA NOT NULL CHECK (length(key) = 32)
);
