-- One-time tokens that were used: kept until they end, so that none works twice, in whichever process.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE used_nonce (
	nonce         TEXT    NOT NULL PRIMARY KEY CHECK (nonce <> ''),
	expiry        INTEGER NOT NULL                         -- the token's own end
) STRICT, WITHOUT ROWID;

CREATE INDEX used_nonce_expiry ON used_nonce (expiry);
