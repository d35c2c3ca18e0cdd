/*
 * Reads small text files that decide what the program does, such as its configuration. A rule says
 * which users other than the owner are allowed to have write access. The caller writes the error
 * text, because what the operator must do depends on the file. Secrets have stricter rules
 * (base/secret.h). The functions for writing files are also here.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/strbuf.h"

/* Which users other than the owner are allowed to have write access. Links are followed. */
enum file_rule {
	FILE_BY_OWNER, /* only the owner can write; for the configuration and the queries */
	FILE_BY_GROUP  /* the group can write too; for templates, which several people edit */
};

enum file_fault {
	FILE_OK,
	FILE_NOT_OPENED,  /* sets `cause` */
	FILE_NOT_REGULAR, /* a folder, a pipe, a device */
	FILE_WRITABLE,    /* writable by users that the rule does not allow; sets `mode` */
	FILE_TOO_LONG,
	FILE_NOT_READ, /* sets `cause` */
	FILE_NO_MEMORY
};

struct file_found {
	int cause;     /* errno, for FILE_NOT_OPENED and FILE_NOT_READ */
	unsigned mode; /* permission bits */
};

/* Appends the file to out. A file of more than max bytes is refused. found must not be NULL. */
enum file_fault file_read(const char *path, enum file_rule rule, size_t max, struct strbuf *out,
			  struct file_found *found);

/* Writes all bytes. On failure, returns false and sets errno. */
bool file_write(int fd, const char *data, size_t len);

/*
 * Creates a temporary file with mode 0600 in the folder of path. The caller renames the file to
 * path when the file is complete. The temporary name is unique, so a file that another process left
 * behind is never in the way. Returns the descriptor, and sets *part to the name, which the caller
 * frees. On failure, returns -1 and sets errno.
 */
int file_part_new(const char *path, char **part);

/*
 * Renames a file if no file has the new name. On failure, returns false and sets errno. EEXIST
 * means that a file has the new name.
 */
bool file_rename_new(const char *from, const char *to);

#endif
