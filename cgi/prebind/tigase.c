/*
 * The back end tigase. Calls the REST ad-hoc command pre-bind-bosh-session once, with an
 * administrator's credentials. tigase_call.c makes the call; xmpp/adhoc_bind.h writes the request
 * and reads the answer.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "prebind/tigase.h"
#include "xmpp/adhoc_bind.h"
#include "xmpp/adhoc_add_user.h"

#define TIGASE_LIFE_S 10 /* Tigase's default max-inactivity; session_life sets a different value */

/*
 * Checks that the path ends in bosh@DOMAIN with a literal '@'. Newer versions of Tigase answer %40
 * with status 404. Without "bosh@", Tigase answers only after 120 s.
 */
static enum status url_check(const struct site_conf *conf, const char *url, struct error *err)
{
	struct conf_place place = conf_site_place(conf, "tigase_url");
	const char *component = tigase_component_of(url);
	const char *at = strchr(component, '@');

	if (strstr(component, "%40") != NULL)
		return conf_fault(err, STATUS_UNAVAILABLE, place,
				  "write @ instead of %%40 in the path: newer versions of Tigase "
				  "answer %%40 with 404");
	if (at == NULL || at == component || !at[1])
		return conf_fault(err, STATUS_UNAVAILABLE, place,
				  "the path must end in the BOSH component's address, such as "
				  "/rest/adhoc/bosh@example.org");
	return STATUS_OK;
}

/*
 * Checks that all addresses end in the same component, because one account administers only one
 * virtual host.
 */
static enum status urls_check(const struct site_conf *conf, struct error *err)
{
	const struct conf_list *urls = &conf->tigase_url;
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < urls->count; i++) {
		status = url_check(conf, urls->items[i], err);
		if (status == STATUS_OK && strcmp(tigase_component_of(urls->items[i]),
						  tigase_component_of(urls->items[0])) != 0)
			status = conf_fault(
			    err, STATUS_UNAVAILABLE, conf_site_place(conf, "tigase_url"),
			    "all addresses must end in the same component, but %s differs from %s",
			    tigase_component_of(urls->items[i]),
			    tigase_component_of(urls->items[0]));
	}
	return status;
}

static enum status user_check(const struct site_conf *conf, struct error *err)
{
	struct jid jid = {0};
	struct error why = {0};

	if (strcasestr(conf->tigase_user, "%40") != NULL ||
	    jid_parse(conf->tigase_user, &jid, &why) != STATUS_OK)
		return conf_fault(err, STATUS_UNAVAILABLE, conf_site_place(conf, "tigase_user"),
				  "must be the administrator's JID, such as admin@example.org%s%s",
				  why.text[0] ? ": " : "", why.text);
	jid_clear(&jid);
	return STATUS_OK;
}

/* Reads the two secrets. The API key is stored in the form in which it is sent. */
static enum status secrets_read(struct tigase *tigase, struct error *err)
{
	const char *key_file = tigase->conf->tigase_api_key_file;
	struct error why;
	struct strbuf key;
	enum status status = STATUS_OK;

	if (secret_file_read(tigase->conf->tigase_password_file, &tigase->password, &why) !=
	    STATUS_OK)
		return prebind_key_error(tigase->conf, "tigase_password_file", &why, err);
	if (!key_file[0])
		return STATUS_OK;

	strbuf_init_secret(&key);
	if (secret_file_read(key_file, &key, &why) != STATUS_OK) {
		status = prebind_key_error(tigase->conf, "tigase_api_key_file", &why, err);
	} else if (tigase->conf->tigase_api_key_in == KEY_IN_QUERY) {
		strbuf_adds(&tigase->api_query, "?api-key=");
		codec_percent(&tigase->api_query, key.data);
	} else {
		strbuf_adds(&tigase->api_header, "Api-Key: ");
		strbuf_add(&tigase->api_header, key.data, key.len);
	}
	strbuf_clear(&key);
	if (!strbuf_ok(&tigase->api_header) || !strbuf_ok(&tigase->api_query))
		return error_no_memory(err);
	return status;
}

static void tigase_close(void *state)
{
	struct tigase *tigase = state;

	if (tigase == NULL)
		return;
	strbuf_clear(&tigase->password);
	strbuf_clear(&tigase->api_header);
	strbuf_clear(&tigase->api_query);
	free(tigase);
}

static enum status tigase_open(const struct site_conf *conf, struct store *store, void **state,
			       struct error *err)
{
	struct tigase *tigase = calloc(1, sizeof(*tigase));
	enum status status;

	(void)store;
	if (tigase == NULL)
		return error_no_memory(err);
	tigase->conf = conf;
	tigase->format = conf->tigase_format == FORMAT_XML ? ADHOC_XML : ADHOC_JSON;
	strbuf_init_secret(&tigase->password);
	strbuf_init_secret(&tigase->api_header);
	strbuf_init_secret(&tigase->api_query);

	status = urls_check(conf, err);
	if (status == STATUS_OK)
		status = user_check(conf, err);
	if (status == STATUS_OK)
		status = secrets_read(tigase, err);
	if (status != STATUS_OK) {
		tigase_close(tigase);
		return status;
	}
	*state = tigase;
	return STATUS_OK;
}

static enum status tigase_create_account(void *state, struct prebind_call *call,
					 const char *password, bool *existed, struct error *err)
{
	const struct tigase *tigase = state;
	struct tigase_exchange exchange;
	char *jid = jid_bare_text(call->jid);
	enum status status;

	if (jid == NULL)
		return error_no_memory(err);
	tigase_exchange_init(&exchange);
	adhoc_add_user_write(&exchange.body, tigase->format, jid, password);
	status = tigase_ask_sess_man(tigase, call, &exchange, err);
	if (status == STATUS_OK)
		status = adhoc_add_user_read(tigase->format, &exchange.answer, existed, err);
	tigase_exchange_clear(&exchange);
	free(jid);
	return status;
}

static void session_take(struct adhoc_session *got, const struct site_conf *conf,
			 struct chat_session *out)
{
	*out = (struct chat_session){
	    .jid = got->from,
	    .hold = conf->hold,
	    .wait = conf->wait, /* not read from the answer, which repeats the request */
	    .expires_in = TIGASE_LIFE_S,
	};
	got->from = NULL;
	_Static_assert(sizeof(got->sid) <= sizeof(out->sid), "fits");
	_Static_assert(sizeof(got->hostname) <= sizeof(out->hostname), "fits");
	memcpy(out->sid, got->sid, sizeof(got->sid));
	memcpy(out->hostname, got->hostname, sizeof(got->hostname));
	/*
	 * Tigase has already used the returned rid. If the browser sent a stanza with this rid, the
	 * session would end.
	 */
	chat_session_set_rid(out, got->rid + 1);
}

static enum status session_ask(const struct tigase *tigase, struct prebind_call *call,
			       const char *from, struct adhoc_session *out, struct error *err)
{
	struct adhoc_bind bind = {
	    .from = from, .hold = tigase->conf->hold, .wait = tigase->conf->wait};
	struct tigase_exchange exchange;
	enum status status;

	tigase_exchange_init(&exchange);
	adhoc_bind_write(&exchange.body, tigase->format, &bind);
	status = tigase_ask(tigase, call, &exchange, err);
	if (status == STATUS_OK) {
		status = adhoc_bind_read(tigase->format, &exchange.answer, out, err);
		if (status != STATUS_OK)
			call->outcome = adhoc_bind_refused(tigase->format, &exchange.answer)
					    ? OUTCOME_NONE
					    : OUTCOME_FAILED;
	}
	tigase_exchange_clear(&exchange);
	return status;
}

static enum status tigase_bind(void *state, struct prebind_call *call, struct chat_session *out,
			       struct error *err)
{
	struct tigase *tigase = state;
	struct adhoc_session got = {0};
	char *from;
	enum status status;

	if (text_has_markup(call->jid->resource))
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "the resource contains one of the characters & < > \" ', which break Tigase's "
		    "BOSH stream: set the key resource to a value without these characters");
	from = call->jid->resource[0] ? jid_text(call->jid) : jid_bare_text(call->jid);
	if (from == NULL)
		return error_no_memory(err);
	status = session_ask(tigase, call, from, &got, err);
	if (status == STATUS_OK)
		session_take(&got, tigase->conf, out);
	adhoc_session_clear(&got);
	secret_wipe(&got, sizeof(got));
	free(from);
	return status;
}

const struct prebind_backend tigase_backend = {
    .name = "tigase",
    .url_key = "tigase_url",
    .url_offset = offsetof(struct site_conf, tigase_url),
    .open = tigase_open,
    .close = tigase_close,
    .check = tigase_check,
    .bind = tigase_bind,
    .create_account = tigase_create_account,
};
