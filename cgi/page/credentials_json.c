/*
 * /credentials.json is for clients on WebSocket, which cannot take over a session. It returns the
 * visitor's JID and a password for one log-in. Access is as for /prebind.json. In Converse.js it is
 * the credentials_url.
 */
#include "page/page.h"

static void credentials_write(const struct prebind_credentials *credentials, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "jid", credentials->jid);
	json_put_string(&w, "password", credentials->password);
	json_close_object(&w);
}

void credentials_json_handle(struct exchange *ex)
{
	struct prebind_credentials credentials = {0};
	struct error err = {0};
	struct strbuf json;

	strbuf_init_secret(&json);
	enum status status = bind_credentials(ex, &credentials, &err);
	if (status == STATUS_OK) {
		credentials_write(&credentials, &json);
		page_send_json(ex, 200, &json);
	} else {
		page_send_error(ex, status, &err);
	}
	prebind_credentials_clear(&credentials);
	strbuf_clear(&json);
}
