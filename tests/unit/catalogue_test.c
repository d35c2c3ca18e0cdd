/*
 * The catalogue's questions are asked by an index: none takes longer because there are more users,
 * sessions or buckets. Those that are about all rows are named here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "store/limit.h"
#include "store/connection.h"
#include "store_fixture.h"

static const enum query of_all_rows[] = {
    QUERY_PING, /* one row, whichever */
    /* what an operator asks for */
    QUERY_USER_LIST, QUERY_SESSION_LIST, QUERY_SESSION_END_ALL, QUERY_JID_MAP_LIST,
    QUERY_GATEWAY_LIST, QUERY_TOKEN_REVOCATION_PURGE, QUERY_SITE_KEY_FORGET,
    QUERY_LIMIT_EVICT, /* in the order of an index, and no more than it says */
};

static bool is_of_all_rows(enum query query)
{
	for (size_t i = 0; i < sizeof of_all_rows / sizeof of_all_rows[0]; i++)
		if (of_all_rows[i] == query)
			return true;
	return false;
}

/* Does SQLite read a table from one end to the other for it? */
static bool scans(sqlite3 *db, const char *sql)
{
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *plan;
	bool found = false;

	assert_non_null(explain);
	if (sqlite3_prepare_v2(db, explain, -1, &plan, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(plan, 3);

		found |=
		    strncmp(detail, "SCAN ", 5) == 0 && strcmp(detail, "SCAN CONSTANT ROW") != 0;
	}
	sqlite3_finalize(plan);
	sqlite3_free(explain);
	return found;
}

static sqlite3 *open_database(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	return db;
}

static void test_by_index(void **state)
{
	struct fixture *f = *state;
	struct limit_store *limits;
	char path[128];

	assert_int_equal(limit_open(f->path, &limits, NULL), STATUS_OK);
	snprintf(path, sizeof path, "%s.limits", f->path);
	sqlite3 *main = open_database(f->path), *of_limits = open_database(path);
	for (enum query i = 0; i < QUERY_COUNT; i++) {
		sqlite3 *db = i >= QUERY_LIMIT_FIND && i <= QUERY_UPSTREAM_SET ? of_limits : main;

		if (scans(db, catalogue[i]) && !is_of_all_rows(i))
			fail_msg("reads all rows: %s", catalogue[i]);
	}
	sqlite3_close(of_limits);
	sqlite3_close(main);
	limit_close(limits);
}

static void test_all_rows_are_noticed(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = open_database(f->path);

	assert_true(scans(db, "SELECT id FROM site_user WHERE display_name = ?1"));
	assert_true(scans(db, catalogue[QUERY_USER_LIST]));
	assert_false(scans(db, catalogue[QUERY_USER_FIND]));
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_by_index, fixture_store, fixture_remove),
	    cmocka_unit_test_setup_teardown(test_all_rows_are_noticed, fixture_store,
					    fixture_remove),
	};

	return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
