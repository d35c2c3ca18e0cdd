/*
 * The two rules. A clock that was set back harms nobody: a stamp in the future counts as now.
 */
#include "store/limit_rule.h"

static int64_t stamp_now(const struct limit_question *q, const struct limit_row *row)
{
	return row->stamp > q->now ? q->now : row->stamp;
}

void limit_bucket(const struct limit_question *q, const struct limit_row *row,
		  struct limit_answer *out)
{
	int64_t credit = row->there ? row->credit : q->capacity;
	int64_t grown = row->there ? q->now - stamp_now(q, row) : 0;

	credit = grown >= q->capacity - credit ? q->capacity : credit + grown;
	*out = (struct limit_answer){.wait = credit >= q->interval ? 0 : q->interval - credit};
	bool taken = q->action == LIMIT_TAKE && out->wait == 0;
	if (taken)
		credit -= q->interval;
	out->write = taken || (row->there && row->stamp > q->now);
	out->row = (struct limit_row){.there = true, .credit = credit, .stamp = q->now};
	out->forget = q->now + q->capacity - credit;
}

/* The delay after that many failures, from the last one. */
static int64_t delay(const struct limit_question *q, int64_t failures)
{
	int64_t delay = q->interval;

	if (failures < q->capacity)
		return 0;
	for (int64_t i = failures - q->capacity; i > 0 && delay < q->period; i--)
		delay *= 2;
	return delay < q->period ? delay : q->period;
}

void limit_tries(const struct limit_question *q, const struct limit_row *row,
		 struct limit_answer *out)
{
	int64_t failures = row->there ? row->credit : 0;
	int64_t stamp = row->there ? stamp_now(q, row) : q->now;
	int64_t free_at = stamp + delay(q, failures);

	if (q->now >= free_at + q->period)
		failures = 0;
	*out = (struct limit_answer){
	    .row = {.there = true, .credit = failures, .stamp = stamp}
        };
	if (q->action == LIMIT_GIVE_BACK) {
		out->write = failures > 0;
		out->row.credit -= out->write;
	} else if (failures > 0 && q->now < free_at) {
		out->wait = free_at - q->now;
	} else if (q->action == LIMIT_TAKE) {
		out->write = true;
		out->row.credit++;
		out->row.stamp = q->now;
	}
	if (row->there && row->stamp > q->now)
		out->write = true;
	out->forget = out->row.stamp + delay(q, out->row.credit) + q->period;
}
