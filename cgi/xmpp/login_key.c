/*
 * Reads a key from text: base64url, or the "k" of a JWK. Errors never quote the text, because it
 * may be a key.
 */
#include "xmpp/login_key.h"

#include <string.h>

#include "base/codec.h"
#include "base/json.h"

#define MAKE_ONE "make one with: head -c 32 /dev/urandom | basenc --base64url | tr -d ="

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
				 "the key begins as a JWK, and is not valid JSON in one line");
	const char *kind = json_string(json_member(root, "kty"));
	const char *key = json_string(json_member(root, "k"));
	enum status status;
	if (kind == NULL || strcmp(kind, "oct") != 0 || key == NULL)
		status =
		    error_set(err, STATUS_BAD_REQUEST,
			      "the key is a JWK, but not of the kind {\"kty\":\"oct\",\"k\":…}");
	else
		status = base64url_key(key, out, err);
	json_free(root);
	return status;
}

enum status login_key_parse(const char *text, struct strbuf *out, struct error *err)
{
	return text[0] == '{' ? jwk_key(text, out, err) : base64url_key(text, out, err);
}
