/*
 * Makes the text of one log line, in the caller's memory. Only log.c includes this file.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

#define LOG_LINE_MAX 2048 /* bytes with the newline; below PIPE_BUF, so a pipe takes a line whole */

struct log_line {
	enum log_format format;
	bool is_empty; /* true if nothing but the priority was added */
	size_t len;    /* bytes used in data; the rest of data is never read */
	char data[LOG_LINE_MAX];
};

/*
 * Leaves a struct log_line uninitialized, because zeroing 2 KiB takes longer than making the text
 * of some lines. Use it for lines that every request writes.
 */
#define LOG_LINE_NOT_ZEROED __attribute__((uninitialized))

/* Begins a line with a priority of syslog(3), which the journal reads; -1 for no priority. */
void log_line_begin(struct log_line *line, enum log_format format, int priority);
/* Adds the current time: RFC 3339, UTC, with milliseconds. */
void log_line_add_time(struct log_line *line);
/* Adds the level or the event. In the text format, only the value is written. */
void log_line_add_head(struct log_line *line, const char *key, const char *value);
/* Adds a pair. A value that does not fit is cut. A pair whose key does not fit is left out. */
void log_line_add(struct log_line *line, const char *key, const char *value);
/* Ends the line. Room for the end is always reserved. */
void log_line_end(struct log_line *line);

#endif
