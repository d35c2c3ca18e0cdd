/*
 * The log: one event on each line, at most 2 KiB, printable ASCII. No line is split between two
 * writes. A line is a JSON object or, for people, words: time, level, event and KEY=VALUE, where a
 * value with other characters than letters, digits and a few signs is a JSON string.
 * For the whole process, thread-safe. A failure to write never fails a request; the line is lost.
 * Never log passwords, cookies, tokens, sid, rid, Authorization or upstream bodies.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <sys/types.h>

#include "base/error.h"

enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/*
 * target is "stderr", "syslog" or the path of a file (opened for append, 0640). Call it before
 * threads start.
 */
enum status log_open(const char *target, enum log_level level, struct error *err);
/*
 * Checks whether this user could open the log. It changes nothing, so a missing file is not
 * created. STATUS_NOT_FOUND: the file is missing, and this user may not create it; root may.
 */
enum status log_check(const char *target, struct error *err);
/*
 * After this call, nobody waits until a line is written. If very many lines come, they are gathered
 * for at most a tenth of a second, to be written together. A line that cannot be written at once is
 * kept, and a thread writes it later. If more than 256 KiB are kept, further lines are lost; the
 * event log_lost says how many. Only a slow disk can still delay a caller. A server calls it after
 * log_open, before it starts threads or forks.
 */
void log_never_wait(void);
/* Call it before _exit. It waits at most a second until the kept lines are written. */
void log_flush(void);
void log_close(void);

/*
 * Opens the log file again, after it was renamed. Does nothing if the log is not a file. Other
 * threads may be logging.
 */
enum status log_reopen(struct error *err);
/*
 * Gives the log file, which root has opened, to the account that the process will run as, so that
 * it can reopen the file. Does nothing unless root owns the file and it has only one name.
 */
enum status log_give(uid_t uid, gid_t gid, struct error *err);
void log_set_level(enum log_level level);
/*
 * Sets the format of the lines. journal_stream is the value of JOURNAL_STREAM, which systemd sets
 * to "DEVICE:INODE" of the journal's end of standard error; NULL: not set. If the log goes there,
 * each line begins with its priority, "<4>", which the journal takes off. Text then has no time,
 * because the journal shows its own. Call it after log_open, before threads start.
 */
void log_set_format(enum log_format format, const char *journal_stream);

/*
 * Until it is called with NULL, each line of this thread that has no "id" gets this one. id: of the
 * request that the thread serves; borrowed.
 */
void log_request_id(const char *id);

/*
 * Writes one line: time, level, event, then the pairs key, value, …, NULL. A pair whose value is
 * NULL is left out.
 *   log_event(LOG_LEVEL_WARN, "login_failed", "id", req->id, "user", name, NULL);
 */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

/*
 * Writes the last line of a process that a signal ends: event crashed. Async-signal-safe. If the
 * log is syslog, the line goes to standard error.
 */
void log_crash(int signal_number);

#endif
