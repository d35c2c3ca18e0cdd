/*
 * Accounts that a rule gave out and that two site users might be led to (by one e-mail address, by
 * one JID that the site knows): who came first keeps it. The JID map's rows stand above.
 */
#ifndef STORE_JID_CLAIM_H
#define STORE_JID_CLAIM_H

#include "store/store.h"

struct jid_claim {
	const char *localpart; /* prepared, as the next */
	const char *domain;
	const char *owner;  /* what tells site users apart, of any form */
	const char *before; /* how an earlier claim may name the same owner; NULL: no other way */
};

/*
 * STATUS_OK: the account is that owner's, since now or since earlier. STATUS_CONFLICT: another has
 * it; err->text holds that owner.
 */
enum status jid_claim_take(struct store *store, const struct jid_claim *claim, struct error *err);

/* As that, and claims nothing: STATUS_OK also for an account that nobody has claimed. */
enum status jid_claim_look(struct store *store, const struct jid_claim *claim, struct error *err);

#endif
