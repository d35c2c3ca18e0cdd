/*
 * Site users: names, hashes, switching off, and that whoever loses the login loses the sessions.
 */
#include "unit.h"

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

	if (user_find(store, user, &known, NULL) == STATUS_OK)
		what.password_hash = known.password_hash;
	else
		known = (struct user){0};
	assert_ok(session_create(store, &what, token, ERR));
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

GROUP(unit_secrets, NULL)

FIXTURE(fixture_store, fixture_remove)

TEST(test_add_and_find)
{
	struct fixture *f = *state;
	struct user user;

	assert_fails(user_find(f->store, "alice", &user, ERR), STATUS_NOT_FOUND, "alice");
	assert_ok(user_add(f->store, "alice", "$argon2id$x", NOW, ERR));
	assert_ok(user_find(f->store, "alice", &user, ERR));
	assert_true(user.id > 0);
	assert_string_equal(user.name, "alice");
	assert_string_equal(user.display_name, "");
	assert_string_equal(user.password_hash, "$argon2id$x");
	assert_false(user.disabled);
	user_clear(&user);
	user_clear(&user);
	user_clear(NULL);
}

TEST(test_taken)
{
	struct fixture *f = *state;
	struct user user;

	assert_ok(user_add(f->store, "alice", "one", NOW, ERR));
	assert_status(user_add(f->store, "alice", "two", NOW, ERR), STATUS_CONFLICT);
	assert_int_equal(unit_error.status, STATUS_CONFLICT);
	assert_says("\"alice\"");
	assert_ok(user_find(f->store, "alice", &user, ERR));
	assert_string_equal(user.password_hash, "one");
	user_clear(&user);
}

/* The next user of that name is another person. */
TEST(test_delete_frees_the_account)
{
	struct fixture *f = *state;
	const struct jid_map_row row = {.source = (char *)"login",
					.user = (char *)"alice",
					.localpart = (char *)"zoe",
					.domain = (char *)"example.org"};
	struct jid_map_row found = {0};

	assert_ok(user_add(f->store, "alice", "h", NOW, ERR));
	assert_ok(jid_map_set(f->store, &row, ERR));
	assert_ok(user_delete(f->store, "alice", ERR));
	assert_status(jid_map_find(f->store, "login", "alice", &found, NULL), STATUS_NOT_FOUND);
}

TEST(test_names)
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

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct user user;
		struct error err;
		enum status status = user_add(f->store, cases[i].name, "h", NOW, &err);
		assert_int_equal(status, cases[i].status);
		status = user_find(f->store, cases[i].name, &user, &err);
		if (cases[i].status != STATUS_OK) {
			assert_status(status, STATUS_NOT_FOUND);
			continue;
		}
		assert_ok(status);
		assert_string_equal(user.name, cases[i].name);
		user_clear(&user);
	}
}

/* "é" composed and decomposed is one user, under the composed name; letters in either case two. */
TEST(test_names_are_composed)
{
	static const char *const names[] = {"\xc3\xa9", "\xc3\x89", "Bob", "bob", "e"};
	struct fixture *f = *state;
	struct user user;

	for (size_t i = 0; i < COUNT(names); i++)
		assert_ok(user_add(f->store, names[i], "", NOW, ERR));
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_ok(user_find(f->store, names[i], &user, ERR));
		assert_string_equal(user.name, names[i]);
		user_clear(&user);
	}
	assert_ok(user_find(f->store, "e\xcc\x81", &user, ERR));
	assert_string_equal(user.name, names[0]);
	user_clear(&user);
	assert_fails(user_add(f->store, "e\xcc\x81", "", NOW, ERR), STATUS_CONFLICT, names[0]);
	assert_ok(user_add(f->store, "o\xcc\x88", "", NOW, ERR));
	assert_ok(user_find(f->store, "\xc3\xb6", &user, ERR));
	assert_string_equal(user.name, "\xc3\xb6");
	user_clear(&user);
}

/* Each is refused, and the sentence says which character it is. */
TEST(test_names_nobody_can_see)
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
	    {"alice\xef\xb7\x90",     "U+FDD0, which is not a character"               },
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

	for (size_t i = 0; i < COUNT(cases); i++) {

		assert_status(user_add(f->store, cases[i].name, "", NOW, ERR), STATUS_BAD_REQUEST);
		if (strstr(unit_error.text, cases[i].says) == NULL)
			fail_msg("\"%s\" does not say %s", unit_error.text, cases[i].says);
	}
	for (size_t i = 0; i < COUNT(good); i++)
		assert_ok(user_add(f->store, good[i], "", NOW, ERR));
}

/* A user from before names were composed stays, and nobody new looks the same. */
TEST(test_old_names_stay)
{
	struct fixture *f = *state;
	struct connection *db;
	struct user user;

	assert_ok(store_begin(f->store, &(struct store_key){.scope = "test"}, &db, ERR));
	const struct values old = VALUES(as_text("e\xcc\x81"), as_text(""), as_integer(NOW),
					 as_text("\xc3\xa9"), as_text(""), as_text(""));
	assert_ok(connection_run(db, QUERY_USER_ADD, old, NULL, ERR));
	assert_ok(store_end(f->store, db, STATUS_OK, ERR));
	assert_ok(user_find(f->store, "e\xcc\x81", &user, ERR));
	user_clear(&user);
	assert_status(user_find(f->store, "\xc3\xa9", &user, NULL), STATUS_NOT_FOUND);
	assert_status(user_add(f->store, "\xc3\xa9", "", NOW, NULL), STATUS_CONFLICT);
	assert_ok(user_add(f->store, "\xc3\x89", "", NOW, ERR));
}

/* The case of letters in every script. */
TEST(test_folded)
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

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct user_new again = {
		    .name = cases[i].asked, .password_hash = "", .now = NOW, .any_case = true};

		assert_ok(user_add(f->store, cases[i].name, "", NOW, ERR));
		assert_ok(user_find_folded(f->store, cases[i].asked, &user, ERR));
		assert_string_equal(user.name, cases[i].name);
		user_clear(&user);
		assert_status(user_create(f->store, &again, NULL), STATUS_CONFLICT);
	}
	assert_ok(user_add(f->store, "bob", "", NOW, ERR));
	assert_status(user_find_folded(f->store, "BOB", &user, NULL), STATUS_CONFLICT);
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

TEST(test_changes)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(changes); i++) {
		char name[16], mine[SESSION_TOKEN_LEN + 1], other_source[SESSION_TOKEN_LEN + 1];
		struct user user;
		snprintf(name, sizeof(name), "user%zu", i);

		assert_fails(changes[i].change(f->store, name, ERR), STATUS_NOT_FOUND, name);
		assert_ok(user_add(f->store, name, "old", NOW, ERR));
		add_session(f->store, "login", name, mine);
		add_session(f->store, "token", name, other_source);
		assert_ok(changes[i].change(f->store, name, ERR));
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

TEST(test_change_leaves_others_alone)
{
	struct fixture *f = *state;
	char bob[SESSION_TOKEN_LEN + 1];
	struct user user;

	assert_ok(user_add(f->store, "alice", "a", NOW, ERR));
	assert_ok(user_add(f->store, "bob", "b", NOW, ERR));
	add_session(f->store, "login", "bob", bob);
	for (size_t i = 0; i < COUNT(changes); i++)
		assert_ok(changes[i].change(f->store, "alice", NULL));
	assert_true(alive(f->store, bob));
	assert_ok(user_find(f->store, "bob", &user, ERR));
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

TEST(test_list)
{
	struct fixture *f = *state;
	char text[64] = "";

	assert_ok(user_list(f->store, collect, text, NULL));
	assert_string_equal(text, "");
	assert_ok(user_add(f->store, "carol", "", NOW, ERR));
	assert_ok(user_add(f->store, "alice", "", NOW, ERR));
	assert_ok(user_add(f->store, "Bob", "", NOW, ERR));
	assert_ok(user_set_disabled(f->store, "alice", true, ERR));
	assert_ok(user_list(f->store, collect, text, NULL));
	assert_string_equal(text, "Bob alice- carol ");
}

static void count_and_write(void *arg, const struct user *user)
{
	struct fixture *f = arg;

	assert_ok(user_rehash(f->store, user->name, user->password_hash, "again", ERR));
}

/* A password that was changed while its old one was hashed anew stays the new one. */
TEST(test_rehash_does_not_undo_a_change)
{
	struct fixture *f = *state;
	struct user user;

	assert_ok(user_add(f->store, "alice", "one", NOW, ERR));
	assert_ok(user_set_password(f->store, "alice", "two", ERR));
	assert_ok(user_rehash(f->store, "alice", "one", "one again", ERR));
	assert_ok(user_find(f->store, "alice", &user, ERR));
	assert_string_equal(user.password_hash, "two");
	user_clear(&user);
}

/* No connection is held while the caller looks at the rows. */
TEST(test_list_may_write)
{
	struct fixture *f = *state;
	struct user user;

	for (char name[3] = "a0"; name[1] <= '9'; name[1]++)
		assert_ok(user_add(f->store, name, "", NOW, ERR));
	assert_ok(user_list(f->store, count_and_write, f, NULL));
	assert_ok(user_find(f->store, "a9", &user, ERR));
	assert_string_equal(user.password_hash, "again");
	user_clear(&user);
}
