/*
 * prebindctl prebind: opens a chat session for a user or JID, with the same call as the page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "account/jid_deny.h"
#include "account/jid_rule.h"
#include "identity/login_account.h"
#include "page/page.h"
#include "prebind/prebind.h"
#include "store/jid_map.h"

/*
 * Sets *known to true if the JID map has a row for the user. With provider login, also sets *known
 * to true if the user has an account of provider login.
 */
static enum status user_known(const struct ctl *ctl, const char *name, bool *known,
			      struct error *err)
{
	const struct identity_context context = {.conf = ctl->site, .store = ctl->store};
	struct login_account account = {0};
	struct jid_map_row row = {0};

	enum status status = jid_map_find(ctl->store, ctl_source(ctl), name, &row, err);
	if (status == STATUS_NOT_FOUND && strcmp(ctl_source(ctl), login_session_provider.name) == 0)
		status = login_account_find(&context, name, &account, err);
	login_account_clear(&account);
	jid_map_clear(&row);
	*known = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/*
 * Decides if a word is a user's name or a JID. A word without an @ is a name. A word with a domain
 * of the key `jid` is a JID. Any other word is a name if a user has this name, because a name can
 * be an e-mail address.
 */
static enum status is_user(const struct ctl *ctl, const char *word, bool *out, struct error *err)
{
	struct jid jid = {0};
	enum status status = STATUS_OK;

	*out = strchr(word, '@') == NULL;
	if (*out)
		return STATUS_OK;
	if (jid_parse(word, &jid, NULL) != STATUS_OK || !jid_rule_has_domain(ctl->site, jid.domain))
		status = user_known(ctl, word, out, err);
	jid_clear(&jid);
	return status;
}

/* Parses the JID, and refuses the accounts that the page refuses. */
static enum status jid_is_meant(const struct ctl *ctl, const char *text, struct jid *out,
				struct error *err)
{
	enum status status = jid_parse(text, out, err);

	if (status != STATUS_OK)
		return status;
	status = jid_deny(ctl->site, out, err);
	if (status != STATUS_OK)
		jid_clear(out);
	return status;
}

static enum status who_is_meant(const struct ctl *ctl, struct jid *out, struct error *err)
{
	const char *word = ctl->argc > 0 ? ctl->argv[0] : NULL;
	const char *user = ctl->user, *jid = ctl->jid;
	bool is_name = false;
	enum status status = ctl_source_check(ctl_source(ctl), err);

	if (status == STATUS_OK && word != NULL)
		status = is_user(ctl, word, &is_name, err);
	if (status != STATUS_OK)
		return status;
	if (user != NULL || is_name)
		return jid_rule_apply(ctl->site, ctl->store, ctl_source(ctl),
				      user != NULL ? user : word, out, err);
	return jid_is_meant(ctl, jid != NULL ? jid : word, out, err);
}

static int print_session(struct ctl *ctl, const struct chat_session *session)
{
	struct strbuf json;

	if (ctl->json) {
		strbuf_init_secret(&json);
		bind_write_json(ctl->site, session, NULL, NULL, &json);
		return ctl_print_json(ctl, &json);
	}
	printf("jid        %s\nsid        %s\nrid        %s   (of the next request)\nbosh_url   "
	       "%s\nexpires_in %ld s, unless a client uses the session\n",
	       session->jid, session->sid, session->rid, session->bosh_url, session->expires_in);
	return EXIT_DONE;
}

int ctl_prebind(struct ctl *ctl)
{
	struct error err = {0};
	struct jid jid = {0};
	struct prebind *prebind = NULL;
	struct chat_session session = {0};
	int result;

	if ((ctl->argc > 0) + (ctl->user != NULL) + (ctl->jid != NULL) != 1) {
		fputs("prebindctl: give exactly one of USER, JID, --user USER and --jid "
		      "JID\n",
		      stderr);
		return EXIT_USAGE;
	}
	enum status status = prebind_new(ctl->site, ctl->store, &prebind, &err);
	if (status == STATUS_OK)
		status = who_is_meant(ctl, &jid, &err);
	if (status == STATUS_OK)
		status = prebind_bind(prebind, &jid, PREBIND_NOBODY_WAITS, &session, &err);
	result = status == STATUS_OK ? print_session(ctl, &session) : ctl_fail(ctl, &err);
	chat_session_clear(&session);
	jid_clear(&jid);
	prebind_free(prebind);
	return result;
}
