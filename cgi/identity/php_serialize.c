/*
 * Reads PHP's serialize format (the grammar is ext/standard/var_unserializer.re). Every byte must
 * belong to a well-formed value, or the whole session is refused. Only the names of classes are
 * read: no object is created, so no code of a class runs.
 */
#include "identity/php_serialize.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/key_list.h"
#include "identity/php_lexer.h"

#define PATH_PARTS_MAX  8
#define BINARY_NAME_MAX 127 /* in the format php_binary, PHP never writes a longer name */

enum found { FOUND_NOTHING, FOUND_NONE, FOUND_TEXT, FOUND_REFERENCE, FOUND_WRONG };

/* The target of a reference. A slot is PHP's number for a value; a reference (R) has no slot. */
struct named {
	size_t slot; /* 0 if there is no reference */
	enum found found;
	struct php_part value; /* valid if found is FOUND_TEXT */
};

struct reader {
	struct php_lexer lexer;
	size_t values;
	size_t slots;
	/* a bit per slot, set if the slot holds an object; owned by php_session_get */
	unsigned char *objects;
	struct php_part parts[PATH_PARTS_MAX];
	size_t n_parts;
	struct key_list keys;
	uint32_t containers;
	bool no_memory;
	enum found found;
	struct php_part value; /* valid if found is FOUND_TEXT */
	struct named named;
	const char *why; /* why the value at the path is refused */
};

/*
 * The position of a value. on_path is true if the keys that lead to the value are the first `level`
 * parts of the path. is_named is true if reader.named.slot is the slot of the value.
 */
struct place {
	bool on_path;
	bool is_named;
	uint32_t container; /* number of the array or object around the value; 0 if none */
	size_t level;
	int depth;
};

static bool read_value(struct reader *r, const struct place *place);

/* ---- the value at the path ---- */

static bool is_target(const struct reader *r, const struct place *place)
{
	return place->on_path && place->level == r->n_parts;
}

static void found(struct reader *r, const struct place *place, enum found what,
		  const struct php_part *value)
{
	if (place->is_named) {
		r->named.found = what;
		if (value != NULL)
			r->named.value = *value;
	}
	if (!is_target(r, place) || r->found == FOUND_WRONG)
		return;
	if (what == FOUND_WRONG)
		r->why = "is neither a string nor an integer";
	r->found = what;
	if (value != NULL)
		r->value = *value;
}

/*
 * Refuses a path that leads into a reference, an enum or a packed object, because their contents
 * are not read.
 */
static void found_closed(struct reader *r, const struct place *place)
{
	if (!place->on_path || is_target(r, place))
		return;
	r->found = FOUND_WRONG;
	r->why = "is inside a reference, an enum or a packed object, which prebind cannot read; "
		 "make the site store the name as a plain value";
}

/*
 * Reads the value of an element after its key. The element is on the path if its container is on
 * the path and its key is the next part of the path.
 */
static bool read_element(struct reader *r, const struct place *in, const struct php_part *key)
{
	struct place below = {
	    .container = in->container, .level = in->level + 1, .depth = in->depth + 1};

	if (!key_list_add(&r->keys, (struct key){in->container, (uint32_t)key->len, key->text})) {
		r->no_memory = true;
		return php_lexer_refuse(&r->lexer, "out of memory");
	}
	below.on_path =
	    in->on_path && in->level < r->n_parts && php_part_equal(key, &r->parts[in->level]);
	below.is_named = !php_lexer_is_at(&r->lexer, 'R') && r->slots + 1 == r->named.slot;
	return read_value(r, &below);
}

/* ---- values ---- */

/* Reads an array's key or an object's property name: a whole number or a string. */
static bool read_key(struct reader *r, struct php_part *out)
{
	struct php_lexer *lexer = &r->lexer;

	if (php_lexer_is_at(lexer, 'i'))
		return php_lexer_skip(lexer, "i:") && php_lexer_integer(lexer, out);
	return php_lexer_skip(lexer, "s:") && php_lexer_quoted(lexer, out) &&
	       php_lexer_skip(lexer, ";");
}

/*
 * A property that is not public is named "\0CLASS\0NAME". Any other name that begins with a NUL is
 * refused. PHP never writes such a name, and refuses it if the class is known.
 */
static bool is_property_name(const struct php_part *name)
{
	if (name->len == 0 || name->text[0] != '\0')
		return true;
	size_t class_len = strnlen(name->text + 1, name->len - 1);
	return class_len > 0 && class_len + 2 < name->len;
}

/* Reads `COUNT:{ key value … }`, the contents of an array or object. */
static bool read_elements(struct reader *r, const struct place *place, bool are_properties)
{
	struct place in = *place;
	struct php_part key;
	size_t count;

	if (place->depth >= PHP_DEPTH_MAX)
		return php_lexer_refuse(&r->lexer, "the data is nested too deeply");
	if (!php_lexer_length(&r->lexer, ':', &count) || !php_lexer_skip(&r->lexer, "{"))
		return false;
	in.container = ++r->containers;
	for (size_t i = 0; i < count; i++) {
		if (!read_key(r, &key))
			return false;
		if (are_properties && !is_property_name(&key))
			return php_lexer_refuse(&r->lexer, "a property's name begins with a NUL");
		if (!read_element(r, &in, &key))
			return false;
	}
	return php_lexer_skip(&r->lexer, "}");
}

/* Reads `C:LEN:"CLASS":LEN:{BYTES}`. Skips the bytes; only the class knows their meaning. */
static bool read_custom(struct reader *r)
{
	struct php_lexer *lexer = &r->lexer;
	size_t len;

	return php_lexer_class(lexer) && php_lexer_skip(lexer, ":") &&
	       php_lexer_length(lexer, ':', &len) && php_lexer_skip(lexer, "{") &&
	       php_lexer_pass(lexer, len) && php_lexer_skip(lexer, "}");
}

static bool read_text(struct reader *r, const struct place *place)
{
	struct php_part text;

	if (!php_lexer_quoted(&r->lexer, &text) || !php_lexer_skip(&r->lexer, ";"))
		return false;
	bool has_nul = memchr(text.text, '\0', text.len) != NULL;
	found(r, place, has_nul ? FOUND_WRONG : FOUND_TEXT, &text);
	if (has_nul && is_target(r, place))
		r->why = "contains a NUL byte";
	return true;
}

static bool read_integer(struct reader *r, const struct place *place)
{
	struct php_part digits;

	if (!php_lexer_integer(&r->lexer, &digits))
		return false;
	found(r, place, FOUND_TEXT, &digits);
	return true;
}

/* false means that the user has logged out. true is refused, because it is not a name. */
static bool read_bool(struct reader *r, const struct place *place)
{
	bool is_false = php_lexer_is_at(&r->lexer, '0');

	if (!is_false && !php_lexer_is_at(&r->lexer, '1'))
		return php_lexer_refuse(&r->lexer, "a bool is neither 0 nor 1");
	r->lexer.at++;
	if (!php_lexer_skip(&r->lexer, ";"))
		return false;
	found(r, place, is_false ? FOUND_NONE : FOUND_WRONG, NULL);
	return true;
}

static bool is_object_slot(const struct reader *r, size_t slot)
{
	return (r->objects[slot / 8] >> slot % 8 & 1) != 0;
}

static void mark_object(struct reader *r)
{
	r->objects[r->slots / 8] |= (unsigned char)(1U << r->slots % 8);
}

static bool read_slot(struct reader *r, size_t last, size_t *out)
{
	struct php_part digits;

	if (!php_lexer_number(&r->lexer, ';', &digits, out))
		return false;
	if (*out == 0 || *out > last)
		return php_lexer_refuse(&r->lexer,
					"a reference points to a value that does not exist");
	return true;
}

/* Reads `R:SLOT;`, which repeats the value in that slot. The reference itself gets no slot. */
static bool read_reference(struct reader *r, const struct place *place)
{
	size_t slot;

	if (!read_slot(r, r->slots, &slot))
		return false;
	found_closed(r, place);
	found(r, place, FOUND_REFERENCE, NULL);
	if (is_target(r, place))
		r->named.slot = slot;
	return true;
}

/* Reads `r:SLOT;`, which refers again to the object in that slot. */
static bool read_object_again(struct reader *r, const struct place *place)
{
	size_t slot;

	if (!read_slot(r, r->slots - 1, &slot))
		return false;
	if (!is_object_slot(r, slot))
		return php_lexer_refuse(
		    &r->lexer, "an object reference points to a value that is not an object");
	found_closed(r, place);
	found(r, place, FOUND_WRONG, NULL);
	mark_object(r);
	return true;
}

static bool read_object(struct reader *r, char type, const struct place *place)
{
	struct php_lexer *lexer = &r->lexer;

	mark_object(r);
	found(r, place, FOUND_WRONG, NULL);
	switch (type) {
	case 'C':
		found_closed(r, place);
		return read_custom(r);
	case 'E':
		found_closed(r, place);
		return php_lexer_enum(lexer);
	default:
		return php_lexer_class(lexer) && php_lexer_skip(lexer, ":") &&
		       read_elements(r, place, true);
	}
}

static bool read_typed(struct reader *r, char type, const struct place *place)
{
	switch (type) {
	case 's':
		return read_text(r, place);
	case 'i':
		return read_integer(r, place);
	case 'b':
		return read_bool(r, place);
	case 'a':
		found(r, place, FOUND_WRONG, NULL);
		return read_elements(r, place, false);
	case 'O':
	case 'C':
	case 'E':
		return read_object(r, type, place);
	case 'R':
		return read_reference(r, place);
	case 'r':
		return read_object_again(r, place);
	case 'd':
		found(r, place, FOUND_WRONG, NULL);
		return php_lexer_double(&r->lexer);
	default:
		return php_lexer_refuse(&r->lexer, "a value has an unknown type");
	}
}

static bool read_value(struct reader *r, const struct place *place)
{
	struct php_lexer *lexer = &r->lexer;

	if (++r->values > PHP_VALUES_MAX)
		return php_lexer_refuse(lexer, "the data contains too many values");
	if (lexer->end - lexer->at < 2)
		return php_lexer_refuse(lexer, "the data ends too early");
	char type = lexer->at[0];
	r->slots += type != 'R';
	if (type == 'N') {
		found(r, place, FOUND_NONE, NULL);
		return php_lexer_skip(lexer, "N;");
	}
	if (lexer->at[1] != ':')
		return php_lexer_refuse(lexer, "a value has an unknown type");
	lexer->at += 2;
	return read_typed(r, type, place);
}

/* ---- the three formats ---- */

static const struct place top = {.on_path = true};

/*
 * Refuses a variable whose name is a number. PHP never writes such a variable, and could not find
 * it after reading it.
 */
static bool read_variable(struct reader *r, const struct php_part *name)
{
	if (php_part_is_integer(name))
		return php_lexer_refuse(&r->lexer, "the name of a variable is a number");
	return read_element(r, &top, name);
}

/* Reads all variables, each in the form NAME|VALUE. */
static bool read_php(struct reader *r)
{
	struct php_lexer *lexer = &r->lexer;

	while (lexer->at < lexer->end) {
		const char *bar = memchr(lexer->at, '|', (size_t)(lexer->end - lexer->at));
		struct php_part name = {.text = lexer->at};

		if (bar == NULL)
			return php_lexer_refuse(lexer, "a name is not followed by |");
		name.len = (size_t)(bar - lexer->at);
		lexer->at = bar + 1;
		if (!read_variable(r, &name))
			return false;
	}
	return true;
}

/* Reads all variables. Each consists of a length byte, the name and the value. */
static bool read_php_binary(struct reader *r)
{
	struct php_lexer *lexer = &r->lexer;

	while (lexer->at < lexer->end) {
		size_t len = (unsigned char)*lexer->at++;
		struct php_part name = {.text = lexer->at, .len = len};

		if (len > BINARY_NAME_MAX || len > (size_t)(lexer->end - lexer->at))
			return php_lexer_refuse(lexer, "a name is longer than the rest of the "
						       "data, or longer than PHP allows");
		lexer->at += len;
		if (!read_variable(r, &name))
			return false;
	}
	return true;
}

/* Reads one array that contains all variables. */
static bool read_php_serialize(struct reader *r)
{
	struct php_lexer *lexer = &r->lexer;

	if (lexer->at == lexer->end)
		return true;
	if (!php_lexer_is_at(lexer, 'a'))
		return php_lexer_refuse(
		    lexer, "the data is not a single array; if this is a PHP session, check "
			   "the key php_session_format");
	return read_value(r, &top) &&
	       (lexer->at == lexer->end ||
		php_lexer_refuse(lexer, "data follows the end of the array"));
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

		r->parts[r->n_parts++] = (struct php_part){.text = path, .len = len};
		path += len;
		if (*path == '\0')
			return true;
	}
	return false;
}

/*
 * Follows a reference to a string or a whole number. Reads the session again to find the value that
 * the reference points to.
 */
static bool follow_reference(const struct php_session *session, struct reader *r)
{
	struct reader again = *r;

	again.lexer.at = session->data;
	again.values = again.slots = again.keys.count = again.containers = 0;
	again.n_parts = 0; /* with an empty path, this pass only looks for the slot */
	bool read = read_session(&again, session->format);
	r->keys = again.keys; /* realloc can have moved the list */
	r->lexer = again.lexer;
	r->no_memory = again.no_memory;
	if (!read)
		return false;
	r->found = again.named.found;
	r->value = again.named.value;
	if (r->found != FOUND_TEXT && r->found != FOUND_NONE) {
		r->found = FOUND_WRONG;
		r->why = "refers to a value that is neither a string nor an integer";
	}
	return true;
}

static bool keys_check(struct reader *r)
{
	return key_list_twice(&r->keys) == NULL ||
	       php_lexer_refuse(&r->lexer, "a name occurs twice before this byte");
}

static enum status session_walk(const struct php_session *session, const char *path,
				struct reader *r, struct error *err)
{
	if (!read_session(r, session->format) || !keys_check(r) ||
	    (r->found == FOUND_REFERENCE && !follow_reference(session, r)))
		return r->no_memory ? error_no_memory(err)
				    : error_set(err, STATUS_BAD_REQUEST, "at byte %td: %s",
						r->lexer.at - session->data, r->lexer.why);
	if (r->found == FOUND_WRONG)
		return error_set(err, STATUS_BAD_REQUEST, "%s %s", path, r->why);
	if (r->found != FOUND_TEXT)
		return error_set(err, STATUS_NOT_FOUND, "%s is not in the session", path);
	return STATUS_OK;
}

enum status php_session_get(const struct php_session *session, const char *path, char **out,
			    struct error *err)
{
	struct reader r = {
	    .lexer = {.at = session->data, .end = session->data + session->len}
        };

	if (!split_path(&r, path))
		return error_set(err, STATUS_BAD_REQUEST, "the path %s has more than %d parts",
				 path, PATH_PARTS_MAX);
	size_t slots = session->len / 2 < PHP_VALUES_MAX ? session->len / 2 : PHP_VALUES_MAX;
	r.objects = calloc(slots / 8 + 1, 1); /* a slot takes at least two bytes of input */
	if (r.objects == NULL)
		return error_no_memory(err);
	enum status status = session_walk(session, path, &r, err);
	free(r.objects);
	key_list_clear(&r.keys);
	if (status != STATUS_OK)
		return status;
	char *text = strndup(r.value.text, r.value.len);
	if (text == NULL)
		return error_no_memory(err);
	*out = text;
	return STATUS_OK;
}
