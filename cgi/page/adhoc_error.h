/*
 * Errors of /rest/adhoc/bosh@DOMAIN, for page/adhoc.c and page/error.c.
 */
#ifndef PAGE_ADHOC_ERROR_H
#define PAGE_ADHOC_ERROR_H

#include "page/page.h"
#include "xmpp/adhoc_form.h"

/* Sends an error in the format that the request asks for, with the HTTP status of `status`. */
void adhoc_send_error(struct exchange *ex, enum status status, const struct error *err);

/* Like adhoc_send_error, but with the given HTTP status and message, for example Tigase's. */
void adhoc_send_refusal(struct exchange *ex, int http_status, enum status status,
			const char *message);

/*
 * Finds the formats of the request's body and of the answer. A GET has no body, and names the type
 * in its query. Returns false if the type is neither XML nor JSON.
 */
bool adhoc_type_read(const struct exchange *ex, enum adhoc_format *body, enum adhoc_format *answer);

/* Starts an answer, and returns the buffer for its body. The response owns the buffer. */
struct strbuf *adhoc_answer_begin(struct exchange *ex, int http_status, enum adhoc_format format);

#endif
