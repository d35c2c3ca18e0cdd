/*
 * Protection against cross-site request forgery. It checks where a request came from (Fetch
 * metadata, Origin, Referer) and makes and checks the tokens of our forms. The functions are pure:
 * the key and the time are parameters.
 */
#ifndef WEB_CSRF_H
#define WEB_CSRF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/status.h"
#include "web/request.h"

#define CSRF_TOKEN_LEN    43
#define CSRF_TOKEN_LIFE_S 7200

/*
 * Checks a state-changing request. Returns STATUS_OK if it comes from our own origin, otherwise
 * STATUS_FORBIDDEN. If the request has no Sec-Fetch-Site, Origin or Referer, returns STATUS_OK only
 * if `form` is true. The caller must then check the form's token.
 */
enum status csrf_check_post(const struct request *req, bool form);

/*
 * Checks GET /prebind.json, which must be same-origin and made by a script (Sec-Fetch-Dest: empty).
 * Without Fetch metadata the Referer decides.
 */
enum status csrf_check_fetch(const struct request *req);

/*
 * Returns true if this GET request for / is allowed to bind at once. It must be a top-level
 * navigation that our own site or the user started, and must not be a prefetch. Without Fetch
 * metadata it is allowed, too.
 */
bool csrf_may_bind(const struct request *req);

/*
 * Makes the token of a form: HMAC-SHA-256(key, binding, "csrf-v1", time slot). binding is the value
 * of the session or pre-session cookie. now is in seconds.
 */
void csrf_token_make(const struct secret_hmac_key *key, const char *binding, int64_t now,
		     char out[CSRF_TOKEN_LEN + 1]);
bool csrf_token_check(const struct secret_hmac_key *key, const char *binding, int64_t now,
		      const char *token);

#endif
