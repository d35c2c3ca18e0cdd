/*
 * XMPP accounts that the program made at their first use, and their passwords where it needs them
 * again.
 */
#ifndef STORE_PROVISIONED_H
#define STORE_PROVISIONED_H

#include <stdbool.h>

#include "store/store.h"

struct provisioned {
	char *xmpp_password; /* owned; NULL: none is kept; wiped by provisioned_clear */
	bool done;           /* the server said that the account is there */
};

/* STATUS_NOT_FOUND: nothing is known of that account. The caller clears *out. */
enum status provisioned_find(struct store *store, const char *localpart, const char *domain,
			     struct provisioned *out, struct error *err);
void provisioned_clear(struct provisioned *provisioned); /* takes a zeroed one */

/*
 * Before the server is asked: notes the account with that password (NULL: none is to be kept),
 * unless it is noted already. *out is what is noted then: whoever tries, tries with the same
 * password. *mine: the caller is the one to ask, for at most PROVISIONED_LEASE_S, and ends it with
 * provisioned_end; else somebody else is asking, or it is done.
 */
#define PROVISIONED_LEASE_S 90 /* longer than any pre-bind: who has it longer has died */
struct provisioned_new {
	const char *localpart; /* prepared, as the next */
	const char *domain;
	const char *xmpp_password;
};
enum status provisioned_begin(struct store *store, const struct provisioned_new *what,
			      struct provisioned *out, bool *mine, struct error *err);

/* done: the account is there. False: the next one may ask at once. */
enum status provisioned_end(struct store *store, const struct provisioned_new *what, bool done,
			    struct error *err);

#endif
