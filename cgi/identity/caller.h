/*
 * Is this caller of /rest/adhoc/{jid} who it says it is, and may it call from there? Callers are
 * programs with credentials of their own (store/gateway.h): no site user is one, and no login
 * session counts here.
 */
#ifndef IDENTITY_CALLER_H
#define IDENTITY_CALLER_H

#include <stdbool.h>

#include "store/gateway.h"

/*
 * Passwords that were found right, so that only a caller's first call in a process pays for argon2:
 * a program that calls hundreds of times a minute would else keep a core busy. Kept is no password
 * but an HMAC under a random key of this process over name, stored hash and password: it opens
 * nothing elsewhere, and a new password, a deleted caller or another site's caller of the same name
 * do not match it. Bounded; thread- safe; of process lifetime (plain CGI, a process a call, gains
 * nothing).
 */
#define CALLER_CACHE_MAX 64 /* right passwords kept; the oldest goes */
struct caller_cache;

enum status caller_cache_new(struct caller_cache **out, struct error *err);
void caller_cache_free(struct caller_cache *cache); /* takes NULL; wipes */

/* Was this password, for this stored hash, found right? Compared in constant time. */
bool caller_cache_holds(struct caller_cache *cache, const struct gateway_caller *caller,
			const char *password);
void caller_cache_add(struct caller_cache *cache, const struct gateway_caller *caller,
		      const char *password);

/* What a call brought along. */
struct caller_claim {
	const char *name;
	const char *password;
	const char *api_key; /* NULL: none */
	const char *address; /* where the call comes from */
};

/*
 * STATUS_OK and the caller. STATUS_BAD_CREDENTIALS: unknown, disabled or a wrong password, with the
 * same work for each. STATUS_FORBIDDEN: the password is right, but not the API key or the address;
 * the sentence, which may be shown to the caller, says which. STATUS_BUSY: too many passwords are
 * being checked. The caller clears *out.
 */
enum status caller_authenticate(struct caller_cache *cache, struct store *store,
				const struct caller_claim *claim, struct gateway_caller *out,
				struct error *err);

/* Is the prepared domain one of those that the caller may bind in? */
bool caller_has_domain(const struct gateway_caller *caller, const char *domain);

#endif
