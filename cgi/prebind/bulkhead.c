/*
 * A list of the passes that have a permit, and a queue of the passes that wait for a permit. A free
 * permit goes to the first pass in the queue whose user is below the limit for one user. Only the
 * thread of this pass is woken, because a thousand threads can be waiting.
 */
#include "prebind/bulkhead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "base/blocking.h"

#define RETRY_S 1 /* seconds for Retry-After; a call takes only some tens of ms */

struct bulkhead {
	long permits; /* permits that are free now */
	long per_user;
	bool of_user; /* true if one user can have only a part of the permits */
	pthread_mutex_t lock;
	TAILQ_HEAD(bulkhead_line, bulkhead_pass) inside, waiting;
};

enum status bulkhead_new(long permits, long per_user, struct bulkhead **out, struct error *err)
{
	struct bulkhead *bulkhead = calloc(1, sizeof(*bulkhead));

	if (bulkhead == NULL)
		return error_no_memory(err);
	bulkhead->permits = permits;
	bulkhead->per_user = per_user > 0 ? per_user : permits;
	bulkhead->of_user = bulkhead->per_user < permits;
	pthread_mutex_init(&bulkhead->lock, NULL);
	TAILQ_INIT(&bulkhead->inside);
	TAILQ_INIT(&bulkhead->waiting);
	*out = bulkhead;
	return STATUS_OK;
}

void bulkhead_free(struct bulkhead *bulkhead)
{
	if (bulkhead == NULL)
		return;
	pthread_mutex_destroy(&bulkhead->lock);
	free(bulkhead);
}

static void pass_init(struct bulkhead_pass *pass, const char *user)
{
	*pass = (struct bulkhead_pass){.user = user};
	pthread_cond_init(&pass->moved, NULL);
}

static bool user_has_all(const struct bulkhead *bulkhead, const char *user)
{
	const struct bulkhead_pass *other;
	long inside = 0;

	TAILQ_FOREACH(other, &bulkhead->inside, entry)
	inside += strcmp(other->user, user) == 0;
	return inside >= bulkhead->per_user;
}

/* Returns the first waiting pass that can get a permit, or NULL. */
static struct bulkhead_pass *next_in_line(const struct bulkhead *bulkhead)
{
	struct bulkhead_pass *pass = TAILQ_FIRST(&bulkhead->waiting);

	while (pass != NULL && bulkhead->of_user && user_has_all(bulkhead, pass->user))
		pass = TAILQ_NEXT(pass, entry);
	return pass;
}

static void give_permits(struct bulkhead *bulkhead)
{
	struct bulkhead_pass *pass;

	while (bulkhead->permits > 0 && (pass = next_in_line(bulkhead)) != NULL) {
		TAILQ_REMOVE(&bulkhead->waiting, pass, entry);
		TAILQ_INSERT_TAIL(&bulkhead->inside, pass, entry);
		pass->inside = true;
		bulkhead->permits--;
		pthread_cond_signal(&pass->moved);
	}
}

/* Returns 0 if the pass has a permit, otherwise the error of blocking_wait. */
static int wait_for_turn(struct bulkhead *bulkhead, struct bulkhead_pass *pass, int64_t until_ms)
{
	int rc = 0;

	while (rc == 0 && !pass->inside)
		rc = blocking_wait(&pass->moved, &bulkhead->lock, until_ms);
	return pass->inside ? 0 : rc;
}

static enum status refuse(int rc, bool user_limit, const char *user, struct error *err)
{
	enum status status = user_limit ? STATUS_SLOW_DOWN : STATUS_BUSY;

	if (rc == EBUSY)
		return blocking_refused(err);
	if (user_limit)
		error_set(err, status, "%s: other sessions are being made for this account", user);
	else
		error_set(err, status,
			  "prebind already makes as many calls to the XMPP server as upstream_max "
			  "allows (for guests a quarter), and none of them ended in time; check "
			  "whether the XMPP server is slow");
	return error_retry_after(err, status, RETRY_S);
}

enum status bulkhead_enter(struct bulkhead *bulkhead, struct bulkhead_pass *pass, const char *user,
			   int64_t until_ms, struct error *err)
{
	bool user_limit;
	int rc;

	pass_init(pass, user);
	pthread_mutex_lock(&bulkhead->lock);
	TAILQ_INSERT_TAIL(&bulkhead->waiting, pass, entry);
	give_permits(bulkhead);
	rc = wait_for_turn(bulkhead, pass, until_ms);
	user_limit = rc != 0 && user_has_all(bulkhead, user);
	if (rc != 0)
		TAILQ_REMOVE(&bulkhead->waiting, pass, entry);
	pthread_mutex_unlock(&bulkhead->lock);
	if (rc == 0)
		return STATUS_OK;
	pthread_cond_destroy(&pass->moved);
	if (rc != EBUSY && !user_limit)
		metrics_add(METRIC_REFUSED_UPSTREAM_MAX);
	return refuse(rc, user_limit, user, err);
}

void bulkhead_leave(struct bulkhead *bulkhead, struct bulkhead_pass *pass)
{
	pthread_mutex_lock(&bulkhead->lock);
	TAILQ_REMOVE(&bulkhead->inside, pass, entry);
	bulkhead->permits++;
	give_permits(bulkhead);
	pthread_mutex_unlock(&bulkhead->lock);
	pthread_cond_destroy(&pass->moved);
}
