/*
 * Inside sitedb/: what a kind of database does, and the pool that keeps its connections. Others
 * include sitedb/site_query.h.
 */
#ifndef SITEDB_SITEDB_H
#define SITEDB_SITEDB_H

#include "base/strbuf.h"
#include "conf/site_uri.h"
#include "sitedb/select.h"
#include "sitedb/site_query.h"

/* How long a visitor's request waits for the site's database, all steps together. */
#define SITEDB_ASK_MS 2000
/* How long one statement may take. A server stops it then. */
#define SITEDB_STATEMENT_MS 1000

/* How long an idle connection to a server is kept. */
#define SITEDB_IDLE_MS (30 * 1000)

struct sitedb_kind;
struct sitedb_server;

/* A site's database. Members are borrowed from the configuration, except where they say owned. */
struct sitedb_source {
	const struct sitedb_kind *kind;
	const struct site_conf *site; /* may be NULL */
	const char *database;         /* as in the configuration */
	struct site_uri uri;          /* owned */
	char *key;                    /* owned; connections of equal keys can serve each other */
	struct sitedb_server *server; /* counted */
	long connections_max;
};

/* The text of a query and its origin. Constant after it is opened. */
struct site_query_text {
	const struct site_query_spec *spec;
	const struct sitedb_source *source;
	char *sql;            /* owned; the file's text */
	char *exact;          /* owned; what the database gets. NULL: see refused */
	struct error refused; /* why there is no exact text; SQLite may have a better sentence */
	unsigned char places[SELECT_PLACES_MAX]; /* of each parameter: index in spec->asked */
	size_t n_places;
	/* Not of a file: the number of the statement's column; -1: it is not returned. */
	int columns[SITE_QUERY_COLUMNS_MAX];
	size_t n_columns; /* of the statement */
};

/* Sets the error "FILE:LINE:COLUMN: sentence". at: offset in the text; negative: its beginning. */
enum status site_query_refuse(const struct site_query_text *text, long at, const char *sentence,
			      struct error *err);

/* Sentences about the columns and parameters of a query, for all kinds. */
enum status site_query_refuse_column(const struct site_query_text *text, long at, const char *name,
				     bool unknown, struct error *err);
enum status site_query_check_required(const struct site_query_text *text, const int *columns,
				      struct error *err);
/* A sentence about a parameter that is none of spec->asked. len: bytes of the name. */
enum status site_query_not_asked(const struct site_query_spec *spec, const char *name, int len,
				 struct error *err);
/* True for a parameter of spec->asked of which the query must use one. */
bool site_query_needs(const struct site_query_spec *spec, size_t param);
enum status site_query_refuse_unused(const struct site_query_text *text, struct error *err);

/* A sentence about the value of a column that cannot be used. */
enum status site_query_bad_value(const struct site_query_text *text, size_t column, const char *why,
				 struct error *err);
/* A sentence about a query that found more than one row. */
enum status site_query_many_rows(const struct site_query_text *text, struct error *err);
/* Copies a value that is a text of len bytes. STATUS_BAD_REQUEST: it cannot be used. */
enum status site_query_value_dup(const struct site_query_text *text, size_t column,
				 const char *value, size_t len, char **out, struct error *err);

#define SITEDB_ROWS_MAX TEXT_OF(SITE_QUERY_ROWS_MAX) /* in SQL */

#define SITE_QUERY_PARAMS_MAX 8

/* What was found. A spec without `many` has max 1, and a second row is an error. */
struct sitedb_rows {
	struct site_query_row *items;
	size_t max, count;
};

/*
 * After items[count] was read with that result. With `many`, a row that cannot be used is left out.
 */
enum status sitedb_row_end(const struct site_query_text *text, struct sitedb_rows *rows,
			   enum status status);

/* What is asked, and until when (monotonic). */
struct sitedb_ask {
	const struct site_query_value *values; /* in the order of spec->asked */
	int64_t until_ms;
};

/*
 * A kind of database. One thread at a time uses a connection. Sentences do not name the file.
 * STATUS_UNAVAILABLE, unless it says more.
 */
struct sitedb_kind {
	const char *name;    /* "MariaDB" */
	const char *missing; /* the package that this build lacked; then it has no functions */
	bool is_file;        /* opened and checked when the site is opened; not by a server */
	int idle_max;        /* connections kept; 0: all */
	int idle_ms;         /* how long an idle one is kept; 0: for ever */
	struct select_dialect dialect;

	/* Opens a connection. The caller closes *out. */
	enum status (*open)(const struct sitedb_source *source, int64_t until_ms, void **out,
			    struct error *err);
	/* False: an idle connection is of no use any more. NULL: ask shows it. */
	bool (*is_current)(void *connection);
	/* True if the last failure was the loss of the connection. NULL: that cannot happen. */
	bool (*is_lost)(void *connection);
	/* Makes a statement of text->exact; the connection frees it. */
	enum status (*prepare)(void *connection, const struct site_query_text *text,
			       int64_t until_ms, void **out, struct error *err);
	/* For a file: does the statement return spec->columns[column]? */
	bool (*returns)(const void *statement, size_t column);
	/*
	 * As site_query_ask or site_query_list; STATUS_NOT_FOUND: there is no row. The caller
	 * clears the rows up to max, also after a failure.
	 */
	enum status (*ask)(void *statement, const struct site_query_text *text,
			   const struct sitedb_ask *ask, struct sitedb_rows *rows,
			   struct error *err);
	void (*close)(void *connection); /* and frees its statements */

	/*
	 * For `prebindctl check`. Calls each with the first column of every row. sql is a constant.
	 */
	enum status (*each)(void *connection, const char *sql, int64_t until_ms,
			    void (*each)(void *arg, const char *text), void *arg,
			    struct error *err);
	const char *tables; /* SQL: the names of the tables and views */
};

extern const struct sitedb_kind sitedb_sqlite, sitedb_mariadb, sitedb_postgresql;

/* STATUS_BAD_REQUEST: the value is not valid. The caller clears *out. */
enum status sitedb_source_init(struct sitedb_source *out, const struct site_conf *site,
			       const char *database, struct error *err);
void sitedb_source_clear(struct sitedb_source *source);

/* ---- the pool: connections by server ---- */

struct sitedb_connection; /* one thread's, from take to give */

/*
 * Takes an idle connection of the source's, or opens one. If as many are open as may, an idle one
 * of another site is closed, or the thread waits for one. *fresh: it was opened now.
 */
enum status sitedb_take(const struct sitedb_source *source, int64_t until_ms,
			struct sitedb_connection **out, bool *fresh, struct error *err);
/* Gives it back. keep false: closes it. */
void sitedb_give(struct sitedb_connection *connection, bool keep);
void *sitedb_handle(const struct sitedb_connection *connection);

/*
 * The statement of a query on this connection; it is prepared at the first use. id: of the query,
 * different for all that were ever opened.
 */
enum status sitedb_statement(struct sitedb_connection *connection,
			     const struct site_query_text *text, uint64_t id, int64_t until_ms,
			     void **out, struct error *err);

/* Closes the idle connections of the source's key. */
void sitedb_forget(const struct sitedb_source *source);

/* Reference-counted: the last release frees it. */
enum status sitedb_server_get(const char *address, struct sitedb_server **out, struct error *err);
void sitedb_server_release(struct sitedb_server *server);

/* After a time-out: nobody asks this server for a second, so that visitors do not pile up. */
void sitedb_server_rest(struct sitedb_server *server);

/* The password of the site's database; out is empty if there is none. */
enum status sitedb_password(const struct sitedb_source *source, struct strbuf *out,
			    struct error *err);

#endif
