/*
 * Reads small text files that decide what the program does, such as its configuration. A rule says
 * which users other than the owner are allowed to have write access. The caller writes the error
 * sentence, because the next step depends on the file. Secrets have stricter rules (base/secret.h).
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

#endif
