/*
 * Cross-site request forgery: who sent this request (Fetch metadata, Origin, Referer), and the
 * tokens of our forms (SEC-CSRF-1 … 4). Pure: the key and the time are parameters.
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
 * A state-changing request: STATUS_OK if it comes from our own origin, else STATUS_FORBIDDEN. Where
 * the browser says nothing at all: OK only with a form token (form is true: the token decides),
 * else forbidden.
 */
enum status csrf_check_post(const struct request *req, bool form);

/*
 * GET /prebind.json: same-origin, by script (Sec-Fetch-Dest: empty); without Fetch metadata by
 * Referer.
 */
enum status csrf_check_fetch(const struct request *req);

/* May this GET / bind at once? Only a top-level navigation that our own site or the user began. */
bool csrf_may_bind(const struct request *req);

/*
 * The token of a form: HMAC-SHA-256(key, binding, "csrf-v1", time slot). binding: session or
 * pre-session cookie.
 */
void csrf_token_make(const struct secret_hmac_key *key, const char *binding, int64_t now,
		     char out[CSRF_TOKEN_LEN + 1]);
bool csrf_token_check(const struct secret_hmac_key *key, const char *binding, int64_t now,
		      const char *token);

#endif
