/*
 * Who sent this request, as far as a browser tells, and the tokens of our forms (SEC-CSRF-1 … 4).
 * The browser's own words come first (Fetch metadata, then Origin, then Referer): script of
 * another site cannot set any of them. A token is no substitute for them but for a browser that
 * says nothing at all.
 */
#include "web/csrf.h"

#include <string.h>

#include "base/codec.h"

/*
 * A token names the slot it was made in, and holds for the slots of its life: so it lives 110 to
 * 120 minutes, and nothing need be stored.
 */
#define SLOT_S     600
#define SLOTS_LIVE (CSRF_TOKEN_LIFE_S / SLOT_S)
#define SLOT_LEN   4 /* bytes: with a session's token in front, the text is one block of SHA-256 */

static bool is(const char *value, const char *expected)
{
	return value && strcmp(value, expected) == 0;
}

/*
 * The text behind our own origin, where it begins with that; else NULL. A browser that was given
 * "example.org." says so in Origin and Referer too. Without a Host there is no origin of ours.
 */
static const char *behind_our_origin(const struct request *req, const char *text)
{
	const char *self = req->origin_self ? req->origin_self : "";
	size_t scheme_len = *self ? strcspn(self, ":") + 3 : 0;
	size_t host_len = scheme_len + strlen(req->host ? req->host : "");

	if (!*self || !text || strncmp(text, self, host_len) != 0)
		return NULL;
	text += host_len;
	self += host_len; /* what is left of it is the port */
	if (*text == '.')
		text++;
	return strncmp(text, self, strlen(self)) == 0 ? text + strlen(self) : NULL;
}

static bool origin_is_ours(const struct request *req)
{
	const char *rest = behind_our_origin(req, req->origin);

	return rest && *rest == '\0';
}

static bool referer_is_ours(const struct request *req)
{
	const char *rest = behind_our_origin(req, req->referer);

	/* "https://example.org.evil.net/" and "https://example.org:80@evil.net/" begin alike */
	return rest && (*rest == '\0' || strchr("/?#", *rest) != NULL);
}

enum status csrf_check_post(const struct request *req, bool form)
{
	bool ours;

	if (is(req->origin, "null")) /* a sandboxed frame, or a page that hides where it is from */
		return STATUS_FORBIDDEN;
	if (req->fetch_site)
		ours = is(req->fetch_site, "same-origin");
	else if (req->origin)
		ours = origin_is_ours(req);
	else if (req->referer)
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
	if (req->fetch_site)
		ours = is(req->fetch_site, "same-origin") && is(req->fetch_dest, "empty");
	else
		ours = (!req->fetch_dest || is(req->fetch_dest, "empty")) && referer_is_ours(req);
	return ours ? STATUS_OK : STATUS_FORBIDDEN;
}

bool csrf_may_bind(const struct request *req)
{
	if (req->prefetch)
		return false;
	if (!req->fetch_site && !req->fetch_mode && !req->fetch_dest)
		return true; /* an old browser, or plain http: the rate limit holds it */
	return is(req->fetch_mode, "navigate") && is(req->fetch_dest, "document") &&
	       (is(req->fetch_site, "none") || is(req->fetch_site, "same-origin"));
}

_Static_assert(CSRF_TOKEN_LEN == CODEC_BASE64URL_LEN(SECRET_SHA256_LEN), "a whole MAC");

/* The token of one slot. */
static void token_of_slot(const struct secret_hmac_key *key, const char *binding, int64_t slot,
			  char out[CSRF_TOKEN_LEN + 1])
{
	unsigned char mac[SECRET_SHA256_LEN];
	unsigned char number[SLOT_LEN];

	for (int i = 0; i < SLOT_LEN; i++)
		number[i] = (unsigned char)((uint64_t)slot >> (8 * (SLOT_LEN - 1 - i)));
	/* all but the binding has a fixed length: two different inputs are never the same bytes */
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
	if (binding && *binding)
		token_of_slot(key, binding, now / SLOT_S, out);
}

bool csrf_token_check(const struct secret_hmac_key *key, const char *binding, int64_t now,
		      const char *token)
{
	bool found = false;

	/* a token bound to nothing would be everybody's */
	if (!binding || !*binding || !token || strlen(token) != CSRF_TOKEN_LEN)
		return false;
	for (int i = 0; i < SLOTS_LIVE; i++) { /* all of them: the time taken tells nothing */
		char expected[CSRF_TOKEN_LEN + 1];

		token_of_slot(key, binding, now / SLOT_S - i, expected);
		found |= secret_equal(expected, token, CSRF_TOKEN_LEN);
		secret_wipe(expected, sizeof(expected));
	}
	return found;
}
