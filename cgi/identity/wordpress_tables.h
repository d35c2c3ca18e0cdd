/*
 * What prebindctl looks up in WordPress's tables: their prefix, and options such as the site's
 * address. No request needs it.
 */
#ifndef IDENTITY_WORDPRESS_TABLES_H
#define IDENTITY_WORDPRESS_TABLES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Copies the value of an option into *out, which the caller wipes and frees. name: a word of our
 * own, such as "siteurl". A network of sites (multisite) has it in its own table. STATUS_NOT_FOUND:
 * there is no such option. STATUS_UNAVAILABLE: the database could not be read.
 */
struct wordpress_option {
	const char *prefix; /* of the tables' names */
	bool network;
	const char *name;
};
enum status wordpress_option_get(const struct site_conf *conf, const struct wordpress_option *what,
				 char **out, struct error *err);

/* Appends the name of the cookie of a site at that address: get_site_option('siteurl'). */
enum status wordpress_cookie_name(const char *address, struct strbuf *out, struct error *err);

/*
 * Takes the result of the site's query and returns it. After a failure, if the site's tables have
 * another prefix than the query's, err says so.
 */
enum status wordpress_blame_prefix(const struct site_conf *conf, enum status status,
				   struct error *err);

/*
 * False: the cookie has not the name that the site's address gives, so said is a sentence about it.
 * True also if the account may not read the address.
 */
bool wordpress_is_its_cookie(const struct site_conf *conf, const char *cookie, struct error *said);

#endif
