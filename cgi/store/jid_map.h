/*
 * The JID map: explicit rows that assign an account to a site user. For back end `bosh` with
 * bosh_auth = password, a row also holds the XMPP password of the account. A site user is (source,
 * name): source is the identity provider that authenticated the name, so "bob" of one provider is
 * not "bob" of another.
 */
#ifndef STORE_JID_MAP_H
#define STORE_JID_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

/* ---- rows that an operator wrote ---- */

struct jid_map_row {
	char *source; /* owned, as are all texts here */
	char *user;
	char *localpart; /* prepared (Nodeprep, XEP-0106) */
	char *domain;    /* prepared (Nameprep) */
	/* NULL: no password is kept. jid_map_clear wipes it; jid_map_list does not fill it. */
	char *xmpp_password;
};

/*
 * STATUS_NOT_FOUND: there is no row. That is not a failure, and err is left alone. The caller
 * clears *out.
 */
enum status jid_map_find(struct store *store, const char *source, const char *user,
			 struct jid_map_row *out, struct error *err);
/* Finds the row of an account, of any user. Otherwise the same. */
enum status jid_map_find_account(struct store *store, const char *localpart, const char *domain,
				 struct jid_map_row *out, struct error *err);
void jid_map_clear(struct jid_map_row *row);

/*
 * Adds or replaces the user's row. If the password is NULL, the existing one is kept only if the
 * JID stays the same. STATUS_CONFLICT: the account belongs to another user, whom the error names.
 */
enum status jid_map_set(struct store *store, const struct jid_map_row *row, struct error *err);
/*
 * Imports many rows, all or none, each as by jid_map_set. An account that another row of the same
 * import gives up is free for this one. On failure, `failed` is the index of the row;
 * STATUS_CONFLICT as for jid_map_set.
 */
struct jid_map_import {
	const struct jid_map_row *rows;
	size_t count;
	bool dry_run;                             /* nothing is kept */
	void (*progress)(void *arg, size_t done); /* called now and then; may be NULL */
	void *arg;
	size_t failed; /* set on failure: the index of the row */
	size_t added;  /* set on success, like the next two */
	size_t changed;
	size_t same;
};
enum status jid_map_import(struct store *store, struct jid_map_import *import, struct error *err);

enum status jid_map_delete(struct store *store, const char *source, const char *user,
			   struct error *err);
enum status jid_map_list(struct store *store,
			 void (*each)(void *arg, const struct jid_map_row *row), void *arg,
			 struct error *err);

/* For the other files of store/: like jid_map_set, in the caller's transaction. */
struct connection;
enum status jid_map_row_set(struct connection *db, const struct jid_map_row *row,
			    struct error *err);

/*
 * ---- claims on accounts that a rule computed ----
 *
 * Two site users may get the same account, for example by one e-mail address. The first user who
 * claims the account keeps it. Rows of the JID map take precedence over claims.
 */

struct jid_claim {
	const char *localpart; /* prepared, like the domain */
	const char *domain;
	const char *owner;  /* identifies a site user, in any form */
	const char *before; /* another name of the same owner, in an earlier claim; NULL: none */
};

/*
 * STATUS_OK: the account belongs to that owner, by this claim or by an earlier one.
 * STATUS_CONFLICT: another owner has it; err->text holds that owner.
 */
enum status jid_claim_take(struct store *store, const struct jid_claim *claim, struct error *err);

/* Like jid_claim_take, but claims nothing. STATUS_OK also for an account that has no owner. */
enum status jid_claim_look(struct store *store, const struct jid_claim *claim, struct error *err);

#endif
