/*
 * /prebind.json: the session as JSON, for our own script and for Converse.js's prebind_url. `bind=no` in a POST only
 * asks who is logged in: it makes no session and costs nothing of the limits.
 */
#include <string.h>

#include "page/page.h"

static bool asks_only_who(const struct exchange *ex)
{
	const char *bind = fields_get(&ex->req.form, "bind");

	return bind != NULL && strcmp(bind, "no") == 0;
}

void prebind_json_handle(struct exchange *ex)
{
	struct prebind_session session = {0};
	char user_key[BIND_USER_KEY_LEN + 1];
	bool who = asks_only_who(ex);
	struct error err = {0};
	struct strbuf json;

	strbuf_init_secret(&json);
	bind_user_key(ex, user_key);
	enum status status = who ? STATUS_OK : bind_session(ex, &session, &err);
	if (status == STATUS_OK) {
		bind_write_json(who ? NULL : &session, user_key, &json);
		page_send_json(ex, 200, &json);
	} else {
		page_send_error(ex, status, &err);
	}
	prebind_session_clear(&session);
	strbuf_clear(&json);
}
