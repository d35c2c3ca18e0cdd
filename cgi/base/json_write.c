/*
 * The writer of JSON. It adds commas and quotes; codec.c escapes the strings. The output is safe
 * inside <script type="application/json">. The writer does not check the order of calls.
 */
#include "base/codec.h"
#include "base/json.h"

void json_writer_init(struct json_writer *w, struct strbuf *out)
{
	*w = (struct json_writer){.out = out};
}

static void put_quoted(struct strbuf *out, const char *text)
{
	char escaped[CODEC_JSON_CHAR_MAX];
	size_t n;

	strbuf_addc(out, '"');
	for (;;) {
		n = codec_json_plain(text);
		strbuf_add(out, text, n);
		text += n;
		if (*text == '\0')
			break;
		n = codec_json_char(escaped, &text);
		strbuf_add(out, escaped, n);
	}
	strbuf_addc(out, '"');
}

/* Writes the comma and the key before a value. */
static void begin_value(struct json_writer *w, const char *key)
{
	if (w->comma)
		strbuf_addc(w->out, ',');
	w->comma = true;
	if (key == NULL)
		return;
	put_quoted(w->out, key);
	strbuf_addc(w->out, ':');
}

static void open_container(struct json_writer *w, const char *key, char bracket)
{
	begin_value(w, key);
	strbuf_addc(w->out, bracket);
	w->comma = false;
}

static void close_container(struct json_writer *w, char bracket)
{
	strbuf_addc(w->out, bracket);
	w->comma = true;
}

void json_open_object(struct json_writer *w, const char *key)
{
	open_container(w, key, '{');
}

void json_close_object(struct json_writer *w)
{
	close_container(w, '}');
}

void json_open_array(struct json_writer *w, const char *key)
{
	open_container(w, key, '[');
}

void json_close_array(struct json_writer *w)
{
	close_container(w, ']');
}

void json_put_string(struct json_writer *w, const char *key, const char *value)
{
	begin_value(w, key);
	if (value == NULL)
		strbuf_adds(w->out, "null");
	else
		put_quoted(w->out, value);
}

void json_put_integer(struct json_writer *w, const char *key, long long value)
{
	char number[CODEC_DECIMAL_SIZE];

	begin_value(w, key);
	strbuf_adds(w->out, codec_decimal(number, value));
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	begin_value(w, key);
	strbuf_adds(w->out, value ? "true" : "false");
}
