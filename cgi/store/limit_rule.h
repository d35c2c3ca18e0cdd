/*
 * What a limit's rule makes of its row: pure arithmetic, in microseconds. Internal to store/.
 */
#ifndef STORE_LIMIT_RULE_H
#define STORE_LIMIT_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum limit_action { LIMIT_CHECK, LIMIT_TAKE, LIMIT_GIVE_BACK };

struct limit_question {
	enum limit_action action;
	int64_t now;
	int64_t interval; /* of a token that grows; of a try: the first delay */
	int64_t capacity; /* of the bucket, in time; of tries: how many are free, and … */
	int64_t period;   /* … the longest delay */
};

/* As it is kept. */
struct limit_row {
	bool there;
	int64_t credit; /* time's worth of tokens; or failures */
	int64_t stamp;  /* when that was so */
};

struct limit_answer {
	int64_t wait; /* until there is one; 0: there is */
	bool write;   /* the row changes, into: */
	struct limit_row row;
	int64_t forget; /* from when on it says no more than no row */
};

/* A token bucket: full where there is no row, and again after capacity. */
void limit_bucket(const struct limit_question *q, const struct limit_row *row,
		  struct limit_answer *out);

/*
 * Tries that may fail. The first `capacity` are free; each that follows must wait twice as long
 * after the last one, up to period; whoever pauses for a period longer than that begins anew.
 * Giving back takes the last one off the count.
 */
void limit_tries(const struct limit_question *q, const struct limit_row *row,
		 struct limit_answer *out);

#endif
