-- XMPP accounts that this program made, or was about to make (key `provision`). If an account has no row, the program
-- asks the server for it before its first session.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE provisioned (
	localpart     TEXT    NOT NULL CHECK (localpart <> ''),   -- prepared: Nodeprep, XEP-0106
	domain        TEXT    NOT NULL CHECK (domain <> ''),      -- prepared: Nameprep
	xmpp_password TEXT,                                       -- NULL: nobody needs it again
	done          INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
	taken         INTEGER NOT NULL DEFAULT (unixepoch()),     -- when somebody began to ask the server; 0: nobody does
	PRIMARY KEY (localpart, domain)
) STRICT, WITHOUT ROWID;
