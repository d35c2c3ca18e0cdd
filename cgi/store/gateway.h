/*
 * Who may call /rest/adhoc/{jid}: programs with a name and a password of their own. They are no
 * site users, and a site user is none of them.
 */
#ifndef STORE_GATEWAY_H
#define STORE_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "store/store.h"

#define GATEWAY_NAME_MAX 255 /* bytes */

struct gateway_caller {
	char *name;          /* owned, as all texts here */
	char *password_hash; /* argon2id */
	bool has_api_key;
	unsigned char api_key_hash[SECRET_SHA256_LEN]; /* where it has one */
	char *domains;                                 /* prepared, separated by a blank */
	char *addresses; /* networks, separated by a blank; "" : any address */
	bool disabled;
	int64_t created; /* seconds */
};

/* STATUS_NOT_FOUND where there is none. The caller clears *out. */
enum status gateway_caller_find(struct store *store, const char *name, struct gateway_caller *out,
				struct error *err);
void gateway_caller_clear(struct gateway_caller *caller); /* takes NULL */

/*
 * STATUS_CONFLICT if the name is taken; STATUS_BAD_REQUEST for one that is empty, too long, or
 * holds what a Basic user cannot hold (a colon, a blank, control characters).
 */
enum status gateway_caller_add(struct store *store, const struct gateway_caller *caller,
			       struct error *err);

/* These three: STATUS_NOT_FOUND if there is no such caller. */
enum status gateway_caller_set_password(struct store *store, const char *name,
					const char *password_hash, struct error *err);
enum status gateway_caller_set_disabled(struct store *store, const char *name, bool disabled,
					struct error *err);
enum status gateway_caller_delete(struct store *store, const char *name, struct error *err);

/* Calls each(arg, caller) in order of name; the caller is borrowed for the call. */
enum status gateway_caller_list(struct store *store,
				void (*each)(void *arg, const struct gateway_caller *caller),
				void *arg, struct error *err);

#endif
