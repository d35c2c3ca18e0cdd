/*
 * The store itself: what it opens and what it refuses, with the sentence that helps; migrations;
 * the pool; transactions; site keys. Uses SQLite directly where a file has to be made that this
 * program would not make.
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/secret.h"
#include "store/limit.h"
#include "store/migrations.h"
#include "base/name.h"
#include "store/session.h"
#include "store/copy.h"
#include "store/database_site.h"
#include "store/connection.h"
#include "store_fixture.h"
#include "users.h"

#define NOW      1700000000
#define STRANGER 65534 /* "nobody": an ordinary user, for what root is not refused */

/* ---- files that others made ---- */

/* fold() of the program, which its migrations call. */
static void fold(sqlite3_context *context, int count, sqlite3_value **values)
{
	char *folded = NULL;

	assert_int_equal(count, 1);
	assert_ok(name_fold((const char *)sqlite3_value_text(values[0]), &folded, ERR));
	sqlite3_result_text(context, folded, -1, free);
}

static void raw(const char *path, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_create_function(db, "fold", 1, SQLITE_UTF8, NULL, fold, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(chmod(path, 0600), 0);
}

static int raw_number(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int number = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return number;
}

static void set_version(const char *path, int version)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	raw(path, sql);
}

static void write_file(const char *path, long offset, const char *text, size_t times)
{
	FILE *file = fopen(path, offset == 0 ? "wb" : "r+b");

	assert_non_null(file);
	assert_int_equal(fseek(file, offset, SEEK_SET), 0);
	while (times-- > 0)
		fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* A database as the program of that schema left it. */
static void make_old(const char *path, int schema)
{
	write_file(path, 0, "", 1);
	raw(path, "PRAGMA application_id = 1886544484"); /* "prbd": the application's mark */
	for (int i = 0; i < schema; i++)
		raw(path, migrations[i].sql);
	set_version(path, schema);
}

static void assert_open_refused(struct fixture *f, const char *words)
{
	struct store *store = NULL;

	assert_fails(
	    store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &store, ERR),
	    STATUS_UNAVAILABLE, words);
	assert_null(store);
	assert_says(f->dir); /* names the file */
}

static void assert_migrate_refused(struct fixture *f, const char *words)
{
	struct store_migration_report report = {.from = -1, .to = -1};

	assert_fails(store_migrate(FIXTURE_MIGRATION(f->path), &report, ERR), STATUS_UNAVAILABLE,
		     words);
	assert_int_equal(report.from, -1);
}

static void assert_migrates(struct fixture *f, int from)
{
	struct store_migration_report report;

	assert_ok(store_migrate(FIXTURE_MIGRATION(f->path), &report, ERR));
	assert_int_equal(report.from, from);
	assert_int_equal(report.to, store_schema());
}

/* ---- migrations ---- */

GROUP(unit_secrets, NULL)

TEST(test_migrations_are_numbered)
{
	assert_true(migrations_count >= 1);
	for (size_t i = 0; i < migrations_count; i++) {
		assert_int_equal(migrations[i].number, (int)i + 1);
		assert_true(strlen(migrations[i].name) > 5);
		assert_non_null(strstr(migrations[i].sql, ";"));
	}
	assert_int_equal(store_schema(), (int)migrations_count);
}

FIXTURE(fixture_folder, fixture_remove)

TEST(test_missing)
{
	assert_open_refused(*state, "run prebindctl migrate");
}

TEST(test_empty)
{
	struct fixture *f = *state;

	write_file(f->path, 0, "", 1);
	assert_open_refused(f, "run prebindctl migrate");
	assert_migrates(f, 0);
}

TEST(test_new_and_twice)
{
	struct fixture *f = *state;
	struct stat st;

	assert_migrates(f, 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_migrates(f, store_schema());
	assert_ok(store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &f->store,
			     ERR));
	assert_ok(store_ping(f->store, ERR));
	assert_ok(store_verify(f->store, ERR));
}

TEST(test_every_older_schema)
{
	struct fixture *f = *state;
	char words[64];

	for (int schema = 1; schema < store_schema(); schema++) {
		make_old(f->path, schema);
		snprintf(words, sizeof(words), "schema %d, but this program needs %d: run", schema,
			 store_schema());
		assert_open_refused(f, words);
		assert_migrates(f, schema);
		assert_ok(store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE,
				     &f->store, ERR));
		store_close(f->store);
		f->store = NULL;
	}
}

TEST(test_migration_keeps_what_is_there)
{
	struct fixture *f = *state;
	struct user user;

	make_old(f->path, 1);
	raw(f->path, "INSERT INTO site_user (name, created) VALUES ('alice', 1)");
	fixture_open(f);
	assert_ok(user_find(f->store, "alice", &user, ERR));
	user_clear(&user);
}

/*
 * What a crash in the middle leaves, were it not one transaction: the migration must not half
 * apply.
 */
TEST(test_failed_migration_is_rolled_back)
{
	struct fixture *f = *state;

	if (migrations_count < 2)
		skip();
	make_old(f->path, 1);
	raw(f->path, "CREATE TABLE site_key (in_the_way)");
	assert_migrate_refused(f, "site_key");
	int schema = raw_number(f->path, "PRAGMA user_version");
	assert_in_range(schema, 1, store_schema() - 1);
	raw(f->path, "DROP TABLE site_key");
	assert_migrates(f, schema);
}

TEST(test_newer)
{
	struct fixture *f = *state;

	assert_migrates(f, 0);
	set_version(f->path, store_schema() + 1);
	assert_open_refused(f, "install a newer version of prebind, or restore a backup");
	assert_migrate_refused(f, "install a newer version of prebind, or restore a backup");
	assert_int_equal(raw_number(f->path, "PRAGMA user_version"), store_schema() + 1);
}

/* ---- whose it is ---- */

static enum status migrate_for(struct fixture *f, const char *site, bool adopt, char **adopted_from,
			       struct error *err)
{
	const struct store_migration what = {
	    .location = {.database = f->path}, .site = site, .adopt = adopt};
	struct store_migration_report report = {0};
	enum status status = store_migrate(&what, &report, err);

	*adopted_from = report.adopted_from;
	return status;
}

TEST(test_another_site_is_refused)
{
	struct fixture *f = *state;
	struct store *store = NULL;
	char *from = NULL;

	fixture_open(f);
	assert_fails(
	    store_open(&(struct store_location){.database = f->path}, "other", &store, ERR),
	    STATUS_UNAVAILABLE, "belongs to [site " FIXTURE_SITE "], not to [site other]");
	assert_says("prebindctl --site other migrate --adopt");
	assert_null(store);
	assert_fails(migrate_for(f, "other", false, &from, ERR), STATUS_UNAVAILABLE,
		     "[site " FIXTURE_SITE "]");
	assert_null(from);
	assert_fails(store_open(&(struct store_location){.database = f->path}, "Test", &store, ERR),
		     STATUS_UNAVAILABLE, "not to [site Test]");
	assert_ok(store_ping(f->store, ERR)); /* and it stays whose it was */
}

/* Also an old one, before anything in it is brought up to date. */
TEST(test_another_site_is_refused_first)
{
	struct fixture *f = *state;
	char *from = NULL;

	fixture_open(f);
	store_close(f->store);
	f->store = NULL;
	set_version(f->path, store_schema() - 1);
	assert_fails(migrate_for(f, "other", false, &from, ERR), STATUS_UNAVAILABLE, "belongs to");
	assert_int_equal(raw_number(f->path, "PRAGMA user_version"), store_schema() - 1);
}

/* It may be a copy, which the other site goes on using: nobody who is logged in there is here. */
TEST(test_adopting_ends_logins)
{
	struct fixture *f = *state;
	unsigned char before[SECRET_KEY_LEN], after[SECRET_KEY_LEN];
	struct store *store = NULL;
	char *from = NULL;

	fixture_open(f);
	assert_ok(site_key_get(f->store, "csrf", before, ERR));
	raw(f->path, "INSERT INTO site_user (name, created) VALUES ('alice', 1);"
		     "INSERT INTO login_session (token_hash, source, user, created, last_seen)"
		     " VALUES (zeroblob(32), 'login', 'alice', 1, 1)");
	assert_ok(migrate_for(f, "other", true, &from, ERR));
	assert_string_equal(from, FIXTURE_SITE);
	free(from);
	assert_int_equal(raw_number(f->path, "SELECT count(*) FROM login_session"), 0);
	assert_int_equal(raw_number(f->path, "SELECT count(*) FROM site_user"), 1);
	assert_open_refused(f, "belongs to [site other]");
	assert_ok(store_open(&(struct store_location){.database = f->path}, "other", &store, ERR));
	assert_ok(site_key_get(store, "csrf", after, ERR));
	assert_memory_not_equal(before, after, sizeof(before));
	store_close(store);
	/* The same once more changes nothing. */
	assert_ok(migrate_for(f, "other", true, &from, ERR));
	assert_null(from);
}

/* What a crash between the last migration and the name leaves. */
TEST(test_belongs_to_nobody_yet)
{
	struct fixture *f = *state;

	assert_migrates(f, 0);
	raw(f->path, "DELETE FROM database_site");
	assert_open_refused(f, "belongs to no site yet: run prebindctl migrate");
	assert_migrates(f, store_schema());
	assert_ok(store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &f->store,
			     ERR));
}

TEST(test_concurrent_migrations)
{
	enum { PROCESSES = 6 };
	struct fixture *f = *state;
	pid_t children[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(store_migrate(FIXTURE_MIGRATION(f->path), NULL, NULL) == STATUS_OK
				  ? 0
				  : 1);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int how;
		assert_int_equal(waitpid(children[i], &how, 0), children[i]);
		assert_int_equal(how, 0);
	}
	assert_migrates(f, store_schema());
}

TEST(test_migrate_where_no_file_can_be)
{
	struct fixture *f = *state;

	snprintf(f->path, sizeof(f->path), "%s/nowhere/prebind.db", f->dir);
	assert_migrate_refused(f, "nowhere must exist");
}

/* Root makes the file for those who will use it. */
TEST(test_migrate_as_root)
{
	struct fixture *f = *state;
	struct stat st;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(f->dir, STRANGER, STRANGER), 0);
	assert_migrates(f, 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_uid, STRANGER);
	assert_int_equal(st.st_gid, STRANGER);
}

/* ---- other people's files ---- */

TEST(test_foreign)
{
	static const char *const made_by[] = {
	    "CREATE TABLE phpbb_users (id)",
	    "PRAGMA user_version = 7",
	    "PRAGMA application_id = 252006673; CREATE TABLE geometry (id)",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(made_by); i++) {
		raw(f->path, made_by[i]);
		assert_open_refused(f, "belongs to another program");
		assert_migrate_refused(f, "belongs to another program");
		/* Still in the journal mode that it was in. */
		assert_int_equal(raw_number(f->path, "SELECT journal_mode = 'delete'"
						     " FROM pragma_journal_mode"),
				 1);
		assert_int_equal(unlink(f->path), 0);
	}
}

TEST(test_not_a_database)
{
	struct fixture *f = *state;

	write_file(f->path, 0, "this is a letter\n", 100);
	assert_open_refused(f, "(SQLite 26)");
	assert_open_refused(f, "key `database`");
	assert_migrate_refused(f, "(SQLite 26)");
}

TEST(test_damaged_before_the_start)
{
	struct fixture *f = *state;

	assert_migrates(f, 0);
	write_file(f->path, 4096, "\x7f\x02rot", 4000);
	enum status status =
	    store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &f->store, ERR);
	if (status == STATUS_OK)
		status = store_verify(f->store, ERR);
	assert_fails(status, STATUS_UNAVAILABLE, "damaged");
	if (f->store == NULL)
		return;
	/* Not used any more, and kept as it is. */
	assert_fails(store_ping(f->store, ERR), STATUS_UNAVAILABLE, "restore a backup");
	assert_fails(user_add(f->store, "alice", "", NOW, ERR), STATUS_UNAVAILABLE, "damaged");
	assert_int_equal(access(f->path, F_OK), 0);
}

TEST(test_damaged_while_open)
{
	struct fixture *f = *state;
	char name[16];

	fixture_open(f);
	for (int i = 0; i < 300; i++) { /* more than one page of users */
		snprintf(name, sizeof(name), "user%d", i);
		assert_ok(user_add(f->store, name, "hash", NOW, ERR));
	}
	store_close(f->store);
	assert_ok(store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &f->store,
			     ERR));
	write_file(f->path, 4096, "\x7f\x02rot", 8000);
	enum status status = STATUS_OK;
	for (int i = 0; i < 300 && status != STATUS_UNAVAILABLE; i++) {
		struct user user;
		snprintf(name, sizeof(name), "user%d", i);
		status = user_find(f->store, name, &user, ERR);
		if (status == STATUS_OK)
			user_clear(&user);
	}
	assert_fails(status, STATUS_UNAVAILABLE, "damaged");
	assert_fails(store_ping(f->store, ERR), STATUS_UNAVAILABLE,
		     "is damaged and no longer used");
}

static bool disk_fails;

static ssize_t read_unless_it_fails(int fd, void *out, size_t len, off_t offset)
{
	if (!disk_fails)
		return pread(fd, out, len, offset);
	errno = EIO;
	return -1;
}

/* Makes SQLite read its files with that function; NULL for the system's own. */
static void read_with(void *function)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(vfs->xSetSystemCall(vfs, i == 0 ? "pread" : "pread64",
						     (sqlite3_syscall_ptr)function),
				 SQLITE_OK);
}

static enum connection_fault trouble_of(struct connection *db, const char *sql)
{
	assert_status(connection_ask(db, sql, NULL, NULL, NULL), STATUS_UNAVAILABLE);
	return connection_fault(db);
}

/* Neither damage nor a failed read is forgotten because of what happens to the connection next. */
TEST(test_trouble_is_not_forgotten)
{
	struct fixture *f = *state;
	const struct store_location location = {.database = f->path};
	struct connection *db;

	assert_migrates(f, 0);
	raw(f->path, "INSERT INTO site_user (name, password_hash, created)"
		     " WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
		     " SELECT 'user' || i, 'hash', 1 FROM n");
	const int root =
	    raw_number(f->path, "SELECT rootpage FROM sqlite_schema WHERE name = 'site_user'");

	read_with((void *)read_unless_it_fails);
	assert_ok(connection_open(&location, CONNECTION_DURABLE, &db, NULL, ERR));
	disk_fails = true;
	enum connection_fault unread = trouble_of(db, "SELECT sum(created) FROM site_user");
	disk_fails = false;
	assert_int_equal(unread, FAULT_UNREAD);
	assert_int_equal(trouble_of(db, "SELECT nothing FROM site_user"), FAULT_UNREAD);
	connection_close(db);

	write_file(f->path, (root - 1) * 4096L, "\x7f\x02rot", 800);
	assert_ok(connection_open(&location, CONNECTION_DURABLE, &db, NULL, ERR));
	assert_int_equal(trouble_of(db, "SELECT sum(created) FROM site_user"), FAULT_DAMAGED);
	disk_fails = true;
	enum connection_fault damaged = trouble_of(db, "SELECT sum(created) FROM login_session");
	disk_fails = false;
	connection_close(db);
	read_with(NULL);
	assert_int_equal(damaged, FAULT_DAMAGED);
}

/* ---- permissions ---- */

TEST(test_file_mode)
{
	static const mode_t open_to_others[] = {0644, 0640, 0660, 0604, 0601, 0666};
	struct fixture *f = *state;

	assert_migrates(f, 0);
	for (size_t i = 0; i < COUNT(open_to_others); i++) {
		assert_int_equal(chmod(f->path, open_to_others[i]), 0);
		assert_open_refused(f, "chmod 600");
		assert_migrate_refused(f, "chmod 600");
	}
}

TEST(test_directory_mode)
{
	static const struct {
		mode_t mode;
		bool fine;
	} cases[] = {
	    {0700,  true },
            {0750,  true },
            {0755,  true },
            {0770,  false},
            {0707,  false},
            {01777, false},
	};
	struct fixture *f = *state;

	assert_migrates(f, 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(chmod(f->dir, cases[i].mode), 0);
		if (cases[i].fine)
			assert_migrates(f, store_schema());
		else
			assert_open_refused(f, "chmod go-w");
	}
}

TEST(test_links_and_directories)
{
	struct fixture *f = *state;
	char real[128];

	assert_migrates(f, 0);
	snprintf(real, sizeof(real), "%s/real.db", f->dir);
	assert_int_equal(rename(f->path, real), 0);
	assert_int_equal(symlink(real, f->path), 0);
	assert_open_refused(f, "not a link");
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_open_refused(f, "regular file");
}

/* Runs what as somebody who is not root; its result is the child's exit status. */
static void as_ordinary_user(struct fixture *f, int (*what)(struct fixture *f))
{
	int how;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgid(STRANGER) != 0 || setuid(STRANGER) != 0))
			_exit(100);
		_exit(what(f));
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
}

static bool unavailable_with(enum status status, const struct error *err, const char *words)
{
	if (status == STATUS_UNAVAILABLE && strstr(err->text, words) != NULL)
		return true;
	fprintf(stderr, "# %s: %s\n", status_name(status), err->text);
	return false;
}

static char kept_token[SESSION_TOKEN_LEN + 1]; /* for the child process */

static int reads_but_cannot_write(struct fixture *f)
{
	static const struct session_life life = {.idle_s = 1800, .absolute_s = 43200};
	struct store *store;
	struct session session;

	if (store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &store, ERR) !=
	    STATUS_OK)
		return unavailable_with(STATUS_OK, ERR, "") ? 0 : 1;
	int wrong = 0;
	/* An hour of touches that fail: the session goes on (REL-DB-3). */
	if (session_find(store, kept_token, NOW + 600, &life, &session, ERR) == STATUS_OK)
		session_clear(&session);
	else
		wrong = 2;
	if (!unavailable_with(user_add(store, "bob", "", NOW, ERR), ERR, "read-only"))
		wrong = 3;
	if (store_ping(store, ERR) != STATUS_OK)
		wrong = 4;
	store_close(store);
	return wrong;
}

TEST(test_read_only_file)
{
	static const struct session_life life = {.idle_s = 1800, .absolute_s = 43200};
	struct session_new what = {.source = "token", .user = "alice", .now = NOW, .life = life};
	struct fixture *f = *state;

	fixture_open(f);
	assert_ok(session_create(f->store, &what, kept_token, ERR));
	store_close(f->store);
	f->store = NULL;
	if (geteuid() == 0) {
		assert_int_equal(chown(f->dir, STRANGER, STRANGER), 0);
		assert_int_equal(chown(f->path, STRANGER, STRANGER), 0);
	}
	assert_int_equal(chmod(f->path, 0400), 0);
	as_ordinary_user(f, reads_but_cannot_write);
}

static int cannot_open(struct fixture *f)
{
	struct store *store;

	return unavailable_with(store_open(&(struct store_location){.database = f->path},
					   FIXTURE_SITE, &store, ERR),
				ERR, "must own the file")
		   ? 0
		   : 1;
}

static int refuses_the_owner(struct fixture *f)
{
	struct store *store;

	return unavailable_with(store_open(&(struct store_location){.database = f->path},
					   FIXTURE_SITE, &store, ERR),
				ERR, "chown 65534")
		   ? 0
		   : 1;
}

TEST(test_owner)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	assert_migrates(f, 0);
	assert_int_equal(chmod(f->dir, 0755), 0);
	as_ordinary_user(f, cannot_open); /* root's: may be, but cannot be opened */
	assert_int_equal(chown(f->path, STRANGER - 1, STRANGER - 1), 0);
	as_ordinary_user(f, refuses_the_owner);
	assert_int_equal(chown(f->path, STRANGER, STRANGER), 0);
	assert_int_equal(chown(f->dir, STRANGER - 1, STRANGER - 1), 0);
	as_ordinary_user(f, refuses_the_owner);
	assert_migrates(f, store_schema()); /* root works on anybody's */
}

/* ---- in use ---- */

TEST(test_log_is_written_ahead)
{
	struct fixture *f = *state;
	char *mode = NULL;
	struct connection *db;

	fixture_open(f);
	assert_ok(store_borrow(f->store, &db, ERR));
	assert_ok(connection_ask(db, "PRAGMA journal_mode", NULL, &mode, ERR));
	assert_string_equal(mode, "wal");
	free(mode);
	store_return(f->store, db);
}

TEST(test_replaced_while_in_use)
{
	struct fixture *f = *state;
	char away[128];

	fixture_open(f);
	snprintf(away, sizeof(away), "%s/away.db", f->dir);
	assert_int_equal(rename(f->path, away), 0);
	assert_fails(store_ping(f->store, ERR), STATUS_UNAVAILABLE, "restart the program");
	write_file(f->path, 0, "", 1);
	assert_fails(store_ping(f->store, ERR), STATUS_UNAVAILABLE, "restart the program");
	assert_int_equal(rename(away, f->path), 0);
	assert_ok(store_ping(f->store, ERR));
}

TEST(test_queries_fit_the_schema)
{
	struct fixture *f = *state;
	struct limit_store *limits;
	char path[128];
	sqlite3 *db;

	fixture_open(f);
	assert_ok(limit_open(f->path, &limits, ERR));
	snprintf(path, sizeof(path), "%s.limits", f->path);
	for (int query = 0; query < QUERY_COUNT; query++) {
		sqlite3_stmt *s;
		bool of_limits = query >= QUERY_LIMIT_FIND;
		assert_non_null(queries[query].sql);
		assert_int_equal(sqlite3_open(of_limits ? path : f->path, &db), SQLITE_OK);
		if (sqlite3_prepare_v2(db, queries[query].sql, -1, &s, NULL) != SQLITE_OK)
			fail_msg("%s: %s", queries[query].sql, sqlite3_errmsg(db));
		sqlite3_finalize(s);
		sqlite3_close(db);
	}
	limit_close(limits);
}

TEST(test_busy)
{
	struct fixture *f = *state;
	struct connection *writer, *other;

	fixture_open(f);
	assert_ok(store_begin(f->store, &(struct store_key){.scope = "test"}, &writer, ERR));
	assert_ok(store_borrow(f->store, &other, ERR));
	connection_lock_timeout(other, 0);
	assert_fails(connection_begin(other, &(struct store_key){.scope = "test"}, ERR),
		     STATUS_UNAVAILABLE, "keeps the database locked");
	assert_int_equal(connection_fault(other), FAULT_BUSY);
	store_return(f->store, other);
	assert_ok(store_ping(f->store, ERR)); /* readers go on */
	assert_ok(store_end(f->store, writer, STATUS_OK, ERR));
	assert_ok(user_add(f->store, "alice", "", NOW, ERR));
}

static enum status add_in_transaction(struct store *store, const char *name, enum status verdict)
{
	struct connection *db;

	assert_ok(store_begin(store, &(struct store_key){.scope = "test"}, &db, ERR));
	const struct values user = VALUES(as_text(name), as_text(""), as_integer(NOW),
					  as_text(name), as_text(""), as_text(""));
	assert_ok(connection_run(db, QUERY_USER_ADD, user, NULL, ERR));
	return store_end(store, db, verdict, NULL);
}

TEST(test_transaction)
{
	struct fixture *f = *state;
	struct user user;

	fixture_open(f);
	assert_status(add_in_transaction(f->store, "alice", STATUS_CONFLICT), STATUS_CONFLICT);
	assert_status(user_find(f->store, "alice", &user, NULL), STATUS_NOT_FOUND);
	assert_ok(add_in_transaction(f->store, "alice", STATUS_OK));
	assert_ok(user_find(f->store, "alice", &user, ERR));
	user_clear(&user);
}

TEST(test_text_with_a_nul_is_refused)
{
	struct fixture *f = *state;
	struct user user;

	fixture_open(f);
	raw(f->path, "INSERT INTO site_user (name, display_name, created)"
		     " VALUES ('alice', 'Alice' || char(0) || 'x', 1)");
	assert_fails(user_find(f->store, "alice", &user, ERR), STATUS_UNAVAILABLE, "display_name");
}

/* ---- the pool ---- */

struct borrower {
	struct store *store;
	enum status status;
};

static void *borrow_once(void *arg)
{
	struct borrower *b = arg;
	struct connection *db;

	b->status = store_borrow(b->store, &db, NULL);
	if (b->status == STATUS_OK)
		store_return(b->store, db);
	return NULL;
}

TEST(test_all_lent)
{
	struct fixture *f = *state;
	struct connection *lent[STORE_CONNECTIONS_MAX];
	struct borrower borrower;
	pthread_t thread;

	fixture_open(f);
	for (int i = 0; i < STORE_CONNECTIONS_MAX; i++) {
		assert_ok(store_borrow(f->store, &lent[i], ERR));
		for (int j = 0; j < i; j++)
			assert_ptr_not_equal(lent[i], lent[j]);
	}
	assert_fails(store_ping(f->store, ERR), STATUS_UNAVAILABLE, "connections were busy");
	borrower = (struct borrower){.store = f->store, .status = STATUS_COUNT};
	assert_int_equal(pthread_create(&thread, NULL, borrow_once, &borrower), 0);
	store_return(f->store, lent[0]);
	pthread_join(thread, NULL);
	assert_ok(borrower.status);
	for (int i = 1; i < STORE_CONNECTIONS_MAX; i++)
		store_return(f->store, lent[i]);
	assert_ok(store_ping(f->store, ERR));
}

struct worker {
	struct store *store;
	int number;
	int failures;
};

static void *add_find_change(void *arg)
{
	struct worker *w = arg;
	char name[32];

	for (int i = 0; i < 15; i++) {
		struct user user;
		snprintf(name, sizeof(name), "user%d-%d", w->number, i);
		w->failures += user_add(w->store, name, "one", NOW, NULL) != STATUS_OK;
		w->failures += user_rehash(w->store, name, "one", "two", NULL) != STATUS_OK;
		if (user_find(w->store, name, &user, NULL) != STATUS_OK) {
			w->failures++;
			continue;
		}
		w->failures += strcmp(user.password_hash, "two") != 0;
		user_clear(&user);
	}
	return NULL;
}

TEST(test_threads)
{
	enum { THREADS = 8 };
	struct fixture *f = *state;
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	fixture_open(f);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.store = f->store, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, add_find_change, &workers[i]),
				 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].failures, 0);
	}
	assert_int_equal(raw_number(f->path, "SELECT count(*) FROM site_user"), THREADS * 15);
}

/* ---- site keys ---- */

TEST(test_site_key)
{
	struct fixture *f = *state;
	unsigned char one[SECRET_KEY_LEN], again[SECRET_KEY_LEN], other[SECRET_KEY_LEN];

	fixture_open(f);
	assert_ok(site_key_get(f->store, "csrf", one, ERR));
	assert_ok(site_key_get(f->store, "csrf", again, ERR));
	assert_ok(site_key_get(f->store, "other", other, ERR));
	assert_memory_equal(one, again, sizeof(one));
	assert_memory_not_equal(one, other, sizeof(one));
	assert_status(site_key_get(f->store, "", other, NULL), STATUS_BAD_REQUEST);

	store_close(f->store);
	assert_ok(store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &f->store,
			     ERR));
	assert_ok(site_key_get(f->store, "csrf", again, ERR));
	assert_memory_equal(one, again, sizeof(one));
	assert_int_equal(unlink(f->path), 0);
	assert_status(site_key_get(f->store, "csrf", again, NULL), STATUS_UNAVAILABLE);
}

struct key_racer {
	struct store *store;
	unsigned char key[SECRET_KEY_LEN];
	enum status status;
};

static void *get_key(void *arg)
{
	struct key_racer *r = arg;

	r->status = site_key_get(r->store, "csrf", r->key, NULL);
	return NULL;
}

TEST(test_site_key_race)
{
	enum { RACERS = 8 };
	struct fixture *f = *state;
	struct key_racer racers[RACERS];
	pthread_t threads[RACERS];

	fixture_open(f);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct key_racer){.store = f->store};
		assert_int_equal(pthread_create(&threads[i], NULL, get_key, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < RACERS; i++) {
		assert_ok(racers[i].status);
		assert_memory_equal(racers[i].key, racers[0].key, SECRET_KEY_LEN);
	}
}

/* A row that this program would not write is refused with the name of its column. */
TEST(test_key_of_another_size)
{
	struct fixture *f = *state;
	unsigned char key[SECRET_KEY_LEN];

	fixture_open(f);
	assert_ok(site_key_get(f->store, "csrf", key, ERR));
	raw(f->path, "PRAGMA ignore_check_constraints = 1; UPDATE site_key SET key = x'0011'");
	assert_fails(site_key_get(f->store, "csrf", key, ERR), STATUS_UNAVAILABLE,
		     "the column key has the wrong length: delete this row");
	raw(f->path, "DELETE FROM site_key");
	assert_ok(site_key_get(f->store, "csrf", key, ERR));
}

/* A name that was folded otherwise is not found as alike, but it is unique all the same. */
TEST(test_name_that_was_folded_otherwise)
{
	struct fixture *f = *state;

	fixture_open(f);
	assert_ok(user_add(f->store, "alice", "one", NOW, ERR));
	raw(f->path, "UPDATE site_user SET folded = 'otherwise'");
	assert_fails(user_add(f->store, "alice", "two", NOW, ERR), STATUS_CONFLICT,
		     "there is already a site user \"alice\"");
	assert_int_equal(raw_number(f->path, "SELECT count(*) FROM site_user"), 1);
}

TEST(test_only_the_present_schema_is_copied)
{
	struct fixture *f = *state;
	char target[128];

	snprintf(target, sizeof(target), "%s/copy.db", f->dir);
	fixture_open(f);
	raw(f->path, "PRAGMA user_version = 3");
	struct store_copy what = {
	    .from = {.database = f->path}, .to = {.database = target}, .site = FIXTURE_SITE};
	assert_fails(store_copy(&what, ERR), STATUS_UNAVAILABLE, "has schema 3, but only");
	assert_int_equal(access(target, F_OK), -1);
}
