/*
 * Creates accounts at their first use (key provision), with the create_account of the back end.
 * Thread-safe.
 */
#ifndef PREBIND_PROVISION_H
#define PREBIND_PROVISION_H

#include "prebind/backends.h"

/* All members are borrowed. */
struct provision {
	const struct site_conf *conf;
	struct store *store; /* records which accounts were created */
	const struct prebind_backend *backend;
	void *backend_state;
};

/*
 * Creates the account of the call's JID. Does nothing if the site creates no accounts, or if the
 * database shows that this account exists. If the server at the call's address is the reason for a
 * failure, sets call->outcome.
 */
enum status provision_ensure(const struct provision *provision, struct prebind_call *call,
			     struct error *err);

#endif
