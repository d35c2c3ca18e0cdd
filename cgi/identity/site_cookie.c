/*
 * Converts the value of the site's session cookie to the value that the site stores in its table.
 */
#include "identity/site_cookie.h"

#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"

/* bytes; a longer cookie is not a session ID, and is never passed to the query */
#define COOKIE_MAX 256

/* The characters of session IDs. None of these characters needs quoting anywhere. */
static const char cookie_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.,%-";

static enum status add_digest(enum digest_kind kind, const char *text, bool hex, struct strbuf *out,
			      struct error *err)
{
	const struct secret_part part = {text, strlen(text)};
	unsigned char made[DIGEST_LEN_MAX];
	struct digest *digest = NULL;

	enum status status = digest_new(kind, &digest, err);
	if (status == STATUS_OK && !digest_run(digest, &part, 1, made))
		status = error_set(err, STATUS_INTERNAL, "the cookie could not be hashed");
	if (status == STATUS_OK && hex)
		codec_hex(out, made, digest_len(kind));
	else if (status == STATUS_OK)
		codec_base64url(out, made, digest_len(kind));
	digest_free(digest);
	return status;
}

/* Converts the cookie to the value that the site stores in its table. */
static enum status transform(enum conf_transform how, const char *cookie, struct strbuf *out,
			     struct error *err)
{
	switch (how) {
	case TRANSFORM_SHA1:
		return add_digest(DIGEST_SHA1, cookie, true, out, err);
	case TRANSFORM_SHA256:
		return add_digest(DIGEST_SHA256, cookie, true, out, err);
	case TRANSFORM_DRUPAL: /* as Drupal\Component\Utility\Crypt::hashBase64 does */
		return add_digest(DIGEST_SHA256, cookie, false, out, err);
	case TRANSFORM_NONE:
	default:
		strbuf_adds(out, cookie);
		return STATUS_OK;
	}
}

enum status site_cookie_sid(const struct site_conf *conf, const char *cookie, struct strbuf *out,
			    struct error *err)
{
	size_t len = strlen(cookie);

	if (conf->site_result == SITE_RESULT_DJANGO && strchr(cookie, ':') != NULL)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "the cookie contains a whole session (Django's signed_cookies) instead of a "
		    "session id; set SESSION_ENGINE to django.contrib.sessions.backends.db");
	if (len > COOKIE_MAX || strspn(cookie, cookie_characters) != len)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "the cookie contains no session id: its value is longer than %d bytes, or "
		    "contains characters other than letters, digits and _ . , %% -",
		    COOKIE_MAX);
	enum status status =
	    transform((enum conf_transform)conf->site_cookie_transform, cookie, out, err);
	return status == STATUS_OK && !strbuf_ok(out) ? error_no_memory(err) : status;
}
