/*
 * Writes the lines of the log. While lines are few, each caller writes its own line. If many lines
 * come, they are collected in memory. The caller whose line fills a piece (log_target_piece) writes
 * the piece with one system call; a thread writes the rest soon after. A line that cannot be
 * written at once is also stored in memory, until the thread can write it. Lines are lost if too
 * many are stored, or if a write fails. The log then says how many were lost.
 */
#include "base/log_writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/log_target.h"
#include "base/blocking.h"

#define KEPT_MAX   (256 * 1024) /* bytes: about a thousand lines */
#define FLUSH_S    1            /* how many seconds an ending process waits for its lines */
#define SETTLE_MS  10
#define STACK_SIZE (128 * 1024)

/*
 * A write takes longer than making the text of a line. So only the first SINGLY lines of a period
 * are written one by one. Further lines are collected until the period ends, or until a warning
 * comes. A reader of the log does not notice this delay. If the next period follows at once, all
 * lines of the next period are collected.
 */
#define PERIOD_MS 100
#define SINGLY    50

#define NEVER INT64_MAX

#define CACHE_LINE 64  /* bytes, on most processors */
#define LINE_USUAL 256 /* bytes; few lines are longer */

static struct {
	bool runs; /* the writer was started; constant while threads run */

	pthread_mutex_t lock;   /* guards kept_lines and the members below, up to used */
	pthread_cond_t earlier; /* signaled if due_ms becomes earlier; for the writer's thread */
	pthread_cond_t written; /* signaled when a write has ended */
	bool started;           /* the thread was started */
	bool writing;           /* the first lines are being written; kept_lines still has them */
	bool saying;            /* the thread is logging how many lines were lost */
	int64_t period_ms;      /* the end of the current period; monotonic */
	unsigned lines;         /* lines in the current period */
	bool was_crowded;       /* the previous period had more than SINGLY lines */
	int64_t due_ms; /* when the thread writes kept_lines; monotonic; NEVER for an idle thread */
	size_t used;    /* bytes used in kept_lines */

	/*
	 * Total bytes ever added to kept_lines, and ever removed from it. Both change only under
	 * the lock, but are read without the lock.
	 */
	atomic_size_t kept, gone;
	atomic_size_t lost; /* lost lines that are not logged yet */
} writer = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .earlier = PTHREAD_COND_INITIALIZER,
    .written = PTHREAD_COND_INITIALIZER,
    .due_ms = NEVER,
};

/*
 * Holds whole lines. If the target takes only one line per write, a digit before each line is the
 * level of the line.
 */
static char kept_lines[KEPT_MAX];

/* ---- writing ---- */

static enum log_taken write_once(const char *lines, size_t len, int level)
{
	size_t lost = 0;
	enum log_taken taken = log_target_write(lines, len, level, &lost);

	if (lost > 0)
		atomic_fetch_add(&writer.lost, lost);
	return taken;
}

/* Writes the first len bytes of kept_lines. */
static enum log_taken write_first(size_t len)
{
	if (log_target_piece() == 0)
		return write_once(kept_lines + 1, len - 1, kept_lines[0] - '0');
	return write_once(kept_lines, len, 0);
}

/*
 * Like write_first, but waits until the target takes the lines. Only the writer's thread calls it.
 */
static enum log_taken write_waiting(size_t len)
{
	enum log_taken taken;

	while ((taken = write_first(len)) == LOG_NOT_NOW)
		log_target_await();
	return taken;
}

static void say_lost(void)
{
	size_t lost = atomic_exchange(&writer.lost, 0);
	char number[CODEC_DECIMAL_SIZE];

	if (lost > 0)
		log_event(LOG_LEVEL_ERROR, "log_lost", "lines",
			  codec_decimal(number, (long long)lost), "why",
			  "the log's target did not accept the lines in time", NULL);
}

/* ---- kept_lines; the caller holds the lock ---- */

/*
 * Adds len to *sum. Takes less time than atomic_fetch_add, and is correct because the caller holds
 * the lock.
 */
static void count_bytes(atomic_size_t *sum, size_t len)
{
	atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + len,
			      memory_order_release);
}

/* Returns the length of the lines to write next. */
static size_t first_lines(void)
{
	size_t piece = log_target_piece();
	const char *last;

	if (piece > 0 && writer.used <= piece)
		return writer.used;
	last =
	    piece == 0 ? memchr(kept_lines, '\n', writer.used) : memrchr(kept_lines, '\n', piece);
	return (size_t)(last - kept_lines) + 1;
}

/* Writes the next lines. Releases the lock meanwhile, so other threads can append lines. */
static enum log_taken write_kept(enum log_taken (*write_them)(size_t len))
{
	size_t len = first_lines();
	enum log_taken taken;

	writer.writing = true;
	pthread_mutex_unlock(&writer.lock);
	taken = write_them(len);
	pthread_mutex_lock(&writer.lock);
	writer.writing = false;
	if (taken != LOG_NOT_NOW) {
		writer.used -= len;
		memmove(kept_lines, kept_lines + len, writer.used);
		count_bytes(&writer.gone, len);
	}
	pthread_cond_broadcast(&writer.written);
	return taken;
}

/* ---- the thread ---- */

/* Begins the period that ends at end_ms, and decides whether all its lines are collected. */
static void begin_period(int64_t end_ms)
{
	writer.was_crowded = writer.lines > SINGLY && end_ms < writer.period_ms + 2 * PERIOD_MS;
	writer.period_ms = end_ms;
	writer.lines = 0;
}

/*
 * If many lines came, more will follow at once. So the thread checks again at the end of the next
 * period, and no caller needs to wake it.
 */
static void look_again(void)
{
	if (writer.period_ms <= writer.due_ms)
		begin_period(writer.due_ms + PERIOD_MS);
	writer.due_ms = writer.period_ms;
}

static void *write_all(void *arg)
{
	bool wrote = false;

	pthread_mutex_lock(&writer.lock);
	for (;;) {
		if (writer.writing) {
			pthread_cond_wait(&writer.written, &writer.lock);
		} else if (writer.due_ms == NEVER) {
			pthread_cond_wait(&writer.earlier, &writer.lock);
		} else if (clock_left_ms(writer.due_ms) > 0) {
			condition_wait(&writer.earlier, &writer.lock, writer.due_ms);
		} else if (writer.used == 0 && wrote) {
			look_again();
			wrote = false;
		} else if (writer.used == 0) {
			writer.due_ms = NEVER;
		} else {
			wrote = true;
			if (write_kept(write_waiting) == LOG_TAKEN && writer.used <= KEPT_MAX / 2) {
				writer.saying = true;
				pthread_mutex_unlock(&writer.lock);
				say_lost();
				pthread_mutex_lock(&writer.lock);
				writer.saying = false;
				pthread_cond_broadcast(&writer.written);
			}
		}
	}
	return arg;
}

static bool thread_start(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	bool started;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	started = pthread_create(&thread, &attr, write_all, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return started;
}

/*
 * Starts the thread if it was not started. Returns false if there is no thread. The caller holds
 * the lock.
 */
static bool thread_ensure(void)
{
	if (!writer.started)
		writer.started = thread_start();
	return writer.started;
}

/* ---- adding lines; the caller holds the lock, except for the last two functions ---- */

/*
 * Counts a line. Returns true if this line must be collected, because too many lines have come in
 * this period or in the period before.
 */
static bool is_crowded(int64_t now_ms)
{
	if (log_target_piece() == 0)
		return false;
	if (now_ms >= writer.period_ms)
		begin_period(now_ms + PERIOD_MS);
	writer.lines++;
	return writer.was_crowded || writer.lines > SINGLY;
}

static void be_due(int64_t due_ms)
{
	if (due_ms >= writer.due_ms)
		return;
	writer.due_ms = due_ms;
	pthread_cond_signal(&writer.earlier);
}

/*
 * Writes the collected lines if they fill a piece. If there is no room for len more bytes and the
 * target is a file, waits until the file has taken some lines. Does not wait for other targets,
 * because they can be slow for a long time.
 */
static void make_room(size_t len)
{
	size_t piece = log_target_piece();
	bool full = piece > 0 && writer.used + len > piece;

	if (full && !writer.writing && !log_target_may_wait() &&
	    write_kept(write_first) == LOG_NOT_NOW)
		be_due(0);
	while (log_target_is_file() && writer.writing && writer.used + len > KEPT_MAX)
		pthread_cond_wait(&writer.written, &writer.lock);
}

static void keep(const char *line, size_t len, int level, int64_t due_ms)
{
	size_t digit = log_target_piece() == 0;

	if (writer.used > 0)
		make_room(digit + len);
	if (writer.used + digit + len > KEPT_MAX || !thread_ensure()) {
		atomic_fetch_add(&writer.lost, 1);
		return;
	}
	if (digit > 0)
		kept_lines[writer.used] = (char)('0' + level);
	memcpy(kept_lines + writer.used + digit, line, len);
	be_due(due_ms);
	writer.used += digit + len;
	count_bytes(&writer.kept, digit + len);
}

/* Writes as much of kept_lines as is possible without waiting. */
static void write_what_is_kept(void)
{
	bool goes_on = !log_target_may_wait();

	while (goes_on && writer.used > 0 && !writer.writing)
		goes_on = write_kept(write_first) != LOG_NOT_NOW;
}

void log_writer_expect(void)
{
	size_t kept = atomic_load_explicit(&writer.kept, memory_order_relaxed);
	size_t used = kept - atomic_load_explicit(&writer.gone, memory_order_relaxed);

	for (size_t i = 0; i < LINE_USUAL; i += CACHE_LINE) /* `used` can be out of date */
		__builtin_prefetch(&kept_lines[(used + i) % KEPT_MAX], 1);
}

void log_writer_put(const char *line, size_t len, int level)
{
	int64_t now_ms = clock_monotonic_coarse_ms();
	enum log_taken taken;
	bool crowded, at_once;

	pthread_mutex_lock(&writer.lock);
	crowded = level > LOG_WARNING && is_crowded(now_ms) && thread_ensure();
	at_once = !crowded && writer.used == 0 && !log_target_may_wait();
	if (!at_once)
		keep(line, len, level, crowded ? writer.period_ms : now_ms);
	if (!at_once && !crowded)
		write_what_is_kept();
	pthread_mutex_unlock(&writer.lock);
	if (!at_once)
		return;
	taken = write_once(line, len, level);
	if (taken == LOG_NOT_NOW) {
		pthread_mutex_lock(&writer.lock);
		keep(line, len, level, now_ms);
		pthread_mutex_unlock(&writer.lock);
	} else if (taken == LOG_TAKEN &&
		   atomic_load_explicit(&writer.lost, memory_order_relaxed) > 0) {
		say_lost();
	}
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

/*
 * The child begins without lines, because the parent writes the lines stored before the fork. The
 * writer's thread exists only in the parent.
 */
static void after_fork_child(void)
{
	writer.used = 0;
	writer.started = writer.writing = writer.saying = false;
	atomic_store(&writer.gone, atomic_load(&writer.kept));
	atomic_store(&writer.lost, 0);
	writer.due_ms = NEVER;
	pthread_cond_init(&writer.earlier, NULL);
	pthread_cond_init(&writer.written, NULL);
	pthread_mutex_unlock(&writer.lock);
}

static void start(void)
{
	writer.runs = true;
	pthread_atfork(before_fork, after_fork, after_fork_child);
}

void log_writer_start(int fd)
{
	log_target_set(fd);
	start();
}

void log_writer_start_syslog(const char *path)
{
	log_target_set_syslog(path);
	start();
}

bool log_writer_runs(void)
{
	return writer.runs;
}

void log_writer_flush(void)
{
	int64_t until_ms = clock_monotonic_ms() + FLUSH_S * 1000;
	int rc = 0;

	pthread_mutex_lock(&writer.lock);
	be_due(0);
	while ((writer.used > 0 || writer.saying) && rc == 0)
		rc = condition_wait(&writer.written, &writer.lock, until_ms);
	pthread_mutex_unlock(&writer.lock);
}

void log_writer_settle(void)
{
	size_t kept = atomic_load(&writer.kept);

	for (int i = 0; i < FLUSH_S * 1000 / SETTLE_MS && atomic_load(&writer.gone) < kept; i++)
		nanosleep(&(struct timespec){.tv_nsec = SETTLE_MS * 1000000L}, NULL);
}

void log_writer_stop(void)
{
	log_writer_flush();
	writer.runs = false;
}
