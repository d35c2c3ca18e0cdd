/*
 * Reads scheme://user@host:port/name?option=value&option=value. Copies the parts one by one, and
 * decodes escapes such as %41.
 */
#include "conf/site_uri.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/codec.h"

#define DIGITS             "0123456789"
#define SITE_URI_HOSTS_MAX 8 /* the time-out of a connection is too short to try more hosts */

static const struct {
	const char *scheme;
	enum site_uri_kind kind;
} schemes[] = {
    {"mariadb://",    SITE_URI_MARIADB   },
    {"mysql://",      SITE_URI_MARIADB   },
    {"postgresql://", SITE_URI_POSTGRESQL},
    {"postgres://",   SITE_URI_POSTGRESQL},
};

static size_t scheme_length(const char *text, enum site_uri_kind *kind)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].scheme);
		if (strncmp(text, schemes[i].scheme, len) != 0)
			continue;
		*kind = schemes[i].kind;
		return len;
	}
	*kind = SITE_URI_PATH;
	return 0;
}

enum site_uri_kind site_uri_kind(const char *text)
{
	enum site_uri_kind kind;

	scheme_length(text, &kind);
	return kind;
}

static int hex_value(char c)
{
	const char *digits = "0123456789abcdef", *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/*
 * Copies len bytes and decodes escapes (%41 becomes A). Returns NULL if out of memory. If a % does
 * not begin a valid escape, returns NULL and sets *malformed to true.
 */
static char *decode(const char *text, size_t len, bool *malformed)
{
	char *out = malloc(len + 1), *to = out;

	for (size_t i = 0; out != NULL && i < len; i++) {
		if (text[i] != '%') {
			*to++ = text[i];
			continue;
		}
		int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
		int low = i + 2 < len ? hex_value(text[i + 2]) : -1;
		if (high < 0 || low < 0 || (high == 0 && low == 0)) {
			free(out);
			*malformed = true;
			return NULL;
		}
		*to++ = (char)(high * 16 + low);
		i += 2;
	}
	if (out != NULL)
		*to = '\0';
	return out;
}

/*
 * Replaces *field by the decoded text. Returns NULL on success, otherwise the reason. The reason is
 * "" if out of memory.
 */
static const char *put(char **field, const char *text, size_t len)
{
	bool malformed = false;
	char *value = decode(text, len, &malformed);

	if (malformed)
		return "has a % without two hexadecimal digits after it, or %00";
	if (value == NULL)
		return ""; /* out of memory */
	if (text_has_control(value)) {
		free(value);
		return "has a control character in it";
	}
	free(*field);
	*field = value;
	return NULL;
}

static const char password_inside[] =
    "contains a password, which logs and backups would show; write the password into a separate "
    "file, and set site_database_password_file to the path of the file";

/* Appends a comma and the text to *field. For the first host, replaces *field by the text. */
static const char *put_more(char **field, bool first, const char *text, size_t len)
{
	char *one = strdup(""), *both = NULL;
	const char *wrong = one != NULL ? put(&one, text, len) : "";

	if (wrong == NULL && asprintf(&both, "%s%s%s", *field, first ? "" : ",", one) < 0)
		wrong = "";
	free(one);
	if (wrong != NULL)
		return wrong;
	free(*field);
	*field = both;
	return NULL;
}

/* Reads "host:port" or "[::1]:port". */
static const char *host_read(const char *host, const char *end, bool first, struct site_uri *out)
{
	bool bracket = host < end && *host == '[';
	const char *after = bracket ? memchr(host, ']', (size_t)(end - host)) : host;

	if (after == NULL)
		return "has a [ without its ]";
	const char *colon = memchr(after, ':', (size_t)(end - after));
	const char *host_end = colon != NULL ? colon : end;
	const char *port = colon != NULL ? colon + 1 : end;
	const char *wrong = put_more(&out->port, first, port, (size_t)(end - port));
	if (wrong == NULL)
		wrong = put_more(&out->host, first, host + bracket,
				 (size_t)(host_end - host) - 2 * bracket);
	return wrong;
}

/* Reads "user@host:port,host:port". */
static const char *authority_read(const char *text, size_t len, struct site_uri *out)
{
	const char *at = memchr(text, '@', len);
	const char *end = text + len, *host = at != NULL ? at + 1 : text;

	if (at != NULL && memchr(text, ':', (size_t)(at - text)) != NULL)
		return password_inside;
	if (at != NULL && memchr(host, '@', (size_t)(end - host)) != NULL)
		return "has two @; write %40 for an @ in the user's name";
	const char *wrong = at != NULL ? put(&out->user, text, (size_t)(at - text)) : NULL;
	for (bool first = true; wrong == NULL; first = false) {
		const char *comma = memchr(host, ',', (size_t)(end - host));

		wrong = host_read(host, comma != NULL ? comma : end, first, out);
		if (comma == NULL)
			break;
		host = comma + 1;
	}
	return wrong;
}

static const char *option_set(struct site_uri *out, const char *name, size_t len, const char *value,
			      size_t value_len)
{
	const struct {
		enum site_uri_kind kind;
		const char *name;
		char **field;
	} options[] = {
	    {SITE_URI_MARIADB,    "socket",               &out->socket},
	    {SITE_URI_MARIADB,    "ssl-ca",               &out->ca    },
	    {SITE_URI_POSTGRESQL, "host",                 &out->host  },
	    {SITE_URI_POSTGRESQL, "port",                 &out->port  },
	    {SITE_URI_POSTGRESQL, "user",                 &out->user  },
	    {SITE_URI_POSTGRESQL, "dbname",               &out->name  },
	    {SITE_URI_POSTGRESQL, "sslrootcert",          &out->ca    },
	    {SITE_URI_POSTGRESQL, "target_session_attrs", &out->role  },
	};

	if (len == strlen("password") && strncmp(name, "password", len) == 0)
		return password_inside;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].kind == out->kind && strlen(options[i].name) == len &&
		    strncmp(options[i].name, name, len) == 0)
			return put(options[i].field, value, value_len);
	return out->kind == SITE_URI_MARIADB
		   ? "has an option that is not known; allowed: socket, ssl-ca"
		   : "has an option that is not known; allowed: host, port, user, dbname, "
		     "sslrootcert, target_session_attrs";
}

static const char *options_read(const char *text, struct site_uri *out)
{
	const char *wrong = NULL;

	while (*text != '\0' && wrong == NULL) {
		size_t len = strcspn(text, "&");
		const char *equals = memchr(text, '=', len);

		if (equals == NULL)
			return "has an option without a value";
		wrong = option_set(out, text, (size_t)(equals - text), equals + 1,
				   len - (size_t)(equals + 1 - text));
		text += len + (text[len] == '&' ? 1 : 0);
	}
	return wrong;
}

/* ---- several hosts ---- */

static size_t count(const char *list)
{
	size_t n = 1;

	while ((list = strchr(list, ',')) != NULL) {
		list++;
		n++;
	}
	return n;
}

size_t site_uri_hosts(const struct site_uri *uri)
{
	return count(uri->host);
}

/* Returns entry i of the comma-separated list, and sets *len to its length. */
static const char *entry(const char *list, size_t i, size_t *len)
{
	while (i-- > 0)
		list += strcspn(list, ",") + 1;
	*len = strcspn(list, ",");
	return list;
}

struct site_uri_host site_uri_host(const struct site_uri *uri, size_t i)
{
	struct site_uri_host out;

	out.host = entry(uri->host, i, &out.host_len);
	out.port = entry(uri->port, count(uri->port) > 1 ? i : 0, &out.port_len);
	return out;
}

static bool is_local(struct site_uri_host one)
{
	char host[INET6_ADDRSTRLEN + 1];

	if (one.host_len >= sizeof(host))
		return false;
	memcpy(host, one.host, one.host_len);
	host[one.host_len] = '\0';
	return host[0] == '\0' || strcmp(host, "localhost") == 0 || address_is_loopback(host);
}

/*
 * Moves a host that begins with a slash to `socket`, because libpq treats such a host as the folder
 * of a socket.
 */
static void socket_split(struct site_uri *out)
{
	if (out->host[0] == '/' && out->socket[0] == '\0') {
		char *empty = out->socket;
		out->socket = out->host;
		out->host = empty;
	}
	bool on_network = false;
	for (size_t i = 0; i < site_uri_hosts(out); i++)
		on_network = on_network || !is_local(site_uri_host(out, i));
	out->local = out->socket[0] != '\0' || !on_network;
}

static const char *hosts_check(const struct site_uri *uri)
{
	size_t hosts = site_uri_hosts(uri);

	if (strpbrk(uri->host, " /") != NULL || (hosts > 1 && uri->kind != SITE_URI_POSTGRESQL))
		return "has more than one host";
	if (hosts > SITE_URI_HOSTS_MAX)
		return "has more than 8 hosts";
	if (uri->port[strspn(uri->port, DIGITS ",")] != '\0')
		return "has a port that is not a number";
	size_t ports = count(uri->port);
	if (ports != 1 && ports != hosts)
		return "has a different number of ports than of hosts";
	for (size_t i = 0; i < hosts; i++) {
		struct site_uri_host one = site_uri_host(uri, i);

		if (one.port_len > 5)
			return "has a port that is not a number";
		if (hosts > 1 && one.host_len == 0)
			return "has a comma with no host beside it";
	}
	return NULL;
}

static const char *parts_check(const struct site_uri *uri)
{
	if (uri->user[0] == '\0')
		return "has no user; write USER@ before the host";
	if (uri->name[0] == '\0')
		return "has no database; write /NAME after the host";
	if (uri->socket[0] != '\0' && uri->socket[0] != '/')
		return "has a socket that does not begin with /";
	if (uri->role[0] != '\0' && strcmp(uri->role, "any") != 0 &&
	    strcmp(uri->role, "read-write") != 0)
		return "has a wrong value of target_session_attrs (write any or read-write)";
	return hosts_check(uri);
}

static const char *uri_read(const char *text, struct site_uri *out)
{
	text += scheme_length(text, &out->kind);
	char **const fields[] = {&out->user, &out->host, &out->port, &out->socket,
				 &out->name, &out->ca,   &out->role};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if ((*fields[i] = strdup("")) == NULL)
			return "";
	size_t len = strcspn(text, "/?");
	const char *wrong = authority_read(text, len, out);
	text += len;
	if (wrong == NULL && *text == '/') {
		len = strcspn(text + 1, "?");
		wrong = put(&out->name, text + 1, len);
		text += 1 + len;
	}
	if (wrong == NULL && *text == '?')
		wrong = options_read(text + 1, out);
	if (wrong != NULL)
		return wrong;
	socket_split(out);
	return parts_check(out);
}

enum status site_uri_parse(const char *text, struct site_uri *out, struct error *err)
{
	struct site_uri uri = {0};

	if (site_uri_kind(text) == SITE_URI_PATH) {
		*out = uri;
		return STATUS_OK;
	}
	const char *wrong = uri_read(text, &uri);
	if (wrong == NULL) {
		*out = uri;
		return STATUS_OK;
	}
	site_uri_clear(&uri);
	return wrong[0] == '\0' ? error_no_memory(err)
				: error_set(err, STATUS_BAD_REQUEST, "%s", wrong);
}

void site_uri_clear(struct site_uri *uri)
{
	free(uri->user);
	free(uri->host);
	free(uri->port);
	free(uri->socket);
	free(uri->name);
	free(uri->ca);
	free(uri->role);
	*uri = (struct site_uri){0};
}

const char *site_uri_check(const char *text)
{
	struct site_uri uri = {0};
	const char *wrong;

	if (site_uri_kind(text) == SITE_URI_PATH)
		return text[0] == '/'
			   ? NULL
			   : "does not begin with /, mariadb://, mysql:// or postgresql://";
	wrong = uri_read(text, &uri);
	site_uri_clear(&uri);
	return wrong;
}

const char *site_uri_check_own(const char *text)
{
	static const char password[] =
	    "contains a password, which logs and backups would show; write the password into a "
	    "separate file, and set database_password_file to the path of the file";
	enum site_uri_kind kind = site_uri_kind(text);
	const char *wrong;

	if (kind == SITE_URI_MARIADB || (kind == SITE_URI_PATH && text[0] != '/'))
		return "does not begin with / or postgresql://";
	wrong = kind == SITE_URI_PATH ? NULL : site_uri_check(text);
	return wrong == password_inside ? password : wrong;
}
