/*
 * Provider `guest`: a visitor that no other provider knows is a guest. A guest has no account.
 */
#ifndef IDENTITY_GUEST_H
#define IDENTITY_GUEST_H

#include "identity/guest_cookie.h"
#include "identity/identity.h"

/*
 * Reads the guest cookie of a request. Returns false if there is no valid cookie; *out is then
 * empty, which means a guest whose visit has not begun.
 */
bool guest_find(const struct identity_context *context, struct guest *out);

#endif
