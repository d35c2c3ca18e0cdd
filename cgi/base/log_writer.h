/*
 * Writes the log of a server in such a way that nobody waits for it. Only log.c includes this.
 */
#ifndef BASE_LOG_WRITER_H
#define BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

/* See log_never_wait. fd is borrowed. Call it before threads start, and before a fork. */
void log_writer_start(int fd);
/* The same, for the syslog whose socket is at path. The socket need not exist yet. */
void log_writer_start_syslog(const char *path);
bool log_writer_runs(void);
/*
 * A line will be put soon. Its memory was last read by the processor that wrote it to the target,
 * so this one begins to fetch it while the caller makes the text.
 */
void log_writer_expect(void);
/* level: a priority of syslog(3). The line, with its newline, is copied if it must wait. */
void log_writer_put(const char *line, size_t len, int level);
/* Waits at most a second until all lines are written. */
void log_writer_flush(void);
/*
 * The same in a handler of a signal: waits for the lines that are kept now. Async-signal-safe; the
 * thread does the work.
 */
void log_writer_settle(void);
void log_writer_stop(void);

#endif
