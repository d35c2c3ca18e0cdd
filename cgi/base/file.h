/*
 * Reads small text files that decide what the program does, such as its configuration. A rule says
 * which users other than the owner are allowed to have write access. The caller writes the error
 * sentence, because the next step depends on the file. Secrets have stricter rules (base/secret.h).
 * Also has what all code needs that writes a file.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/strbuf.h"

/* Which users other than the owner are allowed to have write access. Links are followed. */
enum file_rule {
	FILE_BY_OWNER, /* neither group nor others; for the configuration and the queries */
	FILE_BY_GROUP  /* the group too; for templates, which several people edit */
};

enum file_fault {
	FILE_OK,
	FILE_NOT_OPENED,  /* sets cause */
	FILE_NOT_REGULAR, /* a folder, a pipe, a device */
	FILE_WRITABLE,    /* writable by users that the rule does not allow; sets mode */
	FILE_TOO_LONG,
	FILE_NOT_READ, /* sets cause */
	FILE_NO_MEMORY
};

struct file_found {
	int cause;     /* errno, for FILE_NOT_OPENED and FILE_NOT_READ */
	unsigned mode; /* permission bits */
};

/* Appends the file to out. A file of more than max bytes is refused. found must not be NULL. */
enum file_fault file_read(const char *path, enum file_rule rule, size_t max, struct strbuf *out,
			  struct file_found *found);

/* Writes all bytes. Returns false after a failure, which errno describes. */
bool file_write(int fd, const char *data, size_t len);

/*
 * Creates a file with mode 0600 beside the path, to be renamed to it when it is complete. Its name
 * is not used by another process, so a file that was left behind is never in the way. Returns its
 * descriptor, and its name in *part, which the caller frees. Returns -1 after a failure, which
 * errno describes.
 */
int file_part_new(const char *path, char **part);

/*
 * Renames a file if no file has the new name. Returns false after a failure, which errno describes:
 * EEXIST if there is a file.
 */
bool file_rename_new(const char *from, const char *to);

#endif
