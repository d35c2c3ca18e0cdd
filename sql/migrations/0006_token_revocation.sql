-- For provider token. Tokens that the site signed for this user before min_iat are refused.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE token_revocation (
	user          TEXT    NOT NULL PRIMARY KEY CHECK (user <> ''),
	min_iat       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
