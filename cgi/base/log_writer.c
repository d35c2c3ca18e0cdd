/*
 * The writer of the log. If a line cannot be written at once, it is kept in memory, and a thread
 * writes it as soon as that is possible. The first such line starts the thread. Lines are lost if
 * too many are kept, or if a write fails. They are counted, and the log says how many.
 */
#include "base/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/wait.h"

#define KEPT_MAX   (256 * 1024) /* bytes: about a thousand lines */
#define FLUSH_S    1            /* at the end of a process */
#define STACK_SIZE (128 * 1024)
#define PAUSE_MS   100 /* before another try, if the system has no memory for a line */

enum way {
	WAY_NONE,  /* not started */
	WAY_SEND,  /* a socket, with a flag for each write that must not wait */
	WAY_WRITE, /* a file, or a descriptor that does not block */
	/*
	 * The socket of syslog. syslog(3) is not used, because it holds a lock while it waits for
	 * the socket. A child that is forked at that moment would keep the lock for ever, and its
	 * log would hang.
	 */
	WAY_SYSLOG,
	/*
	 * A pipe that belongs to another account. Each write to it may wait, so only the thread
	 * writes. We cannot make the pipe non-blocking, because it would become so for all
	 * processes that share it.
	 */
	WAY_THREAD
};

enum taken { TAKEN, NOT_NOW, LOST };

struct kept {
	STAILQ_ENTRY(kept) entry;
	int level;
	size_t len;
	char line[];
};

static struct {
	enum way way; /* constant while threads run, as the next two */
	int fd;
	struct sockaddr_un syslog; /* for WAY_SYSLOG */
	atomic_bool stream;        /* its socket takes a connection, as some syslogs do */

	pthread_mutex_t lock;   /* guards the members up to started */
	pthread_cond_t changed; /* a line was added, or the last one was written */
	STAILQ_HEAD(, kept) lines;
	size_t bytes;
	bool started; /* the thread */

	atomic_bool behind; /* lines are kept or being written; new lines must come after them */
	atomic_size_t lost; /* lines; not yet logged */
} writer = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .changed = PTHREAD_COND_INITIALIZER,
    .lines = STAILQ_HEAD_INITIALIZER(writer.lines),
};

/* ---- writing ---- */

static bool syslog_connect_fd(int fd)
{
	return connect(fd, (const struct sockaddr *)&writer.syslog, sizeof(writer.syslog)) == 0;
}

/* Connects a new socket, because one that has lost its connection cannot be connected again. */
static bool syslog_connect_new(bool stream)
{
	int type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = socket(AF_UNIX, type, 0);
	bool connected = fd >= 0 && syslog_connect_fd(fd) && dup3(fd, writer.fd, O_CLOEXEC) >= 0;

	if (connected)
		atomic_store(&writer.stream, stream);
	if (fd >= 0)
		close(fd);
	return connected;
}

/*
 * Processes share a socket for datagrams, so connecting it again does so for all of them. Each
 * process has a stream of its own after the first is lost.
 */
static bool syslog_connect(void)
{
	bool stream = atomic_load(&writer.stream);

	if (stream ? syslog_connect_new(true) : syslog_connect_fd(writer.fd))
		return true;
	return errno == EPROTOTYPE && syslog_connect_new(!stream);
}

static bool is_disconnected(int error)
{
	return error == ECONNREFUSED || error == ENOTCONN || error == ENOENT || error == EPIPE ||
	       error == ECONNRESET;
}

/*
 * Sends a line as one datagram, without its newline; in a stream a NUL ends it, as in syslog(3). It
 * contains no time: syslog adds one, and the C library would take a lock to format it.
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
				 .msg_iovlen = atomic_load(&writer.stream) ? 3 : 2};
	ssize_t put = sendmsg(writer.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

	/* syslog was restarted, or did not run before. */
	if (put < 0 && is_disconnected(errno) && syslog_connect()) {
		message.msg_iovlen = atomic_load(&writer.stream) ? 3 : 2;
		put = sendmsg(writer.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	return put < 0 ? put : (ssize_t)len; /* Linux sends a short message whole */
}

static ssize_t put_line(const char *line, size_t len, int level)
{
	switch (writer.way) {
	case WAY_SYSLOG:
		return syslog_send(line, len, level);
	case WAY_SEND:
		return send(writer.fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	default:
		return write(writer.fd, line, len);
	}
}

/* A part of a line is not continued: the rest could end up inside another process's line. */
static enum taken write_once(const char *line, size_t len, int level)
{
	ssize_t put;

	do
		put = put_line(line, len, level);
	while (put < 0 && errno == EINTR);
	if (put < 0 && (errno == EAGAIN || errno == ENOBUFS))
		return NOT_NOW;
	if (put == (ssize_t)len)
		return TAKEN;
	atomic_fetch_add(&writer.lost, 1);
	return LOST;
}

/* Only the thread calls it. */
static enum taken write_waiting(const struct kept *kept)
{
	struct pollfd poll_fd = {.fd = writer.fd, .events = POLLOUT};
	enum taken taken = NOT_NOW;

	/* For ENOBUFS the descriptor may be writable at once, so poll alone would spin. */
	while ((taken = write_once(kept->line, kept->len, kept->level)) == NOT_NOW) {
		if (poll(&poll_fd, 1, -1) > 0 && (poll_fd.revents & POLLOUT) != 0)
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	}
	return taken;
}

static void say_lost(void)
{
	size_t lost = atomic_exchange(&writer.lost, 0);
	char number[CODEC_DECIMAL_SIZE];

	if (lost > 0)
		log_event(LOG_LEVEL_ERROR, "log_lost", "lines",
			  codec_decimal(number, (long long)lost), "why",
			  "the log's target did not accept them in time", NULL);
}

/* ---- the thread ---- */

/* Waits for a line. The caller frees it. */
static struct kept *kept_take(void)
{
	struct kept *first;

	pthread_mutex_lock(&writer.lock);
	while ((first = STAILQ_FIRST(&writer.lines)) == NULL) {
		atomic_store(&writer.behind, false);
		pthread_cond_broadcast(&writer.changed);
		pthread_cond_wait(&writer.changed, &writer.lock);
	}
	STAILQ_REMOVE_HEAD(&writer.lines, entry);
	writer.bytes -= first->len;
	pthread_mutex_unlock(&writer.lock);
	return first;
}

static bool has_room(void)
{
	pthread_mutex_lock(&writer.lock);
	bool room = writer.bytes <= KEPT_MAX / 2;
	pthread_mutex_unlock(&writer.lock);
	return room;
}

static void *write_kept(void *arg)
{
	for (;;) {
		struct kept *kept = kept_take();
		enum taken taken = write_waiting(kept);

		free(kept);
		if (taken == TAKEN && has_room())
			say_lost();
	}
	return arg;
}

/* The caller holds the lock. False: there is no thread. */
static bool thread_ensure(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;

	if (writer.started)
		return true;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	writer.started = pthread_create(&thread, &attr, write_kept, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return writer.started;
}

static void keep(const char *line, size_t len, int level)
{
	struct kept *kept = malloc(sizeof(*kept) + len);
	bool room = false;

	pthread_mutex_lock(&writer.lock);
	if (kept != NULL && writer.bytes + len <= KEPT_MAX && thread_ensure()) {
		kept->level = level;
		kept->len = len;
		memcpy(kept->line, line, len);
		STAILQ_INSERT_TAIL(&writer.lines, kept, entry);
		writer.bytes += len;
		atomic_store(&writer.behind, true);
		pthread_cond_broadcast(&writer.changed);
		room = true;
	}
	pthread_mutex_unlock(&writer.lock);
	if (room)
		return;
	free(kept);
	atomic_fetch_add(&writer.lost, 1);
}

void log_writer_put(const char *line, size_t len, int level)
{
	enum taken taken = NOT_NOW;

	if (writer.way != WAY_THREAD && !atomic_load(&writer.behind))
		taken = write_once(line, len, level);
	if (taken == NOT_NOW)
		keep(line, len, level);
	else if (taken == TAKEN && atomic_load_explicit(&writer.lost, memory_order_relaxed) > 0)
		say_lost();
}

/* ---- start, fork, end ---- */

static void before_fork(void)
{
	pthread_mutex_lock(&writer.lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&writer.lock);
}

/* After a fork: the thread exists only in the parent, which writes the lines that it has kept. */
static void after_fork_child(void)
{
	struct kept *kept;

	while ((kept = STAILQ_FIRST(&writer.lines)) != NULL) {
		STAILQ_REMOVE_HEAD(&writer.lines, entry);
		free(kept);
	}
	writer.bytes = 0;
	writer.started = false;
	atomic_store(&writer.behind, false);
	atomic_store(&writer.lost, 0);
	pthread_cond_init(&writer.changed, NULL);
	pthread_mutex_unlock(&writer.lock);
}

/* Opens a pipe or device again, so that O_NONBLOCK applies to this process only. */
static int open_again(int fd)
{
	char path[sizeof("/proc/self/fd/") + CODEC_DECIMAL_SIZE];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void log_writer_start(int fd)
{
	struct stat st = {.st_mode = S_IFREG};

	writer.fd = fd;
	writer.way = WAY_WRITE;
	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		writer.way = WAY_SEND;
	if (!S_ISREG(st.st_mode) && !S_ISSOCK(st.st_mode)) {
		int again = open_again(fd);

		writer.fd = again >= 0 ? again : fd;
		writer.way = again >= 0 ? WAY_WRITE : WAY_THREAD;
	}
	pthread_atfork(before_fork, after_fork, after_fork_child);
}

/* The socket stays open to the end of the process: the thread may be waiting for it. */
void log_writer_start_syslog(const char *path)
{
	writer.syslog.sun_family = AF_UNIX;
	snprintf(writer.syslog.sun_path, sizeof(writer.syslog.sun_path), "%s", path);
	writer.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	writer.way = WAY_SYSLOG;
	/*
	 * Connect now, because the path may be unreachable later. If this fails, each line tries
	 * again.
	 */
	(void)syslog_connect();
	pthread_atfork(before_fork, after_fork, after_fork_child);
}

bool log_writer_runs(void)
{
	return writer.way != WAY_NONE;
}

void log_writer_flush(void)
{
	int64_t until_ms = clock_monotonic_ms() + FLUSH_S * 1000;
	int rc = 0;

	pthread_mutex_lock(&writer.lock);
	while (atomic_load(&writer.behind) && rc == 0)
		rc = wait_idle(&writer.changed, &writer.lock, until_ms);
	pthread_mutex_unlock(&writer.lock);
}

void log_writer_stop(void)
{
	log_writer_flush();
	writer.way = WAY_NONE;
}
