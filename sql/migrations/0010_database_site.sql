-- The site that this database belongs to. No other table names a site, because all logins, limits and claims in the
-- database belong to this one.

CREATE TABLE database_site (
	id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	site          TEXT NOT NULL CHECK (site <> '')
) STRICT;
