/*
 * Reads the texts of pages in each language. They are in the template folder, in
 * lang/LANGUAGE.json, which is an object of strings. Accept-Language decides which language a
 * visitor gets (RFC 9110, section 12.5.4).
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "template/parts.h"

#define BLANKS       " \t"
#define QUALITY_FULL 1000
/*
 * The weight of a language whose weight in Accept-Language is malformed: the lowest weight above 0.
 * A language that the visitor has not named has the weight 0.
 */
#define QUALITY_UNREADABLE 1

/*
 * Copies the language from a file's name, such as "de" from "de.json". Returns false for other
 * files.
 */
static bool name_of_file(const char *file, char out[TEMPLATE_LANGUAGE_MAX + 1])
{
	size_t len = strspn(file, "abcdefghijklmnopqrstuvwxyz");

	if (len == 0 || len > TEMPLATE_LANGUAGE_MAX || strcmp(file + len, ".json") != 0)
		return false;
	memcpy(out, file, len);
	out[len] = '\0';
	return true;
}

enum status language_read(const char *dir, struct language *language, struct error *err)
{
	struct strbuf path, text;
	struct error why = {0};

	if (language->texts != NULL)
		return STATUS_OK;
	strbuf_init(&path);
	strbuf_init(&text);
	strbuf_addf(&path, "%s/lang/%s.json", dir, language->name);
	enum status status =
	    strbuf_ok(&path) ? template_file_read(path.data, &text, err) : error_no_memory(err);
	if (status == STATUS_OK) {
		status = json_parse(text.data, text.len, &language->texts, &why);
		if (status == STATUS_OK && !json_is_object(language->texts))
			status = error_set(&why, STATUS_BAD_REQUEST,
					   "the file does not contain a JSON object");
		if (status != STATUS_OK)
			error_set(err, status, "%s: %s", path.data, why.text);
	}
	strbuf_clear(&text);
	strbuf_clear(&path);
	return status;
}

static int is_language_file(const struct dirent *entry)
{
	char name[TEMPLATE_LANGUAGE_MAX + 1];

	return name_of_file(entry->d_name, name);
}

static enum status add_all(struct dirent **entries, int n, struct languages *languages,
			   struct error *err)
{
	languages->items = calloc((size_t)n, sizeof(*languages->items));
	if (languages->items == NULL)
		return error_no_memory(err);
	for (int i = 0; i < n; i++)
		name_of_file(entries[i]->d_name, languages->items[languages->count++].name);
	return STATUS_OK;
}

enum status languages_list(const char *dir, struct languages *languages, struct error *err)
{
	struct dirent **entries = NULL;
	enum status status = STATUS_OK;
	struct strbuf path;
	int n = 0;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/lang", dir);
	if (!strbuf_ok(&path))
		status = error_no_memory(err);
	else
		n = scandir(path.data, &entries, is_language_file, alphasort);
	if (n < 0 && errno != ENOENT)
		status = error_set(err, STATUS_BAD_REQUEST, "%s: cannot be read: %m", path.data);
	if (status == STATUS_OK && n > 0)
		status = add_all(entries, n, languages, err);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	strbuf_clear(&path);
	return status;
}

void languages_clear(struct languages *languages)
{
	for (size_t i = 0; i < languages->count; i++)
		json_free(languages->items[i].texts);
	free(languages->items);
	*languages = (struct languages){.items = NULL};
}

static struct language *languages_find(const struct languages *languages, const char *name)
{
	for (size_t i = 0; i < languages->count; i++) {
		if (strcmp(languages->items[i].name, name) == 0)
			return &languages->items[i];
	}
	return NULL;
}

/* Parses a weight from 0 to 1 with at most three decimals, and returns it in thousandths. */
static int qvalue(const char *text, size_t len)
{
	int value = len > 0 ? (text[0] - '0') * QUALITY_FULL : 0;

	if (len == 0 || len > strlen("0.000") || (text[0] != '0' && text[0] != '1') ||
	    (len > 1 && text[1] != '.'))
		return QUALITY_UNREADABLE;
	for (size_t i = 2, weight = QUALITY_FULL / 10; i < len; i++, weight /= 10) {
		if (!isdigit((unsigned char)text[i]))
			return QUALITY_UNREADABLE;
		value += (text[i] - '0') * (int)weight;
	}
	return value <= QUALITY_FULL ? value : QUALITY_UNREADABLE;
}

/*
 * Returns the weight in the parameters in thousandths, such as 700 for ";q=0.7" (RFC 9110, section
 * 12.4.2). Without a parameter q, returns 1000.
 */
static int quality(const char *params, size_t len)
{
	const char *end = params + len;

	for (const char *at = params; (at = memchr(at, ';', (size_t)(end - at))) != NULL;) {
		at++;
		at += strspn(at, BLANKS);
		size_t size = strcspn(at, ";,");

		while (size > 0 && strchr(BLANKS, at[size - 1]) != NULL)
			size--;
		if (size >= 2 && strncasecmp(at, "q=", 2) == 0)
			return qvalue(at + 2, size - 2);
	}
	return QUALITY_FULL;
}

/*
 * Returns the weight of the language in the header, in thousandths. For "de-AT;q=0.8, en", the
 * weight of "de" is 800. Returns 0 if the header does not name the language.
 */
static int wanted(const char *header, const char *name)
{
	size_t len = strlen(name);
	int best = 0;

	while (header != NULL && *header != '\0') {
		header += strspn(header, " \t,");
		size_t item = strcspn(header, ",");

		if (strncasecmp(header, name, len) == 0 && !isalnum((unsigned char)header[len])) {
			int q = quality(header, item);

			best = q > best ? q : best;
		}
		header += item;
	}
	return best;
}

const char *template_language(const struct template_set *set, const struct template_offer *offer,
			      const char *accept_language)
{
	const struct languages *languages = template_languages(set);
	const char *best = NULL;
	int most = 0;

	for (size_t i = 0; i < offer->count; i++) {
		const struct language *found = languages_find(languages, offer->names[i]);
		int q = wanted(accept_language, offer->names[i]);

		if (found == NULL)
			continue;
		if (best == NULL || q > most) {
			best = found->name;
			most = q;
		}
	}
	return best != NULL ? best : "";
}

const char *template_text(const struct template_set *set, const char *language, const char *key)
{
	struct language *found = languages_find(template_languages(set), language);

	if (found == NULL || language_read(template_dir(set), found, NULL) != STATUS_OK)
		return NULL;
	return json_string(json_member(found->texts, key));
}

bool template_speaks(const struct template_set *set, const char *language)
{
	return languages_find(template_languages(set), language) != NULL;
}
