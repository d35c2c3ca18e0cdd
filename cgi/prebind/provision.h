/*
 * Makes accounts at their first use, by the XMPP server's own interface (key provision).
 * Thread-safe.
 */
#ifndef PREBIND_PROVISION_H
#define PREBIND_PROVISION_H

#include "base/strbuf.h"
#include "prebind/backends.h"

struct provision; /* opaque; of one site */

/*
 * *out is NULL if no accounts are to be made. conf, store and the back end's state are borrowed as
 * long as *out lives.
 */
enum status provision_new(const struct site_conf *conf, struct store *store, void *backend_state,
			  struct provision **out, struct error *err);
void provision_free(struct provision *provision); /* NULL is allowed */

/*
 * Makes the call's account, unless it is noted as made. provision NULL: does nothing. On an error
 * the account cannot be made; call->outcome is set if that says something about the call's address.
 */
enum status provision_ensure(struct provision *provision, struct prebind_call *call,
			     struct error *err);

/*
 * tigase.c: makes an account by Tigase's add-user. state is the back end's. *existed: the account
 * existed before, and keeps its own password.
 */
enum status tigase_add_user(void *state, struct prebind_call *call, const char *password,
			    bool *existed, struct error *err);

#endif
