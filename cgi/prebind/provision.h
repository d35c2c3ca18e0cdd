/*
 * Accounts that are made at their first use, through the XMPP server's own interface (key
 * provision). Thread-safe.
 */
#ifndef PREBIND_PROVISION_H
#define PREBIND_PROVISION_H

#include "base/strbuf.h"
#include "prebind/backends.h"

struct provision; /* opaque; one site's */

/*
 * *out is NULL where nothing is to be made. conf, store and the back end's state are borrowed for
 * its life.
 */
enum status provision_new(const struct site_conf *conf, struct store *store, void *backend_state,
			  struct provision **out, struct error *err);
void provision_free(struct provision *provision); /* takes NULL */

/*
 * The call's account is there; makes it if nobody knows of it. Takes NULL. STATUS_CHAT_SERVER and
 * the like: it cannot be made; call->outcome is set where that says something about the call's
 * address.
 */
enum status provision_ensure(struct provision *provision, struct prebind_call *call,
			     struct error *err);

/*
 * tigase.c: by Tigase's add-user; state is the back end's. The account is there afterwards;
 * *existed: it had been before, with a password of its own.
 */
enum status tigase_add_user(void *state, struct prebind_call *call, const char *password,
			    bool *existed, struct error *err);

#endif
