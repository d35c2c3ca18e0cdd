/*
 * An error as a sentence for the operator. It goes to the log or the terminal, never to a visitor.
 * It names the file and line, the key or the server's answer, and the next step.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/status.h"

#define ERROR_TEXT_MAX 512 /* bytes; longer texts are cut, because upstream answers may be long */

struct error {
	enum status status;
	long retry_after; /* seconds until a new try may help; 0: unknown */
	char text[ERROR_TEXT_MAX];
};

/*
 * Writes status and text into err, which may be NULL, and returns status. A failing function ends
 * with: return error_set(err, STATUS_…, "…", …). Bytes below 0x20 and 0x7F become '?'.
 */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Sets the time in seconds after which a new try may help, and returns status. Call it after
 * error_set.
 */
enum status error_retry_after(struct error *err, enum status status, long seconds);

/* error_set for failed allocations: STATUS_INTERNAL, "out of memory". */
enum status error_no_memory(struct error *err);

#endif
