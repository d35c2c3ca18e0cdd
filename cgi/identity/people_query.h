/*
 * The site's people, if the key people_query says how they are found in the site's database:
 * read-only, by one SELECT that the operator wrote. account/people.h gives them their JIDs.
 */
#ifndef IDENTITY_PEOPLE_QUERY_H
#define IDENTITY_PEOPLE_QUERY_H

#include "conf/conf.h"
#include "sitedb/site_query.h"

struct people_query; /* thread-safe */

/* Reads and checks the query. conf is borrowed as long as *out lives. The caller closes *out. */
enum status people_query_open(const struct site_conf *conf, struct people_query **out,
			      struct error *err);
/* Asks the site's database whether it takes the query. Errors as for people_query_open. */
enum status people_query_check(struct people_query *people, struct error *err);
void people_query_close(struct people_query *people); /* takes NULL */

/* The members are borrowed for the call; "" for what the query does not return. */
struct people_row {
	const char *user;
	const char *display_name;
	const char *picture; /* as the site has it, unchecked */
	const char *jid;
	const char *email;
	const char *id;
};

struct people_search {
	const char *q;    /* the folded beginning of a name; "": user is sought */
	const char *user; /* one user's name; "": q is sought */
	const char *me;   /* the user who asks */
};

#define PEOPLE_ROWS_MAX SITE_QUERY_ROWS_MAX /* read for one search; some may have no account */

/* Calls each with every row that has a user. STATUS_UNAVAILABLE: the database was not read. */
enum status people_query_each(struct people_query *people, const struct people_search *what,
			      void (*each)(void *arg, const struct people_row *row), void *arg,
			      struct error *err);

/*
 * Calls each with everybody, for a list of all: what is searched for is anything. STATUS_CONFLICT:
 * there are more than max.
 */
enum status people_query_all(struct people_query *people, size_t max,
			     void (*each)(void *arg, const struct people_row *row), void *arg,
			     struct error *err);

#endif
