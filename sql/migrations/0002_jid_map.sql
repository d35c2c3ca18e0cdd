-- Which XMPP account belongs to which site user, where a row says so. An account has one owner; a user is
-- (source, name), so that bob of one login is not bob of another.

CREATE TABLE jid_map (
	source        TEXT NOT NULL CHECK (source <> ''),
	user          TEXT NOT NULL CHECK (user <> ''),
	localpart     TEXT NOT NULL CHECK (localpart <> ''),   -- prepared: Nodeprep, XEP-0106
	domain        TEXT NOT NULL CHECK (domain <> ''),      -- prepared: Nameprep
	xmpp_password TEXT,                                    -- NULL: none is kept
	PRIMARY KEY (source, user),
	UNIQUE (localpart, domain)
) STRICT, WITHOUT ROWID;
