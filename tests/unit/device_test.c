/*
 * page/device: whose cookie it is, until when, and that no other text is one.
 */
#include "unit.h"

#include "page/device.h"

#define NOW 1800000000

static const unsigned char key[SECRET_KEY_LEN] = "0123456789abcdef0123456789abcde";
static const unsigned char other_key[SECRET_KEY_LEN] = "1123456789abcdef0123456789abcde";

GROUP(unit_secrets, NULL)

TEST(test_of_its_account_alone)
{
	char value[DEVICE_VALUE_MAX];
	char other[DEVICE_VALUE_MAX];

	device_cookie_make(key, "alice", NOW, value);
	device_cookie_make(key, "alice", NOW, other);
	assert_string_not_equal(value, other);
	assert_true(device_cookie_check(key, "alice", NOW, value));
	assert_false(device_cookie_check(key, "bob", NOW, value));
	assert_false(device_cookie_check(key, "alic", NOW, value));
	assert_false(device_cookie_check(key, "", NOW, value));
	assert_false(device_cookie_check(other_key, "alice", NOW, value));
}

TEST(test_until_when)
{
	char value[DEVICE_VALUE_MAX];

	device_cookie_make(key, "alice", NOW, value);
	assert_true(device_cookie_check(key, "alice", NOW + DEVICE_LIFE_S - 1, value));
	assert_false(device_cookie_check(key, "alice", NOW + DEVICE_LIFE_S, value));
	assert_true(device_cookie_check(key, "alice", NOW - 1000, value)); /* the clock went back */
}

TEST(test_no_other_text)
{
	static const char *const wrong[] = {"",
					    ".",
					    "..",
					    "1800000000",
					    "1800000000.",
					    "x.y.z",
					    "-1.AAAAAAAAAAAAAAAAAAAAAA.AAAA",
					    "99999999999999999999.AAAAAAAAAAAAAAAAAAAAAA.AAAA"};
	char value[DEVICE_VALUE_MAX];
	char changed[DEVICE_VALUE_MAX + 4];

	device_cookie_make(key, "alice", NOW, value);
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(device_cookie_check(key, "alice", NOW, wrong[i]));
	for (size_t i = 0; value[i] != '\0'; i++) {
		snprintf(changed, sizeof(changed), "%s", value);
		changed[i] = changed[i] == '1' ? '2' : '1';
		assert_false(device_cookie_check(key, "alice", NOW, changed));
		snprintf(changed, sizeof(changed), "%.*s", (int)i, value);
		assert_false(device_cookie_check(key, "alice", NOW, changed));
	}
	snprintf(changed, sizeof(changed), "%s=", value);
	assert_false(device_cookie_check(key, "alice", NOW, changed));
	snprintf(changed, sizeof(changed), "0%s", value);
	assert_false(device_cookie_check(key, "alice", NOW, changed));
}
