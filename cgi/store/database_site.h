/*
 * Which site a database belongs to. A database has one site: its other tables name none, so a
 * second site in it would take the logins of the first. Internal to store/.
 */
#ifndef STORE_DATABASE_SITE_H
#define STORE_DATABASE_SITE_H

#include "store/statement.h"

/* Refuses a database of another site, or of none yet. Not for use in a transaction. */
enum status database_site_check(struct connection *db, const char *site, struct error *err);

/*
 * Writes the site into a database that has none; call it in a transaction. The database of another
 * site is refused, or with `adopt` handed over: its logins end and its keys are made anew, for it
 * may be a copy that the other site goes on using. *before: the other site, which the caller frees;
 * NULL: there was none.
 */
enum status database_site_claim(struct connection *db, const char *site, bool adopt, char **before,
				struct error *err);

#endif
