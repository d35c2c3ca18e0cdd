-- Like ../migrations/0005_used_nonce.sql.

CREATE TABLE used_nonce (
	nonce         TEXT    COLLATE "C" PRIMARY KEY CHECK (nonce <> ''),
	expiry        BIGINT  NOT NULL
);

CREATE INDEX used_nonce_expiry ON used_nonce (expiry);
