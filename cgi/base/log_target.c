/*
 * Writes lines to the target of a server's log without waiting, or reports that the target cannot
 * take them now. This file stores no lines; log_writer.c stores them.
 */
#include "base/log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"

/* how long to wait before writing a line again, if the system had no memory for it, in ms */
#define PAUSE_MS   100
#define PIECE_FILE (64 * 1024)
#define PIECE_PIPE PIPE_BUF /* bytes; a pipe or stream never takes only a part of such a write */

enum way {
	WAY_NONE,  /* not started */
	WAY_SEND,  /* a socket; each write has the flag MSG_DONTWAIT */
	WAY_WRITE, /* a file, or a descriptor that does not block */
	/*
	 * The socket of syslog. syslog(3) is not used, because it holds a lock while it waits for
	 * the socket. A child that is forked during the wait would keep the lock forever, and the
	 * child's log would hang.
	 */
	WAY_SYSLOG,
	/*
	 * A pipe that belongs to another account. Each write to it can wait, so only the writer's
	 * thread writes. We cannot make the pipe non-blocking, because it would then be
	 * non-blocking for all processes that share it.
	 */
	WAY_THREAD
};

/* Constant while threads run, except for the member stream. */
static struct {
	enum way way;
	int fd;
	size_t piece;
	struct sockaddr_un syslog; /* for WAY_SYSLOG */
	atomic_bool stream;        /* the socket is a stream, as some syslog daemons require */
} target;

static bool syslog_connect_fd(int fd)
{
	return connect(fd, (const struct sockaddr *)&target.syslog, sizeof(target.syslog)) == 0;
}

/*
 * Connects a new socket, because a socket that has lost its connection cannot be connected again.
 */
static bool syslog_connect_new(bool stream)
{
	int type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = socket(AF_UNIX, type, 0);
	bool connected = fd >= 0 && syslog_connect_fd(fd) && dup3(fd, target.fd, O_CLOEXEC) >= 0;

	if (connected)
		atomic_store(&target.stream, stream);
	if (fd >= 0)
		close(fd);
	return connected;
}

/*
 * All processes share a datagram socket, so one process can connect the socket again for all
 * processes. A stream socket must be replaced, so each process has its own socket after the first
 * lost connection.
 */
static bool syslog_connect(void)
{
	bool stream = atomic_load(&target.stream);

	if (stream ? syslog_connect_new(true) : syslog_connect_fd(target.fd))
		return true;
	return errno == EPROTOTYPE && syslog_connect_new(!stream);
}

static bool is_disconnected(int error)
{
	return error == ECONNREFUSED || error == ENOTCONN || error == ENOENT || error == EPIPE ||
	       error == ECONNRESET;
}

/*
 * Sends a line without its newline, as syslog(3) does. Each line is one datagram; on a stream, a
 * NUL ends the line. The message has no time, because the syslog daemon adds one, and the C library
 * would take a lock to format it.
 */
static ssize_t syslog_send(const char *line, size_t len, int level)
{
	char head[sizeof("<191>prebind[]: ") + CODEC_DECIMAL_SIZE];
	int head_len =
	    snprintf(head, sizeof(head), "<%d>prebind[%d]: ", LOG_DAEMON | level, (int)getpid());
	struct iovec pieces[] = {
	    {head,         (size_t)head_len},
	    {(char *)line, len - 1         },
	    {(char *)"",   1               },
	};
	struct msghdr message = {.msg_iov = pieces,
				 .msg_iovlen = atomic_load(&target.stream) ? 3 : 2};
	ssize_t put = sendmsg(target.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

	/* The syslog daemon was restarted, or did not run before. */
	if (put < 0 && is_disconnected(errno) && syslog_connect()) {
		message.msg_iovlen = atomic_load(&target.stream) ? 3 : 2;
		put = sendmsg(target.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	return put < 0 ? put : (ssize_t)len; /* Linux sends a short message whole */
}

/*
 * Writes whole lines to the target. A syslog target takes one line at a time; `level` is the
 * priority of this line.
 */
static ssize_t put_lines(const char *lines, size_t len, int level)
{
	switch (target.way) {
	case WAY_SYSLOG:
		return syslog_send(lines, len, level);
	case WAY_SEND:
		return send(target.fd, lines, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	default:
		return write(target.fd, lines, len);
	}
}

static size_t count_lines(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	return count;
}

/*
 * If a line was written only in part, its rest is not written later, because it could end up inside
 * another process's line.
 */
enum log_taken log_target_write(const char *lines, size_t len, int level, size_t *lost)
{
	ssize_t put;

	do
		put = put_lines(lines, len, level);
	while (put < 0 && errno == EINTR);
	if (put < 0 && (errno == EAGAIN || errno == ENOBUFS))
		return LOG_NOT_NOW;
	if (put == (ssize_t)len)
		return LOG_TAKEN;
	put = put < 0 ? 0 : put;
	*lost = count_lines(lines + put, len - (size_t)put);
	return LOG_LOST;
}

void log_target_await(void)
{
	struct pollfd poll_fd = {.fd = target.fd, .events = POLLOUT};

	/*
	 * The pause is for ENOBUFS. After ENOBUFS the descriptor can be writable at once, so poll
	 * alone would not wait.
	 */
	if (poll(&poll_fd, 1, -1) > 0 && (poll_fd.revents & POLLOUT) != 0)
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

size_t log_target_piece(void)
{
	return target.piece;
}

bool log_target_is_file(void)
{
	return target.piece == PIECE_FILE;
}

bool log_target_may_wait(void)
{
	return target.way == WAY_THREAD;
}

/* Opens a pipe or device again, so that O_NONBLOCK applies to this process only. */
static int open_again(int fd)
{
	char path[sizeof("/proc/self/fd/") + CODEC_DECIMAL_SIZE];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/*
 * Returns the value of log_target_piece for a descriptor. The value is 0 for a datagram socket, a
 * terminal and similar targets, where each write is one line.
 */
static size_t piece_of(int fd, mode_t mode)
{
	socklen_t size = sizeof(int);
	int type = 0;

	if (S_ISREG(mode))
		return PIECE_FILE;
	if (S_ISSOCK(mode) && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
		return 0;
	return S_ISFIFO(mode) || type == SOCK_STREAM ? PIECE_PIPE : 0;
}

void log_target_set(int fd)
{
	struct stat st = {.st_mode = S_IFREG};

	target.fd = fd;
	target.way = WAY_WRITE;
	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		target.way = WAY_SEND;
	target.piece = piece_of(fd, st.st_mode);
	if (!S_ISREG(st.st_mode) && !S_ISSOCK(st.st_mode)) {
		int again = open_again(fd);

		target.fd = again >= 0 ? again : fd;
		target.way = again >= 0 ? WAY_WRITE : WAY_THREAD;
	}
}

/*
 * The socket stays open until the process ends, because the writer's thread can be waiting for it.
 */
void log_target_set_syslog(const char *path)
{
	target.syslog.sun_family = AF_UNIX;
	snprintf(target.syslog.sun_path, sizeof(target.syslog.sun_path), "%s", path);
	target.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	target.way = WAY_SYSLOG;
	target.piece = 0;
	/*
	 * Connect now, because the path can become unreachable later. If this fails, each later
	 * write connects again.
	 */
	(void)syslog_connect();
}
