/*
 * Reads another program's SQLite database with a query that the operator wrote. For sitedb/ only.
 */
#ifndef STORE_FOREIGN_H
#define STORE_FOREIGN_H

#include "store/connection.h"

struct statement;

/*
 * Opens another program's database read-only. Nothing in it is trusted: SQLite's limits are set
 * low, and its schema cannot call functions with side effects. It needs no schema of ours. Errors
 * tell the operator what to do about a database that another program owns. The caller closes *out.
 */
enum status connection_open_foreign(const char *path, struct connection **out, struct error *err);

/*
 * Refuses a database of prebind where the site's own database is expected. It may belong to another
 * site of prebind, whose logins and passwords the query must not read.
 */
enum status connection_check_foreign(struct connection *db, struct error *err);

/*
 * Calls `each` with the first column of every row. sql is a constant. Returns STATUS_BAD_REQUEST if
 * a text contains a NUL.
 */
enum status connection_each(struct connection *db, const char *sql,
			    void (*each)(void *arg, const char *text), void *arg,
			    struct error *err);

/*
 * The actions that a statement can take. While SQLite prepares a statement, it asks the guard about
 * each action. It asks again whenever it prepares the statement again.
 */
enum guarded {
	GUARDED_SELECT,
	GUARDED_READ,     /* name is the table */
	GUARDED_FUNCTION, /* name is the function */
	GUARDED_OTHER     /* writes, pragmas, transactions, ATTACH … */
};
struct guard {
	bool (*allows)(void *arg, enum guarded what, const char *name); /* name can be NULL */
	void *arg;
};
/* Sets the guard of a connection. Keeps a copy of *guard. */
void connection_guard(struct connection *db, const struct guard *guard);

/* Limits the total time of all further steps, in milliseconds. 0 removes the limit. */
void connection_budget(struct connection *db, int milliseconds);

/*
 * Prepares one statement that is not in query_sql.c. *end becomes the number of bytes of sql that
 * belong to the statement. Returns STATUS_BAD_REQUEST if the statement is not valid SQL for this
 * database. *end is then the offset of the error, or -1 if SQLite does not report it. The caller
 * frees *out before it closes the connection.
 */
enum status statement_prepare(struct connection *db, const char *sql, struct statement **out,
			      long *end, struct error *err);
void statement_free(struct statement *s); /* NULL is allowed */
void statement_reset(struct statement *s);

/*
 * Sets parameter n, numbered from 1. statement_row reports errors later. The text must stay valid
 * until the last row is read. NULL binds null.
 */
void statement_bind_text(struct statement *s, int n, const char *text);
void statement_bind_integer(struct statement *s, int n, int64_t number);

/*
 * Reads the next row. After STATUS_OK its columns can be read. STATUS_NOT_FOUND means that there
 * are no more rows. That is not a failure, and err is not set.
 */
enum status statement_row(struct statement *s, struct error *err);

bool statement_only_reads(const struct statement *s); /* false for an EXPLAIN */
int statement_param_count(const struct statement *s);
/* n counts from 1. NULL if the parameter has no name. */
const char *statement_param_name(const struct statement *s, int n);
int statement_column_count(const struct statement *s);
/* NULL if out of memory. */
const char *statement_column_name(const struct statement *s, int column);

enum value_kind { VALUE_NULL, VALUE_INTEGER, VALUE_TEXT, VALUE_OTHER };
enum value_kind statement_value_kind(struct statement *s, int column);
size_t statement_value_length(struct statement *s, int column); /* bytes of the value as a text */

/*
 * Copies the value as a text; the caller frees *out. Returns STATUS_UNAVAILABLE if the value
 * contains a NUL, because a name that is cut off there could be another user's name.
 */
enum status statement_text_dup(struct statement *s, int column, char **out, struct error *err);

#endif
