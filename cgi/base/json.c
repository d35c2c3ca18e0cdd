/*
 * Reads JSON in three steps. First, json_scan.c refuses input that cJSON would accept although it
 * is not JSON (RFC 8259). Then cJSON builds the tree. Last, check_tree refuses duplicate keys and
 * too many values.
 *
 * All memory that cJSON allocates comes from one block, which belongs to the document that the
 * thread is reading. So a document is wiped and freed as a whole. This block makes reading faster,
 * and so does the scan, which shortens whitespace. In a measurement without both, /prebind.json
 * took 4 to 8 % more CPU.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/key_list.h"

#define JSON_INTEGER_MAX 9007199254740991.0 /* 2^53 - 1; above it a double is not exact */
#define JSON_ALIGN       _Alignof(cJSON)    /* alignment of all that cJSON allocates */
#define JSON_TOKEN_SIZE  (sizeof(cJSON) + 2 * JSON_ALIGN) /* bytes per token, without its text */

/* struct json is an alias of cJSON that hides cJSON from other files. */
static const cJSON *node_get(const struct json *value)
{
	return (const cJSON *)value;
}

static const struct json *value_of(const cJSON *node)
{
	return (const struct json *)node;
}

/* ---- the tree ---- */

/* Compares the first byte first, because it differs for most keys. */
static bool is_same(const char *key, const char *other)
{
	return key[0] == other[0] && strcmp(key, other) == 0;
}

struct walk {
	size_t values;
	struct key_list keys; /* keys of all objects, borrowed from the tree */
};

static enum status take_key(const cJSON *member, uint32_t object, struct walk *walk,
			    struct error *err)
{
	const struct key key = {object, (uint32_t)strlen(member->string), member->string};

	return key_list_add(&walk->keys, key) ? STATUS_OK : error_no_memory(err);
}

/*
 * The depth of the recursion is limited, because json_scan limits the depth of the text. A
 * container is identified by its position in the sequence of all values.
 */
static enum status walk_tree(const cJSON *parent, struct walk *walk, struct error *err)
{
	enum status status = STATUS_OK;
	uint32_t container = (uint32_t)walk->values;

	for (const cJSON *node = parent->child; node != NULL && status == STATUS_OK;
	     node = node->next) {
		if (++walk->values > JSON_VALUES_MAX)
			return error_set(err, STATUS_BAD_REQUEST,
					 "the JSON has more than %d values", JSON_VALUES_MAX);
		if (cJSON_IsObject(parent))
			status = take_key(node, container, walk, err);
		if (status == STATUS_OK && node->child != NULL)
			status = walk_tree(node, walk, err);
	}
	return status;
}

static enum status check_tree(const cJSON *root, struct error *err)
{
	struct walk walk = {0};
	enum status status = walk_tree(root, &walk, err);
	const struct key *twice = status == STATUS_OK ? key_list_twice(&walk.keys) : NULL;

	if (twice != NULL)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "the JSON has the key \"%s\" twice in one object", twice->text);
	key_list_clear(&walk.keys);
	return status;
}

/* ---- the document ---- */

struct document {
	size_t size; /* bytes in `room` */
	size_t used;
	char room[]; /* begins with the root value */
};

_Static_assert(offsetof(struct document, room) % JSON_ALIGN == 0, "room is aligned for cJSON");

static pthread_once_t cjson_started = PTHREAD_ONCE_INIT;
static _Thread_local struct document *being_read;

/* Returns NULL if no document is being read, or if the document is full. */
static void *document_take(size_t size)
{
	struct document *document = being_read;
	size_t whole = (size + JSON_ALIGN - 1) / JSON_ALIGN * JSON_ALIGN;
	void *taken;

	if (document == NULL || whole > document->size - document->used)
		return NULL;
	taken = document->room + document->used;
	document->used += whole;
	return taken;
}

/* Does nothing, because the document is freed as a whole. */
static void document_give(void *taken)
{
	(void)taken;
}

static void cjson_start(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = document_take, .free_fn = document_give});
}

/* Allocates room for everything that cJSON can allocate for this text. */
static struct document *document_new(const struct json_scan *text)
{
	size_t size = text->len + text->tokens * JSON_TOKEN_SIZE;
	struct document *document = malloc(sizeof(*document) + size);

	pthread_once(&cjson_started, cjson_start);
	if (document != NULL)
		*document = (struct document){.size = size};
	return document;
}

/*
 * Wipes the block before it is freed, because answers of XMPP servers contain sid and rid, which
 * are secret.
 */
static void document_free(struct document *document)
{
	explicit_bzero(document->room, document->used);
	free(document);
}

/*
 * `text` is NUL-terminated. The length that cJSON gets includes the NUL, so that cJSON refuses
 * anything after the value.
 */
static enum status document_read(struct document *document, const char *text, size_t len,
				 struct error *err)
{
	cJSON *root;

	being_read = document;
	root = cJSON_ParseWithLengthOpts(text, len + 1, NULL, true);
	being_read = NULL;
	if (root == NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "not JSON: malformed, cut off, or more than one value");
	if ((char *)root != document->room) /* json_free would not find the block */
		return error_set(
		    err, STATUS_INTERNAL,
		    "this version of cJSON (%s) is not supported, because it does not allocate the "
		    "root value before all others; install another version of cJSON",
		    cJSON_Version());
	return check_tree(root, err);
}

static enum status parse_copy(struct strbuf *text, struct json **out, struct error *err)
{
	struct json_scan found;
	struct document *document;
	enum status status = json_scan(text->data, &found, err);

	if (status != STATUS_OK)
		return status;
	document = document_new(&found);
	if (document == NULL)
		return error_no_memory(err);
	status = document_read(document, text->data, found.len, err);
	if (status == STATUS_OK)
		*out = (struct json *)document->room;
	else
		document_free(document);
	return status;
}

enum status json_parse(const char *data, size_t len, struct json **out, struct error *err)
{
	/* a copy, because cJSON 1.7.15 can read past the end of a text without a NUL */
	struct strbuf copy;
	enum status status;

	if (len == 0)
		return error_set(err, STATUS_BAD_REQUEST, "not JSON: the text is empty");
	if (memchr(data, '\0', len) != NULL || !utf8_valid(data, len))
		return error_set(err, STATUS_BAD_REQUEST,
				 "not JSON: the text has a NUL byte or is not UTF-8");
	strbuf_init_secret(&copy);
	strbuf_reserve(&copy, len);
	strbuf_add(&copy, data, len);
	status = strbuf_ok(&copy) ? parse_copy(&copy, out, err) : error_no_memory(err);
	strbuf_clear(&copy);
	return status;
}

void json_free(struct json *root)
{
	if (root != NULL)
		document_free((struct document *)((char *)root - offsetof(struct document, room)));
}

/* ---- reading values ---- */

const struct json *json_member(const struct json *object, const char *key)
{
	const cJSON *member = json_is_object(object) ? node_get(object)->child : NULL;

	while (member != NULL && !is_same(member->string, key))
		member = member->next;
	return value_of(member);
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

bool json_floor(const struct json *value, long long *out)
{
	const cJSON *node = node_get(value);

	if (!cJSON_IsNumber(node))
		return false;
	double number = node->valuedouble;
	if (!(number >= -JSON_INTEGER_MAX && number <= JSON_INTEGER_MAX))
		return false;
	long long whole = (long long)number;
	*out = whole - ((double)whole > number);
	return true;
}

bool json_integer(const struct json *value, long long *out)
{
	long long whole;

	if (!json_floor(value, &whole) || (double)whole != node_get(value)->valuedouble)
		return false;
	*out = whole;
	return true;
}
