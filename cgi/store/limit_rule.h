/*
 * The rules of the limits: they compute an answer and the new row from a question and the old row.
 * Pure arithmetic; all times are in microseconds. Internal to store/.
 */
#ifndef STORE_LIMIT_RULE_H
#define STORE_LIMIT_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum limit_action { LIMIT_CHECK, LIMIT_TAKE, LIMIT_GIVE_BACK };

struct limit_question {
	enum limit_action action;
	int64_t now;
	int64_t interval; /* bucket: time to refill one token; tries: the first delay */
	int64_t capacity; /* bucket: time to fill it; tries: how many are free */
	int64_t period;   /* tries: the longest delay */
};

/* A row as it is stored. */
struct limit_row {
	bool there;
	int64_t credit; /* bucket: tokens as refill time; tries: the count of failures */
	int64_t stamp;  /* when credit was computed */
};

struct limit_answer {
	int64_t wait; /* until the next token or try; 0: none */
	bool write;   /* the row changes to `row` */
	struct limit_row row;
	int64_t forget; /* from then on the row means the same as no row */
};

/* A token bucket. It is full if there is no row, and again `capacity` after it was empty. */
void limit_bucket(const struct limit_question *q, const struct limit_row *row,
		  struct limit_answer *out);

/*
 * Tries that may fail. The first `capacity` are free. Each further one must wait after the last,
 * twice as long each time, up to period. After a pause that is longer than the wait by period, the
 * count starts again at 0. LIMIT_GIVE_BACK takes the last try off the count.
 */
void limit_tries(const struct limit_question *q, const struct limit_row *row,
		 struct limit_answer *out);

#endif
