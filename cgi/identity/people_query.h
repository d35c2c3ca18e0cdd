/*
 * Searches the people of a site in the site's own database, if the key people_query is set. It runs
 * one SELECT that the operator wrote, and only reads. account/people.h finds the JIDs of the
 * people.
 */
#ifndef IDENTITY_PEOPLE_QUERY_H
#define IDENTITY_PEOPLE_QUERY_H

#include "conf/conf.h"
#include "sitedb/site_query.h"

struct people_query; /* thread-safe */

/* maximum number of rows of one search, including people without an account */
#define PEOPLE_ROWS_MAX SITE_QUERY_ROWS_MAX

/*
 * Reads and checks the query. Each search then finds up to rows_max rows. For people_query_each,
 * rows_max must be PEOPLE_ROWS_MAX. conf is borrowed and must outlive *out. The caller closes *out.
 */
enum status people_query_open(const struct site_conf *conf, size_t rows_max,
			      struct people_query **out, struct error *err);
/* Checks that the site's database accepts the query. The errors are those of people_query_open. */
enum status people_query_check(struct people_query *people, struct error *err);
void people_query_close(struct people_query *people); /* takes NULL */

/*
 * A row of the result. Members are borrowed during the call of `each`. A member is "" if the query
 * does not return it.
 */
struct people_row {
	const char *user;
	const char *display_name;
	const char *picture; /* the picture's URL as the site gives it, unchecked */
	const char *jid;
	const char *email;
	const char *id;
};

struct people_search {
	const char *q;    /* the folded beginning of a name, or "" to search by user */
	const char *user; /* the name of one user, or "" to search by q */
	const char *me;   /* the user who searches */
};

/*
 * Calls `each` for every row that has a user. Returns STATUS_UNAVAILABLE if the database could not
 * be read.
 */
enum status people_query_each(struct people_query *people, const struct people_search *what,
			      void (*each)(void *arg, const struct people_row *row), void *arg,
			      struct error *err);

/*
 * Calls `each` for all people of the site, by a search that matches every name. Returns
 * STATUS_CONFLICT if the query found rows_max rows, because there can then be more people.
 */
enum status people_query_all(struct people_query *people,
			     void (*each)(void *arg, const struct people_row *row), void *arg,
			     struct error *err);

#endif
