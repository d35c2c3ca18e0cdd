/*
 * The queue in front of the password hash. One check takes 19 MiB and some 50–200 ms of a core, so without a
 * queue a few hundred log-in attempts would take the machine's memory and time from everybody else.
 */
#include "identity/password.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"

#define QUEUE_MAX    16 /* waiting checks; more would not be answered within QUEUE_WAIT_S anyway */
#define QUEUE_WAIT_S 2

/* Process-wide, as the cores are. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	long running;
	long waiting;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER};

/* What a password is checked against when there is no hash: same format, same cost, matches nothing. */
static const char *dummy_hash(void)
{
	return "$argon2id$v=19$m=19456,t=2,p=1$"
	       "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}

static long cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? n : 1;
}

static bool queue_enter(void)
{
	struct timespec until;
	bool entered = false;
	long most = cores();

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += QUEUE_WAIT_S;
	pthread_mutex_lock(&queue.lock);
	if (queue.running < most || queue.waiting < QUEUE_MAX) {
		int rc = 0;

		queue.waiting++;
		while (queue.running >= most && rc == 0)
			rc = pthread_cond_timedwait(&queue.freed, &queue.lock, &until);
		queue.waiting--;
		entered = queue.running < most;
		if (entered)
			queue.running++;
	}
	pthread_mutex_unlock(&queue.lock);
	return entered;
}

static void queue_leave(void)
{
	pthread_mutex_lock(&queue.lock);
	queue.running--;
	pthread_cond_signal(&queue.freed);
	pthread_mutex_unlock(&queue.lock);
}

enum status password_verify(const char *hash, const char *password, struct error *err)
{
	bool known = hash != NULL && hash[0] != '\0';
	bool too_long = strlen(password) > PASSWORD_MAX;

	if (!queue_enter())
		return error_set(err, STATUS_BUSY, "too many passwords are being checked at once");
	enum status status =
	    secret_password_verify(known ? hash : dummy_hash(), too_long ? "" : password);
	queue_leave();
	if (status != STATUS_OK)
		return error_set(err, status,
				 known ? "wrong password" : "no such user, or no password set");
	if (!known || too_long)
		return error_set(err, STATUS_BAD_CREDENTIALS, "no such user, or no password set");
	return STATUS_OK;
}
