/*
 * Sets the owner and the mode that prebind needs for files that already exist. Does not change the
 * files' content.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "setup/setup.h"

#define OTHERS       077
#define OTHERS_WRITE 022
#define ALL_READ     0444
#define OWNER_ONLY   0600

/*
 * Returns the account that prebind runs as. Returns NULL if this is the current account, or if we
 * are not root and cannot change owners.
 */
static const struct passwd *service(const struct setup *setup)
{
	const char *user = setup_answer(setup, SETUP_USER);

	return geteuid() == 0 && user[0] != '\0' ? getpwnam(user) : NULL;
}

static bool mode_is_wrong(const struct setup_file *file, const struct stat *st,
			  const struct passwd *who)
{
	mode_t mode = st->st_mode & 07777;
	bool unread = who != NULL && who->pw_uid != st->st_uid && (mode & ALL_READ) == S_IRUSR;

	switch (file->kind) {
	case SETUP_SECRET:
		return (mode & OTHERS) != 0 || (mode & S_IRUSR) == 0;
	case SETUP_KEPT:
		return mode != OWNER_ONLY;
	case SETUP_TEXT:
		return (mode & OTHERS_WRITE) != 0 || unread;
	default:
		return false;
	}
}

/*
 * True if setup is allowed to change the file's owner and mode. A file with a second hard link is
 * refused, because it can also belong to somebody else.
 */
static bool is_ours(const struct setup_file *file, const struct stat *st)
{
	return file->kind == SETUP_FOLDER ? S_ISDIR(st->st_mode)
					  : S_ISREG(st->st_mode) && st->st_nlink == 1;
}

static bool is_wrong(const struct setup *setup, const struct setup_file *file,
		     const struct stat *st)
{
	const struct passwd *who = service(setup);
	bool foreign = file->is_service && who != NULL && st->st_uid != who->pw_uid;

	return is_ours(file, st) && (foreign || mode_is_wrong(file, st, who));
}

bool setup_mend_is_needed(const struct setup *setup, const struct setup_file *file)
{
	struct stat st;

	return lstat(file->path, &st) == 0 && is_wrong(setup, file, &st);
}

/*
 * Opens the file to change its owner and mode through the descriptor. If setup used the path, the
 * folder's owner could replace the file by a link in the meantime. If the mode does not allow us to
 * read the file, the file can only be opened with O_PATH.
 */
static int open_for_rights(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 || errno != EACCES ? fd : open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Like fchmod, but also works for a descriptor that was opened with O_PATH. */
static bool set_mode(int fd, mode_t mode)
{
	char path[32];

	if (fchmod(fd, mode) == 0)
		return true;
	if (errno != EBADF)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, mode) == 0;
}

enum status setup_mend(const struct setup *setup, const struct setup_file *file, struct error *err)
{
	const struct passwd *who = service(setup);
	struct stat st;
	int fd = open_for_rights(file->path);
	bool ok = fd >= 0 && fstat(fd, &st) == 0;
	if (ok && is_wrong(setup, file, &st)) {
		if (file->is_service && who != NULL)
			ok = fchown(fd, who->pw_uid, who->pw_gid) == 0;
		ok = ok && set_mode(fd, file->mode);
	}
	enum status status =
	    ok ? STATUS_OK
	       : error_set(err, STATUS_UNAVAILABLE, "the owner or mode of %s cannot be set: %m",
			   file->path);
	if (fd >= 0)
		close(fd);
	return status;
}

/* True if the folder contains only the files of this database. */
static bool holds_only(const char *folder, const char *database)
{
	DIR *all = opendir(folder);
	bool only = all != NULL;

	for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;)
		if (entry->d_name[0] != '.' &&
		    strncmp(entry->d_name, database, strlen(database)) != 0)
			only = false;
	if (all != NULL)
		closedir(all);
	return only;
}

static enum status add_if_needed(struct setup *setup, const struct setup_file *row,
				 const char *path, struct error *err)
{
	struct setup_file file = *row;
	char *copy = strdup(path);

	if (copy == NULL)
		return error_no_memory(err);
	file.path = copy;
	bool needed = setup_mend_is_needed(setup, &file);
	free(copy);
	return needed ? setup_file_add(setup, row, path, NULL, err) : STATUS_OK;
}

enum status setup_mend_database(struct setup *setup, struct error *err)
{
	static const char *const endings[] = {"",        "-wal",        "-shm",
					      ".limits", ".limits-wal", ".limits-shm"};
	const struct setup_file file = {
	    .kind = SETUP_KEPT, .mode = OWNER_ONLY, .is_service = true, .what = "database"};
	const struct setup_file in = {
	    .kind = SETUP_FOLDER, .mode = 0750, .is_service = true, .what = "database"};
	const char *database = setup_answer(setup, SETUP_DATABASE);
	const char *slash = strrchr(database, '/');
	char *folder = setup_folder_of(database);
	enum status status = folder != NULL ? STATUS_OK : error_no_memory(err);

	if (status == STATUS_OK && slash != NULL && holds_only(folder, slash + 1))
		status = add_if_needed(setup, &in, folder, err);
	free(folder);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]) && status == STATUS_OK; i++) {
		struct strbuf path;

		strbuf_init(&path);
		strbuf_addf(&path, "%s%s", database, endings[i]);
		status = strbuf_ok(&path) ? add_if_needed(setup, &file, path.data, err)
					  : error_no_memory(err);
		strbuf_clear(&path);
	}
	return status;
}
