/*
 * One request and its answer, for the benchmark's client: as little HTTP as lighttpd and the
 * scripted upstream need. It knows no visitors and no figures.
 */
#ifndef BENCH_LOAD_HTTP_H
#define BENCH_LOAD_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define QUESTION_MAX 8192
#define ANSWER_MAX   (64 * 1024) /* a page is a tenth of it */
#define FAILURE_MAX  4096
#define TEXTS_MAX    4

/* What is asked, and what the answer must hold. */
struct question {
	char request[QUESTION_MAX];
	size_t len;
	int status; /* of the answer */
	const char *texts[TEXTS_MAX];
	size_t n_texts;
};

struct answer {
	char data[ANSWER_MAX];
	size_t len;
	bool close;                /* nothing more can be asked on this connection */
	char failure[FAILURE_MAX]; /* why it is none */
};

/* False: not a request of less than QUESTION_MAX bytes. */
bool question_load(struct question *question, const char *file);

/* False: there are TEXTS_MAX already. text is borrowed. */
bool question_expect(struct question *question, const char *text);

/*
 * Sends the question and reads the answer: the status with every text in it. False: out->failure
 * says why not. quickack: each packet of the answer is acknowledged at once.
 */
bool question_ask(const struct question *question, int fd, bool quickack, struct answer *out);

#endif
