/*
 * Who is asking: the providers of the site's `identity` key, asked in that order. The first that does not say NONE
 * decides; an error never falls through to the next (SEC-AUTH-1).
 */
#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

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
	char *user;         /* owned */
	char *display_name; /* owned; "" for none */
	char *jid;          /* owned; a JID that the provider knows; "" for none */
	char *session;      /* owned; what form tokens are bound to; wiped */
};

struct identity_context {
	const struct site_conf *conf;
	struct store *store;
	const struct request *req;
	int64_t now; /* seconds, wall clock */
};

struct identity_provider {
	const char *name;
	enum identity_verdict (*find)(const struct identity_context *context, struct identity *out,
				      struct error *err);
	/* For `prebindctl check`: is what the provider needs there? One sentence on what it would see. */
	enum status (*check)(const struct site_conf *conf, struct store *store, struct error *said);
};

/* The registry; NULL for an unknown name. */
const struct identity_provider *identity_provider_named(const char *name);

/* Asks them in order. The caller clears *out after IDENTITY_YES. err: what to log after BAD and ERROR. */
enum identity_verdict identity_find(const struct identity_context *context, struct identity *out,
				    struct error *err);
void identity_clear(struct identity *identity);

extern const struct identity_provider login_session_provider;

#endif
