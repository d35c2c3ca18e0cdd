/*
 * prebindctl session …: login sessions of this program. An XMPP session ends by itself after its
 * page is closed.
 */
#include <stdio.h>

#include "ctl/ctl.h"
#include "store/session.h"

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

int ctl_session_end(struct ctl *ctl)
{
	struct error err = {0};
	int ended = 0;

	enum status status = ctl->argc == 0 ? session_end_all(ctl->store, &ended, &err)
					    : session_end_user(ctl->store, ctl_source(ctl),
							       ctl->argv[0], &ended, &err);
	if (status != STATUS_OK)
		return ctl_fail(ctl, &err);
	printf("%d session%s ended\n", ended, ended == 1 ? "" : "s");
	return EXIT_DONE;
}
