-- Like ../migrations/0008_provisioned.sql.

CREATE TABLE provisioned (
	localpart     TEXT    COLLATE "C" NOT NULL CHECK (localpart <> ''),
	domain        TEXT    COLLATE "C" NOT NULL CHECK (domain <> ''),
	xmpp_password TEXT    COLLATE "C",
	done          BIGINT  NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
	taken         BIGINT  NOT NULL DEFAULT floor(extract(epoch FROM clock_timestamp())),
	PRIMARY KEY (localpart, domain)
);
