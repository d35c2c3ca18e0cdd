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
	char *display_name;  /* owned; "": none */
	char *password_hash; /* owned; "": cannot log in */
	bool disabled;
};

/*
 * Finds a user by the name as written, otherwise by its composed form (NFC). STATUS_NOT_FOUND:
 * there is none. The caller clears *out, and uses out->name from then on, because other tables use
 * that spelling.
 */
enum status user_find(struct store *store, const char *name, struct user *out, struct error *err);
void user_clear(struct user *user);

/*
 * Finds the only user of that name, ignoring case and composition. STATUS_CONFLICT: there are two.
 */
enum status user_find_folded(struct store *store, const char *name, struct user *out,
			     struct error *err);

/*
 * The name is stored composed. The user and the row of the JID map are written both or not at all.
 * STATUS_CONFLICT: the name, or one that looks the same, or the account is taken.
 * STATUS_BAD_REQUEST: name_prepare refuses the name (base/name.h).
 */
struct user_new {
	const char *name;
	const char *localpart; /* of the account in the JID map, prepared; NULL: no row */
	const char *domain;
	const char *password_hash;
	const char *display_name; /* NULL: none */
	int64_t now;              /* seconds, wall clock */
	/*
	 * The rule gives names that differ only in case the same account: refuse a second one.
	 */
	bool any_case;
};
enum status user_create(struct store *store, const struct user_new *user, struct error *err);

/* An empty display name removes it. Errors as for name_prepare, and STATUS_NOT_FOUND. */
enum status user_set_display_name(struct store *store, const char *name, const char *display_name,
				  struct error *err);

/*
 * The next three return STATUS_NOT_FOUND if there is no such user. A new password, disabling and
 * deleting end all sessions of the user in the same transaction. Deleting also deletes the user's
 * row of the JID map.
 */
enum status user_set_password(struct store *store, const char *name, const char *password_hash,
			      struct error *err);
enum status user_set_disabled(struct store *store, const char *name, bool disabled,
			      struct error *err);
enum status user_delete(struct store *store, const char *name, struct error *err);

/*
 * Replaces only the hash (rehash at login) and ends no session. It does nothing if the hash is no
 * longer old_hash, because the password was changed meanwhile.
 */
enum status user_rehash(struct store *store, const char *name, const char *old_hash,
			const char *password_hash, struct error *err);

/* Calls each(arg, user) in order of name. The user is borrowed for the call. */
enum status user_list(struct store *store, void (*each)(void *arg, const struct user *user),
		      void *arg, struct error *err);

/*
 * Calls each for up to max users who are not disabled, and whose name or display name begins with
 * that text, in any case. password_hash is always empty.
 */
enum status user_search(struct store *store, const char *begins, long max,
			void (*each)(void *arg, const struct user *user), void *arg,
			struct error *err);

#endif
