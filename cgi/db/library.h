/*
 * Loads a client library of a database at its first use. So the library is never in the memory of a
 * program whose sites use only SQLite. Used by store/ and sitedb/.
 */
#ifndef DB_LIBRARY_H
#define DB_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The system's certificate authorities, for a server that is not on this host. */
#define DB_SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

/*
 * The error text for a malformed answer. It recommends a local socket or TLS, because only these
 * protect an answer from changes on the network.
 */
#define DB_ANSWER_MALFORMED                                                                        \
	"the server's answer is malformed: check the network, and use a local socket or TLS"

struct library {
	pthread_mutex_t lock;
	bool loaded;         /* protected by lock; if true, all functions are set and stay set */
	const char *file;    /* the library's file name with its version, for dlopen(3) */
	const char *package; /* name of the Debian package, for the error text */
	const char *const *names;
	size_t count;
	void *functions; /* a struct of pointers to functions, in the order of `names` */
};

/*
 * CALLS is a macro that lists the needed functions: X(name) X(name). LIBRARY_POINTERS declares the
 * members of the struct of pointers. LIBRARY_NAMES makes the elements of the array of names.
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

/*
 * Returns STATUS_UNAVAILABLE if the library is not installed or has another version. *first is true
 * if the library was not loaded before this call.
 */
enum status library_load(struct library *library, bool *first, struct error *err);

#endif
