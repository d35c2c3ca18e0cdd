/*
 * One request and its answer; see load_http.h.
 */
#include "load_http.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool question_load(struct question *question, const char *file)
{
	FILE *in = fopen(file, "r");

	question->len = in ? fread(question->request, 1, QUESTION_MAX, in) : 0;
	if (in)
		fclose(in);
	return question->len > 0 && question->len < QUESTION_MAX;
}

bool question_expect(struct question *question, const char *text)
{
	if (question->n_texts == TEXTS_MAX)
		return false;
	question->texts[question->n_texts++] = text;
	return true;
}

__attribute__((format(printf, 2, 3))) static bool answer_fail(struct answer *answer,
							      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->failure, sizeof(answer->failure), format, args);
	va_end(args);
	answer->close = true;
	return false;
}

/* A header's value, or NULL; the head ends in an empty line. */
static const char *header_find(const char *head, const char *head_end, const char *name)
{
	const char *at = strcasestr(head, name);

	return at && at < head_end ? at + strlen(name) : NULL;
}

enum progress { COMPLETE, INCOMPLETE, ENDLESS };

/* Is it all there? A chunked one ends in the empty chunk: no page here has that text inside. */
static enum progress answer_progress(const struct answer *answer)
{
	const char *head_end = strstr(answer->data, "\r\n\r\n");
	const char *length;
	bool whole;

	if (!head_end)
		return INCOMPLETE;
	length = header_find(answer->data, head_end, "\r\nContent-Length:");
	if (length)
		whole = answer->len >=
			(size_t)(head_end + 4 - answer->data) + strtoul(length, NULL, 10);
	else if (header_find(answer->data, head_end, "\r\nTransfer-Encoding: chunked"))
		whole = answer->len >= 7 &&
			memcmp(answer->data + answer->len - 7, "\r\n0\r\n\r\n", 7) == 0;
	else
		return ENDLESS;
	return whole ? COMPLETE : INCOMPLETE;
}

/* Linux falls back to delayed ACKs by itself, so it is told anew each time. */
static void ack_at_once(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static bool answer_read(struct answer *answer, int fd, bool quickack)
{
	enum progress progress;

	do {
		ssize_t got = recv(fd, answer->data + answer->len, ANSWER_MAX - 1 - answer->len, 0);

		if (got < 0)
			return answer_fail(answer, "no answer: %m");
		if (got == 0)
			return answer_fail(answer,
					   "the connection ended after %zu bytes of an answer",
					   answer->len);
		if (quickack)
			ack_at_once(fd);
		answer->len += (size_t)got;
		answer->data[answer->len] = '\0';
		progress = answer_progress(answer);
	} while (progress == INCOMPLETE);
	return progress == COMPLETE ||
	       answer_fail(answer, "an answer without a length: %.200s", answer->data);
}

static bool answer_check(struct answer *answer, const struct question *question)
{
	if (strncmp(answer->data, "HTTP/1.1 ", 9) != 0 ||
	    strtol(answer->data + 9, NULL, 10) != question->status)
		return answer_fail(answer, "not a %d: %.1000s", question->status, answer->data);
	for (size_t i = 0; i < question->n_texts; i++) {
		if (!strstr(answer->data, question->texts[i]))
			return answer_fail(answer, "no %s in the answer: %.4000s",
					   question->texts[i], answer->data);
	}
	return true;
}

bool question_ask(const struct question *question, int fd, bool quickack, struct answer *out)
{
	out->len = 0;
	out->data[0] = '\0';
	if (send(fd, question->request, question->len, MSG_NOSIGNAL) != (ssize_t)question->len)
		return answer_fail(out, "cannot send: %m");
	if (!answer_read(out, fd, quickack) || !answer_check(out, question))
		return false;
	out->close =
	    header_find(out->data, strstr(out->data, "\r\n\r\n"), "\r\nConnection: close") != NULL;
	return true;
}
