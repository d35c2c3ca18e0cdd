/*
 * MariaDB and MySQL as a kind of site database: declarations that the mariadb*.c files share. If
 * libmariadb was found at build time, this includes its header and defines LIBMARIADB.
 */
#ifndef SITEDB_MARIADB_H
#define SITEDB_MARIADB_H

#include "db/library.h"
#include "sitedb/sitedb.h"

#if __has_include(<mariadb/mysql.h>)
#define LIBMARIADB
#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <mariadb/mysqld_error.h>

/* clang-format off */
#define LIBMARIADB_CALLS(X) \
	X(mysql_server_init) X(mysql_init) X(mysql_optionsv) X(mysql_real_connect) \
	X(mysql_close) X(mysql_errno) X(mysql_error) X(mysql_real_query) X(mysql_store_result) \
	X(mysql_fetch_row) X(mysql_free_result) X(mariadb_connection) X(mysql_get_server_info) \
	X(mysql_get_server_version) X(mysql_stmt_init) \
	X(mysql_stmt_prepare) X(mysql_stmt_close) X(mysql_stmt_errno) X(mysql_stmt_error) \
	X(mysql_stmt_param_count) X(mysql_stmt_field_count) X(mysql_stmt_bind_param) \
	X(mysql_stmt_bind_result) X(mysql_stmt_execute) X(mysql_stmt_store_result) \
	X(mysql_stmt_fetch) X(mysql_stmt_free_result)
/* clang-format on */

/* The functions of libmariadb, which are set when the first connection is opened. */
extern struct libmariadb_calls {
	LIBRARY_POINTERS(LIBMARIADB_CALLS)
} libmariadb;

struct mariadb {
	MYSQL *mysql;
	struct mariadb_statement *statements; /* owned */
	size_t rows_max; /* the session's current limit on the rows of a statement */
	bool lost;
};

struct mariadb_column {
	char *buffer; /* owned */
	unsigned long size, length;
	my_bool is_null;
	bool usable; /* true if the value is a string or a whole number */
};

struct mariadb_statement {
	struct mariadb_statement *next;
	struct mariadb *connection; /* borrowed */
	MYSQL_STMT *stmt;
	/* in the order of the statement's columns */
	struct mariadb_column columns[SITE_QUERY_COLUMNS_MAX];
	MYSQL_BIND results[SITE_QUERY_COLUMNS_MAX];
};

/* Sets the deadline (monotonic) for all later waits of this thread for a server. */
void mariadb_wait_until(int64_t until_ms);

/*
 * Sets err to the error that libmariadb reported for the statement. Returns the status of that
 * error.
 */
enum status mariadb_stmt_failed(struct mariadb_statement *s, struct error *err);

/*
 * Sets err to say that the server's answer violates the protocol, and marks the connection as lost.
 * Returns STATUS_UNAVAILABLE.
 */
enum status mariadb_malformed(struct mariadb *connection, struct error *err);

/* Returns true if the row has exactly the values of these fields, and no other bytes. */
bool mariadb_row_is_whole(const MYSQL_FIELD *fields, size_t count, const unsigned char *row,
			  size_t len);

/* Limits the rows that a statement returns, unless the statement has a LIMIT of its own. */
enum status mariadb_limit_rows(struct mariadb *connection, size_t rows_max, struct error *err);

/* Frees a statement. */
void mariadb_statement_free(struct mariadb_statement *s);

/* The functions `prepare` and `ask` of struct sitedb_kind. */
enum status mariadb_prepare(void *handle, const struct site_query_text *text, int64_t until_ms,
			    void **out, struct error *err);
enum status mariadb_ask(void *statement, const struct site_query_text *text,
			const struct sitedb_ask *ask, struct sitedb_rows *rows, struct error *err);

#endif

#endif
