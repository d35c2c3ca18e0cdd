/*
 * XMPP accounts that this program created at their first use. Also stores their passwords, if the
 * program needs them again.
 */
#ifndef STORE_PROVISIONED_H
#define STORE_PROVISIONED_H

#include <stdbool.h>

#include "store/store.h"

struct provisioned {
	char *xmpp_password; /* owned; NULL if none is stored; provisioned_clear wipes it */
	bool done;           /* the server confirmed that the account exists */
};

/* Returns STATUS_NOT_FOUND if the account is not in the table. The caller clears *out. */
enum status provisioned_find(struct store *store, const char *localpart, const char *domain,
			     struct provisioned *out, struct error *err);
void provisioned_clear(struct provisioned *provisioned); /* a zeroed struct is allowed */

/*
 * Records the account, unless it is recorded already. Call this before you ask the server to create
 * the account. If the password is NULL, no password is stored. *out is the stored row, so that
 * every attempt uses the same password; the caller clears *out. If *mine is true, the caller must
 * ask the server, within PROVISIONED_LEASE_S, and then call provisioned_end. If *mine is false, the
 * account exists, or another caller is asking the server.
 */
#define PROVISIONED_LEASE_S 90 /* longer than any pre-bind; an older lease means a crash */
struct provisioned_new {
	const char *localpart; /* prepared, like the domain */
	const char *domain;
	const char *xmpp_password;
};
enum status provisioned_begin(struct store *store, const struct provisioned_new *what,
			      struct provisioned *out, bool *mine, struct error *err);

/*
 * Ends the lease. If `done` is true, the account exists. If `done` is false, the next caller can
 * ask the server at once. Do not call this if the server might still be creating the account.
 * Without this call, the next caller has to wait until the lease ends.
 */
enum status provisioned_end(struct store *store, const struct provisioned_new *what, bool done,
			    struct error *err);

#endif
