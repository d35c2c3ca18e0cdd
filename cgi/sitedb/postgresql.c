/*
 * PostgreSQL as a kind of site database: the dialect and the connection. The statements are in
 * postgresql_statement.c.
 */
#include "sitedb/postgresql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const char *const functions[] = {"lower",
					"upper",
					"substr",
					"substring",
					"split_part",
					"concat",
					"coalesce",
					"nullif",
					"length",
					"char_length",
					"trim",
					"btrim",
					"replace",
					"lpad",
					"encode",
					"decode",
					"convert_to",
					"convert_from",
					"md5",
					"sha224",
					"sha256",
					"sha384",
					"sha512",
					"CAST",
					"min",
					"max",
					"count",
					"sum",
					"now",
					"extract",
					"date_part",
					"to_timestamp",
					"to_char",
					"date_trunc",
					"floor",
					"chr",
					"json_extract_path_text",
					"jsonb_extract_path_text",
					"varchar",
					"char",
					"numeric",
					"fold",
					"unixepoch",
					NULL};
/* Functions whose argument can be a string parameter, because they compare nothing themselves. */
static const char *const for_params[] = {
    "lower", "upper",  "substr", "substring",  "split_part",   "concat", "coalesce", "char_length",
    "trim",  "btrim",  "lpad",   "encode",     "decode",       "length", "md5",      "sha224",
    "CAST",  "sha256", "sha384", "convert_to", "convert_from", "sha512", "fold",     NULL};
static const struct select_function shared[] = {
    {"fold",      "lower("             },
    {"unixepoch", "date_part('epoch', "},
    {NULL,        NULL		 },
};
/* INTO creates a table. FOR locks rows that the site itself uses. */
static const char *const words[] = {"INTO", "FOR", "LOCK", NULL};

#define DIALECT                                                                                    \
	{                                                                                          \
		.place = "$", .numbered = true, .bytes = {"CAST(", " AS text) COLLATE \"C\""},     \
		.functions = functions, .for_params = for_params, .words = words,                  \
		.shared = shared, .before = "SELECT * FROM (", .after = ") AS prebind",            \
		.limit = " LIMIT ",                                                                \
	}
#define TABLES                                                                                     \
	"SELECT table_name FROM information_schema.tables"                                         \
	" WHERE table_schema = ANY (current_schemas(false))"

/*
 * Error 22P05 means that the database's encoding lacks a character of a parameter, so no row has
 * that value. Error 22021 means that a value in the row is not UTF-8. The value cannot be a
 * parameter, because parameters are always UTF-8.
 */
enum status postgresql_site_failed(const struct postgresql_failure *why, struct error *err)
{
	if (strcmp(why->code, "22P05") == 0)
		return STATUS_NOT_FOUND;
	if (strcmp(why->code, "22021") == 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the row that the query found cannot be read: %s", why->err.text);
	if (strcmp(why->code, "57014") == 0)
		return error_set(
		    err, STATUS_UNAVAILABLE,
		    "the query took longer than %d ms (SQLSTATE 57014): check with EXPLAIN "
		    "that it uses an index",
		    SITEDB_STATEMENT_MS);
	return error_set(err, why->err.status, "%s", why->err.text);
}

/* ---- open, close ---- */

static void postgresql_site_close(void *handle)
{
	struct postgresql_site *site = handle;

	for (struct postgresql_statement *s = site->statements, *next; s != NULL; s = next) {
		next = s->next;
		free(s);
	}
	postgresql_disconnect(site->server);
	free(site);
}

/*
 * Opens a connection and sets up its session: read-only, with a time limit for statements, and with
 * the string and time formats that prebind expects.
 */
static enum status connect_to(const struct sitedb_source *source, const char *password,
			      int64_t until_ms, struct postgresql **out, struct error *err)
{
	char session[400];
	const struct postgresql_target target = {
	    .uri = &source->uri, .password = password, .session = session};

	snprintf(session, sizeof(session),
		 "SET default_transaction_read_only = on; SET statement_timeout = %d;"
		 "SET lock_timeout = %d; SET TimeZone = 'UTC'; SET DateStyle = 'ISO';"
		 "SET standard_conforming_strings = on; SET client_min_messages = error",
		 SITEDB_STATEMENT_MS, SITEDB_STATEMENT_MS);
	return postgresql_connect(&target, until_ms, out, err);
}

static enum status postgresql_site_open(const struct sitedb_source *source, int64_t until_ms,
					void **out, struct error *err)
{
	struct postgresql_site *site = calloc(1, sizeof(*site));
	struct strbuf password;

	if (site == NULL)
		return error_no_memory(err);
	strbuf_init_secret(&password);
	enum status status = sitedb_password(source, &password, err);
	if (status == STATUS_OK)
		status = conf_blame(connect_to(source, password.data, until_ms, &site->server, err),
				    err, conf_site_place(source->site, "site_database"));
	strbuf_clear(&password);
	if (status == STATUS_UNAVAILABLE && clock_left_ms(until_ms) == 0)
		sitedb_server_rest(source->server);
	if (status == STATUS_OK)
		*out = site;
	else
		postgresql_site_close(site);
	return status;
}

static bool postgresql_site_is_lost(void *handle)
{
	const struct postgresql_site *site = handle;

	return postgresql_is_lost(site->server);
}

/* ---- for prebindctl check ---- */

static enum status postgresql_site_each(void *handle, const char *sql, int64_t until_ms,
					void (*each)(void *arg, const char *text), void *arg,
					struct error *err)
{
	struct postgresql_site *site = handle;
	struct postgresql_failure why = {0};
	struct postgresql_result *result = NULL;

	postgresql_set_deadline(site->server, until_ms);
	if (postgresql_script(site->server, sql, &result, &why) != STATUS_OK)
		return postgresql_site_failed(&why, err);
	for (int i = 0; i < postgresql_rows(result); i++)
		each(arg, postgresql_value(result, i, 0));
	postgresql_clear(result);
	return STATUS_OK;
}

const struct sitedb_kind sitedb_postgresql = {
    .name = "PostgreSQL",
    .idle_ms = SITEDB_IDLE_MS,
    .dialect = DIALECT,
    .open = postgresql_site_open,
    .is_lost = postgresql_site_is_lost,
    .prepare = postgresql_site_prepare,
    .ask = postgresql_site_ask,
    .close = postgresql_site_close,
    .each = postgresql_site_each,
    .tables = TABLES,
};
