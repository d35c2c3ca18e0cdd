/*
 * A back end is one struct of functions and one row in the table of prebind.c.
 */
#ifndef PREBIND_BACKENDS_H
#define PREBIND_BACKENDS_H

#include "conf/conf.h"
#include "net/http_client.h"
#include "prebind/breaker.h"
#include "prebind/prebind.h"

struct prebind_call {
	struct http_client *http;
	const char *url;               /* the address that was chosen */
	const struct jid *jid;         /* with the resource to ask for; "" : the server chooses */
	int64_t deadline_ms;           /* monotonic; for all round trips together */
	enum upstream_outcome outcome; /* OUTCOME_NONE at first; for bind to set */
};

struct prebind_backend {
	const char *name;
	const char *url_key; /* its list of addresses, and where that stands in struct site_conf */
	size_t url_offset;
	/*
	 * Reads secrets, checks what is its own about the addresses; *state is the back end's own.
	 */
	enum status (*open)(const struct site_conf *conf, struct store *store, void **state,
			    struct error *err);
	void (*close)(void *state);
	enum status (*check)(void *state, struct prebind_call *call, struct error *said);
	enum status (*bind)(void *state, struct prebind_call *call, struct prebind_session *out,
			    struct error *err);
	/*
	 * A one-time password for the call's JID, appended to out; no address is asked. NULL: it
	 * has none.
	 */
	enum status (*one_time)(void *state, struct prebind_call *call, struct strbuf *out,
				struct error *err);
};

/* Why a back end cannot be opened: where the key stands, and its value's fault. */
enum status prebind_key_error(const struct site_conf *conf, const char *key,
			      const struct error *why, struct error *err); /* STATUS_UNAVAILABLE */

/* What a call that brought no answer (status is not OK) says about its upstream. */
enum upstream_outcome prebind_reach_outcome(enum http_reach reach);

/* Writes the next rid to send; "" (and refused later) if no browser could count on from it. */
void prebind_session_set_rid(struct prebind_session *session, int64_t next);

extern const struct prebind_backend tigase_backend;
extern const struct prebind_backend bosh_login_backend;

#endif
