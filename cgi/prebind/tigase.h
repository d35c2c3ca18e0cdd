/*
 * What the files of the back end tigase share; nobody else includes it.
 */
#ifndef PREBIND_TIGASE_H
#define PREBIND_TIGASE_H

#include "base/strbuf.h"
#include "prebind/backends.h"
#include "xmpp/adhoc.h"
#include "xmpp/adhoc_add_user.h"

struct tigase {
	const struct site_conf *conf; /* borrowed */
	enum adhoc_format format;
	struct strbuf password;
	struct strbuf api_header; /* "Api-Key: …", or "" */
	struct strbuf api_query;  /* "?api-key=…", or "" */
};

/*
 * One call: a GET with body NULL, else a POST. Any status but 200 has become an error when it
 * returns. The caller has initialised *answer, and clears it.
 */
enum status tigase_ask(const struct tigase *tigase, struct prebind_call *call,
		       const struct strbuf *body, struct http_answer *answer, struct error *err);

/*
 * As that, of the component that adds users, at the same address. The sentence names this call and
 * the key provision. The call's own address is back in its place afterwards.
 */
enum status tigase_ask_sess_man(const struct tigase *tigase, struct prebind_call *call,
				const struct strbuf *body, struct http_answer *answer,
				struct error *err);

/* The answer as xmpp/adhoc.h reads it; borrows its texts. */
struct adhoc_answer tigase_answer_view(const struct http_answer *answer);

/* tigase_check.c: the back end's check. */
enum status tigase_check(void *state, struct prebind_call *call, struct error *said);

#endif
