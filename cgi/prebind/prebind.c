/*
 * The service. Chooses the resource, sets the deadline, waits for a permit, calls the back end at
 * one of its addresses, and checks the result. These steps are the same for all back ends. Each
 * back end has its own file.
 */
#include "prebind/prebind.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/blocking.h"
#include "base/strbuf.h"
#include "conf/placeholder.h"
#include "net/http_client.h"
#include "prebind/backends.h"
#include "prebind/bosh_url.h"
#include "prebind/bulkhead.h"
#include "prebind/provision.h"
#include "prebind/upstream.h"

#define RESOURCE_RANDOM_BYTES 8 /* 64 bits, so two tabs of one user never get the same resource */
#define RESOURCE_BY_SERVER    "server"
#define USER_CALLS_MAX        2 /* calls for one account at the same time, such as two tabs */
#define GUESTS_PART           4 /* guests can make a quarter of upstream_max calls at once */

struct prebind {
	const struct site_conf *conf;
	enum conf_backend kind;
	const struct prebind_backend *backend; /* the back end for `kind` */
	struct http_client *http;
	struct upstreams *upstreams;
	struct bulkhead *bulkhead;
	void *state; /* made by the back end's `open`, freed by its `close` */
	struct provision provision;
};

/* One bind, passed to bind_try for each address. */
struct bind {
	const struct prebind *prebind;
	struct prebind_call call;
	struct chat_session session;
};

static const struct prebind_backend *const backends[] = {
    [BACKEND_TIGASE] = &tigase_backend,
    [BACKEND_BOSH] = &bosh_login_backend,
    [BACKEND_GUEST] = &bosh_guest_backend,
};

static const struct conf_list *urls_of(const struct prebind *prebind)
{
	return (const void *)((const char *)prebind->conf + prebind->backend->url_offset);
}

/* Makes the HTTP client. libcurl expects the pins to be separated by ";". */
static enum status client_new(const struct site_conf *conf, struct http_client **out,
			      struct error *err)
{
	struct http_client_options options = {.ca_file = conf->ca_file,
					      .allow_http = conf->upstream_http,
					      .http_key = "upstream_http"};
	struct strbuf pins;
	enum status status;

	strbuf_init(&pins);
	for (size_t i = 0; i < conf->upstream_pin.count; i++)
		strbuf_addf(&pins, "%s%s", i ? ";" : "", conf->upstream_pin.items[i]);
	options.pins = pins.data;
	status = strbuf_ok(&pins) ? conf_blame(http_client_new(&options, out, err), err,
					       conf_site_place(conf, "ca_file"))
				  : error_no_memory(err);
	strbuf_clear(&pins);
	return status;
}

static enum status urls_check(const struct prebind *prebind, struct error *err)
{
	const struct conf_list *urls = urls_of(prebind);
	struct error why;

	for (size_t i = 0; i < urls->count; i++)
		if (http_client_url_check(prebind->http, urls->items[i], &why) != STATUS_OK)
			return prebind_key_error(prebind->conf, prebind->backend->url_key, &why,
						 err);
	return STATUS_OK;
}

/*
 * Guests together get only a part of the permits. There is no limit for a single guest, because all
 * guests have the same name here.
 */
static enum status permits_new(const struct site_conf *conf, enum conf_backend kind,
			       struct bulkhead **out, struct error *err)
{
	long guests = (conf->upstream_max + GUESTS_PART - 1) / GUESTS_PART;

	if (kind == BACKEND_GUEST)
		return bulkhead_new(guests, 0, out, err);
	return bulkhead_new(conf->upstream_max, conf->limit_bind_user.count ? USER_CALLS_MAX : 0,
			    out, err);
}

static enum status service_new(const struct site_conf *conf, enum conf_backend kind,
			       struct store *store, struct prebind **out, struct error *err)
{
	struct prebind *prebind = calloc(1, sizeof(*prebind));
	enum status status;

	if (prebind == NULL)
		return error_no_memory(err);
	prebind->conf = conf;
	prebind->kind = kind;
	prebind->backend = backends[kind];
	status = client_new(conf, &prebind->http, err);
	if (status == STATUS_OK)
		status = urls_check(prebind, err);
	if (status == STATUS_OK)
		status = upstreams_new(conf->name, urls_of(prebind), &prebind->upstreams, err);
	if (status == STATUS_OK)
		status = permits_new(conf, kind, &prebind->bulkhead, err);
	if (status == STATUS_OK)
		status = prebind->backend->open(conf, store, &prebind->state, err);
	if (status != STATUS_OK) {
		prebind_free(prebind);
		return status;
	}
	prebind->provision = (struct provision){.conf = conf,
						.store = store,
						.backend = prebind->backend,
						.backend_state = prebind->state};
	*out = prebind;
	return STATUS_OK;
}

enum status prebind_new(const struct site_conf *conf, struct store *store, struct prebind **out,
			struct error *err)
{
	return service_new(conf, (enum conf_backend)conf->backend, store, out, err);
}

enum status prebind_new_guests(const struct site_conf *conf, struct store *store,
			       struct prebind **out, struct error *err)
{
	return service_new(conf, BACKEND_GUEST, store, out, err);
}

void prebind_share(struct prebind *prebind, enum breaker_owners owners, struct limit_store *limits)
{
	const struct breaker_sharing sharing = {
	    .owners = owners,
	    .limits = limits,
	    .scope = prebind->kind == BACKEND_GUEST ? "guests " : "",
	};

	upstreams_share(prebind->upstreams, &sharing);
}

void prebind_free(struct prebind *prebind)
{
	if (prebind == NULL)
		return;
	if (prebind->state != NULL)
		prebind->backend->close(prebind->state);
	bulkhead_free(prebind->bulkhead);
	upstreams_free(prebind->upstreams);
	http_client_free(prebind->http);
	free(prebind);
}

/*
 * Makes a resource from the site's key `resource`, or "" if the server is to choose the resource.
 * The caller frees the result.
 */
static char *resource_make(const char *rule)
{
	char hex[2 * RESOURCE_RANDOM_BYTES + 1];
	struct strbuf text;
	char *taken;

	if (strcmp(rule, RESOURCE_BY_SERVER) == 0)
		return strdup("");
	secret_random_hex(hex, RESOURCE_RANDOM_BYTES);
	strbuf_init(&text);
	placeholder_fill(rule, PLACEHOLDER_RANDOM, hex, &text);
	taken = strbuf_take(&text);
	strbuf_clear(&text);
	return taken;
}

static enum status jid_to_ask_for(const struct prebind *prebind, const struct jid *jid,
				  struct jid *out, struct error *err)
{
	char *made = NULL;
	const char *resource = jid->resource;
	enum status status;

	if (!resource[0]) {
		made = resource_make(prebind->conf->resource);
		if (made == NULL)
			return error_no_memory(err);
		resource = made;
	}
	status = jid_make(jid->localpart, jid->domain, resource, out, err);
	free(made);
	return status;
}

/* Sets the error for a visitor who no longer waits. No call is made for such a visitor. */
static enum status refuse_who_left(struct error *err)
{
	return error_set(err, STATUS_VISITOR_LEFT,
			 "the visitor left before prebind called the XMPP server");
}

static enum status bind_measured(struct bind *bind, struct error *err)
{
	const struct prebind *prebind = bind->prebind;
	int64_t began_us = clock_monotonic_us();
	enum status status =
	    prebind->backend->bind(prebind->state, &bind->call, &bind->session, err);

	metrics_add_call(clock_monotonic_us() - began_us);
	return status;
}

/*
 * Makes the call at one address. If the XMPP server returns the session of another JID, the call
 * counts as failed.
 */
static enum status bind_try(void *arg, const char *url, enum upstream_outcome *outcome,
			    struct error *err)
{
	struct bind *bind = arg;
	const struct prebind *prebind = bind->prebind;
	enum status status;

	bind->call.url = url;
	bind->call.outcome = OUTCOME_NONE;
	status = prebind->backend->gives_jid
		     ? STATUS_OK
		     : provision_ensure(&prebind->provision, &bind->call, err);
	if (status == STATUS_OK)
		status = bind_measured(bind, err);
	*outcome = bind->call.outcome;
	bind->session.made_at = url;
	if (status != STATUS_OK)
		return status;
	status = prebind->backend->gives_jid
		     ? chat_session_check_guest(&bind->session, bind->call.jid, err)
		     : chat_session_check(&bind->session, bind->call.jid, err);
	if (status != STATUS_OK)
		*outcome = OUTCOME_FAILED;
	return status;
}

/*
 * Waits for a permit, and then makes the call. Stops waiting when half of conf->timeout_ms is left,
 * because a call with less time would probably fail.
 */
static enum status bind_in_turn(struct prebind *prebind, struct bind *bind, struct error *err)
{
	struct bulkhead_pass pass;
	int64_t deadline_ms = bind->call.deadline_ms;
	char *user = jid_bare_text(bind->call.jid);
	enum status status;

	if (user == NULL)
		return error_no_memory(err);
	status = bulkhead_enter(prebind->bulkhead, &pass, user,
				deadline_ms - prebind->conf->timeout_ms / 2, err);
	if (status == STATUS_OK) {
		status = visitor_has_left()
			     ? refuse_who_left(err)
			     : upstreams_call(prebind->upstreams, bind_try, bind, deadline_ms, err);
		bulkhead_leave(prebind->bulkhead, &pass);
	}
	free(user);
	return status;
}

enum status prebind_bind(struct prebind *prebind, const struct jid *jid, int64_t until_ms,
			 struct chat_session *out, struct error *err)
{
	const struct site_conf *conf = prebind->conf;
	int64_t deadline_ms = clock_monotonic_ms() + conf->timeout_ms;
	struct jid asked = {0};
	struct bind bind = {
	    .prebind = prebind,
	    .call = {.http = prebind->http,
		     .jid = &asked,
		     .deadline_ms = deadline_ms < until_ms ? deadline_ms : until_ms}
        };
	enum status status = jid_to_ask_for(prebind, jid, &asked, err);

	if (status == STATUS_OK)
		status = bind_in_turn(prebind, &bind, err);
	if (status == STATUS_OK)
		status = bosh_url_make(conf, bind.session.hostname, &bind.session.bosh_url, err);
	jid_clear(&asked);
	metrics_add_bind((size_t)prebind->kind, status);
	if (status != STATUS_OK) {
		chat_session_clear(&bind.session);
		return status;
	}
	if (conf->session_life_ms)
		bind.session.expires_in =
		    conf->session_life_ms < 1000 ? 1 : conf->session_life_ms / 1000;
	*out = bind.session;
	secret_wipe(&bind.session, sizeof(bind.session));
	return STATUS_OK;
}

static enum status credentials_make(const struct prebind *prebind, const struct jid *jid,
				    struct prebind_credentials *out, struct error *err)
{
	struct prebind_call call = {.http = prebind->http, .jid = jid};
	struct strbuf password;
	enum status status;

	strbuf_init_secret(&password);
	status = prebind->backend->one_time(prebind->state, &call, &password, err);
	if (status == STATUS_OK) {
		out->jid = jid->resource[0] ? jid_text(jid) : jid_bare_text(jid);
		out->password = strbuf_take(&password);
		if (out->jid == NULL || out->password == NULL)
			status = error_no_memory(err);
	}
	strbuf_clear(&password);
	return status;
}

enum status prebind_credentials(struct prebind *prebind, const struct jid *jid,
				struct prebind_credentials *out, struct error *err)
{
	struct prebind_credentials made = {0};
	struct jid asked = {0};
	enum status status;

	if (prebind->backend->one_time == NULL)
		return error_set(err, STATUS_NOT_FOUND,
				 "backend = %s does not support one-time passwords",
				 prebind->backend->name);
	status = jid_to_ask_for(prebind, jid, &asked, err);
	if (status == STATUS_OK)
		status = credentials_make(prebind, &asked, &made, err);
	jid_clear(&asked);
	if (status == STATUS_OK)
		*out = made;
	else
		prebind_credentials_clear(&made);
	return status;
}

void prebind_credentials_clear(struct prebind_credentials *credentials)
{
	free(credentials->jid);
	secret_free(credentials->password);
	*credentials = (struct prebind_credentials){0};
}

enum status prebind_check(struct prebind *prebind, struct error *said)
{
	const struct conf_list *urls = urls_of(prebind);
	struct prebind_call call = {
	    .http = prebind->http, .deadline_ms = clock_monotonic_ms() + prebind->conf->timeout_ms};
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < urls->count; i++) {
		call.url = urls->items[i];
		status = prebind->backend->check(prebind->state, &call, said);
	}
	const char *key = call.blame != NULL ? call.blame : prebind->backend->url_key;
	return conf_blame(status, said, conf_site_place(prebind->conf, key));
}
