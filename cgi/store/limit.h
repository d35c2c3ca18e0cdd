/*
 * Rate limits, shared by all processes (and by plain CGI): token buckets in a database file of
 * their own, DATABASE.limits, which may be deleted at any time (REL-DB-7). A limiter that cannot be
 * asked refuses (SEC-RATE-3).
 */
#ifndef STORE_LIMIT_H
#define STORE_LIMIT_H

#include <stdint.h>

#include "conf/conf.h"
#include "store/store.h"

struct limit_store; /* opaque; thread-safe */

/* path: of the main database; ".limits" is put behind it. The caller owns *out. */
enum status limit_open(const char *database, struct limit_store **out, struct error *err);
void limit_close(struct limit_store *limits);

/* The same, but the file is opened by the first question: for a process that may never ask one. */
enum status limit_open_later(const char *database, struct limit_store **out, struct error *err);

/*
 * The same for one that only looks: the file is not made, nor mended. Without it a question gives
 * STATUS_NOT_FOUND.
 */
enum status limit_open_to_look(const char *database, struct limit_store **out, struct error *err);

/*
 * Takes one token from the bucket (scope, key): capacity `burst`, refilled rule->count per
 * rule->period_ms. STATUS_SLOW_DOWN and *retry_after_s (≥ 1) when it is empty; a rule with count 0
 * is off: always STATUS_OK. now_ms: wall clock in milliseconds; a clock that went back refills
 * nothing and locks nobody out.
 */
struct limit_key {
	const char *scope; /* "login", "bind_user", "bind_ip" */
	const char *key;   /* who; hashed before it is stored */
	long burst;        /* 0: rule->count */
};
enum status limit_take(struct limit_store *limits, const struct limit_key *key,
		       const struct conf_limit *rule, int64_t now_ms, long *retry_after_s,
		       struct error *err);

/* As limit_take, but takes nothing: is there a token? */
enum status limit_check(struct limit_store *limits, const struct limit_key *key,
			const struct conf_limit *rule, int64_t now_ms, long *retry_after_s,
			struct error *err);

/*
 * One try of something that may fail, counted before it is known whether it does: so a hundred at
 * once are a hundred. rule->count of them are free; each more must wait after the last one, at
 * first for period_ms / count, then twice as long each time, at most for period_ms:
 * STATUS_SLOW_DOWN till then, which counts for nothing. After a pause longer by period_ms they are
 * free again: nobody is locked out for good.
 */
enum status limit_try(struct limit_store *limits, const struct limit_key *key,
		      const struct conf_limit *rule, int64_t now_ms, long *retry_after_s,
		      struct error *err);

/* That try did not fail, or nobody looked: it is taken off the count. */
enum status limit_try_worked(struct limit_store *limits, const struct limit_key *key,
			     const struct conf_limit *rule, int64_t now_ms, struct error *err);

/* The bucket of an address: IPv4 as it is, IPv6 by its /64 (SEC-AUTH-7). */
void limit_address_key(const char *remote_addr, char out[64]);

#endif
