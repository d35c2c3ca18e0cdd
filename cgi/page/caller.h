/*
 * Checks the credentials of a caller of /rest/adhoc/{jid}, and whether it is allowed to call from
 * its address. Callers are programs with their own credentials (store/adhoc_caller.h). No site user
 * is a caller, and a login session does not count here.
 */
#ifndef PAGE_CALLER_H
#define PAGE_CALLER_H

#include <stdbool.h>

#include "store/adhoc_caller.h"

/*
 * A cache of correct passwords. With it, argon2 runs only for a caller's first call to a process.
 * Without it, a program with hundreds of calls a minute would keep a processor core busy. An entry
 * is not a password but an HMAC over name, stored hash and password. Its key is random for each
 * process, so an entry is useless outside the process. An entry no longer matches after the
 * password was changed or the caller was deleted. It never matches a caller of another site with
 * the same name. The cache has a limited size, is thread-safe and lives as long as the process. It
 * does not help plain CGI, which has a process for each call.
 */
#define CALLER_CACHE_MAX 64 /* entries; a new entry replaces the oldest */
struct caller_cache;

enum status caller_cache_new(struct caller_cache **out, struct error *err);
void caller_cache_free(struct caller_cache *cache); /* accepts NULL; wipes the entries */

/* True if this password was correct for this caller's stored hash. Compares in constant time. */
bool caller_cache_holds(struct caller_cache *cache, const struct adhoc_caller *caller,
			const char *password);
void caller_cache_add(struct caller_cache *cache, const struct adhoc_caller *caller,
		      const char *password);

/* The credentials of a call, and its address. */
struct caller_claim {
	const char *name;
	const char *password;
	const char *api_key; /* NULL if there is none */
	const char *address; /* the address that the call comes from */
};

/*
 * Checks a claim and sets *out to its gateway caller; free it with adhoc_caller_clear. Returns
 * STATUS_BAD_CREDENTIALS if the gateway caller is unknown or disabled, or if the password is wrong.
 * Each of these takes the same work. Returns STATUS_FORBIDDEN if the password is correct, but the
 * API key or the address is not. err then says which one it is, and the gateway caller is allowed
 * to see that. Returns STATUS_BUSY if too many passwords are being checked.
 */
enum status caller_authenticate(struct caller_cache *cache, struct store *store,
				const struct caller_claim *claim, struct adhoc_caller *out,
				struct error *err);

/* True if the caller is allowed to bind in that domain, which must be prepared. */
bool caller_has_domain(const struct adhoc_caller *caller, const char *domain);

#endif
