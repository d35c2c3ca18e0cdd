/*
 * SASL (RFC 4422) for the client: PLAIN (RFC 4616), SCRAM-SHA-1 (RFC 5802), SCRAM-SHA-256 (RFC 7677), by libgsasl.
 * The authorization identity is always empty: some servers do not check it. The only user of libgsasl.
 */
#ifndef XMPP_SASL_H
#define XMPP_SASL_H

#include <stdbool.h>

#include "base/error.h"

struct sasl; /* one exchange; not shared between threads */

/*
 * The strongest mechanism that both sides have: SCRAM-SHA-256, SCRAM-SHA-1, PLAIN (only with allow_plain).
 * offered: blank-separated names. NULL: none. Static.
 */
const char *sasl_choose(const char *offered, bool allow_plain);

/* user: localpart; the caller owns *out. */
enum status sasl_new(const char *mechanism, const char *user, const char *password,
		     struct sasl **out, struct error *err);
void sasl_free(struct sasl *sasl); /* takes NULL */

/*
 * One step. in: the server's base64 ("" at first); *out: ours, NULL when there is nothing to send; the caller
 * frees it with secret_free. STATUS_CHAT_SERVER: the server's data is malformed, or its signature wrong.
 */
enum status sasl_step(struct sasl *sasl, const char *in, char **out, struct error *err);

/* True when the exchange is complete on our side too: for SCRAM, the server's signature was verified. */
bool sasl_done(const struct sasl *sasl);

#endif
