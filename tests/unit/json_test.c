/*
 * JSON: what the strict reader takes and refuses (cJSON's known kindnesses among it), and that the
 * writer's text is safe inside a script element.
 */
#include <pthread.h>

#include "unit.h"

#include "base/json.h"

/* Parsed whole, or the test fails; the caller frees it. */
static struct json *parse(const char *text)
{
	struct json *root = NULL;
	struct error err = {.status = STATUS_OK};

	if (json_parse(text, strlen(text), &root, &err) != STATUS_OK)
		fail_msg("%s: %s", text, err.text);
	assert_non_null(root);
	return root;
}

static void assert_refused(const char *text, size_t len)
{
	struct json *root = NULL;
	struct error err = {.status = STATUS_OK};

	if (json_parse(text, len, &root, &err) == STATUS_OK)
		fail_msg("was taken: %.*s", (int)len, text);
	assert_int_equal(err.status, STATUS_BAD_REQUEST);
	assert_true(strlen(err.text) > 10);
	assert_null(root); /* set only on success */
}

TEST(test_reads)
{
	struct json *root =
	    parse("{\"a\":\"x\",\"n\":null,\"list\":[1,\"two\",[],{}],\"o\":{\"k\":-5}}");
	const struct json *element;
	long long number = 0;

	assert_true(json_is_object(root));
	assert_false(json_is_array(root));
	assert_string_equal(json_string(json_member(root, "a")), "x");
	assert_true(json_is_null(json_member(root, "n")));
	assert_null(json_string(json_member(root, "n")));
	assert_true(json_is_array(json_member(root, "list")));
	element = json_first(json_member(root, "list"));
	assert_true(json_integer(element, &number));
	assert_int_equal(number, 1);
	element = json_next(element);
	assert_string_equal(json_string(element), "two");
	element = json_next(json_next(element));
	assert_true(json_is_object(element));
	assert_null(json_first(element));
	assert_null(json_next(element));
	assert_true(json_integer(json_member(json_member(root, "o"), "k"), &number));
	assert_int_equal(number, -5);
	json_free(root);
}

TEST(test_nothing_there)
{
	struct json *root = parse("[1]");
	long long number = 7;

	assert_null(json_member(NULL, "a"));
	assert_null(json_member(root, "a"));
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_null(json_string(NULL));
	assert_false(json_is_object(NULL));
	assert_false(json_is_array(NULL));
	assert_false(json_is_null(NULL));
	assert_false(json_integer(NULL, &number));
	assert_int_equal(number, 7);
	json_free(root);
	json_free(NULL);
}

TEST(test_keys_have_case)
{
	struct json *root = parse("{\"RID\":\"1\",\"rid\":\"2\"}");

	assert_string_equal(json_string(json_member(root, "rid")), "2");
	assert_string_equal(json_string(json_member(root, "RID")), "1");
	assert_null(json_member(root, "Rid"));
	json_free(root);
}

TEST(test_takes)
{
	static const char *const good[] = {
	    "null",
	    "true",
	    "false",
	    "0",
	    "-0",
	    "10",
	    "-1.5",
	    "1e5",
	    "1E+5",
	    "0.5e-2",
	    "\"\"",
	    "[]",
	    "{}",
	    " \t\r\n{ \"a\" : [ 1 , 2 ] }\n ",
	    "[[[[[[[[1]]]]]]]]",
	    "\"\\\\u0000\"",
	    "\"\\u0001\"",
	    "\"\\ud83d\\ude00\"",
	    "\"\xc3\xa9\"",
	    "{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
	    "\"\\\\\"",
	    "\"\\\"\"",
	    "{\"\":1}",
	    "99999999999999999999",
	};

	for (size_t i = 0; i < COUNT(good); i++)
		json_free(parse(good[i]));
}

TEST(test_strings_are_decoded)
{
	struct json *root = parse("[\"\\u00e9\\ud83d\\ude00\\n\\\"\\\\\\/\\b\", \"\\\\u0000\"]");

	assert_string_equal(json_string(json_first(root)), "\xc3\xa9\xf0\x9f\x98\x80\n\"\\/\b");
	assert_string_equal(json_string(json_next(json_first(root))), "\\u0000");
	json_free(root);
}

TEST(test_refuses)
{
	struct unit_table table = unit_table_read("tests/unit/json_refusals.tsv", 1);

	for (size_t i = 0; i < table.n_rows; i++)
		assert_refused(unit_cell(&table, i, 0), strlen(unit_cell(&table, i, 0)));
	unit_table_free(&table);
	assert_refused("", 0);
	assert_refused("{}\0", 3);
	assert_refused("\"a\0b\"", 5);
	assert_refused("\0", 1);
}

/* The text need not end with a NUL: every cut of a document is refused, and none is read past. */
TEST(test_every_cut_is_refused)
{
	static const char text[] = "{\"a\":[true,null,9999999999999999],\"b\":\"\\u00e9x\"}";
	char cut[sizeof(text)];

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		memset(cut, '}', sizeof(cut));
		memcpy(cut, text, len);
		assert_refused(cut, len);
	}
}

TEST(test_depth_is_not_length)
{
	struct strbuf text;
	struct json *root = NULL;

	strbuf_init(&text);
	for (int i = 0; i < 50; i++)
		strbuf_adds(&text, i == 0 ? "[[[[]]]" : ",[[[]]]");
	strbuf_addc(&text, ']');
	assert_ok(json_parse(text.data, text.len, &root, ERR));
	json_free(root);
	strbuf_reset(&text);
	for (int i = 0; i < 100000; i++)
		strbuf_addc(&text, '[');
	assert_refused(text.data, text.len);
	strbuf_clear(&text);
}

static void make_list(struct strbuf *text, int count)
{
	strbuf_reset(text);
	for (int i = 0; i < count; i++)
		strbuf_adds(text, i == 0 ? "[0" : ",0");
	strbuf_addc(text, ']');
}

TEST(test_number_of_values)
{
	struct strbuf text;
	struct json *root = NULL;

	strbuf_init(&text);
	make_list(&text, 2000);
	assert_ok(json_parse(text.data, text.len, &root, ERR));
	json_free(root);
	make_list(&text, 2001);
	assert_refused(text.data, text.len);
	strbuf_clear(&text);
}

/* A document's memory is got at once: enough of it for any text of so many tokens. */
TEST(test_full_of_small_values)
{
	static const char *const values[] = {"\"\"", "[]",          "{}",          "null",
					     "-0",   "\"\\u20ac\"", "\"1234567\"", "\"12345678\""};
	struct strbuf text;
	struct json *root;

	strbuf_init(&text);
	for (size_t i = 0; i < COUNT(values); i++) {
		root = NULL;
		strbuf_reset(&text);
		for (int k = 0; k < 2000; k++)
			strbuf_addf(&text, "%s\n\t\"%x\" : %s", k == 0 ? "{" : ",", k, values[i]);
		strbuf_adds(&text, " }");
		assert_ok(json_parse(text.data, text.len, &root, ERR));
		assert_non_null(json_member(root, "7cf"));
		json_free(root);
	}
	strbuf_clear(&text);
}

TEST(test_blanks_inside_strings_stay)
{
	struct json *root = parse("\n\n  [ \"a  b   \" ,\t\t\"  \\\"  \"\r\n\r\n]  ");

	assert_string_equal(json_string(json_first(root)), "a  b   ");
	assert_string_equal(json_string(json_next(json_first(root))), "  \"  ");
	assert_null(json_next(json_next(json_first(root))));
	json_free(root);
}

#define ROUNDS 2000

/* Each thread reads documents of its own, several at a time. */
static void *read_many(void *arg)
{
	const char *own = arg;
	char text[128];

	snprintf(text, sizeof(text), "{\"a\":[\"%s\",{\"b\":\"%s\"}]}", own, own);
	for (int i = 0; i < ROUNDS; i++) {
		struct json *first = NULL, *second = NULL;
		const struct json *list;

		if (json_parse(text, strlen(text), &first, NULL) != STATUS_OK ||
		    json_parse("[1,]", 4, &second, NULL) == STATUS_OK ||
		    json_parse(text, strlen(text), &second, NULL) != STATUS_OK)
			return NULL;
		json_free(first);
		list = json_member(second, "a");
		if (strcmp(json_string(json_first(list)), own) != 0 ||
		    strcmp(json_string(json_member(json_next(json_first(list)), "b")), own) != 0)
			return NULL;
		json_free(second);
	}
	return arg;
}

TEST(test_threads)
{
	static const char *const names[] = {"one", "two", "a longer name than the others", ""};
	pthread_t threads[COUNT(names)];
	void *done[COUNT(names)];

	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_many, (void *)names[i]), 0);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(pthread_join(threads[i], &done[i]), 0);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_ptr_equal(done[i], names[i]);
}

TEST(test_integers)
{
	static const struct {
		const char *text;
		bool whole;
		long long number;
	} cases[] = {
	    {"0",		    true,  0                  },
	    {"-0",		   true,  0                  },
	    {"2147483648",           true,  2147483648LL       },
	    {"-2147483649",          true,  -2147483649LL      },
	    {"9007199254740991",     true,  9007199254740991LL },
	    {"-9007199254740991",    true,  -9007199254740991LL},
	    {"9007199254740992",     false, 0                  },
	    {"9007199254740993",     false, 0                  },
	    {"-9007199254740992",    false, 0                  },
	    {"18446744073709551616", false, 0                  },
	    {"1e3",                  true,  1000               },
	    {"1.0",                  true,  1                  },
	    {"1.5",                  false, 0                  },
	    {"0.00000000000001",     false, 0                  },
	    {"1e-99",                false, 0                  },
	    {"1e99",                 false, 0                  },
	    {"\"1\"",                false, 0                  },
	    {"true",                 false, 0                  },
	    {"null",                 false, 0                  },
	    {"[1]",                  false, 0                  },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json *root = parse(cases[i].text);
		long long number = 0;

		if (json_integer(root, &number) != cases[i].whole || number != cases[i].number)
			fail_msg("%s: %lld", cases[i].text, number);
		json_free(root);
	}
}

TEST(test_writes)
{
	struct strbuf out;
	struct json_writer w;

	strbuf_init(&out);
	json_writer_init(&w, &out);
	json_open_object(&w, NULL);
	json_put_string(&w, "jid", "alice@example.org/web-1");
	json_put_integer(&w, "hold", 1);
	json_put_integer(&w, "least", INT64_MIN);
	json_put_bool(&w, "yes", true);
	json_put_bool(&w, "no", false);
	json_put_string(&w, "none", NULL);
	json_open_array(&w, "list");
	json_put_integer(&w, NULL, 1);
	json_open_object(&w, NULL);
	json_close_object(&w);
	json_open_array(&w, NULL);
	json_close_array(&w);
	json_put_string(&w, NULL, "");
	json_close_array(&w);
	json_put_bool(&w, "last", true);
	json_close_object(&w);
	assert_true(strbuf_ok(&out));
	assert_string_equal(out.data, "{\"jid\":\"alice@example.org/web-1\",\"hold\":1,"
				      "\"least\":-9223372036854775808,\"yes\":true,\"no\":false,"
				      "\"none\":null,\"list\":[1,{},[],\"\"],\"last\":true}");
	strbuf_clear(&out);
}

/* Any text, also one that is not UTF-8: printable ASCII without < > & ', and it reads back. */
TEST(test_writes_safely)
{
	struct strbuf out;
	struct json_writer w;
	struct json *root = NULL;
	char text[256];

	for (size_t i = 0; i < 255; i++)
		text[i] = (char)(i + 1);
	text[255] = '\0';
	strbuf_init(&out);
	json_writer_init(&w, &out);
	json_open_object(&w, NULL);
	json_put_string(&w, "</script>\xe2\x80\xa8", text);
	json_put_string(&w, "b",
			"</script><script>alert('\xf0\x9f\x98\x80')</script>&amp;\xe2\x80\xa9");
	json_close_object(&w);
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] < 0x20 || out.data[i] > 0x7e || strchr("<>&'", out.data[i]) != NULL)
			fail_msg("byte %zu: 0x%02x", i, (unsigned char)out.data[i]);
	assert_ok(json_parse(out.data, out.len, &root, ERR));
	assert_memory_equal(json_string(json_member(root, "</script>\xe2\x80\xa8")), text, 127);
	assert_string_equal(json_string(json_member(root, "b")),
			    "</script><script>alert('\xf0\x9f\x98\x80')</script>&amp;\xe2\x80\xa9");
	json_free(root);
	strbuf_clear(&out);
}
