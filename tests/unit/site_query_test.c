/*
 * sitedb/site_query.h: what is refused in a query file and where, and what a row in somebody else's
 * database may be; and what those who ask by it make of such rows.
 */
#include "unit.h"

#include <pthread.h>
#include <sqlite3.h>

#include "base/strbuf.h"
#include "identity/identity.h"
#include "identity/login_query.h"
#include "identity/people_query.h"
#include "identity/site_rule.h"
#include "sitedb/site_query.h"
#include "sitedb/site_rows.h"
#include "store_fixture.h"

#define NOW 1800000000

struct site {
	struct fixture *f; /* its path is the site's database here */
	const char *file;
	struct site_query_spec spec;
	struct site_query *query;
};

static const char *const params[] = {":sid", ":now", NULL};
static const struct site_query_column columns[] = {
    {"user",         255, true },
    {"display_name", 255, false},
    {"expires_s",    32,  false}
};

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
}

static int setup(void **state)
{
	struct site *site = calloc(1, sizeof(*site));
	void *fixture;

	assert_non_null(site);
	fixture_folder(&fixture);
	site->f = fixture;
	site->file = unit_path("query.sql");
	run_sql(
	    site->f->path,
	    "CREATE TABLE session (sid TEXT PRIMARY KEY, user, expires INTEGER);"
	    "CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT, shown TEXT);"
	    "CREATE VIEW member AS SELECT id, name FROM user;"
	    "CREATE VIRTUAL TABLE words USING fts5(word);"
	    "INSERT INTO session VALUES ('good', 'alice', 1900000000), ('number', 17, 1900000000);"
	    "INSERT INTO user VALUES (17, 'bob', 'Bob B.')");
	site->spec = (struct site_query_spec){
	    .database = site->f->path,
	    .file = site->file,
	    .key = "site_query",
	    .asked = params,
	    .columns = columns,
	    .n_columns = COUNT(columns),
	};
	*state = site;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;
	void *fixture = site->f;

	site_query_close(site->query);
	free(site);
	return fixture_remove(&fixture);
}

static enum status open_sql(struct site *site, const char *sql, struct error *err)
{
	unit_write(site->file, sql);
	return site_query_open(&site->spec, &site->query, err);
}

static void open_good(struct site *site, const char *sql)
{
	struct error err;

	if (open_sql(site, sql, &err) != STATUS_OK)
		fail_msg("%s: %s", sql, err.text);
}

/* The user of a session, or the status: the caller compares. */
static enum status ask(struct site *site, const char *sid, char user[64], struct error *err)
{
	const struct site_query_value values[] = {{.text = sid}, {.number = NOW}};
	struct site_query_row row = {0};

	enum status status = site_query_ask(site->query, values, &row, err);
	if (status == STATUS_OK)
		snprintf(user, 64, "%s", row.values[0] != NULL ? row.values[0] : "(null)");
	site_query_row_clear(&row);
	return status;
}

#define GOOD "SELECT user FROM session WHERE sid = :sid"

FIXTURE(setup, teardown)

TEST(test_finds)
{
	static const char *const good[] = {
	    GOOD,
	    GOOD ";",
	    GOOD " ;\n\n\t ",
	    "-- a comment\n/* and another */\nSELECT user FROM session WHERE sid = :sid",
	    "SELECT user FROM session WHERE sid = :sid AND expires > :now",
	    "SELECT user AS USER, upper(user) AS display_name FROM session WHERE sid = :sid",
	    "SELECT coalesce(user, '') AS user FROM session WHERE sid = lower(:sid)",
	    "SELECT CAST(user AS TEXT) AS user FROM session WHERE sid = :sid AND length(:sid) = 4",
	    "SELECT max(user) AS user FROM session WHERE sid = :sid GROUP BY sid",
	    "SELECT user FROM session WHERE sid = :sid AND strftime('%s', :now, 'unixepoch') > 1",
	    "SELECT user FROM (SELECT * FROM session) WHERE sid = :sid",
	    "WITH s AS (SELECT * FROM session) SELECT user FROM s WHERE sid = :sid",
	    "SELECT user FROM session WHERE sid = :sid UNION SELECT name FROM member WHERE name = "
	    ":sid",
	    "SELECT user, expires AS expires_s FROM \"session\" WHERE sid IN (:sid)",
	};
	struct site *site = *state;
	char user[64];

	for (size_t i = 0; i < COUNT(good); i++) {
		open_good(site, good[i]);
		assert_ok(ask(site, "good", user, ERR));
		assert_string_equal(user, "alice");
		assert_status(ask(site, "none", user, ERR), STATUS_NOT_FOUND);
		assert_status(ask(site, "' OR '1'='1", user, ERR), STATUS_NOT_FOUND);
		site_query_close(site->query);
		site->query = NULL;
	}
}

/* At least the sixty that were asked for, each refused with a place, and the database as it was. */
TEST(test_refused)
{
	struct site *site = *state;
	struct unit_table table = unit_table_read("tests/unit/site_query_refusals.tsv", 2);

	assert_true(table.n_rows >= 60);
	for (size_t i = 0; i < table.n_rows; i++) {
		const char *sql = unit_cell(&table, i, 0), *why = unit_cell(&table, i, 1);
		struct error err = {0};
		enum status status = open_sql(site, sql, &err);

		if (status != STATUS_BAD_REQUEST)
			fail_msg("%s: %s, '%s'", sql, status_name(status), err.text);
		assert_null(site->query);
		if (strncmp(err.text, site->file, strlen(site->file)) != 0)
			fail_msg("%s: no place: '%s'", sql, err.text);
		if (strcmp(why, "-") != 0 && strstr(err.text, why) == NULL)
			fail_msg("%s: said '%s'", sql, err.text);
	}
	unit_table_free(&table);
	open_good(site, GOOD);
	char user[64];
	assert_ok(ask(site, "good", user, ERR));
}

TEST(test_place_in_the_file)
{
	static const struct {
		const char *sql;
		int line, column;
	} rows[] = {
	    {"SELECT user\nFROM session\nWHER sid = :sid",                  3, 6 },
	    {"-- head\n\n  SELECT user FROM session WHERE sid = :id",       3, 40},
	    {"-- :id is not\nSELECT user FROM session WHERE sid = :id",     2, 38},
	    {"SELECT user FROM session WHERE sid = :sid;\n\nSELECT 1",      3, 1 },
	    {"SELECT user FROM session\nWHERE sid = :sid AND random() > 1", 2, 22},
	    {"SELECT user,\n sid AS secret FROM session WHERE sid = :sid",  2, 9 },
	    {"SELECT user FROM session",                                    1, 1 },
	};
	struct site *site = *state;
	char place[160];

	for (size_t i = 0; i < COUNT(rows); i++) {

		assert_status(open_sql(site, rows[i].sql, ERR), STATUS_BAD_REQUEST);
		snprintf(place, sizeof(place), "%s:%d:%d: ", site->file, rows[i].line,
			 rows[i].column);
		if (strncmp(unit_error.text, place, strlen(place)) != 0)
			fail_msg("expected %s, said %s", place, unit_error.text);
		assert_says("(key `site_query`)");
	}
}

TEST(test_files)
{
	struct site *site = *state;
	char longer[9000];

	assert_fails(site_query_open(&site->spec, &site->query, ERR), STATUS_BAD_REQUEST,
		     "cannot be read: No such file");
	memset(longer, ' ', sizeof(longer));
	memcpy(longer, GOOD, strlen(GOOD));
	unit_write_bytes(site->file, longer, sizeof(longer));
	assert_fails(site_query_open(&site->spec, &site->query, ERR), STATUS_BAD_REQUEST,
		     "longer than");
	unit_write_bytes(site->file, GOOD "\0;", strlen(GOOD) + 2);
	assert_fails(site_query_open(&site->spec, &site->query, ERR), STATUS_BAD_REQUEST, "NUL");
	unit_write(site->file, GOOD);
	assert_int_equal(chmod(site->file, 0666), 0);
	assert_fails(site_query_open(&site->spec, &site->query, ERR), STATUS_BAD_REQUEST,
		     "chmod go-w");
	assert_int_equal(unlink(site->file), 0);
	assert_int_equal(mkfifo(site->file, 0600), 0);
	assert_fails(site_query_open(&site->spec, &site->query, ERR), STATUS_BAD_REQUEST,
		     "not a file");
	assert_null(site->query);
}

TEST(test_rows)
{
	static const struct {
		const char *sid, *value;
		enum status status;
		const char *said; /* the user, or what the sentence holds */
	} rows[] = {
	    {"text",    "'Zo\xc3\xab'",                  STATUS_OK,          "Zo\xc3\xab"},
	    {"int",     "42",			    STATUS_OK,          "42"        },
	    {"minus",   "-1",			    STATUS_OK,          "-1"        },
	    {"empty",   "''",			    STATUS_OK,          ""          },
	    {"null",    "NULL",                          STATUS_OK,          "(null)"    },
	    {"real",    "1.5",                           STATUS_BAD_REQUEST, "neither"   },
	    {"blob",    "x'616c696365'",                 STATUS_BAD_REQUEST, "neither"   },
	    {"nul",     "CAST(x'616c00696365' AS TEXT)", STATUS_BAD_REQUEST, "NUL"       },
	    {"utf8",    "CAST(x'ff' AS TEXT)",           STATUS_BAD_REQUEST, "UTF-8"     },
	    {"long255", "substr(hex(zeroblob(128)), 2)", STATUS_OK,          "0000"      },
	    {"long256", "hex(zeroblob(128))",            STATUS_BAD_REQUEST, "too long"  },
	};
	struct site *site = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char sql[160];

		snprintf(sql, sizeof(sql), "INSERT INTO session VALUES ('%s', %s, 1)", rows[i].sid,
			 rows[i].value);
		run_sql(site->f->path, sql);
	}
	open_good(site, GOOD);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = {0};
		char user[64] = "";

		assert_int_equal(ask(site, rows[i].sid, user, &err), rows[i].status);
		const char *said = rows[i].status == STATUS_OK ? user : err.text;
		if (strstr(said, rows[i].said) == NULL)
			fail_msg("%s: '%s'", rows[i].sid, said);
	}
}

/* "al", a NUL, "ICE": cut off it would be the user "al". */
#define WITH_A_NUL "CAST(x'616c00494345' AS TEXT)"

TEST(test_fold_cuts_nothing_off)
{
	char user[64] = "";
	struct site *site = *state;

	open_good(site, "SELECT fold('ALICE') || hex(fold(" WITH_A_NUL
			")) AS user FROM session WHERE sid = :sid");
	assert_ok(ask(site, "good", user, ERR));
	assert_string_equal(user, "alice616C00494345");
}

static void keep_last(void *arg, const char *text)
{
	snprintf(arg, 16, "%s", text);
}

TEST(test_rows_for_check)
{
	char last[16] = "";
	struct site *site = *state;
	const struct site_conf conf = {.site_database = (char *)site->f->path,
				       .site_database_password_file = (char *)""};

	assert_ok(site_rows_each(&conf, "SELECT 'al' UNION SELECT 'bo'", keep_last, last, ERR));
	assert_string_equal(last, "bo");
	assert_fails(site_rows_each(&conf, "SELECT " WITH_A_NUL " AS who", keep_last, last, ERR),
		     STATUS_BAD_REQUEST, "column who contains a NUL byte");
	assert_string_equal(last, "bo");
}

TEST(test_one_row_only)
{
	struct site *site = *state;
	char user[64] = "untouched";

	open_good(site, "SELECT user FROM session WHERE :sid = 'good'");
	assert_fails(ask(site, "good", user, ERR), STATUS_BAD_REQUEST, "more than one row");
	assert_string_equal(user, "untouched");
	/* and the statement is ready again */
	assert_status(ask(site, "bad", user, ERR), STATUS_NOT_FOUND);
	run_sql(site->f->path, "DELETE FROM session WHERE sid = 'number'");
	assert_ok(ask(site, "good", user, ERR));
}

TEST(test_large_tables_are_fine)
{
	struct site *site = *state;
	struct strbuf sql;
	char user[64];

	strbuf_init(&sql);
	strbuf_adds(&sql, "CREATE TABLE wide (sid TEXT, user TEXT");
	for (int i = 0; i < 200; i++)
		strbuf_addf(
		    &sql,
		    ", a_column_with_quite_a_long_name_so_that_this_statement_is_long_%d TEXT", i);
	strbuf_adds(&sql, "); INSERT INTO wide (sid, user) VALUES ('w', 'wendy')");
	assert_true(sql.len > 8192);
	run_sql(site->f->path, sql.data);
	strbuf_clear(&sql);
	open_good(site, "SELECT user FROM wide WHERE sid = :sid");
	assert_ok(ask(site, "w", user, ERR));
	assert_string_equal(user, "wendy");
}

TEST(test_slow_query_is_stopped)
{
	struct site *site = *state;
	char user[64];
	struct strbuf sql;

	strbuf_init(&sql);
	strbuf_adds(&sql, "INSERT INTO user (name) VALUES ('x')");
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&sql, ", ('x')");
	run_sql(site->f->path, sql.data);
	strbuf_clear(&sql);
	open_good(site, "SELECT count(*) AS user FROM user a, user b, user c, user d"
			" WHERE a.name || b.name || c.name || d.name = :sid");
	assert_fails(ask(site, "good", user, ERR), STATUS_UNAVAILABLE, "takes too long");
	assert_status(ask(site, "good", user, ERR), STATUS_UNAVAILABLE);
}

TEST(test_nothing_is_written)
{
	struct site *site = *state;
	char user[64], wal[128];

	open_good(site, GOOD);
	assert_ok(ask(site, "good", user, ERR));
	snprintf(wal, sizeof(wal), "%s-wal", site->f->path);
	assert_int_equal(access(wal, F_OK), -1);
	run_sql(site->f->path, "DROP VIEW member; DROP TABLE user"); /* nobody holds a lock */
	assert_ok(ask(site, "good", user, ERR));                     /* and a new schema is fine */
	run_sql(site->f->path, "ALTER TABLE session RENAME TO gone");
	assert_fails(ask(site, "good", user, ERR), STATUS_UNAVAILABLE,
		     "perhaps after an update of the site");
	run_sql(site->f->path, "ALTER TABLE gone RENAME TO session");
	assert_ok(ask(site, "good", user, ERR));
}

TEST(test_locked)
{
	struct site *site = *state;
	char user[64];
	sqlite3 *db = NULL;

	open_good(site, GOOD);
	assert_int_equal(sqlite3_open(site->f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_fails(ask(site, "good", user, ERR), STATUS_UNAVAILABLE, "(SQLite 5)");
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_ok(ask(site, "good", user, ERR));
	sqlite3_close(db);
}

/* A site that writes ahead: what it has committed is seen, its log does not grow because of us. */
TEST(test_write_ahead_log)
{
	struct site *site = *state;
	char user[64];
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(site->f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL),
			 SQLITE_OK);
	open_good(site, GOOD);
	assert_int_equal(
	    sqlite3_exec(db, "INSERT INTO session VALUES ('new', 'nora', 1)", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_ok(ask(site, "new", user, ERR));
	assert_string_equal(user, "nora");
	int log = -1, moved = -1;
	assert_int_equal(
	    sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &moved),
	    SQLITE_OK);
	assert_int_equal(log, 0);
	sqlite3_close(db);
}

TEST(test_damaged)
{
	struct site *site = *state;
	char user[64], junk[4096];

	memset(junk, 'x', sizeof(junk));
	open_good(site, GOOD);
	unit_write_bytes(site->f->path, junk, sizeof(junk));
	assert_fails(ask(site, "good", user, ERR), STATUS_UNAVAILABLE, "site_database");
	site_query_close(site->query);
	site->query = NULL;
	assert_fails(site_query_open(&site->spec, &site->query, ERR), STATUS_UNAVAILABLE,
		     "(SQLite 26)");
	assert_null(site->query);
}

TEST(test_gone_and_back)
{
	struct site *site = *state;
	char user[64], other[128];

	open_good(site, GOOD);
	assert_ok(ask(site, "good", user, ERR));
	snprintf(other, sizeof(other), "%s.new", site->f->path);
	assert_int_equal(rename(site->f->path, other), 0);
	assert_fails(ask(site, "good", user, ERR), STATUS_UNAVAILABLE, "was not found");
	run_sql(site->f->path,
		"CREATE TABLE session (sid, user); INSERT INTO session VALUES ('good', 'eve')");
	assert_ok(ask(site, "good", user, ERR));
	assert_string_equal(user, "eve");
	assert_int_equal(unlink(other), 0);
}

TEST(test_open_to_everybody)
{
	struct site *site = *state;

	unit_write(site->file, GOOD);
	assert_int_equal(chmod(site->f->path, 0666), 0);
	assert_fails(site_query_open(&site->spec, &site->query, ERR), STATUS_BAD_REQUEST,
		     "chmod o-w");
	site->spec.database = site->f->dir;
	assert_fails(site_query_open(&site->spec, &site->query, ERR), STATUS_BAD_REQUEST,
		     "is not a file");
}

/* URI parameters are part of the name, not instructions (SEC-SQL-8). */
TEST(test_no_uris)
{
	static const char *const forms[] = {"file:%s?immutable=1", "file:%s?nolock=1", "file:%s",
					    "%s?immutable=1"};
	struct site *site = *state;

	unit_write(site->file, GOOD);
	for (size_t i = 0; i < COUNT(forms); i++) {
		char *name = NULL;
		int before = (int)(strstr(forms[i], "%s") - forms[i]);

		assert_true(asprintf(&name, "%.*s%s%s", before, forms[i], site->f->path,
				     forms[i] + before + 2) > 0);
		site->spec.database = name;
		assert_status(site_query_open(&site->spec, &site->query, ERR), STATUS_UNAVAILABLE);
		free(name);
	}
}

#define THREADS 12
#define ASKED   50

static void *asker(void *arg)
{
	struct site *site = arg;
	char user[64];
	size_t right = 0;

	for (int i = 0; i < ASKED; i++)
		right += ask(site, i % 2 ? "good" : "number", user, NULL) == STATUS_OK &&
			 strcmp(user, i % 2 ? "alice" : "17") == 0;
	return (
	    void *)right; /* NOLINT(performance-no-int-to-ptr): a count, never used as a pointer */
}

TEST(test_threads)
{
	struct site *site = *state;
	pthread_t threads[THREADS];

	open_good(site, GOOD);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, asker, site), 0);
	for (int i = 0; i < THREADS; i++) {
		void *right;

		assert_int_equal(pthread_join(threads[i], &right), 0);
		assert_int_equal((size_t)right, ASKED);
	}
}

/* ---- the providers that ask by it ---- */

#define TEXT(text) ((char *)(text))

/* A site whose database is the fixture's; the tests set the queries. */
static struct site_conf conf_of(const struct site *site)
{
	return (struct site_conf){
	    .name = TEXT("test"),
	    .site_database = TEXT(site->f->path),
	    .site_query = TEXT(""),
	    .site_profile_query = TEXT(""),
	    .site_secret_file = TEXT(""),
	    .site_cookie = TEXT("sid"),
	    .jid = TEXT("{user}@example.org"),
	    .php_session_user = TEXT("user"),
	    .php_session_display = TEXT(""),
	    .php_session_password = TEXT(""),
	};
}

/* A query's file; the caller's configuration borrows the path. */
static char *query_of(const char *name, const char *sql)
{
	return TEXT(unit_write(name, sql));
}

TEST(test_login_name_with_a_control_character)
{
	struct site *site = *state;
	struct site_conf conf = conf_of(site);
	struct login_query_user user = {0};
	struct login_query *users = NULL;

	run_sql(site->f->path, "INSERT INTO user VALUES (18, 'eve' || char(10), 'eve')");
	conf.login_query = query_of("login.sql", "SELECT name AS user, 'h' AS password_hash"
						 " FROM user WHERE shown = :user");
	assert_ok(login_query_open(&conf, &users, ERR));
	assert_ok(login_query_find(users, "Bob B.", &user, ERR));
	assert_string_equal(user.name, "bob");
	login_query_user_clear(&user);
	assert_fails(login_query_find(users, "eve", &user, ERR), STATUS_UNAVAILABLE,
		     "control character in the name");
	assert_null(user.name);
	login_query_close(users);
}

static void count_person(void *arg, const struct people_row *row)
{
	assert_non_null(row->user);
	++*(int *)arg;
}

TEST(test_more_people_than_allowed)
{
	struct site *site = *state;
	struct site_conf conf = conf_of(site);
	struct people_query *people = NULL;
	int count = 0;

	run_sql(site->f->path, "INSERT INTO user VALUES (18, 'eve', 'Eve')");
	conf.people_query = query_of("people.sql", "SELECT name AS user FROM user"
						   " WHERE name LIKE :q || '%' OR name = :user"
						   " LIMIT :limit");
	assert_ok(people_query_open(&conf, 3, &people, ERR));
	assert_ok(people_query_all(people, count_person, &count, ERR));
	assert_int_equal(count, 2);
	people_query_close(people);
	assert_ok(people_query_open(&conf, 2, &people, ERR));
	assert_fails(people_query_all(people, count_person, &count, ERR), STATUS_CONFLICT,
		     "more than 1 users");
	assert_int_equal(count, 2);
	people_query_close(people);
}

TEST(test_rule_of_a_column_that_no_query_returns)
{
	struct site_conf conf = conf_of(*state);

	conf.jid = TEXT("{id}@example.org");
	assert_ok(site_rule_check(&conf, false, true, ERR));
	assert_fails(site_rule_check(&conf, true, false, ERR), STATUS_BAD_REQUEST,
		     "needs a column `id`");
	conf.jid = TEXT("{email}");
	assert_ok(site_rule_check(&conf, true, false, ERR));
	assert_fails(site_rule_check(&conf, false, true, ERR), STATUS_BAD_REQUEST,
		     "needs a column `email`");
}

static enum status open_session(const struct site_conf *conf, void **session, struct error *err)
{
	return identity_provider_named(PROVIDER_SITE_SESSION)->open(conf, session, err);
}

/* Finds who has the cookie sid=good; user NULL: nobody, with that sentence. */
static void assert_session(const struct site_conf *conf, const char *user, const char *says)
{
	const struct identity_provider *provider = identity_provider_named(PROVIDER_SITE_SESSION);
	struct request req = {.cookie = TEXT("sid=good")};
	struct identity_context context = {.conf = conf, .req = &req, .now = NOW};
	struct identity who = {0};
	struct error err = {0};

	assert_ok(open_session(conf, &context.state, ERR));
	enum identity_verdict verdict = provider->find(&context, &who, &err);
	if (user == NULL) {
		assert_holds(err.text, says);
		assert_int_equal(verdict, IDENTITY_NONE);
	} else {
		assert_string_equal(err.text, "");
		assert_int_equal(verdict, IDENTITY_YES);
		assert_string_equal(who.user, user);
	}
	identity_clear(&who);
	provider->close(context.state);
}

TEST(test_php_session_of_a_user_without_a_name)
{
	struct site *site = *state;
	struct site_conf conf = conf_of(site);

	run_sql(site->f->path, "UPDATE session SET user = 'user|s:3:\"bob\";' WHERE sid = 'good'");
	conf.site_result = SITE_RESULT_PHP;
	conf.php_session_format = PHP_FORMAT_PHP;
	conf.site_query =
	    query_of("session.sql", "SELECT user AS session_data FROM session WHERE sid = :sid");
	conf.site_profile_query =
	    query_of("profile.sql", "SELECT shown AS user FROM user WHERE name = :user");
	assert_session(&conf, "Bob B.", NULL);
	run_sql(site->f->path, "UPDATE user SET shown = NULL");
	assert_session(&conf, NULL, "the site has no name for this user");
}

TEST(test_php_password_needs_a_column)
{
	struct site_conf conf = conf_of(*state);
	void *session = NULL;

	conf.site_result = SITE_RESULT_PHP;
	conf.php_session_password = TEXT("hash");
	conf.site_query =
	    query_of("session.sql", "SELECT user AS session_data FROM session WHERE sid = :sid");
	conf.site_profile_query =
	    query_of("profile.sql", "SELECT name AS user FROM user WHERE name = :user");
	assert_fails(open_session(&conf, &session, ERR), STATUS_BAD_REQUEST,
		     "php_session_password: needs a column `password`");
	assert_null(session);
}

/* A session that Django has packed: of user 17, and with that password. */
#define DJANGO_SECRET   "a secret key of fifty characters, more or less, so."
#define DJANGO_PASSWORD "pbkdf2_sha256$1$salt$x4M5C3BMzfbHkwcdQKnGGQAvGGGAtTFNS0vjGPDxD/c="
#define DJANGO_SESSION                                                                             \
	".eJxVjMsOwiAQRf-FtSHDY3i4dO83EGBAqoYmpV0Z_12bdKHbe865LxbitrawjbKEidiZCctOv2OK-"           \
	"VH6Tuge-23mee7rMiW-K_ygg19nKs_L4f4dtDjat9YWQXslSMacM4LzJkkvQaIxUpDOpCIppzRYD1iFqQ4TkQ"    \
	"LrqkCP7P0B1wE2ug:1xV93B:SdjV1Lvw9ipb1kSHCQKnkNYke3D32s6Zm3pxq6PDnDQ"

TEST(test_django_user_without_a_password_or_a_name)
{
	struct site *site = *state;
	struct site_conf conf = conf_of(site);

	run_sql(site->f->path, "UPDATE session SET user = '" DJANGO_SESSION "' WHERE sid = 'good'");
	run_sql(site->f->path, "UPDATE user SET shown = NULL");
	conf.site_result = SITE_RESULT_DJANGO;
	conf.site_secret_file = query_of("secret", DJANGO_SECRET "\n");
	conf.site_query =
	    query_of("session.sql", "SELECT user AS session_data FROM session WHERE sid = :sid");
	conf.site_profile_query = query_of("profile.sql", "SELECT name AS user, shown AS password"
							  " FROM user WHERE id = :user");
	assert_session(&conf, NULL, "the site has no password for this user");
	run_sql(site->f->path, "UPDATE user SET shown = '" DJANGO_PASSWORD "'");
	assert_session(&conf, "bob", NULL);
	run_sql(site->f->path, "UPDATE user SET name = NULL");
	assert_session(&conf, NULL, "the site has no name for this user");
}
