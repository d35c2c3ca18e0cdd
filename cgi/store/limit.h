/*
 * Rate limits, shared by all processes and by plain CGI. The token buckets are in a separate
 * database file, DATABASE.limits, so that frequent writes do not slow down the main database. The
 * file can be deleted at any time. If the limits cannot be read, the request is refused.
 */
#ifndef STORE_LIMIT_H
#define STORE_LIMIT_H

#include <stdint.h>

#include "base/strbuf.h"
#include "conf/conf.h"
#include "store/store.h"

struct limit_store; /* opaque; thread-safe */

/*
 * Opens the file DATABASE.limits. `database` is the path of the main database. The caller closes
 * *out.
 */
enum status limit_open(const char *database, struct limit_store **out, struct error *err);
void limit_close(struct limit_store *limits);

/*
 * Like limit_open, but opens the file only at its first use, for a process that perhaps never needs
 * the file.
 */
enum status limit_open_later(const char *database, struct limit_store **out, struct error *err);

/*
 * Opens the limits in a server's database (store_is_server), where they count for all nodes
 * together. The store must outlive *out.
 */
enum status limit_open_in(struct store *store, struct limit_store **out, struct error *err);

/*
 * Like limit_open_later, but only for reading: the file is neither created nor repaired. If the
 * file is missing, limit_check returns STATUS_NOT_FOUND.
 */
enum status limit_open_to_look(const char *database, struct limit_store **out, struct error *err);

/*
 * Takes one token from the bucket (scope, key). The bucket holds `burst` tokens and gets
 * rule->count new tokens per rule->period_ms. Returns STATUS_SLOW_DOWN if the bucket is empty, and
 * sets err->retry_after (at least 1). A rule with count 0 is off; the result is then STATUS_OK.
 * now_ms is the wall clock in milliseconds. A server's database uses its own clock instead. If the
 * clock was set back, no tokens are added, and nobody is locked out.
 */
struct limit_key {
	const char *scope; /* the kind of limit, such as "login" or "bind_user" */
	const char *key;   /* hashed before it is stored */
	long burst;        /* 0 means rule->count */
};
enum status limit_take(struct limit_store *limits, const struct limit_key *key,
		       const struct conf_limit *rule, int64_t now_ms, struct error *err);

/* Like limit_take, but only reports whether there is a token, and takes no token. */
enum status limit_check(struct limit_store *limits, const struct limit_key *key,
			const struct conf_limit *rule, int64_t now_ms, struct error *err);

/*
 * Counts one attempt at something that can fail. Call it before the outcome is known, so that
 * parallel attempts are all counted. The first rule->count attempts need no wait. Each further
 * attempt must wait after the previous attempt: at first period_ms / count, then twice as long each
 * time, but at most period_ms. An attempt that comes too early is not counted and returns
 * STATUS_SLOW_DOWN. The count starts again at 0 if no attempt is counted for period_ms after the
 * wait has ended. So nobody is locked out for good.
 */
enum status limit_try(struct limit_store *limits, const struct limit_key *key,
		      const struct conf_limit *rule, int64_t now_ms, struct error *err);

/*
 * Subtracts an attempt from the count. Call this if the attempt succeeded or nothing was checked.
 */
enum status limit_try_worked(struct limit_store *limits, const struct limit_key *key,
			     const struct conf_limit *rule, int64_t now_ms, struct error *err);

/*
 * Returns the bucket key of a client address. For IPv4, the key is the address itself. For IPv6,
 * the key is the /64 network, because one client often has a whole /64.
 */
void limit_address_key(const char *remote_addr, char out[64]);

/*
 * ---- the state of an upstream ----
 *
 * Separate processes share this state, as one line of text per URL. Without the shared state, each
 * process of plain CGI would have to find out by itself that an upstream is down. The state is
 * stored with the limits: in their file, or in a database server for all nodes. The state can be
 * lost; without a stored state a process starts with an empty state.
 */

/*
 * Computes the new state from the old state. `before` is "" if there was no state. All processes
 * that share the state get now_ms from the same clock. No other process reads or writes the state
 * during this call. The function can be called twice; only the result of the last call counts.
 */
typedef void upstream_state_change(void *arg, int64_t now_ms, const char *before,
				   struct strbuf *after);

enum status upstream_state_update(struct limit_store *limits, const char *url,
				  upstream_state_change *change, void *arg, struct error *err);

/*
 * Reads the state without waiting for writers. `limits` must come from limit_open_in. *out is "" if
 * there is no state; the caller frees *out. *now_ms is set to the time of the shared clock, and is
 * behind that clock by at most the duration of one query.
 */
enum status upstream_state_read(struct limit_store *limits, const char *url, char **out,
				int64_t *now_ms, struct error *err);

#endif
