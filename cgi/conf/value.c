/*
 * Sets, checks and prints values. The table at the end has one row for each type. The rules for
 * strings are in text.c, for numbers in amount.c, for rooms in rooms.c. keys.c has the limits of
 * each key.
 */
#include "conf/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/amount.h"
#include "conf/list.h"
#include "conf/number.h"
#include "conf/placeholder.h"
#include "conf/realm.h"
#include "conf/rooms.h"
#include "conf/shipped.h"
#include "conf/site_uri.h"
#include "conf/text.h"

#define REASON_MAX 160 /* bytes; fits the longest reason of text.c, and a few words before it */

struct type {
	const char *name;
	/* what the type allows; NULL if value_allowed derives it from the key's row */
	const char *allowed;
	const char *(*check)(const char *text); /* used only for strings and the words of lists */
	enum status (*set)(const struct conf_key *key, const char *text, void *section,
			   struct error *err);
	void (*text)(const struct conf_key *key, const void *section, struct strbuf *out);
	const char *(*read)(const struct conf_key *key, const char *text, void *field);
	void (*write)(const void *field, struct strbuf *out);
	/*
	 * true if messages must not quote the value, because a refused URL can contain a password
	 */
	bool private;
};
static const struct type types[TYPE_COUNT];

const void *value_field(const struct conf_key *key, const void *section)
{
	return (const char *)section + key->offset;
}

static void *field(const struct conf_key *key, void *section)
{
	return (char *)section + key->offset;
}

static enum status refuse(const struct conf_key *key, const char *text, const char *reason,
			  struct error *err)
{
	struct strbuf allowed;
	if (strcmp(reason, TEXT_NO_MEMORY) == 0)
		return error_no_memory(err);
	strbuf_init(&allowed);
	value_allowed(key, &allowed);
	if (types[key->type].private)
		text = "";
	const char *quote = text[0] == '\0' ? "" : "\"";
	enum status status =
	    error_set(err, STATUS_BAD_REQUEST, "%s%s%s%s%s; allowed: %s", quote, text, quote,
		      text[0] == '\0' ? "" : " ", reason, allowed.data);
	strbuf_clear(&allowed);
	return status;
}

/* Sets a value whose type has a read function. */
static enum status set_read(const struct conf_key *key, const char *text, void *section,
			    struct error *err)
{
	const char *reason = types[key->type].read(key, text, field(key, section));

	return reason == NULL ? STATUS_OK : refuse(key, text, reason, err);
}

static void text_written(const struct conf_key *key, const void *section, struct strbuf *out)
{
	types[key->type].write(value_field(key, section), out);
}

/* ---- words ---- */

static enum status set_bool(const struct conf_key *key, const char *text, void *section,
			    struct error *err)
{
	bool on = strcmp(text, "on") == 0;
	if (!on && strcmp(text, "off") != 0)
		return refuse(key, text, "is not known", err);
	*(bool *)field(key, section) = on;
	return STATUS_OK;
}

static void text_bool(const struct conf_key *key, const void *section, struct strbuf *out)
{
	strbuf_adds(out, *(const bool *)value_field(key, section) ? "on" : "off");
}

/*
 * Returns the index of the word in `words`, or -1 if `words` does not have it. `words` ends with
 * NULL.
 */
static long word_index(const char *const *words, const char *word)
{
	for (long i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

static enum status set_enum(const struct conf_key *key, const char *text, void *section,
			    struct error *err)
{
	long index = word_index(key->words, text);
	if (index < 0)
		return refuse(key, text, "is not known", err);
	*(long *)field(key, section) = index;
	return STATUS_OK;
}

static void text_enum(const struct conf_key *key, const void *section, struct strbuf *out)
{
	strbuf_adds(out, key->words[*(const long *)value_field(key, section)]);
}

static void lower(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
	}
}

/*
 * Returns true if the words mean the same. Nodes are compared by NAME, realms by realm or prefix.
 */
static bool is_same_word(const struct conf_key *key, const char *a, const char *b)
{
	size_t len = strcspn(a, "=");
	if (key->type == TYPE_REALMS)
		return realm_is_same(a, b);
	if (key->type != TYPE_NODES)
		return strcmp(a, b) == 0;
	return len == strcspn(b, "=") && strncmp(a, b, len) == 0;
}

/* Returns NULL if the word can be added to the list, otherwise the reason. */
static const char *word_check(const struct conf_key *key, const struct conf_list *list,
			      const char *word)
{
	for (size_t i = 0; i < list->count; i++) {
		if (is_same_word(key, list->items[i], word))
			return "appears twice";
	}
	if (key->max > 0 && list->count >= (size_t)key->max)
		return "is one too many";
	if (key->words != NULL && word_index(key->words, word) < 0)
		return "is not known";
	return types[key->type].check(word);
}

/*
 * Sets the error for a refused word. A private word is not quoted. If a private word is not the
 * first word of the list, the sentence gives the word's position instead.
 */
static enum status refuse_word(const struct conf_key *key, const char *word, size_t place,
			       const char *reason, struct error *err)
{
	char placed[REASON_MAX];
	if (!types[key->type].private || place == 1)
		return refuse(key, word, reason, err);
	snprintf(placed, sizeof(placed), "address number %zu %s", place, reason);
	return refuse(key, word, placed, err);
}

/* Appends the len bytes at word to the list. */
static enum status list_add(const struct conf_key *key, struct conf_list *list, const char *word,
			    size_t len, struct error *err)
{
	char *item = strndup(word, len);
	if (item == NULL)
		return error_no_memory(err);
	if (key->type == TYPE_HOSTS || key->type == TYPE_NODES)
		lower(item);

	const char *reason = key->type == TYPE_JIDS ? rooms_jid_prepare(&item) : NULL;
	if (reason == NULL)
		reason = word_check(key, list, item);
	enum status status = STATUS_OK;
	if (reason != NULL)
		status = refuse_word(key, item, list->count + 1, reason, err);
	else if (!conf_list_add(list, item))
		status = error_no_memory(err);
	if (status != STATUS_OK)
		free(item);
	return status;
}

static enum status set_list(const struct conf_key *key, const char *text, void *section,
			    struct error *err)
{
	static const char blanks[] = " \t";
	struct conf_list list = {0};
	for (const char *at = text + strspn(text, blanks); *at != '\0'; at += strspn(at, blanks)) {
		size_t len = strcspn(at, blanks);
		enum status status = list_add(key, &list, at, len, err);
		if (status != STATUS_OK) {
			conf_list_clear(&list);
			return status;
		}
		at += len;
	}
	*(struct conf_list *)field(key, section) = list;
	return STATUS_OK;
}

static void text_list(const struct conf_key *key, const void *section, struct strbuf *out)
{
	const struct conf_list *list = value_field(key, section);
	for (size_t i = 0; i < list->count; i++)
		strbuf_addf(out, "%s%s", i == 0 ? "" : " ", list->items[i]);
}

/* ---- rooms ---- */

static enum status set_rooms(const struct conf_key *key, const char *text, void *section,
			     struct error *err)
{
	struct conf_rooms rooms = {0};
	struct strbuf wrong; /* the faulty entry */

	strbuf_init(&wrong);
	const char *reason = rooms_read(text, &rooms, &wrong);
	enum status status = reason == NULL ? STATUS_OK : refuse(key, wrong.data, reason, err);
	if (status == STATUS_OK)
		*(struct conf_rooms *)field(key, section) = rooms;
	else
		rooms_clear(&rooms);
	strbuf_clear(&wrong);
	return status;
}

static void text_rooms(const struct conf_key *key, const void *section, struct strbuf *out)
{
	rooms_write(value_field(key, section), out);
}

/* ---- texts ---- */

static enum status set_text(const struct conf_key *key, const char *text, void *section,
			    struct error *err)
{
	const char *reason = text[0] == '\0' ? NULL : types[key->type].check(text);
	if (reason == NULL && key->max > 0 && strlen(text) > (size_t)key->max)
		reason = "is too long";
	if (reason != NULL)
		return refuse(key, text, reason, err);
	char *copy = strdup(text);
	if (copy == NULL)
		return error_no_memory(err);
	*(char **)field(key, section) = copy;
	return STATUS_OK;
}

static void text_text(const struct conf_key *key, const void *section, struct strbuf *out)
{
	strbuf_adds(out, *(char *const *)value_field(key, section));
}

/*
 * Returns a pointer to base_path_set or public_path_set. "/" is stored as "", so that a path below
 * the mount point is always base_path plus the rest. The flag distinguishes "/" from a key that is
 * not set, because both are stored as "".
 */
static bool *mount_is_set(const struct conf_key *key, struct site_conf *site)
{
	return key->offset == offsetof(struct site_conf, public_path) ? &site->public_path_set
								      : &site->base_path_set;
}

static enum status set_mount(const struct conf_key *key, const char *text, void *section,
			     struct error *err)
{
	struct site_conf *site = section;
	enum status status = set_text(key, text, section, err);
	if (status != STATUS_OK)
		return status;
	*mount_is_set(key, site) = text[0] != '\0';
	char *path = *(char **)field(key, section);
	if (strcmp(path, "/") == 0)
		path[0] = '\0';
	return STATUS_OK;
}

static void text_mount(const struct conf_key *key, const void *section, struct strbuf *out)
{
	bool public = key->offset == offsetof(struct site_conf, public_path);
	const struct site_conf *site = section;
	const char *path = public ? site->public_path : site->base_path;
	bool set = public ? site->public_path_set : site->base_path_set;
	strbuf_adds(out, set && path[0] == '\0' ? "/" : path);
}

/* ---- the types ---- */

#define A_PATH "a path that begins with /"

#define READ(reader, writer)                                                                       \
	.set = set_read, .text = text_written, .read = (reader), .write = (writer)

/* clang-format off */
static const struct type types[TYPE_COUNT] = {
	[TYPE_BOOL] = {"switch", "on, off", .set = set_bool, .text = text_bool},
	[TYPE_INTEGER] = {"number", READ(amount_integer_read, amount_write)},
	[TYPE_SECONDS] = {"seconds", READ(amount_seconds_read, amount_write)},
	[TYPE_TIME] = {"time", READ(amount_time_read, amount_time_write)},
	[TYPE_LIMIT] = {"limit", "N/TIME, such as 10/15m (N at most 1000000, TIME from 1s to 24h), or off",
			READ(amount_limit_read, amount_limit_write)},
	[TYPE_ENUM] = {"word", .set = set_enum, .text = text_enum},
	[TYPE_WORDS] = {"words", .check = text_word_check, .set = set_list, .text = text_list},
	[TYPE_HOSTS] = {"hosts", "host names without a port, separated by spaces, each once",
			text_host_check, set_list, text_list},
	[TYPE_NODES] = {"nodes", "host names, or NAME=PUBLIC, separated by spaces, each once",
			text_node_check, set_list, text_list},
	[TYPE_URLS] = {"urls", "http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH, several separated by spaces, each once",
		       text_url_check, set_list, text_list, .private = true},
	[TYPE_NETS] = {"networks", "IP addresses, or networks such as 192.0.2.0/24, separated by spaces, each once",
		       text_net_check, set_list, text_list},
	[TYPE_ORIGINS] = {"origins", "https://HOST[:PORT], several separated by spaces, each once",
			  text_origin_check, set_list, text_list},
	[TYPE_COOKIES] = {"cookies", "names of cookies, separated by spaces, each once",
			  text_cookie_check, set_list, text_list},
	[TYPE_REALMS] = {"realms", "realms, without @, or PREFIX\\=REALM, separated by spaces, each once",
			 text_realm_check, set_list, text_list},
	[TYPE_PINS] = {"keys", "sha256//BASE64=, several separated by spaces, each once",
		       text_pin_check, set_list, text_list},
	[TYPE_JIDS] = {"jids", "NAME@DOMAIN, at most 8, separated by spaces, each once",
		       text_word_check, set_list, text_list},
	[TYPE_ROOMS] = {"rooms", "NAME@DOMAIN [\"Shown name\"] [join], at most 32, separated by commas, each once",
			.set = set_rooms, .text = text_rooms},
	[TYPE_MOUNT] = {"path", "a path such as /chat, or / alone",
			text_mount_check, set_mount, text_mount},
	[TYPE_WORD] = {"name", "one word", text_word_check, set_text, text_text},
	[TYPE_HOST] = {"host", "a host name, without a port", text_host_check, set_text, text_text},
	[TYPE_COOKIE] = {"cookie", "a cookie's name", text_cookie_check, set_text, text_text},
	[TYPE_OWN_NAME] = {"cookie", "letters, digits, - and _; at most 40",
				 text_session_cookie_check, set_text, text_text},
	[TYPE_KEYS] = {"names", "names separated by dots, such as user.name",
		       text_keys_check, set_text, text_text},
	[TYPE_SESSIONS] = {"folder", A_PATH ", or N;/PATH or N;MODE;/PATH",
			   text_sessions_check, set_text, text_text},
	[TYPE_PATH] = {"file", .check = text_path_check, .set = set_text, .text = text_text},
	[TYPE_SITE_DB] = {"database", A_PATH ", mariadb://USER@HOST/NAME or postgresql://USER@HOST/NAME",
				site_uri_check, set_text, text_text, .private = true},
	[TYPE_OWN_DB] = {"database", A_PATH ", or postgresql://USER@HOST/NAME",
			 site_uri_check_own, set_text, text_text, .private = true},
	[TYPE_URL] = {"url", "http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH",
		      text_url_check, set_text, text_text, .private = true},
	[TYPE_LOG] = {"log", "stderr, syslog, or " A_PATH, text_log_check, set_text, text_text},
	[TYPE_LINK] = {"link", A_PATH ", or an http:// or https:// URL",
		       text_link_check, set_text, text_text, .private = true},
	[TYPE_BOSH_URL] = {"link", A_PATH ", or an http:// or https:// URL",
			   text_bosh_url_check, set_text, text_text, .private = true},
	[TYPE_JID_RULE] = {"rule", JID_RULE_FORMS ", then @DOMAIN",
			   text_jid_rule_check, set_text, text_text},
	[TYPE_RESOURCE] = {"text", "a text with " PLACEHOLDER_RANDOM " in it once, a fixed text, or server",
			   text_resource_check, set_text, text_text},
};
/* clang-format on */

const char *value_type(const struct conf_key *key)
{
	return types[key->type].name;
}

static void words_allowed(const struct conf_key *key, struct strbuf *out)
{
	if (key->words == NULL)
		strbuf_adds(out, "words separated by spaces");
	for (size_t i = 0; key->words != NULL && key->words[i] != NULL; i++)
		strbuf_addf(out, "%s%s", i == 0 ? "" : ", ", key->words[i]);
	if (key->type == TYPE_WORDS)
		strbuf_adds(out, ", each once");
}

void value_allowed(const struct conf_key *key, struct strbuf *out)
{
	switch (key->type) {
	case TYPE_INTEGER:
		strbuf_addf(out, "a whole number from %ld to %ld", key->min, key->max);
		break;
	case TYPE_SECONDS:
		strbuf_addf(out, "%ld to %ld seconds, such as 60 or 60s", key->min, key->max);
		break;
	case TYPE_TIME:
		strbuf_adds(out, "a time from ");
		number_time_write(key->min, out);
		strbuf_adds(out, " to ");
		number_time_write(key->max, out);
		strbuf_adds(out, ", in ms, s, m or h");
		break;
	case TYPE_ENUM:
	case TYPE_WORDS:
		words_allowed(key, out);
		break;
	case TYPE_PATH:
		strbuf_adds(out, A_PATH);
		if (key->max > 0)
			strbuf_addf(out, ", at most %ld bytes", key->max);
		break;
	default:
		strbuf_adds(out, types[key->type].allowed);
	}
}

/* Returns true if the key can be set to an empty value, as in `key =`. */
static bool value_may_be_empty(const struct conf_key *key)
{
	return key->initial[0] == '\0' && key->needed != NEEDED_ALWAYS;
}

enum status value_set(const struct conf_key *key, const char *text, void *section,
		      struct error *err)
{
	if (text[0] == '\0' && !value_may_be_empty(key))
		return refuse(key, text, "must not be empty", err);
	return types[key->type].set(key, text, section, err);
}

enum status value_set_default(const struct conf_key *key, void *section, struct error *err)
{
	static const char shipped[] = PREBIND_DATADIR "/";
	char *path = NULL;

	if (key->type != TYPE_PATH || strncmp(key->initial, shipped, strlen(shipped)) != 0)
		return types[key->type].set(key, key->initial, section, err);
	enum status status = conf_shipped_path(key->initial + strlen(PREBIND_DATADIR), &path, err);
	if (status == STATUS_OK)
		status = types[key->type].set(key, path, section, err);
	free(path);
	return status;
}

void value_text(const struct conf_key *key, const void *section, struct strbuf *out)
{
	types[key->type].text(key, section, out);
}

static void clear_list(const struct conf_key *key, void *section, const void *defaults)
{
	struct conf_list *list = field(key, section);
	const struct conf_list *shared = defaults == NULL ? NULL : value_field(key, defaults);
	if (shared != NULL && list->items == shared->items)
		*list = (struct conf_list){0};
	conf_list_clear(list);
}

static void clear_text(const struct conf_key *key, void *section, const void *defaults)
{
	char **text = field(key, section);
	char *const *shared = defaults == NULL ? NULL : value_field(key, defaults);
	if (shared == NULL || *text != *shared)
		free(*text);
	*text = NULL;
}

void value_clear(const struct conf_key *key, void *section, const void *defaults)
{
	if (types[key->type].set == set_list)
		clear_list(key, section, defaults);
	else if (types[key->type].set == set_rooms)
		rooms_clear(field(key, section)); /* not shared, because the default has no rooms */
	else if (types[key->type].set == set_text || types[key->type].set == set_mount)
		clear_text(key, section, defaults);
}
