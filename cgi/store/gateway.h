/*
 * Programs that may call /rest/adhoc/{jid}, each with its own name and password. They are separate
 * from the site users.
 */
#ifndef STORE_GATEWAY_H
#define STORE_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "store/store.h"

#define GATEWAY_NAME_MAX 255 /* bytes */

struct gateway_caller {
	char *name;          /* owned, as are all texts here */
	char *password_hash; /* argon2id */
	bool has_api_key;
	unsigned char api_key_hash[SECRET_SHA256_LEN]; /* valid if has_api_key is set */
	char *domains;                                 /* prepared, separated by blanks */
	char *addresses; /* networks, separated by blanks; "": any address */
	bool disabled;
	int64_t created; /* seconds, wall clock */
};

/* STATUS_NOT_FOUND: there is no such caller. The caller of this function clears *out. */
enum status gateway_caller_find(struct store *store, const char *name, struct gateway_caller *out,
				struct error *err);
void gateway_caller_clear(struct gateway_caller *caller); /* NULL is allowed */

/*
 * STATUS_CONFLICT: the name is taken. STATUS_BAD_REQUEST: the name is empty, too long, or contains
 * what HTTP Basic does not allow in a user name (a colon, a blank, control characters).
 */
enum status gateway_caller_add(struct store *store, const struct gateway_caller *caller,
			       struct error *err);

/* The next three return STATUS_NOT_FOUND if there is no such caller. */
enum status gateway_caller_set_password(struct store *store, const char *name,
					const char *password_hash, struct error *err);
enum status gateway_caller_set_disabled(struct store *store, const char *name, bool disabled,
					struct error *err);
enum status gateway_caller_delete(struct store *store, const char *name, struct error *err);

/* Calls each(arg, caller) in order of name. The caller is borrowed for the call. */
enum status gateway_caller_list(struct store *store,
				void (*each)(void *arg, const struct gateway_caller *caller),
				void *arg, struct error *err);

#endif
