/*
 * Site users of provider `login`: name, password hash, display name, and whether the user is
 * disabled.
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
	char *display_name;  /* owned; "" if the user has none */
	char *password_hash; /* owned; "" if the user cannot log in */
	bool disabled;
};

/*
 * Finds a user by the name as written or, if there is none, by the name's composed form (NFC).
 * Returns STATUS_NOT_FOUND if there is no such user. The caller clears *out. The caller must use
 * out->name from then on, because other tables use that spelling.
 */
enum status user_find(struct store *store, const char *name, struct user *out, struct error *err);
void user_clear(struct user *user);

/*
 * Finds the only user of that name, ignoring case and composition. Returns STATUS_CONFLICT if there
 * is more than one such user.
 */
enum status user_find_folded(struct store *store, const char *name, struct user *out,
			     struct error *err);

/*
 * Adds a user. The name is stored in composed form. The user and the row of the JID map are both
 * written, or neither is. Returns STATUS_CONFLICT if the account or the name is taken, or if
 * another user's name looks the same. Returns STATUS_BAD_REQUEST if name_prepare refuses the name
 * (base/name.h).
 */
struct user_new {
	const char *name;
	const char *localpart; /* prepared; for the account's JID map row; NULL for no row */
	const char *domain;
	const char *password_hash;
	const char *display_name; /* NULL or "" for none */
	int64_t now;              /* seconds, wall clock */
	/*
	 * Set if the rule gives the same account to names that differ only in case. Then a second
	 * such name is refused.
	 */
	bool any_case;
};
enum status user_create(struct store *store, const struct user_new *user, struct error *err);

/*
 * An empty string removes the display name. Returns the errors of name_prepare, or
 * STATUS_NOT_FOUND.
 */
enum status user_set_display_name(struct store *store, const char *name, const char *display_name,
				  struct error *err);

/*
 * The next three functions return STATUS_NOT_FOUND if there is no such user. If the password is
 * changed, or the user is disabled or deleted, all sessions of the user end in the same
 * transaction. Deleting a user also deletes the user's row of the JID map.
 */
enum status user_set_password(struct store *store, const char *name, const char *password_hash,
			      struct error *err);
enum status user_set_disabled(struct store *store, const char *name, bool disabled,
			      struct error *err);
enum status user_delete(struct store *store, const char *name, struct error *err);

/*
 * Replaces the password hash after a login has computed it again. Ends no session. Does nothing if
 * the stored hash is no longer old_hash, because the password was then changed meanwhile.
 */
enum status user_rehash(struct store *store, const char *name, const char *old_hash,
			const char *password_hash, struct error *err);

/* Calls each(arg, user) in order of name. `user` is valid only during the call. */
enum status user_list(struct store *store, void (*each)(void *arg, const struct user *user),
		      void *arg, struct error *err);

/*
 * Calls each(arg, user) for up to max users whose name or display name begins with `begins`,
 * ignoring case. Skips disabled users. password_hash is always empty.
 */
enum status user_search(struct store *store, const char *begins, long max,
			void (*each)(void *arg, const struct user *user), void *arg,
			struct error *err);

#endif
