/*
 * Which rights the site's queries need, and whether the account has more, for `prebindctl check`.
 */
#ifndef SITEDB_GRANTS_H
#define SITEDB_GRANTS_H

#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Appends the statements that make an account which may read what the site's query files read, and
 * nothing else. Appends nothing for SQLite, or if no file can be read. STATUS_BAD_REQUEST: the key
 * `site_database` is not valid.
 */
enum status grants_write(const struct conf *conf, const struct site_conf *site, struct strbuf *out,
			 struct error *err);

/*
 * Appends what the account may do beyond reading; nothing: it may only read. STATUS_UNAVAILABLE:
 * the server could not be asked.
 */
enum status grants_beyond(const struct site_conf *site, struct strbuf *out, struct error *err);

#endif
