-- Like ../migrations/0010_database_site.sql.

CREATE TABLE database_site (
	id            BIGINT PRIMARY KEY CHECK (id = 1),
	site          TEXT COLLATE "C" NOT NULL CHECK (site <> '')
);
