/*
 * identity/guest_cookie: whose cookie it is, until when, and that no other text is one.
 */
#include "unit.h"

#include <stdio.h>

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
