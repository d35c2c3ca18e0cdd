/*
 * prebindctl prebind: the call that the page makes, made by hand.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "identity/jid_rule.h"
#include "page/page.h"
#include "prebind/prebind.h"

/* What holds an @ is a JID; else it is a site user of --source's provider. */
static enum status who_is_meant(const struct ctl *ctl, struct jid *out, struct error *err)
{
	const char *who = ctl->argv[0];

	if (strchr(who, '@') != NULL)
		return jid_parse(who, out, err);
	return jid_rule_apply(ctl->site, ctl->store, ctl_source(ctl), who, out, err);
}

static int print_session(struct ctl *ctl, const struct prebind_session *session)
{
	struct strbuf json;

	if (ctl->json) {
		strbuf_init_secret(&json);
		bind_write_json(session, NULL, &json);
		return ctl_print_json(ctl, &json);
	}
	printf("jid        %s\nsid        %s\nrid        %s   (the next one to send)\n"
	       "bosh_url   %s\nexpires_in %ld s, unless somebody goes on with it\n",
	       session->jid, session->sid, session->rid, session->bosh_url, session->expires_in);
	return EXIT_DONE;
}

int ctl_prebind(struct ctl *ctl)
{
	struct error err = {0};
	struct jid jid = {0};
	struct prebind *prebind = NULL;
	struct prebind_session session = {0};
	int result;

	enum status status = prebind_new(ctl->site, ctl->store, &prebind, &err);
	if (status == STATUS_OK)
		status = who_is_meant(ctl, &jid, &err);
	if (status == STATUS_OK)
		status = prebind_bind(prebind, &jid, PREBIND_NOBODY_WAITS, &session, &err);
	result = status == STATUS_OK ? print_session(ctl, &session) : ctl_fail(ctl, &err);
	prebind_session_clear(&session);
	jid_clear(&jid);
	prebind_free(prebind);
	return result;
}
