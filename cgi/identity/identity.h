/*
 * Finds the user of a request. It asks the site's providers in the order of the key `identity`. The
 * first answer other than NONE decides. After an error no further provider is asked, so that a
 * failure cannot turn one user into another.
 */
#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "store/store.h"
#include "web/request.h"

enum identity_verdict {
	IDENTITY_YES,  /* the provider knows the user */
	IDENTITY_NONE, /* the request has no login of this provider; the next provider is asked */
	IDENTITY_BAD,  /* the login is invalid, so nobody is logged in; no other is asked */
	IDENTITY_ERROR /* the provider could not tell; no other is asked, and the response is 503 */
};

struct identity {
	const char *source; /* the provider's name; static */
	char *user;         /* owned, as are the texts below */
	char *display_name; /* "" for none */
	char *jid;          /* the bare JID, if the site itself gives one; "" for none */
	char *email;        /* "" for none */
	char *
	    /*
	     * the site's own identifier for the user, mostly a number, which stays the same if the
	     * name changes; "" for none
	     */
	    id;
	char *session; /* form tokens are bound to it; wiped */
	bool ours;     /* the login is a session of this program, so the program can end it */
	/*
	 * True if nobody is logged in. user is then a random id, or "" for a guest whose visit has
	 * not begun. A guest has no account.
	 */
	bool guest;
	/*
	 * True if a provider of the site can give JIDs. Every account is then claimed, including
	 * those that the rule makes.
	 */
	bool claims;
	char *cookie; /* owned; the name of the cookie that caused IDENTITY_BAD; NULL for none */
};

/* The databases, queries and keys that the providers of a site hold open. Threads share them. */
struct identity_chain;

struct identity_context {
	const struct site_conf *conf;
	struct store *store;
	const struct identity_chain *chain;
	const struct request *req;
	const unsigned char *site_key; /* signs the site's guest cookies; NULL in the tools */
	int64_t now;                   /* seconds, wall clock */
	int64_t until_ms;              /* monotonic; the request must be answered by then */
	void *state;                   /* what the open function of the current provider made */
};

/*
 * Returns the name that others see: the display name, or the user's name if there is none.
 * Borrowed.
 */
static inline const char *identity_shown(const struct identity *identity)
{
	return identity->display_name[0] != '\0' ? identity->display_name : identity->user;
}

/* The data, other than the user's name, that a rule for JIDs can use. */
enum identity_extra { IDENTITY_EMAIL = 1, IDENTITY_ID = 2 };

struct identity_provider {
	const char *name;
	unsigned knows; /* bits of identity_extra that the provider can give, if configured */
	/* true if it checks exclude_users itself, because its users can be rows of our own table */
	bool own_users;
	/*
	 * Opens what find needs. It is called once for each site at start-up, and a failure
	 * prevents the start. NULL if the provider has nothing to open.
	 */
	enum status (*open)(const struct site_conf *conf, void **out, struct error *err);
	void (*close)(void *state);
	/* Sets out->user, and any other members that the provider knows. */
	enum identity_verdict (*find)(const struct identity_context *context, struct identity *out,
				      struct error *err);
	/*
	 * Returns true if the provider can give a user's JID. state is what open made. If state is
	 * NULL, the answer depends only on the configuration. NULL if the provider never gives one.
	 */
	bool (*names_jids)(const struct site_conf *conf, const void *state);
	/*
	 * For `prebindctl check`. Checks that the provider finds everything that it needs. Sets
	 * said to one sentence about the result.
	 */
	enum status (*check)(const struct site_conf *conf, struct store *store, struct error *said);
	/*
	 * Called if check found no fault. Returns false if something looks wrong, although it can
	 * be right; said is then one sentence about it. NULL if the provider has no such test.
	 */
	bool (*is_plausible)(const struct site_conf *conf, struct error *said);
};

/* Returns the provider of that name from the registry, or NULL if it is unknown. */
const struct identity_provider *identity_provider_named(const char *name);
/* Returns the provider that the name means in the configuration of this site, or NULL. */
const struct identity_provider *identity_provider_of(const struct site_conf *conf,
						     const char *name);

/* Opens the providers of a site. The caller closes *out after the last identity_find. */
enum status identity_chain_open(const struct site_conf *conf, struct identity_chain **out,
				struct error *err);
void identity_chain_close(struct identity_chain *chain); /* takes NULL */

/*
 * Returns what open made for the site's provider of that name. Returns NULL if open made nothing,
 * or if the site does not use that provider.
 */
void *identity_state(const struct identity_context *context, const char *name);

/* Returns true if a provider of the site can give JIDs. Two users can then get the same account. */
bool identity_names_jids(const struct identity_context *context);

#define IDENTITY_USER_MAX 255 /* bytes of a user's name, from any provider */

/*
 * Asks the providers in order. A user in `exclude_users` (such as a guest of the site) is ignored,
 * and the next provider is asked. A name that is too long, is not UTF-8 or has a control character
 * gives IDENTITY_BAD. The caller clears *out after IDENTITY_YES and after IDENTITY_BAD, which sets
 * only source and cookie. err says what to log after IDENTITY_BAD and IDENTITY_ERROR. After
 * IDENTITY_NONE, err can hold a reason or be unchanged.
 */
enum identity_verdict identity_find(const struct identity_context *context, struct identity *out,
				    struct error *err);
void identity_clear(struct identity *identity);

/*
 * Reads the cookie by which a provider knows the user. The caller wipes and frees *value. Returns
 * IDENTITY_NONE if there is no such cookie. Returns IDENTITY_BAD if there are several, or if the
 * cookie is malformed; out->cookie then names it.
 */
enum identity_verdict identity_cookie(const struct identity_context *context, const char *name,
				      char **value, struct identity *out, struct error *err);

/*
 * Sets out->cookie to the cookie that caused IDENTITY_BAD, so that the visitor can be told which
 * cookie to delete. If out of memory, it is NULL.
 */
void identity_blame_cookie(struct identity *out, const char *name);

/*
 * Returns true if the name means no user: it is empty, or in exclude_users in upper or lower case.
 */
bool identity_is_excluded(const struct site_conf *conf, const char *user);

extern const struct identity_provider login_session_provider;
extern const struct identity_provider remote_user_provider;
extern const struct identity_provider site_session_provider;
extern const struct identity_provider
    wordpress_provider; /* site_session with site_result = wordpress */
extern const struct identity_provider php_session_provider;
extern const struct identity_provider token_provider;
extern const struct identity_provider site_http_provider;
extern const struct identity_provider guest_provider;

#endif
