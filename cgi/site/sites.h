/*
 * The sites of a configuration. The first request for a site opens it, and the site is closed again
 * when it has been idle for a while. So only the sites in use cost memory and connections. If a
 * site cannot be opened, the other sites are not affected, and opening is tried again later.
 * Thread-safe.
 */
#ifndef SITE_SITES_H
#define SITE_SITES_H

#include "site/site.h"

/*
 * How long to wait before a failed site is opened again. Nobody can repair the site in less time.
 */
#define SITES_RETRY_S 5
#define SITES_TELL_S  60  /* minimum time between two log lines about the same failed site */
#define SITES_IDLE_S  600 /* a site is closed after this time without requests */

struct sites; /* opaque; the process and each running request hold one reference */

/*
 * If the configuration has a single site, it is opened at once, and its failure is returned. With
 * SITE_FOR_SPAWNED the failure is only logged, and the site is tried again later. With several
 * sites, and for plain CGI, only the configuration is checked. conf is borrowed, unless
 * sites_own_conf is called. The caller releases *out.
 */
enum status sites_new(const struct conf *conf, enum site_use use, struct sites **out,
		      struct error *err);
struct sites *sites_hold(struct sites *sites);
void sites_release(struct sites *sites); /* NULL is allowed; the last release closes all sites */

/*
 * Makes the sites the owner of conf, which must be the conf that sites_new got. conf is freed
 * together with the last object that uses it.
 */
void sites_own_conf(struct sites *sites, struct conf *conf);

const struct conf *sites_conf(const struct sites *sites);

/*
 * Lends the site, which stays open until it is returned. now_ms is monotonic. Each call also closes
 * one site that has been idle for too long. Returns STATUS_UNAVAILABLE with err->retry_after if the
 * site cannot be opened now. The log event site_failed then has the reason.
 */
enum status sites_borrow(struct sites *sites, const struct site_conf *conf, int64_t now_ms,
			 struct site **out, struct error *err);
void sites_return(struct site *site); /* NULL is allowed */

/*
 * Lends a closed site for the error page, after sites_borrow failed. The caller returns it with
 * sites_return. Returns NULL if out of memory.
 */
struct site *sites_borrow_closed(struct sites *sites, const struct site_conf *conf);
/* Sets the error for a site that cannot be opened now. */
enum status sites_not_now(const struct site_conf *conf, struct error *err);

/*
 * For a reload: opens the sites that are open in `old`, matched by name. If a site cannot be opened
 * with the new configuration, the site keeps running with the old configuration until it is idle.
 * No other thread is allowed to use `sites` before this function returns.
 */
void sites_follow(struct sites *sites, struct sites *old);

#endif
