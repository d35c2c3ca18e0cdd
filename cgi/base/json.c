/*
 * JSON. cJSON alone is too kind: it takes 01, control characters in strings, bytes that are not
 * UTF-8, a text cut short at \u0000, a key twice. So a scan over the text refuses what is not
 * JSON (RFC 8259), cJSON builds the tree, and a walk over the tree refuses what two readers might
 * read differently.
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/codec.h"
#include "base/json.h"

#define JSON_DEPTH_MAX    8                  /* no answer we read has more than four levels */
#define JSON_VALUES_MAX   2000               /* keeps the search for duplicate keys short */
#define JSON_INTEGER_MAX  9007199254740991.0 /* 2^53 - 1: above it a double loses whole numbers */
#define JSON_FRACTION_MAX 15                 /* digits that a double keeps apart (DBL_DIG) */
#define JSON_EXPONENT_MAX 2                  /* digits; with two, nothing sinks to 0 */

/* struct json is cJSON under a name that others need not know. */
static const cJSON *node_get(const struct json *value)
{
	return (const cJSON *)value;
}

static const struct json *value_of(const cJSON *node)
{
	return (const struct json *)node;
}

/* ---- the scan: over a NUL-terminated text without other NULs ---- */

/* cJSON ends a string at \u0000, and reads four characters that are not hexadecimal as \u0000. */
static bool harmless_escape(const char *p)
{
	if (*p != 'u')
		return true;
	return strncmp(p + 1, "0000", 4) != 0 && strspn(p + 1, "0123456789abcdefABCDEF") >= 4;
}

/* Behind the closing quote, or NULL. What the other escapes mean is left to cJSON. */
static const char *scan_string(const char *p, const char **problem)
{
	*problem = "a control character or the end inside a string";
	for (p++; *p != '"'; p++) {
		bool escape = *p == '\\';

		p += escape;
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (escape && !harmless_escape(p)) {
			*problem = "\\u0000 or a broken escape inside a string";
			return NULL;
		}
	}
	return p + 1;
}

/* Moves *p over at least one digit; the number of digits, 0 if there is none. */
static size_t take_digits(const char **p)
{
	size_t n = strspn(*p, "0123456789");

	*p += n;
	return n;
}

/* RFC 8259, 6. Behind the number, or NULL. */
static const char *scan_number(const char *p, const char **problem)
{
	size_t digits;
	size_t exponent = 0;
	bool whole = true;
	char first;

	*problem = "a number in a form that JSON does not have";
	p += *p == '-';
	first = *p;
	digits = take_digits(&p);
	if (digits == 0 || (digits > 1 && first == '0'))
		return NULL;
	if (*p == '.') {
		size_t fraction;

		p++;
		fraction = take_digits(&p);
		if (fraction == 0)
			return NULL;
		digits += fraction;
		whole = false;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		exponent = take_digits(&p);
		if (exponent == 0)
			return NULL;
		whole = false;
	}
	*problem = "a number with more digits than can be kept";
	if (!whole && (digits > JSON_FRACTION_MAX || exponent > JSON_EXPONENT_MAX))
		return NULL;
	return p;
}

/* Behind the bracket at p, or NULL. */
static const char *scan_bracket(const char *p, size_t *depth, const char **problem)
{
	if (*p == '{' || *p == '[')
		++*depth;
	else if (*depth > 0)
		--*depth;
	*problem = "more than 8 levels";
	return *depth <= JSON_DEPTH_MAX ? p + 1 : NULL;
}

/* Behind the token at p, or NULL. That tokens stand in the right order is cJSON's to check. */
static const char *scan_token(const char *p, size_t *depth, const char **problem)
{
	switch (*p) {
	case ' ': /* most of an answer that is indented */
		while (*++p == ' ')
			;
		return p;
	case '\t':
	case '\r':
	case '\n':
	case ':':
	case ',':
	case 'a' ... 'z':
		return p + 1;
	case '"':
		return scan_string(p, problem);
	case '-':
	case '0' ... '9':
		return scan_number(p, problem);
	case '{':
	case '[':
	case '}':
	case ']':
		return scan_bracket(p, depth, problem);
	default:
		*problem = "a byte that is not JSON";
		return NULL;
	}
}

static enum status scan(const char *text, struct error *err)
{
	const char *problem = NULL;
	const char *next;
	size_t depth = 0;

	for (const char *p = text; *p != '\0'; p = next) {
		next = scan_token(p, &depth, &problem);
		if (next == NULL)
			return error_set(err, STATUS_BAD_REQUEST,
					 "not JSON as we read it: %s, at byte %zu", problem,
					 (size_t)(p - text));
	}
	return STATUS_OK;
}

/* ---- the tree ---- */

static bool key_comes_again(const cJSON *member)
{
	for (const cJSON *other = member->next; other != NULL; other = other->next)
		if (strcmp(member->string, other->string) == 0)
			return true;
	return false;
}

/* The scan has bounded the depth, and so this recursion. values counts over the whole tree. */
static enum status check_tree(const cJSON *parent, size_t *values, struct error *err)
{
	enum status status = STATUS_OK;

	for (const cJSON *node = parent->child; node != NULL && status == STATUS_OK;
	     node = node->next) {
		if (++*values > JSON_VALUES_MAX)
			return error_set(err, STATUS_BAD_REQUEST, "JSON with more than %d values",
					 JSON_VALUES_MAX);
		status = check_tree(node, values, err);
	}
	if (status != STATUS_OK || !cJSON_IsObject(parent))
		return status;
	for (const cJSON *node = parent->child; node != NULL; node = node->next)
		if (key_comes_again(node))
			return error_set(err, STATUS_BAD_REQUEST, "JSON with the key \"%s\" twice",
					 node->string);
	return STATUS_OK;
}

static enum status parse_copy(const struct strbuf *text, cJSON **out, struct error *err)
{
	enum status status = scan(text->data, err);
	size_t values = 0;
	cJSON *root;

	if (status != STATUS_OK)
		return status;
	/* The NUL is counted in: cJSON then refuses anything behind the value. */
	root = cJSON_ParseWithLengthOpts(text->data, text->len + 1, NULL, true);
	if (root == NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "not JSON: broken, cut off, or more than one value");
	status = check_tree(root, &values, err);
	if (status != STATUS_OK)
		json_free((struct json *)root);
	else
		*out = root;
	return status;
}

enum status json_parse(const char *data, size_t len, struct json **out, struct error *err)
{
	struct strbuf copy; /* cJSON 1.7.15 may look behind a text without a NUL at its end */
	enum status status;
	cJSON *root = NULL;

	if (len == 0)
		return error_set(err, STATUS_BAD_REQUEST, "not JSON: an empty text");
	if (memchr(data, '\0', len) != NULL || !utf8_valid(data, len))
		return error_set(err, STATUS_BAD_REQUEST,
				 "not JSON: a NUL, or bytes that are not UTF-8");
	strbuf_init_secret(&copy);
	strbuf_add(&copy, data, len);
	status = strbuf_ok(&copy) ? parse_copy(&copy, &root, err) : error_no_memory(err);
	strbuf_clear(&copy);
	if (status == STATUS_OK)
		*out = (struct json *)root;
	return status;
}

/* Answers hold sid and rid: strings are wiped before they go back to the heap. */
static void wipe_strings(const cJSON *node)
{
	for (; node != NULL; node = node->next) {
		if (node->valuestring != NULL)
			explicit_bzero(node->valuestring, strlen(node->valuestring));
		wipe_strings(node->child);
	}
}

void json_free(struct json *root)
{
	if (root == NULL)
		return;
	wipe_strings(node_get(root));
	cJSON_Delete((cJSON *)root);
}

const struct json *json_member(const struct json *object, const char *key)
{
	if (!json_is_object(object))
		return NULL;
	return value_of(cJSON_GetObjectItemCaseSensitive(node_get(object), key));
}

const struct json *json_first(const struct json *array_or_object)
{
	return array_or_object == NULL ? NULL : value_of(node_get(array_or_object)->child);
}

const struct json *json_next(const struct json *element)
{
	return element == NULL ? NULL : value_of(node_get(element)->next);
}

bool json_is_object(const struct json *value)
{
	return cJSON_IsObject(node_get(value));
}

bool json_is_array(const struct json *value)
{
	return cJSON_IsArray(node_get(value));
}

bool json_is_null(const struct json *value)
{
	return cJSON_IsNull(node_get(value));
}

const char *json_string(const struct json *value)
{
	return cJSON_GetStringValue(node_get(value));
}

bool json_integer(const struct json *value, long long *out)
{
	const cJSON *node = node_get(value);
	double number;

	if (!cJSON_IsNumber(node))
		return false;
	number = node->valuedouble;
	if (!(number >= -JSON_INTEGER_MAX && number <= JSON_INTEGER_MAX))
		return false;
	if ((double)(long long)number != number)
		return false;
	*out = (long long)number;
	return true;
}

/* ---- the writer ---- */

void json_writer_init(struct json_writer *w, struct strbuf *out)
{
	*w = (struct json_writer){.out = out};
}

static void put_quoted(struct strbuf *out, const char *text)
{
	char escaped[CODEC_JSON_CHAR_MAX];
	size_t n;

	strbuf_addc(out, '"');
	for (;;) {
		n = codec_json_plain(text);
		strbuf_add(out, text, n);
		text += n;
		if (*text == '\0')
			break;
		n = codec_json_char(escaped, &text);
		strbuf_add(out, escaped, n);
	}
	strbuf_addc(out, '"');
}

/* What stands before a value: the comma, the key. */
static void begin_value(struct json_writer *w, const char *key)
{
	if (w->comma)
		strbuf_addc(w->out, ',');
	w->comma = true;
	if (key == NULL)
		return;
	put_quoted(w->out, key);
	strbuf_addc(w->out, ':');
}

static void open_container(struct json_writer *w, const char *key, char bracket)
{
	begin_value(w, key);
	strbuf_addc(w->out, bracket);
	w->comma = false;
}

static void close_container(struct json_writer *w, char bracket)
{
	strbuf_addc(w->out, bracket);
	w->comma = true;
}

void json_open_object(struct json_writer *w, const char *key)
{
	open_container(w, key, '{');
}

void json_close_object(struct json_writer *w)
{
	close_container(w, '}');
}

void json_open_array(struct json_writer *w, const char *key)
{
	open_container(w, key, '[');
}

void json_close_array(struct json_writer *w)
{
	close_container(w, ']');
}

void json_put_string(struct json_writer *w, const char *key, const char *value)
{
	begin_value(w, key);
	if (value == NULL)
		strbuf_adds(w->out, "null");
	else
		put_quoted(w->out, value);
}

void json_put_integer(struct json_writer *w, const char *key, long long value)
{
	begin_value(w, key);
	strbuf_addf(w->out, "%lld", value);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	begin_value(w, key);
	strbuf_adds(w->out, value ? "true" : "false");
}
