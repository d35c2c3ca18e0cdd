/*
 * Reads another program's SQLite database with a query that the operator wrote. For sitedb/ only.
 */
#ifndef STORE_FOREIGN_H
#define STORE_FOREIGN_H

#include "store/connection.h"

struct statement;

/*
 * Opens another program's database read-only. The database can have any schema, and is not trusted.
 * So SQLite's limits are set low, and the schema cannot call functions with side effects. Error
 * texts give advice for a database that another program owns. The caller closes *out.
 */
enum status connection_open_foreign(const char *path, struct connection **out, struct error *err);

/*
 * Refuses a database of prebind, because the database of the site's own software is expected. A
 * prebind database can belong to a different site, and the operator's query must not read the
 * logins and passwords in it.
 */
enum status connection_check_foreign(struct connection *db, struct error *err);

/*
 * Calls `each` with the first column of every row. `sql` must be a constant string. Returns
 * STATUS_BAD_REQUEST if a value contains a NUL.
 */
enum status connection_each(struct connection *db, const char *sql,
			    void (*each)(void *arg, const char *text), void *arg,
			    struct error *err);

/*
 * The actions that a statement can take. When SQLite prepares a statement, it calls the guard for
 * each action of the statement. SQLite can prepare a statement again later, and then calls the
 * guard again.
 */
enum guarded {
	GUARDED_SELECT,
	GUARDED_READ,     /* `name` is the name of a table */
	GUARDED_FUNCTION, /* `name` is the name of a function */
	GUARDED_OTHER     /* writes, pragmas, transactions, ATTACH … */
};
struct guard {
	bool (*allows)(void *arg, enum guarded what, const char *name); /* `name` can be NULL */
	void *arg;
};
/* Sets the guard of a connection. Keeps a copy of *guard. */
void connection_guard(struct connection *db, const struct guard *guard);

/*
 * Limits the total time of all later calls of statement_row, in milliseconds. 0 removes the limit.
 */
void connection_budget(struct connection *db, int milliseconds);

/*
 * Prepares one statement that is not in query_sql.c. *end is set to the length of the statement in
 * sql, in bytes. Returns STATUS_BAD_REQUEST if the statement is not valid SQL for this database.
 * *end is then the offset of the error, or -1 if SQLite does not report it. The caller frees *out
 * before it closes the connection.
 */
enum status statement_prepare(struct connection *db, const char *sql, struct statement **out,
			      long *end, struct error *err);
void statement_free(struct statement *s); /* NULL is allowed */
void statement_reset(struct statement *s);

/*
 * Binds a string to parameter n, numbered from 1. NULL binds SQL null. statement_row reports errors
 * later. The string must stay valid until the last row is read.
 */
void statement_bind_text(struct statement *s, int n, const char *text);
void statement_bind_integer(struct statement *s, int n, int64_t number);

/*
 * Reads the next row. After STATUS_OK its columns can be read. Returns STATUS_NOT_FOUND if there
 * are no more rows; this is not a failure, and err is not set.
 */
enum status statement_row(struct statement *s, struct error *err);

bool statement_only_reads(const struct statement *s); /* also false for EXPLAIN */
int statement_param_count(const struct statement *s);
/* Returns the name of parameter n, numbered from 1, or NULL if the parameter has no name. */
const char *statement_param_name(const struct statement *s, int n);
int statement_column_count(const struct statement *s);
/* Returns NULL if out of memory. */
const char *statement_column_name(const struct statement *s, int column);

enum value_kind { VALUE_NULL, VALUE_INTEGER, VALUE_TEXT, VALUE_OTHER };
enum value_kind statement_value_kind(struct statement *s, int column);
size_t statement_value_length(struct statement *s, int column); /* size as a string, in bytes */

/*
 * Copies the value as a string; the caller frees *out. Returns STATUS_UNAVAILABLE if the value
 * contains a NUL, because a name that ended at the NUL could be another user's name.
 */
enum status statement_text_dup(struct statement *s, int column, char **out, struct error *err);

#endif
