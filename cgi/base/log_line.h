/*
 * The text of one line of the log, in memory of its caller. Only log.c includes this.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

#define LOG_LINE_MAX 2048 /* bytes with the newline; below PIPE_BUF, so a pipe takes it whole */

struct log_line {
	enum log_format format;
	bool is_empty; /* besides the priority */
	size_t len;    /* nothing behind it is ever read */
	char data[LOG_LINE_MAX];
};

/* For the lines of each request: zeroing 2 KiB takes longer than some of the text. */
#define LOG_LINE_NOT_ZEROED __attribute__((uninitialized))

/* priority: of syslog(3), for the journal; -1: none. */
void log_line_begin(struct log_line *line, enum log_format format, int priority);
/* The time now: RFC 3339, UTC, with milliseconds. */
void log_line_add_time(struct log_line *line);
/* What every line has besides: level and event. Text has no key for them. */
void log_line_add_head(struct log_line *line, const char *key, const char *value);
/* A value that does not fit is cut. A pair whose key does not fit is left out. */
void log_line_add(struct log_line *line, const char *key, const char *value);
/* There is always room for the end. */
void log_line_end(struct log_line *line);

#endif
