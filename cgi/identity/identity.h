/*
 * Who is asking: the providers of the site's `identity` key, asked in that order. The first that
 * does not say NONE decides; an error never falls through to the next (SEC-AUTH-1).
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
	IDENTITY_YES,  /* mine, and valid */
	IDENTITY_NONE, /* not mine: ask the next */
	IDENTITY_BAD,  /* mine and invalid: stop, nobody is logged in */
	IDENTITY_ERROR /* could not look: stop, 503 */
};

struct identity {
	const char *source; /* the provider's name; static */
	char *user;         /* owned, as what follows */
	char *display_name; /* "" for none */
	char *jid;          /* bare; where the site itself knows it; "" for none */
	char *email;        /* "" for none, as the next */
	char *
	    id; /* the site's own name for the user, which outlives the user's name: a number mostly */
	char *session; /* what form tokens are bound to; wiped */
	bool ours;     /* the login is a session of this program, which can end it */
	bool claims;   /* a provider of the site names JIDs: each account is claimed, by rule too */
	char *cookie;  /* owned; after BAD the name of the cookie that is to blame; NULL: none is */
};

/* What the providers of a site keep open: other databases, queries, keys. Shared by threads. */
struct identity_chain;

struct identity_context {
	const struct site_conf *conf;
	struct store *store;
	const struct identity_chain *chain;
	const struct request *req;
	int64_t now; /* seconds, wall clock */
	void *state; /* of the provider that is being asked: what its open made */
};

/* What a rule for JIDs may be about, beside the name. */
enum identity_extra { IDENTITY_EMAIL = 1, IDENTITY_ID = 2 };

struct identity_provider {
	const char *name;
	unsigned knows; /* bits of identity_extra: what it can tell, where it is set up for it */
	bool
	    own_users; /* it looks at exclude_users itself: its users may be rows of our own table */
	/*
	 * Opens what find needs, once a site, at the start, which a failure stops. NULL: nothing is
	 * kept.
	 */
	enum status (*open)(const struct site_conf *conf, void **out, struct error *err);
	void (*close)(void *state);
	/* Fills out->user, and of the rest what it knows. */
	enum identity_verdict (*find)(const struct identity_context *context, struct identity *out,
				      struct error *err);
	/*
	 * May it name a user's JID? NULL: it never does. state: what open made; NULL: not open, and
	 * then the answer is what the configuration allows.
	 */
	bool (*names_jids)(const struct site_conf *conf, const void *state);
	/*
	 * For `prebindctl check`: is what the provider needs there? One sentence on what it would
	 * see.
	 */
	enum status (*check)(const struct site_conf *conf, struct store *store, struct error *said);
};

/* The registry; NULL for an unknown name. */
const struct identity_provider *identity_provider_named(const char *name);

/* Opens what the site's providers keep. The caller closes *out, after the last identity_find. */
enum status identity_chain_open(const struct site_conf *conf, struct identity_chain **out,
				struct error *err);
void identity_chain_close(struct identity_chain *chain); /* takes NULL */

/*
 * What the open of the site's provider of that name made; NULL: nothing, or it is not one of the
 * site's.
 */
void *identity_state(const struct identity_context *context, const char *name);

/* Does any of the site's providers name JIDs? Then two users may be led to one account. */
bool identity_names_jids(const struct identity_context *context);

#define IDENTITY_USER_MAX 255 /* bytes of a user's name, whoever says it (SEC-AUTH-5, SEC-SQL-6) */

/*
 * Asks them in order. A user of `exclude_users` (a guest) is nobody, and the next provider is
 * asked; a name that is too long, no UTF-8 or has a control character in it is BAD. The caller
 * clears *out after IDENTITY_YES, and after IDENTITY_BAD, where it has source and cookie alone.
 * err: what to log after BAD and ERROR.
 */
enum identity_verdict identity_find(const struct identity_context *context, struct identity *out,
				    struct error *err);
void identity_clear(struct identity *identity);

/*
 * The cookie that a provider knows the user by, read from the request; the caller wipes and frees
 * *value. IDENTITY_NONE: there is none. IDENTITY_BAD: several, or a malformed one; out->cookie says
 * which.
 */
enum identity_verdict identity_cookie(const struct identity_context *context, const char *name,
				      char **value, struct identity *out, struct error *err);

/*
 * Notes that this cookie is why the provider says BAD. So the visitor can be told which one to
 * delete. Out of memory: none is named.
 */
void identity_blame_cookie(struct identity *out, const char *name);

/* A name that means nobody: one of exclude_users, in any case, or the empty one. */
bool identity_is_excluded(const struct site_conf *conf, const char *user);

extern const struct identity_provider login_session_provider;
extern const struct identity_provider remote_user_provider;
extern const struct identity_provider site_session_provider;
extern const struct identity_provider php_session_provider;
extern const struct identity_provider token_provider;

#endif
