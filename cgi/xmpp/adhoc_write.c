/*
 * The request of Tigase's command pre-bind-bosh-session. Values are strings in both formats, as
 * Tigase wants them: numbers in JSON make it fail.
 */
#include <stdio.h>

#include "base/codec.h"
#include "base/json.h"
#include "xmpp/adhoc.h"

#define REQUEST_MAX 4096 /* bytes of a body: a JID of three full parts fits */

static void field_write_xml(struct strbuf *out, const char *var, const char *value)
{
	strbuf_addf(out, "<item><var>%s</var><value>", var);
	codec_xml(out, value);
	strbuf_adds(out, "</value></item>");
}

static void field_write_json(struct json_writer *w, const char *var, const char *value)
{
	json_open_object(w, NULL);
	json_put_string(w, "var", var);
	json_put_string(w, "value", value);
	json_close_object(w);
}

static void bind_write_json(struct strbuf *out, const char *from, const char *hold,
			    const char *wait)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_open_object(&w, "command");
	json_put_string(&w, "node", ADHOC_NODE);
	json_open_array(&w, "fields");
	field_write_json(&w, "from", from);
	field_write_json(&w, "hold", hold);
	field_write_json(&w, "wait", wait);
	json_close_array(&w);
	json_close_object(&w);
	json_close_object(&w);
}

static void bind_write_xml(struct strbuf *out, const char *from, const char *hold, const char *wait)
{
	strbuf_adds(out, "<command><node>" ADHOC_NODE "</node><fields>");
	field_write_xml(out, "from", from);
	field_write_xml(out, "hold", hold);
	field_write_xml(out, "wait", wait);
	strbuf_adds(out, "</fields></command>");
}

void adhoc_bind_write(struct strbuf *out, enum adhoc_format format, const struct adhoc_bind *bind)
{
	char hold[24], wait[24];
	size_t max = out->max;

	snprintf(hold, sizeof hold, "%ld", bind->hold);
	snprintf(wait, sizeof wait, "%ld", bind->wait);
	if (max == 0 || max - out->len > REQUEST_MAX)
		out->max = out->len + REQUEST_MAX;
	if (format == ADHOC_JSON)
		bind_write_json(out, bind->from, hold, wait);
	else
		bind_write_xml(out, bind->from, hold, wait);
	out->max = max;
}

const char *adhoc_content_type(enum adhoc_format format)
{
	return format == ADHOC_JSON ? "application/json; charset=utf-8"
				    : "application/xml; charset=utf-8";
}
