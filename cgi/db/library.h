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

/* Only TLS or a local socket protects what a server answers. */
#define DB_ANSWER_MALFORMED                                                                        \
	"the server's answer is malformed: check the network, and use a local socket or TLS"

struct library {
	pthread_mutex_t lock;
	bool loaded;         /* protected by lock; then all functions are set, for ever */
	const char *file;    /* its name with its version, as dlopen(3) takes it */
	const char *package; /* Debian's, for the sentence */
	const char *const *names;
	size_t count;
	void *functions; /* a struct of pointers to functions, in the order of names */
};

/*
 * CALLS is a list of the functions that are used, as a macro: X(name) X(name). LIBRARY_POINTERS is
 * what the struct of the pointers contains, LIBRARY_NAMES what the array of their names contains.
 */
#define LIBRARY_POINTER(name)   typeof(name) *name;
#define LIBRARY_POINTERS(CALLS) CALLS(LIBRARY_POINTER)
#define LIBRARY_NAME(name)      #name,
#define LIBRARY_NAMES(CALLS)    CALLS(LIBRARY_NAME)
#define LIBRARY(so, debian, array, pointers)                                                       \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, .file = (so), .package = (debian),              \
		.names = (array), .count = sizeof(array) / sizeof((array)[0]),                     \
		.functions = &(pointers),                                                          \
	}

/* STATUS_UNAVAILABLE: it is not installed, or is another version. *first: this call loaded it. */
enum status library_load(struct library *library, bool *first, struct error *err);

#endif
