/*
 * An error as a sentence for the operator. It goes to the log or the terminal, never to a visitor.
 * It names the file and line, the key or the server's answer, and the next step.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/status.h"

/* bytes; longer texts are cut, because an upstream's answer can be long */
#define ERROR_TEXT_MAX 512

struct error {
	enum status status;
	long retry_after; /* seconds until another try can succeed; 0 if unknown */
	char text[ERROR_TEXT_MAX];
};

/*
 * Writes status and text into err, which can be NULL, and returns status. A failing function ends
 * with: return error_set(err, STATUS_…, "…", …). Bytes below 0x20 and 0x7F become '?'.
 */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Sets the time in seconds after which another try can succeed, and returns status. Call it after
 * error_set.
 */
enum status error_retry_after(struct error *err, enum status status, long seconds);

/* Calls error_set for a failed allocation, with STATUS_INTERNAL and "out of memory". */
enum status error_no_memory(struct error *err);

#endif
