/*
 * The threads of one process. Each thread accepts connections itself. Idle threads sleep. The
 * thread that was idle for the shortest time is woken first, because its stack is still in the
 * processor's caches.
 *
 * At most `threads` threads accept or work at a time. A thread whose request waits for another
 * program is not counted. If too few threads then accept, another thread is woken or started. So
 * requests that wait for a slow XMPP server need memory for their stacks, but do not delay other
 * visitors.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/blocking.h"
#include "serve/server_parts.h"

/* the deepest call path, with TLS, SASL and SQLite, uses 21 KiB */
#define STACK_SIZE (256 * 1024)
/*
 * The minimum number of threads that accept connections while other requests wait. These threads
 * serve logins and health checks.
 */
#define ACCEPTING_MIN 2
#define ACCEPTING_MAX 4    /* more stacks would not fit into the processor's caches */
#define SPARE_S       5    /* an idle thread ends after this time */
#define RETRY_MS      1000 /* how long to wait after the system refused to start a thread */
/* interval of wake-ups; a thread that is about to call accept can miss a wake-up */
#define WAKE_MS     20
#define WAKE_SIGNAL SIGUSR2

struct worker {
	TAILQ_ENTRY(worker) entry;
	LIST_ENTRY(worker) below; /* links the spare threads */
	bool resting;             /* true while it is in the list of spare threads */
	pthread_t thread;
	pthread_cond_t call; /* wakes this thread while it is spare */
	bool accepting;      /* true if it accepts, or was woken to accept */
	struct blocking_waiter waiter;
	void *crash_stack;
};

struct pool {
	struct server *server;
	size_t threads; /* from the configuration, like waiting_max */
	size_t waiting_max;
	struct reserve reserve;

	pthread_mutex_t lock;   /* protects the members below and the workers' members */
	pthread_cond_t changed; /* signaled when a thread has ended */
	TAILQ_HEAD(, worker) workers;
	LIST_HEAD(, worker) spare; /* idle threads; the thread that became idle last comes first */
	pthread_t last;            /* if has_last, the thread that ended last; not joined yet */
	bool has_last;
	size_t active;    /* threads that accept or work; can exceed `threads` when waits end */
	size_t accepting; /* how many of the active threads accept connections */
	size_t waiting;   /* requests that wait for another program */
	size_t peers;     /* how many of the waiting requests wait for their peer */
	size_t alive;
	int64_t retry_ms; /* start no thread before this monotonic time, in ms */
	bool stopping;
};

/* ---- which threads accept ---- */

static void *work(void *arg);

static int thread_start(struct pool *pool)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	error = pthread_create(&thread, &attr, work, pool);
	pthread_attr_destroy(&attr);
	return error;
}

/*
 * Logs that a thread could not be started. No thread is then started for RETRY_MS. Call this
 * function and the next three functions with the lock held.
 */
static void be_short(struct pool *pool, int error)
{
	char text[128], number[24];

	pool->retry_ms = clock_monotonic_ms() + RETRY_MS;
	snprintf(number, sizeof(number), "%zu", pool->waiting);
	log_event(LOG_LEVEL_ERROR, "threads_short", "waiting", number, "why",
		  strerror_r(error, text, sizeof(text)), NULL);
}

static bool too_few_accept(const struct pool *pool)
{
	return pool->accepting < ACCEPTING_MIN && pool->active < pool->threads && !pool->stopping;
}

static void spare_call(struct worker *spare, bool to_accept)
{
	LIST_REMOVE(spare, below);
	spare->resting = false;
	spare->accepting = to_accept;
	pthread_cond_signal(&spare->call);
}

/*
 * Wakes an idle thread to accept connections or, if there is none, starts a thread. The thread
 * counts as accepting immediately. Returns 0 or an errno.
 */
static int place_fill(struct pool *pool)
{
	struct worker *spare = LIST_FIRST(&pool->spare);
	int error = 0;

	if (spare != NULL) {
		spare_call(spare, true);
	} else if (clock_left_ms(pool->retry_ms) > 0) {
		return EAGAIN;
	} else {
		error = thread_start(pool);
		if (error != 0) {
			be_short(pool, error);
			return error;
		}
		pool->alive++;
	}
	pool->active++;
	pool->accepting++;
	return 0;
}

/* ---- waits of a request (base/blocking.h) ---- */

static void on_wait_end(void *arg)
{
	struct pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	pool->waiting--;
	pool->active++;
	pthread_mutex_unlock(&pool->lock);
	metrics_gauge_add(METRIC_WAITING, -1);
}

static bool on_wait_begin(void *arg)
{
	struct pool *pool = arg;
	bool may;

	pthread_mutex_lock(&pool->lock);
	may = pool->waiting < pool->waiting_max;
	if (may) {
		pool->active--;
		pool->waiting++;
		if (too_few_accept(pool) && place_fill(pool) != 0 && pool->accepting == 0) {
			pool->active++; /* no thread would be left to accept, so refuse to wait */
			pool->waiting--;
			may = false;
		}
	}
	pthread_mutex_unlock(&pool->lock);
	if (may)
		metrics_gauge_add(METRIC_WAITING, 1);
	else
		metrics_add(METRIC_REFUSED_WAITING_MAX);
	return may;
}

static void peer_done(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->peers--;
	pthread_mutex_unlock(&pool->lock);
}

bool peer_wait_begin(struct server *server)
{
	struct pool *pool = server != NULL ? server->pool : NULL;
	bool may;

	if (pool == NULL)
		return true;
	pthread_mutex_lock(&pool->lock);
	may = pool->peers < (pool->waiting_max + 1) / 2;
	pool->peers += may;
	pthread_mutex_unlock(&pool->lock);
	if (!may)
		return false;
	if (blocking_begin())
		return true;
	peer_done(pool);
	return false;
}

void peer_wait_end(struct server *server)
{
	struct pool *pool = server != NULL ? server->pool : NULL;

	if (pool == NULL)
		return;
	blocking_end();
	peer_done(pool);
}

/* ---- a thread's life ---- */

static bool is_surplus(const struct pool *pool)
{
	bool others_are_back = pool->active > pool->threads; /* threads have returned from waits */

	return pool->accepting >= (others_are_back ? ACCEPTING_MIN : ACCEPTING_MAX);
}

/*
 * Sleeps until the thread is told to accept. Call it with the lock held. Returns false if the
 * thread must end, because it was idle for SPARE_S or the server is stopping.
 */
static bool rest(struct pool *pool, struct worker *self)
{
	int64_t until_ms = clock_monotonic_ms() + SPARE_S * 1000;
	int rc = 0;

	pool->active--;
	self->resting = true;
	LIST_INSERT_HEAD(&pool->spare, self, below);
	while (self->resting && rc == 0)
		rc = condition_wait(&self->call, &pool->lock, until_ms);
	if (self->resting)
		LIST_REMOVE(self, below);
	return self->accepting;
}

/*
 * Decides whether a thread accepts again after a request, or sleeps until it is needed. Returns
 * false if the thread must end.
 */
static bool go_on(struct pool *pool, struct worker *self)
{
	bool goes_on;

	pthread_mutex_lock(&pool->lock);
	if (pool->stopping) {
		goes_on = false;
	} else if (is_surplus(pool)) {
		goes_on = rest(pool, self);
	} else {
		pool->accepting++;
		self->accepting = goes_on = true;
	}
	pthread_mutex_unlock(&pool->lock);
	return goes_on;
}

static int accept_one(struct pool *pool)
{
	int fd = listener_accept(&pool->server->listener);

	return fd == LISTENER_NO_FILES ? reserve_accept(&pool->reserve, pool->server) : fd;
}

/*
 * Blocks the wake-up signal, so that a late wake-up does not interrupt the thread's last request.
 */
static void block_wake(void)
{
	sigset_t wake;

	sigemptyset(&wake);
	sigaddset(&wake, WAKE_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &wake, NULL);
}

/*
 * Returns the next connection. Returns a negative number if there is none or if the server is
 * stopping.
 */
static int next_connection(struct pool *pool, struct worker *self)
{
	int fd = accept_one(pool);

	pthread_mutex_lock(&pool->lock);
	self->accepting = false;
	pool->accepting--;
	if (pool->stopping)
		block_wake();
	if (fd == LISTENER_GONE && !pool->stopping) {
		pool->stopping = true;
		pool->server->gone = true;
		kill(getpid(), SIGTERM); /* the main thread reads the signal from its signalfd */
	}
	if (fd >= 0 && too_few_accept(pool))
		place_fill(pool);
	pthread_mutex_unlock(&pool->lock);
	return fd;
}

static void begin(struct pool *pool, struct worker *self)
{
	self->thread = pthread_self();
	self->resting = false;
	self->accepting = true; /* the thread that started this thread has already counted it */
	pthread_cond_init(&self->call, NULL);
	self->crash_stack = crash_stack_use();
	self->waiter = (struct blocking_waiter){
	    .begin = on_wait_begin, .end = on_wait_end, .arg = pool, .gave_up = head_is_aborted};
	blocking_waiter_set(&self->waiter);
	pthread_mutex_lock(&pool->lock);
	TAILQ_INSERT_TAIL(&pool->workers, self, entry);
	pthread_mutex_unlock(&pool->lock);
}

/*
 * Ends a thread. Each ending thread joins the thread that ended before it, so threads_stop must
 * join only the last thread.
 */
static void leave(struct pool *pool, struct worker *self)
{
	pthread_t before;
	bool has_before;

	pthread_mutex_lock(&pool->lock);
	before = pool->last;
	has_before = pool->has_last;
	TAILQ_REMOVE(&pool->workers, self, entry);
	pool->last = self->thread;
	pool->has_last = true;
	pool->alive--;
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	pthread_cond_destroy(&self->call);
	crash_stack_free(self->crash_stack);
	if (has_before)
		pthread_join(before, NULL);
}

static void *work(void *arg)
{
	struct pool *pool = arg;
	struct worker self;

	begin(pool, &self);
	do {
		int fd = next_connection(pool, &self);

		self.waiter.visitor = fd;
		if (fd >= 0)
			pool->server->serve(pool->server, fd);
	} while (go_on(pool, &self));
	leave(pool, &self);
	return NULL;
}

/* ---- the main thread ---- */

static void pool_free(struct pool *pool)
{
	reserve_clear(&pool->reserve);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct pool *pool_new(struct server *server)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->server = server;
	pool->threads = (size_t)server->conf->threads;
	pool->waiting_max = (size_t)server->conf->waiting_max;
	TAILQ_INIT(&pool->workers);
	LIST_INIT(&pool->spare);
	reserve_init(&pool->reserve, &server->listener);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	return pool;
}

static void on_wake(int number)
{
	(void)number; /* the signal only has to make accept return */
}

/* Installs the handler without SA_RESTART, so that the signal interrupts accept. */
static void wake_prepare(void)
{
	struct sigaction action = {.sa_handler = on_wake};

	sigemptyset(&action.sa_mask);
	sigaction(WAKE_SIGNAL, &action, NULL);
}

enum status threads_start(struct server *server, struct error *err)
{
	struct pool *pool = pool_new(server);
	int error;

	if (pool == NULL)
		return error_no_memory(err);
	server->pool = pool; /* the first thread needs `pool` */
	wake_prepare();
	pthread_mutex_lock(&pool->lock);
	error = place_fill(pool);
	pthread_mutex_unlock(&pool->lock);
	if (error == 0)
		return STATUS_OK;
	server->pool = NULL;
	pool_free(pool);
	errno = error;
	return error_set(err, STATUS_INTERNAL, "no thread can be started: %m");
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

bool threads_stop(struct server *server)
{
	struct pool *pool = server->pool;
	int64_t deadline = clock_monotonic_ms() + DRAIN_S * 1000;
	struct worker *spare;
	bool done;

	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	while ((spare = LIST_FIRST(&pool->spare)) != NULL)
		spare_call(spare, false);
	while (pool->alive > 0 && clock_left_ms(deadline) > 0) {
		wake_accepting(pool);
		condition_wait(&pool->changed, &pool->lock, clock_monotonic_ms() + WAKE_MS);
	}
	done = pool->alive == 0;
	pthread_mutex_unlock(&pool->lock);
	if (!done)
		return false;
	if (pool->has_last)
		pthread_join(pool->last, NULL);
	server->pool = NULL;
	pool_free(pool);
	return true;
}
