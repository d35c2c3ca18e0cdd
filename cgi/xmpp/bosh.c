/*
 * Reads the answers of a BOSH log-in (XEP-0124, XEP-0206). Servers differ in attribute order,
 * prefixes and default namespaces, so elements are found by namespace and name. xmpp/sasl.c
 * interprets the SASL data; prebind/bosh_login.c decides the order of the steps.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xml.h"
#include "xmpp/bosh.h"
#include "xmpp/bosh_ns.h"

#define NUMBER_MAX    86400 /* maximum of wait, hold and inactivity; a day has 86400 seconds */
#define QUOTE_MAX     200   /* bytes of the server's own text in an error */
#define MECHANISM_MAX 20    /* bytes (RFC 4422, 3.1) */

/* ---- errors ---- */

/* The conditions of XEP-0124, 17.2, and RFC 6120, 4.9.3, that an operator can act on. */
static const struct advice {
	const char *condition;
	const char *text;
} advices[] = {
    {"bad-request",
     "the server cannot read the request: check that bosh_service is a BOSH service"                   },
    {"conflict",
     "another session of this account uses the same resource: set resource = web-{random}"             },
    {"connection-timeout",       "the server waited too long for the next request: try again"          },
    {"host-gone",                "the server no longer serves the domain: check the server's hosts"    },
    {"host-unknown",
     "the server does not serve the domain: check the key jid and the server's hosts"                  },
    {"improper-addressing",      "the server expects another domain: check the key jid"                },
    {"internal-server-error",    "the server has an internal error: see the server's log"              },
    {"item-not-found",           "the session was idle for too long, or the server was restarted"      },
    {"not-authorized",           "the login took too long: see the server's log"                       },
    {"other-request",
     "another request of the same session arrived: check that no proxy repeats requests"               },
    {"policy-violation",         "a limit of the server was exceeded: see the server's log"            },
    {"remote-connection-failed",
     "the BOSH server cannot reach the XMPP server: check bosh_route and the BOSH server's log"        },
    {"remote-stream-error",
     "the XMPP server behind the BOSH server ended the stream: see the XMPP server's log"              },
    {"reset",		    "the server ended all sessions to load a new configuration: try again"},
    {"resource-constraint",      "the server has no memory or sessions left: see the server's log"     },
    {"see-other-host",           "the server requires another address: check the key bosh_service"     },
    {"see-other-uri",            "the server requires another address: check the key bosh_service"     },
    {"system-shutdown",          "the server is stopping: try again when the server is running again"  },
    {"unsupported-version",      "the server does not support XMPP 1.0"                                },
};

static const char *advice_find(const char *condition)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcmp(advices[i].condition, condition) == 0)
			return advices[i].text;
	return "see the server's log";
}

/* Returns the name of the defined condition inside an error element; NULL if there is none. */
static const char *condition_name(const struct xml_node *error, const char *ns)
{
	if (error == NULL)
		return NULL;
	for (const struct xml_node *child = error->children; child != NULL; child = child->next)
		if (strcmp(child->ns, ns) == 0 && strcmp(child->name, "text") != 0)
			return child->name;
	return NULL;
}

static enum status refuse_condition(const char *what, const char *condition, struct error *err)
{
	return error_set(err, STATUS_CHAT_SERVER, "the BOSH server %s (%.*s): %s", what, QUOTE_MAX,
			 condition, advice_find(condition));
}

/*
 * XEP-0124, 17: the type 'terminate' ends the session, and 'error' asks the client to repeat the
 * request. With either type the log-in fails. A stream error is reported first, because it is more
 * specific than the condition "remote-stream-error" of the body around it.
 */
static enum status body_check(const struct xml_node *body, struct error *err)
{
	const char *type = xml_attr(body, "", "type");
	const char *condition = xml_attr(body, "", "condition");
	const struct xml_node *stream_error = xml_child(body, NS_STREAM, "error");
	const char *stream_condition = condition_name(stream_error, NS_STREAMS);

	if (stream_error != NULL)
		return refuse_condition(
		    "reports a stream error",
		    stream_condition != NULL ? stream_condition : "without a condition", err);
	if (type == NULL)
		return STATUS_OK;
	if (strcmp(type, "terminate") == 0)
		return refuse_condition("ended the session",
					condition != NULL ? condition : "without a condition", err);
	return refuse_condition("reports an error",
				condition != NULL ? condition : "without a condition", err);
}

static enum status refuse_attr(const char *name, struct error *err)
{
	return error_set(err, STATUS_CHAT_SERVER,
			 "the BOSH server's attribute %s is not valid: check that bosh_service is "
			 "a BOSH service",
			 name);
}

/* ---- the body's attributes ---- */

/* Reads an attribute that is a whole number. If it is missing, *out stays as it is. */
static enum status attribute_number_read(const struct xml_node *body, const char *name, long *out,
					 struct error *err)
{
	const char *text = xml_attr(body, "", name);
	long number;

	if (text == NULL)
		return STATUS_OK;
	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return refuse_attr(name, err);
	number = strtol(text, NULL, 10); /* LONG_MAX if the number is too large */
	if (number > NUMBER_MAX)
		return refuse_attr(name, err);
	*out = number;
	return STATUS_OK;
}

/*
 * A sid is opaque (XEP-0124, 7.2). It is written into pages and requests, so it must be printable
 * ASCII.
 */
static enum status sid_read(const struct xml_node *body, char *out, struct error *err)
{
	const char *sid = xml_attr(body, "", "sid");
	size_t len;

	if (sid == NULL)
		return STATUS_OK;
	len = strlen(sid);
	if (len == 0 || len > BOSH_SID_MAX)
		return refuse_attr("sid", err);
	for (size_t i = 0; i < len; i++)
		if (sid[i] <= ' ' || sid[i] > '~')
			return refuse_attr("sid", err);
	memcpy(out, sid, len + 1);
	return STATUS_OK;
}

/* ---- the payload ---- */

static enum status copy_text(char **out, const char *text, struct error *err)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return error_no_memory(err);
	free(*out);
	*out = copy;
	return STATUS_OK;
}

static bool is_mechanism(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= MECHANISM_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == len;
}

static enum status features_read(const struct xml_node *node, struct bosh_answer *out,
				 struct error *err)
{
	const struct xml_node *mechanisms = xml_child(node, NS_SASL, "mechanisms");
	const struct xml_node *session = xml_child(node, NS_SESSION, "session");
	struct strbuf names;

	out->bind_offered = xml_child(node, NS_BIND, "bind") != NULL;
	out->session_required = session != NULL && xml_child(session, NULL, "optional") == NULL;
	if (mechanisms == NULL)
		return STATUS_OK;
	strbuf_init(&names);
	for (const struct xml_node *child = mechanisms->children; child != NULL;
	     child = child->next) {
		if (strcmp(child->name, "mechanism") != 0 || !is_mechanism(child->text))
			continue;
		if (names.len > 0)
			strbuf_addc(&names, ' ');
		strbuf_adds(&names, child->text);
	}
	if (!strbuf_ok(&names)) {
		strbuf_clear(&names);
		return error_no_memory(err);
	}
	free(out->mechanisms);
	out->mechanisms = strbuf_take(&names);
	return STATUS_OK;
}

static enum status challenge_read(const struct xml_node *node, struct bosh_answer *out,
				  struct error *err)
{
	return copy_text(&out->data, strcmp(node->text, "=") == 0 ? "" : node->text, err);
}

static enum status failure_read(const struct xml_node *node, struct bosh_answer *out,
				struct error *err)
{
	const char *condition = condition_name(node, NS_SASL);

	return copy_text(&out->condition, condition != NULL ? condition : "", err);
}

static enum status iq_read(const struct xml_node *node, struct bosh_answer *out, struct error *err)
{
	const char *type = xml_attr(node, "", "type");
	const struct xml_node *jid = xml_child(xml_child(node, NS_BIND, "bind"), NS_BIND, "jid");
	const char *condition;

	if (type != NULL && strcmp(type, "error") == 0) {
		condition = condition_name(xml_child(node, NULL, "error"), NS_STANZAS);
		out->step = BOSH_IQ_ERROR;
		return copy_text(&out->condition, condition != NULL ? condition : "", err);
	}
	if (type == NULL || strcmp(type, "result") != 0) {
		out->step = BOSH_OTHER;
		return STATUS_OK;
	}
	if (jid == NULL) {
		out->step = BOSH_RESULT;
		return STATUS_OK;
	}
	out->step = BOSH_BOUND;
	return copy_text(&out->data, jid->text, err);
}

static const struct payload {
	const char *ns;
	const char *name;
	enum bosh_step step;
	enum status (*read)(const struct xml_node *node, struct bosh_answer *out,
			    struct error *err);
} payloads[] = {
    {NS_STREAM, "features",  BOSH_FEATURES,  features_read },
    {NS_SASL,   "challenge", BOSH_CHALLENGE, challenge_read},
    {NS_SASL,   "success",   BOSH_SUCCESS,   challenge_read},
    {NS_SASL,   "failure",   BOSH_FAILURE,   failure_read  },
    {NS_CLIENT, "iq",        BOSH_OTHER,     iq_read       }, /* iq_read sets the step */
};

static enum status child_read(const struct xml_node *child, struct bosh_answer *out,
			      struct error *err)
{
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		if (strcmp(child->ns, payloads[i].ns) != 0 ||
		    strcmp(child->name, payloads[i].name) != 0)
			continue;
		out->step = payloads[i].step;
		return payloads[i].read(child, out, err);
	}
	out->step = BOSH_OTHER;
	return STATUS_OK;
}

/*
 * True for a stanza that the log-in does not wait for. A server can send such a stanza in the same
 * body as the expected answer, so reading continues after the stanza.
 */
static bool is_aside(enum bosh_step step)
{
	return step == BOSH_NOTHING || step == BOSH_OTHER || step == BOSH_RESULT;
}

static enum status payload_read(const struct xml_node *body, struct bosh_answer *out,
				struct error *err)
{
	enum status status = STATUS_OK;

	for (const struct xml_node *child = body->children;
	     child != NULL && status == STATUS_OK && is_aside(out->step); child = child->next) {
		enum bosh_step before = out->step;

		status = child_read(child, out, err);
		if (before == BOSH_RESULT && out->step == BOSH_OTHER)
			out->step = before;
	}
	return status;
}

static enum status body_read(const struct xml_node *body, struct bosh_answer *out,
			     struct error *err)
{
	enum status status = body_check(body, err);

	if (status == STATUS_OK)
		status = sid_read(body, out->sid, err);
	if (status == STATUS_OK)
		status = attribute_number_read(body, "wait", &out->wait, err);
	if (status == STATUS_OK)
		status = attribute_number_read(body, "hold", &out->hold, err);
	if (status == STATUS_OK)
		status = attribute_number_read(body, "inactivity", &out->inactivity, err);
	if (status == STATUS_OK)
		status = payload_read(body, out, err);
	return status;
}

enum status bosh_answer_read(const char *data, size_t len, struct bosh_answer *out,
			     struct error *err)
{
	struct bosh_answer answer = {.wait = -1, .hold = -1, .inactivity = -1};
	struct xml_node *body = NULL;
	struct error why = {0};
	enum status status = xml_parse(data, len, NULL, &body, &why);

	if (status == STATUS_INTERNAL)
		return error_set(err, status, "%s", why.text);
	if (status != STATUS_OK)
		return error_set(err, STATUS_CHAT_SERVER,
				 "the BOSH server's answer is not XML (%s): check bosh_service",
				 why.text);
	answer.mechanisms = strdup("");
	answer.data = strdup("");
	answer.condition = strdup("");
	if (answer.mechanisms == NULL || answer.data == NULL || answer.condition == NULL)
		status = error_no_memory(err);
	else if (strcmp(body->name, "body") != 0 || strcmp(body->ns, NS_BOSH) != 0)
		status = error_set(err, STATUS_CHAT_SERVER,
				   "the BOSH server's answer is a <%.*s>, not a BOSH body: check "
				   "bosh_service",
				   QUOTE_MAX, body->name);
	else
		status = body_read(body, &answer, err);
	xml_free(body);
	if (status == STATUS_OK)
		*out = answer;
	else
		bosh_answer_clear(&answer);
	return status;
}

void bosh_answer_clear(struct bosh_answer *answer)
{
	free(answer->mechanisms);
	free(answer->data);
	free(answer->condition);
	*answer = (struct bosh_answer){0};
}
