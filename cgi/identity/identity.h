/*
 * Finds the user of a request. Asks the site's providers in the order of the key `identity`, and
 * stops at the first answer other than IDENTITY_NONE. An error also stops the search, so that a
 * failure cannot log the visitor in as a different user.
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
	IDENTITY_YES,  /* the provider has found the user */
	IDENTITY_NONE, /* the request has no login for this provider; the next provider is asked */
	/* the login is invalid: nobody is logged in, and no further provider is asked */
	IDENTITY_BAD,
	/* the provider failed: no further provider is asked, and the response is 503 */
	IDENTITY_ERROR
};

struct identity {
	const char *source; /* the provider's name; static */
	char *user;         /* owned, as are the strings below */
	char *display_name; /* "" if there is none */
	char *jid;          /* the bare JID, if the site itself sets it; "" if not */
	char *email;        /* "" if there is none */
	char *
	    /*
	     * the site's own identifier for the user, usually a number. It does not change if the
	     * name changes. "" if there is none.
	     */
	    id;
	char *session; /* form tokens are bound to this string; wiped before it is freed */
	bool ours;     /* true if the login is a session of prebind, which prebind can end */
	/*
	 * True if nobody is logged in. The member `user` is then a random ID, or "" for a guest
	 * whose visit has not begun. A guest has no account.
	 */
	bool guest;
	/*
	 * True if a provider of the site can give JIDs. prebind then records a claim for every
	 * account, even if the rule made the account's JID.
	 */
	bool claims;
	char *cookie; /* owned; name of the cookie that caused IDENTITY_BAD, or NULL */
};

/* The open databases, queries and keys of a site's providers. Threads share them. */
struct identity_chain;

struct identity_context {
	const struct site_conf *conf;
	struct store *store;
	const struct identity_chain *chain;
	const struct request *req;
	/* the key for MACs of the site's guest cookies; NULL in the tools */
	const unsigned char *site_key;
	int64_t now;      /* in seconds since 1970 */
	int64_t until_ms; /* monotonic; deadline for the response to the request */
	void *state;      /* set by the open function of the current provider */
};

/*
 * Returns the name to show to others, borrowed: the display name, or the user's name if there is no
 * display name.
 */
static inline const char *identity_shown(const struct identity *identity)
{
	return identity->display_name[0] != '\0' ? identity->display_name : identity->user;
}

/* Data that a rule for JIDs can use in addition to the user's name. */
enum identity_extra { IDENTITY_EMAIL = 1, IDENTITY_ID = 2 };

struct identity_provider {
	const char *name;
	/* the data (bits of identity_extra) that the provider can give, if configured to */
	unsigned knows;
	/*
	 * true if the provider itself checks exclude_users, so that identity_find does not check
	 * it. The key has no effect on users of our own table.
	 */
	bool own_users;
	/*
	 * Opens what `find` needs. Called once for each site at start-up; a failure prevents the
	 * start. NULL if the provider has nothing to open.
	 */
	enum status (*open)(const struct site_conf *conf, void **out, struct error *err);
	void (*close)(void *state);
	/* Sets out->user, and the other members if the provider knows them. */
	enum identity_verdict (*find)(const struct identity_context *context, struct identity *out,
				      struct error *err);
	/*
	 * Returns true if the provider can give a user's JID. `state` is the output of `open`. If
	 * `state` is NULL, the answer depends only on the configuration. The function is NULL if
	 * the provider never gives a JID.
	 */
	bool (*names_jids)(const struct site_conf *conf, const void *state);
	/*
	 * For `prebindctl check`: checks that the provider finds everything that it needs. Sets
	 * `said` to one sentence about the result.
	 */
	enum status (*check)(const struct site_conf *conf, struct store *store, struct error *said);
	/*
	 * Called if `check` found no fault. Returns false if the configuration looks wrong but
	 * might be right; `said` then has one sentence about the reason. The function is NULL if
	 * the provider has no such test.
	 */
	bool (*is_plausible)(const struct site_conf *conf, struct error *said);
};

/* Returns the provider of that name from the registry, or NULL if it is unknown. */
const struct identity_provider *identity_provider_named(const char *name);
/* Returns the provider that this name selects in the configuration of this site, or NULL. */
const struct identity_provider *identity_provider_of(const struct site_conf *conf,
						     const char *name);

/* Opens the providers of a site. The caller closes *out after the last identity_find. */
enum status identity_chain_open(const struct site_conf *conf, struct identity_chain **out,
				struct error *err);
void identity_chain_close(struct identity_chain *chain); /* takes NULL */

/*
 * Returns the state that `open` created for the site's provider of that name. Returns NULL if
 * `open` created none, or if the site does not use that provider.
 */
void *identity_state(const struct identity_context *context, const char *name);

/*
 * Returns true if a provider of the site can give JIDs. Two users can then be given the same
 * account.
 */
bool identity_names_jids(const struct identity_context *context);

#define IDENTITY_USER_MAX 255 /* maximum bytes of a user's name from any provider */

/*
 * Asks the providers in order. If a provider returns a user in `exclude_users` (such as a guest of
 * the site), the next provider is asked. Returns IDENTITY_BAD if a name is too long, is not UTF-8
 * or has a control character. IDENTITY_BAD sets only out->source and out->cookie. The caller clears
 * *out after IDENTITY_YES and IDENTITY_BAD. After IDENTITY_BAD and IDENTITY_ERROR, err has the text
 * for the log. After IDENTITY_NONE, err can hold a reason or be unchanged.
 */
enum identity_verdict identity_find(const struct identity_context *context, struct identity *out,
				    struct error *err);
void identity_clear(struct identity *identity);

/*
 * Reads the cookie that identifies the user to a provider. The caller wipes and frees *value.
 * Returns IDENTITY_NONE if the request has no such cookie. Returns IDENTITY_BAD and sets
 * out->cookie if the request has several such cookies, or a malformed one.
 */
enum identity_verdict identity_cookie(const struct identity_context *context, const char *name,
				      char **value, struct identity *out, struct error *err);

/*
 * Sets out->cookie to the name of the cookie that caused IDENTITY_BAD, so that the response can
 * tell the visitor which cookie to delete. Sets out->cookie to NULL if out of memory.
 */
void identity_blame_cookie(struct identity *out, const char *name);

/*
 * Returns true if the name does not identify a user, because it is empty or is in exclude_users.
 * Upper and lower case are not distinguished.
 */
bool identity_is_excluded(const struct site_conf *conf, const char *user);

extern const struct identity_provider login_session_provider;
extern const struct identity_provider remote_user_provider;
extern const struct identity_provider site_session_provider;
/* replaces site_session_provider if site_result = wordpress */
extern const struct identity_provider wordpress_provider;
extern const struct identity_provider php_session_provider;
extern const struct identity_provider token_provider;
extern const struct identity_provider site_http_provider;
extern const struct identity_provider guest_provider;

#endif
