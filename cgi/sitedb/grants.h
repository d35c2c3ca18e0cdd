/*
 * For `prebindctl check`: writes the SQL that gives an account only the rights that the site's
 * queries need. Also finds out whether an account has more rights.
 */
#ifndef SITEDB_GRANTS_H
#define SITEDB_GRANTS_H

#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Appends the SQL that creates an account which can only read what the site's query files use.
 * Appends nothing for SQLite, and no GRANT for a query file that cannot be read. Returns
 * STATUS_BAD_REQUEST if the value of `site_database` is invalid.
 */
enum status grants_write(const struct conf *conf, const struct site_conf *site, struct strbuf *out,
			 struct error *err);

/*
 * Appends the rights of the account beyond reading. Appends nothing if the account can only read.
 * Returns STATUS_UNAVAILABLE if the server could not be queried.
 */
enum status grants_beyond(const struct site_conf *site, struct strbuf *out, struct error *err);

#endif
