-- The XMPP accounts of the site users who have a row here. An account has one owner. A user is (source, name), so bob of
-- one login is not bob of another.

CREATE TABLE jid_map (
	source        TEXT NOT NULL CHECK (source <> ''),
	user          TEXT NOT NULL CHECK (user <> ''),
	localpart     TEXT NOT NULL CHECK (localpart <> ''),   -- prepared: Nodeprep, XEP-0106
	domain        TEXT NOT NULL CHECK (domain <> ''),      -- prepared: Nameprep
	xmpp_password TEXT,                                    -- NULL: none is kept
	PRIMARY KEY (source, user),
	UNIQUE (localpart, domain)
) STRICT, WITHOUT ROWID;
