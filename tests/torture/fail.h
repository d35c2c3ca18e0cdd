/*
 * What fail.c and fail_calls.c share: the plan, and the question whether a call
 * has to fail.
 */
#ifndef TORTURE_FAIL_H
#define TORTURE_FAIL_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

/* The order is that of CLASSES in plan.mjs. */
enum class {
	NONE,
	MEMORY,
	READ,
	WRITE,
	OPEN,
	SYNC,
	CONNECT,
	POLL,
	ACCEPT,
	RANDOM,
	THREAD,
	FORK,
	SOCKET,
	LOCK,
	MAP,
	REMOVE,
	DISK, /* writing to a file; WRITE: to all else */
	PAGE, /* reading a page of a database; READ: all else */
	CLASSES
};
enum mode {
	ONCE,
	FOR_EVER,
	POWER_CUT, /* half of what is to be written arrives, and the process dies */
};

#define WHERE_SIZE 192
#define LIST_SIZE  65536

/* plan.mjs knows the offsets. */
struct plan {
	uint32_t class, at, mode, error;
	uint32_t failed;  /* calls that have failed */
	int32_t fd;       /* of the first of them; -1: it has none */
	int32_t clock;    /* seconds that the wall clock is ahead */
	uint32_t listing; /* 1: each call is listed with its place */
	uint32_t listed;  /* may be more than there is room for */
	uint32_t spare[7];
	uint32_t calls[CLASSES + (16 - CLASSES % 16)];
	char where[WHERE_SIZE]; /* who made the first call that failed */
	struct listed {
		uint32_t class, number;
		uint64_t place; /* the same for all calls that the program makes in the same way */
	} list[LIST_SIZE];
};

extern struct plan *plan; /* NULL: there is none */

#define CALLER __builtin_return_address(0)

/* Counts the call. Returns true if it has to fail; errno is set. fd: -1: none.
 */
bool fails(enum class class, int fd, const void *caller);

#endif
