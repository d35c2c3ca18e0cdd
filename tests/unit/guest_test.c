/*
 * identity/guest_cookie: whose cookie it is, until when, and that no other text is one.
 */
#include "unit.h"

#include <stdio.h>

#include "base/codec.h"
#include "base/strbuf.h"
#include "identity/guest_cookie.h"

#define NOW  1800000000
#define LIFE 3600

static const unsigned char key[SECRET_KEY_LEN] = "0123456789abcdef0123456789abcde";
static const unsigned char other_key[SECRET_KEY_LEN] = "1123456789abcdef0123456789abcde";

GROUP(unit_secrets, NULL)

static void make(struct guest *guest, const char *name, char value[GUEST_VALUE_MAX])
{
	guest_begin(guest, NOW);
	assert_ok(guest_name_set(guest, name, ERR));
	assert_true(guest_cookie_make(key, guest, value));
}

TEST(test_the_same_guest_comes_back)
{
	static const char *const names[] = {"", "Anna", "\u017bo\u00eb \U0001f600 \u674e", "a.b"};
	char value[GUEST_VALUE_MAX];
	struct guest guest, again;

	for (size_t i = 0; i < COUNT(names); i++) {
		make(&guest, names[i], value);
		assert_true(guest_cookie_read(key, value, NOW + 1, LIFE, &again));
		assert_string_equal(again.id, guest.id);
		assert_string_equal(again.name, names[i]);
		assert_int_equal(again.issued, NOW);
		assert_int_equal(strspn(value,
					"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-_."),
				 strlen(value));
	}
}

TEST(test_the_longest_name_fits)
{
	char name[GUEST_NAME_MAX + 2];
	char value[GUEST_VALUE_MAX];
	struct guest guest, again;

	memset(name, 'x', sizeof(name));
	name[GUEST_NAME_MAX + 1] = '\0';
	guest_begin(&guest, NOW);
	assert_status(guest_name_set(&guest, name, ERR), STATUS_BAD_REQUEST);
	assert_string_equal(guest.name, "");
	name[GUEST_NAME_MAX] = '\0';
	make(&guest, name, value);
	assert_true(guest_cookie_read(key, value, NOW, LIFE, &again));
	assert_string_equal(again.name, name);
}

TEST(test_names_that_deceive)
{
	static const char *const names[] = {"a\nb", "\u202enimda", "a\u200bb", "\xff", "a  b"};
	struct guest guest;

	guest_begin(&guest, NOW);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_status(guest_name_set(&guest, names[i], ERR), STATUS_BAD_REQUEST);
}

TEST(test_until_when)
{
	char value[GUEST_VALUE_MAX];
	struct guest guest;

	make(&guest, "", value);
	assert_true(guest_cookie_read(key, value, NOW + LIFE - 1, LIFE, &guest));
	assert_false(guest_cookie_read(key, value, NOW + LIFE, LIFE, &guest));
	assert_true(
	    guest_cookie_read(key, value, NOW - 1000, LIFE, &guest)); /* the clock went back */
	assert_false(guest_cookie_read(other_key, value, NOW, LIFE, &guest));
}

TEST(test_no_other_text)
{
	static const char *const wrong[] = {
	    "", ".", "...", "1800000000.0123456789abcdef..",
	    "x.0123456789abcdef..AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	char value[GUEST_VALUE_MAX];
	char changed[GUEST_VALUE_MAX + 4];
	struct guest guest;

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(guest_cookie_read(key, wrong[i], NOW, LIFE, &guest));
	make(&guest, "Anna", value);
	for (size_t i = 0; value[i] != '\0'; i++) {
		snprintf(changed, sizeof(changed), "%s", value);
		changed[i] = changed[i] == '1' ? '2' : '1';
		assert_false(guest_cookie_read(key, changed, NOW, LIFE, &guest));
		snprintf(changed, sizeof(changed), "%.*s", (int)i, value);
		assert_false(guest_cookie_read(key, changed, NOW, LIFE, &guest));
	}
	snprintf(changed, sizeof(changed), "%sA", value);
	assert_false(guest_cookie_read(key, changed, NOW, LIFE, &guest));
}

/* Whatever is signed was written by this program; another release may write other fields. */
TEST(test_signed_fields_that_are_none)
{
	static const struct {
		const char *fields;
		bool good;
	} rows[] = {
	    {"1800000000.0123456789abcdef.QW5uYQ",    true },
	    {"1800000000.0123456789abcdef.",          true },
	    {"1800000000.0123456789abcde",            false},
	    {"1800000000",			    false},
	    {"x.0123456789abcdef.QW5uYQ",             false},
	    {"1234567890123.0123456789abcdef.QW5uYQ", false},
	    {"1800000000.0123456789abcdef.?",         false},
	};
	static const char domain[] = "prebind-guest-v1";
	unsigned char mac[SECRET_SHA256_LEN];
	struct guest guest = {.id = "untouched"};
	struct strbuf value;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct secret_part parts[] = {
		    {domain,         sizeof(domain)        },
		    {rows[i].fields, strlen(rows[i].fields)},
		};

		secret_hmac(mac, key, parts, COUNT(parts));
		strbuf_init(&value);
		strbuf_addf(&value, "%s.", rows[i].fields);
		codec_base64url(&value, mac, sizeof(mac));
		if (guest_cookie_read(key, value.data, NOW, LIFE, &guest) != rows[i].good)
			fail_msg("%s", value.data);
		strbuf_clear(&value);
	}
	assert_string_equal(guest.id, "0123456789abcdef"); /* only a good one sets it */
}
