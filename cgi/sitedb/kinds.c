/*
 * The list of the kinds of databases. Also reads the value of `site_database`.
 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "sitedb/sitedb.h"

static const struct sitedb_kind *const kinds[] = {
    [SITE_URI_PATH] = &sitedb_sqlite,
    [SITE_URI_MARIADB] = &sitedb_mariadb,
    [SITE_URI_POSTGRESQL] = &sitedb_postgresql,
};

/*
 * Finds the server object of the source's database. Sites on one server share the connections of
 * that server. Each database file is treated as a server of its own.
 */
static enum status server_find(struct sitedb_source *source, struct error *err)
{
	const struct site_uri *uri = &source->uri;
	struct strbuf address;

	strbuf_init(&address);
	if (source->kind->is_file)
		strbuf_adds(&address, source->database);
	else
		strbuf_addf(&address, "%s %s %s:%s", source->kind->name, uri->socket, uri->host,
			    uri->port);
	enum status status = strbuf_ok(&address)
				 ? sitedb_server_get(address.data, &source->server, err)
				 : error_no_memory(err);
	strbuf_clear(&address);
	return status;
}

static const char *password_file(const struct site_conf *site)
{
	return site != NULL ? site->site_database_password_file : "";
}

enum status sitedb_source_init(struct sitedb_source *out, const struct site_conf *site,
			       const char *database, struct error *err)
{
	struct sitedb_source source = {.site = site, .database = database};
	enum status status = site_uri_parse(database, &source.uri, err);
	struct strbuf key;

	if (status != STATUS_OK)
		return conf_blame(status, err, conf_site_place(site, "site_database"));
	source.kind = kinds[source.uri.kind];
	source.connections_max =
	    site != NULL && !source.kind->is_file ? site->site_connections_max : 32;
	strbuf_init(&key);
	strbuf_addf(&key, "%s\n%s", database, password_file(site));
	source.key = strbuf_ok(&key) ? strbuf_take(&key) : NULL;
	strbuf_clear(&key);
	status = source.key != NULL ? server_find(&source, err) : error_no_memory(err);
	if (status == STATUS_OK)
		*out = source;
	else
		sitedb_source_clear(&source);
	return status;
}

void sitedb_source_clear(struct sitedb_source *source)
{
	if (source->server != NULL)
		sitedb_forget(source);
	sitedb_server_release(source->server);
	site_uri_clear(&source->uri);
	free(source->key);
	*source = (struct sitedb_source){0};
}

enum status sitedb_password(const struct sitedb_source *source, struct strbuf *out,
			    struct error *err)
{
	const char *file = password_file(source->site);

	if (file[0] == '\0')
		return STATUS_OK;
	enum status status = secret_file_read(file, out, err);
	return conf_blame(status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status, err,
			  conf_site_place(source->site, "site_database_password_file"));
}
