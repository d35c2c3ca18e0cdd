/*
 * Internal to sitedb/: the interface of a database kind, and the pool of connections. Other folders
 * include sitedb/site_query.h.
 */
#ifndef SITEDB_SITEDB_H
#define SITEDB_SITEDB_H

#include "base/strbuf.h"
#include "conf/site_uri.h"
#include "sitedb/select.h"
#include "sitedb/site_query.h"

/* The time limit for one query, including the wait for a connection. */
#define SITEDB_ASK_MS 2000
/* How long a statement can run. The server stops it after this time. */
#define SITEDB_STATEMENT_MS 1000

/* How long an idle connection to a server is kept open. */
#define SITEDB_IDLE_MS (30 * 1000)

struct sitedb_kind;
struct sitedb_server;

/* The database of a site. Members not marked as owned are borrowed from the configuration. */
struct sitedb_source {
	const struct sitedb_kind *kind;
	const struct site_conf *site; /* can be NULL */
	const char *database;         /* the value of the configuration key */
	struct site_uri uri;          /* owned */
	char *key;                    /* owned; connections with equal keys are interchangeable */
	struct sitedb_server *server; /* a counted reference, released with the source */
	long connections_max;
};

/* The text of a query and its origin. Constant after opening. */
struct site_query_text {
	const struct site_query_spec *spec;
	const struct sitedb_source *source;
	char *sql;            /* owned; the text of the file */
	char *exact;          /* owned; the statement that the database runs; NULL if refused */
	struct error refused; /* the reason if exact is NULL; SQLite's error can be more precise */
	/* the index in spec->asked of each parameter in the statement */
	unsigned char places[SELECT_PLACES_MAX];
	size_t n_places;
	/*
	 * The position of each of spec->columns in the statement, or -1 if the statement does not
	 * return it. Not set for a database file.
	 */
	int columns[SITE_QUERY_COLUMNS_MAX];
	size_t n_columns; /* number of columns in the statement */
};

/*
 * Sets the error "FILE:LINE:COLUMN: sentence". The offset `at` is in the text of the file; a
 * negative offset means the beginning of the file.
 */
enum status site_query_refuse(const struct site_query_text *text, long at, const char *sentence,
			      struct error *err);

/* Set the errors about columns and parameters of a query, for all kinds of databases. */
enum status site_query_refuse_column(const struct site_query_text *text, long at, const char *name,
				     bool unknown, struct error *err);
enum status site_query_check_required(const struct site_query_text *text, const int *columns,
				      struct error *err);
/*
 * Sets the error for a parameter that is not in spec->asked. The parameter's name has `len` bytes.
 */
enum status site_query_not_asked(const struct site_query_spec *spec, const char *name, int len,
				 struct error *err);
/*
 * A query must use at least one of the parameters for which this function returns true. `param` is
 * an index of spec->asked.
 */
bool site_query_needs(const struct site_query_spec *spec, size_t param);
enum status site_query_refuse_unused(const struct site_query_text *text, struct error *err);

/* Sets the error for a value that cannot be used. */
enum status site_query_bad_value(const struct site_query_text *text, size_t column, const char *why,
				 struct error *err);
/* Sets the error for a query that found more than one row. */
enum status site_query_many_rows(const struct site_query_text *text, struct error *err);
/*
 * Copies a value of len bytes as a string. Returns STATUS_BAD_REQUEST if the value cannot be used.
 */
enum status site_query_value_dup(const struct site_query_text *text, size_t column,
				 const char *value, size_t len, char **out, struct error *err);

/* Returns the row limit that a server gets for this query. */
size_t site_query_rows_max(const struct site_query_spec *spec);

#define SITE_QUERY_PARAMS_MAX 8

/* The rows that were found. If spec->many is false, max is 1 and a second row is an error. */
struct sitedb_rows {
	struct site_query_row *items;
	size_t max, count;
};

/*
 * Must be called each time after items[count] was read; `status` is the result of the read. If
 * spec->many is true, skips a row that cannot be used. Returns the status with which the caller
 * continues.
 */
enum status sitedb_row_end(const struct site_query_text *text, struct sitedb_rows *rows,
			   enum status status);

/* The values of the parameters, and the deadline (monotonic). */
struct sitedb_ask {
	const struct site_query_value *values; /* in the order of spec->asked */
	int64_t until_ms;
};

/*
 * A database kind. A connection is used by only one thread at a time. Errors do not name the query
 * file. A failed function returns STATUS_UNAVAILABLE, unless its comment says otherwise.
 */
struct sitedb_kind {
	const char *name; /* such as "MariaDB" */
	/* the package that was missing at build time; the functions are then NULL */
	const char *missing;
	/* true if the database is a file, opened and checked together with the site */
	bool is_file;
	int idle_max; /* maximum number of idle connections; 0 for no limit */
	int idle_ms;  /* how long an idle connection is kept, in ms; 0 for no limit */
	struct select_dialect dialect;

	/* Opens a connection. The caller closes *out. */
	enum status (*open)(const struct sitedb_source *source, int64_t until_ms, void **out,
			    struct error *err);
	/*
	 * Returns false if an idle connection can no longer be used. NULL if only `ask` can find
	 * that out.
	 */
	bool (*is_current)(void *connection);
	/*
	 * Returns true if the last failure means that the connection is lost. NULL for a kind whose
	 * connections cannot be lost.
	 */
	bool (*is_lost)(void *connection);
	/* Prepares a statement from text->exact. The connection frees it. */
	enum status (*prepare)(void *connection, const struct site_query_text *text,
			       int64_t until_ms, void **out, struct error *err);
	/*
	 * Returns true if the statement returns spec->columns[column]. Set only for a database
	 * file.
	 */
	bool (*returns)(const void *statement, size_t column);
	/*
	 * Like site_query_ask or site_query_list, but STATUS_NOT_FOUND always means that there is
	 * no row. The caller clears rows up to max, even after a failure.
	 */
	enum status (*ask)(void *statement, const struct site_query_text *text,
			   const struct sitedb_ask *ask, struct sitedb_rows *rows,
			   struct error *err);
	void (*close)(void *connection); /* also frees the connection's statements */

	/*
	 * For `prebindctl check`: calls `each` with the first column of every row. sql is made by
	 * prebind.
	 */
	enum status (*each)(void *connection, const char *sql, int64_t until_ms,
			    void (*each)(void *arg, const char *text), void *arg,
			    struct error *err);
	const char *tables; /* a SELECT for the names of the tables and views */
};

extern const struct sitedb_kind sitedb_sqlite, sitedb_mariadb, sitedb_postgresql;

/* Returns STATUS_BAD_REQUEST if the value `database` is invalid. The caller clears *out. */
enum status sitedb_source_init(struct sitedb_source *out, const struct site_conf *site,
			       const char *database, struct error *err);
void sitedb_source_clear(struct sitedb_source *source);

/* ---- the pool: connections by server ---- */

struct sitedb_connection; /* used by only one thread, from sitedb_take to sitedb_give */

/*
 * Takes an idle connection with the source's key, or opens one. At the limit of open connections,
 * closes an idle connection of a different site, or waits until a connection is returned. Sets
 * *fresh to true if the connection is new.
 */
enum status sitedb_take(const struct sitedb_source *source, int64_t until_ms,
			struct sitedb_connection **out, bool *fresh, struct error *err);
/* Returns the connection to the pool if `keep` is true. Otherwise closes the connection. */
void sitedb_give(struct sitedb_connection *connection, bool keep);
void *sitedb_handle(const struct sitedb_connection *connection);

/*
 * Returns the query's statement on this connection, which is prepared when it is first used. id is
 * unique among all queries that were ever opened.
 */
enum status sitedb_statement(struct sitedb_connection *connection,
			     const struct site_query_text *text, uint64_t id, int64_t until_ms,
			     void **out, struct error *err);

/* Closes the idle connections with the source's key. */
void sitedb_forget(const struct sitedb_source *source);

/*
 * Get and release a server. Servers are reference-counted, and the last release frees the server.
 */
enum status sitedb_server_get(const char *address, struct sitedb_server **out, struct error *err);
void sitedb_server_release(struct sitedb_server *server);

/*
 * Must be called after a time-out. For one second, no connection to this server is opened, so that
 * requests do not pile up.
 */
void sitedb_server_rest(struct sitedb_server *server);

/* Reads the password for the site's database. out is empty if the site has no password. */
enum status sitedb_password(const struct sitedb_source *source, struct strbuf *out,
			    struct error *err);

#endif
