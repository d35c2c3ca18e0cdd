/*
 * Permissions and location of a database file. The directory is as important as the file: a user
 * who can write to the directory can replace the database or its journal. A write-ahead log needs
 * shared memory, so network file systems must be detected.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/sqlite.h"

#define ROOM_WANTED   (1024 * 1024)       /* bytes; a quarter of the log's size at a checkpoint */
#define DATABASE_MODE (S_IRUSR | S_IWUSR) /* also for -wal, -shm and -journal */

/*
 * File systems on which locks are often slow, disabled or wrong. FUSE is listed because any file
 * system can be behind it.
 */
static const unsigned long network_magic[] = {
    NFS_SUPER_MAGIC,   SMB_SUPER_MAGIC,  SMB2_SUPER_MAGIC, CIFS_SUPER_MAGIC, NCP_SUPER_MAGIC,
    AFS_SUPER_MAGIC,   AFS_FS_MAGIC,     CODA_SUPER_MAGIC, V9FS_MAGIC,       CEPH_SUPER_MAGIC,
    OCFS2_SUPER_MAGIC, FUSE_SUPER_MAGIC, 0x01161970UL, /* GFS2 */
    0x0BD00BD0UL,                                      /* Lustre */
    0x47504653UL,                                      /* GPFS */
    0x786f4256UL,                                      /* VirtualBox shared folders */
};

/*
 * Returns the directory part of `path`, as a new string that the caller frees. NULL if out of
 * memory.
 */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static bool owner_is_fine(uid_t owner)
{
	uid_t us = geteuid();

	return owner == us || owner == 0 || us == 0;
}

static enum status check_file(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) != 0 && errno == ENOENT)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: there is no database: run prebindctl migrate", path);
	if (lstat(path, &st) != 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: cannot find the database: %s; check that user %u may enter "
				 "every directory of this path",
				 path, strerrordesc_np(errno), (unsigned)geteuid());
	if (!S_ISREG(st.st_mode))
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: the database must be a regular file, not a link or a "
				 "directory: use the path of the file itself",
				 path);
	if (!owner_is_fine(st.st_uid))
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: the database belongs to user %u, but this program runs as "
				 "user %u; run: chown %u '%s'",
				 path, (unsigned)st.st_uid, (unsigned)geteuid(),
				 (unsigned)geteuid(), path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return error_set(
		    err, STATUS_UNAVAILABLE,
		    "%s: other users have access to the database (mode %04o); run: chmod 600 '%s'",
		    path, (unsigned)(st.st_mode & 07777), path);
	return STATUS_OK;
}

static enum status check_directory(const char *directory, struct error *err)
{
	struct stat st;

	if (stat(directory, &st) != 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: cannot check the owner and mode of the directory: %s",
				 directory, strerrordesc_np(errno));
	if (!owner_is_fine(st.st_uid))
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: the database's directory belongs to user %u, but this "
				 "program runs as user %u; run: chown %u '%s'",
				 directory, (unsigned)st.st_uid, (unsigned)geteuid(),
				 (unsigned)geteuid(), directory);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: other users can write to the database's directory (mode "
				 "%04o); run: chmod go-w '%s'",
				 directory, (unsigned)(st.st_mode & 07777), directory);
	return STATUS_OK;
}

enum status sqlite_file_check(const char *path, struct error *err)
{
	enum status status = check_file(path, err);

	if (status != STATUS_OK)
		return status;
	char *directory = directory_of(path);
	if (directory == NULL)
		return error_no_memory(err);
	status = check_directory(directory, err);
	free(directory);
	return status;
}

/* Uses faccessat() instead of the file's mode, because the file system can be read-only. */
enum status sqlite_file_check_writable(const char *path, struct error *err)
{
	if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT)
		return STATUS_OK;
	int why = errno;
	struct stat st;

	if (lstat(path, &st) == 0 && st.st_uid != geteuid())
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: the database belongs to user %u, but this program runs as "
				 "user %u and may not write to it; run: chown %u '%s'",
				 path, (unsigned)st.st_uid, (unsigned)geteuid(),
				 (unsigned)geteuid(), path);
	return error_set(err, STATUS_UNAVAILABLE,
			 "%s: user %u may not write to the database: %s; run: chmod 600 '%s', or "
			 "make the file system writable",
			 path, (unsigned)geteuid(), strerrordesc_np(why), path);
}

/*
 * Checks the directory in which SQLite creates the -journal, -wal and -shm files of the database.
 */
static enum status check_folder(const char *path, struct error *err)
{
	char *directory = directory_of(path);
	enum status status = STATUS_OK;

	if (directory == NULL)
		return error_no_memory(err);
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0)
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: user %u may not write to the database's directory: %s; "
				   "run: chown %u '%s' && chmod 700 '%s'",
				   directory, (unsigned)geteuid(), strerrordesc_np(errno),
				   (unsigned)geteuid(), directory, directory);
	free(directory);
	return status;
}

/*
 * Only the owner can write to the directory, so no other user can put a link into it between lstat
 * and chmod.
 */
void sqlite_file_mend_sides(const char *path)
{
	static const char *const suffixes[] = {"-wal", "-shm"};
	char side[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		int len = snprintf(side, sizeof(side), "%s%s", path, suffixes[i]);
		if (len < 0 || (size_t)len >= sizeof(side))
			return;
		if (lstat(side, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		    (st.st_mode & DATABASE_MODE) != DATABASE_MODE)
			chmod(side, DATABASE_MODE);
	}
}

enum status sqlite_location_check(const char *path, struct error *err)
{
	enum status status = sqlite_file_check(path, err);

	if (status == STATUS_OK)
		status = sqlite_file_check_writable(path, err);
	return status == STATUS_OK ? check_folder(path, err) : status;
}

/*
 * Uses mknod instead of open. The descriptor from open would have to be closed, and closing it
 * would drop the locks of this process on the file. If root runs this, the file is created for the
 * owner of the directory, because the program itself does not run as root. setfsuid and setfsgid
 * affect only the calling thread.
 */
static int make_file(const char *path, const struct stat *directory)
{
	bool as_owner = geteuid() == 0 && directory->st_uid != 0;

	if (as_owner) {
		setfsgid(directory->st_gid);
		setfsuid(directory->st_uid);
	}
	int made = mknod(path, S_IFREG | DATABASE_MODE, 0) == 0 ? 0 : errno;
	if (as_owner) {
		setfsuid(geteuid());
		setfsgid(getegid());
	}
	return made;
}

enum status sqlite_location_create(const char *path, struct error *err)
{
	struct stat st;
	char *directory = directory_of(path);

	if (directory == NULL)
		return error_no_memory(err);
	enum status status = STATUS_OK;
	int made = stat(directory, &st) == 0 ? make_file(path, &st) : errno;
	if (made != 0 && made != EEXIST)
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: cannot create the database: %s; the directory %s must "
				   "exist, and user %u must be able to write to it",
				   path, strerrordesc_np(made), directory, (unsigned)geteuid());
	free(directory);
	return status;
}

static enum status check_one_beside(const char *name, struct error *err)
{
	struct stat st;

	if (lstat(name, &st) != 0)
		return STATUS_OK;
	if (!S_ISREG(st.st_mode))
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: this is not a regular file, but SQLite must create a file "
				 "with this name: move the existing one away",
				 name);
	if ((st.st_mode & (S_IRUSR | S_IWUSR)) != (S_IRUSR | S_IWUSR))
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: the file's owner may not read and write the file (mode "
				 "%04o), so the database cannot be written; run: chmod 600 '%s'",
				 name, (unsigned)(st.st_mode & 07777), name);
	if (st.st_uid != geteuid() && geteuid() != 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: the file belongs to user %u, but this program runs as user "
				 "%u, so the database cannot be written; run: chown %u '%s'",
				 name, (unsigned)st.st_uid, (unsigned)geteuid(),
				 (unsigned)geteuid(), name);
	return STATUS_OK;
}

enum status sqlite_location_beside(const char *path, struct error *err)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal", ".limits"};
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *name = NULL;

		if (asprintf(&name, "%s%s", path, suffixes[i]) < 0)
			return error_no_memory(err);
		status = check_one_beside(name, err);
		free(name);
	}
	return status;
}

/* Writes to an unnamed file, which disappears when it is closed, also after a crash. */
enum status sqlite_location_room(const char *path, struct error *err)
{
	char *directory = directory_of(path);
	enum status status = STATUS_OK;

	if (directory == NULL)
		return error_no_memory(err);
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, DATABASE_MODE);
	int failed = fd >= 0 ? posix_fallocate(fd, 0, ROOM_WANTED) : errno;
	if (failed == ENOSPC || failed == EDQUOT)
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: %s; there is no space for %d KiB, so free some space on "
				   "the disk or in the quota",
				   directory, strerrordesc_np(failed), ROOM_WANTED / 1024);
	if (fd >= 0)
		close(fd);
	free(directory);
	/* On a file system without O_TMPFILE, assume that there is enough space. */
	return status;
}

bool sqlite_location_on_network(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return false; /* opening the file will report the reason */
	for (size_t i = 0; i < sizeof(network_magic) / sizeof(network_magic[0]); i++)
		if (((unsigned long)fs.f_type & 0xFFFFFFFFUL) == network_magic[i])
			return true;
	return false;
}
