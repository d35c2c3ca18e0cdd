/*
 * The back ends. A back end is one struct of functions and one row of the table in prebind.c. Below
 * the struct are the functions that several back ends use.
 */
#ifndef PREBIND_BACKENDS_H
#define PREBIND_BACKENDS_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "conf/conf.h"
#include "net/http_client.h"
#include "prebind/breaker.h"
#include "prebind/chat_session.h"
#include "store/store.h"
#include "xmpp/jid.h"

struct prebind_call {
	struct http_client *http;
	const char *url;               /* the address chosen for this call */
	const struct jid *jid;         /* with resource "", the server chooses the resource */
	int64_t deadline_ms;           /* monotonic; for all requests of this call together */
	enum upstream_outcome outcome; /* OUTCOME_NONE at first; the back end's `bind` sets it */
	const char *blame; /* static; the key that a failed check is about; NULL for url_key */
};

struct prebind_backend {
	const char *name;
	const char *url_key; /* the key whose addresses are at url_offset in struct site_conf */
	size_t url_offset;
	/*
	 * True if the server chooses the JID of the session. This JID must have the domain of the
	 * call's JID. No account belongs to the session, so no account is created for it.
	 */
	bool gives_jid;
	/*
	 * Reads the secrets, and checks the addresses as this back end requires. Sets *state, which
	 * `close` frees.
	 */
	enum status (*open)(const struct site_conf *conf, struct store *store, void **state,
			    struct error *err);
	void (*close)(void *state);
	enum status (*check)(void *state, struct prebind_call *call, struct error *said);
	enum status (*bind)(void *state, struct prebind_call *call, struct chat_session *out,
			    struct error *err);
	/*
	 * Appends a one-time password for the call's JID to out. Makes no request. The member is
	 * NULL if this back end has no one-time passwords.
	 */
	enum status (*one_time)(void *state, struct prebind_call *call, struct strbuf *out,
				struct error *err);
	/*
	 * Creates the account of the call's JID. Called only if the site provisions accounts. Sets
	 * *existed to true if the account existed before; its password is then not changed. If the
	 * server at the call's address is the reason for a failure, sets call->outcome.
	 */
	enum status (*create_account)(void *state, struct prebind_call *call, const char *password,
				      bool *existed, struct error *err);
};

/*
 * Sets the error for a back end that cannot be opened, and returns STATUS_UNAVAILABLE. The error
 * has the file and line of the key, and the text of `why`.
 */
enum status prebind_key_error(const struct site_conf *conf, const char *key,
			      const struct error *why, struct error *err);

/* Returns the outcome of a call that got no answer. */
enum upstream_outcome prebind_reach_outcome(enum http_reach reach);

extern const struct prebind_backend tigase_backend;
extern const struct prebind_backend bosh_login_backend;
extern const struct prebind_backend bosh_guest_backend;

#endif
