/*
 * Writes the log of a server so that the callers do not wait. Only log.c includes this file.
 */
#ifndef BASE_LOG_WRITER_H
#define BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Starts the writer (see log_never_wait). `fd` is borrowed. Call it before threads start, and
 * before a fork.
 */
void log_writer_start(int fd);
/* Like log_writer_start, for the syslog whose socket is at path. The socket need not exist yet. */
void log_writer_start_syslog(const char *path);
bool log_writer_runs(void);
/*
 * Call this shortly before log_writer_put. The call fetches the memory for the line into the
 * processor's cache while the caller makes the text. Often another processor has used this memory
 * last.
 */
void log_writer_expect(void);
/*
 * Writes a line, which includes its newline. If the line cannot be written at once, it is copied.
 * `level` is a priority of syslog(3).
 */
void log_writer_put(const char *line, size_t len, int level);
/* Waits until all lines are written, but at most one second. */
void log_writer_flush(void);
/*
 * Like log_writer_flush, but for a signal handler: waits until the thread has written the lines
 * that are stored now. Async-signal-safe.
 */
void log_writer_settle(void);
void log_writer_stop(void);

#endif
