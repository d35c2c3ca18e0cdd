/*
 * Reads the texts of the pages in each language from the folder of the templates. There,
 * lang/LANGUAGE.json is an object of strings. Accept-Language decides which language a visitor gets
 * (RFC 9110, section 12.5.4).
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "template/parts.h"

#define QUALITY_FULL 1000

/* Takes the language from a file's name: "de" from "de.json". */
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
			status = error_set(&why, STATUS_BAD_REQUEST, "is not an object");
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
		status = error_set(err, STATUS_BAD_REQUEST, "%s: cannot read it: %m", path.data);
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

/* Returns ";q=0.7" as 700. Without q= it returns 1000. A value that is not a number counts as 0. */
static int quality(const char *params, size_t len)
{
	const char *q = memmem(params, len, "q=", 2);
	int value = 0, weight = QUALITY_FULL;

	if (q == NULL)
		return QUALITY_FULL;
	for (q += 2; q < params + len && weight > 0; q++) {
		if (*q == '.')
			continue;
		if (!isdigit((unsigned char)*q))
			break;
		value += (*q - '0') * weight;
		weight /= 10;
	}
	return value;
}

/*
 * Returns the quality that the header gives to a language, in thousandths. In "de-AT;q=0.8, en" the
 * quality of "de" is 800. It is 0 if the header does not name the language.
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
