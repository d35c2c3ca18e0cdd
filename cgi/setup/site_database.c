/*
 * The database of the site's software. Makes the value of site_database from the software's
 * settings, and queries the database before prebind has a configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/secret.h"
#include "setup/setup.h"
#include "sitedb/site_rows.h"

#define PREFIX_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static bool holds(const char *text, const char *part)
{
	return text != NULL && strcasestr(text, part) != NULL;
}

static const char *text_or(const char *text, const char *otherwise)
{
	return text != NULL && text[0] != '\0' ? text : otherwise;
}

/* ---- site_database ---- */

/* Writes the path of a database file. phpBB stores it as the host, Drupal as the database name. */
static void write_file(const struct setup *setup, const struct setup_database *from,
		       struct strbuf *out)
{
	const char *path = text_or(from->host, text_or(from->name, ""));

	if (path[0] != '/')
		strbuf_addf(out, "%s/", setup_answer(setup, SETUP_SITE));
	strbuf_adds(out, path);
}

/*
 * Writes the host and port. In PHP, the host can also contain a port or a socket, as in "db:3307"
 * or "localhost:/run/db.sock".
 */
static void write_server(const struct setup_database *from, struct strbuf *out)
{
	bool postgresql = holds(from->kind, "pg") || holds(from->kind, "postgres");
	const char *host = text_or(from->host, "localhost");
	const char *port = text_or(from->port, "");
	const char *socket = strchr(host, '/');
	size_t len = socket != NULL ? (size_t)(socket - host) : strlen(host);

	while (socket != NULL && len > 0 && host[len - 1] == ':')
		len--;
	strbuf_addf(out, "%s://", postgresql ? "postgresql" : "mariadb");
	codec_percent(out, text_or(from->user, ""));
	strbuf_addc(out, '@');
	strbuf_add(out, host, len);
	/* omit the usual port, so that localhost means MariaDB's usual socket, as in PHP */
	if (socket == NULL && port[0] != '\0' && strcmp(port, postgresql ? "5432" : "3306") != 0)
		strbuf_addf(out, ":%s", port);
	strbuf_addc(out, '/');
	codec_percent(out, text_or(from->name, ""));
	if (socket != NULL)
		strbuf_addf(out, "?%s=%s", postgresql ? "host" : "socket", socket);
}

void setup_database_take(struct setup *setup, struct setup_database *from)
{
	bool file = holds(from->kind, "sqlite");
	struct strbuf value;

	strbuf_init(&value);
	if (file)
		write_file(setup, from, &value);
	else
		write_server(from, &value);
	if (strbuf_ok(&value))
		setup_key_set(setup, "site_database", value.data);
	strbuf_clear(&value);
	if (file || text_or(from->password, "")[0] == '\0')
		return;
	setup->db_password = from->password;
	from->password = NULL;
}

void setup_database_clear(struct setup_database *database)
{
	free(database->kind);
	free(database->host);
	free(database->port);
	free(database->name);
	free(database->user);
	secret_free(database->password);
}

/* ---- the table prefix ---- */

/*
 * Returns NULL for a prefix that is not a valid name, because the prefix becomes a part of a query.
 */
char *setup_prefix_find(const char *text)
{
	char *prefix = setup_text_value(text, "table_prefix");

	if (prefix == NULL || prefix[strspn(prefix, PREFIX_CHARS)] == '\0')
		return prefix;
	free(prefix);
	return NULL;
}

bool setup_prefix_is_other(const struct setup *setup)
{
	return setup->table_prefix != NULL && setup->table_prefix_found != NULL &&
	       strcmp(setup->table_prefix, setup->table_prefix_found) != 0;
}

void setup_prefix_write(const struct setup *setup, const char *sql, struct strbuf *out)
{
	const char *prefix = setup_prefix_is_other(setup) ? setup->table_prefix : NULL;
	const char *at = sql;

	for (const char *next; prefix != NULL && (next = strstr(at, prefix)) != NULL;
	     at = next + strlen(prefix)) {
		strbuf_add(out, at, (size_t)(next - at));
		strbuf_adds(out, setup->table_prefix_found);
	}
	strbuf_adds(out, at);
}

/* ---- queries ---- */

/* Writes the password to a temporary file for the query. *path is "" if there is no password. */
static enum status password_lend(const struct setup *setup, char path[64], struct error *err)
{
	path[0] = '\0';
	if (setup->db_password == NULL)
		return STATUS_OK;
	snprintf(path, 64, "/tmp/prebind-setup-XXXXXX");
	int fd = mkstemp(path);
	bool ok = fd >= 0 && file_write(fd, setup->db_password, strlen(setup->db_password));

	if (fd >= 0)
		close(fd);
	return ok ? STATUS_OK
		  : error_set(err, STATUS_UNAVAILABLE, "%s cannot be written: %m", path);
}

enum status setup_rows_each(const struct setup *setup, const char *sql, site_row *each, void *arg,
			    struct error *err)
{
	const char *database = setup_key_get(setup, "site_database");
	struct site_conf conf = {.site_connections_max = 1};
	struct strbuf copy, query;
	char password[64];

	if (database == NULL)
		return error_set(err, STATUS_NOT_FOUND, "site_database is not known");
	enum status status = password_lend(setup, password, err);
	strbuf_init(&copy);
	strbuf_init(&query);
	strbuf_adds(&copy, database);
	setup_prefix_write(setup, sql, &query);
	if (status == STATUS_OK && (!strbuf_ok(&copy) || !strbuf_ok(&query)))
		status = error_no_memory(err);
	conf.site_database = copy.data;
	conf.site_database_password_file = password;
	if (status == STATUS_OK)
		status = site_rows_each(&conf, query.data, each, arg, err);
	strbuf_clear(&copy);
	strbuf_clear(&query);
	if (password[0] != '\0')
		unlink(password);
	return status;
}
