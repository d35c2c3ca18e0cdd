/*
 * A separate thread queries the name servers for a name, and then ends. If other callers need the
 * same name meanwhile, they wait for the same thread, so a name never has more than one thread.
 */
#include "db/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/blocking.h"

#define STACK_SIZE (256 * 1024) /* bytes; modules of nsswitch.conf(5) need large buffers */

struct lookup {
	struct lookup *next;
	size_t users; /* number of waiting callers, plus one for the thread while it runs */
	pthread_cond_t over;
	bool is_over;
	int failed; /* result of getaddrinfo(3); `failed` and `found` are valid if is_over */
	struct resolved found;
	char host[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects each lookup except its host */
static struct lookup *lookups;                           /* the running lookups */

bool resolve_is_needed(const struct site_uri *uri)
{
	return !uri->local && !address_is_valid(uri->host);
}

void resolve_briefly(void)
{
	/*
	 * _res has the resolver's settings for this thread. Initialize it again, because
	 * /etc/resolv.conf can change.
	 */
	if (res_init() != 0)
		return;
	_res.retrans = 1;
	_res.retry = 1;
}

/* The caller holds the lock. */
static void release(struct lookup *lookup)
{
	if (--lookup->users > 0)
		return;
	pthread_cond_destroy(&lookup->over);
	free(lookup);
}

static void keep_addresses(const struct addrinfo *list, struct resolved *out)
{
	for (; list != NULL && out->count < RESOLVE_MAX; list = list->ai_next)
		if (getnameinfo(list->ai_addr, list->ai_addrlen, out->addresses[out->count],
				INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST) == 0)
			out->count++;
}

static void *look_up(void *arg)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct lookup *lookup = arg;
	struct resolved found = {.count = 0};
	struct addrinfo *list = NULL;
	int failed = getaddrinfo(lookup->host, NULL, &hints, &list);

	if (failed == 0) {
		keep_addresses(list, &found);
		freeaddrinfo(list);
	}
	pthread_mutex_lock(&lock);
	struct lookup **at = &lookups;
	while (*at != lookup)
		at = &(*at)->next;
	*at = lookup->next;
	lookup->failed = failed == 0 && found.count == 0 ? EAI_NONAME : failed;
	lookup->found = found;
	lookup->is_over = true;
	pthread_cond_broadcast(&lookup->over);
	release(lookup);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static bool thread_start(struct lookup *lookup)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	bool started = pthread_create(&thread, &attr, look_up, lookup) == 0;
	pthread_attr_destroy(&attr);
	return started;
}

/*
 * Returns the running lookup of the host, or starts a lookup. Returns NULL if there is no memory or
 * no thread. The caller holds the lock.
 */
static struct lookup *lookup_get(const char *host)
{
	struct lookup *lookup = lookups;

	while (lookup != NULL && strcmp(lookup->host, host) != 0)
		lookup = lookup->next;
	if (lookup != NULL) {
		lookup->users++;
		return lookup;
	}
	lookup = calloc(1, sizeof(*lookup) + strlen(host) + 1);
	if (lookup == NULL)
		return NULL;
	memcpy(lookup->host, host, strlen(host) + 1);
	pthread_cond_init(&lookup->over, NULL);
	lookup->users = 2;
	if (!thread_start(lookup)) {
		lookup->users = 1;
		release(lookup);
		return NULL;
	}
	lookup->next = lookups;
	lookups = lookup;
	return lookup;
}

/* Returns the result of a lookup. rc is the return value of blocking_wait. */
static enum status outcome(const struct lookup *lookup, int rc, struct resolved *out,
			   struct error *err)
{
	if (lookup->is_over && lookup->failed == 0) {
		*out = lookup->found;
		return STATUS_OK;
	}
	if (lookup->is_over)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the host %s has no address (%s): check the name and "
				 "/etc/resolv.conf",
				 lookup->host, gai_strerror(lookup->failed));
	if (rc == EBUSY)
		return blocking_refused(err);
	return error_set(err, STATUS_UNAVAILABLE,
			 "the name servers did not answer in time for the host %s: check "
			 "/etc/resolv.conf, or add the host to /etc/hosts",
			 lookup->host);
}

enum status resolve_host(const char *host, int64_t until_ms, struct resolved *out,
			 struct error *err)
{
	int rc = 0;

	pthread_mutex_lock(&lock);
	struct lookup *lookup = lookup_get(host);
	while (lookup != NULL && !lookup->is_over && rc == 0)
		rc = blocking_wait(&lookup->over, &lock, until_ms);
	enum status status = lookup != NULL ? outcome(lookup, rc, out, err) : error_no_memory(err);
	if (lookup != NULL)
		release(lookup);
	pthread_mutex_unlock(&lock);
	return status;
}
