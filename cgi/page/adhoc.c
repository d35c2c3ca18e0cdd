/*
 * Answers /rest/adhoc/bosh@DOMAIN like Tigase's REST call pre-bind-bosh-session, with any back end.
 * The callers are programs with their own account (prebindctl gateway add). Where Tigase answers
 * with an empty 404 or 500, we send the same status and a body that describes the error. This route
 * ignores cookies, login sessions and form tokens, so users of the site cannot use it.
 * docs/adhoc.md lists the intended differences from Tigase.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "account/jid_deny.h"
#include "page/adhoc_error.h"
#include "page/login_limit.h"
#include "page/page.h"
#include "store/jid_map.h"
#include "web/basic_auth.h"
#include "xmpp/adhoc_server.h"

#define NODE_FALLBACK "localhost" /* Tigase also returns this if it does not know the node's name */

/* The error text is exactly Tigase's, with its grammar mistake. */
#define SAID_NO_DOMAIN "Domain of the JID doesn't exists"

/* The state of one call. */
struct call {
	struct exchange *ex;
	enum adhoc_format body;   /* the format of the request's body */
	enum adhoc_format answer; /* the format of the answer */
	struct basic_auth claimed;
	struct adhoc_caller caller;
	char *component; /* "bosh@example.org" */
	struct adhoc_command command;
	struct jid jid;
	struct error why;   /* the reason for an error, written to the log */
	const char *result; /* the result of the call, written to the log */
};

/* ---- answers ---- */

/* Starts an answer with HTTP status 200. `result` is written to the log. */
static struct strbuf *send_result(struct call *call, const char *result)
{
	call->result = result;
	return adhoc_answer_begin(call->ex, 200, call->answer);
}

static void send_error_field(struct call *call, const char *result, const char *said)
{
	adhoc_error_write(send_result(call, result), call->answer, call->component, said);
}

/*
 * Sends an error. A malformed request gets HTTP status 500, as from Tigase. If there is no account,
 * the answer has HTTP status 200 and an error field. Any other error gets the HTTP status of
 * `status`.
 */
static void send_failure(struct call *call, enum status status)
{
	call->result = status_name(status);
	if (status == STATUS_BAD_REQUEST)
		adhoc_send_refusal(call->ex, 500, status, call->why.text);
	else if (status == STATUS_NO_CHAT_ACCOUNT)
		send_error_field(call, call->result, "There is no account with that JID");
	else
		page_send_error(call->ex, status, &call->why);
}

/*
 * Returns the cluster node that has the session, if the back end names the node. Otherwise returns
 * a name of this site.
 */
static const char *node_name(const struct call *call, const struct chat_session *session)
{
	const struct conf_list *hosts = &call->ex->site->conf->hosts;
	const char *names[] = {
	    session->hostname,
	    hosts->count > 0 ? hosts->items[0] : "",
	    call->jid.domain,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (adhoc_hostname_check(names[i]))
			return names[i];
	return NODE_FALLBACK;
}

static void send_session(struct call *call, const struct chat_session *session)
{
	char rid[24];
	const struct adhoc_result result = {
	    .from = session->jid,
	    .hostname = node_name(call, session),
	    .rid = rid,
	    .sid = session->sid,
	    .hold = call->command.hold,
	    .wait = call->command.wait,
	};

	/*
	 * session->rid is the rid of the next request. Tigase returns the rid of the last request,
	 * and its clients add 1 to it.
	 */
	snprintf(rid, sizeof(rid), "%lld", strtoll(session->rid, NULL, 10) - 1);
	adhoc_result_write(send_result(call, "ok"), call->answer, call->component, &result);
}

/* ---- authentication ---- */

/*
 * If `failed` is true, counts a failed call from this address. Otherwise returns an error if there
 * were too many failed calls. The login form has its own count.
 */
static enum status failures(struct exchange *ex, bool failed, struct error *err)
{
	if (ex->site->conf->limit_gateway.count == 0)
		return STATUS_OK;
	return login_limit_address(ex, "gateway_ip", failed, err);
}

/*
 * Finds the API key in the header or in the query. Refuses a request that has both, as Tigase does.
 */
static enum status api_key_find(const struct exchange *ex, const char **out, struct error *err)
{
	const char *in_query = fields_get(&ex->req.query, "api-key");

	if (in_query != NULL && ex->req.api_key != NULL)
		return error_set(err, STATUS_FORBIDDEN, "the API key was sent twice");
	*out = in_query != NULL ? in_query : ex->req.api_key;
	return STATUS_OK;
}

static enum status authenticate(struct call *call)
{
	struct exchange *ex = call->ex;
	struct caller_claim claim = {.address = ex->req.remote_addr};
	enum status status = basic_auth_read(ex->req.authorization, &call->claimed, &call->why);

	if (status == STATUS_OK)
		status = failures(ex, false, &call->why);
	if (status == STATUS_OK)
		status = api_key_find(ex, &claim.api_key, &call->why);
	if (status != STATUS_OK)
		return status;
	claim.name = call->claimed.name;
	claim.password = call->claimed.password;
	status =
	    caller_authenticate(ex->callers, ex->site->store, &claim, &call->caller, &call->why);
	if (status == STATUS_BAD_CREDENTIALS || status == STATUS_FORBIDDEN)
		failures(ex, true, NULL);
	return status;
}

static enum status limit(struct call *call)
{
	struct exchange *ex = call->ex;
	struct limit_key key = {.scope = "gateway", .key = call->caller.name};

	return limit_take(ex->site->limits, &key, &ex->site->conf->limit_gateway,
			  clock_wall() * 1000, &call->why);
}

/* ---- the request ---- */

/*
 * Checks the JID in the path. It must be our component in a domain in which the caller is allowed
 * to bind.
 */
static enum status component_find(struct call *call)
{
	const char *text = router_param(call->ex->route, call->ex->req.path);
	const size_t len = strlen(ADHOC_COMPONENT "@");
	struct strbuf component;
	char *domain = NULL;
	enum status status = STATUS_BAD_REQUEST;

	if (strncmp(text, ADHOC_COMPONENT "@", len) == 0)
		status = jid_domain_prepare(text + len, &domain, &call->why);
	if (status != STATUS_OK && status != STATUS_BAD_REQUEST)
		return status;
	if (status != STATUS_OK || !caller_has_domain(&call->caller, domain)) {
		free(domain);
		return error_set(&call->why, STATUS_NOT_FOUND,
				 "the JID in the path accepts no commands; the path must end in "
				 "/rest/adhoc/" ADHOC_COMPONENT
				 "@DOMAIN, and this caller must be allowed to use DOMAIN");
	}
	strbuf_init(&component);
	strbuf_addf(&component, ADHOC_COMPONENT "@%s", domain);
	call->component = strbuf_take(&component);
	free(domain);
	return call->component != NULL ? STATUS_OK : error_no_memory(&call->why);
}

static enum status command_read(struct call *call)
{
	const struct request *req = &call->ex->req;

	if (!adhoc_type_read(call->ex, &call->body, &call->answer))
		return error_set(
		    &call->why, STATUS_BAD_REQUEST,
		    "the Content-Type must be text/xml, application/xml or application/json");
	return adhoc_command_read(call->body, req->body.data, req->body.len, &call->command,
				  &call->why);
}

/*
 * With accounts = map, refuses accounts that are not in the JID map. Tigase does not refuse them
 * itself, because it creates sessions even for accounts that do not exist.
 */
static enum status account_check(struct call *call)
{
	struct jid_map_row row = {0};
	enum status status;

	status = jid_deny(call->ex->site->conf, &call->jid, &call->why);
	if (status != STATUS_OK || call->ex->site->conf->accounts != ACCOUNTS_MAP)
		return status;
	status = jid_map_find_account(call->ex->site->store, call->jid.localpart, call->jid.domain,
				      &row, &call->why);
	jid_map_clear(&row);
	if (status != STATUS_NOT_FOUND)
		return status;
	return error_set(&call->why, STATUS_NO_CHAT_ACCOUNT,
			 "no row of the JID map has the account %s@%s", call->jid.localpart,
			 call->jid.domain);
}

/* ---- the call ---- */

static void bind_and_send(struct call *call)
{
	struct chat_session session = {0};
	enum status status = account_check(call);

	if (status == STATUS_OK)
		status = bind_wait(call->ex, &call->jid, &session, &call->why);
	if (status == STATUS_OK)
		send_session(call, &session);
	else
		send_failure(call, status == STATUS_BAD_REQUEST ? STATUS_CHAT_SERVER : status);
	chat_session_clear(&session);
}

/*
 * True for a JID without a localpart, such as "example.org" or "example.org/x". Tigase opens
 * sessions for such JIDs, but nobody can send messages to them.
 */
static bool is_domain_only(const char *jid)
{
	return jid[strcspn(jid, "@/")] != '@';
}

static void post(struct call *call)
{
	enum status status = command_read(call);
	const char *from = call->command.from;

	if (status != STATUS_OK) {
		send_failure(call, status);
		return;
	}
	if (from[0] == '\0')
		adhoc_empty_form_write(send_result(call, "form"), call->answer, call->component);
	else if (is_domain_only(from))
		send_error_field(call, "jid_refused",
				 "A JID without a localpart is not an account");
	else if ((status = jid_parse(from, &call->jid, &call->why)) == STATUS_BAD_REQUEST)
		adhoc_no_result_write(send_result(call, "jid_refused"), call->answer,
				      call->component);
	else if (status != STATUS_OK)
		send_failure(call, status);
	else if (text_has_markup(call->jid.resource))
		send_error_field(call, "jid_refused",
				 "A resource that contains one of & < > \" ' breaks XMPP streams");
	else if (!caller_has_domain(&call->caller, call->jid.domain))
		send_error_field(call, "domain_refused", SAID_NO_DOMAIN);
	else
		bind_and_send(call);
}

static void list(struct call *call)
{
	adhoc_type_read(call->ex, &call->body, &call->answer);
	adhoc_list_write(send_result(call, "ok"), call->answer, call->component);
}

static void call_log(const struct call *call, int64_t started_ms)
{
	const struct exchange *ex = call->ex;
	bool ok = strcmp(call->result, "ok") == 0;
	bool left = strcmp(call->result, status_name(STATUS_VISITOR_LEFT)) == 0;
	char ms[24];

	snprintf(ms, sizeof(ms), "%" PRId64, clock_monotonic_ms() - started_ms);
	log_event(ok || left ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  ex->req.method == HTTP_GET ? "gateway_list" : "gateway_bind", "id", ex->req.id,
		  "site", ex->site->conf->name, "caller", call->claimed.name, "ip",
		  ex->req.remote_addr, "jid", call->command.from, "result", call->result, "ms", ms,
		  "why", ok || call->why.text[0] == '\0' ? NULL : call->why.text, NULL);
}

static void call_clear(struct call *call)
{
	basic_auth_clear(&call->claimed);
	adhoc_caller_clear(&call->caller);
	free(call->component);
	adhoc_command_clear(&call->command);
	jid_clear(&call->jid);
}

void adhoc_handle(struct exchange *ex)
{
	struct call call = {.ex = ex, .body = ADHOC_XML, .answer = ADHOC_XML};
	int64_t started_ms = clock_monotonic_ms();
	enum status status = authenticate(&call);

	if (status == STATUS_OK)
		status = limit(&call);
	if (status == STATUS_OK)
		status = component_find(&call);
	if (status != STATUS_OK)
		send_failure(&call, status);
	else if (ex->req.method == HTTP_GET)
		list(&call);
	else
		post(&call);
	call_log(&call, started_ms);
	call_clear(&call);
}
