/*
 * The benchmark's client, of the page as of the bare upstream call: so what it costs itself is in
 * both, and drops out of the difference. N threads send the same request over and over, each with
 * its next as soon as the last is answered, on kept connections or on a new one each.
 *   load -p PORT -r REQUEST_FILE -n AT_ONCE -c REQUESTS -s SECONDS -e TEXT… [-w WARM_UP] [-N] [-q]
 * ends when it has sent so many and so long; prints its figures as JSON, times in µs. An answer
 * that is not a 200, or lacks a TEXT, is an error: then there are no figures.
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
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX  (64 * 1024) /* a page is a tenth of it */
#define REQUEST_MAX 8192
#define TEXTS_MAX   4
#define STACK_SIZE  (256 * 1024) /* an answer, and room */
#define ANSWER_S    30           /* longer than any time-out of what is measured */
#define NS          1000000000LL

static struct {
	struct sockaddr_in address;
	char request[REQUEST_MAX];
	size_t request_len;
	const char *texts[TEXTS_MAX];
	size_t n_texts;
	long at_once, requests, warm_up;
	double seconds;
	bool new_connections;
	bool quickack;
} plan; /* constant once main has read its arguments */

static struct {
	pthread_barrier_t start; /* everybody is warm */
	atomic_long done;
	atomic_long connections;
	int64_t started; /* written before the barrier opens */
} run;

struct visitor {
	pthread_t thread;
	int fd;        /* -1: none */
	double *times; /* µs */
	size_t n_times, room;
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

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

/* ---- one answer ---- */

/* A header's value, or NULL; the head ends in an empty line. */
static const char *header_find(const char *head, const char *head_end, const char *name)
{
	const char *at = strcasestr(head, name);

	return at && at < head_end ? at + strlen(name) : NULL;
}

/* Is it all there? A chunked one ends in the empty chunk: no page here has that text inside. */
static bool answer_complete(const char *data, size_t len)
{
	const char *head_end = strstr(data, "\r\n\r\n");
	const char *length;

	if (!head_end)
		return false;
	length = header_find(data, head_end, "\r\nContent-Length:");
	if (length)
		return len >= (size_t)(head_end + 4 - data) + strtoul(length, NULL, 10);
	if (header_find(data, head_end, "\r\nTransfer-Encoding: chunked"))
		return len >= 7 && memcmp(data + len - 7, "\r\n0\r\n\r\n", 7) == 0;
	die("an answer without a length: %.200s", data);
}

static void answer_check(const char *data)
{
	if (strncmp(data, "HTTP/1.1 200 ", 13) != 0)
		die("not a 200: %.1000s", data);
	for (size_t i = 0; i < plan.n_texts; i++) {
		if (!strstr(data, plan.texts[i]))
			die("no %s in the answer: %.4000s", plan.texts[i], data);
	}
}

/* Linux falls back to delayed ACKs by itself, so it is told anew each time. */
static void ack_at_once(int fd)
{
	int on = 1;

	if (plan.quickack)
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static void answer_read(int fd, char data[ANSWER_MAX])
{
	size_t len = 0;

	do {
		ssize_t got = recv(fd, data + len, ANSWER_MAX - 1 - len, 0);

		if (got < 0)
			die("no answer: %m");
		if (got == 0)
			die("the connection ended after %zu bytes of an answer", len);
		ack_at_once(fd);
		len += (size_t)got;
		data[len] = '\0';
	} while (!answer_complete(data, len));
}

/* ---- one visitor ---- */

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

static void visit(struct visitor *visitor)
{
	char data[ANSWER_MAX];

	if (visitor->fd < 0)
		visitor->fd = connect_new();
	if (send(visitor->fd, plan.request, plan.request_len, MSG_NOSIGNAL) !=
	    (ssize_t)plan.request_len)
		die("cannot send: %m");
	answer_read(visitor->fd, data);
	answer_check(data);
	if (plan.new_connections ||
	    header_find(data, strstr(data, "\r\n\r\n"), "\r\nConnection: close")) {
		close(visitor->fd);
		visitor->fd = -1;
	}
}

static void time_keep(struct visitor *visitor, int64_t ns)
{
	if (visitor->n_times == visitor->room) {
		visitor->room = visitor->room ? 2 * visitor->room : 1024;
		visitor->times = realloc(visitor->times, visitor->room * sizeof(*visitor->times));
		if (!visitor->times)
			die("out of memory");
	}
	visitor->times[visitor->n_times++] = (double)ns / 1000;
}

static void *visit_often(void *arg)
{
	struct visitor *visitor = arg;
	int64_t began, ended;

	for (long i = 0; i < plan.warm_up; i++)
		visit(visitor);
	pthread_barrier_wait(&run.start); /* main: started = now */
	pthread_barrier_wait(&run.start);
	do {
		began = now_ns();
		visit(visitor);
		ended = now_ns();
		time_keep(visitor, ended - began);
	} while (atomic_fetch_add(&run.done, 1) + 1 < plan.requests ||
		 (double)(ended - run.started) < plan.seconds * (double)NS);
	return NULL;
}

/* ---- all of them ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* By nearest rank: a time that was measured. */
static double percentile(const double *sorted, size_t count, size_t percent)
{
	return sorted[(count * percent + 99) / 100 - 1];
}

static double *times_sorted(const struct visitor *visitors, size_t *count)
{
	double *all = calloc((size_t)atomic_load(&run.done), sizeof(*all));

	if (!all)
		die("out of memory");
	*count = 0;
	for (long i = 0; i < plan.at_once; i++) {
		memcpy(all + *count, visitors[i].times, visitors[i].n_times * sizeof(*all));
		*count += visitors[i].n_times;
	}
	qsort(all, *count, sizeof(*all), compare);
	return all;
}

static double own_cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void print_figures(const struct visitor *visitors, int64_t ended)
{
	size_t count;
	double *times = times_sorted(visitors, &count);
	long sent = (long)count + plan.at_once * plan.warm_up;

	printf("{\"requests\":%zu,\"sent\":%ld,\"connections\":%ld,\"seconds\":%.6f,"
	       "\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f,\"own_cpu\":%.1f}\n",
	       count, sent, atomic_load(&run.connections),
	       (double)(ended - run.started) / (double)NS, percentile(times, count, 50),
	       percentile(times, count, 90), percentile(times, count, 99), times[count - 1],
	       own_cpu_us() / (double)sent);
	free(times);
}

static void run_visitors(void)
{
	struct visitor *visitors = calloc((size_t)plan.at_once, sizeof(*visitors));
	pthread_attr_t attr;

	pthread_barrier_init(&run.start, NULL, (unsigned)plan.at_once + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (long i = 0; visitors && i < plan.at_once; i++) {
		visitors[i].fd = -1;
		if (pthread_create(&visitors[i].thread, &attr, visit_often, &visitors[i]) != 0)
			die("no more threads: %m");
	}
	if (!visitors)
		die("out of memory");
	pthread_barrier_wait(&run.start);
	run.started = now_ns();
	pthread_barrier_wait(&run.start);
	for (long i = 0; i < plan.at_once; i++)
		pthread_join(visitors[i].thread, NULL);
	print_figures(visitors, now_ns());
	for (long i = 0; i < plan.at_once; i++)
		free(visitors[i].times);
	free(visitors);
}

static void request_load(const char *file)
{
	FILE *in = fopen(file, "r");

	if (in)
		plan.request_len = fread(plan.request, 1, sizeof(plan.request), in);
	if (plan.request_len == 0 || plan.request_len == sizeof(plan.request))
		die("%s: not a request of at most %d bytes", file, REQUEST_MAX - 1);
	fclose(in);
}

static void read_option(int option, const char *value)
{
	switch (option) {
	case 'p':
		plan.address.sin_port = htons((uint16_t)strtoul(value, NULL, 10));
		break;
	case 'r':
		request_load(value);
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
		if (plan.n_texts == TEXTS_MAX)
			die("more than %d texts to expect", TEXTS_MAX);
		plan.texts[plan.n_texts++] = value;
		break;
	default:
		die("usage: see the head of tests/bench/load.c");
	}
}

int main(int argc, char **argv)
{
	int option;

	plan.address.sin_family = AF_INET;
	plan.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while ((option = getopt(argc, argv, "p:r:n:c:s:w:e:Nq")) != -1)
		read_option(option, optarg);
	if (!plan.address.sin_port || !plan.request_len || plan.at_once < 1 || !plan.n_texts)
		die("-p, -r, -n and -e are needed");
	run_visitors();
	return 0;
}
