/*
 * Reads a query file, checks the query, and runs it in the site's own database. kinds.c lists the
 * kinds of databases; select.c reads the SELECT.
 */
#include "sitedb/site_query.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/metrics.h"
#include "sitedb/sitedb.h"

#define FILE_MAX 8192 /* maximum bytes of a query file */
#define NAME_MAX 64   /* bytes of a column's or parameter's name in messages */

struct site_query {
	struct site_query_text text;
	struct sitedb_source source;
	uint64_t id;
	/* returned[i] is true if the query returns spec->columns[i]; constant after opening */
	bool returned[SITE_QUERY_COLUMNS_MAX];
};

static atomic_uint_fast64_t next_id;

/* ---- the file ---- */

static enum status file_refuse(const struct site_query_spec *spec, enum file_fault fault,
			       const struct file_found *found, struct error *err)
{
	struct conf_place place = conf_site_place(spec->site, spec->key);

	switch (fault) {
	case FILE_NOT_REGULAR:
		return conf_fault(err, STATUS_BAD_REQUEST, place, "%s: is not a file", spec->file);
	case FILE_WRITABLE:
		return conf_fault(
		    err, STATUS_BAD_REQUEST, place,
		    "%s: other users can write to this file (mode %04o); run: chmod go-w '%s'",
		    spec->file, found->mode, spec->file);
	case FILE_TOO_LONG:
		return conf_fault(err, STATUS_BAD_REQUEST, place, "%s: is longer than %d bytes",
				  spec->file, FILE_MAX);
	case FILE_NO_MEMORY:
		return error_no_memory(err);
	default:
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s: cannot be read: %s; set the key `%s` to a file of your own "
				  "or from sql/sites",
				  spec->file, strerrordesc_np(found->cause), spec->key);
	}
}

static enum status read_file(const struct site_query_spec *spec, char **out, struct error *err)
{
	struct strbuf text;
	struct file_found found;
	enum status status = STATUS_OK;

	strbuf_init(&text);
	enum file_fault fault = file_read(spec->file, FILE_BY_OWNER, FILE_MAX, &text, &found);
	if (fault != FILE_OK)
		status = file_refuse(spec, fault, &found, err);
	else if (memchr(text.data, '\0', text.len) != NULL)
		status = conf_fault(err, STATUS_BAD_REQUEST, conf_site_place(spec->site, spec->key),
				    "%s: contains a NUL byte; it must be text", spec->file);
	else
		*out = strbuf_take(&text);
	strbuf_clear(&text);
	return status;
}

/* ---- the SELECT ---- */

static const struct select_dialect *dialect(const struct site_query_text *text)
{
	return &text->source->kind->dialect;
}

size_t site_query_rows_max(const struct site_query_spec *spec)
{
	return spec->rows_max > 0 ? spec->rows_max : SITE_QUERY_ROWS_MAX;
}

struct places {
	struct site_query_text *text;
	/* the first parameter in the query that is not in spec->asked */
	const struct token *unknown;
};

static void place_add(void *arg, const struct token *param)
{
	struct places *places = arg;
	struct site_query_text *text = places->text;
	const char *const *asked = text->spec->asked;

	for (size_t i = 0; asked[i] != NULL; i++) {
		if (strlen(asked[i]) != param->len ||
		    strncmp(asked[i], param->text, param->len) != 0)
			continue;
		text->places[text->n_places++] = (unsigned char)i;
		return;
	}
	if (places->unknown == NULL)
		places->unknown = param;
}

/* Writes text->exact. Sets *at to the place of an error in the text of the file, or to NULL. */
static enum status write_exact(struct site_query_text *text, const struct select *select,
			       const char **at, struct error *err)
{
	struct places places = {.text = text};
	struct strbuf exact;

	*at = NULL;
	strbuf_init(&exact);
	bool fits = select_write(select, dialect(text), &exact, place_add, &places);
	if (dialect(text)->limit != NULL)
		strbuf_addf(&exact, "%s%zu", dialect(text)->limit, site_query_rows_max(text->spec));
	enum status status = STATUS_OK;
	if (!fits)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "the query uses its parameters more than %d times",
				   SELECT_PLACES_MAX);
	else if (places.unknown != NULL && !text->source->kind->is_file)
		status = site_query_not_asked(text->spec, places.unknown->text,
					      (int)places.unknown->len, err);
	else if (!strbuf_ok(&exact))
		status = error_no_memory(err);
	if (places.unknown != NULL)
		*at = places.unknown->text;
	if (status == STATUS_OK)
		text->exact = strbuf_take(&exact);
	strbuf_clear(&exact);
	return status;
}

bool site_query_needs(const struct site_query_spec *spec, size_t param)
{
	return param == 0 || (spec->many && select_is_text(spec->asked[param]));
}

static bool asks(const struct site_query_text *text)
{
	for (size_t i = 0; i < text->n_places; i++)
		if (site_query_needs(text->spec, text->places[i]))
			return true;
	return false;
}

static int column_index(const struct site_query_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->n_columns; i++)
		if (strcasecmp(spec->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

/*
 * Finds the columns that the SELECT returns. It reads only the text of the query, and needs no
 * server.
 */
static enum status find_columns(struct site_query_text *text, const struct select *select,
				struct error *err)
{
	const struct token *token;
	char name[NAME_MAX];

	for (size_t i = 0; i < SITE_QUERY_COLUMNS_MAX; i++)
		text->columns[i] = -1;
	for (size_t n = 0; (token = select_column(select, n)) != NULL; n++) {
		if (!token_name(token, name, sizeof(name)))
			name[0] = '\0';
		int index = column_index(text->spec, name);
		if (index < 0 || text->columns[index] >= 0)
			return site_query_refuse_column(
			    text, token->len > 0 ? token->text - text->sql : -1,
			    name[0] != '\0' ? name : "without a name", index < 0, err);
		text->columns[index] = (int)n;
		text->n_columns = n + 1;
	}
	return site_query_check_required(text, text->columns, err);
}

/*
 * Checks the query as far as possible without a database. For a database file, stores an error in
 * text->refused and returns STATUS_OK, because SQLite's own message is more precise.
 */
static enum status read_select(struct site_query_text *text, struct error *err)
{
	struct select select = {0};
	const char *at = NULL;
	struct error why;
	bool is_file = text->source->kind->is_file;

	enum status status = select_read(text->sql, dialect(text), &select, &at, &why);
	if (status == STATUS_OK)
		status = write_exact(text, &select, &at, &why);
	if (status == STATUS_BAD_REQUEST)
		site_query_refuse(text, at != NULL ? at - text->sql : -1, why.text,
				  is_file ? &text->refused : err);
	else if (status != STATUS_OK)
		error_set(err, status, "%s", why.text);
	else if (!is_file)
		status = asks(text) ? find_columns(text, &select, err)
				    : site_query_refuse_unused(text, err);
	select_clear(&select);
	return is_file && status == STATUS_BAD_REQUEST ? STATUS_OK : status;
}

/* ---- open, close ---- */

void site_query_close(struct site_query *query)
{
	if (query == NULL)
		return;
	sitedb_source_clear(&query->source);
	free(query->text.exact);
	free(query->text.sql);
	free(query);
}

/* A connection taken from the pool, and the query's statement on that connection. */
struct lent {
	struct sitedb_connection *connection; /* NULL if no connection could be taken */
	void *statement;                      /* NULL if the database does not accept the query */
	bool fresh; /* true if the connection was opened for this call, false if it was idle */
};

static enum status lend(struct site_query *query, int64_t until_ms, struct lent *out,
			struct error *err)
{
	struct lent lent = {0};
	struct error why;
	enum status status =
	    sitedb_take(&query->source, until_ms, &lent.connection, &lent.fresh, err);

	*out = lent;
	if (status != STATUS_OK)
		return status;
	status = sitedb_statement(lent.connection, &query->text, query->id, until_ms,
				  &out->statement, &why);
	if (status == STATUS_OK)
		return status;
	if (query->source.kind->is_file) /* the error already names the place in the file */
		return error_set(err, status, "%s", why.text);
	return error_set(err, status, "%s: %s (key `%s`)", query->text.spec->file, why.text,
			 query->text.spec->key);
}

/*
 * Gives the connection back to the pool. Returns true if the query failed because the server had
 * closed an idle connection, as at a restart. A new connection might then work.
 */
static bool give_back(struct site_query *query, const struct lent *lent, enum status status)
{
	const struct sitedb_kind *kind = query->source.kind;
	bool failed = status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL;

	if (lent->connection == NULL)
		return false;
	bool lost =
	    failed && kind->is_lost != NULL && kind->is_lost(sitedb_handle(lent->connection));
	sitedb_give(lent->connection, lent->statement != NULL && !failed);
	if (lost)
		/* the other idle connections are probably lost, too */
		sitedb_forget(&query->source);
	return lost && !lent->fresh;
}

enum status site_query_check(struct site_query *query, struct error *err)
{
	enum status status;
	struct lent lent;

	do
		status = lend(query, clock_monotonic_ms() + SITEDB_ASK_MS, &lent, err);
	while (give_back(query, &lent, status));
	return status;
}

/*
 * Opens a database file when the query is opened, because only SQLite knows which columns the
 * statement returns.
 */
static enum status open_file(struct site_query *query, struct error *err)
{
	const struct site_query_spec *spec = query->text.spec;
	struct lent lent;
	enum status status = lend(query, clock_monotonic_ms() + SITEDB_ASK_MS, &lent, err);

	for (size_t i = 0; status == STATUS_OK && i < spec->n_columns; i++)
		query->returned[i] = query->source.kind->returns(lent.statement, i);
	give_back(query, &lent, status);
	return status;
}

enum status site_query_open(const struct site_query_spec *spec, struct site_query **out,
			    struct error *err)
{
	struct site_query *query = calloc(1, sizeof(*query));

	if (query == NULL)
		return error_no_memory(err);
	query->id = atomic_fetch_add(&next_id, 1);
	query->text.spec = spec;
	query->text.source = &query->source;
	enum status status = read_file(spec, &query->text.sql, err);
	if (status == STATUS_OK)
		status = sitedb_source_init(&query->source, spec->site, spec->database, err);
	if (status == STATUS_OK)
		status = read_select(&query->text, err);
	for (size_t i = 0; i < spec->n_columns; i++)
		query->returned[i] = query->text.columns[i] >= 0;
	if (status == STATUS_OK && query->source.kind->is_file)
		status = open_file(query, err);
	if (status == STATUS_OK)
		*out = query;
	else
		site_query_close(query);
	return status;
}

bool site_query_returns(const struct site_query *query, size_t column)
{
	return query->returned[column];
}

/* ---- asking ---- */

void site_query_row_clear(struct site_query_row *row)
{
	for (size_t i = 0; i < SITE_QUERY_COLUMNS_MAX; i++)
		free(row->values[i]);
	*row = (struct site_query_row){0};
}

enum status sitedb_row_end(const struct site_query_text *text, struct sitedb_rows *rows,
			   enum status status)
{
	if (status == STATUS_OK)
		rows->count++;
	else if (text->spec->many && status == STATUS_BAD_REQUEST)
		site_query_row_clear(&rows->items[rows->count]);
	return text->spec->many && status == STATUS_BAD_REQUEST ? STATUS_OK : status;
}

static void rows_clear(struct sitedb_rows *rows)
{
	for (size_t i = 0; i < rows->max; i++)
		site_query_row_clear(&rows->items[i]);
	rows->count = 0;
}

/* Runs the query once. Sets *again to the result of give_back. */
static enum status ask_once(struct site_query *query, const struct sitedb_ask *ask,
			    struct sitedb_rows *rows, bool *again, struct error *err)
{
	struct error why = {0};
	struct lent lent;
	enum status status = lend(query, ask->until_ms, &lent, &why);

	if (status == STATUS_OK)
		status = query->source.kind->ask(lent.statement, &query->text, ask, rows, err);
	else /* BAD_REQUEST here means that the site's database has changed since the start */
		error_set(err, status == STATUS_BAD_REQUEST ? STATUS_UNAVAILABLE : status, "%s",
			  why.text);
	bool asked = lent.statement != NULL;
	*again = give_back(query, &lent, status);
	return !asked && status == STATUS_BAD_REQUEST ? STATUS_UNAVAILABLE : status;
}

/* Counts a failed query. Failures of SQLite are counted in store/sqlite_error.c. */
static void count_failure(const struct site_query *query, enum status status)
{
	if (!query->source.kind->is_file &&
	    (status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL))
		metrics_add(METRIC_SITE_DATABASE_ERROR);
}

static enum status ask_for(struct site_query *query, const struct site_query_value *values,
			   struct sitedb_rows *rows, struct error *err)
{
	const struct sitedb_ask ask = {values, clock_monotonic_ms() + SITEDB_ASK_MS};
	bool again = true;
	enum status status = STATUS_UNAVAILABLE;

	while (again) {
		rows_clear(rows);
		status = ask_once(query, &ask, rows, &again, err);
		again = again && clock_left_ms(ask.until_ms) > 0;
	}
	count_failure(query, status);
	if (status != STATUS_OK)
		rows_clear(rows);
	return status;
}

enum status site_query_ask(struct site_query *query, const struct site_query_value *values,
			   struct site_query_row *out, struct error *err)
{
	struct site_query_row row = {0};
	struct sitedb_rows rows = {.items = &row, .max = 1};
	enum status status = ask_for(query, values, &rows, err);

	if (status == STATUS_OK)
		*out = row;
	return status;
}

void site_query_escape_like(const char *text, struct strbuf *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '%' || *text == '_' || *text == SELECT_LIKE_ESCAPE)
			strbuf_addc(out, SELECT_LIKE_ESCAPE);
		strbuf_addc(out, *text);
	}
}

enum status site_query_list(struct site_query *query, const struct site_query_value *values,
			    struct site_query_row *out, size_t max, size_t *n, struct error *err)
{
	struct sitedb_rows rows = {.items = out, .max = max};

	memset(out, 0, max * sizeof(*out));
	enum status status = ask_for(query, values, &rows, err);
	*n = rows.count;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
