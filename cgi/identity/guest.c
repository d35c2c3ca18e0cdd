/*
 * Provider `guest`. If a guest cookie is expired or was not made by prebind, prebind ignores it and
 * the browser starts as a new guest.
 */
#include "identity/guest.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/cookie_name.h"

bool guest_find(const struct identity_context *context, struct guest *out)
{
	char name[COOKIE_NAME_MAX];
	char *value = NULL;

	*out = (struct guest){0};
	cookie_name(context->conf, COOKIE_GUEST, name);
	if (request_cookie(context->req, name, &value, NULL) != STATUS_OK)
		return false;
	bool known = context->site_key != NULL &&
		     guest_cookie_read(context->site_key, value, context->now,
				       context->conf->session_absolute_ms / 1000, out);
	if (!known)
		log_event(LOG_LEVEL_INFO, "guest_cookie_refused", "id", context->req->id, "site",
			  context->conf->name, "ip", context->req->remote_addr, NULL);
	secret_free(value);
	return known;
}

/* ---- the provider ---- */

static enum identity_verdict guest_provider_find(const struct identity_context *context,
						 struct identity *out, struct error *err)
{
	struct guest guest;

	guest_find(context, &guest);
	out->guest = true;
	out->user = strdup(guest.id);
	out->display_name = strdup(guest.name);
	if (out->user != NULL && out->display_name != NULL)
		return IDENTITY_YES;
	error_no_memory(err);
	return IDENTITY_ERROR;
}

/*
 * Always succeeds, because only `prebindctl check --deep` asks the XMPP server whether it accepts
 * guests.
 */
static enum status guest_check(const struct site_conf *conf, struct store *store,
			       struct error *said)
{
	(void)store;
	error_set(said, STATUS_OK,
		  "visitors whom no other identity provider recognizes get a guest JID at %s",
		  conf->guest_domain);
	return STATUS_OK;
}

const struct identity_provider guest_provider = {
    .name = PROVIDER_GUEST,
    .own_users = true,
    .find = guest_provider_find,
    .check = guest_check,
};
