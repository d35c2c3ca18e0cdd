/*
 * site/sites: which of several sites are open when, by a clock that is ours. Run it from the
 * project's root, where the templates are.
 */
#include "unit.h"

#include "base/secret.h"
#include "site/sites.h"
#include "store_fixture.h"

#define IDLE_MS  INT64_C(600000) /* ten minutes: what docs/many-sites.md says */
#define RETRY_MS INT64_C(5000)
#define START_MS INT64_C(1000000)
#define N_SITES  3

struct place {
	struct fixture *base;
	struct conf *conf;
	struct sites *sites;
};

static void write_file(struct place *p, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", p->base->dir, name);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static char *database_of(struct place *p, int i)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%d.db", p->base->dir, i) > 0);
	return path;
}

static void write_conf(struct place *p)
{
	char text[4096] = "", *root = get_current_dir_name();
	size_t used = 0;

	assert_non_null(root);

	for (int i = 0; i < N_SITES; i++)
		used += (size_t)snprintf(
		    text + used, sizeof(text) - used,
		    "[site %d]\nhosts = %d.example.org\ndatabase = %s/%d.db\ntemplates = "
		    "%s/templates\nidentity = remote_user\njid = {user}@example.org\nbackend = "
		    "tigase\ntigase_url = http://127.0.0.1:1/rest/adhoc/bosh@example.org\n"
		    "tigase_user = service@example.org\ntigase_password_file = %s/password\n"
		    "allow_http = on\n",
		    i, i, p->base->dir, i, root, p->base->dir);
	free(root);
	write_file(p, "prebind.conf", text);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	char path[128];

	assert_non_null(p);
	assert_ok(secret_start(ERR));
	fixture_folder((void **)&p->base);
	write_file(p, "password", "secret\n");
	write_conf(p);
	for (int i = 0; i < N_SITES; i++) {
		char *database = database_of(p, i), name[12];
		snprintf(name, sizeof(name), "%d", i);
		const struct store_migration migration = {.location = {.database = database},
							  .site = name};
		assert_ok(store_migrate(&migration, NULL, ERR));
		free(database);
	}
	snprintf(path, sizeof(path), "%s/prebind.conf", p->base->dir);
	assert_ok(conf_load(path, &p->conf, ERR));
	assert_ok(sites_new(p->conf, SITE_FOR_MANY, &p->sites, ERR));
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	void *base = p->base;

	sites_release(p->sites);
	conf_free(p->conf);
	free(p);
	return fixture_remove(&base);
}

static enum status borrow(struct place *p, int i, int64_t now_ms, struct site **out)
{
	struct error err = {0};

	return sites_borrow(p->sites, &p->conf->sites[i], now_ms, out, &err);
}

/* A request: borrowed, and given back. */
static void ask(struct place *p, int i, int64_t now_ms)
{
	struct site *site = NULL;

	assert_ok(borrow(p, i, now_ms, &site));
	assert_string_equal(site->conf->name, p->conf->sites[i].name);
	sites_return(site);
}

/* By what the process has open. */
static bool is_open(struct place *p, int i)
{
	char *database = database_of(p, i), link[64], target[256];
	bool found = false;

	for (int fd = 0; fd < 256 && !found; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t len = readlink(link, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		found = strcmp(target, database) == 0;
	}
	free(database);
	return found;
}

FIXTURE(setup, teardown)

TEST(test_opened_when_asked_for)
{
	struct place *p = *state;

	for (int i = 0; i < N_SITES; i++)
		assert_false(is_open(p, i));
	ask(p, 1, START_MS);
	assert_false(is_open(p, 0));
	assert_true(is_open(p, 1));
}

TEST(test_closed_when_idle)
{
	struct place *p = *state;

	ask(p, 0, START_MS);
	ask(p, 1, START_MS);
	ask(p, 1, START_MS + IDLE_MS - 1);
	assert_true(is_open(p, 0));
	ask(p, 1, START_MS + IDLE_MS);
	assert_false(is_open(p, 0));
	assert_true(is_open(p, 1));
	ask(p, 0, START_MS + IDLE_MS + 1);
	assert_true(is_open(p, 0));
}

/* Each request closes one at most, so that none pays for many. */
TEST(test_one_after_the_other)
{
	struct place *p = *state;

	ask(p, 0, START_MS);
	ask(p, 1, START_MS + 1);
	ask(p, 2, START_MS + 2 * IDLE_MS);
	assert_false(is_open(p, 0));
	assert_true(is_open(p, 1));
	ask(p, 2, START_MS + 2 * IDLE_MS);
	assert_false(is_open(p, 1));
}

TEST(test_not_under_a_request)
{
	struct place *p = *state;
	struct site *held = NULL;

	assert_ok(borrow(p, 0, START_MS, &held));
	ask(p, 1, START_MS + 2 * IDLE_MS);
	assert_true(is_open(p, 0));
	assert_ok(store_ping(held->store, ERR));
	sites_return(held);
	ask(p, 1, START_MS + 2 * IDLE_MS);
	assert_false(is_open(p, 0));
}

/* Tried again after a while and not before, however often it is asked for. */
TEST(test_broken_and_mended)
{
	struct place *p = *state;
	struct site *site = NULL;
	char *good = database_of(p, 0), *away = database_of(p, 9);

	assert_int_equal(rename(good, away), 0);
	assert_status(borrow(p, 0, START_MS, &site), STATUS_UNAVAILABLE);
	assert_null(site);
	assert_int_equal(rename(away, good), 0);
	assert_status(borrow(p, 0, START_MS + RETRY_MS - 1, &site), STATUS_UNAVAILABLE);
	ask(p, 1, START_MS + RETRY_MS - 1);
	ask(p, 0, START_MS + RETRY_MS);
	free(away);
	free(good);
}
