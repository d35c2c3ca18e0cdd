-- One-time tokens that were used. A row is kept until some minutes after the token has expired, so that no process
-- accepts the token a second time.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE used_nonce (
	nonce         TEXT    NOT NULL PRIMARY KEY CHECK (nonce <> ''),
	expiry        INTEGER NOT NULL                         -- when the token expires
) STRICT, WITHOUT ROWID;

CREATE INDEX used_nonce_expiry ON used_nonce (expiry);
