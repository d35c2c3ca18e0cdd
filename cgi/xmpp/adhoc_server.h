/*
 * The server's side of Tigase's ad-hoc command pre-bind-bosh-session: checks the request, and
 * writes the same answers as Tigase does. Pure: bytes in, bytes out. Other code decides who is
 * allowed to call, and which JID is bound. The client's side is adhoc_client.h.
 */
#ifndef XMPP_ADHOC_SERVER_H
#define XMPP_ADHOC_SERVER_H

#include "xmpp/adhoc_form.h"

#define ADHOC_COMPONENT "bosh" /* localpart of the JID in the path */
#define ADHOC_ECHO_MAX  32     /* bytes of `hold`, and of `wait`; both are sent back unchanged */

/*
 * The strings are borrowed from the member `form`; "" if not sent. If a field occurs twice or has
 * several values, the first value counts, as in Tigase.
 */
struct adhoc_command {
	const char *from;
	const char *hold;
	const char *wait;
	struct adhoc_form form; /* owned */
};

/*
 * Reads a command. Returns STATUS_BAD_REQUEST if data is not a command; Tigase would answer 500
 * with an empty body. Returns STATUS_NOT_FOUND if the command has no node or another node; Tigase
 * would answer 404 with an empty body. err->text can be shown to the client. The caller clears
 * *out.
 */
enum status adhoc_command_read(enum adhoc_format format, const char *data, size_t len,
			       struct adhoc_command *out, struct error *err);
void adhoc_command_clear(struct adhoc_command *command);

/*
 * Chooses the formats of the body and of the answer, as Tigase does. A body whose type contains
 * "/json" is JSON. Its answer is JSON only if the type is exactly "application/json", otherwise
 * XML. A body whose type contains "/xml" is XML, and so is its answer. Returns false for any other
 * type.
 */
bool adhoc_request_type(const char *content_type, enum adhoc_format *body,
			enum adhoc_format *answer);

/* The values of a session's fields; "" for an empty field. */
struct adhoc_result {
	const char *from;
	const char *hostname;
	const char *rid; /* already used, as in Tigase's answer, so the client sends rid + 1 */
	const char *sid;
	const char *hold;
	const char *wait;
};

/*
 * Writes the answer with a session. Here and below, component is the JID in the request's path,
 * such as "bosh@example.org".
 */
void adhoc_result_write(struct strbuf *out, enum adhoc_format format, const char *component,
			const struct adhoc_result *result);

/* Writes the empty form, for a request without `from`. */
void adhoc_empty_form_write(struct strbuf *out, enum adhoc_format format, const char *component);

/* Writes a field `Error`, as Tigase does for a domain that it does not host. */
void adhoc_error_write(struct strbuf *out, enum adhoc_format format, const char *component,
		       const char *said);

/* Writes Tigase's answer to an invalid JID. */
void adhoc_no_result_write(struct strbuf *out, enum adhoc_format format, const char *component);

/* Writes the list of commands, which has one entry. */
void adhoc_list_write(struct strbuf *out, enum adhoc_format format, const char *component);

#endif
