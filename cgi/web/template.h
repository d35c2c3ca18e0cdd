/*
 * Mustache pages (mustache(5)): variables, sections that a value shows or hides, inverted sections,
 * comments, partials, standalone-line whitespace; no lists. Everything is escaped for HTML; there
 * is no {{{raw}}} and no {{&raw}}. A value that is JSON for a <script type="application/json"> is
 * set with view_json_script and written by base/json's writer, which makes it safe there. Loaded
 * and parsed at the start, constant afterwards.
 */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

#define TEMPLATE_FILE_MAX  (256 * 1024)
#define TEMPLATE_DEPTH_MAX 16 /* nested sections and partials */

struct template_set;

#define TEMPLATE_NAMES_MAX 32 /* a page's */

/* A page and the names it may use (dots are not special); NULL-terminated; constants. */
struct template_page {
	const char *file; /* "chat.html" */
	const char *const *names;
	bool optional; /* a folder may be without it; who needs it asks template_has */
};

#define TEMPLATE_LANGUAGE_MAX 8

/*
 * Loads the pages and the partials they name (`{{>head}}` is DIR/partials/head.html). Refused with
 * "FILE:LINE: …": an unknown name or partial, an unbalanced section, a raw tag, a partial that
 * includes itself, a file that others may write, and a value where escaping would not make it safe:
 * in a tag outside quotes, in a script (but for JSON in its own), a style or an on… attribute.
 * Where the folder has lang/LANGUAGE.json files, objects of strings, each page is there once for
 * each of them: {{t.KEY}} is that language's text, put in now. An unknown KEY is refused.
 */
enum status template_set_load(const char *dir, const struct template_page *pages, size_t n,
			      struct template_set **out, struct error *err);
void template_set_free(struct template_set *set); /* takes NULL */

/*
 * The same, but a page or a language is read when it is first used, and refused then. Such a set
 * belongs to one thread. pages are borrowed.
 */
enum status template_set_load_later(const char *dir, const struct template_page *pages, size_t n,
				    struct template_set **out, struct error *err);

bool template_has(const struct template_set *set, const char *file);

/*
 * The language to answer in: of those offered that there is a file for, what Accept-Language (may
 * be NULL) wants most, else the first. "": none; pages without texts need none.
 */
struct template_offer {
	char *const *names;
	size_t count;
};
const char *template_language(const struct template_set *set, const struct template_offer *offer,
			      const char *accept_language);
bool template_speaks(const struct template_set *set, const char *language);

/* A text of that language; NULL: none. Borrowed. */
const char *template_text(const struct template_set *set, const char *language, const char *key);

/*
 * What a page is rendered with: names and values. Values are copied; names are constants, and
 * borrowed as the language is.
 */
struct view;
struct view *view_new(void);                                 /* NULL: out of memory */
void view_free(struct view *view);                           /* takes NULL */
void view_language(struct view *view, const char *language); /* as template_language says */
void view_text(struct view *view, const char *name,
	       const char *value); /* NULL or "": false in a section */
void view_flag(struct view *view, const char *name, bool value);
void view_json_script(struct view *view, const char *name, const char *json);

/* Appends the page. STATUS_INTERNAL: out of memory. A name without a value renders as nothing. */
enum status template_render(const struct template_set *set, const char *file,
			    const struct view *view, struct strbuf *out, struct error *err);

#endif
