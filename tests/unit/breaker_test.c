/*
 * prebind/breaker.c, with a clock and a chance of the test's own: what opens it, for how long, and
 * what closes it again.
 */
#include "unit.h"

#include "prebind/breaker.h"
#include "prebind/breaker_text.h"

#define START  (1000 * 1000) /* any time; a whole second */
#define MIDDLE 20            /* the chance that makes a jitter of nought: 0 is -20 %, 40 +20 % */

struct fixture {
	struct breaker breaker;
	int64_t now;
	uint32_t chance;
};

static int setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.now = START, .chance = MIDDLE};
	*state = &fixture;
	return 0;
}

/* One call that is let through, and its outcome. */
static enum breaker_change call(struct fixture *f, enum upstream_outcome outcome)
{
	int64_t wait = -1;
	enum breaker_pass pass = breaker_ask(&f->breaker, f->now, &wait);

	assert_int_not_equal(pass, BREAKER_WAIT);
	return breaker_tell(&f->breaker, pass, outcome, f->now, f->chance);
}

static void calls(struct fixture *f, int n, enum upstream_outcome outcome)
{
	while (n-- > 0)
		assert_int_equal(call(f, outcome), BREAKER_SAME);
}

/* It lets nobody through, for exactly so long. */
static void assert_open_for(struct fixture *f, int64_t ms)
{
	int64_t wait = -1;

	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_WAIT);
	assert_int_equal(wait, ms);
	assert_int_equal(breaker_ask(&f->breaker, f->now + ms - 1, &wait), BREAKER_WAIT);
	assert_int_equal(wait, 1);
	f->now += ms;
}

static void open_it(struct fixture *f)
{
	calls(f, 4, OUTCOME_NOT_CONNECTED);
	assert_int_equal(call(f, OUTCOME_NOT_CONNECTED), BREAKER_OPENED);
}

FIXTURE(setup, NULL)

TEST(five_connect_failures_in_a_row)
{
	struct fixture *f = *state;

	calls(f, 4, OUTCOME_NOT_CONNECTED);
	calls(f, 1, OUTCOME_OK); /* not in a row; and 4 of 5 are too few calls */
	calls(f, 2, OUTCOME_NOT_REACHED);
	calls(f, 1, OUTCOME_NONE); /* says nothing, so it interrupts nothing either */
	assert_int_equal(call(f, OUTCOME_NOT_CONNECTED), BREAKER_SAME);
	assert_int_equal(f->breaker.not_connected, 3);

	*f = (struct fixture){.now = START, .chance = MIDDLE};
	open_it(f);
	assert_open_for(f, 5000);
}

TEST(half_of_ten_calls)
{
	struct fixture *f = *state;

	calls(f, 5, OUTCOME_OK);
	calls(f, 4, OUTCOME_FAILED);
	assert_int_equal(call(f, OUTCOME_FAILED), BREAKER_OPENED);

	*f = (struct fixture){.now = START, .chance = MIDDLE};
	calls(f, 9, OUTCOME_FAILED); /* too few calls, whatever became of them */
	assert_int_equal(call(f, OUTCOME_OK), BREAKER_OPENED);

	*f = (struct fixture){.now = START, .chance = MIDDLE};
	calls(f, 6, OUTCOME_OK);
	calls(f, 5, OUTCOME_FAILED); /* 5 of 11 */
	assert_int_equal(call(f, OUTCOME_FAILED), BREAKER_OPENED);
}

TEST(requests_at_fault_do_not_count)
{
	struct fixture *f = *state;

	calls(f, 100, OUTCOME_NONE);
	calls(f, 9, OUTCOME_FAILED);
	calls(f, 100, OUTCOME_NONE);
	assert_int_equal(call(f, OUTCOME_FAILED), BREAKER_OPENED);
}

TEST(the_window_is_ten_seconds)
{
	struct fixture *f = *state;

	calls(f, 9, OUTCOME_FAILED);
	f->now += 9999; /* still the last of ten seconds */
	assert_int_equal(call(f, OUTCOME_FAILED), BREAKER_OPENED);

	*f = (struct fixture){.now = START, .chance = MIDDLE};
	calls(f, 9, OUTCOME_FAILED);
	f->now += 10000;
	calls(f, 9, OUTCOME_FAILED);
	f->now += 3600 * 1000; /* the same slots, long after */
	calls(f, 9, OUTCOME_FAILED);
}

/* A trial of a server that was reached and fails, and its pause. */
static void trial(struct fixture *f, enum upstream_outcome outcome, int64_t ms)
{
	assert_int_equal(call(f, outcome), BREAKER_OPENED);
	assert_open_for(f, ms);
}

TEST(a_pause_is_ten_seconds_at_most)
{
	struct fixture *f = *state;

	calls(f, 9, OUTCOME_FAILED);
	trial(f, OUTCOME_FAILED, 5000);
	for (int i = 0; i < 20; i++)
		trial(f, OUTCOME_FAILED, 10000);
	assert_int_equal(call(f, OUTCOME_OK), BREAKER_CLOSED_AGAIN);
	open_it(f); /* from the beginning */
	assert_open_for(f, 5000);
}

/* The connection is refused for a while, then HTTP answers 404 until the components are there. */
TEST(a_restart_lengthens_no_pause)
{
	struct fixture *f = *state;

	open_it(f);
	assert_open_for(f, 5000);
	for (int i = 0; i < 20; i++)
		trial(f, i % 2 ? OUTCOME_NOT_CONNECTED : OUTCOME_NOT_REACHED, 5000);
	trial(f, OUTCOME_FAILED, 5000);
	trial(f, OUTCOME_FAILED, 10000);
	trial(f, OUTCOME_NOT_CONNECTED, 5000); /* it goes down once more */
	trial(f, OUTCOME_FAILED, 5000);
	assert_int_equal(call(f, OUTCOME_OK), BREAKER_CLOSED_AGAIN);
	calls(f, 9, OUTCOME_FAILED); /* its first call took too long: none is held back */
	trial(f, OUTCOME_FAILED, 5000);
}

/* Somebody has mended the password: what the server does then is a matter of its own. */
TEST(a_refusal_lengthens_no_later_pause)
{
	struct fixture *f = *state;

	trial(f, OUTCOME_REFUSED, 75000);
	trial(f, OUTCOME_NOT_CONNECTED, 5000);
	trial(f, OUTCOME_REFUSED, 75000);
	trial(f, OUTCOME_FAILED, 10000);
}

TEST(the_jitter_is_a_fifth)
{
	static const struct {
		uint32_t chance;
		int64_t ms;
	} rows[] = {
	    {0,          4000		       },
            {1,          4050                       },
            {40,         6000                       },
            {41,         4000                       },
            {UINT32_MAX, 4000 + UINT32_MAX % 41 * 50},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture f = {.now = START, .chance = rows[i].chance};

		open_it(&f);
		assert_open_for(&f, rows[i].ms);
	}
}

TEST(one_probe_at_a_time)
{
	struct fixture *f = *state;
	int64_t wait = -1;

	open_it(f);
	assert_open_for(f, 5000);
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_PROBE);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(breaker_ask(&f->breaker, f->now + i, &wait), BREAKER_WAIT);
		assert_int_equal(wait, 1000);
	}
	/* A probe that says nothing leaves the place to another one. */
	assert_int_equal(breaker_tell(&f->breaker, BREAKER_PROBE, OUTCOME_NONE, f->now, MIDDLE),
			 BREAKER_SAME);
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_PROBE);
	assert_int_equal(breaker_tell(&f->breaker, BREAKER_PROBE, OUTCOME_OK, f->now, MIDDLE),
			 BREAKER_CLOSED_AGAIN);
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_GO);
}

TEST(refused_credentials_open_for_a_minute_at_least)
{
	static const uint32_t chances[] = {0, MIDDLE, 40};

	for (size_t i = 0; i < COUNT(chances); i++) {
		struct fixture f = {.now = START, .chance = chances[i]};
		int64_t wait = 0;

		assert_int_equal(call(&f, OUTCOME_REFUSED), BREAKER_OPENED);
		assert_int_equal(breaker_ask(&f.breaker, f.now, &wait), BREAKER_WAIT);
		assert_in_range(wait, 60000, 90000);
		f.now += wait;
		assert_int_equal(call(&f, OUTCOME_REFUSED), BREAKER_OPENED); /* still wrong */
		f.now += 90000;
		assert_int_equal(call(&f, OUTCOME_OK), BREAKER_CLOSED_AGAIN);
	}
}

/* Sixteen calls that were under way are one opening, and none of them closes it. */
TEST(late_outcomes_say_nothing)
{
	struct fixture *f = *state;
	int64_t wait = 0;

	assert_int_equal(call(f, OUTCOME_REFUSED), BREAKER_OPENED);
	for (int outcome = OUTCOME_NONE; outcome <= OUTCOME_FAILED; outcome++)
		assert_int_equal(breaker_tell(&f->breaker, BREAKER_GO,
					      (enum upstream_outcome)outcome, f->now + 10, MIDDLE),
				 BREAKER_SAME);
	assert_int_equal(breaker_ask(&f->breaker, f->now + 20, &wait), BREAKER_WAIT);

	f->now += 90000;
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_PROBE);
	assert_int_equal(breaker_tell(&f->breaker, BREAKER_GO, OUTCOME_OK, f->now, MIDDLE),
			 BREAKER_SAME);
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_WAIT);
}

TEST(a_probe_that_never_ends_is_lost)
{
	struct fixture *f = *state;
	int64_t wait = -1;

	open_it(f);
	f->now += 5000;
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_PROBE);
	f->now += 89999;
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_WAIT);
	f->now += 1;
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_PROBE);
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_WAIT);
}

/* ---- shared: the successes of a process are added later ---- */

static void succeed_at(struct breaker_successes *successes, int n, int64_t now)
{
	while (n-- > 0)
		breaker_success_add(successes, now);
}

TEST(merged_successes_count_as_calls)
{
	struct fixture *f = *state;
	struct breaker_successes others = {.any = false};

	calls(f, 4, OUTCOME_NOT_CONNECTED);
	succeed_at(&others, 20, f->now);
	breaker_merge(&f->breaker, &others, f->now);
	calls(f, 4, OUTCOME_NOT_CONNECTED); /* neither five in a row nor half of all */
	assert_int_equal(call(f, OUTCOME_NOT_CONNECTED), BREAKER_OPENED);
}

TEST(merged_successes_of_other_times_change_no_count)
{
	struct fixture *f = *state;
	struct breaker_successes others = {.any = false};

	calls(f, 9, OUTCOME_FAILED);
	succeed_at(&others, 50, f->now + 1000);                    /* to come */
	succeed_at(&others, 50, f->now - BREAKER_WINDOW_S * 1000); /* too old */
	breaker_merge(&f->breaker, &others, f->now);
	assert_int_equal(call(f, OUTCOME_FAILED), BREAKER_OPENED);
	breaker_merge(&f->breaker, &others, f->now); /* an open one has no calls */
	assert_int_equal(f->breaker.seconds[0].calls, 0);
}

TEST(in_doubt_are_failures_of_a_closed_breaker_for_ten_seconds)
{
	struct fixture *f = *state;

	assert_false(breaker_is_in_doubt(&f->breaker, f->now));
	calls(f, 1, OUTCOME_OK);
	assert_false(breaker_is_in_doubt(&f->breaker, f->now));
	calls(f, 1, OUTCOME_FAILED);
	assert_true(breaker_is_in_doubt(&f->breaker, f->now + 9999));
	assert_false(breaker_is_in_doubt(&f->breaker, f->now + 10000));
	open_it(f);
	assert_false(breaker_is_in_doubt(&f->breaker, f->now));
}

/* ---- as a text ---- */

static void assert_kept(const struct fixture *f)
{
	struct breaker again = {.reached_ms = 1};
	struct strbuf text;

	strbuf_init(&text);
	breaker_write(&f->breaker, &text);
	breaker_read(text.data, f->now, &again);
	for (int i = 0; i < BREAKER_WINDOW_S; i++) {
		assert_int_equal(again.seconds[i].second, f->breaker.seconds[i].second);
		assert_int_equal(again.seconds[i].calls, f->breaker.seconds[i].calls);
		assert_int_equal(again.seconds[i].failed, f->breaker.seconds[i].failed);
	}
	assert_int_equal(again.state, f->breaker.state);
	assert_int_equal(again.not_connected, f->breaker.not_connected);
	assert_int_equal(again.reached_ms, f->breaker.reached_ms);
	assert_int_equal(again.opened_ms, f->breaker.opened_ms);
	assert_int_equal(again.until_ms, f->breaker.until_ms);
	assert_int_equal(again.probing, f->breaker.probing);
	strbuf_clear(&text);
}

TEST(a_text_keeps_every_state)
{
	struct fixture *f = *state;
	int64_t wait;

	assert_kept(f);
	for (int i = 0; i < BREAKER_WINDOW_S; i++) {
		calls(f, 1, i % 3 == 0 ? OUTCOME_NOT_CONNECTED : OUTCOME_OK);
		assert_kept(f);
		f->now += 1000;
	}
	assert_int_equal(call(f, OUTCOME_REFUSED), BREAKER_OPENED);
	assert_kept(f);
	f->now = f->breaker.until_ms;
	assert_int_equal(breaker_ask(&f->breaker, f->now, &wait), BREAKER_PROBE);
	assert_kept(f);
}

TEST(nothing_seen_is_no_text)
{
	struct fixture *f = *state;
	struct strbuf text;

	strbuf_init(&text);
	breaker_write(&f->breaker, &text);
	assert_string_equal(text.data, "");
	strbuf_clear(&text);
}

TEST(what_cannot_be_is_closed)
{
	/* clang-format off */
	static const char *const texts[] = {
	    "",
	    "x",
	    "2",
	    "1 1 0 5000 999000 1005000 0", /* another format's */
	    "2 3 0 5000 999000 1005000 0", /* no such state */
	    "2 1 0 5000 999000 1130000 0", /* open for longer than ever */
	    "2 1 0 -1 999000 1005000 0",
	    "2 1 0 5000 999000 1005000 2",
	    "2 1 0 5000 999000 1005000 0 x",
	    "2 1 0 5000 999000 1005000 0 1000 1", /* half a second's */
	    "2 0 0 0 0 0 0 1001 1 1", /* a second to come */
	    "2 0 0 0 0 0 0 1000 1 2", /* more failures than calls */
	    "2 1 0 99999999999999999999 999000 1005000 0",
	    "2 1 0 5000 1130000 1005000 0", /* opened long after now */
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct breaker breaker = {.state = BREAKER_OPEN, .until_ms = 1};

		breaker_read(texts[i], START, &breaker);
		if (breaker.state != BREAKER_CLOSED || breaker.until_ms != 0 ||
		    breaker.seconds[0].calls != 0)
			fail_msg("%s", texts[i]);
	}
}
