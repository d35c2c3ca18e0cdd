/*
 * Defines how the back end bosh proves that it is allowed to log in as a user. There is one struct
 * of functions for each value of bosh_auth. bosh_auth.c also chooses the SASL mechanism.
 * bosh_login.c decides the order of the steps.
 */
#ifndef PREBIND_BOSH_AUTH_H
#define PREBIND_BOSH_AUTH_H

#include "base/strbuf.h"
#include "conf/conf.h"
#include "prebind/backends.h"

/*
 * How many seconds the secret for one log-in is valid. The time allows for a slow log-in, and for
 * clocks that differ.
 */
#define BOSH_AUTH_LIFE_S 60

/* The secret for one log-in as a user. */
struct bosh_credentials {
	struct strbuf secret; /* sent as the password of SASL */
	char *site_user;      /* owned; the user whose JID map row has the password, or NULL */
	bool made;            /* we created the account (key provision) */
	bool kept;            /* from an earlier log-in; if refused, prepare gets a new secret */
};

struct bosh_auth_way {
	bool one_time; /* prepare makes a secret that expires after one log-in or one minute */
	/* Reads the keys of the configuration. Sets *state, which `close` frees. */
	enum status (*open)(const struct site_conf *conf, struct store *store, void **state,
			    struct error *err);
	void (*close)(void *state); /* `state` can be NULL */
	/*
	 * Gets the secret for the call's JID. The caller initializes *out and clears it. Returns
	 * STATUS_NO_CHAT_ACCOUNT if there is no secret for this JID.
	 */
	enum status (*prepare)(void *state, struct prebind_call *call, struct bosh_credentials *out,
			       struct error *err);
	/*
	 * Called when the server refuses the credentials. Deletes stored credentials, and sets an
	 * error that tells the operator what to check.
	 */
	void (*refused)(void *state, const struct jid *jid,
			const struct bosh_credentials *credentials, struct error *err);
};

extern const struct bosh_auth_way bosh_auth_password;
extern const struct bosh_auth_way bosh_auth_jwt;
extern const struct bosh_auth_way bosh_auth_oauth;
extern const struct bosh_auth_way bosh_auth_token;
extern const struct bosh_auth_way bosh_auth_anonymous;

/* A site's configured way to log in; thread-safe. */
struct bosh_auth {
	const struct bosh_auth_way *way;
	void *state;      /* the state of `way` */
	char *mechanisms; /* owned; the mechanisms of conf_mechanisms that bosh_mechanisms allows */
	const char *name; /* the value of bosh_auth; NULL for guests */
};

enum status bosh_auth_open(const struct site_conf *conf, struct store *store, struct bosh_auth *out,
			   struct error *err);
enum status bosh_auth_open_guest(const struct site_conf *conf, struct store *store,
				 struct bosh_auth *out, struct error *err);
void bosh_auth_close(struct bosh_auth *auth); /* a zeroed struct is allowed */

/*
 * Chooses one of the mechanisms that the server offers at this address. Returns NULL and sets err
 * to STATUS_CHAT_SERVER if no mechanism can be used.
 */
const char *bosh_auth_mechanism(const struct bosh_auth *auth, const char *offered, const char *url,
				struct error *err);

void bosh_credentials_init(struct bosh_credentials *credentials);
void bosh_credentials_clear(struct bosh_credentials *credentials); /* wipes the secret */

/*
 * Sets err to STATUS_CHAT_SERVER after a SASL failure. `condition` is the server's condition of RFC
 * 6120, 6.5, or "" if the server sent no condition. Returns true if the log-in can be tried again
 * with other credentials.
 */
bool bosh_auth_refused(const struct bosh_auth *auth, const struct jid *jid,
		       const struct bosh_credentials *credentials, const char *condition,
		       struct error *err);

#endif
