/*
 * Finds out where in an HTML document a {{value}} is. HTML escaping makes a value safe only in text
 * and in quoted attributes. In <script type="application/json">, the output of our JSON writer is
 * safe. A value in any other place is refused. This is not a complete parser: it only recognizes
 * tags, quotes and comments as templates use them.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "template/parts.h"

static bool tag_is(const struct html_context *context, const char *name)
{
	size_t len = strlen(name);

	return context->tag_len >= len && strncasecmp(context->tag, name, len) == 0 &&
	       !isalnum((unsigned char)context->tag[len]);
}

/* context->tag is NUL-terminated, and HTML_TAG_MAX includes the NUL. */
static bool tag_has_json_type(const struct html_context *context)
{
	static const char *const types[] = {"type=\"application/json\"", "type='application/json'"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const char *found = strcasestr(context->tag, types[i]);

		if (found != NULL && found > context->tag && isspace((unsigned char)found[-1]))
			return true;
	}
	return false;
}

static void tag_add(struct html_context *context, char c)
{
	if (context->tag_len + 1 < HTML_TAG_MAX)
		context->tag[context->tag_len++] = c;
	context->tag[context->tag_len] = '\0';
}

/*
 * Call it at an opening quote. True if the attribute is `style` or an event handler such as
 * `onclick`.
 */
static bool attribute_is_code(const struct html_context *context)
{
	size_t end = context->tag_len, start;

	while (end > 0 &&
	       (context->tag[end - 1] == '=' || isspace((unsigned char)context->tag[end - 1])))
		end--;
	for (start = end; start > 0 && !isspace((unsigned char)context->tag[start - 1]); start--)
		;
	return (end - start > 2 && strncasecmp(context->tag + start, "on", 2) == 0) ||
	       (end - start == 5 && strncasecmp(context->tag + start, "style", 5) == 0);
}

static void enter_raw(struct html_context *context, enum html_state state, const char *end_tag)
{
	context->state = state;
	context->tag_len = 0;
	context->end_tag = end_tag;
}

static void tag_end(struct html_context *context)
{
	context->state = HTML_TEXT;
	if (tag_is(context, "script"))
		enter_raw(context, tag_has_json_type(context) ? HTML_SCRIPT_JSON : HTML_SCRIPT,
			  "/script");
	else if (tag_is(context, "style"))
		enter_raw(context, HTML_SCRIPT, "/style");
}

static void feed_tag(struct html_context *context, char c)
{
	if (c == '>') {
		tag_end(context);
		return;
	}
	if (c == '"' || c == '\'') {
		context->state = HTML_QUOTED;
		context->quote = c;
		context->code = attribute_is_code(context);
	}
	tag_add(context, c);
	if (context->tag_len == 3 && strncmp(context->tag, "!--", 3) == 0) {
		context->state = HTML_COMMENT;
		context->tag_len = 0;
	}
}

static void feed_tag_start(struct html_context *context, char c)
{
	context->tag_len = 0;
	context->tag[0] = '\0';
	if (!isalpha((unsigned char)c) && strchr("/!?", c) == NULL) {
		context->state = HTML_TEXT; /* the '<' does not start a tag, as in "1 < 2" */
		return;
	}
	context->state = HTML_TAG;
	feed_tag(context, c);
}

/* Finds the end of a comment, which is "-->". tag_len counts the dashes. */
static void feed_comment(struct html_context *context, char c)
{
	if (c == '-')
		context->tag_len = context->tag_len < 2 ? context->tag_len + 1 : 2;
	else if (c == '>' && context->tag_len == 2)
		context->state = HTML_TEXT;
	else
		context->tag_len = 0;
}

/* Finds the end tag of a script or style. tag_len counts the matching characters of the end tag. */
static void feed_raw(struct html_context *context, char c)
{
	size_t len = context->tag_len;

	if (c == '<')
		context->tag_len = 1;
	else if (len > 0 && tolower((unsigned char)c) == context->end_tag[len - 1])
		context->tag_len++;
	else
		context->tag_len = 0;
	if (context->tag_len == 1 + strlen(context->end_tag)) {
		context->state = HTML_TAG;
		context->tag_len = 0;
		tag_add(context, '/');
	}
}

void html_context_feed(struct html_context *context, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		switch (context->state) {
		case HTML_TEXT:
			if (c == '<')
				context->state = HTML_TAG_START;
			break;
		case HTML_TAG_START:
			feed_tag_start(context, c);
			break;
		case HTML_TAG:
			feed_tag(context, c);
			break;
		case HTML_QUOTED:
			if (c == context->quote)
				context->state = HTML_TAG;
			tag_add(context, c);
			break;
		case HTML_COMMENT:
			feed_comment(context, c);
			break;
		case HTML_SCRIPT:
		case HTML_SCRIPT_JSON:
			feed_raw(context, c);
			break;
		}
	}
}

enum html_value html_context_value(const struct html_context *context)
{
	switch (context->state) {
	case HTML_TEXT:
	case HTML_COMMENT:
		return HTML_VALUE_ESCAPED;
	case HTML_QUOTED:
		return context->code ? HTML_VALUE_REFUSED : HTML_VALUE_ESCAPED;
	case HTML_SCRIPT_JSON:
		return HTML_VALUE_JSON;
	case HTML_TAG_START:
	case HTML_TAG:
	case HTML_SCRIPT:
		break;
	}
	return HTML_VALUE_REFUSED;
}
