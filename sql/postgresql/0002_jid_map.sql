-- Like ../migrations/0002_jid_map.sql.

CREATE TABLE jid_map (
	source        TEXT COLLATE "C" NOT NULL CHECK (source <> ''),
	"user"        TEXT COLLATE "C" NOT NULL CHECK ("user" <> ''),
	localpart     TEXT COLLATE "C" NOT NULL CHECK (localpart <> ''),
	domain        TEXT COLLATE "C" NOT NULL CHECK (domain <> ''),
	xmpp_password TEXT COLLATE "C",
	PRIMARY KEY (source, "user"),
	UNIQUE (localpart, domain)
);
