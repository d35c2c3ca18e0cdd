/*
 * Views, and a page's nodes with a view's values into text. A view's values are escaped for HTML
 * but for JSON, which only comes out where the page has a <script type="application/json">.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "web/template_parts.h"

#define VALUES_STEP 8    /* no page of ours has more names */
#define TEXTS_ROOM  1000 /* bytes: a session and its names take 500 */

enum value_type { VALUE_TEXT, VALUE_FLAG, VALUE_JSON, VALUE_LIST };

struct value {
	const char *name; /* borrowed: the program's names are constants */
	enum value_type type;
	const struct view *view;
	size_t text; /* where it begins in the view's texts */
	size_t len;  /* 0: empty */
	bool flag;
	struct view **items;
	size_t count;
};

struct view {
	struct value *values;
	size_t count, size;
	struct strbuf texts;  /* of all values, as they stand on the page: escaped, or JSON */
	const char *language; /* borrowed; NULL: whichever the page was read in first */
	bool failed;          /* out of memory: it will not be rendered */
};

/* A section's item in front of everything around it. */
struct scope {
	const struct view *view;
	const struct scope *outer;
};

struct render {
	const char *file;
	const struct nodes *nodes;
	const struct value
	    *values[TEMPLATE_NAMES_MAX]; /* of the page's view, by the page's names */
	struct strbuf *out;
	struct error *err;
};

static enum status render_range(const struct render *r, size_t begin, size_t end,
				const struct scope *scope);

struct view *view_new(void)
{
	struct view *view = calloc(1, sizeof(*view));

	if (view)
		strbuf_init_secret(&view->texts);
	return view;
}

static void value_clear(struct value *value)
{
	for (size_t i = 0; i < value->count; i++)
		view_free(value->items[i]);
	free(value->items);
	value->items = NULL;
	value->count = 0;
	value->len = 0;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	for (size_t i = 0; i < view->count; i++)
		value_clear(&view->values[i]);
	free(view->values);
	strbuf_clear(&view->texts);
	free(view);
}

/* From the end: what every page has is put in last, and stands on it most often. */
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

		if (!values)
			return NULL;
		view->values = values;
		view->size = size;
	}
	view->values[view->count] = (struct value){.name = name, .view = view};
	return &view->values[view->count++];
}

/* The name's value, emptied unless it is a list that stays one; NULL: out of memory, or no view. */
static struct value *take_value(struct view *view, const char *name, enum value_type type)
{
	struct value *value;

	if (!view)
		return NULL;
	value = find_value(view, name);
	if (!value)
		value = new_value(view, name);
	if (!value) {
		view->failed = true;
		return NULL;
	}
	if (type != VALUE_LIST || value->type != VALUE_LIST)
		value_clear(value);
	value->type = type;
	return value;
}

/* Escaped here, once, however often it stands on the page. */
static void set_text(struct view *view, const char *name, const char *text, enum value_type type)
{
	struct value *value = take_value(view, name, type);

	if (!value || !text)
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
	if (view)
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

	if (value)
		value->flag = flag;
}

struct view *view_item(struct view *view, const char *list)
{
	struct value *value = take_value(view, list, VALUE_LIST);
	struct view **items;
	struct view *item;

	if (!value)
		return NULL;
	items = realloc(value->items, (value->count + 1) * sizeof(struct view *));
	if (items)
		value->items = items;
	item = items ? view_new() : NULL;
	if (item)
		value->items[value->count++] = item;
	else
		view->failed = true;
	return item;
}

static void look_all_up(struct render *r, const struct view *view)
{
	for (size_t i = 0; i < TEMPLATE_NAMES_MAX && r->nodes->names[i]; i++)
		r->values[i] = find_value(view, r->nodes->names[i]);
}

/* The innermost value of that name: one that is there and empty hides an outer one. */
static const struct value *look_up(const struct render *r, const struct scope *scope,
				   const struct node *node)
{
	const struct value *value = NULL;

	for (; scope->outer && !value; scope = scope->outer)
		value = find_value(scope->view, node->text);
	return value ? value : r->values[node->name];
}

static bool is_true(const struct value *value)
{
	if (!value)
		return false;
	switch (value->type) {
	case VALUE_FLAG:
		return value->flag;
	case VALUE_LIST:
		return value->count > 0;
	case VALUE_TEXT:
	case VALUE_JSON:
		break;
	}
	return value->len > 0;
}

static enum status render_variable(const struct render *r, const struct node *node,
				   const struct value *value)
{
	if (!value || value->len == 0)
		return STATUS_OK;
	if (node->json != (value->type == VALUE_JSON))
		return error_set(
		    r->err, STATUS_INTERNAL, "%s: {{%s}} %s a <script type=\"application/json\">",
		    r->file, node->text,
		    node->json ? "is no JSON and stands in" : "is JSON and belongs in");
	strbuf_add(r->out, value->view->texts.data + value->text, value->len);
	return STATUS_OK;
}

static enum status render_list(const struct render *r, size_t begin, const struct value *list,
			       const struct scope *scope)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < list->count && status == STATUS_OK; i++) {
		struct scope inner = {.view = list->items[i], .outer = scope};

		if (inner.view->failed)
			return error_no_memory(r->err);
		status = render_range(r, begin + 1, r->nodes->items[begin].end, &inner);
	}
	return status;
}

static enum status render_section(const struct render *r, size_t at, const struct value *value,
				  const struct scope *scope)
{
	bool inverted = r->nodes->items[at].type == NODE_INVERTED;

	if (is_true(value) == inverted)
		return STATUS_OK;
	if (!inverted && value->type == VALUE_LIST)
		return render_list(r, at, value, scope);
	return render_range(r, at + 1, r->nodes->items[at].end, scope);
}

static enum status render_range(const struct render *r, size_t begin, size_t end,
				const struct scope *scope)
{
	enum status status = STATUS_OK;
	size_t at = begin;

	while (at < end && status == STATUS_OK) {
		const struct node *node = &r->nodes->items[at];
		size_t next = at + 1;

		if (node->type == NODE_TEXT) {
			strbuf_add(r->out, node->text, node->len);
		} else if (node->type == NODE_VARIABLE) {
			status = render_variable(r, node, look_up(r, scope, node));
		} else {
			status = render_section(r, at, look_up(r, scope, node), scope);
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
	struct scope scope = {.view = view};
	struct error why = {0};
	enum status status = template_nodes(set, view->language, file, &render.nodes, &why);

	if (status != STATUS_OK)
		return error_set(err, STATUS_INTERNAL, "%s", why.text);
	if (view->failed)
		return error_no_memory(err);
	look_all_up(&render, view);
	strbuf_reserve(out, render.nodes->room);
	status = render_range(&render, 0, render.nodes->count, &scope);
	if (status == STATUS_OK && !strbuf_ok(out))
		status = error_no_memory(err);
	return status;
}
