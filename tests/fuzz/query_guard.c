/*
 * A query file for a site's SQLite database. Oracle: a query that is accepted is one that a real
 * authoriser of SQLite, which knows nothing of our guard, finds to do nothing but read the site's
 * tables and call harmless functions; and running it changes nothing.
 */
#include "fuzz.h"

#include <sqlite3.h>

#include "sitedb/site_query.h"

#define SCHEMA                                                                                     \
	"CREATE TABLE IF NOT EXISTS session (sid TEXT PRIMARY KEY, user, expires INTEGER);"        \
	"CREATE TABLE IF NOT EXISTS user (id INTEGER PRIMARY KEY, name TEXT, shown TEXT);"         \
	"CREATE VIEW IF NOT EXISTS member AS SELECT id, name FROM user;"                           \
	"INSERT OR REPLACE INTO session VALUES ('good', 17, 1900000000);"                          \
	"INSERT OR REPLACE INTO user VALUES (17, 'bob', 'Bob B.')"

static sqlite3 *judge;
static const char *database;

static int authorise(void *arg, int action, const char *a, const char *b, const char *c,
		     const char *d)
{
	bool *harmless = arg;
	bool is_catalogue = action == SQLITE_READ && a != NULL && strncasecmp(a, "sqlite_", 7) == 0;
	bool loads = action == SQLITE_FUNCTION && b != NULL &&
		     (strcasestr(b, "load") || strcasestr(b, "file") || strcasestr(b, "blob"));

	(void)c, (void)d;
	*harmless &=
	    (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION) &&
	    !is_catalogue && !loads;
	return SQLITE_OK;
}

static void fold(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_value(context, values[0]);
}

static void judge_open(void)
{
	database = strdup(fuzz_file("site.db"));
	ORACLE(sqlite3_open(database, &judge) == SQLITE_OK);
	ORACLE(sqlite3_exec(judge, SCHEMA, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_create_function(judge, "fold", 1, SQLITE_UTF8, NULL, fold, NULL, NULL);
}

static void check(const char *sql, struct site_query *query)
{
	const struct site_query_value values[] = {{.text = "good"}, {.number = 1800000000}};
	struct site_query_row row = {0};
	sqlite3_stmt *statement = NULL;
	const char *rest = NULL;
	bool harmless = true;

	sqlite3_set_authorizer(judge, authorise, &harmless);
	ORACLE(sqlite3_prepare_v2(judge, sql, -1, &statement, &rest) == SQLITE_OK);
	ORACLE(statement != NULL && sqlite3_stmt_readonly(statement) && harmless);
	ORACLE(sqlite3_stmt_isexplain(statement) == 0 && rest[strspn(rest, " \t\r\n\f\v")] == '\0');
	sqlite3_finalize(statement);
	int changes = sqlite3_total_changes(judge);
	site_query_ask(query, values, &row, NULL);
	site_query_row_clear(&row);
	ORACLE(sqlite3_total_changes(judge) == changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const params[] = {":sid", ":now", NULL};
	static const struct site_query_column columns[] = {
	    {"user",      255, true },
            {"expires_s", 32,  false}
        };
	struct site_query *query = NULL;
	struct error err = {0};

	fuzz_start();
	if (judge == NULL)
		judge_open();
	char *file = strdup(fuzz_write("query.sql", data, size));
	const struct site_query_spec spec = {.database = database,
					     .file = file,
					     .key = "site_query",
					     .asked = params,
					     .columns = columns,
					     .n_columns = 2};
	char *sql = fuzz_text(data, size);
	if (site_query_open(&spec, &query, &err) == STATUS_OK)
		check(sql, query);
	else
		ORACLE(err.text[0] != '\0');
	site_query_close(query);
	free(sql);
	free(file);
	return 0;
}
