/*
 * Reads from WordPress's tables what prebindctl needs: the tables' prefix, and options such as the
 * site's address. These functions are never called for a request.
 */
#ifndef IDENTITY_WORDPRESS_TABLES_H
#define IDENTITY_WORDPRESS_TABLES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Copies the value of an option into *out, which the caller wipes and frees. `name` is a constant
 * of the program, such as "siteurl". If `network` is true, the option is read from the table of a
 * network of sites (multisite). Returns STATUS_NOT_FOUND if there is no such option, and
 * STATUS_UNAVAILABLE if the database could not be read.
 */
struct wordpress_option {
	const char *prefix; /* the prefix of the tables' names */
	bool network;
	const char *name;
};
enum status wordpress_option_get(const struct site_conf *conf, const struct wordpress_option *what,
				 char **out, struct error *err);

/*
 * Appends the name of the cookie for a site with this address (the result of
 * get_site_option('siteurl')).
 */
enum status wordpress_cookie_name(const char *address, struct strbuf *out, struct error *err);

/*
 * Returns `status`, the result of the site's query, unchanged. If the query failed because the
 * query does not use the prefix of the site's tables, err says so.
 */
enum status wordpress_blame_prefix(const struct site_conf *conf, enum status status,
				   struct error *err);

/*
 * Returns false if the cookie's name is not the name that follows from the site's address; `said`
 * then explains the difference. Returns true if the names are equal, or if the account is not
 * allowed to read the address.
 */
bool wordpress_is_its_cookie(const struct site_conf *conf, const char *cookie, struct error *said);

#endif
