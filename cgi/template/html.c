/*
 * Finds the place of a {{value}} in an HTML document. HTML escaping makes a value safe only in text
 * and in quoted attributes. In <script type="application/json"> the output of our JSON writer is
 * safe. A value in any other place is refused. This is not a full parser. It only follows tags,
 * quotes and comments as templates use them.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "template/parts.h"

static bool tag_is(const struct html_place *place, const char *name)
{
	size_t len = strlen(name);

	return place->tag_len >= len && strncasecmp(place->tag, name, len) == 0 &&
	       !isalnum((unsigned char)place->tag[len]);
}

/* place->tag is NUL-terminated and has at most HTML_TAG_MAX bytes. */
static bool tag_has_json_type(const struct html_place *place)
{
	static const char *const types[] = {"type=\"application/json\"", "type='application/json'"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const char *found = strcasestr(place->tag, types[i]);

		if (found != NULL && found > place->tag && isspace((unsigned char)found[-1]))
			return true;
	}
	return false;
}

static void tag_add(struct html_place *place, char c)
{
	if (place->tag_len + 1 < HTML_TAG_MAX)
		place->tag[place->tag_len++] = c;
	place->tag[place->tag_len] = '\0';
}

/* Call it at an opening quote. True if the attribute is style or an event such as onclick. */
static bool attribute_is_code(const struct html_place *place)
{
	size_t end = place->tag_len, start;

	while (end > 0 &&
	       (place->tag[end - 1] == '=' || isspace((unsigned char)place->tag[end - 1])))
		end--;
	for (start = end; start > 0 && !isspace((unsigned char)place->tag[start - 1]); start--)
		;
	return (end - start > 2 && strncasecmp(place->tag + start, "on", 2) == 0) ||
	       (end - start == 5 && strncasecmp(place->tag + start, "style", 5) == 0);
}

static void enter_raw(struct html_place *place, enum html_state state, const char *end_tag)
{
	place->state = state;
	place->tag_len = 0;
	place->end_tag = end_tag;
}

static void tag_end(struct html_place *place)
{
	place->state = HTML_TEXT;
	if (tag_is(place, "script"))
		enter_raw(place, tag_has_json_type(place) ? HTML_SCRIPT_JSON : HTML_SCRIPT,
			  "/script");
	else if (tag_is(place, "style"))
		enter_raw(place, HTML_SCRIPT, "/style");
}

static void feed_tag(struct html_place *place, char c)
{
	if (c == '>') {
		tag_end(place);
		return;
	}
	if (c == '"' || c == '\'') {
		place->state = HTML_QUOTED;
		place->quote = c;
		place->code = attribute_is_code(place);
	}
	tag_add(place, c);
	if (place->tag_len == 3 && strncmp(place->tag, "!--", 3) == 0) {
		place->state = HTML_COMMENT;
		place->tag_len = 0;
	}
}

static void feed_tag_start(struct html_place *place, char c)
{
	place->tag_len = 0;
	place->tag[0] = '\0';
	if (!isalpha((unsigned char)c) && strchr("/!?", c) == NULL) {
		place->state = HTML_TEXT; /* as in "1 < 2" */
		return;
	}
	place->state = HTML_TAG;
	feed_tag(place, c);
}

/* Counts the dashes before a '>'. */
static void feed_comment(struct html_place *place, char c)
{
	if (c == '-')
		place->tag_len = place->tag_len < 2 ? place->tag_len + 1 : 2;
	else if (c == '>' && place->tag_len == 2)
		place->state = HTML_TEXT;
	else
		place->tag_len = 0;
}

/* A script ends only at its own end tag. tag_len counts how much of "</script" has been seen. */
static void feed_raw(struct html_place *place, char c)
{
	size_t len = place->tag_len;

	if (c == '<')
		place->tag_len = 1;
	else if (len > 0 && tolower((unsigned char)c) == place->end_tag[len - 1])
		place->tag_len++;
	else
		place->tag_len = 0;
	if (place->tag_len == 1 + strlen(place->end_tag)) {
		place->state = HTML_TAG;
		place->tag_len = 0;
		tag_add(place, '/');
	}
}

void html_place_feed(struct html_place *place, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		switch (place->state) {
		case HTML_TEXT:
			if (c == '<')
				place->state = HTML_TAG_START;
			break;
		case HTML_TAG_START:
			feed_tag_start(place, c);
			break;
		case HTML_TAG:
			feed_tag(place, c);
			break;
		case HTML_QUOTED:
			if (c == place->quote)
				place->state = HTML_TAG;
			tag_add(place, c);
			break;
		case HTML_COMMENT:
			feed_comment(place, c);
			break;
		case HTML_SCRIPT:
		case HTML_SCRIPT_JSON:
			feed_raw(place, c);
			break;
		}
	}
}

enum html_value html_place_value(const struct html_place *place)
{
	switch (place->state) {
	case HTML_TEXT:
	case HTML_COMMENT:
		return HTML_VALUE_ESCAPED;
	case HTML_QUOTED:
		return place->code ? HTML_VALUE_REFUSED : HTML_VALUE_ESCAPED;
	case HTML_SCRIPT_JSON:
		return HTML_VALUE_JSON;
	case HTML_TAG_START:
	case HTML_TAG:
	case HTML_SCRIPT:
		break;
	}
	return HTML_VALUE_REFUSED;
}
