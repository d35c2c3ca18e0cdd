/*
 * Creates views, and renders the nodes of a page with the values of a view. Values are escaped for
 * HTML. The exception is JSON, which is allowed only in <script type="application/json">.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "template/parts.h"

#define VALUES_STEP 8    /* how many values to add room for; none of our pages has more */
#define TEXTS_ROOM  1000 /* in bytes; a session with its names takes 500 */

enum value_type { VALUE_TEXT, VALUE_FLAG, VALUE_JSON, VALUE_LIST };

struct value {
	const char *name; /* borrowed, because all names are constants */
	enum value_type type;
	size_t text; /* offset of the value in the view's texts */
	size_t len;  /* length of the value; 0 if it is empty */
	bool flag;
	const struct view *owner; /* the view whose `texts` contains the value */
	struct view *first;       /* for a list: its first row; owned */
	struct view *last;
};

struct view {
	struct value *values;
	size_t count, size;
	struct strbuf texts;  /* the values, already escaped or JSON */
	const char *language; /* borrowed; NULL for the first language of the set */
	struct view *next;    /* the next row in a list */
	bool failed;          /* out of memory, so rendering will fail */
};

struct render {
	const char *file;
	const struct nodes *nodes;
	/* the values for this page, in the order of the page's names */
	const struct value *values[TEMPLATE_NAMES_MAX];
	struct strbuf *out;
	struct error *err;
};

static enum status render_range(const struct render *r, size_t begin, size_t end);

struct view *view_new(void)
{
	struct view *view = calloc(1, sizeof(*view));

	if (view != NULL)
		strbuf_init_secret(&view->texts);
	return view;
}

/* Frees the rows of a list. A row has no lists, so the recursion is one level deep. */
static void rows_free(struct view *row)
{
	while (row != NULL) {
		struct view *next = row->next;

		view_free(row);
		row = next;
	}
}

void view_free(struct view *view)
{
	if (view == NULL)
		return;
	for (size_t i = 0; i < view->count; i++)
		rows_free(view->values[i].first);
	free(view->values);
	strbuf_clear(&view->texts);
	free(view);
}

/* Searches backwards, because the values that every page has are set last and used most. */
static struct value *find_value(const struct view *view, const char *name)
{
	for (size_t i = view->count; i > 0; i--) {
		struct value *value = &view->values[i - 1];

		if (value->name[0] == name[0] && strcmp(value->name, name) == 0)
			return value;
	}
	return NULL;
}

static struct value *new_value(struct view *view, const char *name)
{
	if (view->count == view->size) {
		size_t size = view->size + VALUES_STEP;
		struct value *values = realloc(view->values, size * sizeof(*values));

		if (values == NULL)
			return NULL;
		view->values = values;
		view->size = size;
	}
	view->values[view->count] = (struct value){.name = name, .owner = view};
	return &view->values[view->count++];
}

/*
 * If the view has a value with this name, empties and returns it. Otherwise adds a value and
 * returns it. Returns NULL if out of memory or if view is NULL.
 */
static struct value *take_value(struct view *view, const char *name, enum value_type type)
{
	struct value *value;

	if (view == NULL)
		return NULL;
	value = find_value(view, name);
	if (value == NULL)
		value = new_value(view, name);
	if (value == NULL) {
		view->failed = true;
		return NULL;
	}
	value->len = 0;
	value->type = type;
	return value;
}

/*
 * Sets a value and escapes it. So it is escaped only once, even if the page shows it several times.
 */
static void set_text(struct view *view, const char *name, const char *text, enum value_type type)
{
	struct value *value = take_value(view, name, type);

	if (value == NULL || text == NULL)
		return;
	if (view->texts.len == 0)
		strbuf_reserve(&view->texts, TEXTS_ROOM);
	value->text = view->texts.len;
	if (type == VALUE_JSON)
		strbuf_adds(&view->texts, text);
	else
		codec_html(&view->texts, text);
	value->len = view->texts.len - value->text;
	if (!strbuf_ok(&view->texts))
		view->failed = true;
}

void view_language(struct view *view, const char *language)
{
	if (view != NULL)
		view->language = *language ? language : NULL;
}

void view_text(struct view *view, const char *name, const char *value)
{
	set_text(view, name, value, VALUE_TEXT);
}

void view_json_script(struct view *view, const char *name, const char *json)
{
	set_text(view, name, json, VALUE_JSON);
}

void view_flag(struct view *view, const char *name, bool flag)
{
	struct value *value = take_value(view, name, VALUE_FLAG);

	if (value != NULL)
		value->flag = flag;
}

struct view *view_row(struct view *view, const char *name)
{
	struct value *list = view != NULL ? find_value(view, name) : NULL;
	struct view *row = view_new();

	if (list == NULL)
		list = take_value(view, name, VALUE_LIST);
	if (list == NULL || row == NULL) {
		view_free(row);
		if (view != NULL)
			view->failed = true;
		return NULL;
	}
	if (list->last != NULL)
		list->last->next = row;
	else
		list->first = row;
	list->last = row;
	return row;
}

/*
 * Looks up all names of the page in this view. Values found in this view replace the values found
 * in outer views.
 */
static void look_all_up(struct render *r, const struct view *view)
{
	for (size_t i = 0; i < TEMPLATE_NAMES_MAX && r->nodes->names[i] != NULL; i++) {
		const struct value *value = find_value(view, r->nodes->names[i]);

		if (value != NULL)
			r->values[i] = value;
	}
}

static bool is_true(const struct value *value)
{
	if (value == NULL)
		return false;
	if (value->type == VALUE_LIST)
		return value->first != NULL;
	return value->type == VALUE_FLAG ? value->flag : value->len > 0;
}

static enum status render_variable(const struct render *r, const struct node *node)
{
	const struct value *value = r->values[node->name];

	if (value == NULL || value->len == 0)
		return STATUS_OK;
	if (node->json != (value->type == VALUE_JSON))
		return error_set(
		    r->err, STATUS_INTERNAL, "%s: {{%s}} %s a <script type=\"application/json\">",
		    r->file, node->text,
		    node->json ? "is not JSON but is inside" : "is JSON and must be inside");
	strbuf_add(r->out, value->owner->texts.data + value->text, value->len);
	return STATUS_OK;
}

static enum status render_rows(const struct render *r, size_t at, const struct view *row)
{
	enum status status = STATUS_OK;

	for (; row != NULL && status == STATUS_OK; row = row->next) {
		struct render inner = *r;

		if (row->failed)
			return error_no_memory(r->err);
		look_all_up(&inner, row);
		status = render_range(&inner, at + 1, r->nodes->items[at].end);
	}
	return status;
}

static enum status render_section(const struct render *r, size_t at)
{
	const struct node *node = &r->nodes->items[at];
	const struct value *value = r->values[node->name];

	if (is_true(value) == (node->type == NODE_INVERTED))
		return STATUS_OK;
	if (value != NULL && value->type == VALUE_LIST && value->first != NULL)
		return render_rows(r, at, value->first);
	return render_range(r, at + 1, node->end);
}

static enum status render_range(const struct render *r, size_t begin, size_t end)
{
	enum status status = STATUS_OK;
	size_t at = begin;

	while (at < end && status == STATUS_OK) {
		const struct node *node = &r->nodes->items[at];
		size_t next = at + 1;

		if (node->type == NODE_TEXT) {
			strbuf_add(r->out, node->text, node->len);
		} else if (node->type == NODE_VARIABLE) {
			status = render_variable(r, node);
		} else {
			status = render_section(r, at);
			next = node->end;
		}
		at = next;
	}
	return status;
}

enum status template_render(const struct template_set *set, const char *file,
			    const struct view *view, struct strbuf *out, struct error *err)
{
	struct render render = {
	    .file = file,
	    .out = out,
	    .err = err,
	};
	struct error why = {0};
	enum status status = template_nodes(set, view->language, file, &render.nodes, &why);

	if (status != STATUS_OK)
		return error_set(err, STATUS_INTERNAL, "%s", why.text);
	if (view->failed)
		return error_no_memory(err);
	look_all_up(&render, view);
	strbuf_reserve(out, render.nodes->room);
	status = render_range(&render, 0, render.nodes->count);
	if (status == STATUS_OK && !strbuf_ok(out))
		status = error_no_memory(err);
	return status;
}
