/*
 * query_sql.c says of each query what its statement says: how many parameters of which kind, and
 * which columns. No query takes longer because there are more users, sessions or buckets: each uses
 * an index, except those that are about all rows and are named here.
 */
#include "unit.h"

#include <sqlite3.h>

#include "store/limit.h"
#include "store/query.h"
#include "store_fixture.h"

static const enum query of_all_rows[] = {
    QUERY_PING, /* one row, whichever */
    /* what an operator asks for */
    QUERY_USER_LIST, QUERY_SESSION_LIST, QUERY_SESSION_END_ALL, QUERY_JID_MAP_LIST,
    QUERY_ADHOC_CALLER_LIST, QUERY_TOKEN_REVOCATION_PURGE, QUERY_SITE_KEY_FORGET,
    QUERY_LIMIT_EVICT, /* in the order of an index, and no more than it says */
};

static bool is_of_all_rows(enum query query)
{
	if (query >= QUERY_COPY_FIRST && query < QUERY_LIMIT_FIND && queries[query].row != NULL)
		return true;
	for (size_t i = 0; i < COUNT(of_all_rows); i++)
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

		found |= strncmp(detail, "SCAN ", 5) == 0 &&
			 strcmp(detail, "SCAN CONSTANT ROW") != 0 &&
			 strncmp(detail, "SCAN (", 6) != 0; /* what another step has found */
	}
	sqlite3_finalize(plan);
	sqlite3_free(explain);
	return found;
}

static sqlite3 *open_database(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

struct databases {
	sqlite3 *main, *of_limits;
};

static struct databases open_databases(const struct fixture *f)
{
	struct limit_store *limits;
	char path[128];

	assert_ok(limit_open(f->path, &limits, ERR));
	limit_close(limits);
	snprintf(path, sizeof(path), "%s.limits", f->path);
	return (struct databases){open_database(f->path), open_database(path)};
}

static void close_databases(const struct databases *databases)
{
	sqlite3_close(databases->of_limits);
	sqlite3_close(databases->main);
}

static sqlite3 *database_of(const struct databases *databases, enum query query)
{
	return query >= QUERY_LIMIT_FIND ? databases->of_limits : databases->main;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
	return s;
}

FIXTURE(fixture_store, fixture_remove)

TEST(test_by_index)
{
	const struct databases databases = open_databases(*state);

	for (enum query i = 0; i < QUERY_COUNT; i++)
		if (scans(database_of(&databases, i), queries[i].sql) && !is_of_all_rows(i))
			fail_msg("reads all rows: %s", queries[i].sql);
	close_databases(&databases);
}

TEST(test_all_rows_are_noticed)
{
	struct fixture *f = *state;
	sqlite3 *db = open_database(f->path);

	assert_true(scans(db, "SELECT id FROM site_user WHERE display_name = ?1"));
	assert_true(scans(db, queries[QUERY_USER_LIST].sql));
	assert_false(scans(db, queries[QUERY_USER_FIND].sql));
	sqlite3_close(db);
}

/* ---- what query_sql.c says about a query against its statement ---- */

static int param_count(const struct query_sql *query)
{
	int count = 0;

	while (query->params[count] != KIND_NULL)
		count++;
	return count;
}

static size_t size_of(unsigned kind)
{
	switch (kind & ~KIND_OR_NULL) {
	case KIND_INTEGER:
		return sizeof(int64_t);
	case KIND_FLAG:
		return sizeof(bool);
	case KIND_BLOB:
		return 32;
	default:
		return sizeof(char *);
	}
}

static const char *type_of(unsigned kind)
{
	switch (kind & ~KIND_OR_NULL) {
	case KIND_INTEGER:
	case KIND_FLAG:
		return "INTEGER";
	case KIND_BLOB:
		return "BLOB";
	default:
		return "TEXT";
	}
}

/* NULL: the column fits; otherwise what does not. */
static const char *misfit(sqlite3_stmt *s, int n, const struct row_type *row)
{
	const struct column *column = &row->columns[n];
	const char *type = sqlite3_column_decltype(s, n); /* NULL for an expression */

	if (strcmp(sqlite3_column_name(s, n), column->name) != 0)
		return "name";
	if (type != NULL && strcmp(type, type_of(column->kind)) != 0)
		return "kind";
	if (column->size != size_of(column->kind) || column->offset + column->size > row->size)
		return "size";
	return NULL;
}

TEST(test_rows_fit_their_statements)
{
	const struct databases databases = open_databases(*state);

	for (enum query i = 0; i < QUERY_COUNT; i++) {
		const struct query_sql *query = &queries[i];
		sqlite3_stmt *s = prepare(database_of(&databases, i), query->sql);

		assert_int_equal(sqlite3_stmt_readonly(s), query->row != NULL);
		for (int n = 0; query->row != NULL && n < (int)query->row->count; n++)
			if (misfit(s, n, query->row) != NULL)
				fail_msg("the %s of column %d: %s", misfit(s, n, query->row), n,
					 query->sql);
		assert_int_equal(sqlite3_column_count(s),
				 query->row != NULL ? query->row->count : 0);
		sqlite3_finalize(s);
		if (query->row == NULL)
			continue;
		assert_in_range(query->row->count, 1, ROW_COLUMNS_MAX);
		assert_in_range(query->row->size, 1, ROW_SIZE_MAX);
	}
	close_databases(&databases);
}

TEST(test_another_row_is_noticed)
{
	struct fixture *f = *state;
	sqlite3 *db = open_database(f->path);
	const struct row_type *user = queries[QUERY_USER_FIND].row;
	sqlite3_stmt *s =
	    prepare(db, "SELECT 'a' AS id, id AS name, id AS disabled FROM site_user");

	assert_null(misfit(s, 0, user)); /* an expression has no type */
	assert_string_equal(misfit(s, 1, user), "kind");
	assert_string_equal(misfit(s, 2, user), "name");
	sqlite3_finalize(s);
	sqlite3_close(db);
}

/* Runs it with values of these kinds, or nulls where they are allowed, and takes it back. */
static int try(sqlite3 *db, const char *sql, const unsigned char *kinds, bool nulls)
{
	static const unsigned char blob[32];
	sqlite3_stmt *s = prepare(db, sql);

	assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	for (int n = 1; kinds[n - 1] != KIND_NULL; n++) {
		unsigned kind = kinds[n - 1] & ~KIND_OR_NULL;

		if (nulls && kind != kinds[n - 1])
			sqlite3_bind_null(s, n);
		else if (kind == KIND_BLOB)
			sqlite3_bind_blob(s, n, blob, sizeof(blob), SQLITE_STATIC);
		else if (kind == KIND_INTEGER)
			sqlite3_bind_int(s, n, 1);
		else
			sqlite3_bind_text(s, n, "some", -1, SQLITE_STATIC);
	}
	int code = sqlite3_step(s);
	sqlite3_finalize(s);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	return code;
}

TEST(test_parameters_fit_their_statements)
{
	const struct databases databases = open_databases(*state);

	for (enum query i = 0; i < QUERY_COUNT; i++) {
		const struct query_sql *query = &queries[i];
		sqlite3 *db = database_of(&databases, i);
		sqlite3_stmt *s = prepare(db, query->sql);

		if (sqlite3_bind_parameter_count(s) != param_count(query))
			fail_msg("%d parameters, not %d: %s", sqlite3_bind_parameter_count(s),
				 param_count(query), query->sql);
		sqlite3_finalize(s);
		for (int nulls = 0; nulls < 2; nulls++) {
			int code = try(db, query->sql, query->params, nulls);

			if (code != SQLITE_DONE && code != SQLITE_ROW)
				fail_msg("%s: %s", sqlite3_errmsg(db), query->sql);
		}
	}
	close_databases(&databases);
}

TEST(test_other_parameters_are_noticed)
{
	struct fixture *f = *state;
	sqlite3 *db = open_database(f->path);
	const char *sql = queries[QUERY_USED_NONCE_ADD].sql;

	assert_int_equal(try(db, sql, (unsigned char[]){KIND_TEXT, KIND_INTEGER, 0}, false),
			 SQLITE_DONE);
	assert_int_equal(try(db, sql, (unsigned char[]){KIND_TEXT, KIND_TEXT, 0}, false),
			 SQLITE_CONSTRAINT);
	sqlite3_close(db);
}

/* A caller who gives other values than query_sql.c asks for learns it in the first test. */
TEST(test_other_values_are_refused)
{
	struct fixture *f = *state;
	int changed;

	assert_ok(store_run(f->store, QUERY_USED_NONCE_ADD, VALUES(as_text("n"), as_integer(1)),
			    &changed, ERR));
	assert_int_equal(changed, 1);
	const struct values wrong[] = {
	    NO_VALUES,
	    VALUES(as_text("n")),
	    VALUES(as_text("n"), as_text("1")),
	    VALUES(as_text("n"), as_integer(1), as_integer(1)),
	};
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_fails(store_run(f->store, QUERY_USED_NONCE_ADD, wrong[i], &changed, ERR),
			     STATUS_INTERNAL, "used_nonce");
}

/* ---- what prebindctl migrate --from copies ---- */

/* The query that copies this table; QUERY_COUNT if there is none. */
static enum query copy_of(const char *table)
{
	char end[64];

	snprintf(end, sizeof(end), " FROM %s", table);
	for (enum query i = QUERY_COPY_FIRST; i < QUERY_LIMIT_FIND; i += 2) {
		const char *found = strstr(queries[i].sql, end);

		if (found != NULL && strcmp(found, end) == 0)
			return i;
	}
	return QUERY_COUNT;
}

/* Every column that the schema gives the table is read, and written. */
static void assert_copied_whole(sqlite3 *db, const char *table)
{
	const enum query read = copy_of(table);
	char sql[128];

	if (read == QUERY_COUNT)
		fail_msg("the table %s is not copied", table);
	sqlite3_stmt *s = prepare(db, queries[read].sql);
	snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
	sqlite3_stmt *whole = prepare(db, sql);
	if (sqlite3_column_count(s) != sqlite3_column_count(whole))
		fail_msg("%s has %d columns: %s", table, sqlite3_column_count(whole),
			 queries[read].sql);
	assert_int_equal(param_count(&queries[read + 1]), sqlite3_column_count(whole));
	sqlite3_finalize(whole);
	sqlite3_finalize(s);
}

TEST(test_every_column_is_copied)
{
	struct fixture *f = *state;
	sqlite3 *db = open_database(f->path);
	sqlite3_stmt *tables = prepare(db, "SELECT name FROM sqlite_schema WHERE type = 'table'"
					   " AND name NOT LIKE 'sqlite_%'"
					   " AND name <> 'database_site'"); /* of the target */
	int count = 0;

	for (; sqlite3_step(tables) == SQLITE_ROW; count++)
		assert_copied_whole(db, (const char *)sqlite3_column_text(tables, 0));
	assert_int_equal(count, (QUERY_LIMIT_FIND - QUERY_COPY_FIRST) / 2);
	sqlite3_finalize(tables);
	sqlite3_close(db);
}
