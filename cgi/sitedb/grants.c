/*
 * Finds the tables and columns by reading the text of a query, so that they are known even if the
 * account cannot read them yet. A column without a table name belongs to the only table of its
 * SELECT. If that SELECT has several tables, the account gets the right to read all their columns.
 */
#include "sitedb/grants.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "sitedb/sitedb.h"

#define TABLES_MAX  16
#define COLUMNS_MAX 32
#define NAME_MAX    64
#define FILE_MAX    8192
#define NO_SCOPE    ((size_t)-1)

/* prebindctl opens two connections at a time, and can run twice at once */
#define TOOL_CONNECTIONS 4

struct table {
	char name[2 * NAME_MAX + 2]; /* the table's name, with its schema if the query gives one */
	char alias[NAME_MAX];
	size_t scope; /* token index of the bracket around the table's SELECT, or NO_SCOPE */
	bool whole;
	char columns[COLUMNS_MAX][NAME_MAX];
	size_t n_columns;
};

struct reader {
	const struct token *items;
	size_t count;
	struct table tables[TABLES_MAX];
	size_t n_tables;
};

static const char *const after_table[] = {"WHERE", "ON",    "JOIN",    "LEFT",   "RIGHT", "INNER",
					  "CROSS", "GROUP", "ORDER",   "LIMIT",  "UNION", "USING",
					  "OUTER", "FULL",  "NATURAL", "HAVING", NULL};
static const char *const no_columns[] = {
    "SELECT",  "FROM",   "WHERE", "AND",      "OR",  "NOT",   "ON",     "HAVING",   "WHEN",
    "THEN",    "ELSE",   "END",   "CASE",     "AS",  "IN",    "IS",     "NULL",     "LIKE",
    "BETWEEN", "EXISTS", "GROUP", "ORDER",    "BY",  "LIMIT", "JOIN",   "LEFT",     "RIGHT",
    "INNER",   "OUTER",  "CROSS", "UNION",    "ALL", "WITH",  "USING",  "DISTINCT", "ASC",
    "DESC",    "TRUE",   "FALSE", "INTERVAL", "DAY", "HOUR",  "SECOND", "MINUTE",   NULL};

static bool is_name(const struct token *token)
{
	return token->kind == TOKEN_QUOTED ||
	       (token->kind == TOKEN_WORD && !token_in(token, no_columns));
}

/* Returns the token index of the bracket around the SELECT that contains token i, or NO_SCOPE. */
static size_t scope_of(const struct reader *r, size_t i)
{
	size_t depth = 0;

	while (i-- > 0) {
		if (token_is(&r->items[i], ")"))
			depth++;
		else if (token_is(&r->items[i], "(") && depth > 0)
			depth--;
		else if (token_is(&r->items[i], "(") && token_is(&r->items[i + 1], "SELECT"))
			return i;
	}
	return NO_SCOPE;
}

/* Reads "schema.name AS alias" at token i. Returns the index of the token after it. */
static size_t read_table(struct reader *r, size_t i)
{
	struct table *table = &r->tables[r->n_tables];
	size_t begin = i;

	if (r->n_tables == TABLES_MAX || !is_name(&r->items[i]))
		return i;
	*table = (struct table){.scope = scope_of(r, i)};
	if (token_is(&r->items[i + 1], ".") && is_name(&r->items[i + 2]))
		i += 2;
	size_t len = (size_t)(r->items[i].text + r->items[i].len - r->items[begin].text);
	if (len >= sizeof(table->name) ||
	    !token_name(&r->items[i], table->alias, sizeof(table->alias)))
		return i + 1;
	memcpy(table->name, r->items[begin].text, len);
	i++;
	if (token_is(&r->items[i], "AS"))
		i++;
	if (is_name(&r->items[i]) && !token_in(&r->items[i], after_table) &&
	    token_name(&r->items[i], table->alias, sizeof(table->alias)))
		i++;
	r->n_tables++;
	return i;
}

static void read_tables_of(struct reader *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (!token_is(&r->items[i], "FROM") && !token_is(&r->items[i], "JOIN"))
			continue;
		do
			i = read_table(r, i + 1);
		while (token_is(&r->items[i], ","));
		i--;
	}
}

static void add_column(struct table *table, const struct token *token)
{
	char name[NAME_MAX];

	if (!token_name(token, name, sizeof(name)) || table->n_columns == COLUMNS_MAX) {
		table->whole = true;
		return;
	}
	for (size_t i = 0; i < table->n_columns; i++)
		if (strcasecmp(table->columns[i], name) == 0)
			return;
	memcpy(table->columns[table->n_columns++], name, sizeof(name));
}

static bool is_table_name(const struct reader *r, size_t i)
{
	char name[NAME_MAX];

	if (!token_name(&r->items[i], name, sizeof(name)))
		return false;
	for (size_t n = 0; n < r->n_tables; n++)
		if (strcmp(r->tables[n].alias, name) == 0 || strcmp(r->tables[n].name, name) == 0)
			return true;
	return false;
}

/*
 * Reads a column without a table name. The column belongs to a table of the SELECT that contains
 * the column.
 */
static void read_plain(struct reader *r, size_t i)
{
	size_t scope = scope_of(r, i), count = 0;

	for (size_t n = 0; n < r->n_tables; n++)
		count += r->tables[n].scope == scope;
	for (size_t n = 0; n < r->n_tables; n++) {
		if (r->tables[n].scope != scope)
			continue;
		if (count == 1)
			add_column(&r->tables[n], &r->items[i]);
		else
			r->tables[n].whole = true;
	}
}

static void read_qualified(struct reader *r, size_t i)
{
	char name[NAME_MAX];

	if (!token_name(&r->items[i], name, sizeof(name)))
		return;
	for (size_t n = 0; n < r->n_tables; n++)
		if (strcmp(r->tables[n].alias, name) == 0)
			add_column(&r->tables[n], &r->items[i + 2]);
}

static void read_columns(struct reader *r)
{
	for (size_t i = 0; i < r->count; i++) {
		bool after_as = i > 0 && token_is(&r->items[i - 1], "AS");
		bool after_dot = i > 0 && token_is(&r->items[i - 1], ".");

		if (!is_name(&r->items[i]) || after_as || after_dot ||
		    token_is(&r->items[i + 1], "("))
			continue;
		if (token_is(&r->items[i + 1], ".") && i + 2 < r->count)
			read_qualified(r, i);
		else if (!is_table_name(r, i))
			read_plain(r, i);
	}
}

static void write_tables(const struct reader *r, const char *to, struct strbuf *out)
{
	for (size_t n = 0; n < r->n_tables; n++) {
		const struct table *table = &r->tables[n];
		bool whole = table->whole || table->n_columns == 0;

		strbuf_adds(out, " GRANT SELECT");
		for (size_t i = 0; i < table->n_columns && !whole; i++)
			strbuf_addf(out, "%s%s", i == 0 ? " (" : ", ", table->columns[i]);
		strbuf_addf(out, "%s ON %s TO %s;", whole ? "" : ")", table->name, to);
	}
}

/*
 * Appends the GRANT for one query file. Appends nothing if the file cannot be read, because other
 * checks report such a file.
 */
static enum status write_file(const char *file, const char *to, struct strbuf *out,
			      struct error *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct tokens tokens = {0};
	struct file_found found;
	struct strbuf text;
	const char *at;

	strbuf_init(&text);
	enum status status = r != NULL ? STATUS_OK : error_no_memory(err);
	if (status == STATUS_OK &&
	    file_read(file, FILE_BY_OWNER, FILE_MAX, &text, &found) == FILE_OK &&
	    tokens_read(text.data, &tokens, &at, err) == STATUS_OK) {
		r->items = tokens.items;
		r->count = tokens.count - 1;
		read_tables_of(r);
		read_columns(r);
		write_tables(r, to, out);
	}
	tokens_clear(&tokens);
	strbuf_clear(&text);
	free(r);
	return status;
}

static enum status write_files(const struct site_conf *site, const char *to, struct strbuf *out,
			       struct error *err)
{
	const char *const files[] = {site->site_query, site->site_profile_query, site->login_query,
				     site->bosh_password_query, site->people_query};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && status == STATUS_OK; i++)
		if (files[i][0] != '\0')
			status = write_file(files[i], to, out, err);
	return status;
}

/* Returns true if both URIs have the same account on the same server. The databases can differ. */
static bool same_account(const struct site_uri *a, const struct site_uri *b)
{
	return a->kind == b->kind && strcmp(a->user, b->user) == 0 &&
	       strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0 &&
	       strcmp(a->socket, b->socket) == 0;
}

/*
 * Returns how many connections the account can need: the connections of all processes, and a few
 * for prebindctl. If several sites use the account, the highest of their limits applies to each
 * process. Returns 0 if prebind does not know the number of processes because the web server starts
 * them.
 */
static long connections_of(const struct conf *conf, const struct site_uri *account)
{
	long most = 0;

	for (size_t i = 0; i < conf->n_sites && conf->server.listen[0] != '\0'; i++) {
		const struct site_conf *site = &conf->sites[i];
		struct site_uri uri;
		struct error err;

		if (site_uri_parse(site->site_database, &uri, &err) != STATUS_OK)
			continue;
		if (uri.kind != SITE_URI_PATH && same_account(&uri, account) &&
		    site->site_connections_max > most)
			most = site->site_connections_max;
		site_uri_clear(&uri);
	}
	return most > 0 ? most * conf->server.processes + TOOL_CONNECTIONS : 0;
}

static void write_role(const struct conf *conf, const struct site_uri *uri, struct strbuf *out)
{
	long connections = connections_of(conf, uri);

	strbuf_addf(out, "CREATE ROLE %s LOGIN PASSWORD '...'", uri->user);
	if (connections > 0)
		strbuf_addf(out, " CONNECTION LIMIT %ld", connections);
	strbuf_addf(out, "; GRANT CONNECT ON DATABASE %s TO %s;", uri->name, uri->user);
}

/*
 * Appends the SQL that creates the account. A MariaDB account is valid for only one client host.
 * That host is this machine, under the name that the server sees.
 */
static void write_account(const struct conf *conf, const struct site_uri *uri, struct strbuf *to,
			  struct strbuf *out)
{
	bool maria = uri->kind == SITE_URI_MARIADB;
	bool named = strcmp(uri->host, "localhost") == 0 && uri->port[0] == '\0';
	bool by_socket = uri->socket[0] != '\0' || uri->host[0] == '\0' || named;
	const char *host = by_socket ? "localhost" : uri->local ? uri->host : "%";

	if (!maria) {
		strbuf_adds(to, uri->user);
		write_role(conf, uri, out);
		return;
	}
	strbuf_addf(to, "'%s'@'%s'", uri->user, host);
	strbuf_addf(out, "CREATE USER %s IDENTIFIED BY '...'; USE %s;", to->data, uri->name);
}

enum status grants_write(const struct conf *conf, const struct site_conf *site, struct strbuf *out,
			 struct error *err)
{
	struct site_uri uri;
	struct strbuf to;
	enum status status = site_uri_parse(site->site_database, &uri, err);

	if (status != STATUS_OK)
		return status;
	strbuf_init(&to);
	if (uri.kind != SITE_URI_PATH) {
		write_account(conf, &uri, &to, out);
		status = write_files(site, to.data, out, err);
	}
	if (status == STATUS_OK && !strbuf_ok(&to))
		status = error_no_memory(err);
	strbuf_clear(&to);
	site_uri_clear(&uri);
	return status;
}
