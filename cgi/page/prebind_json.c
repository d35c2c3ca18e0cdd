/*
 * /prebind.json: the session as JSON, for our own script and for Converse.js's prebind_url. Our
 * script also wants to know whose it is, and says `bind=yes` in its POST; with `bind=no` it only
 * asks that: no session is made, and nothing taken of the limits.
 */
#include <string.h>

#include "page/page.h"

void prebind_json_handle(struct exchange *ex)
{
	struct prebind_session session = {0};
	char user_key[BIND_USER_KEY_LEN + 1];
	const char *bind = fields_get(&ex->req.form, "bind");
	bool who = bind != NULL && strcmp(bind, "no") == 0;
	struct error err = {0};
	struct strbuf json;

	strbuf_init_secret(&json);
	if (bind != NULL)
		bind_user_key(ex, user_key);
	enum status status = who ? STATUS_OK : bind_session(ex, &session, &err);
	if (status == STATUS_OK) {
		bind_write_json(who ? NULL : &session, bind != NULL ? user_key : NULL, &json);
		page_send_json(ex, 200, &json);
	} else {
		page_send_error(ex, status, &err);
	}
	prebind_session_clear(&session);
	strbuf_clear(&json);
}
