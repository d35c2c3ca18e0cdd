/*
 * The client's side of Tigase's REST call, for every command: writes the request and reads the
 * answer. The commands are in adhoc_bind.h and adhoc_add_user.h; the server's side is
 * adhoc_server.h. Pure: bytes in, bytes out.
 */
#ifndef XMPP_ADHOC_CLIENT_H
#define XMPP_ADHOC_CLIENT_H

#include "xmpp/adhoc_form.h"

#define ADHOC_QUOTE_MAX 200 /* bytes of the server's own text in an error */

struct adhoc_answer {
	const char *data;
	size_t len;
	const char *content_type; /* as received; NULL for none */
};

/* Initializes a field of a request. */
#define ADHOC_FIELD(name, text)                                                                    \
	{                                                                                          \
		.var = (name), .value = (text)                                                     \
	}

/*
 * Appends a request's body of at most 4096 bytes. If the body is longer, strbuf_ok(out) becomes
 * false. Without fields the request asks for the command's empty form, and Tigase changes nothing.
 */
void adhoc_request_write(struct strbuf *out, enum adhoc_format format, const char *node,
			 struct adhoc_field *fields, size_t n_fields);

/*
 * Reads the form in an answer with HTTP status 200. Returns STATUS_CHAT_SERVER if the answer has no
 * form of a command, or if its content type is not that of `format`. The caller clears *out.
 */
enum status adhoc_answer_read(enum adhoc_format format, const struct adhoc_answer *answer,
			      struct adhoc_form *out, struct error *err);

/*
 * True if the answer is the empty form of the command `node`, with neither a result nor an error. A
 * client that receives the form has the permission to call the command.
 */
bool adhoc_answer_is_form(enum adhoc_format format, const struct adhoc_answer *answer,
			  const char *node);

/* True if a list of commands (the answer to GET) includes pre-bind-bosh-session. */
bool adhoc_list_has_command(enum adhoc_format format, const struct adhoc_answer *answer);

#endif
