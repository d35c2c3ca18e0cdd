/*
 * The writer of the log in a crowd: few writes for many lines, none lost, each thread's in order; a
 * crash and the end of the process wait for them; a full disk is counted.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "unit.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"

#define THREADS 4
#define LINES   500 /* a thread */

/* The event "line" of a name with the numbers 0, 1, … */
static void log_lines(const char *name, int count)
{
	char number[CODEC_DECIMAL_SIZE];

	for (int i = 0; i < count; i++)
		log_event(LOG_LEVEL_INFO, "line", "name", name, "n", codec_decimal(number, i),
			  NULL);
}

static void *log_lines_a(void *name)
{
	log_lines(name, LINES);
	return NULL;
}

/* How many lines of the name are in the text; each has the next number. */
static int count_lines(const char *text, const char *name)
{
	char expected[64];
	int count = 0;

	for (;; count++) {
		snprintf(expected, sizeof(expected), "\"name\":\"%s\",\"n\":\"%d\"}\n", name,
			 count);
		const char *at = strstr(text, expected);
		if (at == NULL)
			break;
		text = at + strlen(expected);
	}
	return count;
}

static size_t count_all(const char *text)
{
	size_t count = 0;

	while ((text = strstr(text, "\"event\":\"line\"")) != NULL) {
		count++;
		text++;
	}
	return count;
}

/* Calls to write(2) of this process and its threads. */
static long writes(void)
{
	char *text = unit_read("/proc/self/io", NULL);
	const char *at = strstr(text, "syscw:");

	assert_non_null(at);
	long count = strtol(at + strlen("syscw:"), NULL, 10);
	free(text);
	return count;
}

/*
 * Runs it in a process, because a writer stays for the life of its process. A process that hangs is
 * ended.
 */
static void in_process(void (*life)(void))
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60);
		life();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void open_log(void)
{
	assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
	log_never_wait();
}

FIXTURE(unit_folder_make, unit_folder_remove)

static void live_in_crowd(void)
{
	static char names[THREADS][2] = {"a", "b", "c", "d"};
	pthread_t threads[THREADS];
	long before = writes();

	open_log();
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_lines_a, names[i]), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_flush();
	/* 50 of each tenth of a second are written singly, and a slow machine takes some tenths. */
	if (writes() - before > THREADS * LINES / 2)
		fail_msg("%ld writes for %d lines", writes() - before, THREADS * LINES);
}

TEST(test_crowd)
{
	in_process(live_in_crowd);
	char *text = unit_read(unit_path("log"), NULL);

	for (const char *name = "abcd"; *name != '\0'; name++)
		assert_int_equal(count_lines(text, (char[]){*name, '\0'}), LINES);
	assert_int_equal(count_all(text), THREADS * LINES);
	free(text);
}

#define STEADY_MS     500 /* some periods of the writer */
#define STEADY_LINES  2   /* a millisecond */
#define STEADY_GAP_MS 50

/* Logs lines at an even pace. False: the machine was too busy to keep it. */
static bool log_steadily(void)
{
	int64_t start = clock_monotonic_ms(), now, before = start;
	int64_t lines = 0;

	while ((now = clock_monotonic_ms()) < start + STEADY_MS) {
		if (now > before + STEADY_GAP_MS)
			return false;
		before = now;
		for (; lines < (now - start) * STEADY_LINES; lines++)
			log_lines("steady", 1);
	}
	return true;
}

static void live_in_long_crowd(void)
{
	long before;

	open_log();
	do
		before = writes();
	while (!log_steadily());
	long count = writes() - before;
	/* 50 in each period are 250. Under valgrind the slow thread writes more often. */
	if (count > STEADY_MS * STEADY_LINES * 11 / 50)
		fail_msg("%ld writes for %d lines", count, STEADY_MS * STEADY_LINES);
}

/* In a crowd that goes on, no period has lines that are written singly but the first. */
TEST(test_long_crowd)
{
	in_process(live_in_long_crowd);
}

/* What is written without a crowd is in the file at once. */
static void live_alone(void)
{
	open_log();
	log_lines("alone", 2);
	char *text = unit_read(unit_path("log"), NULL);
	assert_int_equal(count_lines(text, "alone"), 2);
	free(text);
}

TEST(test_alone)
{
	in_process(live_alone);
}

/* A warning and what came before it are in the file at once. */
static void live_with_warning(void)
{
	open_log();
	log_lines("info", LINES);
	log_event(LOG_LEVEL_WARN, "warning", NULL);
	char *text = unit_read(unit_path("log"), NULL);
	assert_int_equal(count_lines(text, "info"), LINES);
	assert_holds(strstr(text, "\"n\":\"499\""), "\"event\":\"warning\"");
	free(text);
}

TEST(test_warning)
{
	in_process(live_with_warning);
}

static void live_until_crash(void)
{
	open_log();
	log_lines("before", LINES);
	log_crash(SIGSEGV);
}

TEST(test_crash)
{
	in_process(live_until_crash);
	char *text = unit_read(unit_path("log"), NULL);

	assert_int_equal(count_lines(text, "before"), LINES);
	assert_holds(strstr(text, "\"n\":\"499\""), "\"event\":\"crashed\"");
	free(text);
}

/* The lines go to a reader who is slower than they come, and are as many as the writer may keep. */
static void live_with_stream(void)
{
	char text[64 * 1024];
	size_t len = 0;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	dup2(ends[1], STDERR_FILENO);
	assert_ok(log_open("stderr", LOG_LEVEL_INFO, ERR));
	log_never_wait();
	log_lines("stream", LINES);
	while (len < sizeof(text) - 1) {
		ssize_t got = recv(ends[0], text + len, sizeof(text) - 1 - len, 0);

		if (got <= 0)
			_exit(1);
		len += (size_t)got;
		text[len] = '\0';
		if (count_lines(text, "stream") == LINES)
			_exit(0);
	}
	_exit(2);
}

TEST(test_stream)
{
	in_process(live_with_stream);
}

/* The limit stands for a disk that is full. */
static void live_with_limit(void)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	open_log();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){10000, limit.rlim_max}), 0);
	log_lines("full", LINES);
	log_flush();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	log_event(LOG_LEVEL_INFO, "again", NULL);
	log_flush();
}

TEST(test_full_disk)
{
	in_process(live_with_limit);
	char *text = unit_read(unit_path("log"), NULL);
	const char *said = strstr(text, "\"lines\":\"");
	int whole = count_lines(text, "full");

	assert_non_null(said);
	assert_true(whole > 0 && whole < LINES);
	assert_int_equal(whole + strtol(said + strlen("\"lines\":\""), NULL, 10), LINES);
	free(text);
}
