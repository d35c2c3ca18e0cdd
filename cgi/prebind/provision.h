/*
 * Creates accounts at their first use (key provision), by the create_account of the back end.
 * Thread-safe.
 */
#ifndef PREBIND_PROVISION_H
#define PREBIND_PROVISION_H

#include "prebind/backends.h"

/* All members are borrowed. */
struct provision {
	const struct site_conf *conf;
	struct store *store; /* notes which accounts were created */
	const struct prebind_backend *backend;
	void *backend_state;
};

/*
 * Creates the call's account, unless the site creates no accounts or the database has recorded this
 * one. If the account cannot be created and the cause is the server at the call's address,
 * call->outcome is set.
 */
enum status provision_ensure(const struct provision *provision, struct prebind_call *call,
			     struct error *err);

#endif
