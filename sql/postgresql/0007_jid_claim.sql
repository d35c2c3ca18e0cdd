-- Like ../migrations/0007_jid_claim.sql.

CREATE TABLE jid_claim (
	localpart     TEXT    COLLATE "C" NOT NULL CHECK (localpart <> ''),
	domain        TEXT    COLLATE "C" NOT NULL CHECK (domain <> ''),
	owner         TEXT    COLLATE "C" NOT NULL CHECK (owner <> ''),
	since         BIGINT  NOT NULL DEFAULT floor(extract(epoch FROM clock_timestamp())),
	PRIMARY KEY (localpart, domain)
);
