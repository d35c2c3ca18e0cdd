/*
 * Reads a site's file of token keys, and the public keys to which the file points.
 */
#include "identity/token_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

static const char kid_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool token_kid_check(const char *kid, size_t len)
{
	if (len < 1 || len > TOKEN_KID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (kid[i] == '\0' || strchr(kid_letters, kid[i]) == NULL)
			return false;
	return true;
}

void token_keys_clear(struct token_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		public_key_free(keys->items[i].pem);
	secret_wipe(keys, sizeof(*keys));
}

const struct token_key *token_keys_find(const struct token_keys *keys, const char *kid, size_t len)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strlen(keys->items[i].kid) == len && memcmp(keys->items[i].kid, kid, len) == 0)
			return &keys->items[i];
	return NULL;
}

/* ---- one line ---- */

static enum status read_shared(const char *text, struct token_key *key, struct error *err)
{
	struct strbuf bytes;

	strbuf_init_secret(&bytes);
	enum status status = codec_base64url_decode(&bytes, text, strlen(text));
	if (status == STATUS_INTERNAL)
		error_no_memory(err);
	else if (status != STATUS_OK)
		error_set(err, STATUS_BAD_REQUEST,
			  "the key is neither base64url (no padding) nor the absolute path of a "
			  "public key");
	else if (bytes.len < TOKEN_KEY_LEN_MIN || bytes.len > TOKEN_KEY_LEN_MAX)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "the key has %zu bytes, but must have %d to %d; make one with: "
				   "openssl rand -base64 32 | tr '+/' '-_' | tr -d '='",
				   bytes.len, TOKEN_KEY_LEN_MIN, TOKEN_KEY_LEN_MAX);
	else {
		memcpy(key->secret, bytes.data, bytes.len);
		key->secret_len = bytes.len;
	}
	strbuf_clear(&bytes);
	return status;
}

static enum status read_public(const char *path, struct token_key *key, struct error *err)
{
	struct error why = {0};
	struct strbuf pem;

	strbuf_init(&pem);
	enum status status = secret_public_read(path, &pem, err);
	if (status == STATUS_OK) {
		status = public_key_parse(pem.data, pem.len, &key->pem, &why);
		if (status != STATUS_OK)
			error_set(err, status, "%s: %s", path, why.text);
	}
	strbuf_clear(&pem);
	return status;
}

/*
 * Returns true if the kid or the key is already in the list. One key with two kids is refused,
 * because its MAC covers the kid and the text without a separator. Some tokens could then be valid
 * with both kids.
 */
static bool is_there_already(const struct token_keys *keys, const struct token_key *key)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct token_key *other = &keys->items[i];
		if (strcmp(other->kid, key->kid) == 0)
			return true;
		if (key->secret_len > 0 && other->secret_len == key->secret_len &&
		    secret_equal(other->secret, key->secret, key->secret_len))
			return true;
	}
	return false;
}

static enum status read_key(const char *line, bool public_too, struct token_key *key,
			    struct error *err)
{
	const char *colon = strchr(line, ':');

	if (colon == NULL || !token_kid_check(line, (size_t)(colon - line)))
		return error_set(err, STATUS_BAD_REQUEST,
				 "the line is not KID:KEY, with a KID of 1 to %d letters, digits, "
				 "- and _; make a line with: echo \"k1:$(openssl rand -base64 32 | "
				 "tr '+/' '-_' | tr -d '=')\"",
				 TOKEN_KID_MAX);
	memcpy(key->kid, line, (size_t)(colon - line));
	if (colon[1] != '/')
		return read_shared(colon + 1, key, err);
	if (!public_too)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the line contains the path of a public key, which only "
				 "token_format = jwt accepts");
	return read_public(colon + 1, key, err);
}

static enum status add_line(struct token_keys *keys, const char *line, bool public_too,
			    struct error *err)
{
	struct token_key key = {0};
	enum status status = STATUS_OK;

	if (line[0] == '\0' || line[0] == '#')
		return status;
	if (keys->count == TOKEN_KEYS_MAX)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the file contains too many keys; remove the oldest so that at "
				 "most %d keys remain",
				 TOKEN_KEYS_MAX);
	status = read_key(line, public_too, &key, err);
	if (status == STATUS_OK && is_there_already(keys, &key))
		status = error_set(err, STATUS_BAD_REQUEST,
				   "this kid or this key is already in the file");
	if (status == STATUS_OK)
		keys->items[keys->count++] = key;
	else
		public_key_free(key.pem);
	secret_wipe(&key, sizeof(key));
	return status;
}

/* ---- the file ---- */

static enum status add_lines(struct token_keys *keys, const char *file, char *text, bool public_too,
			     struct error *err)
{
	struct error why = {0};
	int number = 0;
	enum status status = STATUS_OK;

	while (text != NULL && status == STATUS_OK) {
		char *line = strsep(&text, "\n");
		size_t len = strlen(line);
		number++;
		if (len > 0 && line[len - 1] == '\r')
			line[len - 1] = '\0';
		status = add_line(keys, line, public_too, &why);
	}
	if (status != STATUS_OK)
		return error_set(err, status, "%s:%d: %s", file, number, why.text);
	if (keys->count == 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: contains no key; add a line of the form KID:KEY", file);
	return STATUS_OK;
}

enum status token_keys_read(const char *file, bool public_too, struct token_keys *out,
			    struct error *err)
{
	struct token_keys keys = {0};
	struct strbuf text;

	strbuf_init_secret(&text);
	enum status status = secret_lines_read(file, &text, err);
	if (status == STATUS_OK)
		status = add_lines(&keys, file, text.data, public_too, err);
	if (status == STATUS_OK)
		*out = keys;
	else
		for (size_t i = 0; i < keys.count; i++)
			public_key_free(keys.items[i].pem);
	secret_wipe(&keys, sizeof(keys));
	strbuf_clear(&text);
	return status;
}
