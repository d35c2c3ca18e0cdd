/*
 * Where a server's log goes: a file, a pipe, a socket or syslog. Only log_writer.c includes this
 * file.
 */
#ifndef BASE_LOG_TARGET_H
#define BASE_LOG_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum log_taken { LOG_TAKEN, LOG_NOT_NOW, LOG_LOST };

/* Set the log's target. Call one of these two functions before threads start. `fd` is borrowed. */
void log_target_set(int fd);
void log_target_set_syslog(const char *path);

/*
 * Returns the maximum number of bytes in a write of several lines, or 0 if each line needs its own
 * write.
 */
size_t log_target_piece(void);
/* True if the target is a file. Only the disk can then delay a write, as for every program. */
bool log_target_is_file(void);
/*
 * True if each write can block, so that only a thread that serves no requests is allowed to write.
 */
bool log_target_may_wait(void);

/*
 * Writes whole lines of at most log_target_piece bytes in total, or one line. `level` is a priority
 * of syslog(3). If the result is LOG_LOST, *lost is set to the number of lines that are lost.
 */
enum log_taken log_target_write(const char *lines, size_t len, int level, size_t *lost);
/* Waits until the target can take a line again. Call it after LOG_NOT_NOW. */
void log_target_await(void);

#endif
