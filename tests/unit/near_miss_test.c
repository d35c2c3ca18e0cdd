/*
 * What only looks like a stored value is nobody, in each kind of database and with each collation.
 * tests/program/site_near_miss.test.mjs starts the databases, and runs this with PREBIND_CONF: each
 * of its sites has a query that finds KEPT, or a number, or both in small letters.
 */
#include "unit.h"

#include "sitedb/site_query.h"

#define KEPT   "Alice-Stra\xc3\x9f\x65-17"
#define NUMBER "17"

static const char *const asked[] = {":sid", ":now", NULL};
static const struct site_query_column columns[] = {
    {"user", 255, true}
};

/* By some collation each of these equals KEPT, or a database turns it into KEPT. */
static const char *const near_misses[] = {
    "Alice-Stra\xc3\x9f\x65-17 ", /* PAD SPACE, RTRIM, char(n) */
    "Alice-Stra\xc3\x9f\x65-17   ",
    " Alice-Stra\xc3\x9f\x65-17",
    "Alice-Stra\xc3\x9f\x65-17\t",
    "Alice-Stra\xc3\x9f\x65-17\n",
    "Alice-Strasse-17", /* ß is ss, and s */
    "Alice-Strase-17",
    "\xc3\x84lice-Stra\xc3\x9f\x65-17",       /* Ä */
    "A\xcc\x88lice-Stra\xc3\x9f\x65-17",      /* A with a combining mark */
    "Alic\xc3\xa9-Stra\xc3\x9f\x65-17",       /* é */
    "Al\xc4\xb1\x63\x65-Stra\xc3\x9f\x65-17", /* dotless i */
    "\xef\xbc\xa1lice-Stra\xc3\x9f\x65-17",   /* a wide A */
    "Alice-Stra\xc3\x9f\x65-1\xef\xbc\x97",   /* a wide 7 */
    "Alice-Stra\xc3\x9f\x65-1\xd9\xa7",       /* an Arabic 7 */
    "Alice\xe2\x80\x8b-Stra\xc3\x9f\x65-17",  /* characters that collations skip */
    "Alice\xc2\xad-Stra\xc3\x9f\x65-17",
    "Alice\xe2\x80\x8d-Stra\xc3\x9f\x65-17",
    "Alice-Stra\xc3\x9f\x65-17\x01",
    "Alice-Stra?e-17", /* what a conversion leaves */
    "Alice-Stra\xef\xbf\xbd\x65-17",
    "Alice-Stra\xdf\x65-17",                     /* in Latin-1: not UTF-8 */
    "Alice-Stra\xc3\x83\xc2\x9f\x65-17",         /* encoded twice */
    "Alice-Stra\xc3\x9f\x65-17\xf0\x9f\x98\x80", /* cut off where only three bytes fit */
    "Alice-Stra\xc3\x9f\x65-%",                  /* LIKE */
    "Alice-Stra\xc3\x9f\x65-1_",
    "Alice-Stra\xc3\x9f\x65-1",
    "Alice-Stra\xc3\x9f\x65-17' OR '1'='1",
    "Alice-Stra\xc3\x9f\x65-17\\",
    "\\Alice-Stra\xc3\x9f\x65-17",
    "",
    "%",
};

/* The same in other letters: only a query that folds both sides may find KEPT by them. */
static const char *const folded[] = {
    "alice-stra\xc3\x9f\x65-17",
    "ALICE-STRA\xc3\x9f\x45-17",
    "aLICE-Stra\xc3\x9f\x65-17",
};

/* Some databases fold these to KEPT, and others do not. */
static const char *const folded_by_some[] = {
    "Alice-Stra\xe1\xba\x9e\x65-17", /* a capital ß */
};

/* Each of these is 17 for some database. */
static const char *const numbers[] = {
    "17 ",
    " 17",
    "017",
    "+17",
    "17.0",
    "1.7e1",
    "17abc",
    "0x11",
    "17\n",
    "\xef\xbc\x91\xef\xbc\x97",
    "-17",
    "17.4",
    "16.9",
    "",
    "x",
    "1 7",
    "17e0",
    "17,0",
    "99999999999999999999",
    "00000000017",
};

struct site {
	const struct site_conf *conf;
	struct site_query *query;
	bool number, folds;
};

static enum status ask(struct site *site, const char *sid, struct error *err)
{
	const struct site_query_value values[] = {{.text = sid}, {.number = 1800000000}};
	struct site_query_row row = {0};
	enum status status = site_query_ask(site->query, values, &row, err);

	site_query_row_clear(&row);
	return status;
}

static void expect(struct site *site, const char *sid, enum status expected)
{
	struct error err = {0};
	enum status status = ask(site, sid, &err);

	if (status != expected)
		fail_msg("%s: '%s': %s, not %s: %s", site->conf->name, sid, status_name(status),
			 status_name(expected), err.text);
}

static void expect_all(struct site *site, const char *const *list, size_t count,
		       enum status expected)
{
	for (size_t i = 0; i < count; i++)
		expect(site, list[i], expected);
}

static void check_site(struct site *site)
{
	expect(site, site->number ? NUMBER : KEPT, STATUS_OK);
	if (site->number) {
		expect_all(site, numbers, COUNT(numbers), STATUS_NOT_FOUND);
		return;
	}
	expect_all(site, near_misses, COUNT(near_misses), STATUS_NOT_FOUND);
	if (!site->folds)
		expect_all(site, folded_by_some, COUNT(folded_by_some), STATUS_NOT_FOUND);
	expect_all(site, folded, COUNT(folded), site->folds ? STATUS_OK : STATUS_NOT_FOUND);
}

TEST(near_misses_are_nobody)
{
	struct conf *conf = NULL;
	const char *file = getenv("PREBIND_CONF");

	assert_non_null(file);
	assert_true(COUNT(near_misses) + COUNT(folded) >= 20 && COUNT(numbers) >= 20);
	assert_ok(conf_load(file, &conf, ERR));
	for (size_t i = 0; i < conf->n_sites; i++) {
		const struct site_conf *site_conf = &conf->sites[i];
		const struct site_query_spec spec = {.site = site_conf,
						     .database = site_conf->site_database,
						     .file = site_conf->site_query,
						     .key = "site_query",
						     .asked = asked,
						     .columns = columns,
						     .n_columns = COUNT(columns)};
		struct site site = {.conf = site_conf,
				    .number = strstr(site_conf->name, "number") != NULL,
				    .folds = strstr(site_conf->name, "folds") != NULL};

		assert_ok(site_query_open(&spec, &site.query, ERR));
		check_site(&site);
		site_query_close(site.query);
		printf("# %s\n", site_conf->name);
	}
	conf_free(conf);
}
