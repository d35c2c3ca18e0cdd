/*
 * Internal to sitedb/: the interface of a kind of database, and the pool of connections. Other
 * folders include sitedb/site_query.h.
 */
#ifndef SITEDB_SITEDB_H
#define SITEDB_SITEDB_H

#include "base/strbuf.h"
#include "conf/site_uri.h"
#include "sitedb/select.h"
#include "sitedb/site_query.h"

/* How long a visitor's request can wait for the site's database, with all steps together. */
#define SITEDB_ASK_MS 2000
/* How long one statement is allowed to take. A server stops it after this time. */
#define SITEDB_STATEMENT_MS 1000

/* How long an idle connection to a server is kept. */
#define SITEDB_IDLE_MS (30 * 1000)

struct sitedb_kind;
struct sitedb_server;

/*
 * A site's database. Members are borrowed from the configuration, unless they are marked as owned.
 */
struct sitedb_source {
	const struct sitedb_kind *kind;
	const struct site_conf *site; /* can be NULL */
	const char *database;         /* as in the configuration */
	struct site_uri uri;          /* owned */
	char *key;                    /* owned; connections with equal keys are interchangeable */
	struct sitedb_server *server; /* a counted reference */
	long connections_max;
};

/* The text of a query and its origin. Constant after it is opened. */
struct site_query_text {
	const struct site_query_spec *spec;
	const struct sitedb_source *source;
	char *sql;            /* owned; the file's text */
	char *exact;          /* owned; the statement that the database gets; NULL if refused */
	struct error refused; /* why exact is NULL; SQLite's own error can be better */
	unsigned char places[SELECT_PLACES_MAX]; /* for each parameter, its index in spec->asked */
	size_t n_places;
	/*
	 * For each of spec->columns, its number in the statement, or -1 if it is not returned. Not
	 * set for a file.
	 */
	int columns[SITE_QUERY_COLUMNS_MAX];
	size_t n_columns; /* columns of the statement */
};

/*
 * Sets the error "FILE:LINE:COLUMN: sentence". at is an offset in the text, or negative for its
 * beginning.
 */
enum status site_query_refuse(const struct site_query_text *text, long at, const char *sentence,
			      struct error *err);

/* Errors about the columns and parameters of a query, for all kinds of databases. */
enum status site_query_refuse_column(const struct site_query_text *text, long at, const char *name,
				     bool unknown, struct error *err);
enum status site_query_check_required(const struct site_query_text *text, const int *columns,
				      struct error *err);
/*
 * Sets the error for a parameter that is not in spec->asked. len is the length of the name in
 * bytes.
 */
enum status site_query_not_asked(const struct site_query_spec *spec, const char *name, int len,
				 struct error *err);
/*
 * The query must use at least one of some parameters. Returns true if spec->asked[param] is one of
 * them.
 */
bool site_query_needs(const struct site_query_spec *spec, size_t param);
enum status site_query_refuse_unused(const struct site_query_text *text, struct error *err);

/* Sets the error for a column with a value that cannot be used. */
enum status site_query_bad_value(const struct site_query_text *text, size_t column, const char *why,
				 struct error *err);
/* Sets the error for a query that found more than one row. */
enum status site_query_many_rows(const struct site_query_text *text, struct error *err);
/* Copies a value, a text of len bytes. Returns STATUS_BAD_REQUEST if it cannot be used. */
enum status site_query_value_dup(const struct site_query_text *text, size_t column,
				 const char *value, size_t len, char **out, struct error *err);

/* How many rows a server returns for this query at most. */
size_t site_query_rows_max(const struct site_query_spec *spec);

#define SITE_QUERY_PARAMS_MAX 8

/* The rows that were found. If the spec has no `many`, max is 1, and a second row is an error. */
struct sitedb_rows {
	struct site_query_row *items;
	size_t max, count;
};

/*
 * Must be called after items[count] was read; status is the result of reading it. With `many`, a
 * row that cannot be used is left out. Returns the status to continue with.
 */
enum status sitedb_row_end(const struct site_query_text *text, struct sitedb_rows *rows,
			   enum status status);

/* The values of the parameters, and until when to wait (monotonic). */
struct sitedb_ask {
	const struct site_query_value *values; /* in the order of spec->asked */
	int64_t until_ms;
};

/*
 * A kind of database. Only one thread at a time uses a connection. Errors do not name the query's
 * file. A function that fails returns STATUS_UNAVAILABLE, unless its comment says otherwise.
 */
struct sitedb_kind {
	const char *name;    /* such as "MariaDB" */
	const char *missing; /* the package that the build lacked; the functions are then NULL */
	bool is_file;        /* the database is a file, opened and checked with the site */
	int idle_max;        /* how many idle connections are kept; 0 for all */
	int idle_ms;         /* how long an idle connection is kept, in ms; 0 for no limit */
	struct select_dialect dialect;

	/* Opens a connection. The caller closes *out. */
	enum status (*open)(const struct sitedb_source *source, int64_t until_ms, void **out,
			    struct error *err);
	/* Returns false if an idle connection can no longer be used. NULL if only ask can tell. */
	bool (*is_current)(void *connection);
	/*
	 * Returns true if the last failure was the loss of the connection. NULL if it cannot be
	 * lost.
	 */
	bool (*is_lost)(void *connection);
	/* Makes a statement from text->exact. The connection frees it. */
	enum status (*prepare)(void *connection, const struct site_query_text *text,
			       int64_t until_ms, void **out, struct error *err);
	/* For a file: returns true if the statement returns spec->columns[column]. */
	bool (*returns)(const void *statement, size_t column);
	/*
	 * As site_query_ask or site_query_list, but STATUS_NOT_FOUND always means that there is no
	 * row. The caller clears the rows up to max, even after a failure.
	 */
	enum status (*ask)(void *statement, const struct site_query_text *text,
			   const struct sitedb_ask *ask, struct sitedb_rows *rows,
			   struct error *err);
	void (*close)(void *connection); /* also frees its statements */

	/*
	 * For `prebindctl check`. Calls `each` with the first column of every row. sql comes from
	 * this program.
	 */
	enum status (*each)(void *connection, const char *sql, int64_t until_ms,
			    void (*each)(void *arg, const char *text), void *arg,
			    struct error *err);
	const char *tables; /* the SELECT for the names of the tables and views */
};

extern const struct sitedb_kind sitedb_sqlite, sitedb_mariadb, sitedb_postgresql;

/* Returns STATUS_BAD_REQUEST if the value of `database` is not valid. The caller clears *out. */
enum status sitedb_source_init(struct sitedb_source *out, const struct site_conf *site,
			       const char *database, struct error *err);
void sitedb_source_clear(struct sitedb_source *source);

/* ---- the pool: connections by server ---- */

struct sitedb_connection; /* used by one thread, from take to give */

/*
 * Takes an idle connection with the source's key, or opens one. If the limit of open connections is
 * reached, closes an idle connection of another site, or waits for one. Sets *fresh if the
 * connection was opened now.
 */
enum status sitedb_take(const struct sitedb_source *source, int64_t until_ms,
			struct sitedb_connection **out, bool *fresh, struct error *err);
/* Gives the connection back, or closes it if keep is false. */
void sitedb_give(struct sitedb_connection *connection, bool keep);
void *sitedb_handle(const struct sitedb_connection *connection);

/*
 * Returns the statement of a query on this connection, and prepares it at its first use. id is
 * unique among all queries that were ever opened.
 */
enum status sitedb_statement(struct sitedb_connection *connection,
			     const struct site_query_text *text, uint64_t id, int64_t until_ms,
			     void **out, struct error *err);

/* Closes the idle connections with the source's key. */
void sitedb_forget(const struct sitedb_source *source);

/* Servers are reference-counted. The last release frees the server. */
enum status sitedb_server_get(const char *address, struct sitedb_server **out, struct error *err);
void sitedb_server_release(struct sitedb_server *server);

/*
 * Must be called after a time-out. No connection to this server is opened for a second, so that
 * visitors do not pile up.
 */
void sitedb_server_rest(struct sitedb_server *server);

/* Reads the password of the site's database. out is empty if there is none. */
enum status sitedb_password(const struct sitedb_source *source, struct strbuf *out,
			    struct error *err);

#endif
