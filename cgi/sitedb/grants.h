/*
 * Writes the SQL that gives an account the rights that the site's queries need. Finds out whether
 * the account has more rights. For `prebindctl check`.
 */
#ifndef SITEDB_GRANTS_H
#define SITEDB_GRANTS_H

#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Appends the SQL that creates an account which can read what the site's query files read, and
 * nothing else. Appends nothing for SQLite, and no GRANT for a file that cannot be read. Returns
 * STATUS_BAD_REQUEST if the key `site_database` is not valid.
 */
enum status grants_write(const struct conf *conf, const struct site_conf *site, struct strbuf *out,
			 struct error *err);

/*
 * Appends what the account is allowed to do beyond reading, or nothing if it is only allowed to
 * read. Returns STATUS_UNAVAILABLE if the server could not be asked.
 */
enum status grants_beyond(const struct site_conf *site, struct strbuf *out, struct error *err);

#endif
