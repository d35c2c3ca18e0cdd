/*
 * prebindctl session …: manages the login sessions of this program. An XMPP session is not managed
 * here, because it ends by itself after its page is closed.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "identity/login_account.h"
#include "identity/login_session.h"
#include "store/session.h"
#include "store/user.h"

static void add_session(void *arg, const struct session *session)
{
	struct ctl_list *list = arg;

	if (!list->json) {
		strbuf_addf(&list->text, "%s:%s\n", session->source, session->user);
		return;
	}
	json_open_object(&list->w, NULL);
	json_put_string(&list->w, "source", session->source);
	json_put_string(&list->w, "user", session->user);
	json_put_integer(&list->w, "created", session->created);
	json_put_integer(&list->w, "last_seen", session->last_seen);
	json_close_object(&list->w);
}

int ctl_session_list(struct ctl *ctl)
{
	struct error err = {0};
	struct ctl_list list;

	ctl_list_begin(ctl, &list);
	enum status status = session_list(ctl->store, add_session, &list, &err);
	return ctl_list_end(ctl, &list, status, &err);
}

/*
 * Ends the user's login sessions. Sessions of provider `login` store the name as our table of users
 * spells it, so the name is looked up in the table.
 */
static enum status end_user(const struct ctl *ctl, int *ended, struct error *err)
{
	const char *source = ctl_source(ctl), *name = ctl->argv[0];
	bool own = strcmp(source, login_session_provider.name) == 0 &&
		   !login_users_are_the_sites(ctl->site);
	struct user user = {0};
	enum status status = ctl_source_check(source, err);

	if (status == STATUS_OK && own)
		status = user_find(ctl->store, name, &user, err);
	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = session_end_user(ctl->store, source, user.name != NULL ? user.name : name,
					  ended, err);
	user_clear(&user);
	return status;
}

int ctl_session_end(struct ctl *ctl)
{
	struct error err = {0};
	int ended = 0;

	if (ctl->argc == 0 && ctl->source != NULL) {
		fputs("prebindctl: --source requires USER; without USER, all login sessions end\n",
		      stderr);
		return EXIT_USAGE;
	}
	enum status status = ctl->argc == 0 ? session_end_all(ctl->store, &ended, &err)
					    : end_user(ctl, &ended, &err);
	if (status != STATUS_OK)
		return ctl_fail(ctl, &err);
	printf("%d session%s ended\n", ended, ended == 1 ? "" : "s");
	return EXIT_DONE;
}
