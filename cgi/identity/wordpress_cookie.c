/*
 * Checks the two HMACs and the session token of WordPress's cookie.
 */
#include "identity/wordpress_cookie.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "identity/php_serialize.h"

#define FIELDS       4
#define FRAGMENT_AT  8 /* offset of the fragment in a phpass or bcrypt hash */
#define FRAGMENT_LEN 4
#define TIME_DIGITS  18 /* a number of 18 digits always fits an int64_t */

/* ---- the fields ---- */

void wordpress_cookie_clear(struct wordpress_cookie *cookie)
{
	strbuf_clear(&cookie->text);
	*cookie = (struct wordpress_cookie){0};
}

static bool read_time(const char *text, int64_t *out)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > TIME_DIGITS || text[len] != '\0')
		return false;
	*out = strtoll(text, NULL, 10);
	return true;
}

static bool split(char *text, struct wordpress_cookie *out)
{
	char *fields[FIELDS];

	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&text, "|");
		if (fields[i] == NULL || fields[i][0] == '\0')
			return false;
	}
	out->user = fields[0];
	out->expiration = fields[1];
	out->token = fields[2];
	out->mac = fields[3];
	return text == NULL && read_time(out->expiration, &out->ends);
}

/*
 * Reads '+' as a space, because before PHP 7.4 setcookie() wrote a space as '+'. A '+' in the name
 * is always sent as %2B.
 */
enum status wordpress_cookie_read(const char *value, struct wordpress_cookie *out,
				  struct error *err)
{
	struct wordpress_cookie cookie = {0};
	size_t len = strnlen(value, WORDPRESS_COOKIE_MAX + 1);

	strbuf_init_secret(&cookie.text);
	enum status status = len > WORDPRESS_COOKIE_MAX
				 ? STATUS_BAD_REQUEST
				 : codec_percent_decode(&cookie.text, value, len, true);
	if (!strbuf_ok(&cookie.text))
		status = error_no_memory(err);
	else if (status != STATUS_OK || !split(cookie.text.data, &cookie))
		status = error_set(err, STATUS_BAD_REQUEST,
				   "the cookie's value does not have the form "
				   "USER|EXPIRATION|TOKEN|HMAC of WordPress 4.0 and later");
	if (status == STATUS_OK)
		*out = cookie;
	else
		wordpress_cookie_clear(&cookie);
	return status;
}

/* ---- the signature ---- */

struct fragment {
	const char *text;
	size_t len;
};

/*
 * Returns the fragment after the hash's prefix. If the hash is too short, returns an empty string,
 * as PHP's substr() does.
 */
static struct fragment after_prefix(const char *hash)
{
	size_t len = strlen(hash);

	if (len <= FRAGMENT_AT)
		return (struct fragment){hash, 0};
	return (struct fragment){hash + FRAGMENT_AT, strnlen(hash + FRAGMENT_AT, FRAGMENT_LEN)};
}

static struct fragment at_end(const char *hash)
{
	size_t len = strlen(hash);
	size_t part = len < FRAGMENT_LEN ? len : FRAGMENT_LEN;

	return (struct fragment){hash + len - part, part};
}

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool add_mac(enum digest_kind kind, const struct secret_part *key, const struct strbuf *text,
		    struct strbuf *out)
{
	const struct secret_part part = {text->data, text->len};
	unsigned char mac[DIGEST_LEN_MAX];

	if (!strbuf_ok(text) || !digest_hmac(kind, key, &part, mac))
		return false;
	codec_hex(out, mac, digest_len(kind));
	secret_wipe(mac, sizeof(mac));
	return strbuf_ok(out);
}

/*
 * Signs the fields. First, the HMAC-MD5 (wp_hash) of the fields and the fragment gives a key for
 * this cookie. Then HMAC-SHA-256 with that key, in hex, signs the fields. Returns false if out of
 * memory, or if libcrypto refuses MD5.
 */
static bool sign(const struct wordpress_cookie *cookie, const char *key, struct fragment fragment,
		 struct strbuf *out)
{
	const struct secret_part site_key = {key, strlen(key)};
	struct strbuf text, own_key;

	strbuf_init(&text);
	strbuf_init_secret(&own_key);
	strbuf_addf(&text, "%s|%.*s|%s|%s", cookie->user, (int)fragment.len, fragment.text,
		    cookie->expiration, cookie->token);
	bool ok = add_mac(DIGEST_MD5, &site_key, &text, &own_key);
	strbuf_reset(&text);
	strbuf_addf(&text, "%s|%s|%s", cookie->user, cookie->expiration, cookie->token);
	ok = ok &&
	     add_mac(DIGEST_SHA256, &(struct secret_part){own_key.data, own_key.len}, &text, out);
	strbuf_clear(&own_key);
	strbuf_clear(&text);
	return ok;
}

/*
 * Compares the cookie's HMAC with the HMAC for this fragment. Returns STATUS_NOT_FOUND if they
 * differ.
 */
static enum status compare(const struct wordpress_cookie *cookie, const char *key,
			   struct fragment fragment, struct error *err)
{
	struct strbuf mac;
	enum status status = STATUS_OK;

	strbuf_init_secret(&mac);
	if (!sign(cookie, key, fragment, &mac))
		status = error_set(err, STATUS_INTERNAL,
				   "HMAC-MD5 and HMAC-SHA-256 could not be computed");
	else if (strlen(cookie->mac) != mac.len || !secret_equal(cookie->mac, mac.data, mac.len))
		status = error_set(err, STATUS_NOT_FOUND, "the signature is wrong");
	strbuf_clear(&mac);
	return status;
}

/*
 * Checks the signature, for which WordPress uses a fragment of the password hash. WordPress 6.8
 * uses the end of the hash, except for kinds of hashes that older versions made. Older versions
 * always use the fragment after the prefix. For a hash of any other kind, both fragments are tried,
 * because the site's version is unknown.
 */
static enum status signature_check(const struct wordpress_cookie *cookie, const char *key,
				   const char *hash, struct error *err)
{
	bool is_old = has_prefix(hash, "$P$") || has_prefix(hash, "$2y$");
	enum status status = compare(cookie, key, is_old ? after_prefix(hash) : at_end(hash), err);

	if (status == STATUS_NOT_FOUND && !is_old && !has_prefix(hash, "$wp$"))
		status = compare(cookie, key, after_prefix(hash), err);
	return status;
}

/* ---- the session ---- */

/*
 * Finds the token's session in the user's list of sessions. The list is an array whose keys are the
 * SHA-256 of tokens. Each session has an element `expiration`.
 */
static enum status session_check(const char *token, const char *sessions, int64_t now,
				 struct error *err)
{
	unsigned char digest[SECRET_SHA256_LEN];
	struct strbuf path;
	char *text = NULL;
	int64_t ends = 0;
	enum status status;

	if (sessions == NULL || sessions[0] == '\0')
		return error_set(err, STATUS_NOT_FOUND, "the user has no session");
	const struct php_session list = {PHP_FORMAT_SERIALIZE, sessions, strlen(sessions)};
	secret_sha256(digest, token, strlen(token));
	strbuf_init(&path);
	codec_hex(&path, digest, sizeof(digest));
	strbuf_adds(&path, ".expiration");
	status =
	    strbuf_ok(&path) ? php_session_get(&list, path.data, &text, err) : error_no_memory(err);
	if (status == STATUS_OK && (!read_time(text, &ends) || ends < now))
		status = error_set(err, STATUS_NOT_FOUND, "the session has expired");
	free(text);
	strbuf_clear(&path);
	return status;
}

enum status wordpress_cookie_check(const struct wordpress_cookie *cookie, const char *key,
				   const struct wordpress_user *user, int64_t now,
				   struct error *err)
{
	if (cookie->ends < now)
		return error_set(err, STATUS_NOT_FOUND, "the cookie has expired");
	enum status status = signature_check(cookie, key, user->password, err);
	if (status == STATUS_INTERNAL)
		return status;
	enum status session =
	    session_check(cookie->token, user->sessions, now, status == STATUS_OK ? err : NULL);
	if (status == STATUS_OK || session != STATUS_OK)
		return status == STATUS_OK ? session : status;
	return error_set(err, STATUS_BAD_CREDENTIALS,
			 "the session exists, but the signature is wrong");
}
