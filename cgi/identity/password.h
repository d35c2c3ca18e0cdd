/*
 * Verifying passwords: at most one check a core at a time, the rest wait a little or are turned away
 * (SEC-HASH-4), and the same work for an unknown user as for a known one (SEC-AUTH-3).
 */
#ifndef IDENTITY_PASSWORD_H
#define IDENTITY_PASSWORD_H

#include "base/error.h"

#define PASSWORD_MAX 1024 /* bytes */

/* hash NULL or "": there is no such user; works as long and says STATUS_BAD_CREDENTIALS. STATUS_BUSY: the queue is full. */
enum status password_verify(const char *hash, const char *password, struct error *err);

#endif
