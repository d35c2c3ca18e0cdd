/*
 * Basic credentials, the check of a caller, and the cache of right passwords: what it holds, what
 * it no longer holds, and that it forgets the oldest.
 */
#include "unit.h"

#include "page/caller.h"
#include "store_fixture.h"
#include "web/basic_auth.h"

#define PASSWORD "correct horse"
#define API_KEY  "a-key"

/* ---- Basic ---- */

GROUP(unit_secrets, NULL)

TEST(test_basic)
{
	static const struct {
		const char *header;
		enum status status;
		const char *name, *password;
	} rows[] = {
	    {"Basic YWRtaW5AZXhhbXBsZS50ZXN0OmFkbWlucGFzcw==", STATUS_OK,             "admin@example.test",
	     "adminpass"											 },
	    {"basic  YTpiOmM=",				STATUS_OK,             "a",                  "b:c"},
	    {"Basic Og==",				     STATUS_OK,             "",                   ""   },
	    {"Basic YTrDqw==",				 STATUS_OK,             "a",                  "ë" },
	    {NULL,					     STATUS_LOGIN_REQUIRED, NULL,                 NULL },
	    {"",					       STATUS_LOGIN_REQUIRED, NULL,                 NULL },
	    {"Basic",					  STATUS_LOGIN_REQUIRED, NULL,                 NULL },
	    {"Bearer abc",				     STATUS_LOGIN_REQUIRED, NULL,                 NULL },
	    {"Basic YWRtaW4=",				 STATUS_BAD_REQUEST,    NULL,                 NULL }, /* no colon */
	    {"Basic !!!!",				     STATUS_BAD_REQUEST,    NULL,                 NULL },
	    {"Basic YTpi YTpi",				STATUS_BAD_REQUEST,    NULL,                 NULL },
	    {"Basic YTr/",				     STATUS_BAD_REQUEST,    NULL,                 NULL }, /* not UTF-8 */
	    {"Basic YQA6Yg==",				 STATUS_BAD_REQUEST,    NULL,                 NULL }, /* a NUL */
	    {"Basic YTpiCg==",				 STATUS_BAD_REQUEST,    NULL,                 NULL }, /* a newline */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct basic_auth auth = {0};
		enum status status = basic_auth_read(rows[i].header, &auth, NULL);

		if (status != rows[i].status)
			fail_msg("%s: %s", rows[i].header, status_name(status));
		if (status == STATUS_OK) {
			assert_string_equal(auth.name, rows[i].name);
			assert_string_equal(auth.password, rows[i].password);
		}
		basic_auth_clear(&auth);
	}
}

/* ---- the cache ---- */

static struct adhoc_caller caller_named(const char *name, const char *hash)
{
	return (struct adhoc_caller){.name = (char *)name, .password_hash = (char *)hash};
}

TEST(test_cache)
{
	struct caller_cache *cache, *other;
	struct adhoc_caller shop = caller_named("shop", "$1"),
			    rehashed = caller_named("shop", "$2"),
			    bank = caller_named("bank", "$1"), joined = caller_named("sho", "p$1");

	assert_ok(caller_cache_new(&cache, ERR));
	assert_ok(caller_cache_new(&other, ERR));
	assert_false(caller_cache_holds(cache, &shop, PASSWORD));
	caller_cache_add(cache, &shop, PASSWORD);
	assert_true(caller_cache_holds(cache, &shop, PASSWORD));
	assert_false(caller_cache_holds(cache, &shop, PASSWORD "x"));
	assert_false(caller_cache_holds(cache, &shop, ""));
	assert_false(caller_cache_holds(cache, &rehashed, PASSWORD));
	assert_false(caller_cache_holds(cache, &bank, PASSWORD));
	assert_false(caller_cache_holds(cache, &joined, PASSWORD));
	assert_false(caller_cache_holds(other, &shop, PASSWORD));
	caller_cache_free(cache);
	caller_cache_free(other);
	caller_cache_free(NULL);
}

TEST(test_cache_is_bounded)
{
	struct caller_cache *cache;
	char names[CALLER_CACHE_MAX + 1][16];
	struct adhoc_caller caller = {.password_hash = (char *)"$1"};

	assert_ok(caller_cache_new(&cache, ERR));
	for (int i = 0; i <= CALLER_CACHE_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "c%d", i);
		caller.name = names[i];
		caller_cache_add(cache, &caller, PASSWORD);
	}
	for (int i = 0; i <= CALLER_CACHE_MAX; i++) {
		caller.name = names[i];
		assert_int_equal(caller_cache_holds(cache, &caller, PASSWORD), i > 0);
	}
	caller_cache_free(cache);
}

/* ---- the check ---- */

struct check {
	struct fixture *f;
	struct caller_cache *cache;
	struct caller_claim claim;
};

static void add_caller(struct store *store, const char *hash)
{
	struct adhoc_caller caller = {.name = (char *)"shop",
				      .password_hash = (char *)hash,
				      .has_api_key = true,
				      .domains = (char *)"example.org example.net",
				      .addresses = (char *)"192.0.2.0/24 2001:db8::1"};

	secret_sha256(caller.api_key_hash, API_KEY, strlen(API_KEY));
	assert_ok(adhoc_caller_add(store, &caller, ERR));
}

static int check_setup(void **state)
{
	struct check *check = calloc(1, sizeof(*check));
	char hash[SECRET_HASH_MAX];
	void *fixture;

	fixture_store(&fixture);
	check->f = fixture;
	assert_ok(caller_cache_new(&check->cache, ERR));
	assert_ok(secret_password_hash(PASSWORD, hash, ERR));
	add_caller(check->f->store, hash);
	check->claim = (struct caller_claim){
	    .name = "shop", .password = PASSWORD, .api_key = API_KEY, .address = "192.0.2.7"};
	*state = check;
	return 0;
}

static int check_teardown(void **state)
{
	struct check *check = *state;
	void *fixture = check->f;

	caller_cache_free(check->cache);
	fixture_remove(&fixture);
	free(check);
	return 0;
}

static enum status ask(struct check *check, struct error *err)
{
	struct adhoc_caller caller = {0};
	enum status status =
	    caller_authenticate(check->cache, check->f->store, &check->claim, &caller, err);

	assert_int_equal(caller.name != NULL, status == STATUS_OK);
	adhoc_caller_clear(&caller);
	return status;
}

static void assert_refused(struct check *check, struct caller_claim claim, enum status status,
			   const char *why)
{
	struct caller_claim right = check->claim;
	struct error err = {0};

	check->claim = claim;
	assert_int_equal(ask(check, &err), status);
	if (strstr(err.text, why) == NULL)
		fail_msg("\"%s\" is not in: %s", why, err.text);
	check->claim = right;
}

FIXTURE(check_setup, check_teardown)

TEST(test_claims)
{
	struct check *check = *state;
	struct caller_claim claim = check->claim;

	assert_ok(ask(check, ERR));
	claim.name = "nobody";
	assert_refused(check, claim, STATUS_BAD_CREDENTIALS, "does not exist");
	claim = check->claim;
	claim.password = "wrong";
	assert_refused(check, claim, STATUS_BAD_CREDENTIALS, "wrong password");
	claim = check->claim;
	claim.api_key = NULL;
	assert_refused(check, claim, STATUS_FORBIDDEN, "an API key is required");
	claim.api_key = "another";
	assert_refused(check, claim, STATUS_FORBIDDEN, "is wrong");
	claim = check->claim;
	claim.address = "198.51.100.1";
	assert_refused(check, claim, STATUS_FORBIDDEN, "198.51.100.1");
	claim.address = "2001:db8::1";
	check->claim = claim;
	assert_ok(ask(check, ERR));
}

/*
 * A right password is in the cache from the first call on, and of no use once anything has changed.
 */
TEST(test_changes_count_at_once)
{
	struct check *check = *state;
	struct store *store = check->f->store;
	char hash[SECRET_HASH_MAX];

	assert_ok(ask(check, ERR));
	assert_ok(adhoc_caller_set_disabled(store, "shop", true, ERR));
	assert_refused(check, check->claim, STATUS_BAD_CREDENTIALS, "disabled");
	assert_ok(adhoc_caller_set_disabled(store, "shop", false, ERR));
	assert_ok(ask(check, ERR));
	assert_ok(secret_password_hash("another", hash, ERR));
	assert_ok(adhoc_caller_set_password(store, "shop", hash, ERR));
	assert_refused(check, check->claim, STATUS_BAD_CREDENTIALS, "wrong password");
	assert_ok(adhoc_caller_delete(store, "shop", ERR));
	assert_refused(check, check->claim, STATUS_BAD_CREDENTIALS, "does not exist");
}

/* The second check does not look at the hash at all: one that nothing matches is no hindrance. */
TEST(test_cache_spares_the_work)
{
	struct check *check = *state;
	struct adhoc_caller caller = caller_named("shop", "*");

	assert_ok(adhoc_caller_set_password(check->f->store, "shop", "*", ERR));
	assert_status(ask(check, NULL), STATUS_BAD_CREDENTIALS);
	caller_cache_add(check->cache, &caller, PASSWORD);
	assert_ok(ask(check, ERR));
}

FIXTURE(NULL, NULL)

TEST(test_domains)
{
	struct adhoc_caller caller = {.domains = (char *)"example.org example.net"};

	assert_true(caller_has_domain(&caller, "example.org"));
	assert_true(caller_has_domain(&caller, "example.net"));
	assert_false(caller_has_domain(&caller, "example"));
	assert_false(caller_has_domain(&caller, "org example"));
	assert_false(caller_has_domain(&caller, "example.org example.net"));
	assert_false(caller_has_domain(&caller, ""));
}
