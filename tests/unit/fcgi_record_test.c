/*
 * Answers as FastCGI's records: what a web server reads is what was to be said, whole, with one
 * end, whatever its size.
 */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "serve/server_parts.h"

#define ID             0x1234
#define SIZE_MAX_TRIED 300000 /* more than a socket holds at once */

struct writer {
	int fd;
	struct answer answer;
	bool ends;
	bool written;
};

static void *write_records(void *arg)
{
	struct writer *writer = arg;

	writer->written = records_write(writer->fd, ID, &writer->answer, writer->ends, NULL);
	close(writer->fd);
	return NULL;
}

/* What is read until the other side closes. */
static size_t read_all(int fd, unsigned char *out, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, out + len, size - len)) > 0)
		len += (size_t)got;
	return len;
}

struct seen {
	size_t output; /* bytes */
	size_t ends;   /* of the output */
	size_t requests;
};

static struct seen parse(const unsigned char *data, size_t len, const unsigned char *expected)
{
	struct seen seen = {0};

	for (size_t at = 0; at < len;) {
		size_t content = (size_t)data[at + 4] << 8 | data[at + 5];

		assert_true(at + 8 + content <= len);
		assert_int_equal(data[at], 1);
		assert_int_equal(data[at + 2] << 8 | data[at + 3], ID);
		assert_int_equal(seen.requests, 0); /* nothing follows the end */
		if (data[at + 1] == 6) {
			assert_int_equal(seen.ends, 0);
			assert_memory_equal(data + at + 8, expected + seen.output, content);
			seen.output += content;
			seen.ends += content == 0;
		} else {
			assert_int_equal(data[at + 1], 3);
			assert_int_equal(content, 8);
			assert_memory_equal(data + at + 8, "\0\0\0\0\0\0\0\0", 8);
			seen.requests++;
		}
		at += 8 + content + data[at + 6];
	}
	return seen;
}

TEST(test_sizes)
{
	static const size_t sizes[] = {0, 1, 8192, 65534, 65535, 65536, 131070, SIZE_MAX_TRIED};
	size_t room = SIZE_MAX_TRIED + 4096;
	unsigned char *sent = malloc(SIZE_MAX_TRIED), *got = malloc(room);

	assert_true(sent != NULL && got != NULL);
	for (size_t i = 0; i < SIZE_MAX_TRIED; i++)
		sent[i] = (unsigned char)(i * 31 >> 3);
	for (size_t i = 0; i < 4 * COUNT(sizes); i++) {
		size_t size = sizes[i / 4];
		size_t head = i % 4 < 2 ? size : size / 3; /* in one piece, or in two */
		struct writer writer = {
		    .answer = {.head = {sent, head}, .body = {sent + head, size - head}},
		    .ends = i % 2,
		};
		pthread_t thread;
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		writer.fd = fds[1];
		assert_int_equal(pthread_create(&thread, NULL, write_records, &writer), 0);
		size_t len = read_all(fds[0], got, room);
		pthread_join(thread, NULL);
		close(fds[0]);

		struct seen seen = parse(got, len, sent);
		assert_true(writer.written);
		assert_int_equal(seen.output, size);
		assert_int_equal(seen.ends, writer.ends);
		assert_int_equal(seen.requests, writer.ends);
	}
	free(sent);
	free(got);
}

/* Nobody reads any more. */
TEST(test_gone)
{
	struct answer answer = {
	    .head = {(char *)"x", 1}
        };
	int fds[2];

	signal(SIGPIPE, SIG_IGN); /* as the server does */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	close(fds[0]);
	assert_false(records_write(fds[1], ID, &answer, true, NULL));
	close(fds[1]);
}
