/*
 * Provider `guest`: accepts visitors whom no other provider knows. Such a visitor is a guest and
 * has no account.
 */
#ifndef IDENTITY_GUEST_H
#define IDENTITY_GUEST_H

#include "identity/guest_cookie.h"
#include "identity/identity.h"

/*
 * Reads the guest cookie of a request. Returns false and empties *out if there is no valid cookie.
 * An empty *out means a guest whose visit has not begun.
 */
bool guest_find(const struct identity_context *context, struct guest *out);

#endif
