-- XMPP accounts that this program has created, or is about to create (key `provision`). If an account has no row here, the
-- program asks the server to create the account before its first session.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE provisioned (
	localpart     TEXT    NOT NULL CHECK (localpart <> ''),   -- prepared with Nodeprep and XEP-0106
	domain        TEXT    NOT NULL CHECK (domain <> ''),      -- prepared with Nameprep
	xmpp_password TEXT,                                       -- NULL if it is not needed again
	done          INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
	taken         INTEGER NOT NULL DEFAULT (unixepoch()),     -- when a process began to ask the server; 0 if none is asking
	PRIMARY KEY (localpart, domain)
) STRICT, WITHOUT ROWID;
