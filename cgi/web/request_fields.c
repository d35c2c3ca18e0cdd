/*
 * Reads query, form and cookies, which are pairs of names and values. They are decoded once. Query
 * and form are never merged, so a query cannot override a form field. Both are checked against the
 * route's parameters before a handler sees them.
 */
#include "web/request_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/blocking.h"
#include "base/secret.h"

#define READ_SIZE             4096
#define CONTENT_LENGTH_DIGITS 10 /* enough digits for every limit here, and too few to overflow */

#define TYPE_FORM "application/x-www-form-urlencoded"
#define TYPE_JSON "application/json"

/* Returns the value of a CGI parameter, borrowed, or NULL if it is absent. */
static const char *raw_param(const struct raw_request *raw, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; raw->params[i] != NULL; i++) {
		const char *param = raw->params[i];

		if (param[0] == name[0] && strncmp(param, name, len) == 0 && param[len] == '=')
			return param + len + 1;
	}
	return NULL;
}

void fields_clear(struct fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		secret_free(fields->items[i].name);
		secret_free(fields->items[i].value); /* it can be a password */
	}
	*fields = (struct fields){.count = 0};
}

const char *fields_get(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (strcmp(fields->items[i].name, name) == 0)
			return fields->items[i].value;
	}
	return NULL;
}

static enum status decode(char **out, const char *text, size_t len, struct error *err)
{
	struct strbuf plain;
	enum status status;
	char *decoded = NULL;

	strbuf_init_secret(&plain);
	status = codec_percent_decode(&plain, text, len, true);
	if (status == STATUS_OK)
		decoded = strbuf_take(&plain);
	if (decoded != NULL)
		*out = decoded;
	else if (status == STATUS_BAD_REQUEST)
		error_set(
		    err, status,
		    "a field contains a NUL byte (%%00) or an invalid escape, or is not UTF-8");
	else
		status = error_no_memory(err);
	strbuf_clear(&plain);
	return status;
}

static enum status add_field(struct fields *fields, const char *text, size_t len, struct error *err)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	struct field *field = &fields->items[fields->count];
	enum status status;

	if (fields->count == REQUEST_FIELDS_MAX)
		return error_set(err, STATUS_BAD_REQUEST, "the request has more than %d fields",
				 REQUEST_FIELDS_MAX);
	*field = (struct field){.name = NULL};
	status = decode(&field->name, text, name_len, err);
	if (status == STATUS_OK)
		status = equals != NULL ? decode(&field->value, equals + 1, len - name_len - 1, err)
					: decode(&field->value, "", 0, err);
	if (status != STATUS_OK) {
		secret_free(field->name);
		return status;
	}
	fields->count++;
	return STATUS_OK;
}

enum status fields_parse(struct fields *fields, const char *text, size_t len, struct error *err)
{
	const char *end = text + len;
	enum status status = STATUS_OK;

	while (text < end && status == STATUS_OK) {
		const char *next = memchr(text, '&', (size_t)(end - text));

		if (next == NULL)
			next = end;
		if (next > text)
			status = add_field(fields, text, (size_t)(next - text), err);
		text = next + 1;
	}
	return status;
}

/*
 * Reads CONTENT_LENGTH. If CONTENT_LENGTH is absent, because the web server passes on a chunked
 * body, sets *known to false.
 */
static enum status content_length(const struct raw_request *raw, size_t *length, bool *known,
				  struct error *err)
{
	const char *text = raw_param(raw, "CONTENT_LENGTH");
	size_t digits;

	*known = text != NULL && *text;
	if (!*known)
		return STATUS_OK;
	digits = strspn(text, "0123456789");
	if (text[digits] != '\0' || digits > CONTENT_LENGTH_DIGITS)
		return error_set(err, STATUS_BAD_REQUEST, "CONTENT_LENGTH is not a number: '%.40s'",
				 text);
	*length = (size_t)strtoull(text, NULL, 10);
	return STATUS_OK;
}

static enum status too_large(size_t max, struct error *err)
{
	return error_set(err, STATUS_BODY_TOO_LARGE, "the request body is longer than %zu bytes",
			 max);
}

/* Reads up to max bytes. If the body is longer, the server drains the rest. */
static enum status read_all(const struct raw_request *raw, size_t max, struct strbuf *body,
			    struct error *err)
{
	char chunk[READ_SIZE];
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		ssize_t got = raw->read(raw->io, chunk, sizeof(chunk));

		if (got == 0)
			break;
		if (got < 0 && errno == EBUSY)
			status = blocking_refused(err);
		else if (got < 0)
			status =
			    error_set(err, STATUS_BAD_REQUEST, "the request body ended too early");
		else if ((size_t)got > max - body->len)
			status = too_large(max, err);
		else
			strbuf_add(body, chunk, (size_t)got);
	}
	secret_wipe(chunk, sizeof(chunk));
	if (status == STATUS_OK && !strbuf_ok(body))
		status = error_no_memory(err);
	return status;
}

enum status request_body_read_any(const struct raw_request *raw, size_t max, struct request *req,
				  struct error *err)
{
	size_t length = 0;
	bool known = false;
	enum status status = content_length(raw, &length, &known, err);

	if (status != STATUS_OK)
		return status;
	if (known && length > max)
		return too_large(max, err);
	status = read_all(raw, max, &req->body, err);
	if (status != STATUS_OK)
		return status;
	if (known && length != req->body.len)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the request body has %zu bytes, but CONTENT_LENGTH is %zu",
				 req->body.len, length);
	return STATUS_OK;
}

enum status request_body_read(const struct raw_request *raw, size_t max, struct request *req,
			      struct error *err)
{
	enum status status = request_body_read_any(raw, max, req, err);

	if (status != STATUS_OK || req->body.len == 0)
		return status;
	if (strcmp(req->content_type, TYPE_FORM) == 0)
		return fields_parse(&req->form, req->body.data, req->body.len, err);
	if (strcmp(req->content_type, TYPE_JSON) != 0)
		return error_set(err, STATUS_UNSUPPORTED_MEDIA_TYPE,
				 "the request body has the type '%.80s', but must be " TYPE_FORM
				 " or " TYPE_JSON,
				 req->content_type);
	return STATUS_OK;
}

static const struct param *declared(const struct params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++) {
		if (strcmp(params->items[i].name, name) == 0)
			return &params->items[i];
	}
	return NULL;
}

static enum status check_fields(const struct fields *fields, const struct params *params,
				bool undeclared_allowed, struct error *err)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *field = &fields->items[i];
		const struct param *param = declared(params, field->name);

		/*
		 * fields_get returns the first field of that name. If the first field is not this
		 * field, the name occurs twice.
		 */
		if (fields_get(fields, field->name) != field->value)
			return error_set(err, STATUS_BAD_REQUEST,
					 "the request has the field '%.40s' twice", field->name);
		if (param == NULL && !undeclared_allowed)
			return error_set(err, STATUS_BAD_REQUEST,
					 "the request has an unknown field: '%.40s'", field->name);
		if (param != NULL && strlen(field->value) > param->max)
			return error_set(
			    err, STATUS_BAD_REQUEST,
			    "%zu bytes were sent in the field '%s', but only %zu are allowed",
			    strlen(field->value), param->name, param->max);
	}
	return STATUS_OK;
}

enum status request_params_check(const struct request *req, const struct params *query,
				 const struct params *form, struct error *err)
{
	/* a query can have unknown parameters, because other programs add parameters to links */
	enum status status = check_fields(&req->query, query, true, err);

	return status == STATUS_OK ? check_fields(&req->form, form, false, err) : status;
}

/* RFC 6265 4.1.1: cookie-octet */
static bool cookie_value_is_valid(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c <= 0x20 || c >= 0x7f || strchr("\",;\\", c) != NULL)
			return false;
	}
	return true;
}

static size_t trimmed(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len;
}

/*
 * Finds the next "name=value" of a Cookie header, without the spaces around it. Returns false if
 * there is none.
 */
static bool next_cookie(const char **text, const char **pair, size_t *len)
{
	*pair = *text + strspn(*text, " ;");
	*len = strcspn(*pair, ";");
	*text = *pair + *len;
	*len = trimmed(*pair, *len);
	return *len > 0;
}

size_t cookies_count(const char *header)
{
	const char *pair;
	size_t len, count = 0;

	while (next_cookie(&header, &pair, &len))
		count++;
	return count;
}

static enum status cookie_check(const char *name, const char *value, size_t len, struct error *err)
{
	if (cookie_value_is_valid(value, len))
		return STATUS_OK;
	return error_set(
	    err, STATUS_BAD_REQUEST,
	    "the value of the cookie '%s' contains characters that are not allowed in a cookie",
	    name);
}

enum status request_cookie(const struct request *req, const char *name, char **out,
			   struct error *err)
{
	const char *text = req->cookie != NULL ? req->cookie : "";
	const char *pair, *value = NULL;
	size_t size, len = 0, name_len = strlen(name);

	while (next_cookie(&text, &pair, &size)) {
		if (size <= name_len || strncmp(pair, name, name_len) != 0 || pair[name_len] != '=')
			continue;
		pair += name_len + 1;
		size -= name_len + 1;
		if (value != NULL && (size != len || memcmp(pair, value, len) != 0))
			return error_set(err, STATUS_BAD_REQUEST,
					 "the request has several cookies '%s' with different "
					 "values, so all of them are refused",
					 name);
		value = pair;
		len = size;
	}
	if (value == NULL)
		return STATUS_NOT_FOUND;
	enum status status = cookie_check(name, value, len, err);
	if (status != STATUS_OK)
		return status;
	char *copy = strndup(value, len);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}
