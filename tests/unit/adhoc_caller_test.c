/*
 * The callers of /rest/adhoc/{jid} in the database.
 */
#include "unit.h"

#include "store/adhoc_caller.h"
#include "store_fixture.h"

static const struct adhoc_caller shop = {
    .name = (char *)"shop",
    .password_hash = (char *)"$argon2id$1",
    .has_api_key = true,
    .api_key_hash = {1, [31] = 2},
    .domains = (char *)"example.org example.net",
    .addresses = (char *)"192.0.2.0/24",
    .created = 1700000000,
};
static const struct adhoc_caller admin = {
    .name = (char *)"admin@example.org",
    .password_hash = (char *)"$argon2id$2",
    .domains = (char *)"example.org",
    .addresses = (char *)"",
    .created = 1700000001,
};

static void assert_same(const struct adhoc_caller *a, const struct adhoc_caller *b)
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

GROUP(unit_secrets, NULL)

FIXTURE(fixture_store, fixture_remove)

TEST(test_add_find_delete)
{
	struct fixture *f = *state;
	struct adhoc_caller found;

	assert_fails(adhoc_caller_find(f->store, "shop", &found, ERR), STATUS_NOT_FOUND, "shop");
	assert_ok(adhoc_caller_add(f->store, &shop, ERR));
	assert_ok(adhoc_caller_add(f->store, &admin, ERR));
	assert_fails(adhoc_caller_add(f->store, &shop, ERR), STATUS_CONFLICT, "already");
	assert_ok(adhoc_caller_find(f->store, "shop", &found, ERR));
	assert_same(&found, &shop);
	adhoc_caller_clear(&found);
	assert_ok(adhoc_caller_find(f->store, "admin@example.org", &found, ERR));
	assert_same(&found, &admin);
	adhoc_caller_clear(&found);
	adhoc_caller_clear(&found);
	adhoc_caller_clear(NULL);
	assert_status(adhoc_caller_find(f->store, "Shop", &found, NULL), STATUS_NOT_FOUND);
	assert_ok(adhoc_caller_delete(f->store, "shop", ERR));
	assert_status(adhoc_caller_delete(f->store, "shop", ERR), STATUS_NOT_FOUND);
	assert_status(adhoc_caller_find(f->store, "shop", &found, NULL), STATUS_NOT_FOUND);
}

TEST(test_change)
{
	struct fixture *f = *state;
	struct adhoc_caller found;

	assert_status(adhoc_caller_set_password(f->store, "shop", "x", NULL), STATUS_NOT_FOUND);
	assert_status(adhoc_caller_set_disabled(f->store, "shop", true, NULL), STATUS_NOT_FOUND);
	assert_ok(adhoc_caller_add(f->store, &shop, ERR));
	assert_ok(adhoc_caller_set_password(f->store, "shop", "$argon2id$3", ERR));
	assert_ok(adhoc_caller_set_disabled(f->store, "shop", true, ERR));
	assert_ok(adhoc_caller_find(f->store, "shop", &found, ERR));
	assert_string_equal(found.password_hash, "$argon2id$3");
	assert_true(found.disabled);
	adhoc_caller_clear(&found);
	assert_ok(adhoc_caller_set_disabled(f->store, "shop", false, ERR));
	assert_ok(adhoc_caller_find(f->store, "shop", &found, ERR));
	assert_false(found.disabled);
	adhoc_caller_clear(&found);
}

TEST(test_names)
{
	static const char *const bad[] = {"", "a b", "a:b", "a\nb", "\xff", " "};
	struct fixture *f = *state;
	struct adhoc_caller caller = shop;
	char longest[ADHOC_CALLER_NAME_MAX + 2];

	for (size_t i = 0; i < COUNT(bad); i++) {
		caller.name = (char *)bad[i];
		assert_status(adhoc_caller_add(f->store, &caller, NULL), STATUS_BAD_REQUEST);
	}
	memset(longest, 'a', sizeof(longest));
	longest[ADHOC_CALLER_NAME_MAX + 1] = '\0';
	caller.name = longest;
	assert_status(adhoc_caller_add(f->store, &caller, NULL), STATUS_BAD_REQUEST);
	longest[ADHOC_CALLER_NAME_MAX] = '\0';
	assert_ok(adhoc_caller_add(f->store, &caller, ERR));
}

static void collect(void *arg, const struct adhoc_caller *caller)
{
	char *names = arg;

	strcat(strcat(names, caller->name), " ");
}

TEST(test_list)
{
	struct fixture *f = *state;
	char names[64] = "";

	assert_ok(adhoc_caller_list(f->store, collect, names, NULL));
	assert_string_equal(names, "");
	assert_ok(adhoc_caller_add(f->store, &shop, ERR));
	assert_ok(adhoc_caller_add(f->store, &admin, ERR));
	assert_ok(adhoc_caller_list(f->store, collect, names, NULL));
	assert_string_equal(names, "admin@example.org shop ");
}
