/*
 * Writes and checks one-time tokens. The MAC is compared in constant time, before the times are
 * checked.
 */
#include "xmpp/login_token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/json.h"

#define EXPIRY_MAX INT64_C(999999999999) /* LOGIN_TOKEN_EXPIRY_LEN digits */

/*
 * Encodes n bytes as base64url. The text must have exactly len characters; out has room for them
 * and a NUL.
 */
static enum status base64url_text(char *out, size_t len, const unsigned char *data, size_t n,
				  struct error *err)
{
	struct strbuf text;

	strbuf_init_secret(&text);
	codec_base64url(&text, data, n);
	bool ok = strbuf_ok(&text) && text.len == len;
	if (ok)
		memcpy(out, text.data, len + 1);
	strbuf_clear(&text);
	return ok ? STATUS_OK : error_no_memory(err);
}

/* Computes the MAC of a token. digits is the expiry as written in the token. */
static void mac_of(const struct secret_part *key, const struct login_token *token,
		   const char *digits, unsigned char out[SECRET_SHA256_LEN])
{
	const struct secret_part parts[] = {
	    {token->user,  strlen(token->user) },
	    {"|",          1		   },
	    {token->host,  strlen(token->host) },
	    {"|",          1		   },
	    {digits,       strlen(digits)      },
	    {"|",          1		   },
	    {token->nonce, strlen(token->nonce)},
	};

	secret_hmac_keyed(out, key, parts, sizeof(parts) / sizeof(parts[0]));
}

enum status login_token_make(const struct secret_part *key, const struct login_token *token,
			     const unsigned char nonce[LOGIN_TOKEN_NONCE_BYTES],
			     char out[LOGIN_TOKEN_MAX + 1], struct error *err)
{
	struct login_token made = *token;
	unsigned char mac[SECRET_SHA256_LEN];
	char mac_text[LOGIN_TOKEN_MAC_LEN + 1];
	char digits[LOGIN_TOKEN_EXPIRY_LEN + 1];

	if (made.expiry < 1 || made.expiry > EXPIRY_MAX || strchr(made.host, '|') != NULL)
		return error_set(err, STATUS_INTERNAL,
				 "cannot make a token that expires at %" PRId64 " for the host %s",
				 made.expiry, made.host);
	snprintf(digits, sizeof(digits), "%" PRId64, made.expiry);
	enum status status =
	    base64url_text(made.nonce, LOGIN_TOKEN_NONCE_LEN, nonce, LOGIN_TOKEN_NONCE_BYTES, err);
	if (status != STATUS_OK)
		return status;
	mac_of(key, &made, digits, mac);
	status = base64url_text(mac_text, LOGIN_TOKEN_MAC_LEN, mac, sizeof(mac), err);
	if (status == STATUS_OK)
		snprintf(out, LOGIN_TOKEN_MAX + 1, "%s:%s:%s", digits, made.nonce, mac_text);
	secret_wipe(mac_text, sizeof(mac_text));
	return status;
}

/* ---- reading ---- */

struct parts {
	char digits[LOGIN_TOKEN_EXPIRY_LEN + 1];
	char nonce[LOGIN_TOKEN_NONCE_LEN + 1];
	unsigned char mac[SECRET_SHA256_LEN];
};

/* Accepts only canonical base64url of exactly n bytes. */
static bool decode(const char *text, size_t len, unsigned char *out, size_t n)
{
	struct strbuf bytes;

	strbuf_init_secret(&bytes);
	bool ok = codec_base64url_decode(&bytes, text, len) == STATUS_OK && strbuf_ok(&bytes) &&
		  bytes.len == n;
	if (ok)
		memcpy(out, bytes.data, n);
	strbuf_clear(&bytes);
	return ok;
}

static bool read_parts(const char *text, struct parts *out)
{
	unsigned char nonce[LOGIN_TOKEN_NONCE_BYTES];
	size_t len = strlen(text);
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > LOGIN_TOKEN_EXPIRY_LEN || text[0] == '0' ||
	    len != digits + 1 + LOGIN_TOKEN_NONCE_LEN + 1 + LOGIN_TOKEN_MAC_LEN)
		return false;
	const char *nonce_text = text + digits + 1;
	const char *mac_text = nonce_text + LOGIN_TOKEN_NONCE_LEN + 1;
	if (nonce_text[-1] != ':' || mac_text[-1] != ':' ||
	    !decode(nonce_text, LOGIN_TOKEN_NONCE_LEN, nonce, sizeof(nonce)) ||
	    !decode(mac_text, LOGIN_TOKEN_MAC_LEN, out->mac, sizeof(out->mac)))
		return false;
	memcpy(out->digits, text, digits);
	out->digits[digits] = '\0';
	memcpy(out->nonce, nonce_text, LOGIN_TOKEN_NONCE_LEN);
	out->nonce[LOGIN_TOKEN_NONCE_LEN] = '\0';
	return true;
}

static int64_t number(const char *digits)
{
	int64_t n = 0;

	for (; *digits != '\0'; digits++)
		n = n * 10 + (*digits - '0');
	return n;
}

bool login_token_has_form(const char *text)
{
	struct parts parts;

	return read_parts(text, &parts);
}

static enum status check_time(int64_t expiry, int64_t now, struct error *err)
{
	if (expiry <= now)
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "the token expired %" PRId64
				 " s ago: compare the clocks of both machines",
				 now - expiry);
	if (expiry - now > LOGIN_TOKEN_LIFE_MAX_S)
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "the token expires in %" PRId64
				 " s, but %d s is the maximum: the clock of the machine that made "
				 "the token is ahead of this machine's clock",
				 expiry - now, LOGIN_TOKEN_LIFE_MAX_S);
	return STATUS_OK;
}

enum status login_token_check(const struct secret_part *key, const char *text, int64_t now,
			      struct login_token *token, struct error *err)
{
	struct parts parts;
	unsigned char mac[SECRET_SHA256_LEN];
	struct login_token found = *token;

	if (!read_parts(text, &parts))
		return error_set(err, STATUS_BAD_CREDENTIALS, "the token is malformed");
	memcpy(found.nonce, parts.nonce, sizeof(found.nonce));
	found.expiry = number(parts.digits);
	mac_of(key, &found, parts.digits, mac);
	if (strchr(found.host, '|') != NULL || !secret_equal(mac, parts.mac, sizeof(mac)))
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "the token is not for %s@%s, or it was made with another key",
				 found.user, found.host);
	enum status status = check_time(found.expiry, now, err);
	if (status == STATUS_OK)
		*token = found;
	return status;
}

/* ---- the key ---- */

#define MAKE_ONE "make a key with: head -c 32 /dev/urandom | basenc --base64url | tr -d ="

static enum status base64url_key(const char *text, struct strbuf *out, struct error *err)
{
	size_t before = out->len;

	if (codec_base64url_decode(out, text, strlen(text)) != STATUS_OK)
		return strbuf_ok(out)
			   ? error_set(err, STATUS_BAD_REQUEST,
				       "the key is not base64url without padding; %s", MAKE_ONE)
			   : error_no_memory(err);
	size_t len = out->len - before;
	if (len < LOGIN_KEY_MIN || len > LOGIN_KEY_MAX)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the key has %zu bytes; allowed: %d to %d; %s", len, LOGIN_KEY_MIN,
				 LOGIN_KEY_MAX, MAKE_ONE);
	return STATUS_OK;
}

static enum status jwk_key(const char *text, struct strbuf *out, struct error *err)
{
	struct json *root = NULL;
	struct error why = {0};

	if (json_parse(text, strlen(text), &root, &why) != STATUS_OK)
		return error_set(err, why.status,
				 "the key looks like a JWK, but is not valid JSON on one line");
	const char *kind = json_string(json_member(root, "kty"));
	const char *key = json_string(json_member(root, "k"));
	enum status status;
	if (kind == NULL || strcmp(kind, "oct") != 0 || key == NULL)
		status =
		    error_set(err, STATUS_BAD_REQUEST,
			      "the key is a JWK, but not of the form {\"kty\":\"oct\",\"k\":…}");
	else
		status = base64url_key(key, out, err);
	json_free(root);
	return status;
}

enum status login_key_parse(const char *text, struct strbuf *out, struct error *err)
{
	return text[0] == '{' ? jwk_key(text, out, err) : base64url_key(text, out, err);
}
