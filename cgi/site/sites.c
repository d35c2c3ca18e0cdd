/*
 * Each site of the configuration has a slot. The open sites are in a list, most recently used
 * first. A site has one reference from its slot, and one from each request that uses it. So a site
 * can be taken out of its slot while a request still uses it. The lock is not held while a site is
 * opened or closed, because that reads and writes files.
 */
#include "site/sites.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/blocking.h"
#include "site/open_max.h"

#define OPENING_WAIT_MS 3000 /* longest wait for another thread to open a site; 10 ms are usual */

/* A configuration and the objects that its sites share. The struct is freed after its last use. */
struct loaded_conf {
	atomic_size_t users;
	const struct conf *conf;
	struct conf *owned; /* the same as conf if we must free it, otherwise NULL */
	enum site_use use;
	struct template_cache *cache;
};

struct open_site {
	struct site site; /* must be first, because sites_return casts its address */
	atomic_size_t users;
	struct loaded_conf *loaded;
};

struct slot {
	TAILQ_ENTRY(slot) in_use;
	struct open_site *open; /* NULL while the site is closed */
	bool opening;           /* a thread is opening the site; other threads wait for `opened` */
	int64_t used_ms;        /* when last used; monotonic, like the next two members */
	int64_t retry_ms;       /* after a failure, when to try again; otherwise 0 */
	int64_t told_ms;        /* when the failure was last logged; 0 if never */
};

TAILQ_HEAD(slot_list, slot);

struct sites {
	atomic_size_t users;
	struct loaded_conf *loaded;
	pthread_mutex_t lock;    /* protects all members below */
	pthread_cond_t opened;   /* signals that a slot is no longer `opening` */
	struct slot_list in_use; /* most recently used first */
	size_t open_count;       /* sites that are in the list or being opened */
	size_t open_max;
	struct slot *slots; /* in the order of conf->sites */
};

/* ---- reference counts ---- */

static struct loaded_conf *loaded_conf_hold(struct loaded_conf *loaded)
{
	atomic_fetch_add(&loaded->users, 1);
	return loaded;
}

static void loaded_conf_release(struct loaded_conf *loaded)
{
	if (loaded == NULL || atomic_fetch_sub(&loaded->users, 1) > 1)
		return;
	template_cache_free(loaded->cache);
	conf_free(loaded->owned);
	free(loaded);
}

static enum status loaded_conf_new(const struct conf *conf, enum site_use use,
				   struct loaded_conf **out, struct error *err)
{
	struct loaded_conf *loaded = calloc(1, sizeof(*loaded));

	if (loaded == NULL)
		return error_no_memory(err);
	loaded->conf = conf;
	loaded->use = use;
	atomic_init(&loaded->users, 1);
	enum status status = template_cache_new(site_pages, site_pages_count, &loaded->cache, err);
	if (status == STATUS_OK && use == SITE_FOR_ONE)
		template_cache_defer(loaded->cache);
	if (status == STATUS_OK)
		*out = loaded;
	else
		loaded_conf_release(loaded);
	return status;
}

static void open_site_release(struct open_site *open)
{
	if (open == NULL || atomic_fetch_sub(&open->users, 1) > 1)
		return;
	site_close(&open->site);
	loaded_conf_release(open->loaded);
	free(open);
}

static enum status open_site_new(struct loaded_conf *loaded, const struct site_conf *conf,
				 struct open_site **out, struct error *err)
{
	struct open_site *open = calloc(1, sizeof(*open));

	if (open == NULL)
		return error_no_memory(err);
	atomic_init(&open->users, 1);
	open->loaded = loaded_conf_hold(loaded);
	enum status status = site_open(conf, loaded->use, loaded->cache, &open->site, err);
	if (status == STATUS_OK)
		*out = open;
	else
		open_site_release(open);
	return status;
}

/* ---- create, free ---- */

static void slot_fill(struct sites *sites, struct slot *slot, struct open_site *open,
		      int64_t now_ms)
{
	slot->open = open;
	slot->used_ms = now_ms;
	TAILQ_INSERT_HEAD(&sites->in_use, slot, in_use);
}

static void tell_failed(const struct site_conf *conf, const char *why)
{
	log_event(LOG_LEVEL_ERROR, "site_failed", "site", conf->name, "why", why, NULL);
}

/* Makes the checks that do not open files. */
static enum status check_all(const struct conf *conf, struct error *err)
{
	const struct site_conf *at = conf->sites;
	struct error why = {0};
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < conf->n_sites; i++) {
		at = &conf->sites[i];
		status = site_check(at, &why);
		if (status != STATUS_OK && conf->forgiving && at->file != conf->files[0]) {
			/* The other sites still work. Visitors of this site get the error page. */
			tell_failed(at, why.text);
			status = STATUS_OK;
		}
	}
	if (status != STATUS_OK)
		error_set(err, status, "[site %s]: %s", at->name, why.text);
	return status;
}

/* Opens the only site at the start, so that the first visitor does not wait for it. */
static enum status open_single(struct sites *sites, struct error *err)
{
	const struct site_conf *conf = &sites->loaded->conf->sites[0];
	struct open_site *open = NULL;
	struct error why = {0};

	enum status status = open_site_new(sites->loaded, conf, &open, &why);
	if (status == STATUS_OK) {
		sites->open_count = 1;
		/* A single site is never closed for being idle, so its used_ms can be 0. */
		slot_fill(sites, &sites->slots[0], open, 0);
	} else if (sites->loaded->use == SITE_FOR_SPAWNED) {
		tell_failed(conf, why.text);
		sites->slots[0].told_ms = clock_monotonic_ms();
		status = check_all(sites->loaded->conf, err);
	} else {
		error_set(err, status, "[site %s]: %s", conf->name, why.text);
	}
	return status;
}

static enum status check_or_open(struct sites *sites, struct error *err)
{
	const struct loaded_conf *loaded = sites->loaded;

	if (loaded->conf->n_sites == 1 && loaded->use != SITE_FOR_ONE)
		return open_single(sites, err);
	return check_all(loaded->conf, err);
}

enum status sites_new(const struct conf *conf, enum site_use use, struct sites **out,
		      struct error *err)
{
	struct sites *sites = calloc(1, sizeof(*sites));

	if (sites == NULL)
		return error_no_memory(err);
	atomic_init(&sites->users, 1);
	pthread_mutex_init(&sites->lock, NULL);
	pthread_cond_init(&sites->opened, NULL);
	TAILQ_INIT(&sites->in_use);
	sites->open_max = sites_open_max(conf);
	sites->slots = calloc(conf->n_sites, sizeof(*sites->slots));
	enum status status = sites->slots != NULL ? loaded_conf_new(conf, use, &sites->loaded, err)
						  : error_no_memory(err);
	if (status == STATUS_OK)
		status = check_or_open(sites, err);
	if (status == STATUS_OK)
		*out = sites;
	else
		sites_release(sites);
	return status;
}

struct sites *sites_hold(struct sites *sites)
{
	atomic_fetch_add(&sites->users, 1);
	return sites;
}

void sites_release(struct sites *sites)
{
	struct slot *slot;

	if (sites == NULL || atomic_fetch_sub(&sites->users, 1) > 1)
		return;
	TAILQ_FOREACH(slot, &sites->in_use, in_use)
	{
		open_site_release(slot->open);
	}
	loaded_conf_release(sites->loaded);
	free(sites->slots);
	pthread_cond_destroy(&sites->opened);
	pthread_mutex_destroy(&sites->lock);
	free(sites);
}

void sites_own_conf(struct sites *sites, struct conf *conf)
{
	sites->loaded->owned = conf;
}

const struct conf *sites_conf(const struct sites *sites)
{
	return sites->loaded->conf;
}

/* ---- closing ---- */

/*
 * Takes the site out of its slot. Returns NULL if a request is using the site. The caller holds the
 * lock.
 */
static struct open_site *slot_empty(struct sites *sites, struct slot *slot)
{
	struct open_site *open = slot->open;

	if (atomic_load(&open->users) > 1)
		return NULL;
	TAILQ_REMOVE(&sites->in_use, slot, in_use);
	slot->open = NULL;
	sites->open_count--;
	return open;
}

/*
 * Takes the least recently used site out of its slot if it has been idle long enough. The caller
 * holds the lock.
 */
static struct open_site *take_idle(struct sites *sites, int64_t now_ms)
{
	struct slot *last = TAILQ_LAST(&sites->in_use, slot_list);

	if (sites->loaded->conf->n_sites == 1 || last == NULL ||
	    now_ms - last->used_ms < SITES_IDLE_S * 1000)
		return NULL;
	return slot_empty(sites, last);
}

/*
 * Makes room for another site. Takes a site out of its slot: the least recently used site that no
 * request uses. The caller holds the lock.
 */
static struct open_site *take_least_used(struct sites *sites)
{
	struct open_site *open = NULL;
	struct slot *slot;

	TAILQ_FOREACH_REVERSE(slot, &sites->in_use, slot_list, in_use)
	{
		open = slot_empty(sites, slot);
		if (open != NULL)
			break;
	}
	return open;
}

/* ---- lending ---- */

/* Adds a reference and moves the slot to the front of the list. The caller holds the lock. */
static struct site *slot_lend(struct sites *sites, struct slot *slot, int64_t now_ms)
{
	atomic_fetch_add(&slot->open->users, 1);
	slot->used_ms = now_ms;
	TAILQ_REMOVE(&sites->in_use, slot, in_use);
	TAILQ_INSERT_HEAD(&sites->in_use, slot, in_use);
	return &slot->open->site;
}

enum status sites_not_now(const struct site_conf *conf, struct error *err)
{
	error_set(err, STATUS_UNAVAILABLE,
		  "[site %s] cannot be opened; the log's event site_failed says why", conf->name);
	return error_retry_after(err, STATUS_UNAVAILABLE, SITES_RETRY_S);
}

/*
 * Stores the opened site, or the failure, in the slot. Returns true if the failure must be logged.
 * The caller holds the lock.
 */
static bool opening_ended(struct sites *sites, struct slot *slot, struct open_site *open,
			  int64_t now_ms)
{
	bool tell = false;

	slot->opening = false;
	pthread_cond_broadcast(&sites->opened);
	if (open != NULL) {
		slot_fill(sites, slot, open, now_ms);
		slot->retry_ms = 0;
		return false;
	}
	sites->open_count--;
	slot->retry_ms = now_ms + SITES_RETRY_S * 1000;
	tell = slot->told_ms == 0 || now_ms - slot->told_ms >= SITES_TELL_S * 1000;
	if (tell)
		slot->told_ms = now_ms;
	return tell;
}

/* Waits while another thread opens the site of the slot. The caller holds the lock. */
static enum status await_opening(struct sites *sites, const struct slot *slot,
				 const struct site_conf *conf, struct error *err)
{
	int64_t until_ms = clock_monotonic_ms() + OPENING_WAIT_MS;
	int rc = 0;

	while (slot->opening && rc == 0)
		rc = blocking_wait(&sites->opened, &sites->lock, until_ms);
	if (!slot->opening)
		return STATUS_OK;
	if (rc == EBUSY)
		return blocking_refused(err);
	error_set(err, STATUS_UNAVAILABLE,
		  "[site %s] has been opening for more than %d ms: check whether its disk is slow "
		  "or its database is locked",
		  conf->name, OPENING_WAIT_MS);
	return error_retry_after(err, STATUS_UNAVAILABLE, SITES_RETRY_S);
}

/*
 * Opens the site of the slot. The caller holds the lock. The lock is released while the site is
 * being opened, so that other threads can continue.
 */
static enum status slot_open(struct sites *sites, struct slot *slot, int64_t now_ms,
			     struct error *err)
{
	const struct site_conf *conf = &sites->loaded->conf->sites[slot - sites->slots];
	struct open_site *closing = NULL, *open = NULL;
	struct error why = {0};

	if (!blocking_begin()) /* opening can wait for a disk or for a lock */
		return blocking_refused(err);
	if (sites->open_count >= sites->open_max)
		closing = take_least_used(sites);
	slot->opening = true;
	sites->open_count++;
	pthread_mutex_unlock(&sites->lock);
	open_site_release(closing);
	enum status status = open_site_new(sites->loaded, conf, &open, &why);
	blocking_end();
	pthread_mutex_lock(&sites->lock);
	bool failed_before = slot->retry_ms != 0;
	if (opening_ended(sites, slot, open, now_ms))
		tell_failed(conf, why.text);
	if (status != STATUS_OK)
		return sites_not_now(conf, err);
	log_event(failed_before ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "site_opened", "site",
		  conf->name, NULL);
	return STATUS_OK;
}

enum status sites_borrow(struct sites *sites, const struct site_conf *conf, int64_t now_ms,
			 struct site **out, struct error *err)
{
	struct slot *slot = &sites->slots[conf - sites->loaded->conf->sites];

	pthread_mutex_lock(&sites->lock);
	enum status status = await_opening(sites, slot, conf, err);
	if (status == STATUS_OK && slot->open == NULL)
		status = now_ms < slot->retry_ms ? sites_not_now(conf, err)
						 : slot_open(sites, slot, now_ms, err);
	if (status == STATUS_OK)
		*out = slot_lend(sites, slot, now_ms);
	struct open_site *idle = take_idle(sites, now_ms);
	pthread_mutex_unlock(&sites->lock);
	open_site_release(idle);
	return status;
}

struct site *sites_borrow_closed(struct sites *sites, const struct site_conf *conf)
{
	struct open_site *open = calloc(1, sizeof(*open));

	if (open == NULL)
		return NULL;
	atomic_init(&open->users, 1);
	open->loaded = loaded_conf_hold(sites->loaded);
	site_open_closed(conf, sites->loaded->cache, &open->site);
	return &open->site;
}

void sites_return(struct site *site)
{
	open_site_release((struct open_site *)site);
}

/* ---- after a reload ---- */

/*
 * Returns the open sites, most recently used first, at most max. Adds a reference to each site. The
 * caller frees the list. Returns NULL if out of memory.
 */
static struct open_site **hold_open(struct sites *sites, size_t max, size_t *count)
{
	struct open_site **list = calloc(max, sizeof(*list));
	struct slot *slot;

	pthread_mutex_lock(&sites->lock);
	TAILQ_FOREACH(slot, &sites->in_use, in_use)
	{
		if (list == NULL || *count == max)
			break;
		atomic_fetch_add(&slot->open->users, 1);
		list[(*count)++] = slot->open;
	}
	pthread_mutex_unlock(&sites->lock);
	return list;
}

/*
 * True if the old site can keep running after it could not be opened again. Returns false if the
 * new configuration gives the old site's database to another site. In that case the old site would
 * use the logins of the other site.
 */
static bool may_go_on(const struct sites *sites, const struct open_site *old)
{
	const struct site_conf *was = old->site.conf;
	const struct site_conf *now = conf_site_of_database(sites->loaded->conf, was->database);

	return now == NULL || strcmp(now->name, was->name) == 0;
}

/*
 * Opens the site of `old` with the new configuration. If that fails and may_go_on allows it, keeps
 * `old` in the slot. Otherwise releases `old`.
 */
static void follow_one(struct sites *sites, struct open_site *old)
{
	const struct site_conf *conf = conf_site_named(sites->loaded->conf, old->site.conf->name);
	struct slot *slot = conf != NULL ? &sites->slots[conf - sites->loaded->conf->sites] : NULL;
	struct open_site *open = NULL;
	struct error why = {0};

	if (slot != NULL && slot->open == NULL) {
		if (open_site_new(sites->loaded, conf, &open, &why) != STATUS_OK) {
			bool goes_on = may_go_on(sites, old);
			log_event(LOG_LEVEL_ERROR, "site_failed", "site", conf->name, "why",
				  why.text, "until_then",
				  goes_on ? "as before the reload" : "not served", NULL);
			open = goes_on ? old : NULL;
			old = goes_on ? NULL : old;
		}
		if (open != NULL) {
			sites->open_count++;
			slot_fill(sites, slot, open, clock_monotonic_ms());
		}
	}
	open_site_release(old);
}

void sites_follow(struct sites *sites, struct sites *old)
{
	size_t count = 0;
	struct open_site **list = hold_open(old, sites->open_max, &count);

	while (count > 0)
		follow_one(sites, list[--count]);
	free(list);
}
