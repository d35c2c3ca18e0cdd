-- The provider token refuses tokens that the site signed for the user before min_iat.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE token_revocation (
	user          TEXT    NOT NULL PRIMARY KEY CHECK (user <> ''),
	min_iat       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
