/*
 * One process's threads. Each accepts for itself, with no hand-over: of those that sleep in accept
 * the kernel wakes one. At most `threads` accept or work at a time. A request that waits for
 * somebody else leaves that number, and where nobody is left to accept, another thread takes its
 * place: so a crowd that waits for a slow XMPP server costs its stacks and nothing that other
 * visitors need.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/server_parts.h"

#define STACK_SIZE    (256 * 1024) /* the deepest way, with TLS, SASL and SQLite, takes 21 KiB of it */
#define ACCEPTING_MIN 2    /* so many look for the next visitor while others wait (REL-UP-2) */
#define SPARE_S       5    /* a thread beyond `threads` is kept so long: crowds come in waves */
#define RETRY_MS      1000 /* after the system has refused a thread */
#define WAKE_MS       20   /* a thread may miss a wake on its way into accept: it is repeated */
#define WAKE_SIGNAL   SIGUSR2

struct worker {
	TAILQ_ENTRY(worker) entry;
	pthread_t thread;
	bool accepting;
	struct crash_stack crash_stack;
};

struct pool {
	const struct pool_task *task;
	struct reserve reserve;

	pthread_mutex_t lock;   /* guards what follows */
	pthread_cond_t wanted;  /* a spare thread is to take a place, or stopping */
	pthread_cond_t changed; /* a thread has ended */
	TAILQ_HEAD(, worker) workers;
	pthread_t last; /* of the threads that ended, if has_last: the next one joins it */
	bool has_last;
	size_t active;    /* threads that accept or work: may go beyond `threads` when waits end */
	size_t accepting; /* of these */
	size_t waiting;   /* requests that wait for somebody else */
	size_t spare;     /* threads that have nothing to do */
	size_t calls;     /* of spare threads, not heard yet */
	size_t alive;
	size_t waiting_max; /* until retry_ms; then the task's */
	int64_t retry_ms;   /* no new thread before; monotonic */
	bool stopping;
	bool gone; /* the listening socket */

	int wake; /* eventfd: gone, for the main thread */
};

static void wake_main(const struct pool *pool)
{
	uint64_t one = 1;

	while (write(pool->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- who accepts ---- */

static void *work(void *arg);

/* Call with the lock held, as the next ones. */
static int thread_start(struct pool *pool)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	error = pthread_create(&thread, &attr, work, pool);
	pthread_attr_destroy(&attr);
	pool->alive += error == 0;
	return error;
}

/* No thread for us: those that there are must do for a while. */
static void limit_waiting(struct pool *pool, int error)
{
	char text[128], number[24];

	pool->waiting_max = pool->waiting;
	pool->retry_ms = clock_monotonic_ms() + RETRY_MS;
	snprintf(number, sizeof(number), "%zu", pool->waiting);
	log_event(LOG_LEVEL_ERROR, "threads_short", "waiting", number, "why",
		  strerror_r(error, text, sizeof(text)), NULL);
}

/* A thread more to accept. */
static bool place_fill(struct pool *pool)
{
	if (pool->spare > pool->calls) {
		pool->calls++;
		pthread_cond_signal(&pool->wanted);
	} else {
		int error = thread_start(pool);

		if (error != 0) {
			limit_waiting(pool, error);
			return false;
		}
	}
	pool->active++;
	return true;
}

static bool may_wait(struct pool *pool)
{
	bool is_short = clock_left_ms(pool->retry_ms) > 0;

	if (pool->waiting >= (is_short ? pool->waiting_max : pool->task->waiting_max))
		return false;
	if (pool->stopping || pool->accepting >= ACCEPTING_MIN ||
	    pool->active > pool->task->threads)
		return true;
	return (!is_short && place_fill(pool)) || pool->accepting > 0;
}

bool pool_wait_begin(struct pool *pool)
{
	bool may;

	pthread_mutex_lock(&pool->lock);
	may = may_wait(pool);
	if (may) {
		pool->active--;
		pool->waiting++;
	}
	pthread_mutex_unlock(&pool->lock);
	return may;
}

void pool_wait_end(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->waiting--;
	pool->active++;
	pthread_mutex_unlock(&pool->lock);
}

/* ---- a thread's life; the lock is held where nothing else is said ---- */

/* False: there are more spare threads than are kept for good, and the time of this one is over. */
static bool await_call(struct pool *pool, const struct timespec *until)
{
	if (pool->spare <= pool->task->threads)
		return pthread_cond_wait(&pool->wanted, &pool->lock) == 0;
	return pthread_cond_timedwait(&pool->wanted, &pool->lock, until) == 0 ||
	       pool->spare <= pool->task->threads;
}

/*
 * Others have taken the places of requests that are done waiting now. False: nobody has called for
 * so long that this thread is not needed.
 */
static bool spare_time(struct pool *pool)
{
	struct timespec until;
	bool called;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SPARE_S;
	pool->active--;
	pool->spare++;
	while (pool->calls == 0 && !pool->stopping && await_call(pool, &until))
		;
	pool->spare--;
	called = pool->calls > 0; /* who called has counted this one as active */
	pool->calls -= called;
	return called;
}

/* Without the lock. */
static int accept_one(struct pool *pool)
{
	int fd = listener_accept(pool->task->listener, pool->task->peers);

	return fd == LISTENER_NO_FILES ? reserve_accept(&pool->reserve, pool->task) : fd;
}

/* The next connection; below 0: none came, and it may be time to go. */
static int next_connection(struct pool *pool, struct worker *self)
{
	int fd;

	self->accepting = true;
	pool->accepting++;
	pthread_mutex_unlock(&pool->lock);
	fd = accept_one(pool);
	pthread_mutex_lock(&pool->lock);
	self->accepting = false;
	pool->accepting--;
	if (fd == LISTENER_GONE && !pool->gone) {
		pool->gone = true;
		wake_main(pool);
	}
	return fd;
}

static void serve(struct pool *pool, int fd)
{
	bool stopping = pool->stopping;
	sigset_t wake;

	pthread_mutex_unlock(&pool->lock);
	if (stopping) { /* a wake that comes late must not end a read of this request's */
		sigemptyset(&wake);
		sigaddset(&wake, WAKE_SIGNAL);
		pthread_sigmask(SIG_BLOCK, &wake, NULL);
	}
	pool->task->serve(pool->task->arg, fd, pool);
	pthread_mutex_lock(&pool->lock);
}

static bool is_surplus(const struct pool *pool)
{
	return pool->active > pool->task->threads && pool->accepting >= ACCEPTING_MIN;
}

/* Each thread that ends joins the one that did before: none is left over but the last. */
static void leave(struct pool *pool, struct worker *self)
{
	pthread_t before = pool->last;
	bool has_before = pool->has_last;

	TAILQ_REMOVE(&pool->workers, self, entry);
	pool->last = self->thread;
	pool->has_last = true;
	pool->alive--;
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	if (has_before)
		pthread_join(before, NULL);
}

static void *work(void *arg)
{
	struct pool *pool = arg;
	__attribute__((uninitialized)) struct worker self; /* a crash stack is not to be touched */

	self.thread = pthread_self();
	self.accepting = false;
	crash_stack_use(&self.crash_stack);

	pthread_mutex_lock(&pool->lock);
	TAILQ_INSERT_TAIL(&pool->workers, &self, entry);
	while (!pool->stopping && !pool->gone) {
		int fd;

		if (is_surplus(pool)) {
			if (!spare_time(pool))
				break;
			continue;
		}
		fd = next_connection(pool, &self);
		if (fd >= 0)
			serve(pool, fd);
	}
	leave(pool, &self);
	return NULL;
}

/* ---- the main thread ---- */

static void pool_free(struct pool *pool)
{
	if (pool->wake >= 0)
		close(pool->wake);
	reserve_clear(&pool->reserve);
	pthread_cond_destroy(&pool->changed);
	pthread_cond_destroy(&pool->wanted);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct pool *pool_new(const struct pool_task *task)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attr;

	if (!pool)
		return NULL;
	pool->task = task;
	TAILQ_INIT(&pool->workers);
	reserve_init(&pool->reserve, task->listener);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->wanted, &attr);
	pthread_cond_init(&pool->changed, &attr);
	pthread_condattr_destroy(&attr);
	pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->wake < 0) {
		pool_free(pool);
		return NULL;
	}
	return pool;
}

static enum status start_threads(struct pool *pool, struct error *err)
{
	enum status status = STATUS_OK;

	pthread_mutex_lock(&pool->lock);
	while (pool->active < pool->task->threads && status == STATUS_OK) {
		errno = thread_start(pool);
		if (errno)
			status =
			    error_set(err, STATUS_INTERNAL,
				      "only %zu of %zu threads could be started: %m; lower threads",
				      pool->active, pool->task->threads);
		else
			pool->active++;
	}
	pthread_mutex_unlock(&pool->lock);
	return status;
}

static void on_wake(int number)
{
	(void)number; /* only that accept returns */
}

/* Without SA_RESTART: accept returns. */
static void wake_prepare(void)
{
	struct sigaction action = {.sa_handler = on_wake};

	sigemptyset(&action.sa_mask);
	sigaction(WAKE_SIGNAL, &action, NULL);
}

static void reload(const struct pool_task *task)
{
	notify_reloading(task->notify);
	task->reload(task->arg);
	notify_ready(task->notify, 1);
}

/* Until a signal to stop comes. */
static enum status watch(struct pool *pool, int signals, struct error *err)
{
	struct pollfd fds[] = {
	    {.fd = signals,    .events = POLLIN},
	    {.fd = pool->wake, .events = POLLIN},
	};

	for (;;) {
		int number;

		if (poll(fds, 2, notify_watchdog(pool->task->notify)) < 0 && errno != EINTR)
			return error_set(err, STATUS_INTERNAL, "poll: %m");
		if (fds[1].revents)
			return error_set(err, STATUS_INTERNAL, "the listening socket is gone");
		number = signals_next(signals);
		if (number == SIGHUP)
			reload(pool->task);
		else if (number == SIGUSR1)
			pool->task->reopen(pool->task->arg);
		else if (number == SIGTERM || number == SIGINT)
			return STATUS_OK;
	}
}

static void wake_accepting(struct pool *pool)
{
	struct worker *worker;

	TAILQ_FOREACH(worker, &pool->workers, entry)
	{
		if (worker->accepting)
			pthread_kill(worker->thread, WAKE_SIGNAL);
	}
}

static void wait_for_change(struct pool *pool, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
}

/* Lets the threads end; false: some did not within DRAIN_S. */
static bool stop_threads(struct pool *pool)
{
	int64_t deadline = clock_monotonic_ms() + DRAIN_S * 1000;
	bool done;

	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->wanted);
	while (pool->alive > 0 && clock_left_ms(deadline) > 0) {
		wake_accepting(pool);
		wait_for_change(pool, WAKE_MS);
	}
	done = pool->alive == 0;
	pthread_mutex_unlock(&pool->lock);
	if (done && pool->has_last)
		pthread_join(pool->last, NULL);
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
	wake_prepare();
	status = start_threads(pool, err);
	if (status == STATUS_OK) {
		notify_ready(task->notify, 1);
		status = watch(pool, signals, err);
	}
	notify_stopping(task->notify);
	close(signals);
	if (!stop_threads(pool)) /* they still use the pool: the end of the process frees it */
		return error_set(err, STATUS_BUSY, "stopped with requests unanswered after %d s",
				 DRAIN_S);
	pool_free(pool);
	return status;
}
