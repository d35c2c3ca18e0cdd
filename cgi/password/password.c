/*
 * The queue for password checks. One check takes 19 MiB of memory and about 50–200 ms of CPU time.
 * Without a queue, a few hundred login attempts would use up the machine's memory and time.
 */
#include "password/password.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/blocking.h"

/* checks that can wait; any further check would wait longer than QUEUE_WAIT_MS */
#define QUEUE_MAX     16
#define QUEUE_WAIT_MS 2000

/* One queue for the whole process, because its threads share the cores. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	long running;
	long waiting;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER};

/*
 * Returns a hash to check against if the user has no usable hash. It has the format and cost of our
 * own hashes, and no password matches it.
 */
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

/*
 * Returns 0 if a password may be checked now, EBUSY if too many requests of the process wait, and
 * otherwise ETIMEDOUT. After 0, call queue_leave.
 */
static int queue_enter(void)
{
	int64_t until_ms = clock_monotonic_ms() + QUEUE_WAIT_MS;
	int rc = ETIMEDOUT;
	long most = cores();

	pthread_mutex_lock(&queue.lock);
	if (queue.running < most || queue.waiting < QUEUE_MAX) {
		rc = 0;
		queue.waiting++;
		while (queue.running >= most && rc == 0)
			rc = blocking_wait(&queue.freed, &queue.lock, until_ms);
		queue.waiting--;
		if (queue.running < most) {
			rc = 0;
			queue.running++;
		}
	}
	pthread_mutex_unlock(&queue.lock);
	return rc;
}

static void queue_leave(void)
{
	pthread_mutex_lock(&queue.lock);
	queue.running--;
	pthread_cond_signal(&queue.freed);
	pthread_mutex_unlock(&queue.lock);
}

/* ---- the same work for an unknown user ---- */

/*
 * For each site, the hash that was checked last. The password of an unknown user is checked against
 * this hash, so that the check takes as long as for a known user. Each site chooses the format of
 * its hashes, and a check can take much longer than the rest of the response. If there are more
 * sites than slots, sites can displace each other.
 */
#define USUAL_SLOTS 256

struct usual_hash {
	unsigned char site[SECRET_SHA256_LEN]; /* the digest of the site's name */
	char hash[PASSWORD_HASH_MAX + 1];      /* "" if the slot is unused */
};

static struct {
	pthread_mutex_t lock;
	struct usual_hash slots[USUAL_SLOTS];
} usual = {.lock = PTHREAD_MUTEX_INITIALIZER};

/*
 * Returns the slot to use for the site. The slot can still hold the hash of another site. The
 * caller holds the lock.
 */
static struct usual_hash *slot_of(const unsigned char site[SECRET_SHA256_LEN])
{
	for (size_t i = 0; i < USUAL_SLOTS; i++) {
		struct usual_hash *slot = &usual.slots[(site[0] + i) % USUAL_SLOTS];

		if (slot->hash[0] == '\0' || memcmp(slot->site, site, sizeof(slot->site)) == 0)
			return slot;
	}
	return &usual.slots[site[0]];
}

static void usual_keep(const struct password_claim *claim)
{
	unsigned char site[SECRET_SHA256_LEN];

	if (claim->site == NULL)
		return;
	secret_sha256(site, claim->site, strlen(claim->site));
	pthread_mutex_lock(&usual.lock);
	struct usual_hash *slot = slot_of(site);
	memcpy(slot->site, site, sizeof(site));
	snprintf(slot->hash, sizeof(slot->hash), "%s", claim->hash);
	pthread_mutex_unlock(&usual.lock);
}

/* Copies the last hash of the claim's site into out, or "" if there is none. */
static void usual_get(const struct password_claim *claim, char out[PASSWORD_HASH_MAX + 1])
{
	unsigned char site[SECRET_SHA256_LEN];

	out[0] = '\0';
	if (claim->site == NULL)
		return;
	secret_sha256(site, claim->site, strlen(claim->site));
	pthread_mutex_lock(&usual.lock);
	const struct usual_hash *slot = slot_of(site);
	if (memcmp(slot->site, site, sizeof(site)) == 0)
		memcpy(out, slot->hash, sizeof(slot->hash));
	pthread_mutex_unlock(&usual.lock);
}

/* Does the same work as a check for an existing user of the site. */
static enum status work_for_nobody(const struct password_claim *claim)
{
	char text[PASSWORD_HASH_MAX + 1];
	struct password_hash hash;

	usual_get(claim, text);
	enum status status = password_hash_read(text, claim->allow_weak, &hash, NULL);
	if (status != STATUS_OK) /* there is no hash, or it is weak and no longer accepted */
		status = password_hash_read(dummy_hash(), false, &hash, NULL);
	if (status == STATUS_OK) {
		bool fits = strlen(claim->password) <= password_hash_max(&hash);
		status = password_hash_verify(&hash, fits ? claim->password : "");
	}
	secret_wipe(text, sizeof(text));
	return status == STATUS_INTERNAL ? status : STATUS_BAD_CREDENTIALS;
}

/* ---- public functions ---- */

/* rc is from queue_enter. */
static enum status busy(int rc, struct error *err)
{
	if (rc == EBUSY)
		return blocking_refused(err);
	return error_set(err, STATUS_BUSY, "too many passwords are being checked at once");
}

static enum status verify_known(const struct password_claim *claim,
				const struct password_hash *hash, struct error *err)
{
	size_t len = strlen(claim->password);
	bool fits = len <= PASSWORD_MAX && len <= password_hash_max(hash);
	enum status status = password_hash_verify(hash, fits ? claim->password : "");

	if (status == STATUS_OK && !fits)
		status = STATUS_BAD_CREDENTIALS;
	if (status == STATUS_OK || status == STATUS_BAD_CREDENTIALS)
		usual_keep(claim);
	if (status == STATUS_INTERNAL)
		return error_set(err, status, "a password (%s) cannot be checked: out of memory",
				 password_hash_name(hash));
	return status == STATUS_OK ? status : error_set(err, status, "wrong password");
}

enum status password_claim_verify(const struct password_claim *claim, struct error *err)
{
	struct password_hash hash;
	enum status status = STATUS_BAD_CREDENTIALS;

	if (claim->hash == NULL)
		error_set(err, status, "the user does not exist or has no password");
	else
		status = password_hash_read(claim->hash, claim->allow_weak, &hash, err);
	int rc = queue_enter();
	if (rc != 0)
		return busy(rc, err);
	if (status == STATUS_OK)
		status = verify_known(claim, &hash, err);
	else if (work_for_nobody(claim) == STATUS_INTERNAL)
		status = error_no_memory(err);
	queue_leave();
	return status;
}

enum status password_verify(const char *hash, const char *password, struct error *err)
{
	struct password_claim claim = {.hash = hash, .password = password};

	return password_claim_verify(&claim, err);
}

enum status password_hash_make(const char *password, char out[SECRET_HASH_MAX], struct error *err)
{
	int rc = queue_enter();
	if (rc != 0)
		return busy(rc, err);
	enum status status = secret_password_hash(password, out, err);
	queue_leave();
	return status;
}
