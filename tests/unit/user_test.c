/*
 * Site users: names, hashes, switching off, and that whoever loses the login loses the sessions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/secret.h"
#include "store/jid_map.h"
#include "store/session.h"
#include "store/connection.h"
#include "store_fixture.h"
#include "users.h"

#define NOW 1700000000

static const struct session_life life = {.idle_s = 1800, .absolute_s = 43200};

static void add_session(struct store *store, const char *source, const char *user,
			char token[SESSION_TOKEN_LEN + 1])
{
	struct session_new what = {.source = source, .user = user, .now = NOW, .life = life};
	struct user known;
	struct error err;

	if (user_find(store, user, &known, &err) == STATUS_OK)
		what.password_hash = known.password_hash;
	else
		known = (struct user){0};
	if (session_create(store, &what, token, &err) != STATUS_OK)
		fixture_fail("session_create", &err);
	user_clear(&known);
}

static bool alive(struct store *store, const char *token)
{
	struct session session;

	if (session_find(store, token, NOW, &life, &session, NULL) != STATUS_OK)
		return false;
	session_clear(&session);
	return true;
}

static void test_add_and_find(void **state)
{
	struct fixture *f = *state;
	struct user user;
	struct error err;

	assert_int_equal(user_find(f->store, "alice", &user, &err), STATUS_NOT_FOUND);
	assert_non_null(strstr(err.text, "alice"));
	assert_int_equal(user_add(f->store, "alice", "$argon2id$x", NOW, &err), STATUS_OK);
	assert_int_equal(user_find(f->store, "alice", &user, &err), STATUS_OK);
	assert_true(user.id > 0);
	assert_string_equal(user.name, "alice");
	assert_string_equal(user.display_name, "");
	assert_string_equal(user.password_hash, "$argon2id$x");
	assert_false(user.disabled);
	user_clear(&user);
	user_clear(&user);
	user_clear(NULL);
}

static void test_taken(void **state)
{
	struct fixture *f = *state;
	struct user user;
	struct error err;

	assert_int_equal(user_add(f->store, "alice", "one", NOW, &err), STATUS_OK);
	assert_int_equal(user_add(f->store, "alice", "two", NOW, &err), STATUS_CONFLICT);
	assert_int_equal(err.status, STATUS_CONFLICT);
	assert_non_null(strstr(err.text, "\"alice\""));
	assert_int_equal(user_find(f->store, "alice", &user, &err), STATUS_OK);
	assert_string_equal(user.password_hash, "one");
	user_clear(&user);
}

/* The next user of that name is another person. */
static void test_delete_frees_the_account(void **state)
{
	struct fixture *f = *state;
	const struct jid_map_row row = {.source = (char *)"login",
					.user = (char *)"alice",
					.localpart = (char *)"zoe",
					.domain = (char *)"example.org"};
	struct jid_map_row found = {0};

	assert_int_equal(user_add(f->store, "alice", "h", NOW, NULL), STATUS_OK);
	assert_int_equal(jid_map_set(f->store, &row, NULL), STATUS_OK);
	assert_int_equal(user_delete(f->store, "alice", NULL), STATUS_OK);
	assert_int_equal(jid_map_find(f->store, "login", "alice", &found, NULL), STATUS_NOT_FOUND);
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	char longest[USER_NAME_MAX + 1], too_long[USER_NAME_MAX + 2];

	memset(longest, 'a', USER_NAME_MAX);
	longest[USER_NAME_MAX] = '\0';
	memset(too_long, 'a', USER_NAME_MAX + 1);
	too_long[USER_NAME_MAX + 1] = '\0';
	const struct {
		const char *name;
		enum status status;
	} cases[] = {
	    {"",			STATUS_BAD_REQUEST},
            {"a",                       STATUS_OK         },
	    {longest,                   STATUS_OK         },
            {too_long,                  STATUS_BAD_REQUEST},
	    {"a\nb",                    STATUS_BAD_REQUEST},
            {"a\x7f",                   STATUS_BAD_REQUEST},
	    {"\xff",                    STATUS_BAD_REQUEST},
            {"\xc0\xaf",                STATUS_BAD_REQUEST},
	    {"j\xc3\xb6rg",             STATUS_OK         },
            {"o'brien\"; DROP TABLE x", STATUS_OK         },
	    {"?1 :a %s",                STATUS_OK         },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct user user;
		struct error err;
		enum status status = user_add(f->store, cases[i].name, "h", NOW, &err);
		assert_int_equal(status, cases[i].status);
		status = user_find(f->store, cases[i].name, &user, &err);
		if (cases[i].status != STATUS_OK) {
			assert_int_equal(status, STATUS_NOT_FOUND);
			continue;
		}
		assert_int_equal(status, STATUS_OK);
		assert_string_equal(user.name, cases[i].name);
		user_clear(&user);
	}
}

/* "é" composed and decomposed is one user, under the composed name; letters in either case two. */
static void test_names_are_composed(void **state)
{
	static const char *const names[] = {"\xc3\xa9", "\xc3\x89", "Bob", "bob", "e"};
	struct fixture *f = *state;
	struct error err;
	struct user user;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(user_add(f->store, names[i], "", NOW, NULL), STATUS_OK);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(user_find(f->store, names[i], &user, NULL), STATUS_OK);
		assert_string_equal(user.name, names[i]);
		user_clear(&user);
	}
	assert_int_equal(user_find(f->store, "e\xcc\x81", &user, NULL), STATUS_OK);
	assert_string_equal(user.name, names[0]);
	user_clear(&user);
	assert_int_equal(user_add(f->store, "e\xcc\x81", "", NOW, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.text, names[0]));
	assert_int_equal(user_add(f->store, "o\xcc\x88", "", NOW, NULL), STATUS_OK);
	assert_int_equal(user_find(f->store, "\xc3\xb6", &user, NULL), STATUS_OK);
	assert_string_equal(user.name, "\xc3\xb6");
	user_clear(&user);
}

/* Each is refused, and the sentence says which character it is. */
static void test_names_nobody_can_see(void **state)
{
	static const struct {
		const char *name;
		const char *says;
	} cases[] = {
	    {"al\xe2\x80\xaeice",     "U+202E RIGHT-TO-LEFT OVERRIDE"                  },
	    {"alice\xe2\x80\x8b",     "U+200B ZERO WIDTH SPACE"                        },
	    {"al\xc2\xadice",         "U+00AD SOFT HYPHEN"                             },
	    {"\xef\xbb\xbf"
	     "alice",    "U+FEFF ZERO WIDTH NO-BREAK"                     },
	    {"al\xe2\x80\xa8ice",     "U+2028 LINE SEPARATOR"                          },
	    {"alice\xee\x80\x80",     "U+E000, which is for private"                   },
	    {"alice\xf3\xa0\x81\xa1", "U+E0061 TAG LATIN SMALL"                        },
	    {"alice\xef\xb8\x8f",     "U+FE0F VARIATION SELECTOR-16"                   },
	    {"alice\xe3\x85\xa4",     "U+3164 HANGUL FILLER"                           },
	    {"alice\xe2\xa0\x80",     "U+2800 BRAILLE PATTERN BLANK"                   },
	    {"al\xc2\xa0ice",         "U+00A0 NO-BREAK SPACE, which looks like a space"},
	    {"al\xe2\x80\x8dice",     "U+200D ZERO WIDTH JOINER"                       },
	    {"alice\xef\xb7\x90",     "U+FDD0, which is no character"                  },
	    {"al\nice",               "U+000A, which is a control"                     },
	    {" alice",                "begin or end with a space"                      },
	    {"alice ",                "begin or end with a space"                      },
	    {"al  ice",               "two spaces"				     },
	};
	/* in Persian the non-joiner shows; Hindi; an emoji; Hebrew */
	static const char *const good[] = {"\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae",
					   "\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8",
					   "\xf0\x9f\x98\x80", "\xd7\x93\xd7\x9f", "a b"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct error err = {0};

		assert_int_equal(user_add(f->store, cases[i].name, "", NOW, &err),
				 STATUS_BAD_REQUEST);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("\"%s\" does not say %s", err.text, cases[i].says);
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(user_add(f->store, good[i], "", NOW, NULL), STATUS_OK);
}

/* A user from before names were composed stays, and nobody new looks the same. */
static void test_old_names_stay(void **state)
{
	struct fixture *f = *state;
	struct connection *db;
	struct user user;

	assert_int_equal(store_begin(f->store, &db, NULL), STATUS_OK);
	const struct values old =
	    VALUES(as_text("e\xcc\x81"), as_text(""), as_integer(NOW), as_text("\xc3\xa9"));
	assert_int_equal(connection_run(db, QUERY_USER_ADD, old, NULL, NULL), STATUS_OK);
	assert_int_equal(store_end(f->store, db, STATUS_OK, NULL), STATUS_OK);
	assert_int_equal(user_find(f->store, "e\xcc\x81", &user, NULL), STATUS_OK);
	user_clear(&user);
	assert_int_equal(user_find(f->store, "\xc3\xa9", &user, NULL), STATUS_NOT_FOUND);
	assert_int_equal(user_add(f->store, "\xc3\xa9", "", NOW, NULL), STATUS_CONFLICT);
	assert_int_equal(user_add(f->store, "\xc3\x89", "", NOW, NULL), STATUS_OK);
}

/* The case of letters in every script. */
static void test_folded(void **state)
{
	static const struct {
		const char *name;
		const char *asked;
	} cases[] = {
	    {"\xc5\x81ukasz",                            "\xc5\x82ukasz"},
	    {"\xc3\x85SA",			       "\xc3\xa5sa"   },
	    {"\xd0\x94\xd0\xbc\xd0\xb8\xd1\x82\xd1\x80",
	     "\xd0\xb4\xd0\xbc\xd0\xb8\xd1\x82\xd1\x80"                 },
	    {"Bob",				      "bOB"          },
	};
	struct fixture *f = *state;
	struct user user;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct user_new again = {
		    .name = cases[i].asked, .password_hash = "", .now = NOW, .any_case = true};

		assert_int_equal(user_add(f->store, cases[i].name, "", NOW, NULL), STATUS_OK);
		assert_int_equal(user_find_folded(f->store, cases[i].asked, &user, NULL),
				 STATUS_OK);
		assert_string_equal(user.name, cases[i].name);
		user_clear(&user);
		assert_int_equal(user_create(f->store, &again, NULL), STATUS_CONFLICT);
	}
	assert_int_equal(user_add(f->store, "bob", "", NOW, NULL), STATUS_OK);
	assert_int_equal(user_find_folded(f->store, "BOB", &user, NULL), STATUS_CONFLICT);
}

static enum status set_password(struct store *store, const char *name, struct error *err)
{
	return user_set_password(store, name, "new", err);
}

static enum status rehash(struct store *store, const char *name, struct error *err)
{
	struct user user;
	enum status status = user_find(store, name, &user, err);

	if (status != STATUS_OK)
		return status;
	status = user_rehash(store, name, user.password_hash, "new", err);
	user_clear(&user);
	return status;
}

static enum status disable(struct store *store, const char *name, struct error *err)
{
	return user_set_disabled(store, name, true, err);
}

static enum status enable(struct store *store, const char *name, struct error *err)
{
	return user_set_disabled(store, name, false, err);
}

static const struct {
	enum status (*change)(struct store *store, const char *name, struct error *err);
	bool ends_sessions;
	bool deletes;
	bool disables;
	const char *hash;
} changes[] = {
    {.change = set_password, .ends_sessions = true, .hash = "new"},
    {.change = rehash,       .hash = "new"        },
    {.change = disable, .ends_sessions = true,      .disables = true,              .hash = "old"},
    {.change = enable,       .hash = "old"        },
    {.change = user_delete, .ends_sessions = true,       .deletes = true},
};

static void test_changes(void **state)
{
	struct fixture *f = *state;
	struct error err;

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		char name[16], mine[SESSION_TOKEN_LEN + 1], other_source[SESSION_TOKEN_LEN + 1];
		struct user user;
		snprintf(name, sizeof name, "user%zu", i);

		assert_int_equal(changes[i].change(f->store, name, &err), STATUS_NOT_FOUND);
		assert_non_null(strstr(err.text, name));
		assert_int_equal(user_add(f->store, name, "old", NOW, NULL), STATUS_OK);
		add_session(f->store, "login", name, mine);
		add_session(f->store, "token", name, other_source);
		assert_int_equal(changes[i].change(f->store, name, &err), STATUS_OK);
		assert_int_equal(alive(f->store, mine), !changes[i].ends_sessions);
		assert_true(alive(f->store, other_source)); /* another bob */

		enum status found = user_find(f->store, name, &user, NULL);
		assert_int_equal(found, changes[i].deletes ? STATUS_NOT_FOUND : STATUS_OK);
		if (found != STATUS_OK)
			continue;
		assert_string_equal(user.password_hash, changes[i].hash);
		assert_int_equal(user.disabled, changes[i].disables);
		user_clear(&user);
	}
}

static void test_change_leaves_others_alone(void **state)
{
	struct fixture *f = *state;
	char bob[SESSION_TOKEN_LEN + 1];
	struct user user;

	assert_int_equal(user_add(f->store, "alice", "a", NOW, NULL), STATUS_OK);
	assert_int_equal(user_add(f->store, "bob", "b", NOW, NULL), STATUS_OK);
	add_session(f->store, "login", "bob", bob);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
		assert_int_equal(changes[i].change(f->store, "alice", NULL), STATUS_OK);
	assert_true(alive(f->store, bob));
	assert_int_equal(user_find(f->store, "bob", &user, NULL), STATUS_OK);
	assert_string_equal(user.password_hash, "b");
	assert_false(user.disabled);
	user_clear(&user);
}

static void collect(void *arg, const struct user *user)
{
	char *text = arg;

	strcat(text, user->name);
	strcat(text, user->disabled ? "- " : " ");
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	char text[64] = "";

	assert_int_equal(user_list(f->store, collect, text, NULL), STATUS_OK);
	assert_string_equal(text, "");
	assert_int_equal(user_add(f->store, "carol", "", NOW, NULL), STATUS_OK);
	assert_int_equal(user_add(f->store, "alice", "", NOW, NULL), STATUS_OK);
	assert_int_equal(user_add(f->store, "Bob", "", NOW, NULL), STATUS_OK);
	assert_int_equal(user_set_disabled(f->store, "alice", true, NULL), STATUS_OK);
	assert_int_equal(user_list(f->store, collect, text, NULL), STATUS_OK);
	assert_string_equal(text, "Bob alice- carol ");
}

static void count_and_write(void *arg, const struct user *user)
{
	struct fixture *f = arg;

	assert_int_equal(user_rehash(f->store, user->name, user->password_hash, "again", NULL),
			 STATUS_OK);
}

/* A password that was changed while its old one was hashed anew stays the new one. */
static void test_rehash_does_not_undo_a_change(void **state)
{
	struct fixture *f = *state;
	struct user user;

	assert_int_equal(user_add(f->store, "alice", "one", NOW, NULL), STATUS_OK);
	assert_int_equal(user_set_password(f->store, "alice", "two", NULL), STATUS_OK);
	assert_int_equal(user_rehash(f->store, "alice", "one", "one again", NULL), STATUS_OK);
	assert_int_equal(user_find(f->store, "alice", &user, NULL), STATUS_OK);
	assert_string_equal(user.password_hash, "two");
	user_clear(&user);
}

/* No connection is held while the caller looks at the rows. */
static void test_list_may_write(void **state)
{
	struct fixture *f = *state;
	struct user user;

	for (char name[3] = "a0"; name[1] <= '9'; name[1]++)
		assert_int_equal(user_add(f->store, name, "", NOW, NULL), STATUS_OK);
	assert_int_equal(user_list(f->store, count_and_write, f, NULL), STATUS_OK);
	assert_int_equal(user_find(f->store, "a9", &user, NULL), STATUS_OK);
	assert_string_equal(user.password_hash, "again");
	user_clear(&user);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_store, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_add_and_find),
	    TEST(test_taken),
	    TEST(test_names),
	    TEST(test_names_are_composed),
	    TEST(test_names_nobody_can_see),
	    TEST(test_old_names_stay),
	    TEST(test_folded),
	    TEST(test_changes),
	    TEST(test_change_leaves_others_alone),
	    TEST(test_list),
	    TEST(test_rehash_does_not_undo_a_change),
	    TEST(test_list),
	    TEST(test_list_may_write),
	    TEST(test_delete_frees_the_account),
	};

	if (secret_start(NULL) != STATUS_OK)
		return 1;
	return cmocka_run_group_tests_name("user", tests, NULL, NULL);
}
