/*
 * One list holds who is inside and, behind them, who waits. A place that becomes free is given to the first who may
 * have it, and only that one is woken: a thousand may wait.
 */
#include "prebind/bulkhead.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_S 1 /* a call takes some ten milliseconds */

struct bulkhead {
	long places; /* free */
	long per_user;
	pthread_mutex_t lock;
	struct bulkhead_pass *first;
};

enum status bulkhead_new(long places, long per_user, struct bulkhead **out, struct error *err)
{
	struct bulkhead *bulkhead = calloc(1, sizeof(*bulkhead));

	if (!bulkhead)
		return error_no_memory(err);
	bulkhead->places = places;
	bulkhead->per_user = per_user > 0 ? per_user : places;
	pthread_mutex_init(&bulkhead->lock, NULL);
	*out = bulkhead;
	return STATUS_OK;
}

void bulkhead_free(struct bulkhead *bulkhead)
{
	if (!bulkhead)
		return;
	pthread_mutex_destroy(&bulkhead->lock);
	free(bulkhead);
}

static void pass_init(struct bulkhead_pass *pass, const char *user)
{
	pthread_condattr_t monotonic;

	*pass = (struct bulkhead_pass){.user = user};
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pass->moved, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void line_up(struct bulkhead *bulkhead, struct bulkhead_pass *pass)
{
	struct bulkhead_pass **end = &bulkhead->first;

	while (*end)
		end = &(*end)->next;
	*end = pass;
}

static bool user_has_all(const struct bulkhead *bulkhead, const char *user)
{
	long inside = 0;

	for (const struct bulkhead_pass *other = bulkhead->first; other; other = other->next)
		inside += other->inside && strcmp(other->user, user) == 0;
	return inside >= bulkhead->per_user;
}

/* The free places, to those who wait, in the order of coming. */
static void give_places(struct bulkhead *bulkhead)
{
	for (struct bulkhead_pass *pass = bulkhead->first; pass && bulkhead->places > 0;
	     pass = pass->next) {
		if (pass->inside || user_has_all(bulkhead, pass->user))
			continue;
		pass->inside = true;
		bulkhead->places--;
		pthread_cond_signal(&pass->moved);
	}
}

static void take_out(struct bulkhead *bulkhead, const struct bulkhead_pass *pass)
{
	struct bulkhead_pass **at = &bulkhead->first;

	while (*at != pass)
		at = &(*at)->next;
	*at = pass->next;
	bulkhead->places += pass->inside;
	give_places(bulkhead);
}

static bool wait_for_turn(struct bulkhead *bulkhead, struct bulkhead_pass *pass, int64_t until_ms)
{
	struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
	int rc = 0;

	while (rc == 0 && !pass->inside)
		rc = pthread_cond_timedwait(&pass->moved, &bulkhead->lock, &until);
	return pass->inside;
}

static enum status refuse(bool user_limit, const char *user, struct error *err)
{
	enum status status = user_limit ? STATUS_SLOW_DOWN : STATUS_BUSY;

	if (user_limit)
		error_set(err, status, "%s: sessions are being made for this account already",
			  user);
	else
		error_set(err, status,
			  "no call to the XMPP server ended in time to make room for this one "
			  "(key upstream_max): is it slow?");
	return error_retry_after(err, status, RETRY_S);
}

enum status bulkhead_enter(struct bulkhead *bulkhead, struct bulkhead_pass *pass, const char *user,
			   int64_t until_ms, struct error *err)
{
	bool inside, user_limit;

	pass_init(pass, user);
	pthread_mutex_lock(&bulkhead->lock);
	line_up(bulkhead, pass);
	give_places(bulkhead);
	inside = wait_for_turn(bulkhead, pass, until_ms);
	user_limit = !inside && user_has_all(bulkhead, user);
	if (!inside)
		take_out(bulkhead, pass);
	pthread_mutex_unlock(&bulkhead->lock);
	if (inside)
		return STATUS_OK;
	pthread_cond_destroy(&pass->moved);
	return refuse(user_limit, user, err);
}

void bulkhead_leave(struct bulkhead *bulkhead, struct bulkhead_pass *pass)
{
	pthread_mutex_lock(&bulkhead->lock);
	take_out(bulkhead, pass);
	pthread_mutex_unlock(&bulkhead->lock);
	pthread_cond_destroy(&pass->moved);
}
