/*
 * The site's answers that still count, and the questions that are under way: for one set of cookies
 * at most one question at a time, whose answer all who wait for it share. Bounded; thread-safe; for
 * one site in one process. It does not know how a question is asked.
 */
#ifndef IDENTITY_SITE_HTTP_CACHE_H
#define IDENTITY_SITE_HTTP_CACHE_H

#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "identity/site_http_answer.h"

#define SITE_CACHE_ENTRIES_MAX 1024 /* sets of cookies; if there are more, the oldest is dropped */
#define SITE_CACHE_CALLS_MAX   16   /* questions at once: a small site has as many workers */
/* Requests that wait for the site; a quarter of waiting_max, so that other sites have the rest. */
#define SITE_CACHE_WAITING_MAX 256

struct site_cache;

/* life_ms: how long an answer counts, from when its question began. */
enum status site_cache_new(int64_t life_ms, struct site_cache **out, struct error *err);
void site_cache_free(struct site_cache *cache); /* NULL is allowed; nobody may be waiting */

typedef enum status site_cache_ask(void *arg, struct site_answer *out, struct error *err);

struct site_cache_question {
	unsigned char key[SECRET_MAC_LEN]; /* of the cookies */
	int64_t now;                       /* seconds, wall clock */
	int64_t until_ms;                  /* monotonic: how long the request may wait */
	site_cache_ask *ask;               /* asks the site; it is called without a lock */
	void *arg;
};

/*
 * Returns the answer for these cookies: one whose question began less than life_ms before this
 * request came, or later, or a new one. A failure is shared by those who wait for it, but not
 * remembered. STATUS_BUSY with err->retry_after: too many wait for this site, or the time ran out
 * before its turn. STATUS_UNAVAILABLE: another request's question took too long. The caller clears
 * *out.
 */
enum status site_cache_get(struct site_cache *cache, const struct site_cache_question *question,
			   struct site_answer *out, struct error *err);

#endif
