/*
 * Sends the errors of /rest/adhoc/bosh@DOMAIN in the format that the request asks for. page/adhoc.c
 * sends the other answers.
 */
#include "page/adhoc_error.h"

#include "xmpp/adhoc_server.h"

#define REALM "Basic realm=\"prebind\", charset=\"UTF-8\""

struct strbuf *adhoc_answer_begin(struct exchange *ex, int http_status, enum adhoc_format format)
{
	ex->res->status = http_status;
	response_header(ex->res, HEADER_CONTENT_TYPE, adhoc_content_type(format));
	return &ex->res->body;
}

bool adhoc_type_read(const struct exchange *ex, enum adhoc_format *body, enum adhoc_format *answer)
{
	const char *in_query = fields_get(&ex->req.query, "type");
	const char *type = ex->req.content_type;

	if (ex->req.method == HTTP_GET && in_query != NULL)
		type = in_query;
	return adhoc_request_type(type != NULL ? type : "", body, answer);
}

void adhoc_send_refusal(struct exchange *ex, int http_status, enum status status,
			const char *message)
{
	const struct adhoc_refusal refusal = {
	    .code = status_name(status), .message = message, .request_id = ex->req.id};
	enum adhoc_format body, answer = ADHOC_XML;

	adhoc_type_read(ex, &body, &answer);
	adhoc_refusal_write(adhoc_answer_begin(ex, http_status, answer), answer, &refusal);
}

/*
 * Returns the error message for the caller. For an error of the server, returns a fixed sentence
 * instead of err->text.
 */
static const char *message_of(enum status status, const struct error *err)
{
	switch (status) {
	case STATUS_LOGIN_REQUIRED:
		return "the Basic credentials of a gateway caller are required";
	case STATUS_BAD_CREDENTIALS:
		return "no gateway caller has these credentials";
	case STATUS_SLOW_DOWN:
		return "too many calls; try again after the time in Retry-After";
	case STATUS_CHAT_SERVER:
		return "the XMPP server did not create a session; the log contains the reason";
	case STATUS_CHAT_TIMEOUT:
		return "the XMPP server did not answer in time";
	case STATUS_BUSY:
	case STATUS_UNAVAILABLE:
		return "not available now; try again after the time in Retry-After";
	case STATUS_INTERNAL:
		return "internal error; search the log for this request_id";
	default:
		return err != NULL && err->text[0] != '\0' ? err->text : status_title(status);
	}
}

void adhoc_send_error(struct exchange *ex, enum status status, const struct error *err)
{
	if (status == STATUS_LOGIN_REQUIRED || status == STATUS_BAD_CREDENTIALS)
		response_header(ex->res, HEADER_WWW_AUTHENTICATE, REALM);
	adhoc_send_refusal(ex, status_http(status), status, message_of(status, err));
}
