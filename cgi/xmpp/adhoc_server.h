/*
 * The server's side of Tigase's ad-hoc command pre-bind-bosh-session: checks the request, and
 * writes every answer that Tigase gives. Pure: bytes in, bytes out. Other code decides who is
 * allowed to call, and which JID is bound. The client's side is adhoc_client.h.
 */
#ifndef XMPP_ADHOC_SERVER_H
#define XMPP_ADHOC_SERVER_H

#include "xmpp/adhoc_form.h"

#define ADHOC_COMPONENT "bosh" /* localpart of the JID in the path */
#define ADHOC_ECHO_MAX  32     /* bytes of hold and of wait, which are sent back unchanged */

/*
 * The texts are borrowed from form; "" if not sent. If a field occurs twice or has several values,
 * the first value counts, as in Tigase.
 */
struct adhoc_command {
	const char *from;
	const char *hold;
	const char *wait;
	struct adhoc_form form; /* owned */
};

/*
 * Reads a command. Returns STATUS_BAD_REQUEST if it is not a command (Tigase then answers with an
 * empty 500). Returns STATUS_NOT_FOUND if it has no node or another node (Tigase then answers with
 * an empty 404). The sentence can be shown to the client. The caller clears *out.
 */
enum status adhoc_command_read(enum adhoc_format format, const char *data, size_t len,
			       struct adhoc_command *out, struct error *err);
void adhoc_command_clear(struct adhoc_command *command);

/*
 * Chooses the formats as Tigase does. A type with "/json" is read as JSON. It is answered in JSON
 * only if it is exactly "application/json", otherwise in XML. A type with "/xml" is read and
 * answered in XML. Returns false for any other type.
 */
bool adhoc_request_type(const char *content_type, enum adhoc_format *body,
			enum adhoc_format *answer);

/* A session, as texts for the fields; "" for an empty field. */
struct adhoc_result {
	const char *from;
	const char *hostname;
	const char *rid; /* already used, as in Tigase's answer, so the client sends rid + 1 */
	const char *sid;
	const char *hold;
	const char *wait;
};

/* The answers. component is the JID in the path, such as "bosh@example.org". */
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
