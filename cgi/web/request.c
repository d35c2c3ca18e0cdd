/*
 * Turns the parameters of CGI into a typed request. A parameter on which later decisions depend
 * must occur once, have a bounded length and have no control character. Otherwise the request is
 * refused here with a 400, 414 or 431. request_fields.c handles fields, body and cookies;
 * request_path.c handles paths.
 */
#include "web/request_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "base/secret.h"

#define HOST_MAX 255 /* bytes of a DNS name (RFC 1035) */

/*
 * The parameters that are read here. A parameter on which decisions depend must be unique, because
 * one reader could use its first value and another reader its second. lighttpd also turns the
 * headers X_User and X-User into parameters of the same name.
 */
enum known {
	AUTH_TYPE,
	CONTENT_LENGTH,
	CONTENT_TYPE,
	HTTPS,
	HTTP_ACCEPT,
	HTTP_ACCEPT_LANGUAGE,
	HTTP_API_KEY,
	HTTP_AUTHORIZATION,
	HTTP_COOKIE,
	HTTP_FORWARDED,
	HTTP_HOST,
	HTTP_ORIGIN,
	HTTP_PURPOSE,
	HTTP_REFERER,
	HTTP_SEC_FETCH_DEST,
	HTTP_SEC_FETCH_MODE,
	HTTP_SEC_FETCH_SITE,
	HTTP_SEC_PURPOSE,
	HTTP_X_FORWARDED_FOR,
	PATH_INFO,
	QUERY_STRING,
	REMOTE_ADDR,
	REMOTE_USER,
	REQUEST_METHOD,
	REQUEST_SCHEME,
	REQUEST_URI,
	SCRIPT_NAME,
	KNOWN_COUNT
};

enum known_flags {
	IS_TEXT = 1, /* the value is put into the request unchanged */
	NEEDED = 2,  /* if the parameter is absent, the value is "" instead of NULL */
	REPEATS = 4  /* can occur several times; the first value is used */
};

#define PARAM(known)         [known] = {.name = #known, .len = sizeof(#known) - 1}
#define PARAM_REPEATS(known) [known] = {.name = #known, .len = sizeof(#known) - 1, .flags = REPEATS}
#define TEXT(known, field, more)                                                                   \
	[known] = {                                                                                \
	    .name = #known,                                                                        \
	    .len = sizeof(#known) - 1,                                                             \
	    .flags = IS_TEXT | (more),                                                             \
	    .text = offsetof(struct request, field),                                               \
	}

static const struct known_param {
	const char *name;
	size_t len;
	unsigned flags;
	size_t text; /* offset in struct request */
} known_params[KNOWN_COUNT] = {
    TEXT(AUTH_TYPE, auth_type, 0),
    PARAM(CONTENT_LENGTH),
    PARAM(CONTENT_TYPE),
    PARAM(HTTPS),
    TEXT(HTTP_ACCEPT, accept, NEEDED),
    TEXT(HTTP_ACCEPT_LANGUAGE, accept_language, REPEATS),
    TEXT(HTTP_API_KEY, api_key, 0),
    TEXT(HTTP_AUTHORIZATION, authorization, 0),
    TEXT(HTTP_COOKIE, cookie, 0),
    PARAM_REPEATS(HTTP_FORWARDED),
    PARAM(HTTP_HOST),
    TEXT(HTTP_ORIGIN, origin, 0),
    PARAM(HTTP_PURPOSE),
    TEXT(HTTP_REFERER, referer, 0),
    TEXT(HTTP_SEC_FETCH_DEST, fetch_dest, 0),
    TEXT(HTTP_SEC_FETCH_MODE, fetch_mode, 0),
    TEXT(HTTP_SEC_FETCH_SITE, fetch_site, 0),
    PARAM(HTTP_SEC_PURPOSE),
    PARAM_REPEATS(HTTP_X_FORWARDED_FOR),
    TEXT(PATH_INFO, path_info, 0),
    PARAM(QUERY_STRING),
    TEXT(REMOTE_ADDR, remote_addr, NEEDED),
    TEXT(REMOTE_USER, remote_user, 0),
    PARAM(REQUEST_METHOD),
    PARAM(REQUEST_SCHEME),
    PARAM(REQUEST_URI),
    TEXT(SCRIPT_NAME, script_name, NEEDED),
};
/* parameters whose names begin with this must be unique, even if they are not in the table */
#define UNIQUE_PREFIX "HTTP_SEC_"

/* The values of the CGI parameters, found in one pass. */
struct values {
	const char *of[KNOWN_COUNT]; /* borrowed; NULL if absent */
	const char *twice;           /* a repeated parameter that must be unique; NULL if none */
};

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

/* Returns KNOWN_COUNT if the name is not in the table. */
static size_t known_find(const char *name, size_t len)
{
	size_t i = 0;

	while (i < KNOWN_COUNT &&
	       (known_params[i].len != len || memcmp(known_params[i].name, name, len) != 0))
		i++;
	return i;
}

/*
 * True if one of the first `count` parameters has the same name as param. len is the length of the
 * name.
 */
static bool is_among(const struct raw_request *raw, size_t count, const char *param, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(param, raw->params[i], len + 1) == 0)
			return true;
	}
	return false;
}

/*
 * True if the parameter begins with UNIQUE_PREFIX, and an earlier parameter has the same name. A
 * request with more than REQUEST_PARAMS_MAX parameters is refused anyway, so parameters beyond this
 * number are not compared.
 */
static bool is_unique_again(const struct raw_request *raw, size_t at, size_t len)
{
	const char *param = raw->params[at];

	return at <= REQUEST_PARAMS_MAX &&
	       strncmp(param, UNIQUE_PREFIX, strlen(UNIQUE_PREFIX)) == 0 &&
	       is_among(raw, at, param, len);
}

static void values_find(const struct raw_request *raw, struct values *out)
{
	for (size_t i = 0; raw->params[i] != NULL; i++) {
		const char *param = raw->params[i];
		const char *equals = strchr(param, '=');
		size_t len = equals != NULL ? (size_t)(equals - param) : 0;
		size_t which = known_find(param, len);
		bool twice;

		if (which == KNOWN_COUNT)
			twice = equals != NULL && is_unique_again(raw, i, len);
		else
			twice = out->of[which] != NULL && !(known_params[which].flags & REPEATS);
		if (twice && out->twice == NULL)
			out->twice = param;
		if (which < KNOWN_COUNT && out->of[which] == NULL)
			out->of[which] = equals + 1;
	}
}

static enum status check_unique(const struct values *values, struct error *err)
{
	if (values->twice == NULL)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "the web server sent the parameter %.*s twice, because two headers became "
			 "one parameter",
			 (int)strcspn(values->twice, "="), values->twice);
}

static enum status check_limits(const struct raw_request *raw, const struct values *values,
				struct error *err)
{
	const char *uri = values->of[REQUEST_URI];
	const char *query = values->of[QUERY_STRING];
	const char *cookie = values->of[HTTP_COOKIE];
	size_t count = 0, bytes = 0;

	for (; count <= REQUEST_PARAMS_MAX && raw->params[count] != NULL; count++)
		bytes += strlen(raw->params[count]);
	if (count > REQUEST_PARAMS_MAX)
		return error_set(err, STATUS_HEADERS_TOO_LARGE,
				 "the request has more than %d parameters", REQUEST_PARAMS_MAX);
	if (bytes > REQUEST_PARAMS_BYTES_MAX)
		return error_set(err, STATUS_HEADERS_TOO_LARGE,
				 "the request has %zu bytes of parameters, but only %d are allowed",
				 bytes, REQUEST_PARAMS_BYTES_MAX);
	if (cookie != NULL && strlen(cookie) > REQUEST_COOKIE_MAX)
		return error_set(err, STATUS_HEADERS_TOO_LARGE,
				 "the request has %zu bytes of cookies, but only %d are allowed",
				 strlen(cookie), REQUEST_COOKIE_MAX);
	if (cookie != NULL && cookies_count(cookie) > REQUEST_COOKIES_MAX)
		return error_set(err, STATUS_HEADERS_TOO_LARGE,
				 "the request has %zu cookies, but only %d are allowed",
				 cookies_count(cookie), REQUEST_COOKIES_MAX);
	if (uri != NULL && strlen(uri) > REQUEST_URI_MAX)
		return error_set(err, STATUS_URI_TOO_LONG,
				 "the address has %zu bytes, but only %d are allowed", strlen(uri),
				 REQUEST_URI_MAX);
	if (query != NULL && strlen(query) > REQUEST_QUERY_MAX)
		return error_set(err, STATUS_URI_TOO_LONG,
				 "the query string has %zu bytes, but only %d are allowed",
				 strlen(query), REQUEST_QUERY_MAX);
	return STATUS_OK;
}

static enum status read_texts(const struct values *values, struct request *out, struct error *err)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		const struct known_param *row = &known_params[i];
		const char *value = values->of[i];

		if (!(row->flags & IS_TEXT) || (value == NULL && !(row->flags & NEEDED)))
			continue;
		if (value != NULL && text_has_control(value))
			return error_set(err, STATUS_BAD_REQUEST,
					 "the parameter %s contains a control character",
					 row->name);
		*(const char **)(void *)((char *)out + row->text) = value != NULL ? value : "";
	}
	return STATUS_OK;
}

/* Stores only the media type: "Application/JSON; charset=utf-8" becomes "application/json". */
static enum status read_content_type(const struct values *values, struct request *out,
				     struct error *err)
{
	const char *value = values->of[CONTENT_TYPE];
	size_t len;

	if (value == NULL)
		value = "";
	if (text_has_control(value))
		return error_set(err, STATUS_BAD_REQUEST,
				 "CONTENT_TYPE contains a control character");
	value += strspn(value, " ");
	len = strcspn(value, "; ");
	out->content_type = strndup(value, len);
	if (out->content_type == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < len; i++)
		out->content_type[i] = (char)tolower((unsigned char)value[i]);
	return STATUS_OK;
}

/* Returns the length of the name in "name[:port]", or 0 if the text is not a host. */
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

/* Browsers leave the scheme's default port out of Origin and Referer, even if Host has it. */
static enum status set_origin(struct request *out, const char *port, struct error *err)
{
	const char *own = out->https ? "443" : "80";
	struct strbuf text;

	strbuf_init(&text);
	strbuf_adds(&text, out->https ? "https://" : "http://");
	strbuf_adds(&text, out->host);
	if (*port && strcmp(port, own) != 0) {
		strbuf_addc(&text, ':');
		strbuf_adds(&text, port);
	}
	out->origin_self = strbuf_take(&text);
	return out->origin_self != NULL ? STATUS_OK : error_no_memory(err);
}

enum status request_set_host(const char *value, struct request *out, struct error *err)
{
	const char *port = "";
	size_t len;

	if (value == NULL || !*value) { /* HTTP/1.0 needs no Host header */
		out->host = strdup("");
		out->origin_self = strdup("");
		return out->host != NULL && out->origin_self != NULL ? STATUS_OK
								     : error_no_memory(err);
	}
	len = host_name_length(value);
	if (value[len] == ':')
		port = value + len + 1;
	if (len == 0 || (value[len] != '\0' && !is_port(port)))
		return error_set(err, STATUS_BAD_REQUEST,
				 "the Host header is not a valid host: '%.80s'", value);
	/* "example.org." and "example.org" are the same host */
	if (len > 1 && value[len - 1] == '.')
		len--;
	out->host = strndup(value, len);
	if (out->host == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < len; i++)
		out->host[i] = (char)tolower((unsigned char)value[i]);
	return set_origin(out, port, err);
}

static void read_flags(const struct values *values, struct request *out)
{
	const char *https = values->of[HTTPS];
	const char *scheme = values->of[REQUEST_SCHEME];
	const char *purpose = values->of[HTTP_PURPOSE];
	const char *sec_purpose = values->of[HTTP_SEC_PURPOSE];

	/* X-Forwarded-Proto is ignored here, because any client can send it */
	out->https = (https != NULL && (strcasecmp(https, "on") == 0 || strcmp(https, "1") == 0)) ||
		     (scheme != NULL && strcasecmp(scheme, "https") == 0);
	out->prefetch = (purpose != NULL && strcasestr(purpose, "prefetch") != NULL) ||
			(sec_purpose != NULL && strcasestr(sec_purpose, "prefetch") != NULL);
}

/*
 * Gets the random bytes for id and nonce together, because each call for random bytes is a system
 * call.
 */
static void make_names(struct request *out)
{
	char random[REQUEST_ID_LEN + REQUEST_NONCE_LEN + 1];

	secret_random_hex(random, (sizeof(random) - 1) / 2);
	memcpy(out->id, random, REQUEST_ID_LEN);
	memcpy(out->nonce, random + REQUEST_ID_LEN, REQUEST_NONCE_LEN);
}

enum status request_read(const struct raw_request *raw, struct request *out, struct error *err)
{
	struct values values = {.twice = NULL};
	const char *method, *query;
	enum status status;

	values_find(raw, &values);
	method = values.of[REQUEST_METHOD];
	query = values.of[QUERY_STRING];

	*out = (struct request){.method = method != NULL ? http_method_parse(method) : HTTP_OTHER};
	out->uri = values.of[REQUEST_URI];
	out->forwarded = values.of[HTTP_FORWARDED];
	out->forwarded_for = values.of[HTTP_X_FORWARDED_FOR];
	out->host_header = values.of[HTTP_HOST];
	/* set before the checks, because the error page of a refusal also uses accept */
	out->accept = values.of[HTTP_ACCEPT];
	strbuf_init_secret(&out->body);
	make_names(out);
	read_flags(&values, out);

	status = check_limits(raw, &values, err);
	if (status == STATUS_OK)
		status = check_unique(&values, err);
	if (status == STATUS_OK && method == NULL)
		status = error_set(
		    err, STATUS_BAD_REQUEST,
		    "the web server sent no REQUEST_METHOD, so this is not an HTTP request");
	if (status == STATUS_OK)
		status = read_texts(&values, out, err);
	if (status == STATUS_OK)
		status = read_content_type(&values, out, err);
	if (status == STATUS_OK)
		status = request_set_host(out->host_header, out, err);
	if (status == STATUS_OK && query != NULL)
		status = fields_parse(&out->query, query, strlen(query), err);
	return status;
}

void request_clear(struct request *req)
{
	free(req->visitor);
	free(req->host);
	free(req->origin_self);
	free(req->content_type);
	free(req->whole);
	free(req->given_base);
	fields_clear(&req->query);
	fields_clear(&req->form);
	strbuf_clear(&req->body);
	*req = (struct request){.method = HTTP_OTHER};
}
