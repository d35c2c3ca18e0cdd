/*
 * Protection against cross-site request forgery. It checks where a request came from (Fetch
 * metadata, Origin, Referer) and makes and checks the tokens of our forms. Pure: the key and the
 * time are parameters.
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
 * Checks a state-changing request. STATUS_OK if it comes from our own origin, else
 * STATUS_FORBIDDEN. If the browser sends none of the three headers, the answer is STATUS_OK only if
 * form is true: the caller must then check the form's token.
 */
enum status csrf_check_post(const struct request *req, bool form);

/*
 * Checks GET /prebind.json: it must be same-origin and made by script (Sec-Fetch-Dest: empty).
 * Without Fetch metadata the Referer decides.
 */
enum status csrf_check_fetch(const struct request *req);

/*
 * True if this GET / may bind at once. Only a top-level navigation that our own site or the user
 * started may.
 */
bool csrf_may_bind(const struct request *req);

/*
 * Makes the token of a form: HMAC-SHA-256(key, binding, "csrf-v1", time slot). binding: the value
 * of the session or pre-session cookie. now: seconds.
 */
void csrf_token_make(const struct secret_hmac_key *key, const char *binding, int64_t now,
		     char out[CSRF_TOKEN_LEN + 1]);
bool csrf_token_check(const struct secret_hmac_key *key, const char *binding, int64_t now,
		      const char *token);

#endif
