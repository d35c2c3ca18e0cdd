/*
 * The callers of /rest/adhoc/{jid} in the database.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/gateway.h"
#include "store_fixture.h"

static const struct gateway_caller shop = {
    .name = (char *)"shop",
    .password_hash = (char *)"$argon2id$1",
    .has_api_key = true,
    .api_key_hash = {1, [31] = 2},
    .domains = (char *)"example.org example.net",
    .addresses = (char *)"192.0.2.0/24",
    .created = 1700000000,
};
static const struct gateway_caller admin = {
    .name = (char *)"admin@example.org",
    .password_hash = (char *)"$argon2id$2",
    .domains = (char *)"example.org",
    .addresses = (char *)"",
    .created = 1700000001,
};

static void assert_same(const struct gateway_caller *a, const struct gateway_caller *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->password_hash, b->password_hash);
	assert_int_equal(a->has_api_key, b->has_api_key);
	if (a->has_api_key)
		assert_memory_equal(a->api_key_hash, b->api_key_hash, SECRET_SHA256_LEN);
	assert_string_equal(a->domains, b->domains);
	assert_string_equal(a->addresses, b->addresses);
	assert_int_equal(a->disabled, b->disabled);
	assert_int_equal(a->created, b->created);
}

static void test_add_find_delete(void **state)
{
	struct fixture *f = *state;
	struct gateway_caller found;
	struct error err;

	assert_int_equal(gateway_caller_find(f->store, "shop", &found, &err), STATUS_NOT_FOUND);
	assert_non_null(strstr(err.text, "shop"));
	assert_int_equal(gateway_caller_add(f->store, &shop, &err), STATUS_OK);
	assert_int_equal(gateway_caller_add(f->store, &admin, &err), STATUS_OK);
	assert_int_equal(gateway_caller_add(f->store, &shop, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.text, "already"));
	assert_int_equal(gateway_caller_find(f->store, "shop", &found, NULL), STATUS_OK);
	assert_same(&found, &shop);
	gateway_caller_clear(&found);
	assert_int_equal(gateway_caller_find(f->store, "admin@example.org", &found, NULL),
			 STATUS_OK);
	assert_same(&found, &admin);
	gateway_caller_clear(&found);
	gateway_caller_clear(&found);
	gateway_caller_clear(NULL);
	assert_int_equal(gateway_caller_find(f->store, "Shop", &found, NULL), STATUS_NOT_FOUND);
	assert_int_equal(gateway_caller_delete(f->store, "shop", NULL), STATUS_OK);
	assert_int_equal(gateway_caller_delete(f->store, "shop", &err), STATUS_NOT_FOUND);
	assert_int_equal(gateway_caller_find(f->store, "shop", &found, NULL), STATUS_NOT_FOUND);
}

static void test_change(void **state)
{
	struct fixture *f = *state;
	struct gateway_caller found;

	assert_int_equal(gateway_caller_set_password(f->store, "shop", "x", NULL),
			 STATUS_NOT_FOUND);
	assert_int_equal(gateway_caller_set_disabled(f->store, "shop", true, NULL),
			 STATUS_NOT_FOUND);
	assert_int_equal(gateway_caller_add(f->store, &shop, NULL), STATUS_OK);
	assert_int_equal(gateway_caller_set_password(f->store, "shop", "$argon2id$3", NULL),
			 STATUS_OK);
	assert_int_equal(gateway_caller_set_disabled(f->store, "shop", true, NULL), STATUS_OK);
	assert_int_equal(gateway_caller_find(f->store, "shop", &found, NULL), STATUS_OK);
	assert_string_equal(found.password_hash, "$argon2id$3");
	assert_true(found.disabled);
	gateway_caller_clear(&found);
	assert_int_equal(gateway_caller_set_disabled(f->store, "shop", false, NULL), STATUS_OK);
	assert_int_equal(gateway_caller_find(f->store, "shop", &found, NULL), STATUS_OK);
	assert_false(found.disabled);
	gateway_caller_clear(&found);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", "a b", "a:b", "a\nb", "\xff", " "};
	struct fixture *f = *state;
	struct gateway_caller caller = shop;
	char longest[GATEWAY_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		caller.name = (char *)bad[i];
		assert_int_equal(gateway_caller_add(f->store, &caller, NULL), STATUS_BAD_REQUEST);
	}
	memset(longest, 'a', sizeof longest);
	longest[GATEWAY_NAME_MAX + 1] = '\0';
	caller.name = longest;
	assert_int_equal(gateway_caller_add(f->store, &caller, NULL), STATUS_BAD_REQUEST);
	longest[GATEWAY_NAME_MAX] = '\0';
	assert_int_equal(gateway_caller_add(f->store, &caller, NULL), STATUS_OK);
}

static void collect(void *arg, const struct gateway_caller *caller)
{
	char *names = arg;

	strcat(strcat(names, caller->name), " ");
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	char names[64] = "";

	assert_int_equal(gateway_caller_list(f->store, collect, names, NULL), STATUS_OK);
	assert_string_equal(names, "");
	assert_int_equal(gateway_caller_add(f->store, &shop, NULL), STATUS_OK);
	assert_int_equal(gateway_caller_add(f->store, &admin, NULL), STATUS_OK);
	assert_int_equal(gateway_caller_list(f->store, collect, names, NULL), STATUS_OK);
	assert_string_equal(names, "admin@example.org shop ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_store, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_add_find_delete),
	    TEST(test_change),
	    TEST(test_names),
	    TEST(test_list),
	};

	assert_int_equal(secret_start(NULL), STATUS_OK);
	return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
