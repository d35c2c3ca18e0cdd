/*
 * Reads small text files that decide what the program does, such as its configuration. A rule says
 * who else may have been able to write to them. The caller writes the error sentence, because the
 * next step depends on the file. Secrets have stricter rules (base/secret.h).
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/strbuf.h"

/* Which users other than the owner may have write access. Links are followed. */
enum file_rule {
	FILE_BY_OWNER, /* no group, no others: the configuration, queries */
	FILE_BY_GROUP  /* also the group: for templates, which several people edit */
};

enum file_fault {
	FILE_OK,
	FILE_NOT_OPENED,  /* cause */
	FILE_NOT_REGULAR, /* a folder, a pipe, a device */
	FILE_WRITABLE,    /* by others than the rule allows; mode */
	FILE_TOO_LONG,
	FILE_NOT_READ, /* cause */
	FILE_NO_MEMORY
};

struct file_found {
	int cause;     /* errno of FILE_NOT_OPENED and FILE_NOT_READ */
	unsigned mode; /* permission bits */
};

/* Appends the file to out; max: the most bytes it may have. found may not be NULL. */
enum file_fault file_read(const char *path, enum file_rule rule, size_t max, struct strbuf *out,
			  struct file_found *found);

#endif
