/*
 * Checks the credentials of a caller of /rest/adhoc/{jid}, and whether the caller is allowed to
 * call from its address. Callers are programs with their own credentials (store/adhoc_caller.h).
 * Users of the site are not callers, and login sessions are ignored here.
 */
#ifndef PAGE_CALLER_H
#define PAGE_CALLER_H

#include <stdbool.h>

#include "store/adhoc_caller.h"

/*
 * A cache of correct passwords. With it, argon2 runs only for a caller's first call to a process.
 * Without it, a program with hundreds of calls a minute would keep a processor core busy.
 *
 * An entry is an HMAC over the caller's name, stored hash and password. The key of the HMAC is
 * random for each process, so an entry is useless elsewhere. An entry no longer matches after the
 * password was changed or the caller was deleted. It never matches a caller with the same name at
 * another site.
 *
 * The cache has a limited size, is thread-safe and lives as long as the process. With plain CGI the
 * cache has no effect, because each call has its own process.
 */
#define CALLER_CACHE_MAX 64 /* entries; a new entry replaces the oldest */
struct caller_cache;

enum status caller_cache_new(struct caller_cache **out, struct error *err);
void caller_cache_free(struct caller_cache *cache); /* accepts NULL; wipes the entries first */

/* True if the cache has this password with this caller's stored hash. Takes constant time. */
bool caller_cache_holds(struct caller_cache *cache, const struct adhoc_caller *caller,
			const char *password);
void caller_cache_add(struct caller_cache *cache, const struct adhoc_caller *caller,
		      const char *password);

/* The credentials in a call, and the address that the call comes from. */
struct caller_claim {
	const char *name;
	const char *password;
	const char *api_key; /* NULL if the call has none */
	const char *address; /* the caller's IP address */
};

/*
 * Checks the credentials, and sets *out to the caller. Free it with adhoc_caller_clear. Returns
 * STATUS_BAD_CREDENTIALS if the caller is unknown or disabled, or if the password is wrong. All
 * three take the same time. Returns STATUS_FORBIDDEN if the password is correct, but the API key or
 * the address is not. err then says which of the two is wrong, and can be shown to the caller.
 * Returns STATUS_BUSY if too many passwords are being checked.
 */
enum status caller_authenticate(struct caller_cache *cache, struct store *store,
				const struct caller_claim *claim, struct adhoc_caller *out,
				struct error *err);

/* True if the caller is allowed to bind in the domain. The domain must be in its prepared form. */
bool caller_has_domain(const struct adhoc_caller *caller, const char *domain);

#endif
