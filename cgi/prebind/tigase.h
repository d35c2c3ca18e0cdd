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

/*
 * Makes one call: a GET if body is NULL, otherwise a POST. Any HTTP status but 200 is an error. The
 * caller initialises *answer and clears it.
 */
enum status tigase_ask(const struct tigase *tigase, struct prebind_call *call,
		       const struct strbuf *body, struct http_answer *answer, struct error *err);

/*
 * The same, at the component that adds users. The sentence names this call and the key provision.
 * call->url is restored before the return.
 */
enum status tigase_ask_sess_man(const struct tigase *tigase, struct prebind_call *call,
				const struct strbuf *body, struct http_answer *answer,
				struct error *err);

/* The answer in the form of xmpp/adhoc_bind.h; it borrows the texts. */
struct adhoc_answer tigase_answer_view(const struct http_answer *answer);

/* tigase_check.c: the back end's check. */
enum status tigase_check(void *state, struct prebind_call *call, struct error *said);

#endif
