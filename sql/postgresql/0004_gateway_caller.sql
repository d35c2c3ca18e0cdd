-- Like ../migrations/0004_gateway_caller.sql.

CREATE TABLE gateway_caller (
	name          TEXT    COLLATE "C" PRIMARY KEY CHECK (name <> ''),
	password_hash TEXT    COLLATE "C" NOT NULL CHECK (password_hash <> ''),
	api_key_hash  BYTEA   CHECK (length(api_key_hash) = 32),
	domains       TEXT    COLLATE "C" NOT NULL CHECK (domains <> ''),
	addresses     TEXT    COLLATE "C" NOT NULL DEFAULT '',
	disabled      BIGINT  NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
	created       BIGINT  NOT NULL
);
