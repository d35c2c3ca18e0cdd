/*
 * prebindctl user …: manages the users of provider `login`.
 */
#include "base/clock.h"
#include "base/secret.h"
#include "ctl/ctl.h"
#include "password/hash.h"
#include "account/jid_rule.h"
#include "store/user.h"
#include "xmpp/jid.h"

static enum status read_hash(const struct ctl *ctl, char hash[SECRET_HASH_MAX], struct error *err)
{
	char *password = NULL;

	enum status status =
	    ctl_read_secret(ctl->password_stdin, "Password", PASSWORD_MAX, &password, err);
	if (status == STATUS_OK)
		status = secret_password_hash(password, hash, err);
	secret_free(password);
	return status;
}

static enum status add(const struct ctl *ctl, const char *name, const char *hash,
		       const struct jid *jid, struct error *err)
{
	const struct user_new new = {
	    .name = name,
	    .localpart = jid->localpart,
	    .domain = jid->domain,
	    .password_hash = hash,
	    .display_name = ctl->display_name,
	    .now = clock_wall(),
	    .any_case = jid_rule_lowers(ctl->site->jid),
	};

	return user_create(ctl->store, &new, err);
}

enum status ctl_user_new(const struct ctl *ctl, const char *name, const char *password,
			 struct error *err)
{
	const struct jid none = {0};
	char hash[SECRET_HASH_MAX];
	enum status status = secret_password_hash(password, hash, err);

	if (status == STATUS_OK)
		status = add(ctl, name, hash, &none, err);
	secret_wipe(hash, sizeof(hash));
	return status;
}

int ctl_user_add(struct ctl *ctl)
{
	char hash[SECRET_HASH_MAX];
	struct error err = {0};
	struct jid jid = {0};
	enum status status = STATUS_OK;

	if (ctl->jid != NULL) /* check the JID before asking for a password */
		status = ctl_read_jid(ctl, ctl->jid, &jid, &err);
	if (status == STATUS_OK)
		status = read_hash(ctl, hash, &err);
	if (status == STATUS_OK)
		status = add(ctl, ctl->argv[0], hash, &jid, &err);
	jid_clear(&jid);
	secret_wipe(hash, sizeof(hash));
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

/* Finds the user by the name as given, or as the table spells it. The caller clears *out. */
static enum status find(const struct ctl *ctl, struct user *out, struct error *err)
{
	enum status status = user_find(ctl->store, ctl->argv[0], out, err);

	if (status == STATUS_NOT_FOUND)
		error_set(err, status, "there is no user '%s'", ctl->argv[0]);
	return status;
}

int ctl_user_passwd(struct ctl *ctl)
{
	char hash[SECRET_HASH_MAX];
	struct error err = {0};
	struct user user = {0};

	enum status status = find(ctl, &user, &err);
	if (status == STATUS_OK)
		status = read_hash(ctl, hash, &err);
	if (status == STATUS_OK)
		status = user_set_password(ctl->store, user.name, hash, &err);
	user_clear(&user);
	secret_wipe(hash, sizeof(hash));
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

int ctl_user_display(struct ctl *ctl)
{
	struct error err = {0};
	struct user user = {0};

	enum status status = find(ctl, &user, &err);
	if (status == STATUS_OK)
		status = user_set_display_name(ctl->store, user.name, ctl->argv[1], &err);
	user_clear(&user);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

static int set_disabled(struct ctl *ctl, bool disabled)
{
	struct error err = {0};
	struct user user = {0};

	enum status status = find(ctl, &user, &err);
	if (status == STATUS_OK)
		status = user_set_disabled(ctl->store, user.name, disabled, &err);
	user_clear(&user);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

int ctl_user_disable(struct ctl *ctl)
{
	return set_disabled(ctl, true);
}

int ctl_user_enable(struct ctl *ctl)
{
	return set_disabled(ctl, false);
}

int ctl_user_delete(struct ctl *ctl)
{
	struct error err = {0};
	struct user user = {0};

	enum status status = find(ctl, &user, &err);
	if (status == STATUS_OK)
		status = user_delete(ctl->store, user.name, &err);
	user_clear(&user);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

static void add_user(void *arg, const struct user *user)
{
	struct ctl_list *list = arg;

	if (!list->json) {
		strbuf_addf(&list->text, "%s%s%s\n", user->name,
			    user->disabled ? " (disabled)" : "",
			    user->password_hash[0] == '\0' ? " (no password)" : "");
		return;
	}
	json_open_object(&list->w, NULL);
	json_put_string(&list->w, "name", user->name);
	json_put_string(&list->w, "display_name", user->display_name);
	json_put_bool(&list->w, "disabled", user->disabled);
	json_close_object(&list->w);
}

int ctl_user_list(struct ctl *ctl)
{
	struct error err = {0};
	struct ctl_list list;

	ctl_list_begin(ctl, &list);
	enum status status = user_list(ctl->store, add_user, &list, &err);
	return ctl_list_end(ctl, &list, status, &err);
}
