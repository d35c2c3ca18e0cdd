/*
 * From the gateway's parameters to a typed request. Whatever a later part decides by is there
 * once, has a bounded length and holds no control character, or the request ends here with a 400,
 * 414 or 431. Fields, body and cookies are in request_fields.c, paths in request_path.c.
 */
#include "web/request_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "base/secret.h"
#include "web/server.h"

#define HOST_MAX 255 /* RFC 1035: a name on the wire */

/*
 * Parameters that decide something. A second one of the same name would be taken by one reader and
 * overlooked by another, and lighttpd makes X_User and X-User the same name (SEC-FCGI-5).
 */
static const char *const unique_names[] = {
    "AUTH_TYPE",    "CONTENT_LENGTH",     "CONTENT_TYPE",   "HTTPS",        "HTTP_ACCEPT",
    "HTTP_API_KEY", "HTTP_AUTHORIZATION", "HTTP_COOKIE",    "HTTP_HOST",    "HTTP_ORIGIN",
    "HTTP_PURPOSE", "HTTP_REFERER",       "PATH_INFO",      "QUERY_STRING", "REMOTE_ADDR",
    "REMOTE_USER",  "REQUEST_METHOD",     "REQUEST_SCHEME", "REQUEST_URI",  "SCRIPT_NAME",
};
#define UNIQUE_PREFIX "HTTP_SEC_"

/* Parameters that are copied as they are. */
static const struct text_param {
	const char *name;
	size_t offset;
	bool optional; /* absent: NULL; else "" */
} text_params[] = {
    {"SCRIPT_NAME",          offsetof(struct request, script_name),     false},
    {"PATH_INFO",            offsetof(struct request, path_info),       true },
    {"REMOTE_ADDR",          offsetof(struct request, remote_addr),     false},
    {"REMOTE_USER",          offsetof(struct request, remote_user),     true },
    {"AUTH_TYPE",            offsetof(struct request, auth_type),       true },
    {"HTTP_ACCEPT",          offsetof(struct request, accept),          false},
    {"HTTP_ACCEPT_LANGUAGE", offsetof(struct request, accept_language), true },
    {"HTTP_ORIGIN",          offsetof(struct request, origin),          true },
    {"HTTP_REFERER",         offsetof(struct request, referer),         true },
    {"HTTP_SEC_FETCH_SITE",  offsetof(struct request, fetch_site),      true },
    {"HTTP_SEC_FETCH_MODE",  offsetof(struct request, fetch_mode),      true },
    {"HTTP_SEC_FETCH_DEST",  offsetof(struct request, fetch_dest),      true },
    {"HTTP_COOKIE",          offsetof(struct request, cookie),          true },
    {"HTTP_AUTHORIZATION",   offsetof(struct request, authorization),   true },
    {"HTTP_API_KEY",         offsetof(struct request, api_key),         true },
};

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

const char *gateway_param(const struct gateway *gateway, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; gateway->params[i]; i++) {
		const char *param = gateway->params[i];

		if (param[0] == name[0] && strncmp(param, name, len) == 0 && param[len] == '=')
			return param + len + 1;
	}
	return NULL;
}

enum http_method http_method_parse(const char *name)
{
	if (strcmp(name, "GET") == 0)
		return HTTP_GET;
	if (strcmp(name, "HEAD") == 0)
		return HTTP_HEAD;
	if (strcmp(name, "POST") == 0)
		return HTTP_POST;
	return HTTP_OTHER;
}

static bool must_be_unique(const char *name, size_t len)
{
	if (strncmp(name, UNIQUE_PREFIX, strlen(UNIQUE_PREFIX)) == 0)
		return true;
	for (size_t i = 0; i < LENGTH(unique_names); i++) {
		if (strlen(unique_names[i]) == len && strncmp(unique_names[i], name, len) == 0)
			return true;
	}
	return false;
}

static enum status check_unique(const struct gateway *gateway, struct error *err)
{
	for (size_t i = 0; gateway->params[i]; i++) {
		const char *param = gateway->params[i];
		size_t len = strcspn(param, "=");

		if (!must_be_unique(param, len))
			continue;
		for (size_t j = i + 1; gateway->params[j]; j++) {
			/* the '=' belongs to the comparison: it ends the name */
			if (strncmp(param, gateway->params[j], len + 1) == 0)
				return error_set(err, STATUS_BAD_REQUEST,
						 "the web server sent %.*s twice: two headers have "
						 "become the same name",
						 (int)len, param);
		}
	}
	return STATUS_OK;
}

static enum status check_limits(const struct gateway *gateway, struct error *err)
{
	const char *uri = gateway_param(gateway, "REQUEST_URI");
	const char *query = gateway_param(gateway, "QUERY_STRING");
	const char *cookie = gateway_param(gateway, "HTTP_COOKIE");
	size_t count = 0, bytes = 0;

	for (; gateway->params[count] && count <= REQUEST_PARAMS_MAX; count++)
		bytes += strlen(gateway->params[count]);
	if (count > REQUEST_PARAMS_MAX)
		return error_set(err, STATUS_HEADERS_TOO_LARGE, "more than %d parameters",
				 REQUEST_PARAMS_MAX);
	if (bytes > REQUEST_PARAMS_BYTES_MAX)
		return error_set(err, STATUS_HEADERS_TOO_LARGE,
				 "%zu bytes of parameters, %d are allowed", bytes,
				 REQUEST_PARAMS_BYTES_MAX);
	if (cookie && strlen(cookie) > REQUEST_COOKIE_MAX)
		return error_set(err, STATUS_HEADERS_TOO_LARGE,
				 "%zu bytes of cookies, %d are allowed", strlen(cookie),
				 REQUEST_COOKIE_MAX);
	if (uri && strlen(uri) > REQUEST_URI_MAX)
		return error_set(err, STATUS_URI_TOO_LONG, "%zu bytes of address, %d are allowed",
				 strlen(uri), REQUEST_URI_MAX);
	if (query && strlen(query) > REQUEST_QUERY_MAX)
		return error_set(err, STATUS_URI_TOO_LONG, "%zu bytes of query, %d are allowed",
				 strlen(query), REQUEST_QUERY_MAX);
	return STATUS_OK;
}

static enum status read_texts(const struct gateway *gateway, struct request *out, struct error *err)
{
	for (size_t i = 0; i < LENGTH(text_params); i++) {
		const struct text_param *row = &text_params[i];
		const char *value = gateway_param(gateway, row->name);
		char **field = (char **)(void *)((char *)out + row->offset);

		if (!value && row->optional)
			continue;
		if (value && text_has_control(value))
			return error_set(err, STATUS_BAD_REQUEST, "a control character in %s",
					 row->name);
		*field = strdup(value ? value : "");
		if (!*field)
			return error_no_memory(err);
	}
	return STATUS_OK;
}

/* The type alone: "Application/JSON; charset=utf-8" is "application/json". */
static enum status read_content_type(const struct gateway *gateway, struct request *out,
				     struct error *err)
{
	const char *value = gateway_param(gateway, "CONTENT_TYPE");
	size_t len;

	if (!value)
		value = "";
	if (text_has_control(value))
		return error_set(err, STATUS_BAD_REQUEST, "a control character in CONTENT_TYPE");
	value += strspn(value, " ");
	len = strcspn(value, "; ");
	out->content_type = strndup(value, len);
	if (!out->content_type)
		return error_no_memory(err);
	for (size_t i = 0; i < len; i++)
		out->content_type[i] = (char)tolower((unsigned char)value[i]);
	return STATUS_OK;
}

/* The length of the name in "name[:port]"; 0: not a host. */
static size_t host_name_length(const char *text)
{
	size_t len;

	if (text[0] == '[') { /* RFC 3986 3.2.2: an IPv6 address */
		len = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
		return text[len] == ']' ? len + 1 : 0;
	}
	len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
	return len <= HOST_MAX ? len : 0;
}

static bool is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len >= 1 && len <= 5 && text[len] == '\0';
}

/* Browsers leave the scheme's own port out of Origin and Referer, whatever Host says. */
static enum status set_origin(struct request *out, const char *port, struct error *err)
{
	const char *own = out->https ? "443" : "80";
	struct strbuf text;

	strbuf_init(&text);
	strbuf_addf(&text, "http%s://%s", out->https ? "s" : "", out->host);
	if (*port && strcmp(port, own) != 0)
		strbuf_addf(&text, ":%s", port);
	out->origin_self = strbuf_take(&text);
	return out->origin_self ? STATUS_OK : error_no_memory(err);
}

static enum status read_host(const struct gateway *gateway, struct request *out, struct error *err)
{
	const char *value = gateway_param(gateway, "HTTP_HOST");
	const char *port = "";
	size_t len;

	if (!value || !*value) { /* HTTP/1.0 */
		out->host = strdup("");
		out->origin_self = strdup("");
		return out->host && out->origin_self ? STATUS_OK : error_no_memory(err);
	}
	len = host_name_length(value);
	if (value[len] == ':')
		port = value + len + 1;
	if (len == 0 || (value[len] != '\0' && !is_port(port)))
		return error_set(err, STATUS_BAD_REQUEST, "the Host header is not a host: '%.80s'",
				 value);
	out->host = strndup(value, len);
	if (!out->host)
		return error_no_memory(err);
	for (size_t i = 0; i < len; i++)
		out->host[i] = (char)tolower((unsigned char)value[i]);
	return set_origin(out, port, err);
}

static void read_flags(const struct gateway *gateway, struct request *out)
{
	const char *https = gateway_param(gateway, "HTTPS");
	const char *scheme = gateway_param(gateway, "REQUEST_SCHEME");
	const char *purpose = gateway_param(gateway, "HTTP_PURPOSE");
	const char *sec_purpose = gateway_param(gateway, "HTTP_SEC_PURPOSE");

	/* never from X-Forwarded-Proto: anybody can send that (SEC-AUTH-8) */
	out->https = (https && (strcasecmp(https, "on") == 0 || strcmp(https, "1") == 0)) ||
		     (scheme && strcasecmp(scheme, "https") == 0);
	out->prefetch = (purpose && strcasestr(purpose, "prefetch")) ||
			(sec_purpose && strcasestr(sec_purpose, "prefetch"));
}

enum status request_read(const struct gateway *gateway, struct request *out, struct error *err)
{
	const char *method = gateway_param(gateway, "REQUEST_METHOD");
	const char *query = gateway_param(gateway, "QUERY_STRING");
	enum status status;

	*out = (struct request){.method = method ? http_method_parse(method) : HTTP_OTHER};
	strbuf_init_secret(&out->body);
	secret_random_hex(out->id, REQUEST_ID_LEN / 2);
	read_flags(gateway, out);

	status = check_limits(gateway, err);
	if (status == STATUS_OK)
		status = check_unique(gateway, err);
	if (status == STATUS_OK && !method)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "no REQUEST_METHOD: the web server sent no HTTP request");
	if (status == STATUS_OK)
		status = read_texts(gateway, out, err);
	if (status == STATUS_OK)
		status = read_content_type(gateway, out, err);
	if (status == STATUS_OK)
		status = read_host(gateway, out, err);
	if (status == STATUS_OK && query)
		status = fields_parse(&out->query, query, strlen(query), err);
	return status;
}

void request_clear(struct request *req)
{
	char *texts[] = {
	    req->host,
	    req->origin_self,
	    req->script_name,
	    req->path_info,
	    req->base,
	    req->path,
	    req->remote_addr,
	    req->content_type,
	    req->accept,
	    req->origin,
	    req->referer,
	    req->fetch_site,
	    req->fetch_mode,
	    req->fetch_dest,
	    req->remote_user,
	    req->auth_type,
	    req->accept_language,
	};

	for (size_t i = 0; i < LENGTH(texts); i++)
		free(texts[i]);
	secret_free(req->cookie);
	secret_free(req->authorization);
	secret_free(req->api_key);
	fields_clear(&req->query);
	fields_clear(&req->form);
	strbuf_clear(&req->body);
	*req = (struct request){.method = HTTP_OTHER};
}
