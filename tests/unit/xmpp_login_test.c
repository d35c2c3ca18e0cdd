/*
 * What an XMPP server is told: whose account is that, does the password hold, over a real database.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "base/secret.h"
#include "account/jid_rule.h"
#include "account/xmpp_login.h"
#include "store/jid_map.h"
#include "store_fixture.h"
#include "xmpp/login_token.h"
#include "users.h"

#define NOW      ((int64_t)time(NULL))
#define PASSWORD "open sesame"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct place {
	struct fixture *base;
	char key_file[96];
	char *providers[2];
	struct site_conf conf;
	struct xmpp_login *login;
};

static const unsigned char key_bytes[32]; /* all nought */

static void add_user(struct place *p, const char *name)
{
	static char hash[SECRET_HASH_MAX];

	if (hash[0] == '\0')
		assert_int_equal(secret_password_hash(PASSWORD, hash, NULL), STATUS_OK);
	assert_int_equal(user_add(p->base->store, name, hash, NOW, NULL), STATUS_OK);
}

static void map(struct place *p, const char *source, const char *user, const char *localpart)
{
	const struct jid_map_row row = {
	    .source = (char *)source,
	    .user = (char *)user,
	    .localpart = (char *)localpart,
	    .domain = (char *)"example.org",
	};

	assert_int_equal(jid_map_set(p->base->store, &row, NULL), STATUS_OK);
}

static void reopen(struct place *p)
{
	struct error err = {0};

	xmpp_login_close(p->login);
	p->login = NULL;
	if (xmpp_login_open(&p->conf, &p->login, &err) != STATUS_OK)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	assert_int_equal(secret_start(NULL), STATUS_OK);
	fixture_store((void **)&p->base);
	snprintf(p->key_file, sizeof p->key_file, "%s/key", p->base->dir);
	int fd = open(p->key_file, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 44), 44);
	close(fd);
	p->providers[0] = (char *)"login";
	p->providers[1] = (char *)"remote_user";
	p->conf = (struct site_conf){
	    .name = (char *)"test",
	    .database = p->base->path,
	    .identity = {.items = p->providers, .count = 1        },
	    .jid = (char *)"{user}@example.org",
	    .tigase_user = (char *)"service@example.org",
	    .accounts = ACCOUNTS_ALL,
	    .limit_login = {.count = 3,            .period_ms = 60000},
	    .bosh_token_key_file = p->key_file,
	};
	add_user(p, "alice");
	add_user(p, "d'artagnan");
	reopen(p);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	void *base = p->base;

	xmpp_login_close(p->login);
	free(p);
	return fixture_remove(&base);
}

static struct jid jid_of(const char *localpart)
{
	struct jid jid = {0};

	assert_int_equal(jid_make(localpart, "example.org", NULL, &jid, NULL), STATUS_OK);
	return jid;
}

static enum status check_at(struct place *p, const char *localpart, const char *password,
			    int64_t now, struct error *err)
{
	struct jid jid = jid_of(localpart);
	enum status status = xmpp_login_check(p->login, &jid, password, now, err);

	jid_clear(&jid);
	return status;
}

static enum status check(struct place *p, const char *localpart, const char *password)
{
	return check_at(p, localpart, password, NOW, NULL);
}

static enum status exists(struct place *p, const char *localpart)
{
	struct jid jid = jid_of(localpart);
	enum status status = xmpp_login_exists(p->login, &jid, NULL);

	jid_clear(&jid);
	return status;
}

/* A token that ends in a minute; n makes it another one. */
static const char *token(char text[LOGIN_TOKEN_MAX + 1], const char *localpart, unsigned char n)
{
	const struct secret_part key = {key_bytes, sizeof key_bytes};
	const unsigned char nonce[LOGIN_TOKEN_NONCE_BYTES] = {n};
	const struct login_token what = {
	    .user = localpart, .host = "example.org", .expiry = NOW + 60};

	assert_int_equal(login_token_make(&key, &what, nonce, text, NULL), STATUS_OK);
	return text;
}

static void passwords(void **state)
{
	struct place *p = *state;

	assert_int_equal(check(p, "alice", PASSWORD), STATUS_OK);
	assert_int_equal(check(p, "alice", PASSWORD), STATUS_OK);
	assert_int_equal(check(p, "d\\27artagnan", PASSWORD), STATUS_OK);
	assert_int_equal(check(p, "alice", "open"), STATUS_BAD_CREDENTIALS);
	assert_int_equal(check(p, "alice", ""), STATUS_BAD_CREDENTIALS);
	assert_int_equal(check(p, "bob", PASSWORD), STATUS_BAD_CREDENTIALS);
	assert_string_equal(xmpp_login_kind(p->login, PASSWORD), "password");
	assert_int_equal(user_set_disabled(p->base->store, "alice", true, NULL), STATUS_OK);
	assert_int_equal(check(p, "alice", PASSWORD), STATUS_BAD_CREDENTIALS);
	assert_int_equal(exists(p, "alice"), STATUS_OK);
}

static void too_many_wrong_passwords(void **state)
{
	struct place *p = *state;
	struct error err = {0};

	for (int i = 0; i < 3; i++)
		assert_int_equal(check(p, "alice", "wrong"), STATUS_BAD_CREDENTIALS);
	assert_int_equal(check_at(p, "alice", PASSWORD, NOW, &err), STATUS_SLOW_DOWN);
	assert_non_null(strstr(err.text, "limit login"));
	assert_int_equal(check(p, "d\\27artagnan", PASSWORD), STATUS_OK);
	assert_int_equal(check_at(p, "alice", PASSWORD, NOW + 21, NULL), STATUS_OK);
}

static void a_token_works_once(void **state)
{
	struct place *p = *state;
	struct error err = {0};
	char text[LOGIN_TOKEN_MAX + 1];

	assert_string_equal(xmpp_login_kind(p->login, token(text, "alice", 1)), "token");
	assert_int_equal(check(p, "alice", text), STATUS_OK);
	assert_int_equal(check_at(p, "alice", text, NOW, &err), STATUS_BAD_CREDENTIALS);
	assert_non_null(strstr(err.text, "used before"));
	reopen(p); /* another process */
	assert_int_equal(check(p, "alice", text), STATUS_BAD_CREDENTIALS);
	assert_int_equal(check(p, "alice", token(text, "alice", 2)), STATUS_OK);
	assert_int_equal(check(p, "d\\27artagnan", token(text, "alice", 3)),
			 STATUS_BAD_CREDENTIALS);
	assert_int_equal(check(p, "alice", text), STATUS_OK); /* nobody's try used it up */
	assert_int_equal(check_at(p, "alice", token(text, "alice", 4), NOW + 60, NULL),
			 STATUS_BAD_CREDENTIALS);
	/* a wrong token costs no login of the account */
	for (int i = 0; i < 5; i++)
		assert_int_equal(check(p, "alice", token(text, "bob", 5)), STATUS_BAD_CREDENTIALS);
	assert_int_equal(check(p, "alice", PASSWORD), STATUS_OK);
}

static void a_token_of_nobody(void **state)
{
	struct place *p = *state;
	struct error err = {0};
	char text[LOGIN_TOKEN_MAX + 1];

	assert_int_equal(check_at(p, "bob", token(text, "bob", 1), NOW, &err),
			 STATUS_BAD_CREDENTIALS);
	assert_int_equal(err.status, STATUS_BAD_CREDENTIALS);
	assert_non_null(strstr(err.text, "no site user"));
	assert_int_equal(user_set_disabled(p->base->store, "alice", true, NULL), STATUS_OK);
	assert_int_equal(check_at(p, "alice", token(text, "alice", 2), NOW, &err),
			 STATUS_BAD_CREDENTIALS);
	assert_non_null(strstr(err.text, "disabled"));

	p->conf.identity.count = 2; /* remote_user's names are not in the database */
	assert_int_equal(check(p, "bob", token(text, "bob", 1)), STATUS_OK);
	assert_int_equal(exists(p, "bob"), STATUS_NOT_FOUND);
	p->conf.accounts = ACCOUNTS_MAP;
	assert_int_equal(check(p, "bob", token(text, "bob", 3)), STATUS_BAD_CREDENTIALS);
	map(p, "remote_user", "Robert", "bob");
	assert_int_equal(check(p, "bob", token(text, "bob", 3)), STATUS_OK);
	assert_int_equal(exists(p, "bob"), STATUS_OK);
	assert_int_equal(check_at(p, "bob", PASSWORD, NOW, &err), STATUS_BAD_CREDENTIALS);
	assert_non_null(strstr(err.text, "another provider"));
}

static void without_a_key_there_are_no_tokens(void **state)
{
	struct place *p = *state;
	char text[LOGIN_TOKEN_MAX + 1];

	p->conf.bosh_token_key_file = (char *)"";
	reopen(p);
	assert_int_equal(check(p, "alice", token(text, "alice", 1)), STATUS_BAD_CREDENTIALS);
	assert_string_equal(xmpp_login_kind(p->login, text), "password");
	assert_int_equal(check(p, "alice", PASSWORD), STATUS_OK);
}

static void keys_that_cannot_be_used(void **state)
{
	struct place *p = *state;
	struct xmpp_login *login = NULL;
	struct error err = {0};

	assert_int_equal(chmod(p->key_file, 0644), 0);
	assert_int_equal(xmpp_login_open(&p->conf, &login, &err), STATUS_BAD_REQUEST);
	assert_non_null(strstr(err.text, "bosh_token_key_file"));
	assert_non_null(strstr(err.text, "chmod 600"));
	assert_int_equal(chmod(p->key_file, 0600), 0);
	assert_int_equal(truncate(p->key_file, 8), 0);
	assert_int_equal(xmpp_login_open(&p->conf, &login, &err), STATUS_BAD_REQUEST);
	assert_non_null(strstr(err.text, "has 6 bytes"));
	assert_null(login);
}

/* Whose account is it? By a row, by the rule backwards, or nobody's. */
static void owners(void **state)
{
	struct place *p = *state;
	static const char *const users[] = {"bob", "o@x", "back\\20slash", "Kate", "LEO", "leo"};
	static const struct {
		const char *rule, *localpart, *source, *user;
	} rows[] = {
	    {"{user}@example.org",       "alice",           "login",       "alice"        },
	    {"{user}@example.org",       "d\\27artagnan",   "login",       "d'artagnan"   },
	    {"{user}@example.org",       "o\\40x",          "login",       "o@x"          },
	    {"{user}@example.org",       "back\\5c20slash", "login",       "back\\20slash"},
	    {"{user}@example.org",       "back\\20slash",   NULL,          NULL           },
	    {"{user}@example.org",       "kate",            NULL,          NULL           },
	    {"{user|lower}@example.org", "kate",            "login",       "Kate"         },
	    {"{user|lower}@example.org", "alice",           "login",       "alice"        },
	    {"{user|lower}@example.org", "leo",             "login",       "leo"          },
	    {"{user}@example.org",       "mapped",          "login",       "bob"          },
	    {"{user}@example.org",       "bob",             "remote_user", "carol"        }, /* not bob's */
	    {"{user}@example.org",       "nobody",          NULL,          NULL           },
	    {"{user}@example.com",       "alice",           NULL,          NULL           },
	};

	for (size_t i = 0; i < COUNT(users); i++)
		add_user(p, users[i]);
	map(p, "login", "bob", "mapped");
	map(p, "remote_user", "carol", "bob");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jid jid = jid_of(rows[i].localpart);
		struct jid_owner owner = {0};

		p->conf.jid = (char *)rows[i].rule;
		enum status status = jid_rule_owner(&p->conf, p->base->store, &jid, &owner, NULL);
		if (rows[i].user == NULL) {
			assert_int_equal(status, STATUS_NOT_FOUND);
			assert_null(owner.user);
		} else {
			assert_int_equal(status, STATUS_OK);
			assert_string_equal(owner.source, rows[i].source);
			assert_string_equal(owner.user, rows[i].user);
		}
		jid_owner_clear(&owner);
		jid_clear(&jid);
	}
}

static void two_users_one_account(void **state)
{
	struct place *p = *state;
	struct jid jid = jid_of("max");
	struct jid_owner owner = {0};
	struct error err = {0};

	p->conf.jid = (char *)"{user|lower}@example.org";
	add_user(p, "Max");
	add_user(p, "MAX");
	assert_int_equal(jid_rule_owner(&p->conf, p->base->store, &jid, &owner, &err),
			 STATUS_CONFLICT);
	assert_non_null(strstr(err.text, "several site users"));
	assert_int_equal(check(p, "max", PASSWORD), STATUS_BAD_CREDENTIALS);
	assert_int_equal(exists(p, "max"), STATUS_OK);
	jid_clear(&jid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(passwords, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_many_wrong_passwords, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_token_works_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_token_of_nobody, setup, teardown),
	    cmocka_unit_test_setup_teardown(without_a_key_there_are_no_tokens, setup, teardown),
	    cmocka_unit_test_setup_teardown(keys_that_cannot_be_used, setup, teardown),
	    cmocka_unit_test_setup_teardown(owners, setup, teardown),
	    cmocka_unit_test_setup_teardown(two_users_one_account, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
