/*
 * Provider `remote_user`: the web server authenticates the user (by a password, a ticket or an
 * identity provider) and passes the name to prebind. The name and its type come from two CGI
 * parameters. prebind never takes them from a header, because a visitor could send such a header.
 * prebind has no login session for the user, so the log-out must happen at the web server.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/realm.h"
#include "identity/identity.h"

/*
 * Returns true if the web server's AUTH_TYPE is accepted. Without the AUTH_TYPE of an
 * authentication module, the user's name could come from anywhere.
 */
static bool auth_type_is_believed(const struct site_conf *conf, const char *type)
{
	const struct conf_list *types = &conf->remote_user_auth_types;

	for (size_t i = 0; i < types->count; i++)
		if (strcasecmp(types->items[i], type) == 0)
			return true;
	return types->count == 0 && type[0] != '\0';
}

/* A name as the web server passes it: user, user@REALM or PREFIX\user. */
struct parts {
	const char *user; /* points into the name; not terminated, user_len bytes */
	size_t user_len;
	const char *realm; /* borrowed from the configuration; NULL if the name has no realm */
};

static enum status refuse_realm(const struct site_conf *conf, const char *name, struct error *err)
{
	const struct conf_list *list = &conf->remote_user_realm;

	return error_set(err, STATUS_BAD_REQUEST,
			 "remote_user: '%s' is not in the realm %s%s; make the web server refuse "
			 "other realms, or add the user's realm to remote_user_realm",
			 name, realm_first(list),
			 list->count > 1 ? " or another realm in remote_user_realm" : "");
}

/*
 * Finds the realm of the name. Accepts only realms in the key remote_user_realm, and only as they
 * are spelled there. The user "alice" of another realm is a different person, who must not become
 * our "alice".
 */
static enum status parts_read(const struct site_conf *conf, const char *name, struct parts *out,
			      struct error *err)
{
	const struct conf_list *list = &conf->remote_user_realm;
	const char *at = strrchr(name, '@'), *slash = strchr(name, '\\');

	*out = (struct parts){.user = name, .user_len = strlen(name)};
	if (slash != NULL) {
		out->user = slash + 1;
		out->user_len = strlen(slash + 1);
		out->realm = realm_of_prefix(list, name, (size_t)(slash - name));
	} else if (at != NULL) {
		out->user_len = (size_t)(at - name);
		out->realm = realm_find(list, at + 1);
	}
	if ((slash != NULL || at != NULL) && out->realm == NULL)
		return refuse_realm(conf, name, err);
	if (memchr(out->user, '@', out->user_len) != NULL || out->user_len == 0 ||
	    strchr(out->user, '\\') != NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "remote_user: '%s' contains no user name, or more than one realm; "
				 "this name is refused because it could mean another user",
				 name);
	return STATUS_OK;
}

/*
 * Makes the user's name. A user of the first realm gets a name without the realm. Any other user
 * keeps the realm, in lower case; no two realms of the list differ only in case. A name in
 * exclude_users gets no realm, so that the name is excluded in every realm.
 */
static enum status name_make(const struct site_conf *conf, const struct parts *parts, char **out,
			     struct error *err)
{
	bool kept = parts->realm != NULL && parts->realm != realm_first(&conf->remote_user_realm);
	char *name = strndup(parts->user, parts->user_len);

	if (name == NULL)
		return error_no_memory(err);
	*out = name;
	if (!kept || identity_is_excluded(conf, name))
		return STATUS_OK;
	int made = asprintf(out, "%s@%s", name, parts->realm);
	free(name);
	if (made < 0) {
		*out = NULL;
		return error_no_memory(err);
	}
	for (char *c = *out + parts->user_len + 1; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return STATUS_OK;
}

static enum status name_without_realm(const struct site_conf *conf, const char *name, char **out,
				      struct error *err)
{
	struct parts parts;

	if (conf->remote_user_realm.count == 0) {
		*out = strdup(name);
		return *out != NULL ? STATUS_OK : error_no_memory(err);
	}
	enum status status = parts_read(conf, name, &parts, err);
	return status == STATUS_OK ? name_make(conf, &parts, out, err) : status;
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
			  "remote_user: the web server sent REMOTE_USER with the untrusted "
			  "AUTH_TYPE '%s'; protect this path with the web server's authentication "
			  "module, and check remote_user_auth_types",
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

static void add_realms(const struct conf_list *list, struct strbuf *text)
{
	if (list->count == 0)
		return;
	strbuf_addf(text, "; @%s is removed from the name", realm_first(list));
	for (size_t i = 0; i < list->count; i++) {
		struct realm each = realm_read(list->items[i]);

		if (each.prefix != NULL)
			strbuf_addf(text, ", %.*s\\ means %s", (int)each.prefix_len, each.prefix,
				    each.realm);
		else if (each.realm != realm_first(list))
			strbuf_addf(text, ", @%s is kept", each.realm);
	}
	strbuf_adds(text, ", and other realms are refused");
}

/*
 * Reports what prebind accepts, but not what the web server sends, because this check sees only the
 * configuration.
 */
static enum status remote_user_check(const struct site_conf *conf, struct store *store,
				     struct error *said)
{
	const struct conf_list *types = &conf->remote_user_auth_types;
	struct strbuf text;

	(void)store;
	strbuf_init(&text);
	strbuf_adds(&text, "prebind accepts the web server's REMOTE_USER if AUTH_TYPE is ");
	for (size_t i = 0; i < types->count; i++)
		strbuf_addf(&text, "%s%s", i == 0 ? "" : " or ", types->items[i]);
	strbuf_adds(&text, types->count == 0 ? "set" : "");
	add_realms(&conf->remote_user_realm, &text);
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
