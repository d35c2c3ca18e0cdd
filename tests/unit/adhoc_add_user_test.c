/*
 * xmpp/adhoc_add_user.h: Tigase's add-user, what is sent and how its words are read.
 */

#include "unit.h"

#include "xmpp/adhoc_add_user.h"

#define NODE "http://jabber.org/protocol/admin#add-user"

TEST(test_write)
{
	struct strbuf out;

	strbuf_init(&out);
	adhoc_add_user_write(&out, ADHOC_JSON, "a\\20b@example.org", "p&w");
	assert_string_equal(out.data, "{\"command\":{\"node\":\"" NODE "\",\"fields\":["
				      "{\"var\":\"accountjid\",\"value\":\"a\\\\20b@example.org\"},"
				      "{\"var\":\"password\",\"value\":\"p\\u0026w\"},"
				      "{\"var\":\"password-verify\",\"value\":\"p\\u0026w\"},"
				      "{\"var\":\"email\",\"value\":\"a\\\\20b@example.org\"}]}}");
	strbuf_reset(&out);
	adhoc_add_user_write(&out, ADHOC_XML, "a@b", "p&w");
	assert_string_equal(out.data,
			    "<command><node>" NODE "</node><fields>"
			    "<item><var>accountjid</var><value>a@b</value></item>"
			    "<item><var>password</var><value>p&amp;w</value></item>"
			    "<item><var>password-verify</var><value>p&amp;w</value></item>"
			    "<item><var>email</var><value>a@b</value></item></fields></command>");
	strbuf_clear(&out);
}

static const struct {
	const char *node;
	const char *var; /* NULL: no field */
	const char *value;
	bool ok, existed;
	const char *says;
} answers[] = {
    {NODE,       "Note",  "Operation successful",                                  true,  false, NULL                              },
    {NODE,       "Note",  "User already exists, can&apos;t be added.",             true,  true,  NULL                              },
    {NODE,       "Note",  "User already exists, can&apos;t add.",                  true,  true,  NULL                              },
    {NODE,       "Note",  "Problem accessing database, user not added.",           false, false,
     "Problem accessing database"												  },
    {NODE,       "Error", "You do not have enough permissions to create account.", false, false,
     "tigase_user must administer"												 },
    {NODE,       "sid",   "Operation successful",                                  false, false, "no note"                         },
    {NODE,       NULL,    NULL,						    false, false, "no note"                         },
    {"add-user", "Note",  "Operation successful",                                  false, false, "is not from the command add-user"},
};

static void make_answer(char out[2048], enum adhoc_format format, size_t i)
{
	const char *var = answers[i].var != NULL ? answers[i].var : "x";
	const char *value = answers[i].value != NULL ? answers[i].value : "";

	if (format == ADHOC_JSON)
		snprintf(
		    out, 2048,
		    "{\"command\":{\"jid\":\"sess-man@b\",\"node\":\"%s\",\"fields\":[{\"var\":"
		    "\"%s\",\"value\":\"%s\"}]}}",
		    answers[i].node, var, value);
	else
		snprintf(out, 2048,
			 "<command><jid>sess-man@b</jid><node>%s</node><fields><item><var>%s</var>"
			 "<value>%s</value></item></fields></command>",
			 answers[i].node, var, value);
}

TEST(test_read)
{
	static const char *const types[] = {
	    [ADHOC_JSON] = "application/json", [ADHOC_XML] = "application/xml"};
	char text[2048];

	for (int format = ADHOC_JSON; format <= ADHOC_XML; format++)
		for (size_t i = 0; i < COUNT(answers); i++) {
			bool existed = false;
			struct error err = {0};

			make_answer(text, (enum adhoc_format)format, i);
			struct adhoc_answer answer = {text, strlen(text), types[format]};
			enum status status =
			    adhoc_add_user_read((enum adhoc_format)format, &answer, &existed, &err);
			assert_int_equal(status, answers[i].ok ? STATUS_OK : STATUS_CHAT_SERVER);
			assert_int_equal(existed, answers[i].existed);
			if (answers[i].says != NULL)
				assert_holds(err.text, answers[i].says);
		}
}

TEST(test_broken)
{
	static const struct adhoc_answer broken[] = {
	    {"{",  1, "application/json"},
	    {"",   0, "application/json"},
	    {"{}", 2, "text/html"       },
	    {"[]", 2, "application/json"},
	};
	bool existed = false;

	for (size_t i = 0; i < COUNT(broken); i++)
		assert_status(adhoc_add_user_read(ADHOC_JSON, &broken[i], &existed, NULL),
			      STATUS_CHAT_SERVER);
}

#define FIELD(var, value)     "{\"var\":\"" var "\",\"value\":" value "}"
#define COMMAND(node, fields) "{\"command\":{\"node\":\"" node "\",\"fields\":[" fields "]}}"
#define FORM_TYPE             FIELD("FORM_TYPE", "\"x\"")

/* Whoever is sent the empty form may call; other answers do not show that. */
TEST(test_form)
{
	/* clang-format off */
	static const struct {
		const char *body;
		bool is_form;
	} rows[] = {
	    {COMMAND(NODE, FORM_TYPE "," FIELD("accountjid", "null")), true},
	    {COMMAND("add-user", FORM_TYPE), false},
	    {COMMAND(NODE, FORM_TYPE "," FIELD("Error", "\"no\"")), false},
	    {COMMAND(NODE, FIELD("Note", "\"Operation successful\"")), false},
	    {"{}", false},
	};
	/* clang-format on */
	struct strbuf out;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct adhoc_answer answer = {rows[i].body, strlen(rows[i].body),
					      "application/json"};

		assert_int_equal(adhoc_answer_is_form(ADHOC_JSON, &answer, NODE), rows[i].is_form);
		assert_false(adhoc_answer_is_form(ADHOC_XML, &answer, NODE));
	}
	strbuf_init(&out);
	adhoc_request_write(&out, ADHOC_JSON, NODE, NULL, 0);
	assert_string_equal(out.data, "{\"command\":{\"node\":\"" NODE "\",\"fields\":[]}}");
	strbuf_reset(&out);
	adhoc_request_write(&out, ADHOC_XML, NODE, NULL, 0);
	assert_string_equal(out.data, "<command><node>" NODE "</node><fields></fields></command>");
	strbuf_clear(&out);
}
