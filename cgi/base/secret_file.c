/*
 * Reads files with secrets, but only if no other account could have read or replaced them. If an
 * owner or mode is wrong, the error text names a command that corrects it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

#define SECRET_FILE_MAX 4096 /* bytes; a key or a password has one line or a few lines */

/* Mode bits that other users must not have, for a secret and for a public key. */
#define SECRET_BITS 077
#define PUBLIC_BITS 022

_Static_assert(SECRET_PUBLIC_MAX == SECRET_FILE_MAX, "one buffer reads both");

/*
 * Called for each folder in the path. Refuses a folder if another account could replace something
 * in it. The folder's owner can always replace files. Any account with write access can replace
 * files too, unless the folder has the sticky bit (like /tmp).
 */
static enum status check_folder(const char *path, const char *folder, struct error *err)
{
	struct stat st;

	if (stat(folder, &st) != 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: cannot check the owner and mode of the folder %s: %m", path,
				 folder);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: the folder %s belongs to user %u, who could replace the "
				 "file; run: chown root %s, or keep the file in another folder",
				 path, folder, (unsigned)st.st_uid, folder);
	if ((st.st_mode & 022) == 0 || (st.st_mode & S_ISVTX) != 0)
		return STATUS_OK;
	return error_set(
	    err, STATUS_BAD_REQUEST,
	    "%s: other users can write to the folder %s (mode %04o); run: chmod go-w %s", path,
	    folder, (unsigned)st.st_mode & 07777, folder);
}

/*
 * Checks each folder above the file `name`. At each step, cuts `name` to the folder that is
 * checked.
 */
static enum status check_folders_of(const char *path, char *name, struct error *err)
{
	enum status status = STATUS_OK;
	char *slash = strrchr(name, '/');

	while (status == STATUS_OK && slash != NULL && slash != name) {
		*slash = '\0';
		status = check_folder(path, name, err);
		slash = strrchr(name, '/');
	}
	if (status != STATUS_OK)
		return status;
	return check_folder(path, slash == NULL ? "." : "/", err);
}

/*
 * Checks the folders of the path as written, because a symbolic link in the path could be replaced.
 * Then checks the folders of the real path.
 */
static enum status check_folders(const char *path, struct error *err)
{
	char *written = strdup(path);
	char *real = realpath(path, NULL);
	enum status status = STATUS_UNAVAILABLE;

	if (written == NULL || real == NULL) {
		error_set(err, status, "%s: cannot resolve the path: %m", path);
		goto out;
	}
	status = check_folders_of(path, written, err);
	if (status == STATUS_OK)
		status = check_folders_of(path, real, err);
out:
	free(real);
	free(written);
	return status;
}

/* `others` has the mode bits that the file must not have. */
static enum status check_file(const char *path, int fd, mode_t others, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: cannot check the owner and mode of the file: %m", path);
	if (!S_ISREG(st.st_mode))
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "%s: this is not a regular file; a secret must be in a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "%s: the file belongs to user %u; run: chown %u %s && chmod 600 %s", path,
		    (unsigned)st.st_uid, (unsigned)geteuid(), path, path);
	if ((st.st_mode & others) != 0)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "%s: other users can %swrite the file (mode %04o); run: chmod %s %s", path,
		    others == SECRET_BITS ? "read or " : "", (unsigned)st.st_mode & 07777,
		    others == SECRET_BITS ? "600" : "go-w", path);
	return check_folders(path, err);
}

/* Uses O_NONBLOCK, because a FIFO in place of the file must not block. */
static enum status open_file(const char *path, int *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && errno == ELOOP)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: this is a symbolic link; write the path of the file itself "
				 "into the configuration",
				 path);
	if (fd < 0)
		return error_set(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE,
				 "%s: cannot read the secret: %m; put the secret into this file, "
				 "and give the file to this program's user with mode 600",
				 path);
	*out = fd;
	return STATUS_OK;
}

/*
 * Tries to read one byte more than allowed, so that a file that is too long is noticed. *len is
 * also valid after a failure.
 */
static enum status read_all(int fd, char data[SECRET_FILE_MAX + 1], size_t *len)
{
	ssize_t n = 1;

	while (n > 0 && *len <= SECRET_FILE_MAX) {
		n = read(fd, data + *len, SECRET_FILE_MAX + 1 - *len);
		if (n > 0)
			*len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	return n < 0 ? STATUS_UNAVAILABLE : STATUS_OK;
}

/* Returns the length without the newline at the end, which can be CR LF. */
static size_t line_length(const char *data, size_t len)
{
	if (len > 0 && data[len - 1] == '\n')
		len--;
	if (len > 0 && data[len - 1] == '\r')
		len--;
	return len;
}

static enum status check_text(const char *path, const char *data, size_t len, struct error *err)
{
	if (len > SECRET_FILE_MAX)
		return error_set(err, STATUS_BAD_REQUEST, "%s: the file is longer than %d bytes",
				 path, SECRET_FILE_MAX);
	if (memchr(data, '\0', len) != NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: the file contains a NUL byte, but must be text", path);
	if (line_length(data, len) == 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: the file is empty; write the secret into this file", path);
	return STATUS_OK;
}

/* Appends the file's text, unchanged, to out. */
static enum status read_file(const char *path, mode_t others, struct strbuf *out, struct error *err)
{
	char data[SECRET_FILE_MAX + 1];
	size_t len = 0;
	int fd = -1;
	enum status status = open_file(path, &fd, err);

	if (status != STATUS_OK)
		return status;
	status = check_file(path, fd, others, err);
	if (status != STATUS_OK)
		goto out;
	status = read_all(fd, data, &len);
	if (status != STATUS_OK) {
		error_set(err, status, "%s: cannot be read: %m", path);
		goto out;
	}
	status = check_text(path, data, len, err);
	if (status != STATUS_OK)
		goto out;
	strbuf_add(out, data, len);
	if (!strbuf_ok(out))
		status = error_no_memory(err);
out:
	secret_wipe(data, len);
	close(fd);
	return status;
}

enum status secret_file_read(const char *path, struct strbuf *out, struct error *err)
{
	struct strbuf text;
	enum status status;

	strbuf_init_secret(&text);
	status = read_file(path, SECRET_BITS, &text, err);
	size_t len = line_length(text.data, text.len);
	if (status == STATUS_OK && memchr(text.data, '\n', len) != NULL)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "%s: the file has more than one line, but must contain only the "
				   "secret, on one line",
				   path);
	if (status == STATUS_OK)
		strbuf_add(out, text.data, len);
	if (status == STATUS_OK && !strbuf_ok(out))
		status = error_no_memory(err);
	strbuf_clear(&text);
	return status;
}

enum status secret_lines_read(const char *path, struct strbuf *out, struct error *err)
{
	return read_file(path, SECRET_BITS, out, err);
}

enum status secret_public_read(const char *path, struct strbuf *out, struct error *err)
{
	return read_file(path, PUBLIC_BITS, out, err);
}
