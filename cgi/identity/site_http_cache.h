/*
 * Caches the site's answers, and lets requests share a call to the site. For one set of cookies
 * there is at most one call at a time, and all requests that wait for it share its answer. The
 * cache has a limited size, is thread-safe, and serves one site in one process. It does not know
 * how to call the site.
 */
#ifndef IDENTITY_SITE_HTTP_CACHE_H
#define IDENTITY_SITE_HTTP_CACHE_H

#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "identity/site_http_answer.h"

#define SITE_CACHE_ENTRIES_MAX 1024 /* sets of cookies; at this limit, the oldest set is dropped */
#define SITE_CACHE_CALLS_MAX   16   /* simultaneous calls, as many as a small site has workers */
/*
 * How many requests are allowed to wait for the site: a quarter of the default of waiting_max, so
 * that requests for other sites can wait, too.
 */
#define SITE_CACHE_WAITING_MAX 256

struct site_cache;

/* life_ms says how long an answer is valid after the start of its call. */
enum status site_cache_new(int64_t life_ms, struct site_cache **out, struct error *err);
/* takes NULL; must not be called while a request waits */
void site_cache_free(struct site_cache *cache);

typedef enum status site_cache_ask(void *arg, struct site_answer *out, struct error *err);

struct site_cache_question {
	/* a MAC that identifies the cookies, the Host and the scheme */
	unsigned char key[SECRET_MAC_LEN];
	int64_t now;         /* in seconds since 1970 */
	int64_t until_ms;    /* monotonic; at this time the request stops waiting */
	site_cache_ask *ask; /* calls the site; called without the lock */
	void *arg;
};

/*
 * Returns the answer for these cookies. A cached answer is used if its call began less than life_ms
 * before this request arrived. Requests that wait for a call share its failure, but a failure is
 * not cached. Returns STATUS_BUSY with err->retry_after if too many requests wait for this site, or
 * if the time ran out before the call could begin. Returns STATUS_UNAVAILABLE if another request's
 * call took too long. The caller clears *out.
 */
enum status site_cache_get(struct site_cache *cache, const struct site_cache_question *question,
			   struct site_answer *out, struct error *err);

#endif
