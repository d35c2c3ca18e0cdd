/*
 * Backup and restoration. A restored database gets its final name only when it is complete and
 * synced to the disk.
 */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/connection.h"
#include "store/session.h"
#include "store/store.h"

#define KEPT ".before-restore" /* appended to the name of the replaced database */

/* The suffixes of SQLite's files beside a database. */
static const char *const sides[] = {"-wal", "-shm", "-journal"};

#define N_SIDES (sizeof(sides) / sizeof(sides[0]))

/* Returns a new string: path followed by ending. The caller frees it. NULL if out of memory. */
static char *joined(const char *path, const char *ending)
{
	char *text = NULL;

	return asprintf(&text, "%s%s", path, ending) < 0 ? NULL : text;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- files ---- */

static enum status file_exists(const char *file, struct error *err)
{
	return error_set(err, STATUS_CONFLICT,
			 "%s already exists and was not overwritten: choose another file name, or "
			 "move the existing file away",
			 file);
}

static enum status file_refused(const char *file, struct error *err)
{
	return error_set(
	    err, STATUS_UNAVAILABLE,
	    "%s cannot be created by user %u: %s; choose a folder that belongs to this user", file,
	    (unsigned)geteuid(), strerrordesc_np(errno));
}

/*
 * Creates a temporary file for the data that will become `file`. Sets *part to the path of the
 * temporary file. The caller frees *part and closes *fd.
 */
static enum status part_new(const char *file, char **part, int *fd, struct error *err)
{
	*fd = file_part_new(file, part);
	return *fd >= 0 ? STATUS_OK : file_refused(file, err);
}

/* Syncs a file, or the entries of a directory, to the disk. */
static enum status sync_path(const char *path, int flags, struct error *err)
{
	int fd = open(path, flags | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0;
	int why = errno;

	if (fd >= 0)
		close(fd);
	return done ? STATUS_OK
		    : error_set(err, STATUS_UNAVAILABLE, "%s cannot be written to the disk: %s",
				path, strerrordesc_np(why));
}

static enum status sync_folder(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL   ? strdup(".")
		       : slash == path ? strdup("/")
				       : strndup(path, (size_t)(slash - path));

	if (folder == NULL)
		return error_no_memory(err);
	enum status status = sync_path(folder, O_RDONLY | O_DIRECTORY, err);
	free(folder);
	return status;
}

static enum status copy_bytes(const char *from, int to, struct error *err)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t sent = -1;

	if (fd >= 0)
		do
			sent = sendfile(to, fd, NULL, 1 << 20);
		while (sent > 0);
	int why = errno;
	if (fd >= 0)
		close(fd);
	return sent == 0 ? STATUS_OK
			 : error_set(err, STATUS_UNAVAILABLE, "%s cannot be read by user %u: %s",
				     from, (unsigned)geteuid(), strerrordesc_np(why));
}

/* ---- backup ---- */

static enum status refuse_server(const char *database, const char *program, struct error *err)
{
	if (!connection_location_is_server(database))
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "%s is a PostgreSQL database; use PostgreSQL's own program instead: %s",
			 database, program);
}

static enum status copy(const char *database, const char *part, struct error *err)
{
	struct connection *db = NULL;
	enum status status = connection_open(&(struct store_location){.database = database},
					     CONNECTION_DURABLE, &db, NULL, err);

	if (status == STATUS_OK)
		status = connection_copy(db, part, err);
	connection_close(db);
	return status == STATUS_OK ? sync_path(part, O_RDONLY, err) : status;
}

/* Renames the complete copy to its final name. If the name cannot be synced, deletes the copy. */
static enum status name_copy(const char *part, const char *file, struct error *err)
{
	if (!file_rename_new(part, file))
		return errno == EEXIST ? file_exists(file, err) : file_refused(file, err);
	enum status status = sync_folder(file, err);
	if (status != STATUS_OK)
		unlink(file);
	return status;
}

enum status store_backup(const char *database, const char *file, struct error *err)
{
	char *part = NULL;
	int fd = -1;
	enum status status = refuse_server(database, "pg_dump", err);

	if (status == STATUS_OK && exists(file)) /* name_copy checks this again at the end */
		status = file_exists(file, err);
	if (status == STATUS_OK)
		status = part_new(file, &part, &fd, err);
	if (status != STATUS_OK)
		return status;
	close(fd); /* SQLite opens the empty file itself */
	status = copy(database, part, err);
	if (status == STATUS_OK)
		status = name_copy(part, file, err);
	if (status != STATUS_OK)
		unlink(part);
	free(part);
	return status;
}

/* ---- restoration ---- */

/* The files of one restoration. The paths are owned. */
struct places {
	char *restoring; /* path of the incomplete new database; NULL before it is created */
	char *kept;
	bool had;            /* true if there is an old database */
	bool moved[N_SIDES]; /* for each of `sides`: true if the old database's file was renamed */
};

static void sides_remove(const char *database)
{
	for (size_t i = 0; i < N_SIDES; i++) {
		char *side = joined(database, sides[i]);

		if (side != NULL)
			unlink(side);
		free(side);
	}
}

/*
 * Refuses a backup file that has a log file beside it. The log means that the backup file is a
 * database in use. A copy of such a database would lack the changes that are only in the log.
 */
static enum status refuse_sides(const char *file, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < N_SIDES; i++) {
		char *side = joined(file, sides[i]);

		if (side == NULL)
			status = error_no_memory(err);
		else if (exists(side))
			status = error_set(err, STATUS_BAD_REQUEST,
					   "%s exists, so the given file is a database in use and "
					   "not a backup; make a backup with prebindctl backup",
					   side);
		free(side);
	}
	return status;
}

/*
 * Migrates the copy to this program's schema for this site, checks the copy for damage, and ends
 * all logins in it.
 */
static enum status prepare(struct store_restoration *what, const char *copied, struct error *err)
{
	const struct store_migration migration = {.location = {.database = copied},
						  .site = what->site};
	struct store_migration_report report = {0};
	struct store *store = NULL;
	int ended = 0;

	enum status status = store_migrate(&migration, &report, err);
	if (status != STATUS_OK)
		return status;
	what->from = report.from;
	free(report.adopted_from);
	if (report.from == 0)
		return error_set(err, STATUS_BAD_REQUEST, "%s is empty, so it is not a backup",
				 what->file);
	status = store_open(&migration.location, what->site, &store, err);
	if (status == STATUS_OK)
		status = store_verify(store, err);
	if (status == STATUS_OK)
		status = session_end_all(store, &ended, err);
	store_close(store);
	return status;
}

static enum status make_copy(struct store_restoration *what, struct places *places,
			     struct error *err)
{
	struct error why = {0};
	int fd = -1;
	enum status status = refuse_sides(what->file, err);

	if (status == STATUS_OK)
		status = part_new(what->database, &places->restoring, &fd, err);
	if (status != STATUS_OK)
		return status;
	status = copy_bytes(what->file, fd, &why);
	close(fd);
	if (status == STATUS_OK)
		status = prepare(what, places->restoring, &why);
	if (status == STATUS_OK)
		status = sync_path(places->restoring, O_RDONLY, &why);
	return status == STATUS_OK
		   ? status
		   : error_set(err, status, "%s is not restored: %s", what->file, why.text);
}

/*
 * Renames the remaining log files of a damaged database. Otherwise SQLite would use them as the log
 * of the new database.
 */
static enum status sides_keep(const char *database, struct places *places, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < N_SIDES; i++) {
		char *from = joined(database, sides[i]);
		char *to = joined(places->kept, sides[i]);

		if (from == NULL || to == NULL)
			status = error_no_memory(err);
		else if (rename(from, to) == 0)
			places->moved[i] = true;
		else if (errno != ENOENT)
			status = error_set(err, STATUS_UNAVAILABLE, "%s cannot be renamed: %s",
					   from, strerrordesc_np(errno));
		free(from);
		free(to);
	}
	return status;
}

/* True if both names are links to the same file. An interrupted restoration leaves such links. */
static bool is_same(const char *one, const char *other)
{
	struct stat a, b;

	return lstat(one, &a) == 0 && lstat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/*
 * Gives the database's name back to the old file. If there was no old file, removes the new file.
 * Returns false if that fails.
 */
static bool name_undo(const char *database, const struct places *places)
{
	if (!places->had)
		return exists(places->restoring) || unlink(database) == 0;
	if (rename(places->kept, database) != 0)
		return is_same(places->kept, database);
	unlink(places->kept); /* rename does nothing if both names are links to one file */
	return true;
}

/* Undoes swap: restores the old files under their names. */
static void swap_undo(const char *database, const struct places *places)
{
	if (!name_undo(database, places))
		return; /* otherwise SQLite would use the old log for the new database */
	for (size_t i = 0; i < N_SIDES; i++) {
		char *from = joined(places->kept, sides[i]);
		char *to = joined(database, sides[i]);

		if (places->moved[i] && from != NULL && to != NULL)
			rename(from, to);
		free(from);
		free(to);
	}
}

/*
 * Puts the new file in place. At every moment, the database's path leads to either the old or the
 * new file.
 */
static enum status swap(const char *database, struct places *places, struct error *err)
{
	int why = places->had && link(database, places->kept) != 0 ? errno : 0;

	if (why != 0 && !is_same(database, places->kept))
		return error_set(err, why == EEXIST ? STATUS_CONFLICT : STATUS_UNAVAILABLE,
				 "%s cannot be created: %s; if this file is from an earlier "
				 "restore, move the file away",
				 places->kept, strerrordesc_np(why));
	enum status status = sides_keep(database, places, err);
	if (status == STATUS_OK && rename(places->restoring, database) != 0)
		status = error_set(err, STATUS_UNAVAILABLE, "%s cannot be replaced: %s", database,
				   strerrordesc_np(errno));
	if (status == STATUS_OK)
		status = sync_folder(database, err);
	if (status != STATUS_OK)
		swap_undo(database, places);
	return status;
}

/*
 * Replaces the database, unless another process has it open. A damaged database is replaced without
 * this check, because it cannot be opened.
 */
static enum status replace(const struct store_restoration *what, struct places *places,
			   struct error *err)
{
	enum connection_fault fault = FAULT_NONE;
	struct connection *db = NULL;
	struct error why = {0};
	enum status status = STATUS_OK;

	places->had = exists(what->database);
	if (places->had)
		status = connection_open(&(struct store_location){.database = what->database},
					 CONNECTION_DURABLE, &db, &fault, &why);
	if (status != STATUS_OK && fault != FAULT_DAMAGED)
		return error_set(err, status, "%s", why.text);
	status = db != NULL ? connection_lock_out(db, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = swap(what->database, places, err);
	connection_close(db);
	return status;
}

enum status store_restore(struct store_restoration *what, struct error *err)
{
	struct places places = {.kept = joined(what->database, KEPT)};
	enum status status = refuse_server(what->database, "pg_restore", err);

	if (status == STATUS_OK && places.kept == NULL)
		status = error_no_memory(err);
	if (status == STATUS_OK)
		status = make_copy(what, &places, err);
	if (status == STATUS_OK)
		status = replace(what, &places, err);
	if (status != STATUS_OK && places.restoring != NULL) {
		sides_remove(places.restoring);
		unlink(places.restoring);
	}
	if (status == STATUS_OK && places.had) {
		what->kept = places.kept;
		places.kept = NULL;
	}
	free(places.restoring);
	free(places.kept);
	return status;
}
