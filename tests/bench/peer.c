/*
 * A Tigase for the benchmark: every POST gets the recorded answer, with the JID that was asked for
 * in place of the recorded one, after a delay, in one packet or in two. It costs as little as it
 * can, a thread a connection, and checks nothing: that is tests/peers/tigase_peer.mjs's business.
 *   peer RECORDING DELAY_MS PACKETS keep|close
 * prints its port on 127.0.0.1. A GET is answered with the counts of calls and connections.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECORDED_JID  "alice@example.test/web1"
#define RECORDING_MAX 4096        /* the recorded ones are under 1,500 bytes */
#define MESSAGE_MAX   (16 * 1024) /* recording, JID, and room */
#define JID_MAX       3072
#define STACK_SIZE    (128 * 1024)
#define BACKLOG       1024

static struct {
	char head[RECORDING_MAX + 32];                    /* with its empty line */
	char before[RECORDING_MAX], after[RECORDING_MAX]; /* the text around the JID */
	long delay_ms;
	bool two_packets;
	bool close;
	atomic_long calls, connections;
} peer; /* constant once main has read its arguments, but for the counts */

struct message {
	char data[MESSAGE_MAX];
	size_t head, len; /* of the head, and of all of it */
};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("peer: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* ---- the recording ---- */

/* Head, then one chunk: "492\r\n" TEXT "\r\n0\r\n\r\n". */
static void recording_split(char *data, const char *file)
{
	char *head_end = strstr(data, "\r\n\r\n");
	char *text = head_end ? strstr(head_end + 4, "\r\n") : NULL;
	char *end = text ? strstr(text + 2, "\r\n0\r\n\r\n") : NULL;
	char *jid = text ? strstr(text, RECORDED_JID) : NULL;

	if (!end || !jid || strstr(jid + 1, RECORDED_JID))
		die("%s: not one chunk with %s in it, once", file, RECORDED_JID);
	*end = *jid = head_end[2] = '\0';
	snprintf(peer.head, sizeof(peer.head), "%s%s\r\n", data,
		 peer.close ? "Connection: close\r\n" : "");
	snprintf(peer.before, sizeof(peer.before), "%s", text + 2);
	snprintf(peer.after, sizeof(peer.after), "%s", jid + strlen(RECORDED_JID));
}

static void recording_read(const char *file)
{
	char data[RECORDING_MAX];
	FILE *in = fopen(file, "r");
	size_t len = in ? fread(data, 1, sizeof(data) - 1, in) : 0;

	if (len == 0)
		die("%s: %m", file);
	fclose(in);
	data[len] = '\0';
	recording_split(data, file);
}

/* ---- a call ---- */

/* The length of a request whose head is complete; 0: it is not. */
static size_t request_len(const char *data)
{
	const char *end = strstr(data, "\r\n\r\n");
	const char *length = end ? strcasestr(data, "\r\nContent-Length:") : NULL;

	if (!end)
		return 0;
	end += 4;
	return (size_t)(end - data) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

/* One request at a time: nobody here sends the next before the answer. */
static bool request_read(int fd, char data[MESSAGE_MAX])
{
	size_t len = 0;
	size_t want;

	do {
		ssize_t got = recv(fd, data + len, MESSAGE_MAX - 1 - len, 0);

		if (got <= 0)
			return false;
		len += (size_t)got;
		data[len] = '\0';
		want = request_len(data);
	} while (want == 0 || len < want);
	return true;
}

/* The value of `from`; the JIDs of a benchmark need no escapes. */
static bool request_from(const char *data, char jid[JID_MAX])
{
	const char *at = strstr(data, "\"from\"");
	size_t len;

	at = at ? strstr(at, "\"value\"") : NULL;
	at = at ? strchr(at + 7, '"') : NULL;
	if (!at)
		return false;
	len = strcspn(++at, "\"\\");
	if (at[len] != '"' || len >= JID_MAX)
		return false;
	memcpy(jid, at, len);
	jid[len] = '\0';
	return true;
}

static void answer_call(struct message *out, const char *jid)
{
	size_t text = strlen(peer.before) + strlen(jid) + strlen(peer.after);

	out->head = strlen(peer.head);
	out->len = (size_t)snprintf(out->data, sizeof(out->data), "%s%zx\r\n%s%s%s\r\n0\r\n\r\n",
				    peer.head, text, peer.before, jid, peer.after);
}

static void answer_counts(struct message *out)
{
	char body[96];
	int len = snprintf(body, sizeof(body), "{\"calls\":%ld,\"connections\":%ld}\n",
			   atomic_load(&peer.calls), atomic_load(&peer.connections));

	out->head = 0;
	out->len = (size_t)snprintf(out->data, sizeof(out->data),
				    "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len, body);
}

static void answer_bad(struct message *out)
{
	out->head = 0;
	out->len = (size_t)snprintf(out->data, sizeof(out->data),
				    "HTTP/1.1 500 Not a call\r\nContent-Length: 0\r\n\r\n");
}

static void wait_delay(void)
{
	struct timespec delay = {.tv_sec = peer.delay_ms / 1000,
				 .tv_nsec = peer.delay_ms % 1000 * 1000000};

	if (peer.delay_ms > 0)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
}

/* Two packets as the JDK's server sends them: Nagle keeps the second until the first is ACKed. */
static bool message_send(int fd, const struct message *message)
{
	size_t first = peer.two_packets ? message->head : 0;

	if (first > 0 && send(fd, message->data, first, MSG_NOSIGNAL) != (ssize_t)first)
		return false;
	return send(fd, message->data + first, message->len - first, MSG_NOSIGNAL) ==
	       (ssize_t)(message->len - first);
}

static void *serve(void *arg)
{
	int fd = (int)(long)arg;
	char request[MESSAGE_MAX], jid[JID_MAX];
	struct message message;
	bool open = true;

	prctl(PR_SET_TIMERSLACK, 1L); /* ns; by default a sleep may last 50 µs longer */
	while (open && request_read(fd, request)) {
		if (strncmp(request, "GET ", 4) == 0) {
			answer_counts(&message);
		} else if (request_from(request, jid)) {
			atomic_fetch_add(&peer.calls, 1);
			wait_delay();
			answer_call(&message, jid);
			open = !peer.close;
		} else {
			answer_bad(&message);
		}
		open = message_send(fd, &message) && open;
	}
	close(fd);
	return NULL;
}

/* ---- the process ---- */

static int listen_anywhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		die("cannot listen: %m");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void accept_loop(int listener)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			die("accept: %m");
		atomic_fetch_add(&peer.connections, 1);
		if (pthread_create(&thread, &attr, serve, (void *)(long)fd) != 0)
			die("no more threads: %m");
	}
}

int main(int argc, char **argv)
{
	if (argc != 5)
		die("usage: peer RECORDING DELAY_MS PACKETS keep|close");
	peer.delay_ms = strtol(argv[2], NULL, 10);
	peer.two_packets = strcmp(argv[3], "2") == 0;
	peer.close = strcmp(argv[4], "close") == 0;
	recording_read(argv[1]);
	accept_loop(listen_anywhere());
	return 0;
}
