/*
 * The log. A line is built on the stack, so "out of memory" can still be logged. Each write(2) has
 * only whole lines, so lines of several threads and processes do not mix. The caller of log_open
 * must ignore SIGPIPE.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/log_line.h"
#include "base/log_writer.h"

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};

static const int syslog_levels[] = {
    [LOG_LEVEL_DEBUG] = LOG_DEBUG,
    [LOG_LEVEL_INFO] = LOG_INFO,
    [LOG_LEVEL_WARN] = LOG_WARNING,
    [LOG_LEVEL_ERROR] = LOG_ERR,
};

#define LEVELS (sizeof(level_names) / sizeof(level_names[0]))

/*
 * Only the level changes while threads run. Before log_open the log is standard error, with level
 * info.
 */
static struct {
	int fd;
	bool to_syslog;
	char *path;       /* path of the log file; NULL if the log is not a file */
	atomic_int level; /* enum log_level */
	enum log_format format;
	bool to_journal; /* true if each line begins with its priority */
} state = {.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};

/* Uses O_NONBLOCK, because a FIFO without a reader must not block the start. */
static enum status open_file(const char *path, int create, int *out, struct error *err)
{
	struct stat st;
	int fd = open(path,
		      O_WRONLY | O_APPEND | create | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK,
		      0640);

	if (fd < 0)
		return error_set(
		    err, STATUS_UNAVAILABLE,
		    "%s: the log cannot be opened: %m; set `log` to stderr, syslog or a file "
		    "in a folder that this user may write to",
		    path);
	if (fstat(fd, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))) {
		close(fd);
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: the log is not a file; set `log` to stderr, syslog or a file",
				 path);
	}
	*out = fd;
	return STATUS_OK;
}

static bool is_file(const char *target)
{
	return strcmp(target, "syslog") != 0 && strcmp(target, "stderr") != 0;
}

/* Called if the log file is missing. Returns STATUS_OK if this user can create the file. */
static enum status folder_check(const char *path, struct error *err)
{
	char *folder = strdup(path);
	enum status status = STATUS_OK;

	if (folder == NULL)
		return error_no_memory(err);
	if (access(dirname(folder), W_OK | X_OK) != 0)
		status = error_set(
		    err, errno == EACCES ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE,
		    "%s: the log file does not exist, and this user cannot create it: %m; set "
		    "`log` to stderr, syslog or a file in a folder that this user may write to",
		    path);
	free(folder);
	return status;
}

enum status log_check(const char *target, struct error *err)
{
	struct stat st;
	int fd;

	if (!is_file(target))
		return STATUS_OK;
	if (lstat(target, &st) != 0 && errno == ENOENT)
		return folder_check(target, err);
	enum status status = open_file(target, 0, &fd, err);
	if (status == STATUS_OK)
		close(fd);
	return status;
}

enum status log_open(const char *target, enum log_level level, struct error *err)
{
	int fd = STDERR_FILENO;
	bool to_syslog = strcmp(target, "syslog") == 0;
	bool to_file = is_file(target);
	enum status status = STATUS_OK;

	if (to_file)
		status = open_file(target, O_CREAT, &fd, err);
	if (status != STATUS_OK)
		return status;
	log_close();
	state.path = to_file ? strdup(target) : NULL; /* a log without a path cannot be reopened */
	if (to_syslog) /* connect now, because /dev/log can become unreachable later */
		openlog("prebind", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	state.fd = fd;
	state.to_syslog = to_syslog;
	state.level = (int)level;
	return STATUS_OK;
}

/*
 * Keeps the same descriptor number, so a simultaneous write goes to the old file or to the new
 * file.
 */
enum status log_reopen(struct error *err)
{
	int fd = -1;

	if (state.path == NULL)
		return STATUS_OK;
	enum status status = open_file(state.path, O_CREAT, &fd, err);
	if (status != STATUS_OK)
		return status;
	if (dup3(fd, state.fd, O_CLOEXEC) < 0)
		status = error_set(err, STATUS_UNAVAILABLE, "%s: the log cannot be reopened: %m",
				   state.path);
	close(fd);
	return status;
}

/*
 * Does not change the owner of a file that has a second hard link, because another user could have
 * made the log's path a hard link to a file that root owns.
 */
enum status log_give(uid_t uid, gid_t gid, struct error *err)
{
	struct stat st;

	if (state.path == NULL)
		return STATUS_OK;
	if (fstat(state.fd, &st) == 0 &&
	    (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1))
		return STATUS_OK;
	if (fchown(state.fd, uid, gid) != 0)
		return error_set(
		    err, STATUS_UNAVAILABLE,
		    "%s: cannot give the log to user %u, who must be able to reopen it: %m",
		    state.path, (unsigned)uid);
	return STATUS_OK;
}

void log_set_level(enum log_level level)
{
	atomic_store(&state.level, (int)level);
}

void log_never_wait(void)
{
	if (!state.to_syslog) {
		log_writer_start(state.fd);
		return;
	}
	closelog(); /* the writer opens its own socket */
	log_writer_start_syslog(_PATH_LOG);
}

void log_flush(void)
{
	log_writer_flush();
}

void log_close(void)
{
	log_writer_stop();
	if (state.to_syslog)
		closelog();
	if (state.fd != STDERR_FILENO)
		close(state.fd);
	free(state.path);
	state.path = NULL;
	state.fd = STDERR_FILENO;
	state.to_syslog = false;
}

/* True if standard error is still the stream that systemd connected to the journal. */
static bool is_journal(const char *journal_stream)
{
	char here[2 * CODEC_DECIMAL_SIZE + 1];
	struct stat st;

	if (journal_stream == NULL || state.fd != STDERR_FILENO || state.to_syslog ||
	    fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(journal_stream, here) == 0;
}

void log_set_format(enum log_format format, const char *journal_stream)
{
	state.format = format;
	state.to_journal = is_journal(journal_stream);
}

/*
 * If a line cannot be written, it is lost without an error, because there is nowhere to report the
 * error. The rest of a partial write is not written later, because it could end up inside another
 * process's line.
 */
static void line_write(const struct log_line *line, enum log_level level)
{
	if (log_writer_runs()) {
		log_writer_put(line->data, line->len, syslog_levels[level]);
		return;
	}
	if (state.to_syslog) {
		syslog(syslog_levels[level], "%.*s", (int)line->len - 1, line->data);
		return;
	}
	while (write(state.fd, line->data, line->len) < 0 && errno == EINTR)
		;
}

static void line_begin(struct log_line *line, enum log_level level)
{
	log_line_begin(line, state.format, state.to_journal ? syslog_levels[level] : -1);
}

static _Thread_local const char *request_id;

void log_request_id(const char *id)
{
	request_id = id;
}

void log_event(enum log_level level, const char *event, ...)
{
	struct log_line line LOG_LINE_NOT_ZEROED;
	int saved_errno = errno; /* restored at the end; callers can log before they report errno */
	const char *key;
	bool has_id = false;
	va_list pairs;

	if ((int)level < atomic_load_explicit(&state.level, memory_order_relaxed))
		return;
	log_writer_expect();
	line_begin(&line, level);
	if (!state.to_journal || state.format == LOG_FORMAT_JSON)
		log_line_add_time(&line);
	log_line_add_head(&line, "level", level_names[level]);
	log_line_add_head(&line, "event", event);
	va_start(pairs, event);
	while ((key = va_arg(pairs, const char *)) != NULL) {
		const char *value = va_arg(pairs, const char *);

		has_id |= strcmp(key, "id") == 0;
		if (value != NULL)
			log_line_add(&line, key, value);
	}
	va_end(pairs);
	if (!has_id && request_id != NULL)
		log_line_add(&line, "id", request_id);
	log_line_end(&line);
	line_write(&line, level);
	errno = saved_errno;
}

/* The line has no time, because gmtime_r is not safe in a signal handler. */
void log_crash(int signal_number)
{
	struct log_line line;
	char number[CODEC_DECIMAL_SIZE], pid[CODEC_DECIMAL_SIZE];

	line_begin(&line, LOG_LEVEL_ERROR);
	log_line_add_head(&line, "level", level_names[LOG_LEVEL_ERROR]);
	log_line_add_head(&line, "event", "crashed");
	log_line_add(&line, "signal", codec_decimal(number, signal_number));
	log_line_add(&line, "pid", codec_decimal(pid, getpid()));
	log_line_end(&line);
	log_writer_settle();
	struct pollfd target = {.fd = state.to_syslog ? STDERR_FILENO : state.fd,
				.events = POLLOUT};
	if (poll(&target, 1, 0) <= 0 || write(target.fd, line.data, line.len) < 0)
		return; /* there is nowhere to report the failure */
}
