/*
 * page/device: whose cookie it is, until when, and that no other text is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "page/device.h"

#define NOW 1800000000

static const unsigned char key[SECRET_KEY_LEN] = "0123456789abcdef0123456789abcde";
static const unsigned char other_key[SECRET_KEY_LEN] = "1123456789abcdef0123456789abcde";

static int setup(void **state)
{
	(void)state;
	return secret_start(NULL) == STATUS_OK ? 0 : -1;
}

static void test_of_its_account_alone(void **state)
{
	char value[DEVICE_VALUE_MAX];
	char other[DEVICE_VALUE_MAX];

	(void)state;
	device_cookie_make(key, "alice", NOW, value);
	device_cookie_make(key, "alice", NOW, other);
	assert_string_not_equal(value, other);
	assert_true(device_cookie_check(key, "alice", NOW, value));
	assert_false(device_cookie_check(key, "bob", NOW, value));
	assert_false(device_cookie_check(key, "alic", NOW, value));
	assert_false(device_cookie_check(key, "", NOW, value));
	assert_false(device_cookie_check(other_key, "alice", NOW, value));
}

static void test_until_when(void **state)
{
	char value[DEVICE_VALUE_MAX];

	(void)state;
	device_cookie_make(key, "alice", NOW, value);
	assert_true(device_cookie_check(key, "alice", NOW + DEVICE_LIFE_S - 1, value));
	assert_false(device_cookie_check(key, "alice", NOW + DEVICE_LIFE_S, value));
	assert_true(device_cookie_check(key, "alice", NOW - 1000, value)); /* the clock went back */
}

static void test_no_other_text(void **state)
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

	(void)state;
	device_cookie_make(key, "alice", NOW, value);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(device_cookie_check(key, "alice", NOW, wrong[i]));
	for (size_t i = 0; value[i] != '\0'; i++) {
		snprintf(changed, sizeof changed, "%s", value);
		changed[i] = changed[i] == '1' ? '2' : '1';
		assert_false(device_cookie_check(key, "alice", NOW, changed));
		snprintf(changed, sizeof changed, "%.*s", (int)i, value);
		assert_false(device_cookie_check(key, "alice", NOW, changed));
	}
	snprintf(changed, sizeof changed, "%s=", value);
	assert_false(device_cookie_check(key, "alice", NOW, changed));
	snprintf(changed, sizeof changed, "0%s", value);
	assert_false(device_cookie_check(key, "alice", NOW, changed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_of_its_account_alone),
	    cmocka_unit_test(test_until_when),
	    cmocka_unit_test(test_no_other_text),
	};

	return cmocka_run_group_tests_name("device", tests, setup, NULL);
}
