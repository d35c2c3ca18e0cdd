/*
 * Mustache pages (mustache(5)): variables, sections, lists, inverted sections, comments, partials
 * and standalone tags. Every value is escaped for HTML; {{{raw}}} and {{&raw}} do not exist. JSON
 * for <script type="application/json"> is set with view_json_script, and the writer in base/json
 * makes it safe there. Pages are loaded and parsed at the start, and do not change afterwards.
 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

#define TEMPLATE_FILE_MAX  (256 * 1024)
#define TEMPLATE_DEPTH_MAX 16 /* how deep sections and partials can be nested */

struct template_set;

#define TEMPLATE_NAMES_MAX 32 /* maximum number of names in a page */

/*
 * A page and the names that it can use. All strings are constants. The list of names ends with
 * NULL.
 */
struct template_page {
	const char *file; /* such as "chat.html" */
	const char *const *names;
	bool optional; /* the file need not exist; call template_has before use */
};

#define TEMPLATE_LANGUAGE_MAX 8

/*
 * Loads the pages and the partials that they include (`{{>head}}` is DIR/partials/head.html). An
 * error has the form "FILE:LINE: …". Refuses an unknown name or partial, an unbalanced section, a
 * raw tag, a partial that includes itself, and a file that others can write. Also refuses a value
 * where escaping does not make it safe: in a tag outside of quotes, in a style, in an on…
 * attribute, and in a script other than <script type="application/json">.
 *
 * If the folder has files lang/LANGUAGE.json (objects of strings), loads each page once for each
 * language, and replaces {{t.KEY}} with the text of that language. Refuses an unknown KEY. Dots
 * have no other special meaning in a name.
 */
enum status template_set_load(const char *dir, const struct template_page *pages, size_t n,
			      struct template_set **out, struct error *err);
void template_set_free(struct template_set *set); /* accepts NULL */

/*
 * Like template_set_load, but reads and checks each page and language only when it is first used.
 * Only one thread is allowed to use such a set. pages is borrowed.
 */
enum status template_set_load_later(const char *dir, const struct template_page *pages, size_t n,
				    struct template_set **out, struct error *err);

bool template_has(const struct template_set *set, const char *file);

/*
 * Chooses the language of the answer from the offered languages that have a file. Returns the
 * language that Accept-Language prefers. If Accept-Language prefers none of these languages,
 * returns the first of them. Returns "" if no offered language has a file, because pages without
 * texts need no language. accept_language can be NULL. The set owns the result, which stays valid
 * after the offer is freed.
 */
struct template_offer {
	char *const *names;
	size_t count;
};
const char *template_language(const struct template_set *set, const struct template_offer *offer,
			      const char *accept_language);
bool template_speaks(const struct template_set *set, const char *language);

/* Returns a text in this language, or NULL if there is none. Borrowed from the set. */
const char *template_text(const struct template_set *set, const char *language, const char *key);

/*
 * The values with which a page is rendered, each with a name. Values are copied. Names are
 * constants, and are borrowed, as is the language.
 */
struct view;
struct view *view_new(void);       /* returns NULL if out of memory */
void view_free(struct view *view); /* accepts NULL */
/* language must come from template_language. */
void view_language(struct view *view, const char *language);
/* If value is NULL or "", a section with this name is not rendered, but an inverted section is. */
void view_text(struct view *view, const char *name, const char *value);
void view_flag(struct view *view, const char *name, bool value);
void view_json_script(struct view *view, const char *name, const char *json);
/*
 * Adds a row to a list and returns it, or NULL if out of memory. The section with the list's name
 * is rendered once for each row. In it, the row's values hide the page's values with the same
 * names. A row cannot have lists. The view owns the row. The functions above also accept NULL as a
 * row; template_render then fails.
 */
struct view *view_row(struct view *view, const char *name);

/*
 * Appends the rendered page to out. A name without a value is rendered as nothing. Returns
 * STATUS_INTERNAL if the page cannot be read, if JSON is not in a script for JSON, or if out of
 * memory.
 */
enum status template_render(const struct template_set *set, const char *file,
			    const struct view *view, struct strbuf *out, struct error *err);

#endif
