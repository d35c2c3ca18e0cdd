/*
 * The row that names the site of a database. Each open reads it; a migration writes it.
 */
#include "store/database_site.h"

#include <stdlib.h>
#include <string.h>

/* *out: the site, which the caller frees; NULL: the database belongs to none. */
static enum status find(struct connection *db, char **out, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_DATABASE_SITE_FIND);
	char *site = NULL;
	enum status status = statement_row(s, err);

	if (status == STATUS_OK)
		status = statement_text_dup(s, 0, &site, err);
	else if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	if (status == STATUS_OK)
		*out = site;
	return status;
}

static enum status refuse_other(const struct connection *db, const char *owner, const char *site,
				struct error *err)
{
	return error_set(err, STATUS_UNAVAILABLE,
			 "%s: this database belongs to [site %s], not to [site %s]: give each a "
			 "`database` of its own, or, if the site has a new name, run "
			 "prebindctl --site %s migrate --adopt",
			 connection_path(db), owner, site, site);
}

enum status database_site_check(struct connection *db, const char *site, struct error *err)
{
	char *owner = NULL;
	enum status status = find(db, &owner, err);

	if (status == STATUS_OK && owner == NULL)
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: this database belongs to no site yet: run prebindctl "
				   "migrate",
				   connection_path(db));
	else if (status == STATUS_OK && strcmp(owner, site) != 0)
		status = refuse_other(db, owner, site, err);
	free(owner);
	connection_reset(db); /* an open SELECT would keep the connection in an old snapshot */
	return status;
}

static enum status run(struct connection *db, enum query query, struct error *err)
{
	return statement_run(statement_get(db, query), NULL, err);
}

static enum status set(struct connection *db, const char *site, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_DATABASE_SITE_SET);

	statement_bind_text(s, 1, site);
	return statement_run(s, NULL, err);
}

enum status database_site_claim(struct connection *db, const char *site, bool adopt, char **before,
				struct error *err)
{
	char *owner = NULL;
	enum status status = find(db, &owner, err);
	bool others = status == STATUS_OK && owner != NULL && strcmp(owner, site) != 0;

	if (others && !adopt)
		status = refuse_other(db, owner, site, err);
	if (others && status == STATUS_OK)
		status = run(db, QUERY_SESSION_END_ALL, err);
	if (others && status == STATUS_OK)
		status = run(db, QUERY_SITE_KEY_FORGET, err);
	if (status == STATUS_OK && (others || owner == NULL))
		status = set(db, site, err);
	if (status == STATUS_OK && others) {
		*before = owner;
		owner = NULL;
	}
	free(owner);
	return status;
}
