/*
 * Site users of provider `login`: name, password hash, display name, whether disabled.
 */
#ifndef STORE_USER_H
#define STORE_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

#define USER_NAME_MAX 255 /* bytes */

struct user {
	int64_t id;
	char *name;          /* owned */
	char *display_name;  /* owned; "" for none */
	char *password_hash; /* owned; "" : cannot log in */
	bool disabled;
};

/*
 * By the name as it is written, else composed (NFC). STATUS_NOT_FOUND where there is none. The
 * caller clears *out, and goes on with out->name, which is how the other tables spell it.
 */
enum status user_find(struct store *store, const char *name, struct user *out, struct error *err);
void user_clear(struct user *user);

/*
 * The one user of that name, whatever the case of its letters, composed or not. Two of them are
 * STATUS_CONFLICT.
 */
enum status user_find_folded(struct store *store, const char *name, struct user *out,
			     struct error *err);

/*
 * The name is kept composed. STATUS_CONFLICT if it, or one that looks the same, is taken;
 * STATUS_BAD_REQUEST for a name that name_prepare refuses (base/name.h).
 */
struct user_new {
	const char *name;
	const char *password_hash;
	int64_t now; /* seconds, wall clock */
	bool
	    any_case; /* the rule makes one account of names that differ by case: refuse a second one */
};
enum status user_create(struct store *store, const struct user_new *user, struct error *err);

/*
 * These three: STATUS_NOT_FOUND if there is no such user. A new password, disabling and deleting
 * end all the user's sessions, in the same transaction; deleting also deletes the user's row of the
 * JID map.
 */
enum status user_set_password(struct store *store, const char *name, const char *password_hash,
			      struct error *err);
enum status user_set_disabled(struct store *store, const char *name, bool disabled,
			      struct error *err);
enum status user_delete(struct store *store, const char *name, struct error *err);

/*
 * Replaces the hash alone (rehash at login): no session ends. Where it is no longer the old one,
 * the password has been changed meanwhile, and stays what it is.
 */
enum status user_rehash(struct store *store, const char *name, const char *old_hash,
			const char *password_hash, struct error *err);

/* Calls each(arg, user) in order of name; the user is borrowed for the call. */
enum status user_list(struct store *store, void (*each)(void *arg, const struct user *user),
		      void *arg, struct error *err);

#endif
