/*
 * Provider `remote_user`: the web server has authenticated the user by a password, a ticket or an
 * identity provider, and passes on the name. It is read from two parameters of CGI. A header is
 * never used, because a visitor could send one. There is no session of ours, so the web server must
 * end the login.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "identity/identity.h"

/* Without the AUTH_TYPE of an authentication module, the name may come from anywhere. */
static bool auth_type_is_believed(const struct site_conf *conf, const char *type)
{
	const struct conf_list *types = &conf->remote_user_auth_types;

	for (size_t i = 0; i < types->count; i++)
		if (strcasecmp(types->items[i], type) == 0)
			return true;
	return types->count == 0 && type[0] != '\0';
}

/*
 * Returns the name without its realm. Only the configured realm is removed: alice of another realm
 * is another person and must not become our alice.
 */
static enum status name_without_realm(const struct site_conf *conf, const char *name, char **out,
				      struct error *err)
{
	const char *at = strrchr(name, '@');

	if (at != NULL && conf->remote_user_realm[0] != '\0') {
		if (strcmp(at + 1, conf->remote_user_realm) != 0)
			return error_set(
			    err, STATUS_BAD_REQUEST,
			    "remote_user: '%s' is not in the realm %s: make the web server accept "
			    "that realm only, or leave remote_user_realm empty and add such users "
			    "to the JID map",
			    name, conf->remote_user_realm);
		*out = strndup(name, (size_t)(at - name));
	} else {
		*out = strdup(name);
	}
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

static enum identity_verdict remote_user_find(const struct identity_context *context,
					      struct identity *out, struct error *err)
{
	const char *name = context->req->remote_user;
	const char *type = context->req->auth_type;

	if (name == NULL || name[0] == '\0')
		return IDENTITY_NONE;
	if (!auth_type_is_believed(context->conf, type != NULL ? type : "")) {
		error_set(err, STATUS_BAD_REQUEST,
			  "remote_user: the web server sent REMOTE_USER with AUTH_TYPE '%s', which "
			  "is not trusted: make its authentication module protect this path, and "
			  "see remote_user_auth_types",
			  type != NULL ? type : "");
		return IDENTITY_BAD;
	}
	switch (name_without_realm(context->conf, name, &out->user, err)) {
	case STATUS_OK:
		return IDENTITY_YES;
	case STATUS_BAD_REQUEST:
		return IDENTITY_BAD;
	default:
		return IDENTITY_ERROR;
	}
}

/* Only the configuration is on this machine, so the check can only say what will be accepted. */
static enum status remote_user_check(const struct site_conf *conf, struct store *store,
				     struct error *said)
{
	const struct conf_list *types = &conf->remote_user_auth_types;
	struct strbuf text;

	(void)store;
	strbuf_init(&text);
	strbuf_adds(&text, "accepts the web server's REMOTE_USER if AUTH_TYPE is ");
	for (size_t i = 0; i < types->count; i++)
		strbuf_addf(&text, "%s%s", i == 0 ? "" : " or ", types->items[i]);
	strbuf_adds(&text, types->count == 0 ? "set" : "");
	if (conf->remote_user_realm[0] != '\0')
		strbuf_addf(&text, "; @%s is removed from the name, and other realms are refused",
			    conf->remote_user_realm);
	enum status status = strbuf_ok(&text) ? STATUS_OK : error_no_memory(said);
	if (status == STATUS_OK)
		error_set(said, status, "%s", text.data);
	strbuf_clear(&text);
	return status;
}

const struct identity_provider remote_user_provider = {
    .name = PROVIDER_REMOTE_USER,
    .find = remote_user_find,
    .check = remote_user_check,
};
