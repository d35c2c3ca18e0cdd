/*
 * XMPP accounts that the program created at their first use, and their passwords if it needs them
 * again.
 */
#ifndef STORE_PROVISIONED_H
#define STORE_PROVISIONED_H

#include <stdbool.h>

#include "store/store.h"

struct provisioned {
	char *xmpp_password; /* owned; NULL: none is kept; wiped by provisioned_clear */
	bool done;           /* the server confirmed that the account exists */
};

/* STATUS_NOT_FOUND: the account is not in the table. The caller clears *out. */
enum status provisioned_find(struct store *store, const char *localpart, const char *domain,
			     struct provisioned *out, struct error *err);
void provisioned_clear(struct provisioned *provisioned); /* a zeroed one is allowed */

/*
 * Records the account before the server is asked, unless it is already there. The password may be
 * NULL: none is kept. *out is the row, so that every attempt uses the same password; the caller
 * clears it. *mine: the caller is the one to ask the server, for at most PROVISIONED_LEASE_S, and
 * then calls provisioned_end. Otherwise another caller is asking, or the account exists.
 */
#define PROVISIONED_LEASE_S 90 /* longer than any prebind: an older lease was left behind */
struct provisioned_new {
	const char *localpart; /* prepared, like the domain */
	const char *domain;
	const char *xmpp_password;
};
enum status provisioned_begin(struct store *store, const struct provisioned_new *what,
			      struct provisioned *out, bool *mine, struct error *err);

/*
 * done: the account exists. Otherwise the next caller may ask at once. If it is not known whether
 * the server still works, do not call this: then the next caller may ask after the lease.
 */
enum status provisioned_end(struct store *store, const struct provisioned_new *what, bool done,
			    struct error *err);

#endif
