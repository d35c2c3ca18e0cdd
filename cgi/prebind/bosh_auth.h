/*
 * How the back end bosh proves that it may log in as a user: one struct of functions for each value
 * of bosh_auth, and the choice of the SASL mechanism. bosh_login.c decides the order of the steps.
 */
#ifndef PREBIND_BOSH_AUTH_H
#define PREBIND_BOSH_AUTH_H

#include "base/strbuf.h"
#include "conf/conf.h"
#include "prebind/backends.h"

/*
 * How many seconds a secret for one log-in is valid: enough for a slow log-in and for clocks that
 * differ.
 */
#define BOSH_AUTH_LIFE_S 60

/* The secret to log in as a user, for one log-in. */
struct bosh_credentials {
	struct strbuf secret; /* sent as the password of SASL */
	char *site_user;      /* owned; the site user whose row has the password; NULL: no row */
	bool made;            /* the account was made by us (key provision) */
	bool kept;            /* kept from an earlier log-in; if it is refused, get a new one */
};

struct bosh_auth_way {
	bool one_time; /* prepare makes a secret for one log-in or one minute */
	/* Reads keys. *state belongs to the way, which frees it in close. */
	enum status (*open)(const struct site_conf *conf, struct store *store, void **state,
			    struct error *err);
	void (*close)(void *state); /* NULL is allowed */
	/*
	 * The caller initialises and clears out. STATUS_NO_CHAT_ACCOUNT: there is no secret for
	 * this JID.
	 */
	enum status (*prepare)(void *state, struct prebind_call *call, struct bosh_credentials *out,
			       struct error *err);
	/*
	 * Called when the server refuses the credentials. Forgets them and tells the operator what
	 * to check.
	 */
	void (*refused)(void *state, const struct jid *jid,
			const struct bosh_credentials *credentials, struct error *err);
};

extern const struct bosh_auth_way bosh_auth_password;
extern const struct bosh_auth_way bosh_auth_jwt;
extern const struct bosh_auth_way bosh_auth_oauth;
extern const struct bosh_auth_way bosh_auth_token;
extern const struct bosh_auth_way bosh_auth_anonymous;

/* The log-in of one site; thread-safe. */
struct bosh_auth {
	const struct bosh_auth_way *way;
	void *state;      /* of the way */
	char *mechanisms; /* owned; those of conf_mechanisms that bosh_mechanisms allows */
	const char *name; /* the value of bosh_auth; for guests NULL */
};

enum status bosh_auth_open(const struct site_conf *conf, struct store *store, struct bosh_auth *out,
			   struct error *err);
enum status bosh_auth_open_guest(const struct site_conf *conf, struct store *store,
				 struct bosh_auth *out, struct error *err);
void bosh_auth_close(struct bosh_auth *auth); /* a zeroed one is allowed */

/*
 * Returns the mechanism to use for those that the server offers at this address. NULL: none; err
 * has STATUS_CHAT_SERVER.
 */
const char *bosh_auth_mechanism(const struct bosh_auth *auth, const char *offered, const char *url,
				struct error *err);

void bosh_credentials_init(struct bosh_credentials *credentials);
void bosh_credentials_clear(struct bosh_credentials *credentials); /* wipes */

/*
 * Sets the STATUS_CHAT_SERVER for a SASL failure with this condition (RFC 6120, 6.5); "": the
 * server gave none. True: try again with other credentials.
 */
bool bosh_auth_refused(const struct bosh_auth *auth, const struct jid *jid,
		       const struct bosh_credentials *credentials, const char *condition,
		       struct error *err);

#endif
