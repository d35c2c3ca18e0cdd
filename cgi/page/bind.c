/*
 * Pre-binds for a request: checks the site's rate limits, opens the chat session, logs the result,
 * and writes the session as JSON for the browser. Also has the handlers of /prebind.json and
 * /credentials.json.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/blocking.h"
#include "conf/rooms.h"
#include "page/guest_visit.h"
#include "page/page.h"

#define BIND_USER_BURST   5   /* number of tabs that a user can open at once */
#define SESSION_JSON_ROOM 500 /* in bytes; 300 are usual */

static enum status user_limit(struct exchange *ex, int64_t now_ms, struct error *err)
{
	struct strbuf user;
	enum status status;

	strbuf_init(&user);
	strbuf_addf(&user, "%s:%s", ex->identity.source, ex->identity.user);
	struct limit_key by_user = {
	    .scope = "bind_user", .key = user.data, .burst = BIND_USER_BURST};
	status =
	    limit_take(ex->site->limits, &by_user, &ex->site->conf->limit_bind_user, now_ms, err);
	strbuf_clear(&user);
	return status;
}

/*
 * Checks the rate limits. Guests have their own limit per address, so they cannot use up the limit
 * of users at the same address. A new guest has no id, so only the address is limited.
 */
static enum status check_limits(struct exchange *ex, struct error *err)
{
	const struct site_conf *conf = ex->site->conf;
	bool guest = ex->identity.guest;
	char address[64];
	int64_t now_ms = clock_wall() * 1000;
	enum status status = STATUS_OK;

	limit_address_key(ex->req.remote_addr, address);
	struct limit_key by_address = {.scope = guest ? "guest_ip" : "bind_ip", .key = address};
	if (ex->identity.user[0] != '\0')
		status = user_limit(ex, now_ms, err);
	if (status == STATUS_OK)
		status =
		    limit_take(ex->site->limits, &by_address,
			       guest ? &conf->limit_guest_ip : &conf->limit_bind_ip, now_ms, err);
	return status;
}

enum status bind_wait(struct exchange *ex, const struct jid *jid, struct chat_session *out,
		      struct error *err)
{
	if (!blocking_begin())
		return blocking_refused(err);
	struct prebind *service = ex->identity.guest ? ex->site->guests : ex->site->prebind;
	enum status status = prebind_bind(service, jid, exchange_until_ms(ex), out, err);
	blocking_end();
	return status;
}

enum status bind_check(struct exchange *ex, struct error *said)
{
	if (!blocking_begin())
		return blocking_refused(said);
	enum status status = prebind_check(ex->site->prebind, said);
	blocking_end();
	return status;
}

static const char *event_of(enum status status)
{
	if (status == STATUS_VISITOR_LEFT)
		return "bind_left";
	return status == STATUS_OK ? "bind_ok" : "bind_failed";
}

enum status bind_session(struct exchange *ex, struct chat_session *out, struct error *err)
{
	int64_t started_ms = clock_monotonic_ms();
	char ms[CODEC_DECIMAL_SIZE];
	const struct identity_context context = exchange_context(ex);

	enum status status = check_limits(ex, err);
	if (status == STATUS_OK && ex->identity.guest)
		status = guest_begin_visit(ex, &context, err);
	if (status != STATUS_OK)
		return status;
	status = bind_wait(ex, &ex->jid, out, err);
	bool fault = status != STATUS_OK && status != STATUS_VISITOR_LEFT;
	log_event(fault ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, event_of(status), "id", ex->req.id,
		  "site", ex->site->conf->name, guest_log_key(ex), ex->identity.user, "jid",
		  status == STATUS_OK ? out->jid : NULL, "ms",
		  codec_decimal(ms, clock_monotonic_ms() - started_ms), NULL);
	return status;
}

/* Makes a one-time password for the user. The rate limits count the password like a session. */
static enum status bind_credentials(struct exchange *ex, struct prebind_credentials *out,
				    struct error *err)
{
	enum status status = check_limits(ex, err);

	if (status != STATUS_OK)
		return status;
	status = prebind_credentials(ex->site->prebind, &ex->jid, out, err);
	log_event(status == STATUS_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  status == STATUS_OK ? "credentials_ok" : "credentials_failed", "id", ex->req.id,
		  "site", ex->site->conf->name, "user", ex->identity.user, "jid",
		  status == STATUS_OK ? out->jid : NULL, NULL);
	return status;
}

_Static_assert(BIND_USER_KEY_LEN == CODEC_BASE64URL_LEN(SECRET_MAC_LEN), "a whole MAC");

void bind_user_key(const struct exchange *ex, char out[BIND_USER_KEY_LEN + 1])
{
	static const char label[] = "user-key-v1";
	const char *user = ex->identity.user, *source = ex->identity.source;
	char *jid = jid_bare_text(&ex->jid);
	unsigned char mac[SECRET_MAC_LEN];
	struct secret_part parts[] = {
	    {label,  sizeof(label)                },
	    {source, strlen(source) + 1           },
	    {user,   strlen(user) + 1             },
	    {jid,    jid != NULL ? strlen(jid) : 0},
	};

	secret_mac(mac, ex->site->csrf_key, parts, sizeof(parts) / sizeof(parts[0]));
	codec_base64url_text(out, mac, sizeof(mac));
	if (jid == NULL)
		out[0] = '\0';
	free(jid);
}

static void put_list(const char *name, const struct conf_list *list, struct json_writer *w)
{
	if (list->count == 0)
		return;
	json_open_array(w, name);
	for (size_t i = 0; i < list->count; i++)
		json_put_string(w, NULL, list->items[i]);
	json_close_array(w);
}

void bind_put_site(const struct site_conf *conf, struct json_writer *w)
{
	if (conf->rooms.count > 0)
		rooms_put_json(&conf->rooms, "rooms", w);
	put_list("staff", &conf->staff, w);
	put_list("upload", &conf->upload_origins, w);
	if (conf_site_has_provider(conf, PROVIDER_GUEST))
		json_put_string(w, "guests", conf->guest_domain);
}

static void put_session(struct json_writer *w, const struct chat_session *session)
{
	json_put_string(w, "jid", session->jid);
	json_put_string(w, "sid", session->sid);
	json_put_string(w, "rid", session->rid);
	json_put_string(w, "bosh_url", session->bosh_url);
	json_put_integer(w, "hold", session->hold);
	json_put_integer(w, "wait", session->wait);
	json_put_integer(w, "expires_in", session->expires_in);
}

static void put_guest(struct json_writer *w, const struct identity *guest)
{
	json_put_bool(w, "guest", true);
	if (guest->user[0] != '\0')
		json_put_string(w, "name", guest->display_name);
}

/* Writes the members for a user. `who` is NULL if there is no visitor. */
static void put_for_user(struct json_writer *w, const struct site_conf *conf,
			 const struct identity *who)
{
	if (conf->people != PEOPLE_OFF)
		json_put_string(w, "people", conf->people == PEOPLE_ALL ? "all" : "contacts");
	if (who != NULL && conf->rooms.count > 0)
		json_put_string(w, "name", identity_shown(who));
}

void bind_write_json(const struct site_conf *conf, const struct chat_session *session,
		     const char *user_key, const struct identity *who, struct strbuf *out)
{
	struct json_writer w;

	strbuf_reserve(out, SESSION_JSON_ROOM);
	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	if (user_key != NULL)
		json_put_string(&w, "user", user_key);
	if (session == NULL)
		json_put_string(&w, "bind", "required");
	else
		put_session(&w, session);
	if (who != NULL && who->guest)
		put_guest(&w, who);
	else
		put_for_user(&w, conf, who);
	bind_put_site(conf, &w);
	json_close_object(&w);
}

/* ---- /prebind.json ---- */

/*
 * If a guest posts a name before requesting a session, begins the guest's visit and stores the
 * name.
 */
static enum status guest_say_name(struct exchange *ex, struct error *err)
{
	const struct identity_context context = exchange_context(ex);

	if (!ex->identity.guest || fields_get(&ex->req.form, "name") == NULL)
		return STATUS_OK;
	return guest_begin_visit(ex, &context, err);
}

void prebind_json_handle(struct exchange *ex)
{
	struct chat_session session = {0};
	char user_key[BIND_USER_KEY_LEN + 1];
	const char *bind = fields_get(&ex->req.form, "bind");
	bool who = bind != NULL && strcmp(bind, "no") == 0;
	struct error err = {0};
	struct strbuf json;

	strbuf_init_secret(&json);
	enum status status = who ? guest_say_name(ex, &err) : bind_session(ex, &session, &err);
	if (bind != NULL) /* after the call above, because that call gives a new guest an id */
		bind_user_key(ex, user_key);
	if (status == STATUS_OK) {
		bind_write_json(ex->site->conf, who ? NULL : &session,
				bind != NULL ? user_key : NULL, &ex->identity, &json);
		page_send_json(ex, 200, &json);
	} else {
		page_send_error(ex, status, &err);
	}
	chat_session_clear(&session);
	strbuf_clear(&json);
}

/* ---- /credentials.json ---- */

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
