/*
 * Finds the site's people in the site's own database, if the key people_query is set. It runs one
 * SELECT that the operator wrote, which is read-only. account/people.h gives the people their JIDs.
 */
#ifndef IDENTITY_PEOPLE_QUERY_H
#define IDENTITY_PEOPLE_QUERY_H

#include "conf/conf.h"
#include "sitedb/site_query.h"

struct people_query; /* thread-safe */

#define PEOPLE_ROWS_MAX SITE_QUERY_ROWS_MAX /* rows of one search; some people have no account */

/*
 * Reads and checks the query, which then finds up to rows_max rows: PEOPLE_ROWS_MAX for
 * people_query_each. conf is borrowed and must outlive *out, which the caller closes.
 */
enum status people_query_open(const struct site_conf *conf, size_t rows_max,
			      struct people_query **out, struct error *err);
/* Checks that the site's database accepts the query. The errors are those of people_query_open. */
enum status people_query_check(struct people_query *people, struct error *err);
void people_query_close(struct people_query *people); /* takes NULL */

/* The members are borrowed for the call. A member is "" if the query does not return it. */
struct people_row {
	const char *user;
	const char *display_name;
	const char *picture; /* the address as the site gives it, unchecked */
	const char *jid;
	const char *email;
	const char *id;
};

struct people_search {
	const char *q;    /* the folded beginning of a name, or "" to look for user instead */
	const char *user; /* the name of one user, or "" to look for q instead */
	const char *me;   /* the user who asks */
};

/*
 * Calls `each` for every row that has a user. Returns STATUS_UNAVAILABLE if the database was not
 * read.
 */
enum status people_query_each(struct people_query *people, const struct people_search *what,
			      void (*each)(void *arg, const struct people_row *row), void *arg,
			      struct error *err);

/*
 * Calls `each` for everybody, for a list of all people: the search matches every name. Returns
 * STATUS_CONFLICT if it finds rows_max rows, because there can then be more.
 */
enum status people_query_all(struct people_query *people,
			     void (*each)(void *arg, const struct people_row *row), void *arg,
			     struct error *err);

#endif
