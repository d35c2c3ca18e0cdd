/*
 * Makes and checks device cookies. The value is ISSUED "." NONCE "." MAC. The MAC also covers the
 * name of the account, which is not in the cookie.
 */
#include "page/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

#define NONCE_BYTES   16
#define NONCE_LEN     22 /* in base64url characters */
#define ISSUED_DIGITS 12

/*
 * The start of the data for the MAC, with its NUL. Form tokens use the same key, but the data for
 * their MAC never starts like this.
 */
static const char domain[] = "prebind-device-v1";

/* Writes `head`, "." and the MAC to `out`. Sets `out` to "" and returns false if out of memory. */
static bool finish(const unsigned char key[SECRET_KEY_LEN], const char *account, const char *head,
		   char out[DEVICE_VALUE_MAX])
{
	const struct secret_part parts[] = {
	    {domain,  sizeof(domain)     },
	    {account, strlen(account) + 1}, /* includes the NUL, which no account contains */
	    {head,    strlen(head)       },
	};
	unsigned char mac[SECRET_SHA256_LEN];
	struct strbuf text;

	secret_hmac(mac, key, parts, sizeof(parts) / sizeof(parts[0]));
	strbuf_init(&text);
	strbuf_addf(&text, "%s.", head);
	codec_base64url(&text, mac, sizeof(mac));
	bool ok = strbuf_ok(&text) && text.len < DEVICE_VALUE_MAX;
	snprintf(out, DEVICE_VALUE_MAX, "%s", ok ? text.data : "");
	strbuf_clear(&text);
	return ok;
}

void device_cookie_make(const unsigned char key[SECRET_KEY_LEN], const char *account, int64_t now,
			char out[DEVICE_VALUE_MAX])
{
	unsigned char random[NONCE_BYTES];
	struct strbuf head;

	secret_random(random, sizeof(random));
	strbuf_init(&head);
	strbuf_addf(&head, "%lld.", (long long)now);
	codec_base64url(&head, random, sizeof(random));
	if (!strbuf_ok(&head) || !finish(key, account, head.data, out))
		out[0] = '\0';
	strbuf_clear(&head);
}

/*
 * Copies ISSUED "." NONCE from the value to `head`. To check the value, the caller passes `head` to
 * finish() and compares the result with the value.
 */
static bool read_head(const char *value, int64_t *issued, char head[DEVICE_VALUE_MAX])
{
	size_t digits = strspn(value, "0123456789");

	if (digits < 1 || digits > ISSUED_DIGITS || value[digits] != '.' ||
	    strnlen(value + digits + 1, NONCE_LEN + 1) <= NONCE_LEN)
		return false;
	*issued = strtoll(value, NULL, 10);
	snprintf(head, DEVICE_VALUE_MAX, "%.*s", (int)(digits + 1 + NONCE_LEN), value);
	return true;
}

bool device_cookie_check(const unsigned char key[SECRET_KEY_LEN], const char *account, int64_t now,
			 const char *value)
{
	char head[DEVICE_VALUE_MAX];
	char made[DEVICE_VALUE_MAX];
	int64_t issued;
	size_t len = strnlen(value, DEVICE_VALUE_MAX);

	if (len == DEVICE_VALUE_MAX || !read_head(value, &issued, head) ||
	    !finish(key, account, head, made))
		return false;
	return strlen(made) == len && secret_equal(made, value, len) &&
	       now - issued < DEVICE_LIFE_S;
}
