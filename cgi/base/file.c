/*
 * Checks the open file, not its name, because the name could lead to another file a moment later.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
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
	/* O_NONBLOCK: opening a pipe must not wait for a writer. */
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
