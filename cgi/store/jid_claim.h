/*
 * Accounts that a rule gave out and that two site users might be led to (by one e-mail address, by
 * one JID that the site knows): who came first keeps it. The JID map's rows stand above.
 */
#ifndef STORE_JID_CLAIM_H
#define STORE_JID_CLAIM_H

#include "store/store.h"

/*
 * owner: what tells site users apart, of any form. STATUS_OK: the account is that owner's, since
 * now or since earlier. STATUS_CONFLICT: it is another's, whom err->text is.
 */
struct jid_claim {
	const char *localpart; /* prepared, as the next */
	const char *domain;
	const char *owner;
};
enum status jid_claim_take(struct store *store, const struct jid_claim *claim, struct error *err);

#endif
