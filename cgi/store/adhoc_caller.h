/*
 * Programs that are allowed to call /rest/adhoc/{jid}, each with its own name and password. They
 * are separate from the site users.
 */
#ifndef STORE_ADHOC_CALLER_H
#define STORE_ADHOC_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "store/store.h"

#define ADHOC_CALLER_NAME_MAX 255 /* bytes */

struct adhoc_caller {
	char *name;          /* owned, like all strings in this struct */
	char *password_hash; /* argon2id */
	bool has_api_key;
	unsigned char api_key_hash[SECRET_SHA256_LEN]; /* valid if has_api_key is set */
	char *domains;                                 /* prepared domains, separated by spaces */
	char *addresses; /* networks, separated by spaces; "" allows any address */
	bool disabled;
	int64_t created; /* seconds, wall clock */
};

/*
 * Finds a caller by name. Returns STATUS_NOT_FOUND if there is none. Clear *out with
 * adhoc_caller_clear.
 */
enum status adhoc_caller_find(struct store *store, const char *name, struct adhoc_caller *out,
			      struct error *err);
void adhoc_caller_clear(struct adhoc_caller *caller); /* NULL is allowed */

/*
 * Returns STATUS_CONFLICT if the name is taken. Returns STATUS_BAD_REQUEST if the name is empty or
 * too long. Also returns STATUS_BAD_REQUEST if the name contains a colon, a space or a control
 * character, because HTTP Basic does not allow these characters.
 */
enum status adhoc_caller_add(struct store *store, const struct adhoc_caller *caller,
			     struct error *err);

/* The next three functions return STATUS_NOT_FOUND if there is no such caller. */
enum status adhoc_caller_set_password(struct store *store, const char *name,
				      const char *password_hash, struct error *err);
enum status adhoc_caller_set_disabled(struct store *store, const char *name, bool disabled,
				      struct error *err);
enum status adhoc_caller_delete(struct store *store, const char *name, struct error *err);

/*
 * Calls each(arg, caller) for every caller, in order of name. `caller` is valid only during the
 * call.
 */
enum status adhoc_caller_list(struct store *store,
			      void (*each)(void *arg, const struct adhoc_caller *caller), void *arg,
			      struct error *err);

#endif
