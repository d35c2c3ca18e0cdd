/*
 * Tigase's REST ad-hoc command pre-bind-bosh-session: the request written and the answer read, in
 * XML and JSON. Pure: bytes in, bytes out. (PROTOCOL: Tigase HTTP API; XEP-0050 forms as Tigase
 * prints them.)
 */
#ifndef XMPP_ADHOC_H
#define XMPP_ADHOC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define ADHOC_NODE         "pre-bind-bosh-session"
#define ADHOC_SID_MAX      64
#define ADHOC_RID_MAX      16
#define ADHOC_HOSTNAME_MAX 253
#define ADHOC_RID_LIMIT                                                                            \
	(((int64_t)1 << 53) - 1 - 1000000) /* a browser's integers, with room to count on */

enum adhoc_format { ADHOC_JSON, ADHOC_XML };

struct adhoc_bind {
	const char *
	    from; /* bare or full JID; no control characters, and none of & < > " ' in the resource */
	long hold;
	long wait; /* seconds */
};

/* Appends the request's body. from NULL: it asks for the empty form, which binds nobody. */
void adhoc_bind_write(struct strbuf *out, enum adhoc_format format, const struct adhoc_bind *bind);

/* "application/json; charset=utf-8" and "application/xml; charset=utf-8". */
const char *adhoc_content_type(enum adhoc_format format);

struct adhoc_session {
	char *from; /* owned; full JID as the server returned it */
	char sid[ADHOC_SID_MAX + 1];
	int64_t rid; /* as returned: already used; the next one to send is rid + 1 */
	char hostname[ADHOC_HOSTNAME_MAX + 1]; /* "" where the answer has none */
};

struct adhoc_answer {
	const char *data;
	size_t len;
	const char *content_type; /* as received; NULL: none */
};

/*
 * Reads a 200 answer. Anything that is not a session is STATUS_CHAT_SERVER with what the server
 * said: an `Error` field, the form instead of a result, "returned no results", "Script execution
 * error", a wrong type, duplicate or malformed fields. The caller clears *out.
 */
enum status adhoc_bind_read(enum adhoc_format format, const struct adhoc_answer *answer,
			    struct adhoc_session *out, struct error *err);

/*
 * True for a 200 answer that is no session, but Tigase's own word about what was asked for: a
 * domain it does not host, an invalid JID, the empty form. False: it is out of order, or something
 * else answered.
 */
bool adhoc_bind_refused(enum adhoc_format format, const struct adhoc_answer *answer);
void adhoc_session_clear(struct adhoc_session *session);

/*
 * What an HTTP status other than 200 means, with the next step; returns STATUS_CHAT_SERVER (504:
 * STATUS_CHAT_TIMEOUT).
 */
enum status adhoc_http_error(int http_status, struct error *err);

/* True if a list of commands (answer to GET) names pre-bind-bosh-session. */
bool adhoc_list_has_command(enum adhoc_format format, const struct adhoc_answer *answer);

/* True for the command's empty form: whoever is given it may call the command. */
bool adhoc_bind_is_form(enum adhoc_format format, const struct adhoc_answer *answer);

#endif
