/*
 * Where a server's log goes: a file, a pipe, a socket or syslog. Only log_writer.c includes this.
 */
#ifndef BASE_LOG_TARGET_H
#define BASE_LOG_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum log_taken { LOG_TAKEN, LOG_NOT_NOW, LOG_LOST };

/* fd is borrowed. Call one of them before threads start. */
void log_target_set(int fd);
void log_target_set_syslog(const char *path);

/* How many bytes of lines one write takes; 0: each line needs a write of its own. */
size_t log_target_piece(void);
/* Only its disk can delay a write, as it delays every program's. */
bool log_target_is_file(void);
/* Each write may wait, so only a thread that serves nobody may write. */
bool log_target_may_wait(void);

/*
 * Writes whole lines of log_target_piece bytes at most, or one line. level: a priority of
 * syslog(3). *lost is set with LOG_LOST: how many of them are lost.
 */
enum log_taken log_target_write(const char *lines, size_t len, int level, size_t *lost);
/* After LOG_NOT_NOW: waits until another try may succeed. */
void log_target_await(void);

#endif
