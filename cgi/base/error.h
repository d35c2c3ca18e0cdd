/*
 * What went wrong, in a sentence for the operator: it goes to the log or the terminal, never to a
 * visitor. A sentence names the file and line, the key or the server's answer, and the next step.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/status.h"

#define ERROR_TEXT_MAX 512 /* longer texts are cut: upstream answers may be long */

struct error {
	enum status status;
	long retry_after; /* seconds after which asking again may help; 0: nobody knows */
	char text[ERROR_TEXT_MAX];
};

/*
 * Writes status and text into err (which may be NULL) and returns status, so that a failing
 * function ends with: return error_set(err, STATUS_…, "…", …). Bytes below 0x20 and 0x7F become
 * '?'.
 */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds to what error_set wrote when asking again may help, and returns status. */
enum status error_retry_after(struct error *err, enum status status, long seconds);

/* As error_set, for failed allocations: STATUS_INTERNAL, "out of memory". */
enum status error_no_memory(struct error *err);

#endif
