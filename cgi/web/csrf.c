/*
 * Finds out from the browser's headers where a request came from, and handles the tokens of our
 * forms. If Fetch metadata is present, it decides. Otherwise Origin decides or, without Origin,
 * Referer. A script of another site cannot set any of these headers. The form's token decides only
 * if the browser sends none of these headers.
 */
#include "web/csrf.h"

#include <string.h>

#include "base/codec.h"

/*
 * A token is made for a time slot and is valid for a fixed number of slots. So a token is valid for
 * 110 to 120 minutes, and the server need not store tokens.
 */
#define SLOT_S     600
#define SLOTS_LIVE (CSRF_TOKEN_LIFE_S / SLOT_S)
/* bytes; small, so that a session's token and the other hashed data fit into one SHA-256 block */
#define SLOT_LEN 4

static bool is(const char *value, const char *expected)
{
	return value != NULL && strcmp(value, expected) == 0;
}

/*
 * Returns the part of text after our own origin, or NULL if text does not begin with our origin. A
 * dot after the host is skipped, because a visitor can use "example.org.", and the browser then
 * sends the dot in Origin and Referer. Without a Host header we have no origin.
 */
static const char *behind_our_origin(const struct request *req, const char *text)
{
	const char *self = req->origin_self != NULL ? req->origin_self : "";
	size_t scheme_len = *self ? strcspn(self, ":") + 3 : 0;
	size_t host_len = scheme_len + strlen(req->host != NULL ? req->host : "");

	if (!*self || text == NULL || strncmp(text, self, host_len) != 0)
		return NULL;
	text += host_len;
	self += host_len; /* self now begins at the port */
	if (*text == '.')
		text++;
	return strncmp(text, self, strlen(self)) == 0 ? text + strlen(self) : NULL;
}

static bool origin_is_ours(const struct request *req)
{
	const char *rest = behind_our_origin(req, req->origin);

	return rest != NULL && *rest == '\0';
}

static bool referer_is_ours(const struct request *req)
{
	const char *rest = behind_our_origin(req, req->referer);

	/*
	 * "https://example.org.evil.net/" and "https://example.org:80@evil.net/" also begin with
	 * our origin, so the next character is checked.
	 */
	return rest != NULL && (*rest == '\0' || strchr("/?#", *rest) != NULL);
}

enum status csrf_check_post(const struct request *req, bool form)
{
	bool ours;

	if (is(req->origin, "null")) /* a sandboxed frame, or a page that hides its origin */
		return STATUS_FORBIDDEN;
	if (req->fetch_site != NULL)
		ours = is(req->fetch_site, "same-origin");
	else if (req->origin != NULL)
		ours = origin_is_ours(req);
	else if (req->referer != NULL)
		ours = referer_is_ours(req);
	else
		ours = form;
	return ours ? STATUS_OK : STATUS_FORBIDDEN;
}

enum status csrf_check_fetch(const struct request *req)
{
	bool ours;

	if (req->prefetch || is(req->origin, "null"))
		return STATUS_FORBIDDEN;
	if (req->fetch_site != NULL)
		ours = is(req->fetch_site, "same-origin") && is(req->fetch_dest, "empty");
	else
		ours = (req->fetch_dest == NULL || is(req->fetch_dest, "empty")) &&
		       referer_is_ours(req);
	return ours ? STATUS_OK : STATUS_FORBIDDEN;
}

bool csrf_may_bind(const struct request *req)
{
	if (req->prefetch)
		return false;
	if (req->fetch_site == NULL && req->fetch_mode == NULL && req->fetch_dest == NULL)
		return true; /* an old browser, or plain http; the rate limit still applies */
	return is(req->fetch_mode, "navigate") && is(req->fetch_dest, "document") &&
	       (is(req->fetch_site, "none") || is(req->fetch_site, "same-origin"));
}

_Static_assert(CSRF_TOKEN_LEN == CODEC_BASE64URL_LEN(SECRET_SHA256_LEN), "a whole MAC");

/* Makes the token of one time slot. */
static void token_of_slot(const struct secret_hmac_key *key, const char *binding, int64_t slot,
			  char out[CSRF_TOKEN_LEN + 1])
{
	unsigned char mac[SECRET_SHA256_LEN];
	unsigned char number[SLOT_LEN];

	for (int i = 0; i < SLOT_LEN; i++)
		number[i] = (unsigned char)((uint64_t)slot >> (8 * (SLOT_LEN - 1 - i)));
	/* only the binding varies in length, so two different inputs never give the same bytes */
	struct secret_part parts[] = {
	    {.data = binding,   .len = strlen(binding)},
	    {.data = "csrf-v1", .len = 7              },
	    {.data = number,    .len = sizeof(number) },
	};
	secret_hmac_prepared(mac, key, parts, sizeof(parts) / sizeof(parts[0]));
	codec_base64url_text(out, mac, sizeof(mac));
	secret_wipe(mac, sizeof(mac));
}

void csrf_token_make(const struct secret_hmac_key *key, const char *binding, int64_t now,
		     char out[CSRF_TOKEN_LEN + 1])
{
	out[0] = '\0';
	if (binding != NULL && *binding)
		token_of_slot(key, binding, now / SLOT_S, out);
}

bool csrf_token_check(const struct secret_hmac_key *key, const char *binding, int64_t now,
		      const char *token)
{
	bool found = false;

	/* without a binding a token would be valid for everyone */
	if (binding == NULL || !*binding || token == NULL || strlen(token) != CSRF_TOKEN_LEN)
		return false;
	/* compares with the tokens of all slots, so that the time taken reveals nothing */
	for (int i = 0; i < SLOTS_LIVE; i++) {
		char expected[CSRF_TOKEN_LEN + 1];

		token_of_slot(key, binding, now / SLOT_S - i, expected);
		found |= secret_equal(expected, token, CSRF_TOKEN_LEN);
		secret_wipe(expected, sizeof(expected));
	}
	return found;
}
