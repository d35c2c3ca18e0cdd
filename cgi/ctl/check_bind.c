/*
 * prebindctl check --deep: opens a chat session as the page does, and checks the XMPP server's
 * clock.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "account/jid_rule.h"
#include "base/clock.h"
#include "base/secret.h"
#include "ctl/web.h"
#include "page/page.h"
#include "prebind/prebind.h"

static void keep_first(void *arg, const struct user *user)
{
	struct check_user *first = arg;

	if (first->first[0] == '\0' && !user->disabled)
		snprintf(first->first, sizeof(first->first), "%s", user->name);
}

static bool has_own_users(const struct site_conf *conf)
{
	for (size_t i = 0; i < conf->identity.count; i++)
		if (identity_provider_named(conf->identity.items[i])->own_users)
			return true;
	return false;
}

/* Finds the user for the test, and the identity provider that has this user. */
static enum status find_user(const struct report *report, struct store *store,
			     struct check_user *user, const char **source, struct error *err)
{
	enum status status = STATUS_OK;

	*user = (struct check_user){.name = report->ctl->user};
	*source = report->site->identity.items[0];
	if (user->name != NULL)
		return status;
	*source = login_session_provider.name;
	if (!has_own_users(report->site))
		return error_set(
		    err, STATUS_NOT_FOUND,
		    "not tried, because prebind does not know the names of the site's users; give "
		    "a user with --user NAME");
	status = user_list(store, keep_first, user, err);
	if (status == STATUS_OK && user->first[0] == '\0')
		return error_set(err, STATUS_NOT_FOUND,
				 "not tried, because there is no site user yet");
	user->name = user->first;
	return status;
}

enum status check_bind_session(const struct report *report, struct site *site,
			       struct check_user *user, struct chat_session *session,
			       struct error *err)
{
	const char *source = NULL;
	struct jid jid = {0};
	enum status status = find_user(report, site->store, user, &source, err);

	if (status == STATUS_OK)
		status = jid_rule_apply(site->conf, site->store, source, user->name, &jid, err);
	if (status == STATUS_OK)
		status = prebind_bind(site->prebind, &jid, PREBIND_NOBODY_WAITS, session, err);
	jid_clear(&jid);
	return status;
}

void check_bind(struct report *report, struct site *site, struct chat_session *session)
{
	struct check_user user;
	struct error said = {0};

	*session = (struct chat_session){0};
	enum status status = check_bind_session(report, site, &user, session, &said);
	if (status == STATUS_OK)
		error_set(&said, STATUS_OK, "site user %s got a session as %s", user.name,
			  session->jid);
	else if (user.name == NULL && !has_own_users(report->site))
		status = STATUS_OK;
	report_tell(report, "pre-bind", status, said.text);
}

/* ---- the XMPP server's clock ---- */

#define CLOCK_TOLERANCE_S 5 /* in s; an answer can be slow, and Date has only whole seconds */

static const char *upstream_address(const struct site_conf *conf)
{
	const struct conf_list *list =
	    conf->backend == BACKEND_TIGASE ? &conf->tigase_url : &conf->bosh_service;

	return list->count > 0 ? list->items[0] : NULL;
}

/*
 * Returns the time in the Date header of an answer, or 0 if there is no Date header. The request
 * has no credentials and changes nothing. An error answer is enough, because it has a Date, too.
 */
static int64_t upstream_time(const struct site_conf *conf, struct error *err)
{
	const struct http_client_options options = {
	    .ca_file = conf->ca_file, .allow_http = conf->upstream_http, .inspect = true};
	const struct http_call call = {.url = upstream_address(conf),
				       .deadline_ms = clock_monotonic_ms() + conf->timeout_ms};
	struct http_client *client = NULL;
	struct http_connection *connection = NULL;
	struct http_answer answer;
	char date[WEB_HEADER_MAX] = "";

	http_answer_init(&answer);
	enum status status = http_client_new(&options, &client, err);
	if (status == STATUS_OK)
		connection = http_connection_borrow(client);
	if (connection != NULL &&
	    http_connection_call(connection, &call, &answer, err) == STATUS_OK)
		web_header(&answer, "Date", date);
	if (client != NULL)
		http_connection_return(client, connection);
	http_client_free(client);
	http_answer_clear(&answer);
	return http_date_read(date);
}

void check_clock(struct report *report, const struct clock_seen *seen)
{
	int64_t ahead = seen->seconds - clock_wall();
	struct error said = {0};

	if (ahead >= -CLOCK_TOLERANCE_S && ahead <= CLOCK_TOLERANCE_S) {
		error_set(&said, STATUS_OK, "%s clock agrees with this machine's", seen->whose);
		report_tell(report, seen->what, STATUS_OK, said.text);
		return;
	}
	error_set(&said, STATUS_UNAVAILABLE,
		  "%s clock is %" PRId64 " s %s this machine's%s; synchronize both clocks by NTP "
		  "(timedatectl set-ntp true)",
		  seen->whose, ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead of",
		  seen->matters != NULL ? seen->matters : "");
	if (seen->matters != NULL)
		report_tell(report, seen->what, said.status, said.text);
	else
		report_note(report, seen->what, said.text);
}

void check_upstream_clock(struct report *report)
{
	const struct site_conf *conf = report->site;
	struct error said = {0};
	bool tokens = conf->backend == BACKEND_BOSH &&
		      (conf->bosh_auth == BOSH_AUTH_TOKEN || conf->bosh_auth == BOSH_AUTH_JWT);
	struct clock_seen seen = {
	    .what = "clocks",
	    .whose = "the XMPP server's",
	    .seconds = upstream_address(conf) != NULL ? upstream_time(conf, &said) : 0,
	    .matters = tokens ? ", but the tokens of bosh_auth are valid only for a short "
				"time"
			      : NULL,
	};

	if (seen.seconds != 0)
		check_clock(report, &seen);
}
