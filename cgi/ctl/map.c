/*
 * prebindctl map …: manages the JID map, which assigns XMPP accounts to site users.
 */
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/secret.h"
#include "ctl/ctl.h"
#include "identity/identity.h"
#include "identity/login_account.h"
#include "identity/login_session.h"
#include "store/jid_map.h"
#include "store/user.h"
#include "xmpp/jid.h"

static enum status user_check(const char *source, const char *name, struct error *err)
{
	enum status status = ctl_source_check(source, err);

	if (status != STATUS_OK)
		return status;
	if (name[0] == '\0')
		return error_set(err, STATUS_BAD_REQUEST, "the user's name is empty");
	if (strlen(name) > IDENTITY_USER_MAX)
		return error_set(err, STATUS_BAD_REQUEST, "the user's name is longer than %d bytes",
				 IDENTITY_USER_MAX);
	return name_characters_check(name, err);
}

/*
 * Returns the name as the table of users spells it. If the table does not have the name, returns
 * the composed name (NFC). A user who was added by a version that did not convert names to NFC can
 * be in the table with the old spelling.
 */
static enum status own_user(const struct ctl *ctl, const char *name, char **out, struct error *err)
{
	struct user user = {0};
	enum status status = user_find(ctl->store, name, &user, err);

	if (status == STATUS_OK) {
		*out = user.name;
		user.name = NULL;
	} else if (status == STATUS_NOT_FOUND) {
		status = name_compose(name, out, err);
	}
	user_clear(&user);
	return status;
}

enum status ctl_map_user(const struct ctl *ctl, const char *source, const char *name, char **out,
			 struct error *err)
{
	bool own = strcmp(source, login_session_provider.name) == 0 &&
		   !login_users_are_the_sites(ctl->site);
	char *composed = NULL;
	enum status status = user_check(source, name, err);

	if (status == STATUS_OK)
		status = name_compose(name, &composed, err);
	if (status == STATUS_OK && own && strcmp(composed, name) != 0) {
		free(composed);
		return own_user(ctl, name, out, err);
	}
	if (status == STATUS_OK && !own) {
		free(composed);
		composed = strdup(name);
		status = composed != NULL ? STATUS_OK : error_no_memory(err);
	}
	if (status == STATUS_OK)
		*out = composed;
	return status;
}

int ctl_map_set(struct ctl *ctl)
{
	struct error err = {0};
	struct jid jid = {0};
	char *password = NULL, *user = NULL;

	enum status status = ctl_read_jid(ctl, ctl->argv[1], &jid, &err);
	if (status == STATUS_OK)
		status = ctl_map_user(ctl, ctl_source(ctl), ctl->argv[0], &user, &err);
	if (status == STATUS_OK && ctl->password_stdin)
		status = ctl_read_secret(true, "XMPP password", XMPP_PASSWORD_MAX, &password, &err);
	if (status == STATUS_OK) {
		struct jid_map_row row = {
		    .source = (char *)ctl_source(ctl),
		    .user = user,
		    .localpart = jid.localpart,
		    .domain = jid.domain,
		    .xmpp_password = password,
		};
		status = jid_map_set(ctl->store, &row, &err);
	}
	secret_free(password);
	free(user);
	jid_clear(&jid);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

/* Deletes the row of the user. The row has the name as given, or as `map set` would spell it. */
static enum status delete_row(const struct ctl *ctl, const char *source, const char *name,
			      struct error *err)
{
	char *user = NULL;
	enum status status = jid_map_delete(ctl->store, source, name, err);

	if (status == STATUS_NOT_FOUND && ctl_map_user(ctl, source, name, &user, NULL) == STATUS_OK)
		status = jid_map_delete(ctl->store, source, user, err);
	free(user);
	if (status != STATUS_NOT_FOUND)
		return status;
	return error_set(err, status, "the JID map has no row for '%s' of provider %s", name,
			 source);
}

int ctl_map_delete(struct ctl *ctl)
{
	struct error err = {0};

	enum status status = delete_row(ctl, ctl_source(ctl), ctl->argv[0], &err);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

static void add_row(void *arg, const struct jid_map_row *row)
{
	struct ctl_list *list = arg;
	struct strbuf jid;

	if (!list->json) {
		strbuf_addf(&list->text, "%s:%s %s@%s\n", row->source, row->user, row->localpart,
			    row->domain);
		return;
	}
	strbuf_init(&jid);
	strbuf_addf(&jid, "%s@%s", row->localpart, row->domain);
	json_open_object(&list->w, NULL);
	json_put_string(&list->w, "source", row->source);
	json_put_string(&list->w, "user", row->user);
	json_put_string(&list->w, "jid", jid.data);
	json_close_object(&list->w);
	strbuf_clear(&jid);
}

int ctl_map_list(struct ctl *ctl)
{
	struct error err = {0};
	struct ctl_list list;

	ctl_list_begin(ctl, &list);
	enum status status = jid_map_list(ctl->store, add_row, &list, &err);
	return ctl_list_end(ctl, &list, status, &err);
}
