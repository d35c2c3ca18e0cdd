/*
 * The log: one event on each line, at most 2 KiB, printable ASCII. No line is split between two
 * writes. The whole process has one log. Any thread can write to it. A failure to write never fails
 * a request; the line is lost.
 *
 * A line is a JSON object or, for people, text: time, level, event and KEY=VALUE. In the text
 * format, a value is written as a JSON string if it has characters other than letters, digits and a
 * few signs.
 *
 * Never log passwords, cookies, tokens, sid, rid, Authorization headers or bodies of upstream
 * answers.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <sys/types.h>

#include "base/error.h"

enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/*
 * `target` is "stderr", "syslog" or the path of a file (opened for append, 0640). Call it before
 * threads start.
 */
enum status log_open(const char *target, enum log_level level, struct error *err);
/*
 * Checks if this user could open the log. The check changes nothing, so a missing file is not
 * created. Returns STATUS_NOT_FOUND if the file is missing and root can create it, but this user
 * cannot.
 */
enum status log_check(const char *target, struct error *err);
/*
 * After this call, log_event does not wait until its line is written. If very many lines come, they
 * are collected for at most a tenth of a second and written together. A line that cannot be written
 * at once is stored, and a thread writes it later. If more than 256 KiB are stored, further lines
 * are lost; the event log_lost says how many. Only a slow disk can still delay a caller. A server
 * calls this function after log_open, before it starts threads or forks.
 */
void log_never_wait(void);
/* Waits until the stored lines are written, but at most one second. Call it before _exit. */
void log_flush(void);
void log_close(void);

/*
 * Opens the log file again after it was renamed. Does nothing if the log is not a file. Other
 * threads can write to the log meanwhile.
 */
enum status log_reopen(struct error *err);
/*
 * Gives the log file, which root has opened, to the account that the process will use later. The
 * process can then reopen the file. Does nothing if root is not the owner of the file, or if the
 * file has more than one name.
 */
enum status log_give(uid_t uid, gid_t gid, struct error *err);
void log_set_level(enum log_level level);
/*
 * Sets the format of the lines. `journal_stream` is the value of the variable JOURNAL_STREAM, or
 * NULL if the variable is not set. systemd sets the variable to the "DEVICE:INODE" of the stream
 * that connects standard error to the journal. If the log goes to that stream, each line begins
 * with its priority, such as "<4>", which the journal removes. Lines in the text format then have
 * no time, because the journal itself shows the time of each line. Call this function after
 * log_open, before threads start.
 */
void log_set_format(enum log_format format, const char *journal_stream);

/*
 * Sets the id of the request that this thread serves. The string is borrowed until the next call.
 * Each line of this thread that has no "id" pair gets this id. NULL means no request.
 */
void log_request_id(const char *id);

/*
 * Writes one line: time, level, event, then the pairs key, value, …, NULL. A pair whose value is
 * NULL is left out.
 *   log_event(LOG_LEVEL_WARN, "login_failed", "id", req->id, "user", name, NULL);
 */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

/*
 * Writes the event "crashed" as the last line of a process that a signal ends. Async-signal-safe.
 * If the log is syslog, the line goes to standard error.
 */
void log_crash(int signal_number);

#endif
