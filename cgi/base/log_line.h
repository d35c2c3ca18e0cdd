/*
 * Makes the text of one log line, in the caller's memory. Only log.c includes this file.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

#define LOG_LINE_MAX 2048 /* bytes with the newline; below PIPE_BUF, so a pipe takes it whole */

struct log_line {
	enum log_format format;
	bool is_empty; /* true if nothing but the priority was added */
	size_t len;    /* the bytes of data after it are never read */
	char data[LOG_LINE_MAX];
};

/*
 * Leaves a struct log_line uninitialized. For lines that every request writes, because zeroing 2
 * KiB takes longer than making some of the texts.
 */
#define LOG_LINE_NOT_ZEROED __attribute__((uninitialized))

/* Begins a line. priority, as in syslog(3), is written for the journal; -1 for none. */
void log_line_begin(struct log_line *line, enum log_format format, int priority);
/* Adds the present time: RFC 3339, UTC, with milliseconds. */
void log_line_add_time(struct log_line *line);
/* Adds the level or the event, which every line has. In the text format they have no key. */
void log_line_add_head(struct log_line *line, const char *key, const char *value);
/* Adds a pair. A value that does not fit is cut. A pair whose key does not fit is left out. */
void log_line_add(struct log_line *line, const char *key, const char *value);
/* Ends the line. There is always room for that. */
void log_line_end(struct log_line *line);

#endif
