/*
 * Decides which requests a guest is allowed to send, and handles the guest's cookie.
 */
#include "page/guest_visit.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "identity/guest.h"
#include "page/cookie.h"
#include "page/page.h"

/* Any name is right here, because the XMPP server assigns the guest's name. */
#define ASKED_LOCALPART "guest"

static bool guests_may(const struct exchange *ex)
{
	bool pages = ex->route->speaks == SPEAKS_PAGES;

	return (ex->route->needs & GUEST_MAY) != 0 && (pages || ex->req.method == HTTP_POST);
}

enum status guest_pass(struct exchange *ex, struct error *err)
{
	if (!ex->identity.guest) {
		ex->identified = true;
		guest_end_visit(ex);
		return STATUS_OK;
	}
	if (guests_may(ex)) {
		ex->identified = true;
		return STATUS_OK;
	}
	identity_clear(&ex->identity);
	return error_set(err, STATUS_LOGIN_REQUIRED,
			 "nobody is logged in, and guests are not allowed to use this page");
}

const char *guest_log_key(const struct exchange *ex)
{
	return ex->identity.guest ? "guest" : "user";
}

enum status guest_jid(const struct site_conf *conf, struct jid *out, struct error *err)
{
	return jid_make(ASKED_LOCALPART, conf->guest_domain, NULL, out, err);
}

/* Copies the guest's id and name to the exchange's identity. */
static enum status become(struct exchange *ex, const struct guest *guest, struct error *err)
{
	struct identity *who = &ex->identity;
	char *user = strdup(guest->id), *name = strdup(guest->name);

	if (user == NULL || name == NULL) {
		free(user);
		free(name);
		return error_no_memory(err);
	}
	free(who->user);
	free(who->display_name);
	who->user = user;
	who->display_name = name;
	return STATUS_OK;
}

enum status guest_begin_visit(struct exchange *ex, const struct identity_context *context,
			      struct error *err)
{
	const char *name = fields_get(&ex->req.form, "name");
	char value[GUEST_VALUE_MAX];
	struct guest guest = {0};
	bool is_new = ex->identity.user[0] == '\0' || !guest_find(context, &guest);
	enum status status = STATUS_OK;

	if (!is_new && name == NULL)
		return STATUS_OK;
	if (is_new)
		guest_begin(&guest, ex->now);
	if (name != NULL)
		status = guest_name_set(&guest, name, err);
	if (status == STATUS_OK)
		status = become(ex, &guest, err);
	if (status != STATUS_OK)
		return status;
	if (!guest_cookie_make(ex->site->csrf_key, &guest, value))
		return error_no_memory(err);
	cookie_set(ex->res, ex->site->conf, COOKIE_GUEST, value, COOKIE_UNTIL_CLOSED);
	secret_wipe(value, sizeof(value));
	return STATUS_OK;
}

bool guest_end_visit(struct exchange *ex)
{
	const struct site_conf *conf = ex->site->conf;
	char *value = NULL;

	if (!conf_site_has_provider(conf, PROVIDER_GUEST))
		return false;
	value = cookie_get(&ex->req, conf, COOKIE_GUEST);
	bool was_guest = value != NULL;
	if (was_guest)
		cookie_expire(ex->res, conf, COOKIE_GUEST);
	secret_free(value);
	return was_guest;
}
