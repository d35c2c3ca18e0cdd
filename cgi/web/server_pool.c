/*
 * One process's threads: the first accepts and hands connections to the others. It accepts only
 * what a thread is free for: the rest waits in the kernel's queue, where another process may take
 * it. It polls the listener together with the signals, so that a stop is seen at once and no
 * connection is taken after it.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "web/server_parts.h"

#define STACK_SIZE  (512 * 1024) /* threads mostly wait, and hundreds of them must be cheap */
#define BACK_OFF_MS 50           /* out of descriptors or memory: some request will end */

struct pool {
	pthread_mutex_t lock; /* guards what follows, down to alive */
	pthread_cond_t work;  /* something is in the queue, or stopping */
	pthread_cond_t ended; /* a thread is done */
	int *queue; /* connections; a ring of n_threads, never more than there are free threads */
	size_t head, queued;
	size_t idle; /* threads that are free, less what is queued */
	bool stopping;
	size_t alive;

	int wake; /* eventfd: the first thread became free again */
	void (*serve)(void *arg, int fd);
	void *arg;
	pthread_t *threads;
	size_t n_threads;
};

static void write_wake(int fd)
{
	uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void read_wake(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

/* The next connection; -1: there will be none. Call with the lock held. */
static int queue_take(struct pool *pool)
{
	int fd;

	while (pool->queued == 0 && !pool->stopping)
		pthread_cond_wait(&pool->work, &pool->lock);
	if (pool->queued == 0)
		return -1;
	fd = pool->queue[pool->head];
	pool->head = (pool->head + 1) % pool->n_threads;
	pool->queued--;
	return fd;
}

static void *work(void *arg)
{
	struct pool *pool = arg;
	int fd;

	pthread_mutex_lock(&pool->lock);
	while ((fd = queue_take(pool)) >= 0) {
		pthread_mutex_unlock(&pool->lock);
		pool->serve(pool->arg, fd);
		pthread_mutex_lock(&pool->lock);
		if (pool->idle++ == 0)
			write_wake(pool->wake);
	}
	pool->alive--;
	pthread_cond_signal(&pool->ended);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void queue_add(struct pool *pool, int fd)
{
	pthread_mutex_lock(&pool->lock);
	pool->queue[(pool->head + pool->queued) % pool->n_threads] = fd;
	pool->queued++;
	pool->idle--;
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

static bool has_idle(struct pool *pool)
{
	bool idle;

	pthread_mutex_lock(&pool->lock);
	idle = pool->idle > 0;
	pthread_mutex_unlock(&pool->lock);
	return idle;
}

/*
 * What accept's errno means: 0: try again, > 0: after so many milliseconds, -1: the socket is
 * gone.
 */
static int accept_failed(int error)
{
	char text[128];

	switch (error) {
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EOPNOTSUPP:
		return -1;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		log_event(LOG_LEVEL_ERROR, "accept_failed", "why",
			  strerror_r(error, text, sizeof(text)), NULL);
		return BACK_OFF_MS;
	default: /* the peer gave up, or another process was faster */
		return 0;
	}
}

/* Until a signal to stop comes. */
static enum status accept_loop(struct pool *pool, const struct pool_task *task, int signals,
			       struct error *err)
{
	struct pollfd fds[] = {
	    {.fd = signals,    .events = POLLIN},
	    {.fd = pool->wake, .events = POLLIN},
	    {.fd = -1,         .events = POLLIN},
	};
	int back_off = 0;

	for (;;) {
		int fd, signal_number;

		fds[2].fd = back_off == 0 && has_idle(pool) ? task->listener->fd : -1;
		if (poll(fds, 3, back_off ? back_off : -1) < 0 && errno != EINTR)
			return error_set(err, STATUS_INTERNAL, "poll: %m");
		back_off = 0;
		signal_number = fds[0].revents & POLLIN ? signals_next(signals) : 0;
		if (signal_number == SIGHUP)
			task->reload(task->arg);
		else if (signal_number != 0)
			return STATUS_OK;
		if (fds[1].revents & POLLIN)
			read_wake(pool->wake);
		if (fds[2].fd < 0 || !fds[2].revents)
			continue;
		fd = listener_accept(task->listener, task->peers);
		if (fd >= 0)
			queue_add(pool, fd);
		else
			back_off = accept_failed(errno);
		if (back_off < 0)
			return error_set(err, STATUS_INTERNAL, "the listening socket is gone");
	}
}

static void pool_free(struct pool *pool)
{
	if (pool->wake >= 0)
		close(pool->wake);
	pthread_cond_destroy(&pool->ended);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool->queue);
	free(pool);
}

static struct pool *pool_new(const struct pool_task *task)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attr;

	if (!pool)
		return NULL;
	pool->serve = task->serve;
	pool->arg = task->arg;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->ended, &attr);
	pthread_condattr_destroy(&attr);
	pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pool->queue = calloc(task->threads, sizeof(*pool->queue));
	pool->threads = calloc(task->threads, sizeof(*pool->threads));
	if (pool->wake < 0 || !pool->queue || !pool->threads) {
		pool_free(pool);
		return NULL;
	}
	return pool;
}

/* The lock is held while they start: a thread reads n_threads. */
static enum status start_threads(struct pool *pool, size_t n, struct error *err)
{
	enum status status = STATUS_OK;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_mutex_lock(&pool->lock);
	while (pool->n_threads < n && status == STATUS_OK) {
		errno = pthread_create(&pool->threads[pool->n_threads], &attr, work, pool);
		if (errno)
			status =
			    error_set(err, STATUS_INTERNAL,
				      "only %zu of %zu threads could be started: %m; lower threads",
				      pool->n_threads, n);
		else
			pool->n_threads++;
	}
	pool->idle = pool->alive = pool->n_threads;
	pthread_mutex_unlock(&pool->lock);
	pthread_attr_destroy(&attr);
	return status;
}

/* Lets the threads end; false: some did not within DRAIN_S. */
static bool stop_threads(struct pool *pool)
{
	struct timespec until;
	bool done;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += DRAIN_S;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->work);
	while (pool->alive > 0) {
		if (pthread_cond_timedwait(&pool->ended, &pool->lock, &until) == ETIMEDOUT)
			break;
	}
	done = pool->alive == 0;
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; done && i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	return done;
}

enum status pool_serve(const struct pool_task *task, struct error *err)
{
	int signals = signals_open();
	struct pool *pool = signals >= 0 ? pool_new(task) : NULL;
	enum status status;

	if (!pool) {
		if (signals >= 0)
			close(signals);
		return error_set(err, STATUS_INTERNAL, "cannot start to serve: %m");
	}
	status = start_threads(pool, task->threads, err);
	if (status == STATUS_OK)
		status = accept_loop(pool, task, signals, err);
	close(signals);
	if (!stop_threads(pool)) /* they still use the pool: the end of the process frees it */
		return error_set(err, STATUS_BUSY, "stopped with requests unanswered after %d s",
				 DRAIN_S);
	pool_free(pool);
	return status;
}
