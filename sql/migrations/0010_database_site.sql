-- The site to which this database belongs. The other tables do not contain the site's name, because all logins, limits and
-- claims in the database belong to this site.

CREATE TABLE database_site (
	id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	site          TEXT NOT NULL CHECK (site <> '')
) STRICT;
