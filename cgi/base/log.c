/*
 * The log. A line is built on the stack, so "out of memory" can still be logged. It is written by
 * one write(2), so lines of several threads and processes do not mix. Each line is a complete JSON
 * object, however long a value is. The caller of log_open ignores SIGPIPE.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/log_writer.h"

#define LOG_LINE_MAX  2048 /* bytes with the newline; below PIPE_BUF, so a pipe takes it whole */
#define LOG_TAIL      6    /* bytes kept free for the end of a cut value: ..."}\n */
#define LOG_VALUE_MAX 1024 /* bytes after escaping, to leave room for other values */

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

/* Constant while threads run, except for the level. Before log_open: standard error, level info. */
static struct {
	int fd;
	bool to_syslog;
	char *path;       /* of the log file; NULL: not a file */
	atomic_int level; /* enum log_level */
} state = {.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};

struct line {
	char data[LOG_LINE_MAX];
	size_t len;
};

/* O_NONBLOCK: a FIFO without a reader must not block the start. */
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

/* The file is missing: checks whether it may be created. */
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
	state.path = to_file ? strdup(target) : NULL; /* out of memory: it cannot be reopened */
	if (to_syslog) /* connect now, because /dev/log may be unreachable later */
		openlog("prebind", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	state.fd = fd;
	state.to_syslog = to_syslog;
	state.level = (int)level;
	return STATUS_OK;
}

/* Keeps the same descriptor number, so a concurrent write goes to the old file or the new one. */
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

/* A file with a second name could be a hard link that another user made to a foreign file. */
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
	closelog(); /* the writer has a socket of its own */
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

static void line_add(struct line *line, const char *text, size_t len)
{
	memcpy(line->data + line->len, text, len);
	line->len += len;
}

/* Adds as much of the value as fits into room bytes, without cutting an escape. */
static void line_add_value(struct line *line, const char *value, size_t room)
{
	char escaped[CODEC_JSON_CHAR_MAX];
	size_t n;

	while (true) {
		n = codec_json_plain(value);
		if (n > room)
			n = room;
		line_add(line, value, n);
		value += n;
		room -= n;
		if (*value == '\0')
			return;
		n = codec_json_char(escaped, &value);
		if (n > room) {
			line_add(line, "...", 3);
			return;
		}
		line_add(line, escaped, n);
		room -= n;
	}
}

/* A pair whose key does not fit is left out. Keys are constants and need no escapes. */
static void line_add_pair(struct line *line, const char *key, const char *value)
{
	size_t key_len = strlen(key);
	size_t frame = key_len + strlen(",\"\":\"");
	size_t room;

	if (line->len + frame + LOG_TAIL > LOG_LINE_MAX)
		return;
	room = LOG_LINE_MAX - LOG_TAIL - line->len - frame;
	line_add(line, line->len == 0 ? "{\"" : ",\"", 2);
	line_add(line, key, key_len);
	line_add(line, "\":\"", 3);
	line_add_value(line, value, room < LOG_VALUE_MAX ? room : LOG_VALUE_MAX);
	line_add(line, "\"", 1);
}

/* Writes the last count decimal digits of number; returns the position after them. */
static char *put_digits(char *at, long number, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		at[i] = (char)('0' + number % 10);
		number /= 10;
	}
	return at + count;
}

/* RFC 3339, UTC, with milliseconds. */
static void line_add_time(struct line *line)
{
	struct timespec now;
	struct tm tm;
	char text[40];
	char *at;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	at = put_digits(text, tm.tm_year + 1900L, 4);
	*at++ = '-';
	at = put_digits(at, tm.tm_mon + 1, 2);
	*at++ = '-';
	at = put_digits(at, tm.tm_mday, 2);
	*at++ = 'T';
	at = put_digits(at, tm.tm_hour, 2);
	*at++ = ':';
	at = put_digits(at, tm.tm_min, 2);
	*at++ = ':';
	at = put_digits(at, tm.tm_sec, 2);
	*at++ = '.';
	at = put_digits(at, now.tv_nsec / 1000000, 3);
	*at++ = 'Z';
	*at = '\0';
	line_add_pair(line, "time", text);
}

/*
 * A line that cannot be written is lost, because there is nowhere to report it. A partial write is
 * not continued: the rest could end up inside another process's line.
 */
static void line_write(const struct line *line, enum log_level level)
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

void log_event(enum log_level level, const char *event, ...)
{
	struct line line = {.len = 0};
	int saved_errno = errno; /* callers may log between a failure and its report */
	const char *key;
	va_list pairs;

	if ((int)level < atomic_load_explicit(&state.level, memory_order_relaxed))
		return;
	line_add_time(&line);
	line_add_pair(&line, "level", level_names[level]);
	line_add_pair(&line, "event", event);
	va_start(pairs, event);
	while ((key = va_arg(pairs, const char *)) != NULL) {
		const char *value = va_arg(pairs, const char *);

		if (value != NULL)
			line_add_pair(&line, key, value);
	}
	va_end(pairs);
	line_add(&line, "}\n", 2);
	line_write(&line, level);
	errno = saved_errno;
}

/* Without the time: gmtime_r is not safe in a signal handler. */
void log_crash(int signal_number)
{
	struct line line = {.len = 0};
	char number[CODEC_DECIMAL_SIZE], pid[CODEC_DECIMAL_SIZE];

	line_add_pair(&line, "level", level_names[LOG_LEVEL_ERROR]);
	line_add_pair(&line, "event", "crashed");
	line_add_pair(&line, "signal", codec_decimal(number, signal_number));
	line_add_pair(&line, "pid", codec_decimal(pid, getpid()));
	line_add(&line, "}\n", 2);
	struct pollfd target = {.fd = state.to_syslog ? STDERR_FILENO : state.fd,
				.events = POLLOUT};
	if (poll(&target, 1, 0) <= 0 || write(target.fd, line.data, line.len) < 0)
		return; /* there is nowhere to report it */
}
