/*
 * Tigase's ad-hoc command: the request byte for byte, and made-up answers at the edges of what is a
 * session. The recorded answers are replayed by adhoc_recorded_test.
 */

#include "unit.h"

#include "base/json.h"
#include "base/strbuf.h"
#include "base/xml.h"
#include "xmpp/adhoc_bind.h"
#include "xmpp/tigase_error.h"

/* ---- the request ---- */

TEST(test_write_xml)
{
	const struct adhoc_bind bind = {.from = "d\\27a&b@example.org/w<1>", .hold = 1, .wait = 60};
	struct xml_node *root = NULL;
	struct strbuf out;

	strbuf_init(&out);
	adhoc_bind_write(&out, ADHOC_XML, &bind);
	assert_string_equal(
	    out.data,
	    "<command><node>pre-bind-bosh-session</node><fields>"
	    "<item><var>from</var><value>d\\27a&amp;b@example.org/w&lt;1&gt;</value></item>"
	    "<item><var>hold</var><value>1</value></item>"
	    "<item><var>wait</var><value>60</value></item></fields></command>");
	assert_ok(xml_parse(out.data, out.len, NULL, &root, ERR));
	xml_free(root);
	strbuf_clear(&out);
	assert_string_equal(adhoc_content_type(ADHOC_XML), "application/xml; charset=utf-8");
}

TEST(test_write_json)
{
	const struct adhoc_bind bind = {
	    .from = "alice@example.org/\"Zo\xc3\xab\"", .hold = 1, .wait = 60};
	struct json *root = NULL;
	struct strbuf out;

	strbuf_init(&out);
	adhoc_bind_write(&out, ADHOC_JSON, &bind);
	assert_string_equal(
	    out.data, "{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":["
		      "{\"var\":\"from\",\"value\":\"alice@example.org/\\\"Zo\\u00eb\\\"\"},"
		      "{\"var\":\"hold\",\"value\":\"1\"},{\"var\":\"wait\",\"value\":\"60\"}]}}");
	assert_ok(json_parse(out.data, out.len, &root, ERR));
	json_free(root);
	strbuf_clear(&out);
	assert_string_equal(adhoc_content_type(ADHOC_JSON), "application/json; charset=utf-8");
}

/* The longest JID fits; a buffer keeps its own limit, and what would pass 4 KiB fails. */
/* The empty form is asked for without the field that would bind somebody. */
TEST(test_write_for_the_form)
{
	const struct adhoc_bind bind = {.hold = 1, .wait = 60};
	struct strbuf out;

	strbuf_init(&out);
	adhoc_bind_write(&out, ADHOC_JSON, &bind);
	assert_string_equal(
	    out.data, "{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":["
		      "{\"var\":\"hold\",\"value\":\"1\"},{\"var\":\"wait\",\"value\":\"60\"}]}}");
	strbuf_clear(&out);
}

TEST(test_write_limit)
{
	char from[5000];
	struct adhoc_bind bind = {.from = from, .hold = 1, .wait = 60};
	struct strbuf out;

	for (int format = ADHOC_JSON; format <= ADHOC_XML; format++) {
		memset(from, 'a', sizeof(from));
		from[3071] = '\0';
		strbuf_init(&out);
		strbuf_adds(&out, "before");
		adhoc_bind_write(&out, (enum adhoc_format)format, &bind);
		assert_true(strbuf_ok(&out));
		assert_int_equal(out.max, 0);
		memset(from, 'a', 4096);
		from[4096] = '\0';
		adhoc_bind_write(&out, (enum adhoc_format)format, &bind);
		assert_false(strbuf_ok(&out));
		strbuf_clear(&out);
	}
}

/* ---- answers ---- */

#define SID "28b777e2-276f-410f-8ccc-3ec435582b67"

#define X(fields) "<command><node>pre-bind-bosh-session</node><fields>" fields "</fields></command>"
#define XF(var, value)                                                                             \
	"<item><var>" var "</var><label>L</label><type>t</type><value>" value "</value></item>"
#define XFROM XF("from", "alice@example.org/web")
#define XRID  XF("rid", "6062471")
#define XSID  XF("sid", SID)
#define XOK   XFROM XRID XSID

#define J(fields)      "{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":[" fields "]}}"
#define JF(var, value) "{\"var\":\"" var "\",\"label\":\"L\",\"value\":" value "}"
#define JFROM          JF("from", "\"alice@example.org/web\"")
#define JRID           JF("rid", "\"6062471\"")
#define JSID           JF("sid", "\"" SID "\"")
#define JOK            JFROM "," JRID "," JSID

static enum status read_text(enum adhoc_format format, const char *text, struct adhoc_session *out,
			     struct error *err)
{
	const struct adhoc_answer answer = {
	    .data = text,
	    .len = strlen(text),
	    .content_type = format == ADHOC_JSON ? "application/json" : "application/xml",
	};

	return adhoc_bind_read(format, &answer, out, err);
}

static enum adhoc_format format_of(const char *text)
{
	return text[0] == '{' ? ADHOC_JSON : ADHOC_XML;
}

TEST(test_sessions)
{
	/* clang-format off */
	static const struct {
		const char *text;
		const char *from; /* NULL: alice@example.org/web */
		const char *hostname;
	} rows[] = {
	    {X(XOK), NULL, ""},
	    {J(JOK), NULL, ""},
	    /* any order; fields that nobody asked for */
	    {X(XSID XF("x", "y") XF("x", "z") XRID XFROM XF("hostname", "n1.example.org")), NULL,
	     "n1.example.org"},
	    {J(JSID "," JF("hostname", "\"localhost\"") "," JF("wait", "null") "," JRID "," JFROM),
	     NULL, "localhost"},
	    /* before 7.1: the type in the label, no type; and no label at all */
	    {X("<item><var>from</var><label>jid-single</label><value>alice@example.org/web</value>"
	       "</item><item><label>text-single</label><value>6062471</value><var>rid</var></item>"
	       "<item><value>" SID "</value><var>sid</var></item>"), NULL, ""},
	    {"{\"command\":{\"fields\":[{\"value\":\"alice@example.org/web\","
	     "\"label\":\"jid-single\",\"var\":\"from\"}," JRID "," JSID "],\"note\":{\"type\":\"info\",\"value\":\"ok\"},"
	     "\"title\":\"t\",\"node\":\"pre-bind-bosh-session\",\"jid\":\"bosh@example.org\"}}",
	     NULL, ""},
	    /* an indented answer, a declaration, a list of one */
	    {"<?xml version='1.0' encoding='UTF-8'?>\n" X("\n " XFROM "\n " XRID "\n " XSID "\n")
	     "\n", NULL, ""},
	    {X(XFROM XRID XF("sid", "<item>" SID "</item>")), NULL, ""},
	    {J(JFROM "," JRID "," JF("sid", "[\"" SID "\"]")), NULL, ""},
	    {X(XOK "<item><var>hold</var></item>" XF("wait", "")), NULL, ""},
	    /* a note that is no error */
	    {"<command><node>pre-bind-bosh-session</node><note><type>info</type><value>x</value>"
	     "</note><fields>" XOK "</fields><title>T</title></command>", NULL, ""},
	    /* upper case is echoed, and kept */
	    {J(JF("from", "\"ALICE@example.org/W\\u00e9b\"") "," JRID "," JSID),
	     "ALICE@example.org/W\xc3\xa9" "b", ""},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *from = rows[i].from != NULL ? rows[i].from : "alice@example.org/web";
		struct adhoc_session session = {0};
		struct error err = {0};
		enum status status =
		    read_text(format_of(rows[i].text), rows[i].text, &session, &err);

		if (status != STATUS_OK)
			fail_msg("row %zu: %s", i, err.text);
		assert_string_equal(session.from, from);
		assert_string_equal(session.sid, SID);
		assert_int_equal(session.rid, 6062471);
		assert_string_equal(session.hostname, rows[i].hostname);
		adhoc_session_clear(&session);
		assert_null(session.from);
		assert_string_equal(session.sid, "");
	}
}

TEST(test_refused)
{
	/* clang-format off */
	static const struct {
		const char *text, *why;
	} rows[] = {
	    /* what Tigase says instead, each with a sentence of its own */
	    {X(XF("Error", "You don&amp;apos;t &amp;lt;b&amp;gt; &amp;amp;amp; have rights")),
	     "refuses the session (\"You don't <b> &amp; have rights\")"},
	    {J(JF("Error", "\"Domain of the JID doesn&apos;t exists\"")),
	     "refuses the session (\"Domain of the JID doesn't exists\")"},
	    {X(XOK XF("Error", "x")), "refuses the session"},
	    {J(JOK "," JF("Error", "null")), "refuses the session"},
	    {J(JF("Error", "[\"a\",\"b\"]")), "(\"a, b\")"},
	    {X(XF("Error", "<item>a</item>\n<item>b</item>")), "(\"a, b\")"},
	    {X(XF("Note", "Script execution error.") XF("Error message", "java.lang.NPE")
	       XF("Debug info", "at x")), "failed (\"java.lang.NPE\"): see the exception in Tigase's log"},
	    {J(JF("Note", "\"Script execution error.\"")), "Tigase's command failed (\"Script execution"},
	    {X(XF("Script result", "Script finished with no errors but returned no results.")),
	     "regards the JID as invalid"},
	    {X(XF("FORM_TYPE", "http://jabber.org/protocol/admin") XF("from", "")),
	     "returned the command's empty form"},
	    {"<command><node>pre-bind-bosh-session</node><fields>" XOK "</fields>"
	     "<note><type>error</type><value>No way</value></note></command>",
	     "an error note (\"No way\")"},
	    {"<command><node>pre-bind-bosh-session</node><fields>" XOK "</fields>"
	     "<note type='error'>No way</note></command>", "an error note (\"No way\")"},
	    {"{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":[" JOK "],"
	     "\"note\":{\"value\":\"No way\",\"type\":\"error\"}}}", "an error note (\"No way\")"},
	    {"{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":[" JOK "],"
	     "\"note\":{\"type\":\"error\"}}}", "an error note (\"\")"},
	    /* another command, no command */
	    {"<command><node>PRE-BIND-BOSH-SESSION</node><fields>" XOK "</fields></command>",
	     "another command (\"PRE-BIND-BOSH-SESSION\")"},
	    {"<command><fields>" XOK "</fields></command>", "another command (\"\")"},
	    {"{\"command\":{\"node\":null,\"fields\":[" JOK "]}}", "another command"},
	    {"{\"command\":{\"node\":1,\"fields\":[" JOK "]}}", "not a string"},
	    {"<items/>", "a list of commands"},
	    {"{\"items\":[]}", "a list of commands"},
	    {"<html/>", "root is not <command>"},
	    {"{}", "there is no command"},
	    {"{\"command\":[]}", "there is no command"},
	    {"{\"COMMAND\":{\"node\":\"pre-bind-bosh-session\",\"fields\":[" JOK "]}}",
	     "there is no command"},
	    /* missing */
	    {X(""), "has no field from"},
	    {J(""), "has no field from"},
	    {"<command><node>pre-bind-bosh-session</node></command>", "has no field from"},
	    {"{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":null}}", "has no field from"},
	    {X(XRID XSID), "has no field from"},
	    {X(XFROM XSID), "has no field rid"},
	    {X(XFROM XRID), "has no field sid"},
	    {J(JFROM "," JRID "," JF("SID", "\"" SID "\"")), "has no field sid"},
	    {X(XFROM XRID XF("sid", "")), "has no field sid"},
	    {X(XFROM XRID "<item><var>sid</var><value/></item>"), "has no field sid"},
	    {X(XFROM XRID "<item><var>sid</var></item>"), "has no field sid"},
	    {J(JFROM "," JRID "," JF("sid", "null")), "has no field sid"},
	    {J(JFROM "," JRID "," JF("sid", "[]")), "has no field sid"},
	    {X(XOK XF("hostname", "")), "has no field hostname"},
	    /* twice */
	    {X(XOK XFROM), "field from more than once"},
	    {X(XOK XRID), "field rid more than once"},
	    {J(JOK "," JSID), "field sid more than once"},
	    {X(XOK XF("sid", "")), "field sid more than once"},
	    {X(XOK XF("hostname", "a") XF("hostname", "a")), "field hostname more than once"},
	    {X(XFROM XRID XF("sid", "<item>" SID "</item><item>x</item>")),
	     "2 values in the field sid"},
	    {J(JFROM "," JSID "," JF("rid", "[\"1\",\"2\"]")), "2 values in the field rid"},
	    {X(XOK) X(XOK), "not the result of a command in XML"},
	    {"<command><node>pre-bind-bosh-session</node><node>x</node><fields>" XOK
	     "</fields></command>", "two nodes"},
	    {"<command><node>pre-bind-bosh-session</node><fields>" XOK "</fields><fields/>"
	     "</command>",
	     "two nodes"},
	    {X(XFROM XRID "<item><var>sid</var><value>" SID "</value><value>x</value></item>"),
	     "two names or values"},
	    {X(XFROM XRID "<item><var>sid</var><var>x</var><value>" SID "</value></item>"),
	     "two names or values"},
	    {"{\"command\":{\"node\":\"x\",\"node\":\"pre-bind-bosh-session\",\"fields\":["
	     JOK "]}}", "twice"},
	    {"{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":[" JFROM "," JRID ","
	     "{\"var\":\"sid\",\"value\":\"" SID "\",\"value\":\"x\"}]}}", "twice"},
	    /* wrong types */
	    {J(JFROM "," JSID "," JF("rid", "6062471")), "value that is not a string"},
	    {J(JFROM "," JSID "," JF("rid", "true")), "value that is not a string"},
	    {J(JFROM "," JSID "," JF("rid", "{\"a\":\"1\"}")), "value that is not a string"},
	    {J(JOK "," JF("x", "1e3")), "value that is not a string"},
	    {J(JFROM "," JSID "," JF("rid", "[1]")), "value that is not a string"},
	    {J(JFROM "," JSID "," JF("rid", "[[\"1\"]]")), "value that is not a string"},
	    {J(JFROM "," JSID "," JF("rid", "[null]")), "value that is not a string"},
	    {J(JOK ",1"), "field without a name"},
	    {J(JOK ",{\"var\":1}"), "field without a name"},
	    {J(JOK ",{\"value\":\"x\"}"), "field without a name"},
	    {"{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":{\"item\":[" JOK "]}}}",
	     "fields are not a list"},
	    {X(XOK "<field/>"), "unknown element among the fields"},
	    {X(XOK "<item/>"), "field without a name"},
	    {X(XOK "<item><var/></item>"), "field without a name"},
	    {X(XFROM XRID XF("sid", SID "<b/>")), "text and elements"},
	    {X(XFROM XRID XF("sid", "<b>" SID "</b>")), "unknown element in a value"},
	    {X(XFROM XRID XF("sid", "<item><item>" SID "</item></item>")),
	     "unknown element in a value"},
	    /* from */
	    {X(XF("from", "alice@example.org") XRID XSID), "the field \"from\" of Tigase's answer has no resource"},
	    {X(XF("from", "example.org/web") XRID XSID), "a JID that is not valid"},
	    {X(XF("from", " alice@example.org/web") XRID XSID), "a JID that is not valid"},
	    {J(JF("from", "\"alice@example.org/a\\nb\"") "," JRID "," JSID), "a JID that is not valid"},
	    {X(XF("from", "alice@example.org/a&amp;amp;b") XRID XSID), "break Tigase's streams"},
	    {X(XF("from", "alice@example.org/a&amp;#x41;") XRID XSID), "break Tigase's streams"},
	    {X(XF("from", "alice@example.org/a&amp;b") XRID XSID), "break Tigase's streams"},
	    {J(JF("from", "\"alice@example.org/a&lt;b\"") "," JRID "," JSID), "break Tigase's streams"},
	    {X(XF("from", "alice@example.org/a'b") XRID XSID), "break Tigase's streams"},
	    {X(XF("from", "alice@example.org/a&quot;b") XRID XSID), "break Tigase's streams"},
	    {X(XF("from", "alice@example.org/a&gt;b") XRID XSID), "break Tigase's streams"},
	    /* sid, rid, hostname: SEC-UP-9's grammar */
	    {X(XFROM XRID XF("sid", "123456789012345")), "the sid in Tigase's answer is not in"},
	    {X(XFROM XRID XF("sid", SID SID)), "the sid in Tigase's answer is not in"},
	    {X(XFROM XRID XF("sid", " " SID)), "the sid in Tigase's answer is not in"},
	    {X(XFROM XRID XF("sid", "28b777e2_276f_410f_8ccc")), "the sid in Tigase's answer is not in"},
	    {X(XFROM XRID XF("sid", "28b777e2-276f-410f-\xc3\xa9")), "the sid in Tigase's answer is not in"},
	    {J(JFROM "," JRID "," JF("sid", "\"28b777e2-276f-410f-8ccc\\n\"")), "the sid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "abc")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "-1")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "+1")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "1e3")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "1.0")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", " 1")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "0x10")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "9007199253740992")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "9999999999999999")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "10000000000000000")), "the rid in Tigase's answer is not in"},
	    {X(XFROM XSID XF("rid", "00000000000000001")), "the rid in Tigase's answer is not in"},
	    {X(XOK XF("hostname", "a_b")), "the hostname in Tigase's answer is not in"},
	    {X(XOK XF("hostname", "evil.example/x")), "the hostname in Tigase's answer is not in"},
	    {X(XOK XF("hostname", "n1:5280")), "the hostname in Tigase's answer is not in"},
	    /* not the format at all */
	    {"<", "not the result of a command in XML"},
	    {X(XOK) "x", "not the result of a command in XML"},
	    {"<!DOCTYPE command>" X(XOK), "DTD"},
	    {"<!DOCTYPE c [<!ENTITY a '1'>]>" X(XFROM XSID XF("rid", "&a;")), "DTD"},
	    {X(XFROM XSID XF("rid", "&a;")), "not the result of a command in XML"},
	    {"<?xml version='1.0' encoding='UTF-16'?>" X(XOK), "not the result of a command in XML"},
	    {"{", "not the result of a command in JSON"},
	    {J(JOK) "x", "not the result of a command in JSON"},
	    {J(JOK) "{}", "not the result of a command in JSON"},
	    {J(JOK ","), "not the result of a command in JSON"},
	    {J(JFROM "," JRID "," JF("sid", "\"" SID "\\u0000\"")),
	     "not the result of a command in JSON"},
	    {J(JOK "," JF("x", "\"\xff\"")), "not the result of a command in JSON"},
	    {J(JOK "," JF("x", "01")), "not the result of a command in JSON"},
	    {J(JOK "," JF("x", "[[[[[[[[[]]]]]]]]]")), "not the result of a command in JSON"},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct adhoc_session session = {0};
		struct error err = {0};
		enum status status =
		    read_text(format_of(rows[i].text), rows[i].text, &session, &err);

		if (status != STATUS_CHAT_SERVER || strstr(err.text, rows[i].why) == NULL)
			fail_msg("row %zu, \"%s\": status %d, \"%s\"", i, rows[i].why, status,
				 err.text);
		assert_null(strstr(err.text, SID));
		assert_null(session.from);
	}
}

/* Answers are given by length; nothing, and NULs. */
TEST(test_lengths)
{
	static const char with_nul[] = J(JOK) "\0";
	struct adhoc_answer answer = {.data = "", .len = 0, .content_type = "application/json"};
	struct adhoc_session session = {0};

	assert_status(adhoc_bind_read(ADHOC_JSON, &answer, &session, NULL), STATUS_CHAT_SERVER);
	answer.content_type = "text/xml";
	assert_status(adhoc_bind_read(ADHOC_XML, &answer, &session, NULL), STATUS_CHAT_SERVER);
	answer = (struct adhoc_answer){
	    .data = with_nul, .len = sizeof(with_nul) - 1, .content_type = "application/json"};
	assert_status(adhoc_bind_read(ADHOC_JSON, &answer, &session, NULL), STATUS_CHAT_SERVER);
}

TEST(test_limits_of_values)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int64_t rid;
	} rows[] = {
	    {X(XFROM XF("rid", "0") XSID), 0},
	    {X(XFROM XF("rid", "0000000000000001") XSID), 1},
	    {X(XFROM XF("rid", "9007199253740991") XSID), ADHOC_RID_LIMIT},
	    {X(XFROM XF("rid", "7") XF("sid", "1234567890123456")), 7},
	    {X(XFROM XF("rid", "7") XF("sid", SID "-" "012345678901234567890123456")), 7},
	};
	/* clang-format on */
	char name[ADHOC_HOSTNAME_MAX + 2];
	struct strbuf text;
	struct adhoc_session session = {0};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = {0};

		if (read_text(ADHOC_XML, rows[i].text, &session, &err) != STATUS_OK)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(session.rid, rows[i].rid);
		adhoc_session_clear(&session);
	}
	for (size_t n = ADHOC_HOSTNAME_MAX; n <= ADHOC_HOSTNAME_MAX + 1; n++) {
		memset(name, 'h', n);
		name[n] = '\0';
		strbuf_init(&text);
		strbuf_addf(&text, X(XOK XF("hostname", "%s")), name);
		assert_int_equal(read_text(ADHOC_XML, text.data, &session, NULL),
				 n == ADHOC_HOSTNAME_MAX ? STATUS_OK : STATUS_CHAT_SERVER);
		adhoc_session_clear(&session);
		strbuf_clear(&text);
	}
}

/* Tigase's own words are cut. */
TEST(test_long_words)
{
	char words[1001];
	struct strbuf text;
	struct adhoc_session session = {0};

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	strbuf_init(&text);
	strbuf_addf(&text, X(XF("Error", "%s")), words);
	assert_status(read_text(ADHOC_XML, text.data, &session, ERR), STATUS_CHAT_SERVER);
	assert_int_equal(strspn(strchr(unit_error.text, '"') + 1, "w"), 200);
	assert_holds(unit_error.text, "\"): check that the JID's domain");
	strbuf_clear(&text);
}

/* ---- content types ---- */

TEST(test_content_types)
{
	/* clang-format off */
	static const struct {
		enum adhoc_format format;
		const char *type;
		bool taken;
	} rows[] = {
	    {ADHOC_XML, "application/xml", true},
	    {ADHOC_XML, "text/xml", true},
	    {ADHOC_XML, "Text/XML;charset=UTF-8", true},
	    {ADHOC_XML, "application/xml ; charset=\"utf-8\"", true},
	    {ADHOC_XML, "application/xml;charset=iso-8859-1", true},
	    {ADHOC_XML, "application/xml; version=1; charset=utf-8", true},
	    {ADHOC_XML, "application/xml; charset=utf-16", false},
	    {ADHOC_XML, "application/xml; charset=", false},
	    {ADHOC_XML, "application/xml; charset=utf-8; charset=iso-8859-1", false},
	    {ADHOC_XML, "application/json", false},
	    {ADHOC_XML, "text/html", false},
	    {ADHOC_XML, "application/xmlx", false},
	    {ADHOC_XML, "xapplication/xml", false},
	    {ADHOC_XML, "", false},
	    {ADHOC_XML, NULL, false},
	    {ADHOC_JSON, "application/json", true},
	    {ADHOC_JSON, "application/json;charset=utf-8", true},
	    {ADHOC_JSON, "application/json; charset=ISO-8859-1", false},
	    {ADHOC_JSON, "text/json", false},
	    {ADHOC_JSON, "text/html; charset=utf-8", false},
	    {ADHOC_JSON, "application/xml", false},
	    {ADHOC_JSON, NULL, false},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text = rows[i].format == ADHOC_JSON ? J(JOK) : X(XOK);
		const struct adhoc_answer answer = {
		    .data = text, .len = strlen(text), .content_type = rows[i].type};
		struct adhoc_session session = {0};
		struct error err = {0};
		enum status status = adhoc_bind_read(rows[i].format, &answer, &session, &err);

		if (status != (rows[i].taken ? STATUS_OK : STATUS_CHAT_SERVER))
			fail_msg("row %zu, %s: %d", i, rows[i].type, status);
		if (!rows[i].taken)
			assert_holds(err.text, "the content type of Tigase's answer");
		adhoc_session_clear(&session);
	}
}

/* Behind Jetty: XML in Latin-1, by its content type or by its own word. */
TEST(test_latin_1)
{
	static const char plain[] = X(XF("from", "alice@example.org/Zo\xeb") XRID XSID);
	static const char declared[] = "<?xml version='1.0' encoding='ISO-8859-1'?>" X(
	    XF("from", "alice@example.org/Zo\xeb") XRID XSID);
	const struct adhoc_answer answers[] = {
	    {plain,    sizeof(plain) - 1,    "text/xml;charset=ISO-8859-1"},
	    {declared, sizeof(declared) - 1, "application/xml"            },
	};
	struct adhoc_answer utf8 = answers[0];
	struct adhoc_session session = {0};

	for (size_t i = 0; i < COUNT(answers); i++) {
		assert_ok(adhoc_bind_read(ADHOC_XML, &answers[i], &session, ERR));
		assert_string_equal(session.from, "alice@example.org/Zo\xc3\xab");
		adhoc_session_clear(&session);
	}
	utf8.content_type = "text/xml";
	assert_status(adhoc_bind_read(ADHOC_XML, &utf8, &session, NULL), STATUS_CHAT_SERVER);
}

/* ---- mutants: whatever is still taken for a session has one's form ---- */

static void check_mutant(enum adhoc_format format, const char *text, size_t *taken)
{
	static const char alnum[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	struct adhoc_session session = {0};
	size_t len;

	if (read_text(format, text, &session, NULL) != STATUS_OK) {
		assert_null(session.from);
		return;
	}
	len = strlen(session.sid);
	assert_true(len >= 16 && len <= ADHOC_SID_MAX);
	for (size_t i = 0; i < len; i++)
		assert_true(session.sid[i] == '-' || strchr(alnum, session.sid[i]) != NULL);
	assert_true(session.rid >= 0 && session.rid <= ADHOC_RID_LIMIT);
	assert_non_null(strchr(session.from, '/'));
	assert_null(strpbrk(strchr(session.from, '/'), "&<>\"'"));
	adhoc_session_clear(&session);
	++*taken;
}

static void mutate(enum adhoc_format format, const char *text)
{
	static const char bytes[] = "<>&\"'{}[]:,/\\ 0aA-\n\x7f\xff";
	const size_t len = strlen(text);
	char *mutant = malloc(len + 2);
	size_t taken = 0;

	assert_non_null(mutant);
	for (size_t i = 0; i < len; i++) {
		memcpy(mutant, text, i); /* cut off */
		mutant[i] = '\0';
		assert_int_not_equal(read_text(format, mutant, &(struct adhoc_session){0}, NULL),
				     STATUS_OK);
		memcpy(mutant + i, text + i + 1, len - i); /* a byte left out */
		check_mutant(format, mutant, &taken);
		memcpy(mutant + i + 1, text + i, len - i + 1); /* a byte twice */
		mutant[i] = text[i];
		check_mutant(format, mutant, &taken);
		memcpy(mutant, text, len + 1); /* another byte */
		for (size_t k = 0; k < sizeof(bytes) - 1; k++) {
			mutant[i] = bytes[k];
			check_mutant(format, mutant, &taken);
		}
	}
	assert_true(taken > 0); /* a changed label, say */
	free(mutant);
}

TEST(test_mutants)
{
	mutate(ADHOC_XML, X(XOK XF("hostname", "n1")));
	mutate(ADHOC_JSON, J(JOK "," JF("hostname", "\"n1\"")));
}

/* ---- HTTP statuses ---- */

TEST(test_http_errors)
{
	static const struct {
		int http_status;
		enum status status;
		const char *why;
	} rows[] = {
	    {401, STATUS_CHAT_SERVER,  "tigase_password_file"                       },
	    {403, STATUS_CHAT_SERVER,  "tigase_api_key_file"                        },
	    {404, STATUS_CHAT_SERVER,  "tigase_user may not use it"                 },
	    {405, STATUS_CHAT_SERVER,  "no component accepts commands"              },
	    {500, STATUS_CHAT_SERVER,  "could not read the request"                 },
	    {502, STATUS_CHAT_SERVER,  "a proxy"                                    },
	    {503, STATUS_CHAT_SERVER,  "a proxy"                                    },
	    {504, STATUS_CHAT_TIMEOUT, "did not answer in time"                     },
	    {301, STATUS_CHAT_SERVER,  "does not follow redirects"                  },
	    {302, STATUS_CHAT_SERVER,  "HTTP 302: prebind does not follow redirects"},
	    {399, STATUS_CHAT_SERVER,  "does not follow redirects"                  },
	    {400, STATUS_CHAT_SERVER,  "HTTP 400: Tigase does not send this status" },
	    {204, STATUS_CHAT_SERVER,  "Tigase does not send this status"           },
	    {418, STATUS_CHAT_SERVER,  "Tigase does not send this status"           },
	    {0,   STATUS_CHAT_SERVER,  "Tigase does not send this status"           },
	    {-1,  STATUS_CHAT_SERVER,  "Tigase does not send this status"           },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = {0};

		assert_int_equal(tigase_http_error(rows[i].http_status, &err), rows[i].status);
		assert_int_equal(err.status, rows[i].status);
		if (strstr(err.text, rows[i].why) == NULL)
			fail_msg("%d: %s", rows[i].http_status, err.text);
	}
	assert_status(tigase_http_error(404, NULL), STATUS_CHAT_SERVER);
}
