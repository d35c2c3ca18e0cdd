/*
 * xmpp/adhoc_form.h: one form for both directions. What the writer writes, in either layout, the
 * reader reads; and what a strict reading refuses, a lenient one takes as Tigase does.
 */

#include "unit.h"

#include "xmpp/adhoc_form.h"

static const char *value_of(const struct adhoc_form *form, const char *var)
{
	const char *value = adhoc_form_value(form, var);

	return value != NULL ? value : "(none)";
}

/* Tigase's layout goes with the strict reading: both have the additional level of escaping. */
TEST(test_round_trip)
{
	static const struct {
		enum adhoc_layout layout;
		enum adhoc_reading reading;
	} ways[] = {
	    {ADHOC_COMPACT,   ADHOC_LENIENT},
	    {ADHOC_AS_TIGASE, ADHOC_STRICT },
	};
	struct adhoc_field fields[] = {
	    {.var = "from",          .value = "o\\27hara@example.org/<&amp;>\"'Zo\xc3\xab"},
	    { .var = "hold", .label = "HOLD",                                           .type = "text-single", .value = ""},
	};
	const struct adhoc_form form = {
	    .jid = "bosh@b", .node = "n", .fields = fields, .n_fields = 2, .title = "t"};

	for (size_t i = 0; i < 2 * COUNT(ways); i++) {
		enum adhoc_format format = i % 2 ? ADHOC_XML : ADHOC_JSON;
		struct adhoc_form got = {0};
		struct error err = {0};
		struct strbuf out;

		strbuf_init(&out);
		adhoc_form_write(&out, format, ways[i / 2].layout, &form);
		struct adhoc_text text = {.data = out.data, .len = out.len};
		if (adhoc_form_read(format, ways[i / 2].reading, &text, &got, &err) != STATUS_OK)
			fail_msg("%s: %s", out.data, err.text);
		assert_string_equal(got.node, "n");
		assert_int_equal(got.n_fields, 2);
		assert_string_equal(value_of(&got, "from"), fields[0].value);
		assert_string_equal(value_of(&got, "hold"), "");
		assert_null(adhoc_form_find(&got, "wait"));
		adhoc_form_clear(&got);
		strbuf_clear(&out);
	}
}

#define X(fields) ADHOC_XML, "<command><node>n</node><fields>" fields "</fields></command>"
#define J(fields) ADHOC_JSON, "{\"command\":{\"node\":\"n\",\"fields\":[" fields "]}}"

/* clang-format off */
static const struct {
	enum adhoc_format format;
	const char *text;
	const char *refused; /* by the strict reading; NULL: it takes `strict` for the field v */
	const char *strict;
	const char *lenient; /* the field v */
	const char *fault;   /* in a part of the lenient sentence; NULL: none */
} readings[] = {
	{X("<item><var>v</var><value>a&amp;amp;b</value></item>"), NULL, "a&b", "a&amp;b", NULL},
	{J("{\"var\":\"v\",\"value\":\"a&amp;b\"}"), NULL, "a&b", "a&amp;b", NULL},
	{X("<item><var>v</var><value><item>a</item><item>b</item></value></item>"), NULL, "a, b", "a", NULL},
	{J("{\"var\":\"v\",\"value\":[\"\",\"b\"]}"), NULL, "b", "", NULL},
	{J("{\"var\":\"v\",\"value\":[\"a\",1]}"), "not a string", NULL, "a", NULL},
	{J("{\"var\":\"v\",\"value\":1}"), "not a string", NULL, "", "not a string"},
	{J("{\"value\":\"a\"}"), "without a name", NULL, "(none)", "without a name"},
	{X("<other/><item><value>a</value></item><item><var>v</var></item>"), "unknown element", NULL, "", NULL},
	{X("<item><var>v</var><var>w</var><value>a</value><value>b</value></item>"), "two names", NULL, "a", NULL},
	{X("<item><var>v</var><value>a<b/></value></item>"), "text and elements", NULL, "a", NULL},
	{X("</fields><fields>"), "two nodes", NULL, "(none)", NULL},
	{ADHOC_JSON, "{\"command\":{\"node\":\"n\",\"fields\":{}}}", "not a list", NULL, "(none)", "not a list"},
	{ADHOC_JSON, "{\"items\":[],\"command\":{\"node\":\"n\"}}", "list of commands", NULL, "(none)", NULL},
};
/* clang-format on */

TEST(test_readings)
{
	for (size_t i = 0; i < COUNT(readings); i++) {
		const char *data = readings[i].text;
		const struct adhoc_text text = {.data = data, .len = strlen(data)};
		struct adhoc_form form = {0};
		struct error err = {0};
		enum status status =
		    adhoc_form_read(readings[i].format, ADHOC_STRICT, &text, &form, &err);

		if (readings[i].refused != NULL) {
			assert_status(status, STATUS_BAD_REQUEST);
			if (strstr(err.text, readings[i].refused) == NULL)
				fail_msg("%s: %s", data, err.text);
		} else {
			assert_ok(status);
			assert_string_equal(value_of(&form, "v"), readings[i].strict);
		}
		adhoc_form_clear(&form);
		status = adhoc_form_read(readings[i].format, ADHOC_LENIENT, &text, &form, &err);
		if (status != STATUS_OK)
			fail_msg("%s: %s", data, err.text);
		assert_string_equal(form.node, "n");
		assert_string_equal(value_of(&form, "v"), readings[i].lenient);
		if (readings[i].fault == NULL)
			assert_null(form.fault);
		else
			assert_holds(form.fault, readings[i].fault);
		adhoc_form_clear(&form);
	}
}
