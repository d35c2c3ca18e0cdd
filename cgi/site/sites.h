/*
 * The sites of a configuration. The first request for a site opens it, and it is closed again when
 * it is idle. So thousands of sites cost only as much as those in use. A site that cannot be opened
 * is tried again later and does not affect others. Thread-safe.
 */
#ifndef SITE_SITES_H
#define SITE_SITES_H

#include "site/site.h"

/* Until a failed site is tried again: a person needs longer to repair it. */
#define SITES_RETRY_S 5
#define SITES_TELL_S  60  /* between two log lines with the reason of a failed site */
#define SITES_IDLE_S  600 /* an idle site is closed after that time */

struct sites; /* opaque; reference-counted by the process and by each running request */

/*
 * A single site is opened at once, and its failure is the result. With SITE_FOR_SPAWNED the failure
 * is logged, and the site is tried again later. With several sites, and for plain CGI, only the
 * configuration is checked. conf is borrowed, unless sites_own_conf is called. The caller releases
 * *out.
 */
enum status sites_new(const struct conf *conf, enum site_use use, struct sites **out,
		      struct error *err);
struct sites *sites_hold(struct sites *sites);
void sites_release(struct sites *sites); /* NULL is allowed; the last release closes all sites */

/*
 * Gives conf, as passed to sites_new, to the sites. It is freed with the last object that uses it.
 */
void sites_own_conf(struct sites *sites, struct conf *conf);

const struct conf *sites_conf(const struct sites *sites);

/*
 * Lends the site, open; it stays open until it is returned. now_ms: monotonic. Each call also
 * closes one other idle site. STATUS_UNAVAILABLE with err->retry_after: it cannot be opened now,
 * and the log's event site_failed has the reason.
 */
enum status sites_borrow(struct sites *sites, const struct site_conf *conf, int64_t now_ms,
			 struct site **out, struct error *err);
void sites_return(struct site *site); /* NULL is allowed */

/*
 * Lends a closed site for the error page after sites_borrow failed. The caller returns it with
 * sites_return. NULL: out of memory.
 */
struct site *sites_borrow_closed(struct sites *sites, const struct site_conf *conf);
/* Sets the error for a site that cannot be opened now. */
enum status sites_not_now(const struct site_conf *conf, struct error *err);

/*
 * For a reload: opens the sites that are open in `old`, matched by name. A site that cannot be
 * opened again keeps running with its old configuration until it is idle. Nobody else may use
 * `sites` yet.
 */
void sites_follow(struct sites *sites, struct sites *old);

#endif
