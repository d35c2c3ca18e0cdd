/*
 * GET / sends the chat page. If the user opened the page directly or from this site, the page
 * contains the session as data. Otherwise the page's script requests a session. So a link or a
 * prefetch on another site cannot open a session.
 */
#include <stdlib.h>

#include "page/page.h"
#include "web/csrf.h"

static void add_user(const struct exchange *ex, struct view *view)
{
	const struct identity *who = &ex->identity;
	const struct site_conf *conf = ex->site->conf;
	char token[CSRF_TOKEN_LEN + 1];

	if (who->display_name[0] != '\0')
		view_text(view, "user", who->display_name);
	else if (!who->guest)
		view_text(view, "user", who->user);
	view_flag(view, "guest", who->guest);
	view_flag(view, "guest_new", who->guest && who->user[0] == '\0');
	view_flag(view, "login", conf_site_has_provider(conf, PROVIDER_LOGIN));
	view_text(view, "login_url", conf->login_url[0] != '\0' ? conf->login_url : NULL);
	view_flag(view, "can_logout", who->ours);
	csrf_token_make(&ex->site->form_key, who->session, ex->now, token);
	view_text(view, "token", token);
}

/*
 * Converse.js itself requests a session from prebind.json, but the page must give Converse.js the
 * account and the BOSH URL.
 */
static void write_converse(const struct exchange *ex, struct strbuf *out)
{
	char *jid = jid_bare_text(&ex->jid);
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "bind", "required");
	json_put_string(&w, "account", jid);
	json_put_string(&w, "bosh_url", ex->site->conf->bosh_url);
	bind_put_site(ex->site->conf, &w);
	json_close_object(&w);
	free(jid);
}

static void send_chat(struct exchange *ex, const struct chat_session *session)
{
	struct view *view = view_new();
	char user_key[BIND_USER_KEY_LEN + 1];
	struct strbuf json;

	strbuf_init_secret(&json);
	bind_user_key(ex, user_key);
	if (ex->site->conf->client == CLIENT_CONVERSE)
		write_converse(ex, &json);
	else
		bind_write_json(ex->site->conf, session, NULL, &ex->identity, &json);
	if (view != NULL && strbuf_ok(&json)) {
		add_user(ex, view);
		view_text(view, "user_key", user_key);
		view_json_script(view, "session", json.data);
		page_send(ex, 200, site_chat_page(ex->site->conf), view);
	} else {
		ex->res->failed = true;
	}
	strbuf_clear(&json);
	view_free(view);
}

void chat_handle(struct exchange *ex)
{
	struct chat_session session = {0};
	struct error err = {0};

	/* a guest must start the visit with a click, because a crawler can also view the page */
	bool asks_later = ex->site->conf->client == CLIENT_CONVERSE || ex->identity.guest;

	if (asks_later || ex->req.method == HTTP_HEAD || !csrf_may_bind(&ex->req)) {
		send_chat(ex, NULL);
		return;
	}
	enum status status = bind_session(ex, &session, &err);
	if (status == STATUS_OK)
		send_chat(ex, &session);
	else
		page_send_error(ex, status, &err);
	chat_session_clear(&session);
}
