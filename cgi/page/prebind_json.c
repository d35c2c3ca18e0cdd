/*
 * /prebind.json: the session as JSON, for our own script and for Converse.js's prebind_url.
 */
#include "page/page.h"

void prebind_json_handle(struct exchange *ex)
{
	struct prebind_session session = {0};
	struct error err = {0};
	struct strbuf json;

	strbuf_init_secret(&json);
	enum status status = bind_session(ex, &session, &err);
	if (status == STATUS_OK) {
		bind_write_json(&session, &json);
		page_send_json(ex, 200, &json);
	} else {
		page_send_error(ex, status, &err);
	}
	prebind_session_clear(&session);
	strbuf_clear(&json);
}
