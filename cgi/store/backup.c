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

#include "store/connection.h"
#include "store/session.h"
#include "store/store.h"

#define KEPT      ".before-restore" /* suffix of the old database */
#define RESTORING ".restoring"      /* suffix of the new database until it is complete */

/* The suffixes of SQLite's files beside a database. */
static const char *const sides[] = {"-wal", "-shm", "-journal"};

#define N_SIDES (sizeof(sides) / sizeof(sides[0]))

/* Returns path with ending appended, which the caller frees. NULL if out of memory. */
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

static enum status file_new(const char *file, int *fd, struct error *err)
{
	*fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (*fd >= 0)
		return STATUS_OK;
	if (errno == EEXIST)
		return error_set(err, STATUS_CONFLICT,
				 "%s exists and is not overwritten: name another file, or move "
				 "this one away",
				 file);
	return error_set(err, STATUS_UNAVAILABLE,
			 "%s cannot be created by user %u: %s; name a folder that belongs to "
			 "this user",
			 file, (unsigned)geteuid(), strerrordesc_np(errno));
}

/* Syncs a file, or the entries of a folder, to the disk. */
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
	if (!connection_place_is_server(database))
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "%s is a PostgreSQL database; use PostgreSQL's own program instead: %s",
			 database, program);
}

static enum status copy(const char *database, const char *file, struct error *err)
{
	struct connection *db = NULL;
	enum status status = connection_open(&(struct store_place){.database = database},
					     CONNECTION_DURABLE, &db, NULL, err);

	if (status == STATUS_OK)
		status = connection_copy(db, file, err);
	connection_close(db);
	if (status == STATUS_OK)
		status = sync_path(file, O_RDONLY, err);
	return status == STATUS_OK ? sync_folder(file, err) : status;
}

enum status store_backup(const char *database, const char *file, struct error *err)
{
	int fd = -1;
	enum status status = refuse_server(database, "pg_dump", err);

	if (status == STATUS_OK)
		status = file_new(file, &fd, err);
	if (status != STATUS_OK)
		return status;
	close(fd); /* SQLite opens the empty file itself */
	status = copy(database, file, err);
	if (status != STATUS_OK)
		unlink(file);
	return status;
}

/* ---- restoration ---- */

/* The paths of one restoration, all owned. */
struct places {
	char *restoring;
	char *kept;
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
 * If a database was copied while it was in use, changes that are only in its log are missing in the
 * copy.
 */
static enum status refuse_sides(const char *file, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < N_SIDES; i++) {
		char *side = joined(file, sides[i]);

		if (side == NULL)
			status = error_no_memory(err);
		else if (exists(side))
			status =
			    error_set(err, STATUS_BAD_REQUEST,
				      "%s is beside the file, so the file is a database in use and "
				      "not a backup; make a backup with prebindctl backup",
				      side);
		free(side);
	}
	return status;
}

/* Turns the copy into a database of this program and site, in which nobody is logged in. */
static enum status prepare(struct store_restoration *what, const char *copied, struct error *err)
{
	const struct store_migration migration = {.place = {.database = copied},
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
	status = store_open(&migration.place, what->site, &store, err);
	if (status == STATUS_OK)
		status = store_verify(store, err);
	if (status == STATUS_OK)
		status = session_end_all(store, &ended, err);
	store_close(store);
	return status;
}

static enum status make_copy(struct store_restoration *what, const char *restoring,
			     struct error *err)
{
	struct error why = {0};
	int fd = -1;
	enum status status = refuse_sides(what->file, err);

	if (status == STATUS_OK)
		status = file_new(restoring, &fd, err);
	if (status != STATUS_OK)
		return status;
	status = copy_bytes(what->file, fd, &why);
	close(fd);
	if (status == STATUS_OK)
		status = prepare(what, restoring, &why);
	if (status == STATUS_OK)
		status = sync_path(restoring, O_RDONLY, &why);
	if (status == STATUS_OK)
		return status;
	sides_remove(restoring);
	unlink(restoring);
	return error_set(err, status, "%s is not restored: %s", what->file, why.text);
}

/*
 * Renames what is left of a damaged database's log, so that it is not taken for the log of the new
 * database.
 */
static void sides_keep(const char *database, const char *kept)
{
	for (size_t i = 0; i < N_SIDES; i++) {
		char *from = joined(database, sides[i]);
		char *to = joined(kept, sides[i]);

		if (from != NULL && to != NULL)
			rename(from, to);
		free(from);
		free(to);
	}
}

/* At every moment the database's name leads either to the old file or to the new one. */
static enum status swap(const struct store_restoration *what, const struct places *places,
			struct error *err)
{
	if (exists(what->database) && link(what->database, places->kept) != 0)
		return error_set(err, errno == EEXIST ? STATUS_CONFLICT : STATUS_UNAVAILABLE,
				 "%s: %s; move it away if it is from an earlier restoration",
				 places->kept, strerrordesc_np(errno));
	sides_keep(what->database, places->kept);
	if (rename(places->restoring, what->database) != 0)
		return error_set(err, STATUS_UNAVAILABLE, "%s cannot be replaced: %s",
				 what->database, strerrordesc_np(errno));
	return sync_folder(what->database, err);
}

/*
 * If the database is damaged, it is replaced without a check for other users, because it cannot be
 * opened for that check.
 */
static enum status replace(const struct store_restoration *what, const struct places *places,
			   struct error *err)
{
	enum connection_trouble trouble = TROUBLE_NONE;
	struct connection *db = NULL;
	struct error why = {0};
	enum status status = STATUS_OK;

	if (exists(what->database))
		status = connection_open(&(struct store_place){.database = what->database},
					 CONNECTION_DURABLE, &db, &trouble, &why);
	if (status != STATUS_OK && trouble != TROUBLE_DAMAGED)
		return error_set(err, status, "%s", why.text);
	status = db != NULL ? connection_lock_out(db, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = swap(what, places, err);
	connection_close(db);
	return status;
}

enum status store_restore(struct store_restoration *what, struct error *err)
{
	struct places places = {
	    .restoring = joined(what->database, RESTORING),
	    .kept = joined(what->database, KEPT),
	};
	bool had = exists(what->database);
	enum status status = refuse_server(what->database, "pg_restore", err);

	if (status == STATUS_OK && (places.restoring == NULL || places.kept == NULL))
		status = error_no_memory(err);
	if (status == STATUS_OK)
		status = make_copy(what, places.restoring, err);
	if (status == STATUS_OK) {
		status = replace(what, &places, err);
		if (status != STATUS_OK)
			unlink(places.restoring);
	}
	if (status == STATUS_OK && had) {
		what->kept = places.kept;
		places.kept = NULL;
	}
	free(places.restoring);
	free(places.kept);
	return status;
}
