/*
 * Declarations that the files of the back end tigase share. No other file includes this one.
 */
#ifndef PREBIND_TIGASE_H
#define PREBIND_TIGASE_H

#include "base/strbuf.h"
#include "prebind/backends.h"
#include "xmpp/adhoc_add_user.h"
#include "xmpp/adhoc_bind.h"

struct tigase {
	const struct site_conf *conf; /* borrowed */
	enum adhoc_format format;
	struct strbuf password;
	struct strbuf api_header; /* "Api-Key: …", or "" without an API key */
	struct strbuf api_query;  /* "?api-key=…", or "" without an API key */
};

/*
 * Returns the last part of a URL's path, which is the address of a component. The result points
 * into url.
 */
const char *tigase_component_of(const char *url);

/* One ad-hoc command: the body of the request, and the answer. */
struct tigase_exchange {
	struct strbuf body; /* empty for a GET, which returns the list of commands */
	struct http_answer http;
	struct adhoc_answer answer; /* set after a successful call; points into http */
};

void tigase_exchange_init(struct tigase_exchange *exchange);
void tigase_exchange_clear(struct tigase_exchange *exchange);

/* Sends the body and reads the answer. Any HTTP status other than 200 is an error. */
enum status tigase_ask(const struct tigase *tigase, struct prebind_call *call,
		       struct tigase_exchange *exchange, struct error *err);

/*
 * Like tigase_ask, but calls the component that adds users. The error sentence names this component
 * and the key provision. call->url is unchanged after the call.
 */
enum status tigase_ask_sess_man(const struct tigase *tigase, struct prebind_call *call,
				struct tigase_exchange *exchange, struct error *err);

/* The check of this back end. Defined in tigase_check.c. */
enum status tigase_check(void *state, struct prebind_call *call, struct error *said);

#endif
