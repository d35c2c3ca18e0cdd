/*
 * The cookie's value is ISSUED "." ID "." NAME "." MAC, where NAME is in base64url.
 */
#include "identity/guest_cookie.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/name.h"
#include "base/strbuf.h"

#define ISSUED_DIGITS 12
#define MAC_LEN       CODEC_BASE64URL_LEN(SECRET_SHA256_LEN)

/*
 * The MAC covers this string with its NUL, then the fields. Other MACs use the same key, but their
 * data never begins with this string.
 */
static const char domain[] = "prebind-guest-v1";

void guest_begin(struct guest *guest, int64_t now)
{
	*guest = (struct guest){.issued = now};
	secret_random_hex(guest->id, GUEST_ID_BYTES);
}

enum status guest_name_set(struct guest *guest, const char *name, struct error *err)
{
	char *prepared = NULL;
	enum status status;

	if (name == NULL || name[strspn(name, " ")] == '\0') {
		guest->name[0] = '\0';
		return STATUS_OK;
	}
	status = name_prepare(name, "a guest's", GUEST_NAME_MAX, &prepared, err);
	if (status == STATUS_OK)
		snprintf(guest->name, sizeof(guest->name), "%s", prepared);
	free(prepared);
	return status;
}

/* Appends "." and the MAC of the text to the text. */
static void finish(const unsigned char key[SECRET_KEY_LEN], struct strbuf *text)
{
	const struct secret_part parts[] = {
	    {domain,     sizeof(domain)},
	    {text->data, text->len     },
	};
	unsigned char mac[SECRET_SHA256_LEN];

	secret_hmac(mac, key, parts, sizeof(parts) / sizeof(parts[0]));
	strbuf_addc(text, '.');
	codec_base64url(text, mac, sizeof(mac));
}

bool guest_cookie_make(const unsigned char key[SECRET_KEY_LEN], const struct guest *guest,
		       char out[GUEST_VALUE_MAX])
{
	struct strbuf text;

	strbuf_init_secret(&text);
	strbuf_addf(&text, "%lld.%s.", (long long)guest->issued, guest->id);
	codec_base64url(&text, (const unsigned char *)guest->name, strlen(guest->name));
	finish(key, &text);
	bool ok = strbuf_ok(&text) && text.len < GUEST_VALUE_MAX;
	snprintf(out, GUEST_VALUE_MAX, "%s", ok ? text.data : "");
	strbuf_clear(&text);
	return ok;
}

/* Reads the fields before the MAC. The caller has already verified the MAC. */
static bool fields_read(const char *value, size_t len, struct guest *out)
{
	size_t digits = strspn(value, "0123456789");
	const char *id = value + digits + 1, *name = id + GUEST_ID_LEN + 1;
	struct strbuf decoded;

	if (digits < 1 || digits > ISSUED_DIGITS || len < digits + 1 + GUEST_ID_LEN + 1)
		return false;
	*out = (struct guest){.issued = strtoll(value, NULL, 10)};
	memcpy(out->id, id, GUEST_ID_LEN);
	strbuf_init(&decoded);
	decoded.max = GUEST_NAME_MAX;
	bool ok = codec_base64url_decode(&decoded, name, len - (size_t)(name - value)) == STATUS_OK;
	if (ok)
		snprintf(out->name, sizeof(out->name), "%s", decoded.data);
	strbuf_clear(&decoded);
	return ok;
}

bool guest_cookie_read(const unsigned char key[SECRET_KEY_LEN], const char *value, int64_t now,
		       long life_s, struct guest *out)
{
	size_t len = strnlen(value, GUEST_VALUE_MAX);
	struct strbuf made;
	struct guest guest = {0};

	if (len == GUEST_VALUE_MAX || len <= MAC_LEN)
		return false;
	size_t head = len - MAC_LEN - 1;
	strbuf_init_secret(&made);
	strbuf_add(&made, value, head);
	finish(key, &made);
	bool ours = strbuf_ok(&made) && made.len == len && secret_equal(made.data, value, len);
	strbuf_clear(&made);
	if (!ours || !fields_read(value, head, &guest) || now - guest.issued >= life_s)
		return false;
	*out = guest;
	return true;
}
