/*
 * Backup and restoration when the disk fails, or the process ends, at a moment that is chosen here:
 * what is left, and that the next attempt succeeds. tests/program/backup.test.mjs has the rest.
 */
#include "unit.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "store/backup.h"
#include "store_fixture.h"
#include "users.h"

#define NOW 1700000000

enum moment {
	NEVER,
	SYNC_OF_FILE,
	SYNC_OF_FOLDER,
	RENAME_OF_SIDE,
	RENAME_OF_DATABASE,
	RENAME_BACK,
	REMOVAL_OF_DATABASE
};

static enum moment fails, also_fails, ends;

static bool is_refused(enum moment now)
{
	if (now == ends)
		_exit(9);
	errno = EIO;
	return now == fails || now == also_fails;
}

/* These three replace the functions of the C library. */

int fsync(int fd)
{
	struct stat st;

	if (is_refused(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? SYNC_OF_FOLDER : SYNC_OF_FILE))
		return -1;
	return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
	bool back = strstr(from, "before-restore") != NULL;
	bool of_database = strcmp(strrchr(to, '.'), ".db") == 0;

	if (back ? of_database && is_refused(RENAME_BACK)
		 : is_refused(of_database ? RENAME_OF_DATABASE : RENAME_OF_SIDE))
		return -1;
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char *path)
{
	const char *ending = strrchr(path, '.');

	if (ending != NULL && strcmp(ending, ".db") == 0 && is_refused(REMOVAL_OF_DATABASE))
		return -1;
	return unlinkat(AT_FDCWD, path, 0);
}

/* ---- files ---- */

static const char *at(const struct fixture *f, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

static ino_t file_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int count_files(const struct fixture *f)
{
	DIR *dir = opendir(f->dir);
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2; /* . and .. */
}

static enum status backup(const struct fixture *f)
{
	char copy[128];

	snprintf(copy, sizeof(copy), "%s/copy", f->dir);
	return store_backup(f->path, copy, ERR);
}

static enum status restore(const struct fixture *f, char **kept)
{
	char copy[128];

	snprintf(copy, sizeof(copy), "%s/copy", f->dir);
	struct store_restoration what = {.database = f->path, .site = FIXTURE_SITE, .file = copy};
	enum status status = store_restore(&what, ERR);
	if (kept != NULL)
		*kept = what.kept;
	else
		free(what.kept);
	return status;
}

/* In a process of its own, which ends at that moment. */
static void assert_ends(const struct fixture *f, enum status (*what)(const struct fixture *f),
			enum moment moment)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		ends = moment;
		what(f);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 9);
}

static enum status restore_only(const struct fixture *f)
{
	return restore(f, NULL);
}

/* A database with one user, closed, and a backup of it. */
static int setup(void **state)
{
	fixture_store(state);
	struct fixture *f = *state;

	assert_ok(user_add(f->store, "alice", "hash", NOW, ERR));
	store_close(f->store);
	f->store = NULL;
	return 0;
}

static int teardown(void **state)
{
	fails = also_fails = ends = NEVER;
	return fixture_remove(state);
}

/* ---- backup ---- */

FIXTURE(setup, teardown)

TEST(test_backup_that_fails_leaves_nothing)
{
	static const enum moment moments[] = {SYNC_OF_FILE, SYNC_OF_FOLDER};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(moments); i++) {
		fails = moments[i];
		assert_status(backup(f), STATUS_UNAVAILABLE);
		assert_int_equal(count_files(f), 1);
	}
	fails = NEVER;
	assert_ok(backup(f));
	assert_int_equal(count_files(f), 2);
}

TEST(test_backup_after_one_that_was_interrupted)
{
	struct fixture *f = *state;

	assert_ends(f, backup, SYNC_OF_FILE);
	assert_int_equal(access(at(f, "copy"), F_OK), -1);
	assert_ok(backup(f));
	assert_status(backup(f), STATUS_CONFLICT);
	assert_ok(restore(f, NULL));
}

/* A link that leads nowhere has the name all the same. */
TEST(test_backup_whose_name_is_taken_by_a_link)
{
	struct fixture *f = *state;

	assert_int_equal(symlink("nowhere", at(f, "copy")), 0);
	assert_status(backup(f), STATUS_CONFLICT);
	assert_int_equal(count_files(f), 2);
}

/* ---- restoration ---- */

static ino_t side_make(const struct fixture *f)
{
	FILE *file = fopen(at(f, "prebind.db-shm"), "w");

	assert_non_null(file);
	fputs("left over", file); /* SQLite itself deletes a -wal */
	assert_int_equal(fclose(file), 0);
	return file_of(at(f, "prebind.db-shm"));
}

/* Makes the database damaged. Returns the file beside it. */
static ino_t damage(const struct fixture *f)
{
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	for (int n = 0; n < 20; n++)
		fputs("no database at all, but longer than a header of one: ", file);
	assert_int_equal(fclose(file), 0);
	return side_make(f);
}

/* Everything is as before, and the next attempt succeeds. */
TEST(test_restoration_that_fails_leaves_nothing)
{
	static const enum moment moments[] = {SYNC_OF_FILE, RENAME_OF_DATABASE, SYNC_OF_FOLDER};
	struct fixture *f = *state;
	char *kept = NULL;

	assert_ok(backup(f));
	const ino_t old = file_of(f->path);
	for (size_t i = 0; i < COUNT(moments); i++) {
		fails = moments[i];
		assert_status(restore(f, &kept), STATUS_UNAVAILABLE);
		assert_null(kept);
		assert_int_equal(file_of(f->path), old);
		assert_int_equal(count_files(f), 2);
	}
	fails = NEVER;
	assert_ok(restore(f, &kept));
	assert_int_equal(file_of(kept), old);
	assert_int_not_equal(file_of(f->path), old);
	free(kept);
}

TEST(test_restoration_without_a_database)
{
	static const enum moment moments[] = {RENAME_OF_DATABASE, SYNC_OF_FOLDER};
	struct fixture *f = *state;
	char *kept = NULL;

	assert_ok(backup(f));
	assert_int_equal(unlink(f->path), 0);
	for (size_t i = 0; i < COUNT(moments); i++) {
		fails = moments[i];
		assert_status(restore(f, NULL), STATUS_UNAVAILABLE);
		assert_int_equal(count_files(f), 1);
	}
	fails = NEVER;
	assert_ok(restore(f, &kept));
	assert_null(kept);
	assert_int_equal(count_files(f), 2);
}

/* A file beside a damaged database goes back to it. */
TEST(test_restoration_of_a_damaged_database)
{
	static const enum moment moments[] = {RENAME_OF_SIDE, RENAME_OF_DATABASE, SYNC_OF_FOLDER};
	struct fixture *f = *state;

	assert_ok(backup(f));
	const ino_t side = damage(f), old = file_of(f->path);
	for (size_t i = 0; i < COUNT(moments); i++) {
		fails = moments[i];
		assert_status(restore(f, NULL), STATUS_UNAVAILABLE);
		assert_int_equal(file_of(f->path), old);
		assert_int_equal(file_of(at(f, "prebind.db-shm")), side);
		assert_int_equal(count_files(f), 3);
	}
	fails = NEVER;
	assert_ok(restore(f, NULL));
	assert_int_equal(file_of(at(f, "prebind.db.before-restore")), old);
	assert_int_equal(file_of(at(f, "prebind.db.before-restore-shm")), side);
}

struct damaged {
	ino_t database, side;
};

/* Restores a damaged database. That fails at this moment, and no name can be given back. */
static struct damaged restoration_fails(struct fixture *f, enum moment moment)
{
	struct damaged old;

	assert_ok(backup(f));
	old.side = damage(f);
	old.database = file_of(f->path);
	fails = moment;
	also_fails = RENAME_BACK;
	assert_status(restore(f, NULL), STATUS_UNAVAILABLE);
	return old;
}

/* The new database keeps the name, so the file beside the old one stays with the old one. */
TEST(test_restoration_that_cannot_be_undone)
{
	struct fixture *f = *state;
	const struct damaged old = restoration_fails(f, SYNC_OF_FOLDER);

	assert_int_not_equal(file_of(f->path), old.database);
	assert_int_equal(file_of(at(f, "prebind.db-shm")), 0);
	assert_int_equal(file_of(at(f, "prebind.db.before-restore")), old.database);
	assert_int_equal(file_of(at(f, "prebind.db.before-restore-shm")), old.side);
}

/* Here the database still is the old one, so the file goes back to it. */
TEST(test_restoration_that_changed_no_name)
{
	struct fixture *f = *state;
	const struct damaged old = restoration_fails(f, RENAME_OF_DATABASE);

	assert_int_equal(file_of(f->path), old.database);
	assert_int_equal(file_of(at(f, "prebind.db-shm")), old.side);
}

TEST(test_restoration_without_a_database_that_cannot_be_undone)
{
	struct fixture *f = *state;

	assert_ok(backup(f));
	assert_int_equal(unlink(f->path), 0);
	const ino_t side = side_make(f);
	fails = SYNC_OF_FOLDER;
	also_fails = REMOVAL_OF_DATABASE;
	assert_status(restore(f, NULL), STATUS_UNAVAILABLE);
	assert_int_not_equal(file_of(f->path), 0);
	assert_int_equal(file_of(at(f, "prebind.db-shm")), 0);
	assert_int_equal(file_of(at(f, "prebind.db.before-restore-shm")), side);
}

TEST(test_restoration_after_one_that_was_interrupted)
{
	struct fixture *f = *state;

	assert_ok(backup(f));
	const ino_t old = file_of(f->path);
	assert_ends(f, restore_only, SYNC_OF_FILE);
	assert_ends(f, restore_only, RENAME_OF_DATABASE);
	assert_int_equal(file_of(f->path), old);
	assert_ok(restore(f, NULL));
	assert_int_equal(file_of(at(f, "prebind.db.before-restore")), old);
	assert_status(restore(f, NULL), STATUS_CONFLICT);
}
