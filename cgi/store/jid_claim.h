/*
 * Claims on accounts that a rule computed. Two site users may get the same account, for example by
 * one e-mail address. The first user who claims the account keeps it. Rows of the JID map take
 * precedence over claims.
 */
#ifndef STORE_JID_CLAIM_H
#define STORE_JID_CLAIM_H

#include "store/store.h"

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
