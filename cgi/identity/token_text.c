/*
 * Reads tokens: it splits the token, finds the key, checks the MAC or signature, and then decodes
 * the payload. The header of a JWT is decoded earlier, because it names the key. The header's `alg`
 * must be that of the key, so that a public key is never used as a shared key (RFC 8725 3.1).
 */
#include "identity/token_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "base/json.h"
#include "xmpp/jwt.h"

#define JWT_HEADER_MAX 512
#define PARTS_MAX      4

/* The parts of a token, and the text that the MAC covers. All point into the token. */
struct parts {
	struct secret_part items[PARTS_MAX];
	size_t count;
	struct secret_part signed_text;
};

void token_clear(struct token *token)
{
	if (token == NULL)
		return;
	free(token->user);
	free(token->display_name);
	free(token->jid);
	free(token->email);
	free(token->id);
	*token = (struct token){0};
}

static enum status refuse(struct error *err, const char *why)
{
	return error_set(err, STATUS_BAD_CREDENTIALS, "the token %s", why);
}

/* ---- claims ---- */

static const char *claim_text(const struct json *claims, const char *name)
{
	const char *text = json_string(json_member(claims, name));

	return text != NULL ? text : "";
}

/*
 * Returns true if the claim is a string, null or absent. A claim of another type must not be
 * ignored. Otherwise the user would get a JID from the rule, although the site tried to set a JID.
 */
static bool claim_is_text_or_null(const struct json *claims, const char *name)
{
	const struct json *claim = json_member(claims, name);

	return claim == NULL || json_is_null(claim) || json_string(claim) != NULL;
}

/*
 * Returns the claim that token_user_claim names. By default this is "user", or "sub" in a JWT
 * without "user" (RFC 7519 4.1.2).
 */
static const char *user_of(const struct token_rules *rules, const struct json *claims)
{
	if (rules->user_claim[0] != '\0')
		return claim_text(claims, rules->user_claim);
	bool named = json_member(claims, "user") != NULL || rules->format != TOKEN_FORMAT_JWT;

	return claim_text(claims, named ? "user" : "sub");
}

/*
 * Returns true if the token is for our audience. A JWT can have several audiences, and one of them
 * must be ours (RFC 7519 4.1.3). Our own format has only one audience.
 */
static bool audience_holds(const struct token_rules *rules, const struct json *claims)
{
	const struct json *aud = json_member(claims, "aud");
	bool found = false;

	if (!json_is_array(aud) || rules->format != TOKEN_FORMAT_JWT)
		return strcmp(claim_text(claims, "aud"), rules->audience) == 0;
	for (const struct json *one = json_first(aud); one != NULL; one = json_next(one)) {
		const char *text = json_string(one);
		if (text == NULL)
			return false;
		found |= strcmp(text, rules->audience) == 0;
	}
	return found;
}

/* Reads a time in seconds. In a JWT it can have a fraction (RFC 7519 2), which is cut off. */
static bool read_time(const struct token_rules *rules, const struct json *claim, long long *out)
{
	return rules->format == TOKEN_FORMAT_JWT ? json_floor(claim, out)
						 : json_integer(claim, out);
}

/*
 * Reads the time at which the token was made. If a JWT does not have this time, uses the earliest
 * time that its exp allows. So `prebindctl token revoke` also revokes a token without this time.
 */
static bool read_issued(const struct token_rules *rules, const struct json *claims,
			long long expires, long long *out)
{
	const struct json *issued = json_member(claims, "iat");

	if (issued != NULL || rules->format != TOKEN_FORMAT_JWT)
		return read_time(rules, issued, out);
	*out = expires > TOKEN_LIFE_MAX_S ? expires - TOKEN_LIFE_MAX_S : 0;
	return true;
}

static const char *times_check(const struct token_rules *rules, const struct json *claims,
			       int64_t now, struct token *token)
{
	bool has_issued = json_member(claims, "iat") != NULL;
	long long issued;
	long long expires;
	long long begins;

	if (!read_time(rules, json_member(claims, "exp"), &expires) ||
	    !read_issued(rules, claims, expires, &issued))
		return "has an iat or exp that is missing or is not a valid number";
	if (!has_issued && expires > now + TOKEN_LIFE_MAX_S)
		return "has no iat and is valid for more than 12 hours from now";
	if (issued > now + TOKEN_SKEW_S)
		return "was issued in the future: compare the clocks of both machines";
	if (issued < 0 || expires <= issued || expires - issued > TOKEN_LIFE_MAX_S)
		return "is valid for more than 12 hours, or its exp is not after its iat";
	if (json_member(claims, "nbf") != NULL &&
	    (!read_time(rules, json_member(claims, "nbf"), &begins) || begins > now + TOKEN_SKEW_S))
		return "is not valid yet (nbf)";
	token->issued = issued;
	token->expires = expires;
	return NULL;
}

static const char *claims_check(const struct token_rules *rules, const struct json *claims,
				int64_t now, struct token *token)
{
	const char *user = user_of(rules, claims);

	if (!json_is_object(claims))
		return "does not contain a JSON object";
	if (user[0] == '\0')
		return "contains no user name";
	if (strlen(user) > TOKEN_USER_MAX || text_has_control(user))
		return "contains a user name longer than 255 bytes or with control characters";
	if (!audience_holds(rules, claims))
		return "has an audience (aud) other than token_audience";
	if (!claim_is_text_or_null(claims, "jid"))
		return "has a jid that is not a string";
	return times_check(rules, claims, now, token);
}

static enum status claims_read(const struct token_rules *rules, const struct json *claims,
			       int64_t now, struct token *out, struct error *err)
{
	struct token token = *out;
	const char *why = claims_check(rules, claims, now, &token);

	if (why != NULL)
		return refuse(err, why);
	if (token.expires <= now)
		return error_set(err, STATUS_NOT_FOUND, "the token of %s has expired",
				 user_of(rules, claims));
	token.user = strdup(user_of(rules, claims));
	token.display_name = strdup(claim_text(claims, "name"));
	token.jid = strdup(claim_text(claims, "jid"));
	token.email = strdup(claim_text(claims, "email"));
	token.id = strdup(claim_text(claims, "id"));
	if (token.user == NULL || token.display_name == NULL || token.jid == NULL ||
	    token.email == NULL || token.id == NULL) {
		token_clear(&token);
		return error_no_memory(err);
	}
	*out = token;
	return STATUS_OK;
}

/* ---- parts ---- */

static enum status decode(const struct secret_part *part, struct strbuf *out)
{
	enum status status = codec_base64url_decode(out, part->data, part->len);

	return status == STATUS_OK && !strbuf_ok(out) ? STATUS_INTERNAL : status;
}

/* Decodes the JSON of a part. `why` is the error sentence for a part without valid JSON. */
static enum status part_read(const struct secret_part *part, const char *why, struct json **out,
			     struct error *err)
{
	struct strbuf text;

	strbuf_init(&text);
	enum status status = decode(part, &text);
	if (status == STATUS_OK)
		status = json_parse(text.data, text.len, out, NULL);
	strbuf_clear(&text);
	if (status == STATUS_INTERNAL)
		return error_no_memory(err);
	return status == STATUS_OK ? status : refuse(err, why);
}

/* Reads the payload. The caller has already checked its MAC or signature. */
static enum status payload_read(const struct token_rules *rules, const struct parts *parts,
				int64_t now, struct token *out, struct error *err)
{
	struct token token = {0};
	struct json *claims = NULL;

	enum status status = part_read(
	    &parts->items[parts->count - 2],
	    "has a payload that is not JSON in canonical base64url, or that contains a claim twice",
	    &claims, err);
	if (status == STATUS_OK)
		status = claims_read(rules, claims, now, &token, err);
	if (status == STATUS_OK) {
		secret_sha256(token.digest, parts->signed_text.data, parts->signed_text.len);
		*out = token;
	}
	json_free(claims);
	return status;
}

/* Splits the text at the dots. Returns false if there are not n parts, or if a part is empty. */
static bool split(const char *text, size_t n, struct parts *out)
{
	const char *start = text;

	*out = (struct parts){.count = n};
	for (size_t i = 0; i < n; i++) {
		const char *dot = strchr(start, '.');
		if ((dot == NULL) != (i == n - 1))
			return false;
		size_t len = dot == NULL ? strlen(start) : (size_t)(dot - start);
		if (len == 0)
			return false;
		out->items[i] = (struct secret_part){start, len};
		if (i < n - 1)
			out->signed_text = (struct secret_part){text, (size_t)(start - text) + len};
		start += len + 1;
	}
	return true;
}

/* Returns STATUS_BAD_REQUEST if the part is not this MAC, and STATUS_INTERNAL if out of memory. */
static enum status mac_check(const struct secret_part *part,
			     const unsigned char mac[SECRET_SHA256_LEN])
{
	struct strbuf given;

	strbuf_init(&given);
	enum status status = decode(part, &given);
	if (status == STATUS_OK &&
	    (given.len != SECRET_SHA256_LEN || !secret_equal(given.data, mac, SECRET_SHA256_LEN)))
		status = STATUS_BAD_REQUEST;
	strbuf_clear(&given);
	return status;
}

/* ---- our own format ---- */

static const char hmac_version[] = "v1";
static const char hmac_domain[] = "prebind-sso-v1"; /* the MAC covers this string with its NUL */

static void hmac_make(const struct token_key *key, const struct secret_part *kid,
		      const struct secret_part *payload, unsigned char mac[SECRET_SHA256_LEN])
{
	const struct secret_part secret = {key->secret, key->secret_len};
	const struct secret_part over[] = {
	    {hmac_domain, sizeof(hmac_domain)},
            *kid, *payload
        };

	secret_hmac_keyed(mac, &secret, over, 3);
}

static enum status hmac_check(const struct token_rules *rules, const char *text, int64_t now,
			      struct token *out, struct error *err)
{
	unsigned char mac[SECRET_SHA256_LEN];
	struct parts parts;

	if (strnlen(text, TOKEN_HMAC_MAX + 1) > TOKEN_HMAC_MAX)
		return refuse(err, "is longer than 1 KiB");
	if (!split(text, 4, &parts) || parts.items[0].len != strlen(hmac_version) ||
	    memcmp(parts.items[0].data, hmac_version, strlen(hmac_version)) != 0)
		return refuse(err, "does not have the form v1.KID.PAYLOAD.MAC");
	const struct secret_part *kid = &parts.items[1];
	const struct token_key *key = token_keys_find(rules->keys, kid->data, kid->len);
	if (key == NULL || key->secret_len == 0)
		return refuse(err, "has a key id (kid) that is not in token_key_file");
	hmac_make(key, kid, &parts.items[2], mac);
	enum status status = mac_check(&parts.items[3], mac);
	if (status == STATUS_INTERNAL)
		return error_no_memory(err);
	if (status != STATUS_OK)
		return refuse(
		    err, "has a wrong MAC: the token was made with another key, or was changed");
	return payload_read(rules, &parts, now, out, err);
}

/* ---- JWT ---- */

/* Returns the only algorithm that is allowed for this key. */
static const char *alg_of(const struct token_key *key)
{
	if (key->secret_len > 0)
		return "HS256";
	return public_key_kind(key->pem) == PUBLIC_KEY_RSA ? "RS256" : "ES256";
}

/* Returns the key with the header's kid. Without a kid, returns the site's only key, or NULL. */
static const struct token_key *jwt_key(const struct token_keys *keys, const struct json *header)
{
	const struct json *member = json_member(header, "kid");
	const char *kid = json_string(member);

	if (member == NULL)
		return keys->count == 1 ? &keys->items[0] : NULL;
	return kid == NULL ? NULL : token_keys_find(keys, kid, strlen(kid));
}

static const char *header_check(const struct token_keys *keys, const struct json *header,
				const struct token_key **out)
{
	const struct token_key *key = jwt_key(keys, header);
	const struct json *type = json_member(header, "typ");
	const char *type_text = json_string(type);

	if (!json_is_object(header))
		return "has a header that is not a JSON object";
	if (type != NULL && (type_text == NULL || strcasecmp(type_text, "JWT") != 0))
		return "has a type (typ) other than JWT";
	if (json_member(header, "crit") != NULL) /* refuse critical extensions (RFC 7515 4.1.11) */
		return "has the header crit, which is not supported";
	if (key == NULL)
		return "has no key id (kid), or a key id that is not in token_key_file";
	if (strcmp(claim_text(header, "alg"), alg_of(key)) != 0)
		return "has an alg that does not fit its key";
	*out = key;
	return NULL;
}

static enum status jwt_header(const struct token_keys *keys, const struct secret_part *part,
			      const struct token_key **out, struct error *err)
{
	static const char no_json[] = "has a header that is not JSON in canonical base64url";
	struct json *header = NULL;

	if (part->len > JWT_HEADER_MAX)
		return refuse(err, no_json);
	enum status status = part_read(part, no_json, &header, err);
	const char *why = status == STATUS_OK ? header_check(keys, header, out) : NULL;
	json_free(header);
	return why == NULL ? status : refuse(err, why);
}

/* Returns STATUS_BAD_REQUEST if the signature is wrong, and STATUS_INTERNAL if out of memory. */
static enum status signature_check(const struct token_key *key, const struct parts *parts)
{
	const struct secret_part *given = &parts->items[2];
	unsigned char mac[SECRET_SHA256_LEN];
	struct strbuf signature;

	if (key->secret_len > 0) {
		const struct secret_part secret = {key->secret, key->secret_len};
		secret_hmac_keyed(mac, &secret, &parts->signed_text, 1);
		return mac_check(given, mac);
	}
	strbuf_init(&signature);
	enum status status = decode(given, &signature);
	const struct secret_part bytes = {signature.data, signature.len};
	if (status == STATUS_OK && !public_key_verify(key->pem, &parts->signed_text, &bytes))
		status = STATUS_BAD_REQUEST;
	strbuf_clear(&signature);
	return status;
}

static enum status jwt_check(const struct token_rules *rules, const char *text, int64_t now,
			     struct token *out, struct error *err)
{
	struct parts parts;

	if (strnlen(text, TOKEN_JWT_MAX + 1) > TOKEN_JWT_MAX)
		return refuse(err, "is longer than 4 KiB");
	if (!split(text, 3, &parts))
		return refuse(err, "does not have the form HEADER.PAYLOAD.SIGNATURE");
	const struct token_key *key = NULL;
	enum status status = jwt_header(rules->keys, &parts.items[0], &key, err);
	if (status != STATUS_OK)
		return status;
	status = signature_check(key, &parts);
	if (status == STATUS_INTERNAL)
		return error_no_memory(err);
	if (status != STATUS_OK)
		return refuse(
		    err,
		    "has a wrong signature: the token was made with another key, or was changed");
	return payload_read(rules, &parts, now, out, err);
}

enum status token_check(const struct token_rules *rules, const char *text, int64_t now,
			struct token *out, struct error *err)
{
	return rules->format == TOKEN_FORMAT_JWT ? jwt_check(rules, text, now, out, err)
						 : hmac_check(rules, text, now, out, err);
}

/* ---- creating a token ---- */

static void write_claims(const struct token_rules *rules, const struct token_request *what,
			 struct strbuf *out)
{
	char id[2 * 16 + 1];
	struct json_writer w;

	secret_random_hex(id, 16); /* makes tokens differ even within the same second */
	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, rules->user_claim[0] != '\0' ? rules->user_claim : "user", what->user);
	json_put_integer(&w, "iat", what->now);
	json_put_integer(&w, "exp", what->now + what->life_s);
	json_put_string(&w, "aud", rules->audience);
	json_put_string(&w, "jti", id);
	json_close_object(&w);
}

/* Appends a token in our own format. Returns false if out of memory. */
static bool make_hmac(const struct token_key *key, const struct strbuf *claims, struct strbuf *out)
{
	const struct secret_part kid = {key->kid, strlen(key->kid)};
	unsigned char mac[SECRET_SHA256_LEN];

	strbuf_addf(out, "%s.%s.", hmac_version, key->kid);
	size_t start = out->len;
	codec_base64url(out, (const unsigned char *)claims->data, claims->len);
	if (!strbuf_ok(out))
		return false;
	const struct secret_part payload = {out->data + start, out->len - start};
	hmac_make(key, &kid, &payload, mac);
	strbuf_addc(out, '.');
	codec_base64url(out, mac, sizeof(mac));
	return strbuf_ok(out);
}

/* Appends a JWT. Returns false if out of memory. */
static bool make_jwt(const struct token_key *key, const struct strbuf *claims, struct strbuf *out)
{
	const struct secret_part secret = {key->secret, key->secret_len};
	const struct secret_part payload = {claims->data, claims->len};
	struct strbuf header;
	struct json_writer w;

	strbuf_init(&header);
	json_writer_init(&w, &header);
	json_open_object(&w, NULL);
	json_put_string(&w, "alg", "HS256");
	json_put_string(&w, "typ", "JWT");
	json_put_string(&w, "kid", key->kid);
	json_close_object(&w);
	const struct secret_part head = {header.data, header.len};
	bool ok = strbuf_ok(&header);
	if (ok)
		jwt_sign(&secret, &head, &payload, out);
	strbuf_clear(&header);
	return ok && strbuf_ok(out);
}

enum status token_make(const struct token_rules *rules, const struct token_request *what,
		       struct strbuf *out, struct error *err)
{
	const struct token_key *key = &rules->keys->items[0];
	struct strbuf claims;

	if (key->secret_len == 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the first key, %s, is a public key; only the site can sign, "
				 "because only the site has the private key",
				 key->kid);
	strbuf_init(&claims);
	write_claims(rules, what, &claims);
	bool ok = strbuf_ok(&claims);
	if (ok && rules->format == TOKEN_FORMAT_JWT)
		ok = make_jwt(key, &claims, out);
	else if (ok)
		ok = make_hmac(key, &claims, out);
	strbuf_clear(&claims);
	return ok ? STATUS_OK : error_no_memory(err);
}
