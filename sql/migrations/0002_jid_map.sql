-- The XMPP accounts that an operator assigned to site users. An account has only one owner. A user is identified by
-- (source, user), so "bob" of one provider is a different user than "bob" of another provider.

CREATE TABLE jid_map (
	source        TEXT NOT NULL CHECK (source <> ''),
	user          TEXT NOT NULL CHECK (user <> ''),
	localpart     TEXT NOT NULL CHECK (localpart <> ''),   -- prepared with Nodeprep and XEP-0106
	domain        TEXT NOT NULL CHECK (domain <> ''),      -- prepared with Nameprep
	xmpp_password TEXT,                                    -- NULL if none is stored
	PRIMARY KEY (source, user),
	UNIQUE (localpart, domain)
) STRICT, WITHOUT ROWID;
