/*
 * What the handlers share: sending a page, a JSON answer or an error, with the headers of every
 * dynamic response (SECURITY 3.2). Only for the files of page/.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/json.h"
#include "page/app.h"
#include "store/session.h"

/* The pages and the names each may use. */
extern const struct template_page page_templates[];
extern const size_t page_templates_count;

/* The page at /, by the site's client. */
#define PAGE_CHAT     "chat.html"
#define PAGE_CONVERSE "converse.html"
#define PAGE_DATA     "data.html"

/* What a visitor is told about a status, in the visitor's language. Borrowed from the site. */
const char *page_status_title(const struct exchange *ex, enum status status);
const char *page_status_sentence(const struct exchange *ex, enum status status);

/* A text of the templates, in the visitor's language; otherwise: where they lack it. Borrowed. */
const char *page_text(const struct exchange *ex, const char *key, const char *otherwise);

const char *page_of_client(const struct site_conf *conf);

/* Is what the site's client and languages need among its templates? STATUS_BAD_REQUEST. */
enum status page_templates_check(const struct site *site, struct error *err);

/* The handlers of routes.c. */
void chat_handle(struct exchange *ex);
void login_handle(struct exchange *ex);
void logout_handle(struct exchange *ex);
void prebind_json_handle(struct exchange *ex);
void credentials_json_handle(struct exchange *ex);
void health_handle(struct exchange *ex);
void adhoc_handle(struct exchange *ex);

/* Errors on that one's way: in the request's format, with Tigase's status. */
void adhoc_send_error(struct exchange *ex, enum status status, const struct error *err);

/* Puts the headers of every dynamic response on it; the last thing before it leaves. */
void page_finish(struct exchange *ex);

/* The mount point as it stands in a URL: percent-encoded, "" or "/chat". */
void page_base(const struct exchange *ex, struct strbuf *out);

/*
 * Renders a template as the response; `base` and `nonce` are put into the view here. view: may be
 * NULL.
 */
void page_send(struct exchange *ex, int http_status, const char *file, struct view *view);

/* The buffer's JSON as the response, which takes it: the buffer is empty then. */
void page_send_json(struct exchange *ex, int http_status, struct strbuf *json);

/*
 * The response for a status that is not OK, in the format the route speaks, and its line in the
 * log. For STATUS_LOGIN_REQUIRED on a page: the way to the login form. err: what the operator
 * should know; may be NULL.
 */
void page_send_error(struct exchange *ex, enum status status, const struct error *err);

/*
 * The visitor's connection never left this machine; true for CGI run by hand, which names no
 * address.
 */
bool exchange_is_local(const struct exchange *ex);

/* What the providers and the login form look at; borrowed from the exchange. */
struct identity_context exchange_context(const struct exchange *ex);

/*
 * A token of the site's was posted to /login; may it have been; and what became of it: a session's
 * token.
 */
bool login_is_handover(const struct exchange *ex);
enum status login_handover_check(const struct exchange *ex, struct error *err);
enum status login_handover(struct exchange *ex, char token[SESSION_TOKEN_LEN + 1],
			   struct error *err);

/*
 * The binding of the login form's token: the pre-session cookie; the caller frees. NULL: there is
 * none.
 */
char *login_form_binding(const struct exchange *ex);

/*
 * Pre-binds for the exchange's user, within the site's rate limits, and logs it. ex->retry_after is
 * set where it is known when asking again may help. The caller clears *out; err is not NULL.
 */
enum status bind_session(struct exchange *ex, struct prebind_session *out, struct error *err);

/* The same for a one-time password; it counts as a session. */
enum status bind_credentials(struct exchange *ex, struct prebind_credentials *out,
			     struct error *err);

/*
 * prebind_bind for the exchange's site, and prebind_check: others are served meanwhile. STATUS_BUSY
 * also where too many wait already.
 */
enum status bind_wait(struct exchange *ex, const struct jid *jid, struct prebind_session *out,
		      struct error *err);
enum status bind_check(struct exchange *ex, struct error *said);

/*
 * The exchange's user as a key that says nothing: equal for the same user and JID, so that a page
 * can tell whether a session it holds is this visitor's.
 */
#define BIND_USER_KEY_LEN 43
void bind_user_key(const struct exchange *ex, char out[BIND_USER_KEY_LEN + 1]);

/*
 * {"jid":…,"sid":…,"rid":…,…}; {"bind":"required"} for a NULL session; with a user_key, "user":…
 * before them.
 */
void bind_write_json(const struct prebind_session *session, const char *user_key,
		     struct strbuf *out);

#endif
