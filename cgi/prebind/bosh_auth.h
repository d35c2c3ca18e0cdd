/*
 * How back end bosh proves that it may log in as a user: one struct of functions for each value of
 * bosh_auth, and the choice of the SASL mechanism. What is said in which order is bosh_login.c.
 */
#ifndef PREBIND_BOSH_AUTH_H
#define PREBIND_BOSH_AUTH_H

#include "base/strbuf.h"
#include "conf/conf.h"
#include "prebind/backends.h"

/*
 * Seconds that a secret made for one log-in lives: the time of a slow log-in, and of two clocks
 * that differ.
 */
#define BOSH_AUTH_LIFE_S 60

/* A user's secret, for one log-in. */
struct bosh_credentials {
	struct strbuf secret; /* what SASL takes for a password */
	char *site_user; /* owned; whose password it is, by the JID map; NULL: it is nobody's */
	bool made;       /* of an account that we made (key provision) */
	bool kept;       /* from an earlier log-in: refused, a new one may be taken */
};

struct bosh_auth_way {
	const char *mechanisms; /* that carry such a secret; blank-separated */
	bool one_time;          /* what prepare makes is good for one log-in, or for a minute */
	/* Reads keys; *state is the way's own. */
	enum status (*open)(const struct site_conf *conf, struct store *store, void **state,
			    struct error *err);
	void (*close)(void *state); /* takes NULL */
	/* out is initialised. STATUS_NO_CHAT_ACCOUNT: there is nothing to log in with. */
	enum status (*prepare)(void *state, struct prebind_call *call, struct bosh_credentials *out,
			       struct error *err);
	/*
	 * The server does not take them: forgets them, and says what the operator should look at.
	 */
	void (*refused)(void *state, const struct jid *jid,
			const struct bosh_credentials *credentials, struct error *err);
};

extern const struct bosh_auth_way bosh_auth_password;
extern const struct bosh_auth_way bosh_auth_jwt;
extern const struct bosh_auth_way bosh_auth_oauth;
extern const struct bosh_auth_way bosh_auth_token;

/* One site's; thread-safe. */
struct bosh_auth {
	const struct bosh_auth_way *way;
	void *state;      /* the way's */
	char *mechanisms; /* owned; that may be used: the way's, and bosh_mechanisms */
	const char *name; /* the value of bosh_auth */
};

enum status bosh_auth_open(const struct site_conf *conf, struct store *store, struct bosh_auth *out,
			   struct error *err);
void bosh_auth_close(struct bosh_auth *auth); /* takes a zeroed one */

/*
 * The mechanism for what this server offers at this address. NULL, and STATUS_CHAT_SERVER in err:
 * none.
 */
const char *bosh_auth_mechanism(const struct bosh_auth *auth, const char *offered, const char *url,
				struct error *err);

void bosh_credentials_init(struct bosh_credentials *credentials);
void bosh_credentials_clear(struct bosh_credentials *credentials); /* wipes */

/*
 * SASL failed with that condition (RFC 6120 6.5; "" : the server named none); STATUS_CHAT_SERVER.
 * True: other credentials may be taken.
 */
bool bosh_auth_refused(const struct bosh_auth *auth, const struct jid *jid,
		       const struct bosh_credentials *credentials, const char *condition,
		       struct error *err);

#endif
