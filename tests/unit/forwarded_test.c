/*
 * web/forwarded.c: who the visitor is, by what the proxies say (forwarded.tsv), and that nobody
 * else's word counts.
 */
#include "unit.h"

#include "web/forwarded.h"

#define PROXY  "192.0.2.10"
#define V4     "198.51.100.7"
#define V6     "2001:db8::7"
#define FORGED "203.0.113.66"

static char *trusted[] = {(char *)"192.0.2.10", (char *)"10.0.0.0/8", (char *)"2001:db8:1::/48",
			  (char *)"::1"};
static const struct forwarded_trust trust = {.items = trusted, .count = COUNT(trusted)};

static const char *cell(const struct unit_table *table, size_t row, size_t column)
{
	const char *text = unit_cell(table, row, column);

	return strcmp(text, "-") == 0 ? NULL : text;
}

static void assert_text(const struct unit_table *table, size_t row, size_t column, const char *got)
{
	const char *expected = cell(table, row, column);

	if ((got == NULL) != (expected == NULL) || (got != NULL && strcmp(got, expected) != 0))
		fail_msg("peer %s, Forwarded: %s, X-Forwarded-For: %s: %s, not %s",
			 unit_cell(table, row, 0), unit_cell(table, row, 1),
			 unit_cell(table, row, 2), got != NULL ? got : "not said",
			 unit_cell(table, row, column));
}

TEST(who_the_visitor_is)
{
	struct unit_table table = unit_table_read("tests/unit/forwarded.tsv", 8);

	for (size_t i = 0; i < table.n_rows; i++) {
		const struct forwarded_headers headers = {
		    .peer = unit_cell(&table, i, 0),
		    .forwarded = cell(&table, i, 1),
		    .x_for = cell(&table, i, 2),
		    .x_proto = cell(&table, i, 3),
		    .x_host = cell(&table, i, 4),
		};
		struct forwarded said;

		assert_ok(forwarded_read(&headers, &trust, &said, ERR));
		assert_text(&table, i, 5, said.counts ? said.address : "(none)");
		assert_text(&table, i, 6, said.proto);
		assert_text(&table, i, 7, said.host);
		forwarded_clear(&said);
	}
	unit_table_free(&table);
}

TEST(malformed)
{
	static const char *const texts[] = {
	    "for",
	    "for=",
	    "=" V4,
	    "for=" V4 " proto=https",
	    "for =" V4,
	    "for= " V4,
	    "for=[" V6 "]",
	    "for=" V4 ":80",
	    "for=\"" FORGED ", for=" V4, /* what a visitor sends so that the proxy's is hidden */
	    "for=\"" FORGED ", for=\"[" V6 "]\"",
	    "for=\"" V4 "\"x",
	    "for=" V4 ";for=" FORGED,
	    "for=" V4 ";proto=http;PROTO=https",
	    "for=\"x\\",
	    "for=\xc3\xa9",
	    "rubbish, for=" V4,
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct forwarded_headers headers = {.peer = PROXY, .forwarded = texts[i]};
		struct forwarded said;

		if (forwarded_read(&headers, &trust, &said, ERR) != STATUS_BAD_REQUEST)
			fail_msg("Forwarded: %s", texts[i]);
		forwarded_clear(&said);
	}
}

TEST(contradictions)
{
	/* Forwarded, then X-Forwarded-For, -Proto and -Host */
	static const char *const all[][4] = {
	    {"for=" FORGED,            V4,     NULL,   NULL},
	    {"for=" V4,                FORGED, NULL,   NULL},
	    {"for=_hidden",            FORGED, NULL,   NULL},
	    {"proto=https",            V4,     NULL,   NULL},
	    {"for=" V4 ";proto=https", V4,     "http", NULL},
	    {"for=" V4 ";host=a",      V4,     NULL,   "b" },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		const struct forwarded_headers headers = {
		    .peer = PROXY,
		    .forwarded = all[i][0],
		    .x_for = all[i][1],
		    .x_proto = all[i][2],
		    .x_host = all[i][3],
		};
		struct forwarded said;

		assert_fails(forwarded_read(&headers, &trust, &said, ERR), STATUS_BAD_REQUEST,
			     "contradict each other");
		forwarded_clear(&said);
	}
}

TEST(too_many_proxies)
{
	char f[FORWARDED_HOPS_MAX * 16 + 64] = "", x[sizeof(f)] = "";
	struct forwarded said;

	for (int i = 0; i < FORWARDED_HOPS_MAX; i++) {
		strcat(f, "for=10.0.0.1,");
		strcat(x, "10.0.0.1,");
	}
	for (int over = 0; over < 2; over++) {
		const struct forwarded_headers by_f = {.peer = PROXY, .forwarded = f};
		const struct forwarded_headers by_x = {.peer = PROXY, .x_for = x};
		enum status expected = over ? STATUS_BAD_REQUEST : STATUS_OK;

		assert_status(forwarded_read(&by_f, &trust, &said, ERR), expected);
		forwarded_clear(&said);
		assert_status(forwarded_read(&by_x, &trust, &said, ERR), expected);
		forwarded_clear(&said);
		strcat(f, "for=10.0.0.1");
		strcat(x, "10.0.0.1");
	}
}

TEST(without_trust_nothing_counts)
{
	static const struct forwarded_trust nobody = {.items = NULL};
	const struct forwarded_headers headers = {.peer = "127.0.0.1", .x_for = V4};
	struct forwarded said;

	assert_ok(forwarded_read(&headers, &nobody, &said, ERR));
	assert_false(said.counts);
	forwarded_clear(&said);
}
