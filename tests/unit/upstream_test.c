/*
 * prebind/upstream.c with calls of the test's own: which address is asked, when a second time, and
 * when none. The breaker itself has its own test; the clock here is the real one, so nothing waits
 * for a period to end.
 */

#include "unit.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "prebind/upstream.h"

#define AMPLE_MS  10000
#define CALLS_MAX 64

static char first_url[] = "http://first/bosh@x", second_url[] = "http://second/bosh@x";

/* What each call finds, in order, and which addresses were asked. */
struct script {
	const enum upstream_outcome *outcomes; /* the last one again and again */
	size_t n_outcomes;
	enum status failure; /* of a call that does not succeed; 0: STATUS_CHAT_SERVER */
	size_t calls;
	const char *urls[CALLS_MAX];
};

static enum status play(void *arg, const char *url, enum upstream_outcome *outcome,
			struct error *err)
{
	struct script *script = arg;
	size_t at = script->calls < script->n_outcomes ? script->calls : script->n_outcomes - 1;

	assert_true(script->calls < CALLS_MAX);
	assert_int_equal(*outcome, OUTCOME_NONE);
	script->urls[script->calls++] = url;
	*outcome = script->outcomes[at];
	if (*outcome == OUTCOME_OK)
		return STATUS_OK;
	return error_set(err, script->failure != 0 ? script->failure : STATUS_CHAT_SERVER,
			 "call %zu at %s", script->calls, url);
}

struct fixture {
	struct upstreams *upstreams;
	char *items[2];
	struct conf_list urls;
	struct script script;
	struct error err;
};

static struct fixture *open_with(size_t n_urls)
{
	static struct fixture f;

	f = (struct fixture){
	    .items = {first_url, second_url}
        };
	f.urls = (struct conf_list){.items = f.items, .count = n_urls};
	assert_ok(upstreams_new("site", &f.urls, &f.upstreams, ERR));
	return &f;
}

static enum status call(struct fixture *f, const enum upstream_outcome *outcomes, size_t n, int ms)
{
	f->script = (struct script){.outcomes = outcomes, .n_outcomes = n};
	return upstreams_call(f->upstreams, play, &f->script, clock_monotonic_ms() + ms, &f->err);
}

#define CALL(f, ...)                                                                               \
	call(f, (const enum upstream_outcome[]){__VA_ARGS__},                                      \
	     sizeof((enum upstream_outcome[]){__VA_ARGS__}) / sizeof(enum upstream_outcome),       \
	     AMPLE_MS)

static void succeed(struct fixture *f, int n)
{
	while (n-- > 0)
		assert_ok(CALL(f, OUTCOME_OK));
}

static int start(void **state)
{
	(void)state;
	assert_ok(secret_start(ERR));
	assert_ok(log_open("/dev/null", LOG_LEVEL_ERROR, ERR));
	return 0;
}

GROUP(start, NULL)

TEST(a_repetition_is_paid_for_by_ten_successes)
{
	struct fixture *f = open_with(1);

	assert_status(CALL(f, OUTCOME_NOT_CONNECTED, OUTCOME_OK), STATUS_CHAT_SERVER);
	assert_int_equal(f->script.calls, 1);
	succeed(f, 9);
	assert_status(CALL(f, OUTCOME_NOT_CONNECTED, OUTCOME_OK), STATUS_CHAT_SERVER);
	succeed(f, 1);
	assert_ok(CALL(f, OUTCOME_NOT_CONNECTED, OUTCOME_OK));
	assert_int_equal(f->script.calls, 2);
	assert_status(CALL(f, OUTCOME_NOT_CONNECTED, OUTCOME_OK), STATUS_CHAT_SERVER);
	assert_int_equal(f->script.calls, 1);
	succeed(f, 10);
	assert_status(CALL(f, OUTCOME_NOT_CONNECTED), STATUS_CHAT_SERVER);
	assert_int_equal(f->script.calls, 2); /* once more, not until it works */
	assert_string_equal(f->err.text, "call 2 at http://first/bosh@x");
	upstreams_free(f->upstreams);
}

TEST(only_after_what_cannot_have_been_sent)
{
	static const enum upstream_outcome others[] = {OUTCOME_NONE, OUTCOME_NOT_REACHED,
						       OUTCOME_REFUSED, OUTCOME_FAILED};

	for (size_t i = 0; i < COUNT(others); i++) {
		struct fixture *f = open_with(1);

		succeed(f, 20);
		assert_status(CALL(f, others[i], OUTCOME_OK), STATUS_CHAT_SERVER);
		assert_int_equal(f->script.calls, 1);
		upstreams_free(f->upstreams);
	}
}

TEST(not_where_the_deadline_is_near)
{
	static const enum upstream_outcome outcomes[] = {OUTCOME_NOT_CONNECTED, OUTCOME_OK};
	struct fixture *f = open_with(1);

	succeed(f, 10);
	assert_status(call(f, outcomes, 2, 20), STATUS_CHAT_SERVER);
	assert_int_equal(f->script.calls, 1);
	assert_ok(call(f, outcomes, 2, AMPLE_MS)); /* nothing was paid for that */
	upstreams_free(f->upstreams);
}

TEST(the_next_address_costs_nothing)
{
	static const enum upstream_outcome not_sent[] = {OUTCOME_NOT_CONNECTED,
							 OUTCOME_NOT_REACHED};

	for (size_t i = 0; i < 2; i++) {
		struct fixture *f = open_with(2);

		assert_ok(CALL(f, not_sent[i], OUTCOME_OK));
		assert_int_equal(f->script.calls, 2);
		assert_ptr_equal(f->script.urls[0], first_url);
		assert_ptr_equal(f->script.urls[1], second_url);
		upstreams_free(f->upstreams);
	}
}

TEST(not_where_one_was_asked)
{
	static const enum upstream_outcome sent[] = {OUTCOME_NONE, OUTCOME_REFUSED, OUTCOME_FAILED};

	for (size_t i = 0; i < COUNT(sent); i++) {
		struct fixture *f = open_with(2);

		assert_status(CALL(f, sent[i], OUTCOME_OK), STATUS_CHAT_SERVER);
		assert_int_equal(f->script.calls, 1);
		upstreams_free(f->upstreams);
	}
}

TEST(an_open_breaker_is_passed_over)
{
	struct fixture *f = open_with(2);

	assert_status(CALL(f, OUTCOME_REFUSED), STATUS_CHAT_SERVER); /* opens the first one's */
	assert_ok(CALL(f, OUTCOME_OK));
	assert_ptr_equal(f->script.urls[0], second_url);
	assert_status(CALL(f, OUTCOME_REFUSED), STATUS_CHAT_SERVER);

	assert_status(CALL(f, OUTCOME_OK), STATUS_UNAVAILABLE);
	assert_int_equal(f->script.calls, 0);
	assert_int_equal(f->err.status, STATUS_UNAVAILABLE);
	assert_int_equal(f->err.retry_after,
			 60); /* it is more, but nobody is sent away for longer */
	assert_holds(f->err.text, "breaker_open");
	upstreams_free(f->upstreams);
}

TEST(the_wait_is_the_shortest)
{
	struct fixture *f = open_with(2);

	assert_status(CALL(f, OUTCOME_REFUSED), STATUS_CHAT_SERVER);
	for (int i = 0; i < 5; i++) /* the second one's: for 4 to 6 s */
		assert_status(CALL(f, OUTCOME_NOT_CONNECTED), STATUS_CHAT_SERVER);
	assert_status(CALL(f, OUTCOME_OK), STATUS_UNAVAILABLE);
	assert_in_range(f->err.retry_after, 1, 6);
	upstreams_free(f->upstreams);
}

/* A repetition that finds the breaker open leaves the first call's answer. */
TEST(the_fifth_failure_is_not_repeated)
{
	struct fixture *f = open_with(1);

	succeed(f, 10);
	for (int i = 0; i < 2; i++) /* the first time twice */
		assert_status(CALL(f, OUTCOME_NOT_CONNECTED), STATUS_CHAT_SERVER);
	succeed(f, 20);
	for (int i = 0; i < 2; i++)
		assert_status(CALL(f, OUTCOME_NOT_CONNECTED), STATUS_CHAT_SERVER);
	assert_status(CALL(f, OUTCOME_NOT_CONNECTED), STATUS_CHAT_SERVER);
	assert_int_equal(f->script.calls, 1);
	assert_string_equal(f->err.text, "call 1 at http://first/bosh@x");
	assert_status(CALL(f, OUTCOME_OK), STATUS_UNAVAILABLE);
	upstreams_free(f->upstreams);
}

/* A process without memory does not close the chat for all others. */
TEST(our_own_trouble_is_not_the_servers)
{
	static const enum upstream_outcome each[] = {OUTCOME_NOT_CONNECTED, OUTCOME_NOT_REACHED,
						     OUTCOME_FAILED, OUTCOME_REFUSED};
	struct fixture *f = open_with(1);

	for (int i = 0; i < 40; i++) {
		f->script = (struct script){
		    .outcomes = &each[i % 4], .n_outcomes = 1, .failure = STATUS_INTERNAL};
		assert_status(upstreams_call(f->upstreams, play, &f->script,
					     clock_monotonic_ms() + AMPLE_MS, &f->err),
			      STATUS_INTERNAL);
		assert_int_equal(f->script.calls, 1); /* asked, and not again */
	}
	succeed(f, 1);
	upstreams_free(f->upstreams);
}

TEST(null_is_taken)
{
	struct fixture *f = open_with(1);

	upstreams_free(NULL);
	f->script =
	    (struct script){.outcomes = &(enum upstream_outcome){OUTCOME_FAILED}, .n_outcomes = 1};
	assert_status(upstreams_call(f->upstreams, play, &f->script, clock_monotonic_ms(), NULL),
		      STATUS_CHAT_SERVER);
	upstreams_free(f->upstreams);
}
