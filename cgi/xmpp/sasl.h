/*
 * SASL (RFC 4422) for the client: PLAIN (RFC 4616), SCRAM-SHA-1 (RFC 5802), SCRAM-SHA-256 (RFC
 * 7677), by libgsasl; and X-OAUTH2, where the password is an OAuth token. The authorization
 * identity is always empty: some servers do not check it. The only user of libgsasl.
 */
#ifndef XMPP_SASL_H
#define XMPP_SASL_H

#include <stdbool.h>

#include "base/error.h"

struct sasl; /* one exchange; not shared between threads */

/* PLAIN and X-OAUTH2: who reads along has the secret. */
enum sasl_channel { SASL_CHANNEL_PRIVATE, SASL_CHANNEL_PUBLIC };

/*
 * The strongest mechanism that both sides have: SCRAM-SHA-256, SCRAM-SHA-1, and on a private
 * channel PLAIN, X-OAUTH2. offered, allowed: blank-separated names. NULL: none. Static.
 */
const char *sasl_choose(const char *offered, const char *allowed, enum sasl_channel channel);

/* user: localpart; the caller owns *out. */
enum status sasl_new(const char *mechanism, const char *user, const char *password,
		     struct sasl **out, struct error *err);
void sasl_free(struct sasl *sasl); /* takes NULL */

/*
 * One step. in: the server's base64 ("" at first); *out: ours, NULL when there is nothing to send;
 * the caller frees it with secret_free. STATUS_CHAT_SERVER: the server's data is malformed, or its
 * signature wrong.
 */
enum status sasl_step(struct sasl *sasl, const char *in, char **out, struct error *err);

/*
 * True when the exchange is complete on our side too: for SCRAM, the server's signature was
 * verified.
 */
bool sasl_done(const struct sasl *sasl);

#endif
