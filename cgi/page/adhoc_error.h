/*
 * Errors of /rest/adhoc/bosh@DOMAIN, for page/adhoc.c and page/error.c.
 */
#ifndef PAGE_ADHOC_ERROR_H
#define PAGE_ADHOC_ERROR_H

#include "page/page.h"
#include "xmpp/adhoc_form.h"

/* Sends the error in the format of the request, with the HTTP status that belongs to status. */
void adhoc_send_error(struct exchange *ex, enum status status, const struct error *err);

/* Like adhoc_send_error, with a given HTTP status (Tigase's, for example) and a given message. */
void adhoc_send_refusal(struct exchange *ex, int http_status, enum status status,
			const char *message);

/*
 * Finds the format of the body and the format in which to answer. A GET has no body and gives the
 * type in its query. Returns false if the type is neither XML nor JSON.
 */
bool adhoc_type_read(const struct exchange *ex, enum adhoc_format *body, enum adhoc_format *answer);

/* Begins an answer and returns the body to write it to, which the response owns. */
struct strbuf *adhoc_answer_begin(struct exchange *ex, int http_status, enum adhoc_format format);

#endif
