/*
 * ejabberd's command `register`, by its API: creates an account (provision = ejabberd).
 */
#ifndef PREBIND_EJABBERD_REGISTER_H
#define PREBIND_EJABBERD_REGISTER_H

#include "prebind/ejabberd_api.h"

/* Opens *api for the keys provision_…, with the errors of ejabberd_api_open. */
enum status ejabberd_register_open(struct ejabberd_api *api, const struct site_conf *conf,
				   struct error *err);

/* The back end's create_account. */
enum status ejabberd_register(const struct ejabberd_api *api, struct prebind_call *call,
			      const char *password, bool *existed, struct error *err);

#endif
