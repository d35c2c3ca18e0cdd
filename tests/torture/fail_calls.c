/*
 * The calls of fail.c that are not about memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"

#define REAL(name)                                                                                 \
	static __typeof__(&name) real;                                                             \
	if (real == NULL)                                                                          \
	real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL(class, fd, value)                                                                     \
	if (fails(class, fd, CALLER))                                                              \
	return value

/* ---- reading ---- */

ssize_t read(int fd, void *buffer, size_t size)
{
	REAL(read);
	FAIL(READ, fd, -1);
	return real(fd, buffer, size);
}

ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
	REAL(__read_chk);
	FAIL(READ, fd, -1);
	return real(fd, buffer, size, room);
}

/* SQLite reads its pages so. */
ssize_t pread64(int fd, void *buffer, size_t size, off64_t at)
{
	REAL(pread64);
	FAIL(PAGE, fd, -1);
	return real(fd, buffer, size, at);
}

ssize_t __pread64_chk(int fd, void *buffer, size_t size, off64_t at, size_t room);
ssize_t __pread64_chk(int fd, void *buffer, size_t size, off64_t at, size_t room)
{
	REAL(__pread64_chk);
	FAIL(PAGE, fd, -1);
	return real(fd, buffer, size, at, room);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	REAL(recv);
	FAIL(READ, fd, -1);
	return real(fd, buffer, size, flags);
}

ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags);
ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags)
{
	REAL(__recv_chk);
	FAIL(READ, fd, -1);
	return real(fd, buffer, size, room, flags);
}

/* ---- writing ---- */

/* Pipes and sockets have no disk that can be full. */
static enum class written(int fd) {
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? DISK : WRITE;
}

static void cut(int fd, const void *data, size_t size, off64_t at)
{
	if (plan->mode != POWER_CUT)
		return;
	if (at < 0)
		(void)!syscall(SYS_write, fd, data, size / 2);
	else
		(void)!syscall(SYS_pwrite64, fd, data, size / 2, at);
	kill(getpid(), SIGKILL);
}

ssize_t write(int fd, const void *data, size_t size)
{
	REAL(write);
	if (fails(written(fd), fd, CALLER)) {
		cut(fd, data, size, -1);
		return -1;
	}
	return real(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	REAL(pwrite64);
	if (fails(written(fd), fd, CALLER)) {
		cut(fd, data, size, at);
		return -1;
	}
	return real(fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	REAL(writev);
	if (fails(written(fd), fd, CALLER)) {
		cut(fd, pieces[0].iov_base, count > 0 ? pieces[0].iov_len : 0, -1);
		return -1;
	}
	return real(fd, pieces, count);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	REAL(send);
	FAIL(WRITE, fd, -1);
	return real(fd, data, size, flags);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
	       socklen_t length)
{
	REAL(sendto);
	FAIL(WRITE, fd, -1);
	return real(fd, data, size, flags, to, length);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	REAL(sendmsg);
	FAIL(WRITE, fd, -1);
	return real(fd, message, flags);
}

ssize_t sendfile(int to, int from, off_t *at, size_t size)
{
	REAL(sendfile);
	FAIL(DISK, to, -1);
	return real(to, from, at, size);
}

int ftruncate64(int fd, off64_t size)
{
	REAL(ftruncate64);
	if (fails(DISK, fd, CALLER)) {
		cut(fd, "", 0, -1);
		return -1;
	}
	return real(fd, size);
}

int posix_fallocate(int fd, off_t at, off_t size)
{
	REAL(posix_fallocate);
	FAIL(DISK, fd, (int)plan->error);
	return real(fd, at, size);
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *stream)
{
	REAL(fwrite);
	FAIL(WRITE, fileno(stream), 0);
	return real(data, size, count, stream);
}

int fflush(FILE *stream)
{
	REAL(fflush);
	FAIL(WRITE, stream != NULL ? fileno(stream) : -1, EOF);
	return real(stream);
}

/* ---- files ---- */

static int mode_of(int flags, va_list args)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, int) : 0;
}

#define OPEN_LIKE(name)                                                                            \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list args;                                                                      \
		REAL(name);                                                                        \
		FAIL(OPEN, -1, -1);                                                                \
		va_start(args, flags);                                                             \
		int mode = mode_of(flags, args);                                                   \
		va_end(args);                                                                      \
		return real(path, flags, mode);                                                    \
	}
OPEN_LIKE(open)
OPEN_LIKE(open64)

int openat(int folder, const char *path, int flags, ...)
{
	va_list args;

	REAL(openat);
	FAIL(OPEN, -1, -1);
	va_start(args, flags);
	int mode = mode_of(flags, args);
	va_end(args);
	return real(folder, path, flags, mode);
}

int fsync(int fd)
{
	REAL(fsync);
	FAIL(SYNC, fd, -1);
	return real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	FAIL(SYNC, fd, -1);
	return real(fd);
}

static bool is_lock(int command)
{
	return command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK;
}

#define FCNTL_LIKE(name)                                                                           \
	int name(int fd, int command, ...)                                                         \
	{                                                                                          \
		va_list args;                                                                      \
		REAL(name);                                                                        \
		va_start(args, command);                                                           \
		void *arg = va_arg(args, void *);                                                  \
		va_end(args);                                                                      \
		if (is_lock(command))                                                              \
			FAIL(LOCK, fd, -1);                                                        \
		return real(fd, command, arg);                                                     \
	}
FCNTL_LIKE(fcntl)
FCNTL_LIKE(fcntl64)

#define MMAP_LIKE(name, offset)                                                                    \
	void *name(void *at, size_t size, int protection, int flags, int fd, offset from)          \
	{                                                                                          \
		REAL(name);                                                                        \
		FAIL(MAP, fd, MAP_FAILED);                                                         \
		return real(at, size, protection, flags, fd, from);                                \
	}
MMAP_LIKE(mmap, off_t)
MMAP_LIKE(mmap64, off64_t)

int unlink(const char *path)
{
	REAL(unlink);
	FAIL(REMOVE, -1, -1);
	return real(path);
}

int rename(const char *from, const char *to)
{
	REAL(rename);
	FAIL(REMOVE, -1, -1);
	return real(from, to);
}

/* ---- sockets, threads, processes ---- */

int socket(int domain, int type, int protocol)
{
	REAL(socket);
	FAIL(SOCKET, -1, -1);
	return real(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int ends[2])
{
	REAL(socketpair);
	FAIL(SOCKET, -1, -1);
	return real(domain, type, protocol, ends);
}

int connect(int fd, const struct sockaddr *to, socklen_t length)
{
	REAL(connect);
	FAIL(CONNECT, fd, -1);
	return real(fd, to, length);
}

int poll(struct pollfd *fds, nfds_t count, int ms)
{
	REAL(poll);
	FAIL(POLL, count > 0 ? fds[0].fd : -1, -1);
	return real(fds, count, ms);
}

int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room);
int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room)
{
	REAL(__poll_chk);
	FAIL(POLL, count > 0 ? fds[0].fd : -1, -1);
	return real(fds, count, ms, room);
}

int accept(int fd, struct sockaddr *from, socklen_t *length)
{
	REAL(accept);
	FAIL(ACCEPT, fd, -1);
	return real(fd, from, length);
}

int accept4(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
	REAL(accept4);
	FAIL(ACCEPT, fd, -1);
	return real(fd, from, length, flags);
}

ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
	REAL(getrandom);
	FAIL(RANDOM, -1, -1);
	return real(buffer, size, flags);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *arg)
{
	REAL(pthread_create);
	FAIL(THREAD, -1, EAGAIN);
	return real(thread, how, run, arg);
}

pid_t fork(void)
{
	REAL(fork);
	FAIL(FORK, -1, -1);
	return real();
}

/* ---- the wall clock ---- */

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, now);

	if (rc == 0 && plan != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += plan->clock;
	return rc;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
