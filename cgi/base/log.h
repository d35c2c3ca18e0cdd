/*
 * The log: one JSON object a line, at most 2 KiB, printable ASCII, written by one write(2).
 * Process-wide, thread-safe; a log that cannot be written never fails a request, the loss is
 * counted. Never given to it: passwords, cookies, tokens, sid, rid, Authorization, upstream bodies.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <sys/types.h>

#include "base/error.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/*
 * target: "stderr", "syslog" or a file's path (opened for append, 0640). Call before threads start.
 */
enum status log_open(const char *target, enum log_level level, struct error *err);
void log_close(void);

/*
 * Opens the file once more, where the log is one: after it was moved away. Threads may be logging.
 */
enum status log_reopen(struct error *err);
/*
 * The log's file becomes the account's, whom the process is about to become: root has opened it,
 * and the account is to reopen it. Only a file of root's own with no other name is given away.
 */
enum status log_give(uid_t uid, gid_t gid, struct error *err);
void log_set_level(enum log_level level);

/*
 * One line: time, level, event, then the pairs key, value, …, NULL. A NULL value leaves its pair
 * out.
 *   log_event(LOG_LEVEL_WARN, "login_failed", "id", req->id, "user", name, NULL);
 */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

/*
 * The last line of a process that a signal ends: event crashed. Async-signal-safe; to standard
 * error with syslog.
 */
void log_crash(int signal_number);

#endif
