/*
 * Mustache pages (mustache(5)): variables, sections, lists, inverted sections, comments, partials
 * and standalone-line whitespace. Every value is escaped for HTML; {{{raw}}} and {{&raw}}
 * do not exist. JSON for a <script type="application/json"> is set with view_json_script;
 * base/json's writer makes it safe there. Pages are loaded and parsed at the start and are constant
 * afterwards.
 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

#define TEMPLATE_FILE_MAX  (256 * 1024)
#define TEMPLATE_DEPTH_MAX 16 /* nested sections and partials */

struct template_set;

#define TEMPLATE_NAMES_MAX 32 /* of a page */

/* A page and the names it may use (dots are not special); NULL-terminated; constants. */
struct template_page {
	const char *file; /* "chat.html" */
	const char *const *names;
	bool optional; /* a folder may lack it; ask template_has before use */
};

#define TEMPLATE_LANGUAGE_MAX 8

/*
 * Loads the pages and the partials they name (`{{>head}}` is DIR/partials/head.html). An error is
 * "FILE:LINE: …". It refuses an unknown name or partial, an unbalanced section, a raw tag, a
 * partial that includes itself and a file that others may write. It also refuses a value where
 * escaping would not make it safe: in a tag outside quotes, in a script (except JSON in its own),
 * in a style or in an on… attribute. If the folder has lang/LANGUAGE.json files (objects of
 * strings), each page is loaded once for each language. {{t.KEY}} is replaced by that language's
 * text during the load. An unknown KEY is refused.
 */
enum status template_set_load(const char *dir, const struct template_page *pages, size_t n,
			      struct template_set **out, struct error *err);
void template_set_free(struct template_set *set); /* takes NULL */

/*
 * As template_set_load, but each page and language is read when it is first used, and may be
 * refused only then. Only one thread may use such a set. pages are borrowed.
 */
enum status template_set_load_later(const char *dir, const struct template_page *pages, size_t n,
				    struct template_set **out, struct error *err);

bool template_has(const struct template_set *set, const char *file);

/*
 * Returns the language to answer in. Among the languages that are offered and have a file, it is
 * the one that Accept-Language prefers, else the first. accept_language may be NULL. "": there is
 * none, and pages without texts need none. The set owns it: the offer may go before it.
 */
struct template_offer {
	char *const *names;
	size_t count;
};
const char *template_language(const struct template_set *set, const struct template_offer *offer,
			      const char *accept_language);
bool template_speaks(const struct template_set *set, const char *language);

/* Returns a text of that language, borrowed; NULL: there is none. */
const char *template_text(const struct template_set *set, const char *language, const char *key);

/*
 * The names and values that a page is rendered with. Values are copied. Names are constants and are
 * borrowed, as is the language.
 */
struct view;
struct view *view_new(void);       /* NULL: out of memory */
void view_free(struct view *view); /* takes NULL */
/* one that template_language returned */
void view_language(struct view *view, const char *language);
void view_text(struct view *view, const char *name,
	       const char *value); /* NULL or "": false in a section */
void view_flag(struct view *view, const char *name, bool value);
void view_json_script(struct view *view, const char *name, const char *json);
/*
 * Adds a row to a list. A section with the list's name is repeated for each row. In it, the row's
 * values hide those of the page with the same name. A row has no lists. The view owns the row.
 * NULL: out of memory; the functions above accept that, and the view will not be rendered.
 */
struct view *view_row(struct view *view, const char *name);

/*
 * Appends the page to out. STATUS_INTERNAL: out of memory. A name without a value renders as
 * nothing.
 */
enum status template_render(const struct template_set *set, const char *file,
			    const struct view *view, struct strbuf *out, struct error *err);

#endif
