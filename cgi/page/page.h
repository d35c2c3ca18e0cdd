/*
 * Functions that the handlers share: sending a page, JSON or an error, with the headers of every
 * dynamic response. Internal to page/.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/json.h"
#include "page/app.h"
#include "store/session.h"

/*
 * Return a title or a sentence for the status, in the visitor's language. The result is borrowed
 * from the site.
 */
const char *page_status_title(const struct exchange *ex, enum status status);
const char *page_status_sentence(const struct exchange *ex, enum status status);

/*
 * Returns a text of the templates in the visitor's language. If there is no such text, returns
 * `otherwise`. The result is borrowed.
 */
const char *page_text(const struct exchange *ex, const char *key, const char *otherwise);

/* routes.c: the table of routes. */
extern const struct route page_routes[];
extern const size_t page_routes_count;

/*
 * gate.c: checks the request and fills the exchange for the handler. If it returns STATUS_OK but
 * ex->route is NULL, the request was for the mount point without its slash. After any other status,
 * the caller sends an error.
 */
enum status gate_pass(struct exchange *ex, struct error *err);

/* The handlers of routes.c. */
void chat_handle(struct exchange *ex);
void login_handle(struct exchange *ex);
void logout_handle(struct exchange *ex);
void prebind_json_handle(struct exchange *ex);
void credentials_json_handle(struct exchange *ex);
void people_handle(struct exchange *ex);
void health_handle(struct exchange *ex);
void metrics_handle(struct exchange *ex);
void status_handle(struct exchange *ex);
void adhoc_handle(struct exchange *ex);

/* Adds the headers of every dynamic response. Call it after everything else. */
void page_finish(struct exchange *ex);

/* Appends the mount point, such as "" or "/chat", percent-encoded for a URL. */
void page_base(const struct exchange *ex, struct strbuf *out);

/*
 * Renders a template and sends the page. Adds `base` and `nonce` to the view. If view is NULL (out
 * of memory), marks the response as failed.
 */
void page_send(struct exchange *ex, int http_status, const char *file, struct view *view);

/* Sends the JSON in the buffer. Moves the text to the response, so the buffer is then empty. */
void page_send_json(struct exchange *ex, int http_status, struct strbuf *json);

/*
 * Sends the error response for `status` in the format of the route, and logs it. On a page,
 * STATUS_LOGIN_REQUIRED redirects to the login if the site has one. err has the reason for the log
 * and the value of Retry-After, and can be NULL. `status` must not be STATUS_OK.
 */
void page_send_error(struct exchange *ex, enum status status, const struct error *err);

/*
 * True if the visitor's connection comes from this machine, or if there is no address because CGI
 * was started by hand.
 */
bool exchange_is_local(const struct exchange *ex);

/* True if the request's user was found and has a chat account. */
bool exchange_has_account(const struct exchange *ex);

/* operator.c: true if the visitor is allowed to read the operator's pages. */
bool operator_may_read(const struct exchange *ex);

/*
 * Returns the time by which the data for the answer must be ready, in monotonic ms. The time after
 * this deadline is reserved for writing the answer. ex->site must be set.
 */
int64_t exchange_until_ms(const struct exchange *ex);

/* Returns the context for the providers and the login form. It is borrowed from the exchange. */
struct identity_context exchange_context(const struct exchange *ex);

/* gate.c: true if the request posts a token of the site to /login. */
bool login_is_handover(const struct exchange *ex);

/*
 * gate.c: returns the value of the pre-session cookie, to which the login form's token is bound.
 * Returns NULL if there is no such cookie. The caller frees the value.
 */
char *login_form_binding(const struct exchange *ex);

/*
 * Pre-binds for the exchange's user if the site's rate limits allow it, and logs the result. Sets
 * err->retry_after if it is known when to try again. The caller clears *out. err must not be NULL.
 */
enum status bind_session(struct exchange *ex, struct chat_session *out, struct error *err);

/*
 * Call prebind_bind and prebind_check for the exchange's site. Other requests are served while
 * these calls wait. The functions also return STATUS_BUSY if too many requests are already waiting.
 */
enum status bind_wait(struct exchange *ex, const struct jid *jid, struct chat_session *out,
		      struct error *err);
enum status bind_check(struct exchange *ex, struct error *said);

/*
 * Writes a key that identifies the exchange's user but does not reveal the name. The same user and
 * JID always have the same key, so a page can check that its session belongs to this visitor.
 * Writes "" if out of memory.
 */
#define BIND_USER_KEY_LEN 43
void bind_user_key(const struct exchange *ex, char out[BIND_USER_KEY_LEN + 1]);

/*
 * Writes {"jid":…,"sid":…,"rid":…,…} for the session, or {"bind":"required"} if session is NULL.
 * "user":… comes first, unless user_key is NULL. For a guest, adds "guest":true and, once the visit
 * has started, "name". For a user, adds "people" if the list of people is enabled, and "name" (the
 * name in rooms) if the site has rooms. Ends with the members of bind_put_site. `who` is NULL in
 * prebindctl, which has no visitor.
 */
void bind_write_json(const struct site_conf *conf, const struct chat_session *session,
		     const char *user_key, const struct identity *who, struct strbuf *out);

/*
 * Writes the members "rooms", "staff", "upload" and "guests" (the guests' domain). Leaves out a
 * member that the site has not configured.
 */
void bind_put_site(const struct site_conf *conf, struct json_writer *w);

#endif
