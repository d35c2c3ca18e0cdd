-- The site that this database belongs to. No other table names a site: a login, a limit or a claim counts for that one.

CREATE TABLE database_site (
	id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	site          TEXT NOT NULL CHECK (site <> '')
) STRICT;
