/*
 * SASL (RFC 4422) for the client, with libgsasl: PLAIN (RFC 4616), SCRAM-SHA-1 (RFC 5802),
 * SCRAM-SHA-256 (RFC 7677), X-OAUTH2, whose password is an OAuth token, and ANONYMOUS (RFC 4505).
 * The authorization identity is always empty, because some servers do not check it. No other file
 * uses libgsasl.
 */
#ifndef XMPP_SASL_H
#define XMPP_SASL_H

#include <stdbool.h>

#include "base/error.h"

/* The names of the mechanisms. In a list of names, they are separated by spaces. */
#define SASL_SCRAM_SHA_256 "SCRAM-SHA-256"
#define SASL_SCRAM_SHA_1   "SCRAM-SHA-1"
#define SASL_PLAIN         "PLAIN"
#define SASL_X_OAUTH2      "X-OAUTH2"
#define SASL_ANONYMOUS     "ANONYMOUS"

struct sasl; /* one exchange; not shared between threads */

/* PLAIN and X-OAUTH2 reveal the secret to anyone who can read the channel. */
enum sasl_channel { SASL_CHANNEL_PRIVATE, SASL_CHANNEL_PUBLIC };

/*
 * Returns the strongest mechanism that is in both lists, or NULL if there is none. The order is
 * SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, X-OAUTH2, ANONYMOUS. PLAIN and X-OAUTH2 need a private
 * channel. The returned string is static.
 */
const char *sasl_choose(const char *offered, const char *allowed, enum sasl_channel channel);

/* user is a localpart; ANONYMOUS uses neither user nor password. The caller frees *out. */
enum status sasl_new(const char *mechanism, const char *user, const char *password,
		     struct sasl **out, struct error *err);
void sasl_free(struct sasl *sasl); /* NULL is allowed */

/*
 * Does one step of the exchange. `in` is the server's message in base64, "" in the first step. *out
 * is our message in base64, or NULL if there is nothing to send; the caller frees it with
 * secret_free. Returns STATUS_CHAT_SERVER if the server's data is malformed or its signature is
 * wrong.
 */
enum status sasl_step(struct sasl *sasl, const char *in, char **out, struct error *err);

/*
 * True if the exchange is complete on our side. With SCRAM, this means that the server's signature
 * is correct.
 */
bool sasl_done(const struct sasl *sasl);

#endif
