/*
 * /prebind.json returns the session as JSON, for our own script and for Converse.js (prebind_url).
 * Our script also needs the user key and posts `bind=yes`. With `bind=no` it gets only the key: no
 * session is created, and the limits do not count it.
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
