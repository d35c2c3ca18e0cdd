/*
 * Writes the request of a Tigase command. All values are strings in both formats, because numbers
 * in JSON make Tigase fail. Only values are escaped: the names of commands and fields are
 * constants.
 */
#include "base/codec.h"
#include "base/json.h"
#include "xmpp/adhoc_form.h"

#define REQUEST_MAX  4096 /* bytes of a body: enough for a JID of three full parts */
#define REQUEST_ROOM 512  /* bytes; most requests are shorter */

static void field_write_xml(struct strbuf *out, const char *var, const char *value)
{
	strbuf_addf(out, "<item><var>%s</var><value>", var);
	codec_xml(out, value);
	strbuf_adds(out, "</value></item>");
}

static void field_write_json(struct strbuf *out, const char *var, const char *value)
{
	struct json_writer w;

	json_writer_init(&w, out);
	strbuf_adds(out, "{\"var\":\"");
	strbuf_adds(out, var);
	strbuf_adds(out, "\",\"value\":");
	json_put_string(&w, NULL, value);
	strbuf_addc(out, '}');
}

static void write_json(struct strbuf *out, const char *node, const struct adhoc_pair *pairs,
		       size_t n)
{
	strbuf_adds(out, "{\"command\":{\"node\":\"");
	strbuf_adds(out, node);
	strbuf_adds(out, "\",\"fields\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			strbuf_addc(out, ',');
		field_write_json(out, pairs[i].var, pairs[i].value);
	}
	strbuf_adds(out, "]}}");
}

static void write_xml(struct strbuf *out, const char *node, const struct adhoc_pair *pairs,
		      size_t n)
{
	strbuf_addf(out, "<command><node>%s</node><fields>", node);
	for (size_t i = 0; i < n; i++)
		field_write_xml(out, pairs[i].var, pairs[i].value);
	strbuf_adds(out, "</fields></command>");
}

void adhoc_command_write(struct strbuf *out, enum adhoc_format format, const char *node,
			 const struct adhoc_pair *pairs, size_t n)
{
	size_t max = out->max;

	if (max == 0 || max - out->len > REQUEST_MAX)
		out->max = out->len + REQUEST_MAX;
	strbuf_reserve(out, REQUEST_ROOM);
	if (format == ADHOC_JSON)
		write_json(out, node, pairs, n);
	else
		write_xml(out, node, pairs, n);
	out->max = max;
}

void adhoc_bind_write(struct strbuf *out, enum adhoc_format format, const struct adhoc_bind *bind)
{
	char hold[CODEC_DECIMAL_SIZE], wait[CODEC_DECIMAL_SIZE];
	const struct adhoc_pair pairs[] = {
	    {"from",              bind->from },
	    { "hold", codec_decimal(hold, bind->hold)},
	    { "wait", codec_decimal(wait, bind->wait)},
	};

	const size_t first = bind->from == NULL ? 1 : 0;

	adhoc_command_write(out, format, ADHOC_NODE, pairs + first,
			    sizeof(pairs) / sizeof(pairs[0]) - first);
}

const char *adhoc_content_type(enum adhoc_format format)
{
	return format == ADHOC_JSON ? "application/json; charset=utf-8"
				    : "application/xml; charset=utf-8";
}
