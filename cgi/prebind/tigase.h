/*
 * Shared by the files of the back end tigase; no other file includes it.
 */
#ifndef PREBIND_TIGASE_H
#define PREBIND_TIGASE_H

#include "base/strbuf.h"
#include "prebind/backends.h"
#include "xmpp/adhoc_bind.h"
#include "xmpp/adhoc_add_user.h"

struct tigase {
	const struct site_conf *conf; /* borrowed */
	enum adhoc_format format;
	struct strbuf password;
	struct strbuf api_header; /* "Api-Key: …", or "" */
	struct strbuf api_query;  /* "?api-key=…", or "" */
};

/* Returns the last part of a URL's path: the address of a component. Borrowed from url. */
const char *tigase_component_of(const char *url);

/* One command: the request's body and the answer. */
struct tigase_exchange {
	struct strbuf body; /* empty: a GET, for the list of commands */
	struct http_answer http;
	struct adhoc_answer answer; /* set if the call succeeds; borrowed from http */
};

void tigase_exchange_init(struct tigase_exchange *exchange);
void tigase_exchange_clear(struct tigase_exchange *exchange);

/* Sends the body and takes the answer. Any HTTP status but 200 is an error. */
enum status tigase_ask(const struct tigase *tigase, struct prebind_call *call,
		       struct tigase_exchange *exchange, struct error *err);

/*
 * The same, at the component that adds users. The sentence names this call and the key provision.
 * call->url is restored before the return.
 */
enum status tigase_ask_sess_man(const struct tigase *tigase, struct prebind_call *call,
				struct tigase_exchange *exchange, struct error *err);

/* tigase_check.c: the back end's check. */
enum status tigase_check(void *state, struct prebind_call *call, struct error *said);

#endif
