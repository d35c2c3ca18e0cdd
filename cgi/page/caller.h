/*
 * Checks the credentials of a caller of /rest/adhoc/{jid}, and whether it may call from its
 * address. Callers are programs with their own credentials (store/adhoc_caller.h). No site user is
 * a caller, and a login session does not count here.
 */
#ifndef PAGE_CALLER_H
#define PAGE_CALLER_H

#include <stdbool.h>

#include "store/adhoc_caller.h"

/*
 * A cache of passwords that were found right, so that argon2 runs only for a caller's first call to
 * a process. Without it, a program with hundreds of calls a minute would keep a core busy. It holds
 * no password, only an HMAC over name, stored hash and password, under a random key of this
 * process. Outside the process it is useless. An entry no longer matches if the password is changed
 * or the caller deleted, and never matches a caller of another site with the same name. Bounded;
 * thread-safe; lives as long as the process. It does not help plain CGI, which has a process for
 * each call.
 */
#define CALLER_CACHE_MAX 64 /* right passwords kept; a new one replaces the oldest */
struct caller_cache;

enum status caller_cache_new(struct caller_cache **out, struct error *err);
void caller_cache_free(struct caller_cache *cache); /* takes NULL; wipes */

/* True if this password was found right for this stored hash. Compares in constant time. */
bool caller_cache_holds(struct caller_cache *cache, const struct adhoc_caller *caller,
			const char *password);
void caller_cache_add(struct caller_cache *cache, const struct adhoc_caller *caller,
		      const char *password);

/* What a call presents. */
struct caller_claim {
	const char *name;
	const char *password;
	const char *api_key; /* NULL: none */
	const char *address; /* the address that the call comes from */
};

/*
 * STATUS_OK: *out is the caller. STATUS_BAD_CREDENTIALS: the caller is unknown or disabled, or the
 * password is wrong, with the same work for each. STATUS_FORBIDDEN: the password is right, but the
 * API key or the address is not; err says which, and the caller may see it. STATUS_BUSY: too many
 * passwords are being checked. The caller of this function clears *out.
 */
enum status caller_authenticate(struct caller_cache *cache, struct store *store,
				const struct caller_claim *claim, struct adhoc_caller *out,
				struct error *err);

/* True if the caller may bind in that domain, which must be prepared. */
bool caller_has_domain(const struct adhoc_caller *caller, const char *domain);

#endif
