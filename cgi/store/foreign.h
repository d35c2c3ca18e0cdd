/*
 * Another program's SQLite database, which is read with a query of the operator. For sitedb/ only.
 */
#ifndef STORE_FOREIGN_H
#define STORE_FOREIGN_H

#include "store/connection.h"

struct statement;

/*
 * Opens another program's database read-only. Nothing in it is trusted: SQLite's limits are low,
 * and its schema may not call functions with side effects. It needs no schema of ours. Errors tell
 * the operator what to do about a database that another program owns. The caller owns *out.
 */
enum status connection_open_foreign(const char *path, struct connection **out, struct error *err);

/*
 * Refuses a database of prebind where the site's own is expected: it may belong to another site,
 * and the query of this one must not read its logins and passwords.
 */
enum status connection_check_foreign(struct connection *db, struct error *err);

/*
 * Calls `each` with the first column of every row. sql is a constant. STATUS_BAD_REQUEST: a text
 * has a NUL in it.
 */
enum status connection_each(struct connection *db, const char *sql,
			    void (*each)(void *arg, const char *text), void *arg,
			    struct error *err);

/*
 * An action that a statement would take. SQLite asks the guard about each while it prepares a
 * statement, also when it prepares it again.
 */
enum guarded {
	GUARDED_SELECT,
	GUARDED_READ,     /* name: the table */
	GUARDED_FUNCTION, /* name: the function */
	GUARDED_OTHER     /* writing, pragmas, transactions, ATTACH … */
};
struct guard {
	bool (*allows)(void *arg, enum guarded what, const char *name); /* name may be NULL */
	void *arg;
};
void connection_guard(struct connection *db, const struct guard *guard); /* keeps a copy */

/* Limits the total time of all further steps, in milliseconds; 0: no limit. */
void connection_budget(struct connection *db, int milliseconds);

/*
 * Prepares one statement that is not in sql.c. *end: how many bytes of sql belong to it.
 * STATUS_BAD_REQUEST: it is not valid SQL for this database; *end is the offset of the fault, or -1
 * if SQLite does not tell. The caller frees *out before it closes the connection.
 */
enum status statement_prepare(struct connection *db, const char *sql, struct statement **out,
			      long *end, struct error *err);
void statement_free(struct statement *s); /* NULL is allowed */
void statement_reset(struct statement *s);

/*
 * Sets a parameter, numbered from 1. Errors are reported later by statement_row. A text is borrowed
 * until the last row is read. NULL binds null.
 */
void statement_bind_text(struct statement *s, int n, const char *text);
void statement_bind_integer(struct statement *s, int n, int64_t number);

/*
 * Reads the next row. STATUS_OK: its columns can be read. STATUS_NOT_FOUND: there are no more rows;
 * that is not a failure, and err is left alone.
 */
enum status statement_row(struct statement *s, struct error *err);

bool statement_only_reads(const struct statement *s); /* and is no EXPLAIN */
int statement_param_count(const struct statement *s);
const char *statement_param_name(const struct statement *s, int n); /* n from 1; NULL: no name */
int statement_column_count(const struct statement *s);
const char *statement_column_name(const struct statement *s, int column); /* NULL: out of memory */

enum value_kind { VALUE_NULL, VALUE_INTEGER, VALUE_TEXT, VALUE_OTHER };
enum value_kind statement_value_kind(struct statement *s, int column);
size_t statement_value_length(struct statement *s, int column); /* bytes, as a text */

/*
 * Copies the value as a text; the caller frees *out. STATUS_UNAVAILABLE: it has a NUL in it. A name
 * cut off there could be another user's name.
 */
enum status statement_text_dup(struct statement *s, int column, char **out, struct error *err);

#endif
