-- Accounts that a rule assigned to one user, and could also assign to a second user. The first user keeps the account.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE jid_claim (
	localpart     TEXT    NOT NULL CHECK (localpart <> ''),   -- prepared with Nodeprep and XEP-0106
	domain        TEXT    NOT NULL CHECK (domain <> ''),      -- prepared with Nameprep
	owner         TEXT    NOT NULL CHECK (owner <> ''),       -- "user:NAME", or "id:ID" if the provider knows the id
	since         INTEGER NOT NULL DEFAULT (unixepoch()),
	PRIMARY KEY (localpart, domain)
) STRICT, WITHOUT ROWID;
