/*
 * Functions that the handlers share. They send a page, JSON or an error, with the headers of every
 * dynamic response. Internal to page/.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/json.h"
#include "page/app.h"
#include "store/session.h"

/* Return the texts about a status, in the visitor's language. Borrowed from the site. */
const char *page_status_title(const struct exchange *ex, enum status status);
const char *page_status_sentence(const struct exchange *ex, enum status status);

/*
 * Returns a text of the templates in the visitor's language, or `otherwise` if there is none.
 * Borrowed.
 */
const char *page_text(const struct exchange *ex, const char *key, const char *otherwise);

/* routes.c: the table of routes. */
extern const struct route page_routes[];
extern const size_t page_routes_count;

/*
 * gate.c: fills the exchange until its handler can run. If it returns STATUS_OK but there is no
 * route, the mount point was requested without its slash. Any other status is an error to send.
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

/* Adds the headers of every dynamic response. Call it last. */
void page_finish(struct exchange *ex);

/* Appends the mount point, "" or "/chat", percent-encoded as in a URL. */
void page_base(const struct exchange *ex, struct strbuf *out);

/*
 * Sends a rendered template. It adds `base` and `nonce` to the view. If view is NULL (out of
 * memory), the response fails.
 */
void page_send(struct exchange *ex, int http_status, const char *file, struct view *view);

/* Sends the JSON in the buffer. The response takes over the text, so the buffer is then empty. */
void page_send_json(struct exchange *ex, int http_status, struct strbuf *json);

/*
 * Sends the response for a status other than STATUS_OK, in the format of the route, and logs it. On
 * a page, STATUS_LOGIN_REQUIRED redirects to the login if there is one. err has the cause for the
 * log and the Retry-After to send. It can be NULL.
 */
void page_send_error(struct exchange *ex, enum status status, const struct error *err);

/*
 * True if the visitor's connection comes from this machine. Also true for CGI started by hand,
 * which has no address.
 */
bool exchange_is_local(const struct exchange *ex);

/* True if the request's user was found and has a chat account. */
bool exchange_has_account(const struct exchange *ex);

/* operator.c: true if the visitor is allowed to see the pages for the operator. */
bool operator_may_read(const struct exchange *ex);

/*
 * Returns the monotonic time in ms when everything for the answer must be known. It leaves time to
 * write the answer. ex->site must be set.
 */
int64_t exchange_until_ms(const struct exchange *ex);

/* Returns a context for the providers and the login form. It borrows from the exchange. */
struct identity_context exchange_context(const struct exchange *ex);

/* gate.c: true if a token of the site was posted to /login. */
bool login_is_handover(const struct exchange *ex);

/*
 * gate.c: returns the value of the pre-session cookie, to which the login form's token is bound.
 * The caller frees it. NULL if there is no such cookie.
 */
char *login_form_binding(const struct exchange *ex);

/*
 * Pre-binds for the exchange's user, within the site's rate limits, and logs the result. If it is
 * known when a retry can help, err->retry_after is set. The caller clears *out. err must not be
 * NULL.
 */
enum status bind_session(struct exchange *ex, struct chat_session *out, struct error *err);

/*
 * Call prebind_bind and prebind_check for the exchange's site. Other requests are served meanwhile.
 * They also return STATUS_BUSY if too many requests wait already.
 */
enum status bind_wait(struct exchange *ex, const struct jid *jid, struct chat_session *out,
		      struct error *err);
enum status bind_check(struct exchange *ex, struct error *said);

/*
 * Writes a key for the exchange's user that reveals nothing. It is the same for the same user and
 * JID, so a page can find out whether its session belongs to this visitor. "" if out of memory.
 */
#define BIND_USER_KEY_LEN 43
void bind_user_key(const struct exchange *ex, char out[BIND_USER_KEY_LEN + 1]);

/*
 * Writes {"jid":…,"sid":…,"rid":…,…}, or {"bind":"required"} if session is NULL. If user_key is not
 * NULL, "user":… comes first. A guest gets "guest":true and, once the visit has begun, "name". A
 * user gets "people" if people are on, and "name", the name in rooms, if the site has rooms. The
 * members from bind_put_site come last. who is NULL in the tools, which have no visitor.
 */
void bind_write_json(const struct site_conf *conf, const struct chat_session *session,
		     const char *user_key, const struct identity *who, struct strbuf *out);

/*
 * Writes the members "rooms", "staff", "upload" and "guests" (the domain of the guests). A member
 * is left out if the site has nothing for it.
 */
void bind_put_site(const struct site_conf *conf, struct json_writer *w);

#endif
