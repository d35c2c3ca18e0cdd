/*
 * WordPress's tables are named PREFIXusers, PREFIXusermeta and PREFIXoptions. A network of sites
 * also has a table PREFIXsitemeta.
 */
#include "identity/wordpress_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/secret.h"
#include "identity/wordpress_secret.h"
#include "sitedb/site_rows.h"

#define PREFIX_MAX 48   /* bytes; a table's name has at most 64 bytes */
#define QUERY_MAX  8192 /* size of the query file in bytes */

/* the name after the prefix; few other programs have a table with this name */
static const char users_table[] = "usermeta";

/* Returns true if the text can be the prefix of table names. */
static bool is_prefix(const char *text)
{
	size_t len =
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return len <= PREFIX_MAX && text[len] == '\0';
}

/* ---- options ---- */

static void keep_first(void *arg, const char *text)
{
	char **first = arg;

	if (*first == NULL)
		*first = strdup(text);
}

/*
 * Removes trailing slashes and backslashes, as WordPress's untrailingslashit() does when
 * get_option() reads an address.
 */
static void cut_slashes(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == '/' || text[len - 1] == '\\'))
		text[--len] = '\0';
}

enum status wordpress_option_get(const struct site_conf *conf, const struct wordpress_option *what,
				 char **out, struct error *err)
{
	struct strbuf sql;
	char *value = NULL;

	if (!is_prefix(what->prefix))
		return error_set(err, STATUS_BAD_REQUEST,
				 "'%s' is not a valid prefix for table names", what->prefix);
	strbuf_init(&sql);
	if (what->network)
		strbuf_addf(&sql,
			    "SELECT meta_value FROM %ssitemeta WHERE meta_key = '%s' ORDER BY "
			    "site_id LIMIT 1",
			    what->prefix, what->name);
	else
		strbuf_addf(&sql,
			    "SELECT option_value FROM %soptions WHERE option_name = '%s' LIMIT 1",
			    what->prefix, what->name);
	enum status status = strbuf_ok(&sql)
				 ? site_rows_each(conf, sql.data, keep_first, &value, err)
				 : error_no_memory(err);
	strbuf_clear(&sql);
	if (status == STATUS_OK && (value == NULL || value[0] == '\0'))
		status = error_set(err, STATUS_NOT_FOUND, "the site has no option %s", what->name);
	if (status == STATUS_OK) {
		if (!what->network && strcmp(what->name, "siteurl") == 0)
			cut_slashes(value);
		*out = value;
	} else {
		secret_free(value);
	}
	return status;
}

enum status wordpress_cookie_name(const char *address, struct strbuf *out, struct error *err)
{
	const struct secret_part text = {address, strlen(address)};
	unsigned char md5[DIGEST_LEN_MAX];
	struct digest *digest = NULL;
	enum status status = digest_new(DIGEST_MD5, &digest, err);

	if (status == STATUS_OK && !digest_run(digest, &text, 1, md5))
		status = error_set(err, STATUS_INTERNAL, "MD5 could not be computed");
	digest_free(digest);
	if (status != STATUS_OK)
		return status;
	strbuf_adds(out, WORDPRESS_COOKIE_PREFIX);
	codec_hex(out, md5, digest_len(DIGEST_MD5));
	return strbuf_ok(out) ? STATUS_OK : error_no_memory(err);
}

/* ---- the prefix ---- */

/* The table prefixes of WordPress sites, found in the names of the database's tables. */
struct prefixes {
	const char *query;          /* the text of the site's query */
	char used[PREFIX_MAX + 1];  /* the prefix that the query uses */
	char other[PREFIX_MAX + 1]; /* a prefix in the database that the query does not contain */
	bool is_used;
	bool is_other;
};

static bool names(const char *query, const char *table)
{
	size_t len = strlen(table);

	for (const char *at = query; (at = strstr(at, table)) != NULL; at += len)
		if (at == query || strchr(" \t\n`\".(", at[-1]) != NULL)
			return true;
	return false;
}

static void note_table(void *arg, const char *table)
{
	struct prefixes *prefixes = arg;
	size_t len = strlen(table), end = sizeof(users_table) - 1;

	if (len < end || strcmp(table + len - end, users_table) != 0 || len - end > PREFIX_MAX)
		return;
	bool is_used = names(prefixes->query, table);
	char *out = is_used ? prefixes->used : prefixes->other;
	memcpy(out, table, len - end);
	out[len - end] = '\0';
	*(is_used ? &prefixes->is_used : &prefixes->is_other) = true;
}

/* Reads the query file into *query, and finds the prefixes. *out points into *query. */
static enum status find_prefixes(const struct site_conf *conf, struct strbuf *query,
				 struct prefixes *out, struct error *err)
{
	struct file_found found;

	*out = (struct prefixes){0};
	if (file_read(conf->site_query, FILE_BY_OWNER, QUERY_MAX, query, &found) != FILE_OK)
		return error_set(err, STATUS_UNAVAILABLE, "%s: cannot be read", conf->site_query);
	out->query = query->data;
	return site_tables_each(conf, note_table, out, err);
}

enum status wordpress_blame_prefix(const struct site_conf *conf, enum status status,
				   struct error *err)
{
	struct prefixes prefixes;
	struct strbuf query;

	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		return status;
	strbuf_init(&query);
	if (find_prefixes(conf, &query, &prefixes, NULL) == STATUS_OK && !prefixes.is_used) {
		if (prefixes.is_other)
			conf_fault(
			    err, status, conf_site_place(conf, "site_query"),
			    "%s: the query uses wrong table names, because the names of the site's "
			    "tables begin with '%s'; correct the names in a copy of this file",
			    conf->site_query, prefixes.other);
		else
			conf_fault(err, status, conf_site_place(conf, "site_database"),
				   "%s: the database contains no WordPress table that prebind's "
				   "database account can read; the table's name ends with %s",
				   conf->site_database, users_table);
	}
	strbuf_clear(&query);
	return status;
}

/* ---- the cookie's name ---- */

/*
 * Compares the cookie's name with the name that follows from the site's address. Returns
 * STATUS_NOT_FOUND if they differ.
 */
static enum status compare(const struct site_conf *conf, const struct wordpress_option *option,
			   const char *cookie, struct error *said)
{
	char *address = NULL;
	struct strbuf name;

	strbuf_init(&name);
	enum status status = wordpress_option_get(conf, option, &address, NULL);
	if (status == STATUS_OK)
		status = wordpress_cookie_name(address, &name, NULL);
	if (status != STATUS_OK)
		/* perhaps the account is not allowed to read the address */
		status = STATUS_UNAVAILABLE;
	else if (strcmp(name.data, cookie) != 0)
		status =
		    error_set(said, STATUS_NOT_FOUND,
			      "the cookie %s does not belong to the site's address %s, which uses "
			      "the cookie %s. Run `prebindctl wordpress import WP-CONFIG.PHP`, "
			      "unless wp-config.php sets COOKIEHASH or WP_SITEURL",
			      cookie, address, name.data);
	free(address);
	strbuf_clear(&name);
	return status;
}

bool wordpress_is_its_cookie(const struct site_conf *conf, const char *cookie, struct error *said)
{
	struct wordpress_option option = {.name = "siteurl"};
	struct prefixes prefixes;
	struct strbuf query;
	enum status status = STATUS_OK;

	strbuf_init(&query);
	if (find_prefixes(conf, &query, &prefixes, NULL) == STATUS_OK && prefixes.is_used) {
		option.prefix = prefixes.used;
		status = compare(conf, &option, cookie, said);
		/* in a network of sites, the network's address determines the name */
		option.network = true;
		enum status network =
		    status == STATUS_NOT_FOUND ? compare(conf, &option, cookie, said) : status;
		status = network != STATUS_UNAVAILABLE ? network : status;
	}
	strbuf_clear(&query);
	return status != STATUS_NOT_FOUND;
}
