/*
 * The benchmark's client, of the page as of the bare upstream call: so what it costs itself is in
 * both, and drops out of the difference. N threads send the same request over and over, each with
 * its next as soon as the last is answered, on kept connections or on a new one each.
 *   load -p PORT -r REQUEST_FILE -n AT_ONCE -c REQUESTS -s SECONDS -e TEXT… [-w WARM_UP] [-N] [-q]
 *        [-P PID…] [-F] [-l REQUEST_FILE -L TEXT] [-S STATUS]
 * ends when it has sent so many and so long; prints its figures as JSON, times in µs. An answer
 * that is not a 200, or lacks a TEXT, is an error: then there are no figures; with -F it is
 * counted, and the first is shown. -S: another status than 200. -P: whose CPU time is to be taken.
 * -l: a lone visitor with another request every 5 ms until the others are done; one that was due
 * while it waited counts from then.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "load_http.h"
#include "load_times.h"

#define PIDS_MAX      64
#define STACK_SIZE    (128 * 1024)
#define ANSWER_S      30 /* longer than any time-out of what is measured */
#define NS            1000000000LL
#define LONE_EVERY_NS (NS / 200)

static struct {
	struct sockaddr_in address;
	struct question crowd, lone; /* lone.len 0: there is no lone visitor */
	long at_once, requests, warm_up;
	double seconds;
	bool new_connections;
	bool quickack;
	bool count_failures;
	clockid_t clocks[PIDS_MAX];
	size_t n_clocks;
} plan; /* constant once main has read its arguments */

static struct {
	pthread_barrier_t start; /* everybody is warm */
	atomic_long begun, failed;
	atomic_long connections;
	atomic_long at_work; /* of the crowd */
	int64_t started;     /* written before the barrier opens, as is cpu */
	int64_t cpu;
} run;

struct visitor {
	pthread_t thread;
	const struct question *question;
	struct answer answer;
	int fd; /* -1: none */
	struct times times;
};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;

	flockfile(stderr); /* for good: the first visitor's sentence is whole, and the only one */
	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	_exit(1); /* no figures: nothing of stdout is to be written */
}

/* An answer that is none: the end, or one more; of many only the first is told. */
static void fail(const struct answer *answer)
{
	if (!plan.count_failures)
		die("%s", answer->failure);
	if (atomic_fetch_add(&run.failed, 1) == 0)
		fprintf(stderr, "load: %s\n", answer->failure);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0)
		die("a process whose CPU time is taken is gone: %m");
	return now.tv_sec * NS + now.tv_nsec;
}

static int64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* User and system time of all the processes that were named, to the nanosecond. */
static int64_t cpu_ns(void)
{
	int64_t sum = 0;

	for (size_t i = 0; i < plan.n_clocks; i++)
		sum += clock_ns(plan.clocks[i]);
	return sum;
}

/* ---- one visitor ---- */

/*
 * A connection that does not come is no answer's failure: web server and upstream are always there.
 */
static int connect_new(void)
{
	struct timeval limit = {.tv_sec = ANSWER_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&plan.address, sizeof(plan.address)) != 0)
		die("cannot connect: %m");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	atomic_fetch_add(&run.connections, 1);
	return fd;
}

static bool visit(struct visitor *visitor)
{
	struct answer *answer = &visitor->answer;
	bool answered;

	if (visitor->fd < 0)
		visitor->fd = connect_new();
	answered = question_ask(visitor->question, visitor->fd, plan.quickack, answer);
	if (!answered)
		fail(answer);
	if (plan.new_connections || answer->close) {
		close(visitor->fd);
		visitor->fd = -1;
	}
	return answered;
}

static void visit_timed(struct visitor *visitor, int64_t began)
{
	if (visit(visitor) && !times_keep(&visitor->times, now_ns() - began))
		die("out of memory");
}

/* The next request is ours to send; each is counted before it is sent, so there are not more. */
static bool more_to_send(void)
{
	return atomic_fetch_add(&run.begun, 1) < plan.requests ||
	       (double)(now_ns() - run.started) < plan.seconds * (double)NS;
}

/* Connected, where connections are kept, before the clock begins. */
static void warm_up(struct visitor *visitor)
{
	if (!plan.new_connections)
		visitor->fd = connect_new();
	for (long i = 0; i < plan.warm_up; i++)
		visit(visitor);
	pthread_barrier_wait(&run.start); /* main: started = now */
	pthread_barrier_wait(&run.start);
}

static void *visit_often(void *arg)
{
	warm_up(arg);
	while (more_to_send())
		visit_timed(arg, now_ns());
	atomic_fetch_sub(&run.at_work, 1);
	return NULL;
}

static void wait_until(int64_t ns)
{
	struct timespec then = {.tv_sec = ns / NS, .tv_nsec = ns % NS};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL) == EINTR)
		;
}

/* Timed from when each was due: else one long wait would stand for all who came meanwhile. */
static void *visit_meanwhile(void *arg)
{
	warm_up(arg);
	for (int64_t due = run.started; atomic_load(&run.at_work) > 0; due += LONE_EVERY_NS) {
		wait_until(due);
		visit_timed(arg, due);
	}
	return NULL;
}

/* ---- all of them ---- */

static double own_cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void print_times(const struct visitor *visitors, long n_visitors)
{
	struct times all = {0};

	for (long i = 0; i < n_visitors; i++) {
		if (!times_join(&all, &visitors[i].times))
			die("out of memory");
	}
	times_print(&all);
	times_clear(&all);
}

/* visitors: the crowd, then the lone one. */
static void print_figures(const struct visitor *visitors, int64_t ended, int64_t cpu)
{
	long sent = plan.at_once * plan.warm_up;

	for (long i = 0; i < plan.at_once; i++)
		sent += (long)visitors[i].times.count;
	printf("{\"sent\":%ld,\"failed\":%ld,\"connections\":%ld,\"seconds\":%.6f,"
	       "\"cpu_seconds\":%.9f,\"own_cpu\":%.1f,",
	       sent, atomic_load(&run.failed), atomic_load(&run.connections),
	       (double)(ended - run.started) / (double)NS, (double)(cpu - run.cpu) / (double)NS,
	       own_cpu_us() / (double)(sent ? sent : 1));
	print_times(visitors, plan.at_once);
	if (plan.lone.len > 0) {
		fputs(",\"lone\":{", stdout);
		print_times(visitors + plan.at_once, 1);
		fputc('}', stdout);
	}
	puts("}");
}

static void start_visitors(struct visitor *visitors, long count)
{
	pthread_attr_t attr;

	pthread_barrier_init(&run.start, NULL, (unsigned)count + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (long i = 0; i < count; i++) {
		bool lone = i == plan.at_once;

		visitors[i].fd = -1;
		visitors[i].question = lone ? &plan.lone : &plan.crowd;
		if (pthread_create(&visitors[i].thread, &attr, lone ? visit_meanwhile : visit_often,
				   &visitors[i]) != 0)
			die("no more threads: %m");
	}
	pthread_attr_destroy(&attr);
}

static void run_visitors(void)
{
	long count = plan.at_once + (plan.lone.len > 0);
	struct visitor *visitors = calloc((size_t)count, sizeof(*visitors));
	int64_t ended, cpu;

	if (!visitors)
		die("out of memory");
	atomic_store(&run.at_work, plan.at_once);
	start_visitors(visitors, count);
	pthread_barrier_wait(&run.start);
	run.cpu = cpu_ns();
	run.started = now_ns();
	pthread_barrier_wait(&run.start);
	for (long i = 0; i < plan.at_once; i++)
		pthread_join(visitors[i].thread, NULL);
	ended = now_ns();
	cpu = cpu_ns();
	if (plan.lone.len > 0)
		pthread_join(visitors[plan.at_once].thread, NULL);
	print_figures(visitors, ended, cpu);
	for (long i = 0; i < count; i++)
		times_clear(&visitors[i].times);
	free(visitors);
}

/* ---- the arguments ---- */

static void read_question(struct question *question, const char *file)
{
	if (!question_load(question, file))
		die("%s: not a request of at most %d bytes", file, QUESTION_MAX - 1);
}

static void read_text(struct question *question, const char *text)
{
	if (!question_expect(question, text))
		die("more than %d texts to expect", TEXTS_MAX);
}

static void read_pid(const char *text)
{
	pid_t pid = (pid_t)strtol(text, NULL, 10);

	if (plan.n_clocks == PIDS_MAX)
		die("more than %d processes", PIDS_MAX);
	errno = clock_getcpuclockid(pid, &plan.clocks[plan.n_clocks++]);
	if (errno)
		die("process %s: %m", text);
}

static void read_option(int option, const char *value)
{
	switch (option) {
	case 'p':
		plan.address.sin_port = htons((uint16_t)strtoul(value, NULL, 10));
		break;
	case 'r':
		read_question(&plan.crowd, value);
		break;
	case 'l':
		read_question(&plan.lone, value);
		break;
	case 'L':
		read_text(&plan.lone, value);
		break;
	case 'P':
		read_pid(value);
		break;
	case 'S':
		plan.crowd.status = (int)strtol(value, NULL, 10);
		break;
	case 'F':
		plan.count_failures = true;
		break;
	case 'n':
		plan.at_once = strtol(value, NULL, 10);
		break;
	case 'c':
		plan.requests = strtol(value, NULL, 10);
		break;
	case 's':
		plan.seconds = strtod(value, NULL);
		break;
	case 'w':
		plan.warm_up = strtol(value, NULL, 10);
		break;
	case 'N':
		plan.new_connections = true;
		break;
	case 'q':
		plan.quickack = true;
		break;
	case 'e':
		read_text(&plan.crowd, value);
		break;
	default:
		die("usage: see the head of tests/bench/load.c");
	}
}

int main(int argc, char **argv)
{
	int option;

	plan.crowd.status = plan.lone.status = 200;
	plan.address.sin_family = AF_INET;
	plan.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while ((option = getopt(argc, argv, "p:r:n:c:s:w:e:l:L:P:S:FNq")) != -1)
		read_option(option, optarg);
	if (!plan.address.sin_port || !plan.crowd.len || plan.at_once < 1 || !plan.crowd.n_texts)
		die("-p, -r, -n and -e are needed");
	run_visitors();
	return 0;
}
