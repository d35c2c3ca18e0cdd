-- The site that this database belongs to. No other table names a site: each login, limit and claim belongs to this one.

CREATE TABLE database_site (
	id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	site          TEXT NOT NULL CHECK (site <> '')
) STRICT;
