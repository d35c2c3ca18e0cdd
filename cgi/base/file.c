/*
 * Checks the open file, not its name, because the name could lead to another file a moment later.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const mode_t forbidden[] = {
    [FILE_BY_OWNER] = S_IWGRP | S_IWOTH,
    [FILE_BY_GROUP] = S_IWOTH,
};

static enum file_fault look(int fd, enum file_rule rule, size_t max, struct file_found *found)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		found->cause = errno;
		return FILE_NOT_READ;
	}
	found->mode = st.st_mode & 07777;
	if (!S_ISREG(st.st_mode))
		return FILE_NOT_REGULAR;
	if ((st.st_mode & forbidden[rule]) != 0)
		return FILE_WRITABLE;
	return st.st_size > (off_t)max ? FILE_TOO_LONG : FILE_OK;
}

/* Reads to the end, because the file can have grown since its size was checked. */
static enum file_fault read_all(int fd, size_t max, struct strbuf *out, struct file_found *found)
{
	char block[8192];
	size_t len = 0;

	for (;;) {
		ssize_t got = read(fd, block, sizeof(block));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			found->cause = errno;
			return FILE_NOT_READ;
		}
		if (got == 0)
			return strbuf_ok(out) ? FILE_OK : FILE_NO_MEMORY;
		len += (size_t)got;
		if (len > max)
			return FILE_TOO_LONG;
		strbuf_add(out, block, (size_t)got);
	}
}

enum file_fault file_read(const char *path, enum file_rule rule, size_t max, struct strbuf *out,
			  struct file_found *found)
{
	/* O_NONBLOCK, because opening a pipe must not wait for a writer */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*found = (struct file_found){0};
	if (fd < 0) {
		found->cause = errno;
		return FILE_NOT_OPENED;
	}
	enum file_fault fault = look(fd, rule, max, found);
	if (fault == FILE_OK)
		fault = read_all(fd, max, out, found);
	close(fd);
	return fault;
}

/* ---- writing ---- */

bool file_write(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* otherwise errno would be left over from an earlier call */
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

int file_part_new(const char *path, char **part)
{
	char *name = NULL;

	if (asprintf(&name, "%s.part-XXXXXX", path) < 0) {
		errno = ENOMEM;
		return -1;
	}
	int fd = mkostemp(name, O_CLOEXEC);
	int why = errno;
	if (fd >= 0)
		*part = name;
	else
		free(name);
	errno = why;
	return fd;
}

/* Creates an empty file under the new name first, so that no other program can take that name. */
static bool rename_by_claim(const char *from, const char *to)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (fd < 0)
		return false;
	close(fd);
	if (rename(from, to) == 0)
		return true;
	int why = errno;
	unlink(to);
	errno = why;
	return false;
}

bool file_rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	/* The file system (for example NFS) does not know RENAME_NOREPLACE. */
	if (link(from, to) == 0) {
		unlink(from);
		return true;
	}
	bool no_links = errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP || errno == EMLINK;
	return no_links && rename_by_claim(from, to);
}
