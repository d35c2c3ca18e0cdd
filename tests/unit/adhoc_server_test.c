/*
 * The server's side of Tigase's command: what is written is what Tigase wrote (tests/peers/tigase,
 * to the byte in XML) and what our own client reads; what is read is what Tigase reads. Run it from
 * the project's root.
 */
#include "unit.h"

#include <ctype.h>

#include "xmpp/adhoc_bind.h"
#include "xmpp/adhoc_server.h"

#define COMPONENT "bosh@example.test"
#define FROM      "alice@example.test/web1"
#define SID       "28b777e2-276f-410f-8ccc-3ec435582b67"

/* ---- recordings ---- */

/* The recorded answer's body, out of its one chunk; the caller frees. */
static char *recorded(const char *name)
{
	char path[128], *bytes = calloc(1, 8192), *body, *copy;
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "tests/peers/tigase/%s.resp", name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(bytes);
	assert_true(fread(bytes, 1, 8191, file) > 0);
	fclose(file);
	body = strstr(bytes, "\r\n\r\n");
	assert_non_null(body);
	size = strtoul(body + 4, &body, 16);
	copy = strndup(body + 2, size);
	assert_int_equal(strlen(copy), size);
	free(bytes);
	return copy;
}

/* Blanks outside of strings. */
static void squeeze(char *json)
{
	char *to = json;
	bool inside = false;

	for (const char *at = json; *at != '\0'; at++) {
		inside ^= *at == '"';
		if (inside || !isspace((unsigned char)*at))
			*to++ = *at;
	}
	*to = '\0';
}

static void assert_recorded(const char *name, enum adhoc_format format, struct strbuf *out)
{
	char *expected = recorded(name);

	if (format == ADHOC_JSON)
		squeeze(expected);
	assert_true(strbuf_ok(out));
	assert_string_equal(out->data, expected);
	free(expected);
	strbuf_reset(out);
}

TEST(test_as_recorded)
{
	struct adhoc_result result = {.from = FROM,
				      .hostname = "localhost",
				      .rid = "6062471",
				      .sid = SID,
				      .hold = "1",
				      .wait = "60"};
	struct strbuf out;

	strbuf_init(&out);
	adhoc_result_write(&out, ADHOC_XML, COMPONENT, &result);
	assert_recorded("010-xml-full-jid", ADHOC_XML, &out);
	result.rid = "791632";
	result.sid = "bfcd28f4-24c8-4378-8d23-af11354dff74";
	adhoc_result_write(&out, ADHOC_JSON, COMPONENT, &result);
	assert_recorded("020-json-full-jid", ADHOC_JSON, &out);
	result.rid = "8318330";
	result.sid = "fb0aeb47-dd84-4d71-9556-193fc9ba7943";
	result.hold = result.wait = "";
	adhoc_result_write(&out, ADHOC_XML, COMPONENT, &result);
	assert_recorded("014-xml-no-hold-wait", ADHOC_XML, &out);
	adhoc_empty_form_write(&out, ADHOC_XML, COMPONENT);
	assert_recorded("052-xml-missing-from", ADHOC_XML, &out);
	adhoc_empty_form_write(&out, ADHOC_JSON, COMPONENT);
	assert_recorded("032-json-missing-from", ADHOC_JSON, &out);
	adhoc_error_write(&out, ADHOC_XML, COMPONENT, "Domain of the JID doesn't exists");
	assert_recorded("050-xml-unknown-domain", ADHOC_XML, &out);
	adhoc_no_result_write(&out, ADHOC_XML, COMPONENT);
	assert_recorded("090-badjid-at-at", ADHOC_XML, &out);
	strbuf_clear(&out);
}

/* Tigase's own level is there in JSON too. */
TEST(test_escaping)
{
	struct strbuf out;

	strbuf_init(&out);
	adhoc_error_write(&out, ADHOC_JSON, COMPONENT, "a<b>&\"c\" doesn't");
	assert_holds(out.data, "a\\u0026lt;b\\u0026gt;\\u0026amp;\\u0026quot;c"
			       "\\u0026quot; doesn\\u0026apos;t");
	strbuf_reset(&out);
	adhoc_error_write(&out, ADHOC_XML, COMPONENT, "a<b>&\"c\" doesn't");
	assert_holds(out.data, "<value>a&amp;lt;b&amp;gt;&amp;amp;&amp;quot;c&amp;quot; "
			       "doesn&amp;apos;t</value>");
	strbuf_clear(&out);
}

/* ---- our own client reads it ---- */

static enum status client_read(enum adhoc_format format, const struct strbuf *body,
			       struct adhoc_session *session, struct error *err)
{
	struct adhoc_answer answer = {
	    .data = body->data, .len = body->len, .content_type = adhoc_content_type(format)};

	return adhoc_bind_read(format, &answer, session, err);
}

TEST(test_client_reads_session)
{
	static const char *const froms[] = {FROM, "alice@example.test/Zoë-日本",
					    "o\\27hara@example.test/web-0123456789abcdef",
					    "alice@bücher.example/1"};
	for (size_t i = 0; i < 2 * COUNT(froms); i++) {
		enum adhoc_format format = i % 2 ? ADHOC_JSON : ADHOC_XML;
		struct adhoc_session session = {0};
		struct adhoc_result result = {.from = froms[i / 2],
					      .hostname = "node-1.example.test",
					      .rid = "0",
					      .sid = SID,
					      .hold = "",
					      .wait = "60"};
		struct error err = {0};
		struct strbuf out;

		strbuf_init(&out);
		adhoc_result_write(&out, format, COMPONENT, &result);
		if (client_read(format, &out, &session, &err) != STATUS_OK)
			fail_msg("%s: %s", froms[i / 2], err.text);
		assert_string_equal(session.from, froms[i / 2]);
		assert_string_equal(session.sid, SID);
		assert_string_equal(session.hostname, "node-1.example.test");
		assert_int_equal(session.rid, 0);
		adhoc_session_clear(&session);
		strbuf_clear(&out);
	}
}

static void assert_client_says(enum adhoc_format format, struct strbuf *out, const char *what)
{
	struct adhoc_session session = {0};

	assert_status(client_read(format, out, &session, ERR), STATUS_CHAT_SERVER);
	if (strstr(unit_error.text, what) == NULL)
		fail_msg("\"%s\" is not in: %s", what, unit_error.text);
	strbuf_reset(out);
}

TEST(test_client_reads_failures)
{
	static const enum adhoc_format formats[] = {ADHOC_XML, ADHOC_JSON};
	struct strbuf out;

	strbuf_init(&out);
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct adhoc_answer answer = {.content_type = adhoc_content_type(formats[i])};

		adhoc_error_write(&out, formats[i], COMPONENT, "it's <not>");
		assert_client_says(formats[i], &out, "it's <not>");
		adhoc_empty_form_write(&out, formats[i], COMPONENT);
		assert_client_says(formats[i], &out, "empty form");
		adhoc_no_result_write(&out, formats[i], COMPONENT);
		assert_client_says(formats[i], &out, "invalid");
		adhoc_list_write(&out, formats[i], COMPONENT);
		answer.data = out.data;
		answer.len = out.len;
		assert_true(adhoc_list_has_command(formats[i], &answer));
		strbuf_reset(&out);
	}
	strbuf_clear(&out);
}

/* A message may be cut in the middle of a character; the answer stays XML. */
TEST(test_refusal)
{
	struct adhoc_refusal refusal = {
	    .code = "bad_request", .message = "a<b \xc3", .request_id = "0123456789abcdef"};
	struct strbuf out;

	strbuf_init(&out);
	adhoc_refusal_write(&out, ADHOC_XML, &refusal);
	assert_string_equal(out.data, "<error>\n  <code>bad_request</code>\n"
				      "  <message>a&lt;b ?</message>\n"
				      "  <request_id>0123456789abcdef</request_id>\n</error>");
	strbuf_reset(&out);
	adhoc_refusal_write(&out, ADHOC_JSON, &refusal);
	assert_string_equal(out.data, "{\"error\":\"bad_request\",\"message\":\"a\\u003cb ?\","
				      "\"request_id\":\"0123456789abcdef\"}");
	strbuf_clear(&out);
}

/* ---- requests ---- */

TEST(test_reads_what_the_client_writes)
{
	static const enum adhoc_format formats[] = {ADHOC_XML, ADHOC_JSON};
	struct adhoc_bind bind = {.from = "alice@example.test/Zoë-日本", .hold = 1, .wait = 60};

	for (size_t i = 0; i < COUNT(formats); i++) {
		struct adhoc_command command = {0};
		struct strbuf out;

		strbuf_init(&out);
		adhoc_bind_write(&out, formats[i], &bind);
		assert_ok(adhoc_command_read(formats[i], out.data, out.len, &command, ERR));
		assert_string_equal(command.from, bind.from);
		assert_string_equal(command.hold, "1");
		assert_string_equal(command.wait, "60");
		adhoc_command_clear(&command);
		adhoc_command_clear(&command);
		strbuf_clear(&out);
	}
}

#define XML(fields)                                                                                \
	ADHOC_XML, "<command><node>" ADHOC_NODE "</node><fields>" fields "</fields></command>"
#define JSON(fields)                                                                               \
	ADHOC_JSON, "{\"command\":{\"node\":\"" ADHOC_NODE "\",\"fields\":[" fields "]}}"
#define DIGITS_32 "01234567890123456789012345678901"

/* clang-format off */
static const struct request {
	enum adhoc_format format;
	const char *body;
	enum status status;
	const char *from, *hold;
} requests[] = {
	{XML("<item><var>from</var><value>a@b/c&amp;d</value></item>"), STATUS_OK, "a@b/c&d", ""},
	{XML("<item><var>from</var><value><item>a@b/1</item><item>a@b/2</item></value></item>"),
	 STATUS_OK, "a@b/1", ""},
	{XML("<item><var>from</var><value>a@b</value></item><item><var>from</var>"
	     "<value>c@d</value></item>"), STATUS_OK, "a@b", ""},
	{XML("<item><var>from</var></item><item><var>hold</var><value/></item>"), STATUS_OK, "", ""},
	{XML("<item><value>x</value></item><other/><item><var>else</var></item>"), STATUS_OK, "", ""},
	{XML("<item><var>hold</var><value>" DIGITS_32 "</value></item>"), STATUS_OK, "", DIGITS_32},
	{XML("<item><var>hold</var><value>" DIGITS_32 "0</value></item>"), STATUS_BAD_REQUEST, 0, 0},
	{XML("<item><var>hold</var><value>1 2</value></item>"), STATUS_BAD_REQUEST, 0, 0},
	{XML("<item><var>wait</var><value>\xc3\xab</value></item>"), STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_XML, "<command><node>" ADHOC_NODE "</node></command>", STATUS_OK, "", ""},
	{ADHOC_XML, "<command><node/></command>", STATUS_NOT_FOUND, 0, 0},
	{ADHOC_XML, "<command><fields/></command>", STATUS_NOT_FOUND, 0, 0},
	{ADHOC_XML, "<command><node>list-commands</node></command>", STATUS_NOT_FOUND, 0, 0},
	{ADHOC_XML, "<command/>", STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_XML, "<cmd><node>" ADHOC_NODE "</node></cmd>", STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_XML, "<!DOCTYPE command [<!ENTITY u 'a@b'>]><command><node>" ADHOC_NODE
	 "</node></command>", STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_XML, "", STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_XML, "{}", STATUS_BAD_REQUEST, 0, 0},
	{JSON("{\"var\":\"from\",\"value\":\"a@b/c&amp;d\"}"), STATUS_OK, "a@b/c&amp;d", ""},
	{JSON("{\"var\":\"from\",\"value\":[\"a@b\",\"c@d\"]},{\"var\":\"hold\",\"value\":null}"),
	 STATUS_OK, "a@b", ""},
	{JSON("{\"var\":\"from\",\"value\":[]},{\"var\":\"hold\",\"value\":\"1\"}"), STATUS_OK, "", "1"},
	{JSON(""), STATUS_OK, "", ""},
	{JSON("{\"var\":\"hold\",\"value\":1}"), STATUS_BAD_REQUEST, 0, 0},
	{JSON("{\"var\":\"hold\",\"value\":[1]}"), STATUS_BAD_REQUEST, 0, 0},
	{JSON("{\"var\":\"hold\",\"value\":\"\\u0001\"}"), STATUS_BAD_REQUEST, 0, 0},
	{JSON("{\"value\":\"1\"}"), STATUS_BAD_REQUEST, 0, 0},
	{JSON("\"from\""), STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_JSON, "{\"command\":{\"node\":\"" ADHOC_NODE "\"}}", STATUS_OK, "", ""},
	{ADHOC_JSON, "{\"command\":{\"node\":\"" ADHOC_NODE "\",\"fields\":{}}}", STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_JSON, "{\"command\":{\"node\":\"x\"}}", STATUS_NOT_FOUND, 0, 0},
	{ADHOC_JSON, "{\"command\":{}}", STATUS_NOT_FOUND, 0, 0},
	{ADHOC_JSON, "{\"command\":[]}", STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_JSON, "{}", STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_JSON, "[]", STATUS_NOT_FOUND, 0, 0},
	{ADHOC_JSON, "{\"command\":", STATUS_BAD_REQUEST, 0, 0},
	{ADHOC_JSON, "", STATUS_BAD_REQUEST, 0, 0},
};
/* clang-format on */

TEST(test_requests)
{
	for (size_t i = 0; i < COUNT(requests); i++) {
		const struct request *row = &requests[i];
		struct adhoc_command command = {0};
		struct error err = {0};
		enum status status =
		    adhoc_command_read(row->format, row->body, strlen(row->body), &command, &err);

		if (status != row->status)
			fail_msg("%s: %s, not %s (%s)", row->body, status_name(status),
				 status_name(row->status), err.text);
		if (status == STATUS_OK) {
			assert_string_equal(command.from, row->from);
			assert_string_equal(command.hold, row->hold);
		} else {
			assert_null(command.from);
			assert_true(err.text[0] != '\0');
		}
		adhoc_command_clear(&command);
	}
}

TEST(test_types)
{
	static const struct {
		const char *type;
		bool known;
		enum adhoc_format body, answer;
	} rows[] = {
	    {"application/json",                  true,  ADHOC_JSON, ADHOC_JSON},
	    {"text/json",                         true,  ADHOC_JSON, ADHOC_XML },
	    {"text/xml",			  true,  ADHOC_XML,  ADHOC_XML },
	    {"application/xml",                   true,  ADHOC_XML,  ADHOC_XML },
	    {"",				  false, ADHOC_XML,  ADHOC_XML },
	    {"text/plain",                        false, ADHOC_XML,  ADHOC_XML },
	    {"application/x-www-form-urlencoded", false, ADHOC_XML,  ADHOC_XML },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum adhoc_format body = ADHOC_XML, answer = ADHOC_XML;

		assert_int_equal(adhoc_request_type(rows[i].type, &body, &answer), rows[i].known);
		assert_int_equal(body, rows[i].body);
		assert_int_equal(answer, rows[i].answer);
	}
}
