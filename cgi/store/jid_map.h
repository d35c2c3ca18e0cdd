/*
 * The JID map: which account belongs to which site user, by an explicit row; and, for back end
 * `bosh` with bosh_auth = password, that account's XMPP password. A site user is (source, name):
 * source is the identity provider that vouches for the name, so that bob of one login is not bob of
 * another.
 */
#ifndef STORE_JID_MAP_H
#define STORE_JID_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct jid_map_row {
	char *source; /* owned, as all here */
	char *user;
	char *localpart; /* prepared (Nodeprep, XEP-0106) */
	char *domain;    /* prepared (Nameprep) */
	char *
	    xmpp_password; /* NULL: none kept; wiped by jid_map_clear. Not filled by jid_map_list. */
};

/* STATUS_NOT_FOUND where there is none: no failure, and err is left alone. */
enum status jid_map_find(struct store *store, const char *source, const char *user,
			 struct jid_map_row *out, struct error *err);
/* The row of an account, whoever's it is; else the same. */
enum status jid_map_find_account(struct store *store, const char *localpart, const char *domain,
				 struct jid_map_row *out, struct error *err);
void jid_map_clear(struct jid_map_row *row);

/*
 * Adds or replaces the user's row; a NULL password keeps the one that is there only if the JID
 * stays the same. STATUS_CONFLICT: the account belongs to another user (whom the sentence names).
 */
enum status jid_map_set(struct store *store, const struct jid_map_row *row, struct error *err);
/*
 * Many rows at once, all or none: each as jid_map_set, but an account that another row of the same
 * import leaves behind is free for this one. Of a failure ->failed is the row; STATUS_CONFLICT as
 * for jid_map_set.
 */
struct jid_map_import {
	const struct jid_map_row *rows;
	size_t count;
	bool dry_run;                             /* nothing stays of it */
	void (*progress)(void *arg, size_t done); /* now and then; may be NULL */
	void *arg;
	size_t failed; /* set on failure */
	size_t added;  /* these three on success */
	size_t changed;
	size_t same;
};
enum status jid_map_import(struct store *store, struct jid_map_import *import, struct error *err);

enum status jid_map_delete(struct store *store, const char *source, const char *user,
			   struct error *err);
enum status jid_map_list(struct store *store,
			 void (*each)(void *arg, const struct jid_map_row *row), void *arg,
			 struct error *err);

#endif
