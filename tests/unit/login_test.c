/*
 * identity/: provider `login` over a real database, and the rule from site users to JIDs.
 */
#include "unit.h"

#include "base/secret.h"
#include "account/jid_rule.h"
#include "identity/login_session.h"
#include "password/password.h"
#include "store/jid_map.h"
#include "users.h"

#define NOW 1800000000

struct fixture {
	char database[160];
	struct store *store;
	struct site_conf conf;
	char *providers[1];
	struct request req;
	char *cookie; /* what req has */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char hash[SECRET_HASH_MAX];

	assert_non_null(f);
	assert_ok(secret_start(ERR));
	unit_folder_make(NULL);
	snprintf(f->database, sizeof(f->database), "%s", unit_path("prebind.db"));
	const struct store_migration migration = {.location = {.database = f->database},
						  .site = "test"};
	assert_ok(store_migrate(&migration, NULL, ERR));
	assert_ok(
	    store_open(&(struct store_location){.database = f->database}, "test", &f->store, ERR));
	assert_ok(secret_password_hash("open sesame", hash, ERR));
	assert_ok(user_add(f->store, "alice", hash, NOW, ERR));
	f->providers[0] = (char *)"login";
	f->conf = (struct site_conf){
	    .session_cookie = (char *)"prebind",
	    .name = (char *)"test",
	    .database = f->database,
	    .identity = {.items = f->providers, .count = 1},
	    .jid = (char *)"{user}@example.org",
	    .tigase_user = (char *)"service@example.org",
	    .accounts = ACCOUNTS_ALL,
	    .session_idle_ms = 1800 * 1000L,
	    .session_absolute_ms = 43200 * 1000L,
	};
	f->req.remote_addr = (char *)"192.0.2.1";
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	free(f->cookie);
	free(f);
	return unit_folder_remove(NULL);
}

static struct identity_context context_at(struct fixture *f, int64_t now)
{
	return (struct identity_context){
	    .conf = &f->conf, .store = f->store, .req = &f->req, .now = now};
}

static void set_cookie(struct fixture *f, const char *name, const char *value)
{
	free(f->cookie);
	f->cookie = NULL;
	if (name != NULL)
		assert_true(asprintf(&f->cookie, "%s=%s", name, value) > 0);
	f->req.cookie = f->cookie;
}

static enum status try_login(struct fixture *f, const char *user, const char *password,
			     char token[SESSION_TOKEN_LEN + 1])
{
	struct identity_context context = context_at(f, NOW);
	struct login_attempt attempt = {.user = user, .password = password};

	return login_attempt(&context, &attempt, token, NULL);
}

static enum identity_verdict find_at(struct fixture *f, int64_t now)
{
	struct identity_context context = context_at(f, now);
	struct identity who = {0};

	enum identity_verdict verdict = identity_find(&context, &who, NULL);
	if (verdict == IDENTITY_YES) {
		assert_string_equal(who.user, "alice");
		assert_string_equal(who.source, "login");
		assert_string_equal(who.display_name, "");
		assert_non_null(who.session);
	}
	identity_clear(&who);
	return verdict;
}

FIXTURE(setup, teardown)

TEST(test_right_password_makes_a_session)
{
	struct fixture *f = *state;
	char token[SESSION_TOKEN_LEN + 1];

	assert_ok(try_login(f, "alice", "open sesame", token));
	assert_int_equal(strlen(token), SESSION_TOKEN_LEN);
	set_cookie(f, "__Host-prebind", token);
	assert_int_equal(find_at(f, NOW + 1), IDENTITY_YES);
	assert_int_equal(find_at(f, NOW + 43201), IDENTITY_NONE);
}

TEST(test_every_wrong_login_is_alike)
{
	static const struct {
		const char *user, *password;
	} wrong[] = {
	    {"alice",  "open sesam" },
            {"alice",  ""           },
	    {"alice",  "OPEN SESAME"},
            {"nobody", "open sesame"},
	    {"Alice",  "open sesame"},
            {"",       "open sesame"},
	    {"alice ", "open sesame"},
	};
	struct fixture *f = *state;
	char token[SESSION_TOKEN_LEN + 1] = "untouched";

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_status(try_login(f, wrong[i].user, wrong[i].password, token),
			      STATUS_BAD_CREDENTIALS);
	assert_string_equal(token, "untouched");
}

TEST(test_long_password_is_refused)
{
	struct fixture *f = *state;
	char password[PASSWORD_MAX + 2];
	char hash[SECRET_HASH_MAX];

	memset(password, 'x', PASSWORD_MAX);
	password[PASSWORD_MAX] = '\0';
	assert_ok(secret_password_hash(password, hash, ERR));
	assert_ok(password_verify(hash, password, ERR));
	strcat(password, "x");
	assert_status(password_verify(hash, password, NULL), STATUS_BAD_CREDENTIALS);
	assert_ok(user_add(f->store, "empty", "", NOW, ERR));
	assert_status(password_verify("", "", NULL), STATUS_BAD_CREDENTIALS);
	assert_status(password_verify(NULL, "open sesame", NULL), STATUS_BAD_CREDENTIALS);
}

TEST(test_disabled_user_is_out_at_once)
{
	struct fixture *f = *state;
	char token[SESSION_TOKEN_LEN + 1];

	assert_ok(try_login(f, "alice", "open sesame", token));
	set_cookie(f, "__Host-prebind", token);
	assert_ok(user_set_disabled(f->store, "alice", true, ERR));
	assert_int_equal(find_at(f, NOW + 1), IDENTITY_NONE);
	assert_status(try_login(f, "alice", "open sesame", token), STATUS_BAD_CREDENTIALS);
	assert_ok(user_set_disabled(f->store, "alice", false, ERR));
	assert_ok(try_login(f, "alice", "open sesame", token));
}

TEST(test_strange_cookies_are_nobody)
{
	struct fixture *f = *state;
	char token[SESSION_TOKEN_LEN + 1];
	char *twice, *two;

	assert_int_equal(find_at(f, NOW), IDENTITY_NONE);
	set_cookie(f, "__Host-prebind", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_int_equal(find_at(f, NOW), IDENTITY_NONE);
	set_cookie(f, "__Host-prebind", "short");
	assert_int_equal(find_at(f, NOW), IDENTITY_NONE);
	assert_ok(try_login(f, "alice", "open sesame", token));
	set_cookie(f, "prebind-insecure", token);
	assert_int_equal(find_at(f, NOW), IDENTITY_NONE);
	assert_true(asprintf(&twice, "%s; __Host-prebind=%s", token, token) > 0);
	set_cookie(f, "__Host-prebind", twice);
	assert_int_equal(find_at(f, NOW), IDENTITY_YES);
	free(twice);
	assert_true(asprintf(&two, "%s; __Host-prebind=%.42s_", token, token) > 0);
	set_cookie(f, "__Host-prebind", two);
	assert_int_equal(find_at(f, NOW), IDENTITY_BAD);
	free(two);
}

TEST(test_unusable_database_is_an_error)
{
	struct fixture *f = *state;
	char token[SESSION_TOKEN_LEN + 1];
	struct identity who = {0};

	assert_ok(try_login(f, "alice", "open sesame", token));
	set_cookie(f, "__Host-prebind", token);
	store_close(f->store);
	FILE *file = fopen(f->database, "r+");
	assert_non_null(file);
	for (int i = 0; i < 8192; i++)
		fputc('x', file);
	fclose(file);
	unlink(unit_path("prebind.db-wal"));
	f->store = NULL;
	assert_status(
	    store_open(&(struct store_location){.database = f->database}, "test", &f->store, ERR),
	    STATUS_UNAVAILABLE);
	assert_null(f->store);
	identity_clear(&who);
}

static void set_row(struct fixture *f, const char *user, const char *localpart)
{
	struct jid_map_row row = {
	    .source = (char *)"login",
	    .user = (char *)user,
	    .localpart = (char *)localpart,
	    .domain = (char *)"example.org",
	};

	assert_ok(jid_map_set(f->store, &row, ERR));
}

/* That it led to this account (NULL: to none). Clears it. */
static void assert_account(enum status status, struct jid *jid, const char *expected)
{
	assert_int_equal(status, expected != NULL ? STATUS_OK : STATUS_NO_CHAT_ACCOUNT);
	if (expected == NULL) {
		assert_null(jid->localpart);
		return;
	}
	char *text = jid_bare_text(jid);
	assert_string_equal(text, expected);
	free(text);
	jid_clear(jid);
}

static void assert_jid(struct fixture *f, const char *user, const char *expected)
{
	struct jid jid = {0};
	struct error err = {0};

	assert_account(jid_rule_apply(&f->conf, f->store, "login", user, &jid, &err), &jid,
		       expected);
	if (expected == NULL)
		assert_holds(err.text, "prebindctl map set");
}

TEST(test_rule)
{
	struct fixture *f = *state;

	assert_jid(f, "alice", "alice@example.org");
	assert_jid(f, "alice smith", "alice\\20smith@example.org");
	assert_jid(f, "alice@elsewhere.org", "alice\\40elsewhere.org@example.org");
	assert_jid(f, "Alice", NULL);
	assert_jid(f, "", NULL);
	f->conf.jid = (char *)"{user|lower}@example.org";
	assert_jid(f, "Alice", "alice@example.org");
}

TEST(test_map_wins_and_its_accounts_are_taken)
{
	struct fixture *f = *state;

	set_row(f, "carol", "alice");
	assert_jid(f, "carol", "alice@example.org");
	assert_jid(f, "alice", NULL); /* by the rule it would be carol's account */
	set_row(f, "alice", "alice2");
	assert_jid(f, "alice", "alice2@example.org");
	f->conf.accounts = ACCOUNTS_MAP;
	assert_jid(f, "alice", "alice2@example.org");
	assert_jid(f, "dave", NULL);
}

static void assert_identity_jid(struct fixture *f, const char *user, const char *jid,
				const char *expected)
{
	struct identity who = {.source = "login", .user = (char *)user, .jid = (char *)jid};
	struct jid out = {0};

	assert_account(jid_rule_identity(&f->conf, f->store, &who, &out, NULL), &out, expected);
}

TEST(test_site_knows_the_jid)
{
	struct fixture *f = *state;

	assert_identity_jid(f, "alice", "", "alice@example.org");
	assert_identity_jid(f, "alice", "al@example.org", "al@example.org");
	assert_identity_jid(f, "alice", "AL@Example.ORG", "al@example.org");
	assert_identity_jid(f, "alice", "al@example.org/phone", NULL);
	assert_identity_jid(f, "alice", "al@elsewhere.org", NULL);
	assert_identity_jid(f, "alice", "example.org", NULL);
	assert_identity_jid(f, "alice", "rubbish", NULL);
	set_row(f, "carol", "al");
	assert_identity_jid(f, "alice", "al@example.org", NULL); /* carol's, by her row */
	assert_identity_jid(f, "carol", "other@example.org", "al@example.org");
	f->conf.accounts = ACCOUNTS_MAP;
	assert_identity_jid(f, "carol", "other@example.org", "al@example.org");
	assert_identity_jid(f, "alice", "free@example.org", NULL);
}

/* A login that brings along what it knows; expected NULL: refused, with that in the sentence. */
static void assert_login(struct fixture *f, const struct identity *who, const char *expected,
			 const char *says)
{
	struct jid jid = {0};
	struct error err = {0};

	assert_account(jid_rule_identity(&f->conf, f->store, who, &jid, &err), &jid, expected);
	if (expected == NULL)
		assert_holds(err.text, says);
}

#define LOGIN(...)  (&(const struct identity){.source = "token", .jid = (char *)"", __VA_ARGS__})
#define USER(text)  .user = (char *)(text)
#define EMAIL(text) .email = (char *)(text)
#define ID(text)    .id = (char *)(text)

TEST(test_rules_of_email_and_id)
{
	struct fixture *f = *state;

	f->conf.jid = (char *)"{email}@example.org";
	assert_login(f, LOGIN(USER("Ann"), EMAIL("ann.o'hara@shop.test")),
		     "ann.o\\27hara\\40shop.test@example.org", NULL);
	assert_login(f, LOGIN(USER("Ann"), EMAIL("Ann@shop.test")), NULL, "prebindctl map set");
	assert_login(f, LOGIN(USER("Ann"), EMAIL("")), NULL,
		     "the identity provider did not return the e-mail address");
	assert_login(f, LOGIN(USER("Ann")), NULL,
		     "the identity provider did not return the e-mail address");
	f->conf.jid = (char *)"{id}@example.org";
	assert_login(f, LOGIN(USER("Ann"), ID("4711")), "4711@example.org", NULL);
	assert_login(f, LOGIN(USER("Ann"), EMAIL("a@b.test")), NULL,
		     "the identity provider did not return the id");
	set_row(f, "Bea", "4712");
	assert_login(f, LOGIN(USER("Zoe"), ID("4712")), NULL,
		     "the JID map assigns this account to 'Bea'");
}

TEST(test_two_users_one_address)
{
	struct fixture *f = *state;
	const char *account = "a\\40shop.test@example.org";

	f->conf.jid = (char *)"{email}@example.org";
	for (int i = 0; i < 2; i++) {
		assert_login(f, LOGIN(USER("Ann"), EMAIL("a@shop.test")), account, NULL);
		assert_login(f, LOGIN(USER("Bob"), EMAIL("a@shop.test")), NULL,
			     "already belongs to user:Ann");
	}
	/* an id goes with the user, whatever the name; and a name is not an id */
	assert_login(f, LOGIN(USER("Cyd"), EMAIL("c@shop.test"), ID("7")),
		     "c\\40shop.test@example.org", NULL);
	assert_login(f, LOGIN(USER("Cynthia"), EMAIL("c@shop.test"), ID("7")),
		     "c\\40shop.test@example.org", NULL);
	assert_login(f, LOGIN(USER("Cyd"), EMAIL("c@shop.test"), ID("8")), NULL,
		     "already belongs to id:7");
	assert_login(f, LOGIN(USER("id:7"), EMAIL("c@shop.test")), NULL, "already belongs to id:7");
	/* the operator's word counts more */
	struct jid_map_row row = {.source = (char *)"token",
				  .user = (char *)"Bob",
				  .localpart = (char *)"a\\40shop.test",
				  .domain = (char *)"example.org"};
	assert_ok(jid_map_set(f->store, &row, ERR));
	assert_login(f, LOGIN(USER("Bob"), EMAIL("a@shop.test")), account, NULL);
	assert_login(f, LOGIN(USER("Ann"), EMAIL("a@shop.test")), NULL,
		     "the JID map assigns this account to 'Bob'");
}

TEST(test_two_users_one_jid_of_the_site)
{
	struct fixture *f = *state;
	const struct identity ann = {
	    .source = "token", .user = (char *)"Ann", .jid = (char *)"team@example.org"};
	const struct identity bob = {
	    .source = "token", .user = (char *)"Bob", .jid = (char *)"Team@example.org"};

	assert_login(f, &ann, "team@example.org", NULL);
	assert_login(f, &bob, NULL, "already belongs to user:Ann");
}

TEST(test_denied)
{
	struct fixture *f = *state;
	char *words[] = {(char *)"Admin", (char *)"boss@example.org", (char *)"x@elsewhere.org"};

	f->conf.deny_jids = (struct conf_list){.items = words, .count = 3};
	f->conf.jid = (char *)"{user|lower}@example.org";
	assert_login(f, LOGIN(USER("admin")), NULL, "deny_jids");
	assert_login(f, LOGIN(USER("ADMIN")), NULL, "deny_jids");
	assert_login(f, LOGIN(USER("Boss")), NULL, "deny_jids");
	assert_login(f, LOGIN(USER("x")), "x@example.org", NULL);
	assert_login(f, LOGIN(USER("administrator")), "administrator@example.org", NULL);
	assert_login(f, LOGIN(USER("Service")), NULL, "account (tigase_user)");
	const struct identity by_site = {
	    .source = "token", .user = (char *)"ann", .jid = (char *)"boss@example.org"};
	assert_login(f, &by_site, NULL, "deny_jids");
	struct jid_map_row row = {.source = (char *)"token",
				  .user = (char *)"ann",
				  .localpart = (char *)"service",
				  .domain = (char *)"example.org"};
	assert_ok(jid_map_set(f->store, &row, ERR));
	assert_login(f, LOGIN(USER("ann")), NULL, "account (tigase_user)");
	f->conf.deny_jids.count = 0;
	assert_login(f, LOGIN(USER("admin")), "admin@example.org", NULL);
}

static void assert_site_refused(struct fixture *f, const char *provider, const char *says)
{
	char *names[] = {(char *)provider};
	struct error err = {0};

	f->conf.identity = (struct conf_list){.items = names, .count = 1};
	assert_int_equal(jid_rule_check_site(&f->conf, &err),
			 says != NULL ? STATUS_BAD_REQUEST : STATUS_OK);
	if (says != NULL)
		assert_holds(err.text, says);
}

TEST(test_rule_and_provider)
{
	struct fixture *f = *state;
	char *origins[] = {(char *)"https://shop.test"};
	char *words[] = {(char *)"a b@"};

	f->conf.jid = (char *)"{email}@example.org";
	assert_site_refused(f, "login", "which the provider login does not return");
	assert_site_refused(f, "remote_user", "which the provider remote_user does not return");
	assert_site_refused(f, "php_session", "which the provider php_session does not return");
	assert_site_refused(f, "site_session", NULL);
	assert_site_refused(f, "token", NULL);
	f->conf.token_origins = (struct conf_list){.items = origins, .count = 1};
	assert_site_refused(f, "token", "keeps only the user's name");
	f->conf.jid = (char *)"{user}@example.org";
	assert_site_refused(f, "token", NULL);
	assert_site_refused(f, "login", NULL);
	f->conf.deny_jids = (struct conf_list){.items = words, .count = 1};
	assert_site_refused(f, "login", "deny_jids: 'a b@'");
	f->conf.deny_jids.count = 0;
}

TEST(test_rule_check)
{
	static const char *const wrong[] = {
	    "", "{user}", "{user}@", "alice@example.org", "{user}@a b", "{User}@x.org"};

	assert_ok(jid_rule_check("{user}@example.org", ERR));
	assert_ok(jid_rule_check("{user|lower}@localhost", ERR));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_status(jid_rule_check(wrong[i], ERR), STATUS_BAD_REQUEST);
}

TEST(test_unknown_provider_is_an_error)
{
	struct fixture *f = *state;
	struct identity_context context = context_at(f, NOW);
	struct identity who = {0};

	f->providers[0] = (char *)"oracle";
	assert_int_equal(identity_find(&context, &who, NULL), IDENTITY_ERROR);
	assert_null(identity_provider_named("oracle"));
	assert_ptr_equal(identity_provider_named("login"), &login_session_provider);
}
