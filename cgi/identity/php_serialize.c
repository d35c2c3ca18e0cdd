/*
 * The walk over PHP's serialize format (ext/standard/var_unserializer.re is its grammar): every
 * byte must belong to a well-formed value, or the session is refused as a whole. A class is a name
 * here, and nothing more: no object is made, and so nothing of it runs.
 */
#include "identity/php_serialize.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PATH_PARTS_MAX 8
#define DIGITS_MAX     20   /* of a 64-bit number, with its sign */
#define UNDEFINED      '!'  /* php: a name registered without a value */
#define UNDEFINED_BIT  0x80 /* php_binary: the same, in the length byte */

struct part {
	const char *text;
	size_t len;
};

enum found { FOUND_NOTHING, FOUND_NONE, FOUND_TEXT, FOUND_WRONG };

struct reader {
	const char *at;
	const char *start;
	const char *end;
	long values;
	struct part parts[PATH_PARTS_MAX];
	size_t n_parts;
	enum found found;
	struct part value; /* where it is FOUND_TEXT */
	const char *why;   /* what is wrong with the format, or with what was found */
};

/* Where the value that is read now stands: at the path's first level parts, or beside it. */
struct place {
	bool on_path;
	size_t level;
	int depth;
};

static bool read_value(struct reader *r, const struct place *place);

static bool broken(struct reader *r, const char *why)
{
	r->why = why;
	return false;
}

static bool skip(struct reader *r, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
		return broken(r, "a mark is missing");
	r->at += len;
	return true;
}

/* The digits up to the end character, which is passed. */
static bool read_digits(struct reader *r, char end, bool sign, struct part *out)
{
	const char *p = r->at;

	if (sign && p < r->end && (*p == '-' || *p == '+'))
		p++;
	const char *digits = p;
	while (p < r->end && *p >= '0' && *p <= '9')
		p++;
	if (p == digits || p - r->at > DIGITS_MAX || p == r->end || *p != end)
		return broken(r, "a number is malformed");
	*out = (struct part){.text = r->at, .len = (size_t)(p - r->at)};
	r->at = p + 1;
	return true;
}

/* A length or a count: never more than there are bytes left. */
static bool read_length(struct reader *r, char end, size_t *out)
{
	struct part digits;
	size_t number = 0;

	if (!read_digits(r, end, false, &digits))
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		number = number * 10 + (size_t)(digits.text[i] - '0');
		if (number > (size_t)(r->end - r->at))
			return broken(r, "a length is larger than the file");
	}
	*out = number;
	return true;
}

/* `LEN:"BYTES"`, behind the letter and its colon. */
static bool read_quoted(struct reader *r, struct part *out)
{
	size_t len;

	if (!read_length(r, ':', &len) || !skip(r, "\""))
		return false;
	if (len > (size_t)(r->end - r->at))
		return broken(r, "a length is larger than the file");
	*out = (struct part){.text = r->at, .len = len};
	r->at += len;
	return skip(r, "\"");
}

/* ---- what was found ---- */

static bool is_target(const struct reader *r, const struct place *place)
{
	return place->on_path && place->level == r->n_parts;
}

static void found(struct reader *r, const struct place *place, enum found what,
		  const struct part *value)
{
	if (!is_target(r, place))
		return;
	if (r->found != FOUND_NOTHING) {
		what = FOUND_WRONG;
		r->why = "is there twice";
	} else if (what == FOUND_WRONG) {
		r->why = "is neither a text nor a whole number";
	}
	r->found = what;
	if (value != NULL)
		r->value = *value;
}

/* Nobody looks behind a reference, nor into what a class has packed for itself. */
static void found_closed(struct reader *r, const struct place *place)
{
	found(r, place, FOUND_WRONG, NULL);
	if (!place->on_path || is_target(r, place))
		return;
	r->found = FOUND_WRONG;
	r->why = "stands behind a reference or in a packed object: let the site store the name "
		 "itself";
}

/* The place of an element: on the path if its parent is, and its key is the path's next part. */
static struct place place_below(const struct reader *r, const struct place *parent,
				const struct part *key)
{
	bool on_path = false;

	if (parent->on_path && parent->level < r->n_parts) {
		const struct part *part = &r->parts[parent->level];
		on_path = part->len == key->len && memcmp(part->text, key->text, key->len) == 0;
	}
	return (struct place){
	    .on_path = on_path, .level = parent->level + 1, .depth = parent->depth + 1};
}

/* ---- values ---- */

/* An array's key, or an object's property: a whole number or a text. */
static bool read_key(struct reader *r, struct part *out)
{
	if (r->end - r->at >= 2 && r->at[0] == 'i' && r->at[1] == ':') {
		r->at += 2;
		return read_digits(r, ';', true, out);
	}
	return skip(r, "s:") && read_quoted(r, out) && skip(r, ";");
}

/* `COUNT:{ key value … }` */
static bool read_elements(struct reader *r, const struct place *place)
{
	struct part key;
	size_t count;

	if (place->depth >= PHP_DEPTH_MAX)
		return broken(r, "it is nested too deeply");
	if (!read_length(r, ':', &count) || !skip(r, "{"))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!read_key(r, &key))
			return false;
		struct place below = place_below(r, place, &key);
		if (!read_value(r, &below))
			return false;
	}
	return skip(r, "}");
}

/* `d:` and what PHP's (precision 17) or strtod's spelling may hold, up to the semicolon. */
static bool read_double(struct reader *r)
{
	size_t len = 0;

	while (r->at + len < r->end && strchr("0123456789+-.eEINFA", r->at[len]) != NULL &&
	       r->at[len] != '\0')
		len++;
	if (len == 0)
		return broken(r, "a number is malformed");
	r->at += len;
	return skip(r, ";");
}

/* `C:LEN:"CLASS":LEN:{BYTES}`: the bytes are the class's own business. */
static bool read_custom(struct reader *r)
{
	struct part class_name;
	size_t len;

	if (!read_quoted(r, &class_name) || !skip(r, ":") || !read_length(r, ':', &len) ||
	    !skip(r, "{"))
		return false;
	if (len > (size_t)(r->end - r->at))
		return broken(r, "a length is larger than the file");
	r->at += len;
	return skip(r, "}");
}

static bool read_text(struct reader *r, const struct place *place)
{
	struct part text;

	if (!read_quoted(r, &text) || !skip(r, ";"))
		return false;
	found(r, place, memchr(text.text, '\0', text.len) == NULL ? FOUND_TEXT : FOUND_WRONG,
	      &text);
	return true;
}

static bool read_integer(struct reader *r, const struct place *place)
{
	struct part digits;

	if (!read_digits(r, ';', true, &digits))
		return false;
	found(r, place, FOUND_TEXT, &digits);
	return true;
}

/* false is a user who has logged out; true is no name. */
static bool read_bool(struct reader *r, const struct place *place)
{
	struct part digit;

	if (!read_digits(r, ';', false, &digit))
		return false;
	if (digit.len != 1 || digit.text[0] > '1')
		return broken(r, "a bool is neither 0 nor 1");
	found(r, place, digit.text[0] == '0' ? FOUND_NONE : FOUND_WRONG, NULL);
	return true;
}

static bool read_object(struct reader *r, const struct place *place)
{
	struct part class_name;

	return read_quoted(r, &class_name) && skip(r, ":") && read_elements(r, place);
}

/* A reference is passed over, never followed. */
static bool read_reference(struct reader *r, const struct place *place)
{
	struct part number;

	if (!read_digits(r, ';', false, &number))
		return false;
	found_closed(r, place);
	return true;
}

static bool read_typed(struct reader *r, char type, const struct place *place)
{
	struct part text;

	switch (type) {
	case 's':
		return read_text(r, place);
	case 'i':
		return read_integer(r, place);
	case 'b':
		return read_bool(r, place);
	case 'a':
		found(r, place, FOUND_WRONG, NULL);
		return read_elements(r, place);
	case 'O':
		found(r, place, FOUND_WRONG, NULL);
		return read_object(r, place);
	case 'R':
	case 'r':
		return read_reference(r, place);
	case 'd':
		found(r, place, FOUND_WRONG, NULL);
		return read_double(r);
	case 'C':
		found_closed(r, place);
		return read_custom(r);
	case 'E': /* an enum's case */
		found(r, place, FOUND_WRONG, NULL);
		return read_quoted(r, &text) && skip(r, ";");
	default:
		return broken(r, "a value is of no known kind");
	}
}

static bool read_value(struct reader *r, const struct place *place)
{
	if (++r->values > PHP_VALUES_MAX)
		return broken(r, "it holds too many values");
	if (r->end - r->at < 2)
		return broken(r, "it ends too early");
	char type = r->at[0];
	if (type == 'N') {
		found(r, place, FOUND_NONE, NULL);
		return skip(r, "N;");
	}
	if (r->at[1] != ':')
		return broken(r, "a value is of no known kind");
	r->at += 2;
	return read_typed(r, type, place);
}

/* ---- the three formats ---- */

static bool read_variable(struct reader *r, const struct part *name)
{
	static const struct place top = {.on_path = true};
	struct place place = place_below(r, &top, name);

	return read_value(r, &place);
}

/* NAME|VALUE NAME|VALUE … */
static bool read_php(struct reader *r)
{
	while (r->at < r->end) {
		const char *bar = memchr(r->at, '|', (size_t)(r->end - r->at));
		struct part name = {.text = r->at};

		if (bar == NULL)
			return broken(r, "a name without a | behind it");
		name.len = (size_t)(bar - r->at);
		r->at = bar + 1;
		if (name.len > 0 && name.text[0] == UNDEFINED)
			continue;
		if (!read_variable(r, &name))
			return false;
	}
	return true;
}

/* A length byte, the name, the value … */
static bool read_php_binary(struct reader *r)
{
	while (r->at < r->end) {
		unsigned char head = (unsigned char)*r->at++;
		struct part name = {.text = r->at, .len = head & (UNDEFINED_BIT - 1)};

		if (name.len > (size_t)(r->end - r->at))
			return broken(r, "a name is longer than the file");
		r->at += name.len;
		if ((head & UNDEFINED_BIT) != 0)
			continue;
		if (!read_variable(r, &name))
			return false;
	}
	return true;
}

/* One array with all of it. */
static bool read_php_serialize(struct reader *r)
{
	static const struct place top = {.on_path = true};

	if (r->at == r->end)
		return true;
	if (*r->at != 'a')
		return broken(r, "it is not one array: see php_session_format");
	return read_value(r, &top) && (r->at == r->end || broken(r, "something stands behind it"));
}

static bool read_session(struct reader *r, enum conf_php_format format)
{
	switch (format) {
	case PHP_FORMAT_SERIALIZE:
		return read_php_serialize(r);
	case PHP_FORMAT_BINARY:
		return read_php_binary(r);
	case PHP_FORMAT_PHP:
	default:
		return read_php(r);
	}
}

static bool split_path(struct reader *r, const char *path)
{
	for (; r->n_parts < PATH_PARTS_MAX; path++) {
		size_t len = strcspn(path, ".");

		r->parts[r->n_parts++] = (struct part){.text = path, .len = len};
		path += len;
		if (*path == '\0')
			return true;
	}
	return false;
}

enum status php_session_get(const struct php_session *session, const char *path, char **out,
			    struct error *err)
{
	struct reader r = {
	    .at = session->data, .start = session->data, .end = session->data + session->len};

	if (!split_path(&r, path))
		return error_set(err, STATUS_BAD_REQUEST, "%s: more than %d names", path,
				 PATH_PARTS_MAX);
	if (!read_session(&r, session->format))
		return error_set(err, STATUS_BAD_REQUEST, "at byte %td: %s", r.at - r.start, r.why);
	if (r.found == FOUND_WRONG)
		return error_set(err, STATUS_BAD_REQUEST, "%s %s", path, r.why);
	if (r.found != FOUND_TEXT)
		return error_set(err, STATUS_NOT_FOUND, "%s is not there", path);
	char *text = strndup(r.value.text, r.value.len);
	if (text == NULL)
		return error_no_memory(err);
	*out = text;
	return STATUS_OK;
}
