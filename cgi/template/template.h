/*
 * Mustache pages (mustache(5)): variables, sections, lists, inverted sections, comments, partials
 * and standalone-line whitespace. Every value is escaped for HTML; {{{raw}}} and {{&raw}}
 * do not exist. JSON for a <script type="application/json"> is set with view_json_script. The
 * writer in base/json makes it safe there. Pages are loaded and parsed at the start and are
 * constant afterwards.
 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

#define TEMPLATE_FILE_MAX  (256 * 1024)
#define TEMPLATE_DEPTH_MAX 16 /* nested sections and partials */

struct template_set;

#define TEMPLATE_NAMES_MAX 32 /* names in a page */

/* A page and the names that it can use. All are constants, and NULL ends the list of names. */
struct template_page {
	const char *file; /* such as "chat.html" */
	const char *const *names;
	bool optional; /* the file can be missing; call template_has before use */
};

#define TEMPLATE_LANGUAGE_MAX 8

/*
 * Loads the pages and the partials they name (`{{>head}}` is DIR/partials/head.html). An error text
 * has the form "FILE:LINE: …". It refuses an unknown name or partial, an unbalanced section, a raw
 * tag, a partial that includes itself and a file that others can write. It also refuses a value
 * where escaping would not make it safe. Such places are a tag outside quotes, a style, an on…
 * attribute, and a script other than <script type="application/json">.
 *
 * If the folder has lang/LANGUAGE.json files (objects of strings), each page is loaded once for
 * each language. {{t.KEY}} is replaced with the text of that language during the load. An unknown
 * KEY is refused. Dots have no other special meaning in a name.
 */
enum status template_set_load(const char *dir, const struct template_page *pages, size_t n,
			      struct template_set **out, struct error *err);
void template_set_free(struct template_set *set); /* accepts NULL */

/*
 * Like template_set_load, but each page and language is read, and checked, when it is first used.
 * Only one thread is allowed to use such a set. pages is borrowed.
 */
enum status template_set_load_later(const char *dir, const struct template_page *pages, size_t n,
				    struct template_set **out, struct error *err);

bool template_has(const struct template_set *set, const char *file);

/*
 * Returns the language to answer in. Among the languages that are offered and have a file, it is
 * the one that Accept-Language prefers, otherwise the first. accept_language can be NULL. Returns
 * "" if no offered language has a file; pages without texts need none. The set owns the result, so
 * the offer can be freed first.
 */
struct template_offer {
	char *const *names;
	size_t count;
};
const char *template_language(const struct template_set *set, const struct template_offer *offer,
			      const char *accept_language);
bool template_speaks(const struct template_set *set, const char *language);

/* Returns a text of that language, borrowed, or NULL if there is none. */
const char *template_text(const struct template_set *set, const char *language, const char *key);

/*
 * The names and values that a page is rendered with. Values are copied. The names, which are
 * constants, and the language are borrowed.
 */
struct view;
struct view *view_new(void);       /* returns NULL if out of memory */
void view_free(struct view *view); /* accepts NULL */
/* language must be a result of template_language. */
void view_language(struct view *view, const char *language);
/* A value that is NULL or "" makes a section false. */
void view_text(struct view *view, const char *name, const char *value);
void view_flag(struct view *view, const char *name, bool value);
void view_json_script(struct view *view, const char *name, const char *json);
/*
 * Adds a row to a list. A section with the list's name is repeated for each row. In that section,
 * the row's values hide the page's values of the same name. A row cannot have lists. The view owns
 * the row. Returns NULL if out of memory. The functions above accept NULL as view, and
 * template_render then fails.
 */
struct view *view_row(struct view *view, const char *name);

/*
 * Appends the page to out. A name without a value renders as nothing. Returns STATUS_INTERNAL if
 * the page cannot be read, if JSON is not in a script for JSON, or if out of memory.
 */
enum status template_render(const struct template_set *set, const char *file,
			    const struct view *view, struct strbuf *out, struct error *err);

#endif
