/*
 * Loads a client library of a database at its first use: a program whose sites use only SQLite
 * never has it in memory. For store/ and sitedb/.
 */
#ifndef DB_LIBRARY_H
#define DB_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The system's certificate authorities, for a server that is not on this host. */
#define DB_SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

struct library_call {
	const char *name;
	void *where; /* of a pointer to a function, which library_load sets */
};

struct library {
	pthread_mutex_t lock;
	bool loaded;         /* protected by lock; then all calls are set, for ever */
	const char *file;    /* its name with its version, as dlopen(3) takes it */
	const char *package; /* Debian's, for the sentence */
	const struct library_call *calls;
	size_t n_calls;
};

/* STATUS_UNAVAILABLE: it is not installed, or is another version. *first: this call loaded it. */
enum status library_load(struct library *library, bool *first, struct error *err);

#endif
