/*
 * Creates an account with ejabberd's command `register`, through its API (provision = ejabberd).
 */
#ifndef PREBIND_EJABBERD_REGISTER_H
#define PREBIND_EJABBERD_REGISTER_H

#include "prebind/ejabberd_api.h"

/*
 * Opens *api with the keys provision_… of the configuration. Returns the errors of
 * ejabberd_api_open.
 */
enum status ejabberd_register_open(struct ejabberd_api *api, const struct site_conf *conf,
				   struct error *err);

/* Implements create_account of the back end bosh. */
enum status ejabberd_register(const struct ejabberd_api *api, struct prebind_call *call,
			      const char *password, bool *existed, struct error *err);

#endif
