/*
 * How lines reach the log's target in a program that serves many: nobody waits for it. Only log.c
 * includes this.
 */
#ifndef BASE_LOG_WRITER_H
#define BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

/* See log_never_wait. fd is borrowed. Call it before threads start, and before a fork. */
void log_writer_start(int fd, bool to_syslog);
bool log_writer_runs(void);
/* level: of syslog. The line, with its newline, is copied if it must wait. */
void log_writer_put(const char *line, size_t len, int level);
/* Waits at most a second until all lines are written. */
void log_writer_flush(void);
void log_writer_stop(void);

#endif
