/*
 * Caches the site's answers, and lets requests share a call to the site. For one set of cookies
 * there is at most one call at a time, and all requests that wait for it share its answer. Bounded;
 * thread-safe; for one site in one process. It does not know how the site is called.
 */
#ifndef IDENTITY_SITE_HTTP_CACHE_H
#define IDENTITY_SITE_HTTP_CACHE_H

#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "identity/site_http_answer.h"

#define SITE_CACHE_ENTRIES_MAX 1024 /* sets of cookies; if there are more, the oldest is dropped */
#define SITE_CACHE_CALLS_MAX   16   /* calls at a time, as many as a small site has workers */
/*
 * How many requests can wait for the site: a quarter of waiting_max, which leaves room for other
 * sites.
 */
#define SITE_CACHE_WAITING_MAX 256

struct site_cache;

/* life_ms is how long an answer is valid, counted from the beginning of its call. */
enum status site_cache_new(int64_t life_ms, struct site_cache **out, struct error *err);
void site_cache_free(struct site_cache *cache); /* takes NULL; no request must be waiting */

typedef enum status site_cache_ask(void *arg, struct site_answer *out, struct error *err);

struct site_cache_question {
	unsigned char key[SECRET_MAC_LEN]; /* identifies the cookies, the Host and the scheme */
	int64_t now;                       /* seconds, wall clock */
	int64_t until_ms;                  /* monotonic; the request can wait until then */
	site_cache_ask *ask;               /* calls the site; it is called without the lock */
	void *arg;
};

/*
 * Returns the answer for these cookies. It is a new answer, or one whose call began less than
 * life_ms before this request (or after it). A failure is shared by the requests that wait for it,
 * but it is not cached. Returns STATUS_BUSY with err->retry_after if too many requests wait for
 * this site, or if the time ran out before the call could begin. Returns STATUS_UNAVAILABLE if
 * another request's call took too long. The caller clears *out.
 */
enum status site_cache_get(struct site_cache *cache, const struct site_cache_question *question,
			   struct site_answer *out, struct error *err);

#endif
