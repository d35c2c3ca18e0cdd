/*
 * The JID map: rows that assign an account to a site user. With back end `bosh` and bosh_auth =
 * password, a row also holds the XMPP password of the account. A site user is identified by
 * (source, name). `source` is the identity provider that authenticated the name. The user "bob" of
 * one provider is not the user "bob" of another provider.
 */
#ifndef STORE_JID_MAP_H
#define STORE_JID_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

/* ---- rows that an operator wrote ---- */

#define XMPP_PASSWORD_MAX 1023 /* bytes; no server accepts more */

struct jid_map_row {
	char *source; /* owned, like all strings in this struct */
	char *user;
	char *localpart; /* prepared (Nodeprep, XEP-0106) */
	char *domain;    /* prepared (Nameprep) */
	/*
	 * NULL if no password is stored. jid_map_clear wipes it. jid_map_list always leaves it
	 * NULL.
	 */
	char *xmpp_password;
};

/*
 * Finds the row of a user. Returns STATUS_NOT_FOUND if there is no row; this is not a failure, and
 * err is not set. The caller clears *out.
 */
enum status jid_map_find(struct store *store, const char *source, const char *user,
			 struct jid_map_row *out, struct error *err);
/* Like jid_map_find, but finds the row of an account, whichever user has it. */
enum status jid_map_find_account(struct store *store, const char *localpart, const char *domain,
				 struct jid_map_row *out, struct error *err);
void jid_map_clear(struct jid_map_row *row);

/*
 * Adds or replaces the user's row. If the password is NULL, the stored password is kept only if the
 * JID stays the same. Returns STATUS_CONFLICT if another user has the account; the error names that
 * user. Returns STATUS_BAD_REQUEST if the password is longer than XMPP_PASSWORD_MAX.
 */
enum status jid_map_set(struct store *store, const struct jid_map_row *row, struct error *err);
/*
 * Imports many rows like jid_map_set, in one transaction, so either all rows are imported or none.
 * A row can take an account whose current owner gets another account in the same import. On
 * failure, `failed` is the index of the row that failed. Returns STATUS_CONFLICT like jid_map_set.
 */
struct jid_map_import {
	const struct jid_map_row *rows;
	size_t count;
	bool dry_run;                             /* check only; roll back all changes */
	void (*progress)(void *arg, size_t done); /* called from time to time; can be NULL */
	void *arg;
	size_t failed; /* set on failure: the index of the row that failed */
	size_t added;  /* set on success, like the next two members */
	size_t changed;
	size_t same;
};
enum status jid_map_import(struct store *store, struct jid_map_import *import, struct error *err);

enum status jid_map_delete(struct store *store, const char *source, const char *user,
			   struct error *err);
enum status jid_map_list(struct store *store,
			 void (*each)(void *arg, const struct jid_map_row *row), void *arg,
			 struct error *err);

/* For the other files of store/. Like jid_map_set, but inside the caller's transaction. */
struct connection;
enum status jid_map_row_set(struct connection *db, const struct jid_map_row *row,
			    struct error *err);

/*
 * ---- claims on accounts that a rule computed ----
 *
 * Two site users can get the same account from a rule, for example if they have the same e-mail
 * address. The first user who claims the account keeps it. Rows of the JID map take precedence over
 * claims.
 */

struct jid_claim {
	const char *localpart; /* prepared, like the domain */
	const char *domain;
	const char *owner;  /* any string that identifies a site user */
	const char *before; /* the owner's name in an older claim, if different; can be NULL */
};

/*
 * Claims the account for an owner. Returns STATUS_OK if the account now belongs to that owner, by
 * this claim or an earlier claim. Returns STATUS_CONFLICT if another owner has the account;
 * err->text is then the owner's name.
 */
enum status jid_claim_take(struct store *store, const struct jid_claim *claim, struct error *err);

/*
 * Like jid_claim_take, but makes no claim. Also returns STATUS_OK for an account without an owner.
 */
enum status jid_claim_look(struct store *store, const struct jid_claim *claim, struct error *err);

#endif
