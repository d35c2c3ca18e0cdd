/*
 * The server's side of Tigase's REST ad-hoc command: reads the request, and writes every answer
 * that Tigase gives, in XML and JSON. Pure: bytes in, bytes out. Who may call and what is bound is
 * decided elsewhere. The client's side is adhoc.h.
 */
#ifndef XMPP_ADHOC_SERVER_H
#define XMPP_ADHOC_SERVER_H

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "xmpp/adhoc_bind.h"

#define ADHOC_COMPONENT "bosh" /* localpart of the JID in the path */
#define ADHOC_ECHO_MAX  32     /* bytes of hold and of wait, which are sent back unchanged */

/*
 * Owned texts; "" if not sent. If a name has several values or fields, the first one counts, as in
 * Tigase.
 */
struct adhoc_command {
	char *from;
	char *hold;
	char *wait;
};

/*
 * Reads a command. STATUS_BAD_REQUEST: it is not a command (Tigase answers an empty 500).
 * STATUS_NOT_FOUND: it names no node or another one (Tigase answers an empty 404). The caller may
 * be shown the sentence. The caller clears *out.
 */
enum status adhoc_command_read(enum adhoc_format format, const char *data, size_t len,
			       struct adhoc_command *out, struct error *err);
void adhoc_command_clear(struct adhoc_command *command);

/*
 * Chooses the formats as Tigase does. A type with "/json" is read as JSON, and answered in JSON
 * only if it is exactly "application/json", otherwise in XML. A type with "/xml" is read and
 * answered in XML. False: neither.
 */
bool adhoc_request_type(const char *content_type, enum adhoc_format *body,
			enum adhoc_format *answer);

/* A session, as texts for the fields; "": not sent. */
struct adhoc_result {
	const char *from;
	const char *hostname;
	const char *rid; /* already used, as in Tigase's answer: the client sends rid + 1 */
	const char *sid;
	const char *hold;
	const char *wait;
};

/* The answers. component is the JID in the path, such as "bosh@example.org". */
void adhoc_result_write(struct strbuf *out, enum adhoc_format format, const char *component,
			const struct adhoc_result *result);

/* Writes the form to fill in, for a request without `from`. */
void adhoc_form_write(struct strbuf *out, enum adhoc_format format, const char *component);

/* Writes a field `Error`, as Tigase does for a domain that it does not host. */
void adhoc_error_write(struct strbuf *out, enum adhoc_format format, const char *component,
		       const char *said);

/* Writes Tigase's answer to an invalid JID. */
void adhoc_no_result_write(struct strbuf *out, enum adhoc_format format, const char *component);

/* Writes the list of commands, which has one entry. */
void adhoc_list_write(struct strbuf *out, enum adhoc_format format, const char *component);

/*
 * Says what is wrong where Tigase sends an empty body. Bytes of message outside ASCII become '?'.
 */
struct adhoc_refusal {
	const char *code; /* status_name */
	const char *message;
	const char *request_id;
};
void adhoc_refusal_write(struct strbuf *out, enum adhoc_format format,
			 const struct adhoc_refusal *refusal);

#endif
