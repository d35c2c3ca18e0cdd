/*
 * Where a server's log goes: a file, a pipe, a socket or syslog. Only log_writer.c includes this.
 */
#ifndef BASE_LOG_TARGET_H
#define BASE_LOG_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum log_taken { LOG_TAKEN, LOG_NOT_NOW, LOG_LOST };

/* Set the target. Call one of the two before threads start. fd is borrowed. */
void log_target_set(int fd);
void log_target_set_syslog(const char *path);

/*
 * Returns how many bytes of lines one write can have, or 0 if each line needs a write of its own.
 */
size_t log_target_piece(void);
/* True if the target is a file. Then only the disk can delay a write, as for every program. */
bool log_target_is_file(void);
/* True if each write can wait. Then only a thread that serves no requests is allowed to write. */
bool log_target_may_wait(void);

/*
 * Writes whole lines of at most log_target_piece bytes in total, or one line. level is a priority
 * of syslog(3). If the result is LOG_LOST, *lost is set to the number of lines that are lost.
 */
enum log_taken log_target_write(const char *lines, size_t len, int level, size_t *lost);
/* Call it after LOG_NOT_NOW. Waits until another try can succeed. */
void log_target_await(void);

#endif
