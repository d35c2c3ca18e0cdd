/*
 * Finds the user of a request. It asks the providers of the site's `identity` key in that order.
 * The first that does not answer NONE decides. After an error no further provider is asked, so a
 * failure cannot turn a user into another.
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
	IDENTITY_NONE, /* no login of this provider: ask the next */
	IDENTITY_BAD,  /* an invalid login of this provider: stop, no user is logged in */
	IDENTITY_ERROR /* the provider could not look: stop, 503 */
};

struct identity {
	const char *source; /* the provider's name; static */
	char *user;         /* owned, as are the next members */
	char *display_name; /* "" for none */
	char *jid;          /* bare JID, if the site itself knows it; "" for none */
	char *email;        /* "" for none, as the next */
	char *
	    /*
	     * the site's own identifier for the user, which survives a change of name; mostly a
	     * number
	     */
	    id;
	char *session; /* form tokens are bound to it; wiped */
	bool ours;     /* the login is a session of this program, so the program can end it */
	/*
	 * Nobody is logged in: user is a random id, or "" for a visitor whose visit as a guest has
	 * not begun. A guest has no account.
	 */
	bool guest;
	/* a provider reports JIDs, so every account is claimed, also by the rule */
	bool claims;
	char *cookie; /* owned; after BAD the name of the cookie that caused it; NULL: none */
};

/* What the providers of a site keep open: databases, queries and keys. Shared by threads. */
struct identity_chain;

struct identity_context {
	const struct site_conf *conf;
	struct store *store;
	const struct identity_chain *chain;
	const struct request *req;
	const unsigned char *site_key; /* the site's, for cookies of guests; NULL in the tools */
	int64_t now;                   /* seconds, wall clock */
	int64_t until_ms;              /* monotonic: when the request must be answered */
	void *state;                   /* what open made for the provider that is being asked */
};

/* The name that others see: the display name, else the user's name. Borrowed. */
static inline const char *identity_shown(const struct identity *identity)
{
	return identity->display_name[0] != '\0' ? identity->display_name : identity->user;
}

/* What a rule for JIDs may use besides the name. */
enum identity_extra { IDENTITY_EMAIL = 1, IDENTITY_ID = 2 };

struct identity_provider {
	const char *name;
	unsigned knows; /* bits of identity_extra: what it can tell if it is configured for it */
	/* it checks exclude_users itself: its users may be rows of our own table */
	bool own_users;
	/*
	 * Opens what find needs. It is called once for each site, at the start; a failure stops the
	 * start. NULL: the provider keeps nothing.
	 */
	enum status (*open)(const struct site_conf *conf, void **out, struct error *err);
	void (*close)(void *state);
	/* Fills out->user, and any other members it knows. */
	enum identity_verdict (*find)(const struct identity_context *context, struct identity *out,
				      struct error *err);
	/*
	 * True if the provider may name a user's JID. NULL: it never does. state: what open made;
	 * NULL: not open, so the answer is what the configuration allows.
	 */
	bool (*names_jids)(const struct site_conf *conf, const void *state);
	/*
	 * For `prebindctl check`: checks that everything that the provider needs exists. said is
	 * one sentence about what it found.
	 */
	enum status (*check)(const struct site_conf *conf, struct store *store, struct error *said);
	/*
	 * Called if check found no fault. False: something looks wrong, but may be right; said is
	 * one sentence about it. NULL: the provider has no such test.
	 */
	bool (*is_plausible)(const struct site_conf *conf, struct error *said);
};

/* Returns the provider of that name from the registry; NULL: unknown. */
const struct identity_provider *identity_provider_named(const char *name);
/* The same, as this site is configured. */
const struct identity_provider *identity_provider_of(const struct site_conf *conf,
						     const char *name);

/* Opens what the site's providers keep. The caller closes *out after the last identity_find. */
enum status identity_chain_open(const struct site_conf *conf, struct identity_chain **out,
				struct error *err);
void identity_chain_close(struct identity_chain *chain); /* takes NULL */

/*
 * Returns what open made for the site's provider of that name. NULL: it made nothing, or the site
 * does not use that provider.
 */
void *identity_state(const struct identity_context *context, const char *name);

/* True if a provider of the site names JIDs, so that two users may lead to one account. */
bool identity_names_jids(const struct identity_context *context);

#define IDENTITY_USER_MAX 255 /* bytes of a user's name, from any provider */

/*
 * Asks the providers in order. A user in `exclude_users` (a guest) does not count, and the next
 * provider is asked. A name that is too long, is not UTF-8 or has a control character is BAD. The
 * caller clears *out after IDENTITY_YES and after IDENTITY_BAD, where only source and cookie are
 * set. err: what to log after BAD and ERROR; after NONE it may say why, or be untouched.
 */
enum identity_verdict identity_find(const struct identity_context *context, struct identity *out,
				    struct error *err);
void identity_clear(struct identity *identity);

/*
 * Reads the cookie by which a provider knows the user. The caller wipes and frees *value.
 * IDENTITY_NONE: there is none. IDENTITY_BAD: there are several, or it is malformed; out->cookie
 * names it.
 */
enum identity_verdict identity_cookie(const struct identity_context *context, const char *name,
				      char **value, struct identity *out, struct error *err);

/*
 * Notes that this cookie caused the provider's BAD, so that the visitor can be told which one to
 * delete. If memory is out, no cookie is named.
 */
void identity_blame_cookie(struct identity *out, const char *name);

/* True if the name stands for no user: it is empty or in exclude_users, in any case of letters. */
bool identity_is_excluded(const struct site_conf *conf, const char *user);

extern const struct identity_provider login_session_provider;
extern const struct identity_provider remote_user_provider;
extern const struct identity_provider site_session_provider;
extern const struct identity_provider
    wordpress_provider; /* site_session, site_result = wordpress */
extern const struct identity_provider php_session_provider;
extern const struct identity_provider token_provider;
extern const struct identity_provider site_http_provider;
extern const struct identity_provider guest_provider;

#endif
