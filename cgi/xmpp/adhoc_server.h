/*
 * Tigase's REST ad-hoc command from the server's side: the request read, and every answer that
 * Tigase gives written, in XML and JSON. Pure: bytes in, bytes out; who may call, and what is
 * bound, is decided elsewhere. The client's side is adhoc.h.
 */
#ifndef XMPP_ADHOC_SERVER_H
#define XMPP_ADHOC_SERVER_H

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "xmpp/adhoc.h"

#define ADHOC_COMPONENT "bosh" /* localpart of the path's JID */
#define ADHOC_ECHO_MAX  32     /* bytes of hold and wait: they come back as they were sent */

/*
 * Owned texts; "" for what was not sent. Of several values or fields of a name the first counts, as
 * with Tigase.
 */
struct adhoc_command {
	char *from;
	char *hold;
	char *wait;
};

/*
 * Reads a command. STATUS_BAD_REQUEST: it is none (Tigase: an empty 500); STATUS_NOT_FOUND: it
 * names no node, or another one (Tigase: an empty 404); the sentence may be shown to the caller.
 * The caller clears *out.
 */
enum status adhoc_command_read(enum adhoc_format format, const char *data, size_t len,
			       struct adhoc_command *out, struct error *err);
void adhoc_command_clear(struct adhoc_command *command);

/*
 * "application/json" is JSON in both directions; another type with /json in it is answered in XML,
 * and one with /xml is XML in both (as Tigase has it). False: neither.
 */
bool adhoc_request_type(const char *content_type, enum adhoc_format *body,
			enum adhoc_format *answer);

/* A session, as the fields say it; "" : not sent. */
struct adhoc_result {
	const char *from;
	const char *hostname;
	const char *rid; /* already used, as Tigase's: its client sends rid + 1 */
	const char *sid;
	const char *hold;
	const char *wait;
};

/* The answers; component: "bosh@example.org", as the path named it. */
void adhoc_result_write(struct strbuf *out, enum adhoc_format format, const char *component,
			const struct adhoc_result *result);

/* The form to fill in: there was no `from`. */
void adhoc_form_write(struct strbuf *out, enum adhoc_format format, const char *component);

/* A field `Error`: what Tigase says of a domain that it does not host. */
void adhoc_error_write(struct strbuf *out, enum adhoc_format format, const char *component,
		       const char *said);

/* What Tigase says of a JID that is none. */
void adhoc_no_result_write(struct strbuf *out, enum adhoc_format format, const char *component);

/* The list of commands, which has one. */
void adhoc_list_write(struct strbuf *out, enum adhoc_format format, const char *component);

/* Where Tigase's body is empty: what is wrong. Bytes of message that are not ASCII become '?'. */
struct adhoc_refusal {
	const char *code; /* status_name */
	const char *message;
	const char *request_id;
};
void adhoc_refusal_write(struct strbuf *out, enum adhoc_format format,
			 const struct adhoc_refusal *refusal);

#endif
