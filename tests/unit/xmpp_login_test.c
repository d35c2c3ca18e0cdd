/*
 * What an XMPP server is told: whose account is that, does the password hold, over a real database.
 */
#include "unit.h"

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
		assert_ok(secret_password_hash(PASSWORD, hash, ERR));
	assert_ok(user_add(p->base->store, name, hash, NOW, ERR));
}

static void map(struct place *p, const char *source, const char *user, const char *localpart)
{
	const struct jid_map_row row = {
	    .source = (char *)source,
	    .user = (char *)user,
	    .localpart = (char *)localpart,
	    .domain = (char *)"example.org",
	};

	assert_ok(jid_map_set(p->base->store, &row, ERR));
}

static void reopen(struct place *p)
{
	xmpp_login_close(p->login);
	p->login = NULL;
	assert_ok(xmpp_login_open(&p->conf, &p->login, ERR));
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_ok(secret_start(ERR));
	fixture_store((void **)&p->base);
	snprintf(p->key_file, sizeof(p->key_file), "%s/key", p->base->dir);
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

	assert_ok(jid_make(localpart, "example.org", NULL, &jid, ERR));
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
	const struct secret_part key = {key_bytes, sizeof(key_bytes)};
	const unsigned char nonce[LOGIN_TOKEN_NONCE_BYTES] = {n};
	const struct login_token what = {
	    .user = localpart, .host = "example.org", .expiry = NOW + 60};

	assert_ok(login_token_make(&key, &what, nonce, text, ERR));
	return text;
}

FIXTURE(setup, teardown)

TEST(passwords)
{
	struct place *p = *state;

	assert_ok(check(p, "alice", PASSWORD));
	assert_ok(check(p, "alice", PASSWORD));
	assert_ok(check(p, "d\\27artagnan", PASSWORD));
	assert_status(check(p, "alice", "open"), STATUS_BAD_CREDENTIALS);
	assert_status(check(p, "alice", ""), STATUS_BAD_CREDENTIALS);
	assert_status(check(p, "bob", PASSWORD), STATUS_BAD_CREDENTIALS);
	assert_string_equal(xmpp_login_kind(p->login, PASSWORD), "password");
	assert_ok(user_set_disabled(p->base->store, "alice", true, ERR));
	assert_status(check(p, "alice", PASSWORD), STATUS_BAD_CREDENTIALS);
	assert_ok(exists(p, "alice"));
}

TEST(too_many_wrong_passwords)
{
	struct place *p = *state;

	for (int i = 0; i < 3; i++)
		assert_status(check(p, "alice", "wrong"), STATUS_BAD_CREDENTIALS);
	assert_fails(check_at(p, "alice", PASSWORD, NOW, ERR), STATUS_SLOW_DOWN, "limit login");
	assert_ok(check(p, "d\\27artagnan", PASSWORD));
	assert_ok(check_at(p, "alice", PASSWORD, NOW + 21, ERR));
}

TEST(a_token_works_once)
{
	struct place *p = *state;
	char text[LOGIN_TOKEN_MAX + 1];

	assert_string_equal(xmpp_login_kind(p->login, token(text, "alice", 1)), "token");
	assert_ok(check(p, "alice", text));
	assert_fails(check_at(p, "alice", text, NOW, ERR), STATUS_BAD_CREDENTIALS, "used before");
	reopen(p); /* another process */
	assert_status(check(p, "alice", text), STATUS_BAD_CREDENTIALS);
	assert_ok(check(p, "alice", token(text, "alice", 2)));
	assert_status(check(p, "d\\27artagnan", token(text, "alice", 3)), STATUS_BAD_CREDENTIALS);
	assert_ok(check(p, "alice", text)); /* nobody's try used it up */
	assert_status(check_at(p, "alice", token(text, "alice", 4), NOW + 60, NULL),
		      STATUS_BAD_CREDENTIALS);
	/* a wrong token costs no login of the account */
	for (int i = 0; i < 5; i++)
		assert_status(check(p, "alice", token(text, "bob", 5)), STATUS_BAD_CREDENTIALS);
	assert_ok(check(p, "alice", PASSWORD));
}

TEST(a_token_of_nobody)
{
	struct place *p = *state;
	char text[LOGIN_TOKEN_MAX + 1];

	assert_status(check_at(p, "bob", token(text, "bob", 1), NOW, ERR), STATUS_BAD_CREDENTIALS);
	assert_int_equal(unit_error.status, STATUS_BAD_CREDENTIALS);
	assert_says("no site user");
	assert_ok(user_set_disabled(p->base->store, "alice", true, ERR));
	assert_fails(check_at(p, "alice", token(text, "alice", 2), NOW, ERR),
		     STATUS_BAD_CREDENTIALS, "disabled");

	p->conf.identity.count = 2; /* remote_user's names are not in the database */
	assert_ok(check(p, "bob", token(text, "bob", 1)));
	assert_status(exists(p, "bob"), STATUS_NOT_FOUND);
	p->conf.accounts = ACCOUNTS_MAP;
	assert_status(check(p, "bob", token(text, "bob", 3)), STATUS_BAD_CREDENTIALS);
	map(p, "remote_user", "Robert", "bob");
	assert_ok(check(p, "bob", token(text, "bob", 3)));
	assert_ok(exists(p, "bob"));
	assert_fails(check_at(p, "bob", PASSWORD, NOW, ERR), STATUS_BAD_CREDENTIALS,
		     "another provider");
}

TEST(without_a_key_there_are_no_tokens)
{
	struct place *p = *state;
	char text[LOGIN_TOKEN_MAX + 1];

	p->conf.bosh_token_key_file = (char *)"";
	reopen(p);
	assert_status(check(p, "alice", token(text, "alice", 1)), STATUS_BAD_CREDENTIALS);
	assert_string_equal(xmpp_login_kind(p->login, text), "password");
	assert_ok(check(p, "alice", PASSWORD));
}

TEST(keys_that_cannot_be_used)
{
	struct place *p = *state;
	struct xmpp_login *login = NULL;

	assert_int_equal(chmod(p->key_file, 0644), 0);
	assert_fails(xmpp_login_open(&p->conf, &login, ERR), STATUS_BAD_REQUEST,
		     "bosh_token_key_file");
	assert_says("chmod 600");
	assert_int_equal(chmod(p->key_file, 0600), 0);
	assert_int_equal(truncate(p->key_file, 8), 0);
	assert_fails(xmpp_login_open(&p->conf, &login, ERR), STATUS_BAD_REQUEST, "has 6 bytes");
	assert_null(login);
}

/* Whose account is it? By a row, by the rule backwards, or nobody's. */
TEST(owners)
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
			assert_status(status, STATUS_NOT_FOUND);
			assert_null(owner.user);
		} else {
			assert_ok(status);
			assert_string_equal(owner.source, rows[i].source);
			assert_string_equal(owner.user, rows[i].user);
		}
		jid_owner_clear(&owner);
		jid_clear(&jid);
	}
}

TEST(two_users_one_account)
{
	struct place *p = *state;
	struct jid jid = jid_of("max");
	struct jid_owner owner = {0};

	p->conf.jid = (char *)"{user|lower}@example.org";
	add_user(p, "Max");
	add_user(p, "MAX");
	assert_fails(jid_rule_owner(&p->conf, p->base->store, &jid, &owner, ERR), STATUS_CONFLICT,
		     "several site users");
	assert_status(check(p, "max", PASSWORD), STATUS_BAD_CREDENTIALS);
	assert_ok(exists(p, "max"));
	jid_clear(&jid);
}
