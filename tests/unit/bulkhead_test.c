/*
 * prebind/bulkhead.c: never more inside than there are places, in the order of coming, and never
 * more than two of one user.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "unit.h"

#include "base/blocking.h"
#include "base/clock.h"
#include "prebind/bulkhead.h"

#define AMPLE_MS 30000 /* a wait that ends before */
#define THREADS  32
#define PLACES   3
#define ROUNDS   50

static int64_t in_ms(int ms)
{
	return clock_monotonic_ms() + ms;
}

static struct bulkhead *bulkhead_of(long places, long per_user)
{
	struct bulkhead *bulkhead = NULL;

	assert_ok(bulkhead_new(places, per_user, &bulkhead, ERR));
	return bulkhead;
}

TEST(two_of_one_user)
{
	struct bulkhead *bulkhead = bulkhead_of(8, 2);
	struct bulkhead_pass first, second, third, other;
	struct error err;

	assert_ok(bulkhead_enter(bulkhead, &first, "a@x", in_ms(0), &err));
	assert_ok(bulkhead_enter(bulkhead, &second, "a@x", in_ms(0), &err));
	assert_status(bulkhead_enter(bulkhead, &third, "a@x", in_ms(10), &err), STATUS_SLOW_DOWN);
	assert_int_equal(err.status, STATUS_SLOW_DOWN);
	assert_int_equal(err.retry_after, 1);
	assert_ok(bulkhead_enter(bulkhead, &other, "b@x", in_ms(0), &err));
	bulkhead_leave(bulkhead, &first);
	assert_ok(bulkhead_enter(bulkhead, &third, "a@x", in_ms(0), &err));
	bulkhead_leave(bulkhead, &third);
	bulkhead_leave(bulkhead, &other);
	bulkhead_leave(bulkhead, &second);
	bulkhead_free(bulkhead);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

TEST(a_full_process_names_its_own_limit)
{
	struct bulkhead *bulkhead = bulkhead_of(1, 0);
	struct bulkhead_pass inside, waiting;
	struct error err;
	struct blocking_waiter waiter = {.begin = never, .visitor = -1};

	assert_ok(bulkhead_enter(bulkhead, &inside, "a", in_ms(0), &err));
	blocking_waiter_set(&waiter);
	assert_status(bulkhead_enter(bulkhead, &waiting, "b", in_ms(AMPLE_MS), &err), STATUS_BUSY);
	blocking_waiter_set(NULL);
	assert_non_null(strstr(err.text, "waiting_max"));
	bulkhead_leave(bulkhead, &inside);
	bulkhead_free(bulkhead);
}

TEST(a_wait_has_an_end)
{
	struct bulkhead *bulkhead = bulkhead_of(1, 0);
	struct bulkhead_pass inside, waiting;
	struct error err;

	assert_ok(bulkhead_enter(bulkhead, &inside, "a", in_ms(0), &err));
	for (int ms = -1000; ms <= 30; ms += 1030) {
		assert_status(bulkhead_enter(bulkhead, &waiting, "b", in_ms(ms), &err),
			      STATUS_BUSY);
		assert_int_equal(err.retry_after, 1);
		assert_holds(err.text, "upstream_max");
	}
	bulkhead_leave(bulkhead, &inside);
	/* A free place is taken even where no time is left to wait for one. */
	assert_ok(bulkhead_enter(bulkhead, &waiting, "b", in_ms(-1000), &err));
	bulkhead_leave(bulkhead, &waiting);
	bulkhead_free(bulkhead);
}

/* ---- threads ---- */

struct crowd {
	struct bulkhead *bulkhead;
	atomic_int inside;
	atomic_int of_user[THREADS];
	atomic_int most;
	atomic_int most_of_user;
	atomic_int served;
};

struct member {
	struct crowd *crowd;
	pthread_t thread;
	int user;
	char name[16];
};

static void note_most(atomic_int *highest, int inside)
{
	int most = atomic_load(highest);

	while (inside > most && !atomic_compare_exchange_weak(highest, &most, inside))
		;
}

static void *enter_often(void *arg)
{
	struct member *member = arg;
	struct crowd *crowd = member->crowd;
	struct bulkhead_pass pass;

	for (int i = 0; i < ROUNDS; i++) {
		if (bulkhead_enter(crowd->bulkhead, &pass, member->name, in_ms(AMPLE_MS), NULL) !=
		    STATUS_OK)
			continue;
		note_most(&crowd->most, atomic_fetch_add(&crowd->inside, 1) + 1);
		note_most(&crowd->most_of_user,
			  atomic_fetch_add(&crowd->of_user[member->user], 1) + 1);
		sched_yield();
		atomic_fetch_sub(&crowd->of_user[member->user], 1);
		atomic_fetch_sub(&crowd->inside, 1);
		atomic_fetch_add(&crowd->served, 1);
		bulkhead_leave(crowd->bulkhead, &pass);
	}
	return NULL;
}

/* Everybody is served in the end, and never more at once than may be. */
static void run_crowd(int users, long per_user, int most, int most_of_user)
{
	struct crowd crowd = {.bulkhead = bulkhead_of(PLACES, per_user)};
	struct member members[THREADS];

	for (int i = 0; i < THREADS; i++) {
		members[i].crowd = &crowd;
		members[i].user = i % users;
		snprintf(members[i].name, sizeof(members[i].name), "user%d", i % users);
		pthread_create(&members[i].thread, NULL, enter_often, &members[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(members[i].thread, NULL);
	assert_int_equal(crowd.served, THREADS * ROUNDS);
	assert_in_range(crowd.most, 1, most);
	assert_in_range(crowd.most_of_user, 1, most_of_user);
	bulkhead_free(crowd.bulkhead);
}

TEST(never_more_than_places)
{
	run_crowd(THREADS, 2, PLACES, 1);
	run_crowd(1, 0, PLACES, PLACES);
}

TEST(never_more_than_two_of_a_user)
{
	run_crowd(1, 2, 2, 2);
	run_crowd(3, 2, PLACES, 2);
}

/* Who has its share does not stand in the way of those behind it. */
TEST(others_pass_a_user_who_waits)
{
	struct crowd crowd = {.bulkhead = bulkhead_of(3, 1)};
	struct member second = {.crowd = &crowd, .name = "user0"};
	struct bulkhead_pass first, other;

	assert_ok(bulkhead_enter(crowd.bulkhead, &first, "user0", in_ms(0), ERR));
	pthread_create(&second.thread, NULL, enter_often, &second);
	assert_ok(bulkhead_enter(crowd.bulkhead, &other, "user1", in_ms(0), ERR));
	bulkhead_leave(crowd.bulkhead, &first);
	pthread_join(second.thread, NULL);
	assert_int_equal(crowd.served, ROUNDS);
	bulkhead_leave(crowd.bulkhead, &other);
	bulkhead_free(crowd.bulkhead);
}

TEST(free_takes_null)
{
	bulkhead_free(NULL);
}
