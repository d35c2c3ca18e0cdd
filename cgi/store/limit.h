/*
 * Rate limits, shared by all processes and by plain CGI. The token buckets are in a database file
 * of their own, DATABASE.limits, so that frequent writes do not slow down the main database. The
 * file may be deleted at any time. If the limits cannot be read, the request is refused.
 */
#ifndef STORE_LIMIT_H
#define STORE_LIMIT_H

#include <stdint.h>

#include "base/strbuf.h"
#include "conf/conf.h"
#include "store/store.h"

struct limit_store; /* opaque; thread-safe */

/* database: path of the main database, to which ".limits" is appended. The caller owns *out. */
enum status limit_open(const char *database, struct limit_store **out, struct error *err);
void limit_close(struct limit_store *limits);

/*
 * Like limit_open, but opens the file when it is first needed, for a process that may never need
 * it.
 */
enum status limit_open_later(const char *database, struct limit_store **out, struct error *err);

/*
 * The limits in a server's database (store_is_server), where they count over all nodes. The store
 * must outlive *out.
 */
enum status limit_open_in(struct store *store, struct limit_store **out, struct error *err);

/*
 * Like limit_open_later, but only reads: the file is neither created nor repaired. If it is
 * missing, a question returns STATUS_NOT_FOUND.
 */
enum status limit_open_to_look(const char *database, struct limit_store **out, struct error *err);

/*
 * Takes one token from the bucket (scope, key). The bucket holds `burst` tokens and is refilled
 * with rule->count tokens per rule->period_ms. STATUS_SLOW_DOWN: it is empty, and err->retry_after
 * is set (≥ 1). A rule with count 0 is off: the result is STATUS_OK. now_ms is the wall clock in
 * milliseconds; a server's database decides by its own clock instead. A clock that was set back
 * refills nothing and locks nobody out.
 */
struct limit_key {
	const char *scope; /* "login", "bind_user", "bind_ip" */
	const char *key;   /* hashed before it is stored */
	long burst;        /* 0: rule->count */
};
enum status limit_take(struct limit_store *limits, const struct limit_key *key,
		       const struct conf_limit *rule, int64_t now_ms, struct error *err);

/* Like limit_take, but takes no token: tells whether there is one. */
enum status limit_check(struct limit_store *limits, const struct limit_key *key,
			const struct conf_limit *rule, int64_t now_ms, struct error *err);

/*
 * Counts one attempt at something that may fail. It is called before the outcome is known, so that
 * parallel attempts are all counted. The first rule->count attempts are free. Each further one must
 * wait after the last: period_ms / count at first, then twice as long each time, at most period_ms.
 * An attempt before that is not counted and returns STATUS_SLOW_DOWN. If no attempt is counted for
 * period_ms after the wait, the count starts again at 0, so nobody is locked out for good.
 */
enum status limit_try(struct limit_store *limits, const struct limit_key *key,
		      const struct conf_limit *rule, int64_t now_ms, struct error *err);

/* Takes an attempt off the count, because it did not fail or because nothing was checked. */
enum status limit_try_worked(struct limit_store *limits, const struct limit_key *key,
			     const struct conf_limit *rule, int64_t now_ms, struct error *err);

/*
 * The bucket key of an address: an IPv4 address itself, the /64 network of an IPv6 address, because
 * one client often has a whole /64.
 */
void limit_address_key(const char *remote_addr, char out[64]);

/*
 * ---- the state of an upstream ----
 *
 * Separate processes share it, one line of text per URL. With plain CGI each process would
 * otherwise have to find out again that a server is down. It is in the file of the limits, or in
 * the server's database for all nodes. It may be lost: a process that finds no state begins anew.
 */

/*
 * Computes the new state from the old one; before is "" if there was none. now_ms: the clock that
 * all who share the state have. No other process reads or writes in between. It may be called
 * twice: only the last result counts.
 */
typedef void upstream_state_change(void *arg, int64_t now_ms, const char *before,
				   struct strbuf *after);

enum status upstream_state_update(struct limit_store *limits, const char *url,
				  upstream_state_change *change, void *arg, struct error *err);

/*
 * Only reads the state, without waiting for others; limits must be those of limit_open_in. *out is
 * "" if there is none; the caller frees it. *now_ms: that clock, late by up to a question's time.
 */
enum status upstream_state_read(struct limit_store *limits, const char *url, char **out,
				int64_t *now_ms, struct error *err);

#endif
