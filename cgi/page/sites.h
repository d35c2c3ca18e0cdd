/*
 * The sites of one configuration: each is opened by the first request for it and closed when nobody
 * asks for it any more, so that thousands cost what the few in use cost. One that cannot be opened
 * is tried again a little later and keeps no other from being served. Thread-safe.
 */
#ifndef PAGE_SITES_H
#define PAGE_SITES_H

#include "page/site.h"

#define SITES_RETRY_S 5   /* one that could not be opened: what is wrong takes a person longer */
#define SITES_TELL_S  60  /* its reason in the log: at most so often */
#define SITES_IDLE_S  600 /* closed when nobody asked for so long */

struct sites; /* opaque; counted: of the process, and of each request under way */

/*
 * A single site is opened at once, and what it lacks is the result; with SITE_FOR_SPAWNED it is in
 * the log, and tried again. Of several sites, and for plain CGI, only the configuration is checked.
 * conf: borrowed, unless sites_own_conf is called. The caller owns *out.
 */
enum status sites_new(const struct conf *conf, enum site_use use, struct sites **out,
		      struct error *err);
struct sites *sites_hold(struct sites *sites);
void sites_release(struct sites *sites); /* takes NULL; the last one closes all */

/* conf, which sites_new was given, is freed with the last user of what was made from it. */
void sites_own_conf(struct sites *sites, struct conf *conf);

const struct conf *sites_conf(const struct sites *sites);

/*
 * The site, opened; not closed until it is returned. now_ms: monotonic. Each call closes one other
 * that is idle. STATUS_UNAVAILABLE with err->retry_after: it cannot be opened now, and the log's
 * event site_failed says why.
 */
enum status sites_borrow(struct sites *sites, const struct site_conf *conf, int64_t now_ms,
			 struct site **out, struct error *err);
void sites_return(struct site *site); /* takes NULL */

/*
 * A closed site, for the page that says so where sites_borrow failed; given back by sites_return.
 * NULL: out of memory.
 */
struct site *sites_borrow_closed(struct sites *sites, const struct site_conf *conf);
/* What sites_borrow says of a site that cannot be opened now. */
enum status sites_not_now(const struct site_conf *conf, struct error *err);

/*
 * For a reload: opens what `old` has open, by the sites' names. A site that cannot be opened anew
 * goes on as it was, configuration and all, until it is idle. Nobody else uses `sites` yet.
 */
void sites_follow(struct sites *sites, struct sites *old);

#endif
