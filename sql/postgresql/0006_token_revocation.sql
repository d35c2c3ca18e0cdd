-- Like ../migrations/0006_token_revocation.sql.

CREATE TABLE token_revocation (
	"user"        TEXT    COLLATE "C" PRIMARY KEY CHECK ("user" <> ''),
	min_iat       BIGINT  NOT NULL
);
