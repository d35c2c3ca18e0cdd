/*
 * Provider `guest`: everybody whom no other provider knows. A guest has no account.
 */
#ifndef IDENTITY_GUEST_H
#define IDENTITY_GUEST_H

#include "identity/guest_cookie.h"
#include "identity/identity.h"

/*
 * Reads the cookie of a request. False: there is none that counts, so *out is empty: a guest whose
 * visit has not begun.
 */
bool guest_find(const struct identity_context *context, struct guest *out);

#endif
