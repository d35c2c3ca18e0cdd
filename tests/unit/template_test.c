/*
 * Mustache pages: what the specification's core says about interpolation, sections, inverted
 * sections, comments, partials and standalone lines, and what our pages refuse beyond it.
 */
#include "unit.h"

#include <sys/stat.h>

#include "template/template.h"

static const char *const names[] = {
    "subject", "html", "empty", "absent", "yes",  "no",   "name", "a.b",
    "json",    "text", "lines", "node",   "rows", "none", "cell", NULL,
};

/* One view for all rows. */
static struct view *make_view(void)
{
	struct view *view = view_new();

	assert_non_null(view);
	view_text(view, "subject", "world");
	view_text(view, "html", "& \" < > '");
	view_text(view, "empty", "");
	view_flag(view, "yes", true);
	view_flag(view, "no", false);
	view_text(view, "name", "outside");
	view_text(view, "text", "from the view");
	view_text(view, "lines", "<\n->");
	view_text(view, "a.b", "dotted");
	view_json_script(view, "json", "{\"a\":\"\\u003c\"}");
	struct view *row = view_row(view, "rows");
	view_text(row, "cell", "<1>");
	view_text(row, "name", "inside");
	row = view_row(view, "rows");
	view_text(row, "cell", "2");
	view_flag(row, "yes", false);
	return view;
}

static const struct {
	const char *name, *text;
} partials[] = {
    {"plain",   "from partial"                      },
    {"value",   "*{{subject}}*"                     },
    {"lines",   ">\n>"			      },
    {"block",   "|\n{{lines}}\n|\n"                 },
    {"section", "{{#yes}}in {{subject}}{{/yes}}"    },
    {"outer",   "a\n  {{>inner}}\nb\n"              },
    {"inner",   "x\n{{lines}}\ny\n"                 },
    {"empty",   ""				  },
    {"comment", "  {{! nothing }}\nleft\n"          },
    {"head",    "<p>{{subject}}</p>\n"              },
    {"cell",    "<b>{{cell}}</b>\n"                 },
    {"self",    "{{>self}}"			 },
    {"ping",    "{{>pong}}"			 },
    {"pong",    "{{>ping}}"			 },
    {"broken",  "one\n{{#yes}}\n"                   },
    {"alien",   "one\n\n{{stranger}}"               },
    {"script",  "<script type=\"application/json\">"},
};

static int make_folder(void **state)
{
	unit_folder_make(state);
	for (size_t i = 0; i < COUNT(partials); i++)
		unit_write(unit_path("partials/%s.html", partials[i].name), partials[i].text);
	return 0;
}

static enum status load(const char *text, struct template_set **set, struct error *err)
{
	const struct template_page page = {.file = "page.html", .names = names};

	unit_write("page.html", text);
	return template_set_load(unit_folder(), &page, 1, set, err);
}

struct row {
	const char *what, *page, *expected;
};

static const struct row interpolation[] = {
    {"no tags",			  "Hello from {Mustache}!\n",          "Hello from {Mustache}!\n"    },
    {"empty page",		       "",				  ""			    },
    {"basic",			    "Hello, {{subject}}!\n",             "Hello, world!\n"             },
    {"escaped",			  "{{html}}",                          "&amp; &quot; &lt; &gt; &#39;"},
    {"twice",			    "{{subject}}{{subject}}",            "worldworld"                  },
    {"no value",			 "I ({{absent}}) be seen",            "I () be seen"                },
    {"empty value",		      "({{empty}})",                       "()"                          },
    {"a flag has no text",               "({{yes}})",                         "()"                          },
    {"dots are not special",             "{{a.b}}",                           "dotted"                      },
    {"surrounding blanks stay",          "| {{subject}} |",                   "| world |"                   },
    {"alone on its line it stays there", "  {{subject}}\n",                   "  world\n"                   },
    {"padding",			  "|{{ subject }}|",                   "|world|"                     },
    {"padding with tabs and newlines",   "|{{\t\nsubject\n}}|",               "|world|"                     },
    {"in a quoted attribute",            "<a title=\"{{html}}\">",
     "<a title=\"&amp; &quot; &lt; &gt; &#39;\">"							   },
    {"in single quotes",                 "<a title='{{subject}}'>",           "<a title='world'>"           },
    {"single braces are text",           "{ {subject} }",                     "{ {subject} }"               },
    {"closing braces are text",          "}} {{subject}}",                    "}} world"                    },
    {"a value is not parsed again",      "{{lines}}",                         "&lt;\n-&gt;"                 },
    {"bytes beyond ASCII",               "\xc3\xa9 {{subject}} \xe2\x82\xac", "\xc3\xa9 world \xe2\x82\xac" },
    {"CRLF stays",		       "{{subject}}\r\n",                   "world\r\n"                   },
};

static const struct row sections[] = {
    {"true",				  "\"{{#yes}}shown{{/yes}}\"",                           "\"shown\""    },
    {"false",				 "\"{{#no}}hidden{{/no}}\"",                            "\"\""         },
    {"absent is false",                       "[{{#absent}}hidden{{/absent}}]",                      "[]"           },
    {"empty text is false",                   "[{{#empty}}hidden{{/empty}}]",                        "[]"           },
    {"text is true",			  "[{{#subject}}Hi {{subject}}.{{/subject}}]",           "[Hi world.]"  },
    {"JSON is true",			  "[{{#json}}x{{/json}}]",                               "[x]"          },
    {"the same section twice",                "{{#yes}}a{{/yes}}-{{#yes}}b{{/yes}}",                 "a-b"          },
    {"nested in itself",                      "{{#yes}}a{{#yes}}b{{/yes}}c{{/yes}}",                 "abc"          },
    {"false around true",                     "| A {{#no}}B {{#yes}}C{{/yes}} D{{/no}} E |",         "| A  E |"     },
    {"true around false",                     "| A {{#yes}}B {{#no}}C{{/no}} D{{/yes}} E |",         "| A B  D E |" },
    {"padding",			       "|{{# yes }}={{/ yes }}|",                             "|=|"          },
    {"surrounding blanks stay",               " | {{#yes}}\t|\t{{/yes}} | \n",                       " | \t|\t | \n"},
    {"inner blanks stay",                     " | {{#yes}} {{! }}\n {{/yes}} | \n",                  " |  \n  | \n" },
    {"indented inline",                       " {{#yes}}YES{{/yes}}\n {{#yes}}GOOD{{/yes}}\n",       " YES\n GOOD\n"},
    {"standalone lines go",                   "| This Is\n{{#yes}}\n|\n{{/yes}}\n| A Line\n",
     "| This Is\n|\n| A Line\n"										     },
    {"indented standalone lines go",          "| This Is\n  {{#yes}}\n|\n  {{/yes}}\n| A Line\n",
     "| This Is\n|\n| A Line\n"										     },
    {"blanks behind the tag",                 "{{#yes}} \t\n|\n{{/yes}}  \n.",                       "|\n."         },
    {"standalone with CRLF",                  "|\r\n{{#yes}}\r\n{{/yes}}\r\n|",                      "|\r\n|"       },
    {"standalone on the first line",          "  {{#yes}}\n#{{/yes}}\n/",                            "#\n/"         },
    {"standalone on the last line",           "#{{#yes}}\n/\n  {{/yes}}",                            "#\n/\n"       },
    {"two tags on a line are not standalone", "{{#yes}} {{/yes}}\n",                                 " \n"          },
    {"a standalone section",                  "{{#yes}}\n{{name}}\n{{/yes}}\n",                      "outside\n"    },
    {"an indented line keeps its blanks",     "{{#yes}}\n  {{name}}\n{{/yes}}\n",                    "  outside\n"  },
    {"text behind a false one",               "{{#no}}a{{!x}}b{{/no}}c{{!x}}d",                      "cd"           },
    {"text behind an empty one",              "a{{#no}}{{/no}}b{{#yes}}{{/yes}}c{{^yes}}d{{/yes}}e", "abce"         },
    {"text behind two that end",              "{{#yes}}a{{#no}}b{{/no}}{{/yes}}c{{!x}}d",            "acd"          },
    {"false standalone",                      "a\n{{#no}}\nhidden\n{{/no}}\nb\n",                    "a\nb\n"       },
};

static const struct row lists[] = {
    {"each row",		    "[{{#rows}}({{cell}}){{/rows}}]",             "[(&lt;1&gt;)(2)]"            },
    {"a row hides, the page shows", "{{#rows}}{{name}} {{/rows}}{{name}}",
     "inside outside outside"										   },
    {"a row's flag",                "{{#rows}}{{#yes}}{{cell}}{{/yes}}{{/rows}}", "&lt;1&gt;"                   },
    {"a row's value ends with it",  "{{#rows}}{{/rows}}[{{cell}}]",               "[]"                          },
    {"no rows",		     "[{{#none}}x{{/none}}{{^none}}-{{/none}}]",   "[-]"                         },
    {"some rows, inverted",         "[{{^rows}}-{{/rows}}]",                      "[]"                          },
    {"a partial in a row",          "{{#rows}}\n{{>cell}}\n{{/rows}}\n",          "<b>&lt;1&gt;</b>\n<b>2</b>\n"},
};

static const struct row inverted[] = {
    {"false",			"\"{{^no}}shown{{/no}}\"",                    "\"shown\""          },
    {"true",			 "\"{{^yes}}hidden{{/yes}}\"",                 "\"\""               },
    {"absent",		       "[{{^absent}}shown{{/absent}}]",              "[shown]"            },
    {"empty text",		   "[{{^empty}}shown{{/empty}}]",                "[shown]"            },
    {"text",			 "[{{^subject}}hidden{{/subject}}]",           "[]"                 },
    {"both ways",		    "{{#no}}a{{/no}}{{^no}}b{{/no}}",             "b"                  },
    {"in itself",		    "| A {{^no}}B {{^no}}C{{/no}} D{{/no}} E |",  "| A B C D E |"      },
    {"around a true one",            "{{^no}}{{#yes}}x{{/yes}}{{/no}}",            "x"                  },
    {"padding",		      "|{{^ no }}={{/ no }}|",                      "|=|"                },
    {"standalone lines go",          "| This Is\n{{^no}}\n|\n{{/no}}\n| A Line\n",
     "| This Is\n|\n| A Line\n"									 },
    {"indented standalone",          "| This\n  {{^no}}\n|\n  {{/no}}\n| Line\n",  "| This\n|\n| Line\n"},
    {"standalone with CRLF",         "|\r\n{{^no}}\r\n{{/no}}\r\n|",               "|\r\n|"             },
    {"standalone on the first line", "  {{^no}}\n^{{/no}}\n/",                     "^\n/"               },
    {"standalone on the last line",  "^{{^no}}\n/\n  {{/no}}",                     "^\n/\n"             },
};

static const struct row comments[] = {
    {"inline",		       "12345{{! Comment }}67890",                   "1234567890"    },
    {"of several lines",             "12345{{!\n  of\n  lines\n}}67890\n",         "1234567890\n"  },
    {"standalone",		   "Begin.\n{{! Comment }}\nEnd.\n",             "Begin.\nEnd.\n"},
    {"indented standalone",          "Begin.\n  {{! Comment }}\nEnd.\n",           "Begin.\nEnd.\n"},
    {"standalone with CRLF",         "|\r\n{{! Comment }}\r\n|",                   "|\r\n|"        },
    {"standalone on the first line", "  {{! Comment }}\n!",                        "!"             },
    {"standalone on the last line",  "!\n  {{! Comment }}",                        "!\n"           },
    {"several lines standalone",     "Begin.\n{{!\nSomething\n}}\nEnd.\n",         "Begin.\nEnd.\n"},
    {"indented, several lines",      "Begin.\n  {{!\n    Something\n  }}\nEnd.\n", "Begin.\nEnd.\n"},
    {"inline with indentation",      "  12 {{! 34 }}\n",                           "  12 \n"       },
    {"surrounding blanks stay",      "12345 {{! Comment }} 67890",                 "12345  67890"  },
    {"holds anything",               "({{! #x ^y >z {{ name }})",                  "()"            },
    {"empty",			"({{!}})",				    "()"            },
};

static const struct row partial_rows[] = {
    {"basic",				 "\"{{>plain}}\"",              "\"from partial\""                         },
    {"sees the view",			 "\"{{>value}}\"",              "\"*world*\""                              },
    {"with a section",			"{{>section}}",                "in world"                                 },
    {"surrounding blanks stay",               "| {{>lines}} |",              "| >\n> |"                                 },
    {"inline it is not indented",             "  |  {{>lines}}\n",           "  |  >\n>\n"                              },
    {"inline behind a value",                 "  {{subject}}  {{>lines}}\n", "  world  >\n>\n"                          },
    {"standalone with CRLF",                  "|\r\n{{>plain}}\r\n|",        "|\r\nfrom partial|"                       },
    {"standalone without a line before",      "  {{>lines}}\n>",             "  >\n  >>"                                },
    {"standalone without a newline",          ">\n  {{>lines}}",             ">\n  >\n  >"                              },
    {"each line is indented, a value is not", "\\\n {{>block}}\n/\n",
     "\\\n |\n &lt;\n-&gt;\n |\n/\n"										    },
    {"a tab indents as well",                 "\t{{>lines}}",                "\t>\n\t>"                                 },
    {"padding",			       "|{{> plain }}|",              "|from partial|"                           },
    {"in a partial, indented twice",          "  {{>outer}}\n",              "  a\n    x\n    &lt;\n-&gt;\n    y\n  b\n"},
    {"empty",				 "a\n  {{>empty}}\nb\n",        "a\nb\n"                                   },
    {"standalone lines inside",               "  {{>comment}}\n.",           "  left\n."                                },
    {"twice",				 "{{>plain}}{{>plain}}",        "from partialfrom partial"                 },
    {"in a section that is false",            "{{#no}}{{>plain}}{{/no}}",    ""                                         },
};

static const struct row html_contexts[] = {
    {"JSON in its script",            "<script type=\"application/json\" id=\"x\">{{json}}</script>",
     "<script type=\"application/json\" id=\"x\">{\"a\":\"\\u003c\"}</script>"                                                          },
    {"type behind other attributes",  "<SCRIPT nonce='{{subject}}' type='application/json'>{{json}}",
     "<SCRIPT nonce='world' type='application/json'>{\"a\":\"\\u003c\"}"                                                                },
    {"only in a section",             "<script type=\"application/json\">{{#yes}}{{json}}{{/yes}}</script>",
     "<script type=\"application/json\">{\"a\":\"\\u003c\"}</script>"                                                                   },
    {"no value in a script",          "<script type=\"application/json\">{{absent}}</script>",
     "<script type=\"application/json\"></script>"										      },
    {"text behind the script",        "<script type=\"application/json\">{{json}}</script>{{html}}",
     "<script type=\"application/json\">{\"a\":\"\\u003c\"}</script>&amp; &quot; &lt; &gt; &#39;"                                       },
    {"the script's tag in a partial", "{{>script}}{{json}}</script>{{subject}}",
     "<script type=\"application/json\">{\"a\":\"\\u003c\"}</script>world"                                                              },
    {"a script's nonce",              "<script nonce=\"{{subject}}\" src=\"x\"></script>{{subject}}",
     "<script nonce=\"world\" src=\"x\"></script>world"										 },
    {"in a comment",                  "<!-- <p {{html}} > --> {{subject}}",
     "<!-- <p &amp; &quot; &lt; &gt; &#39; > --> world"										 },
    {"a less-than sign",              "1 < 2 {{subject}}",						   "1 < 2 world"              },
    {"a section in a tag",            "<option{{#yes}} selected{{/yes}}>{{subject}}",
     "<option selected>world"													   },
    {"a greater-than sign in quotes", "<p title=\"a > b\" id=\"{{subject}}\">",
     "<p title=\"a > b\" id=\"world\">"												 },
    {"a style sheet's end",           "<style>p { }</style>{{subject}}",                                     "<style>p { }</style>world"},
};

static void check_rows(const struct row *rows, size_t n)
{
	struct view *view = make_view();

	for (size_t i = 0; i < n; i++) {
		struct template_set *set = NULL;
		struct error err = {0};
		struct strbuf out;

		if (load(rows[i].page, &set, &err) != STATUS_OK)
			fail_msg("%s: %s", rows[i].what, err.text);
		strbuf_init(&out);
		if (template_render(set, "page.html", view, &out, &err) != STATUS_OK)
			fail_msg("%s: %s", rows[i].what, err.text);
		if (strcmp(out.data, rows[i].expected) != 0)
			fail_msg("%s: got '%s', expected '%s'", rows[i].what, out.data,
				 rows[i].expected);
		strbuf_clear(&out);
		template_set_free(set);
	}
	view_free(view);
}

#define ROWS_TEST(list)                                                                            \
	TEST(test_##list)                                                                          \
	{                                                                                          \
		check_rows(list, COUNT(list));                                                     \
	}

GROUP(make_folder, unit_folder_remove)

ROWS_TEST(interpolation)
ROWS_TEST(sections)
ROWS_TEST(lists)
ROWS_TEST(inverted)
ROWS_TEST(comments)
ROWS_TEST(partial_rows)
ROWS_TEST(html_contexts)

TEST(test_refusals)
{
	struct unit_table table = unit_table_read("tests/unit/template_refusals.tsv", 2);
	const size_t len = strlen(unit_folder());

	for (size_t i = 0; i < table.n_rows; i++) {
		const char *page = unit_cell(&table, i, 0), *says = unit_cell(&table, i, 1);
		struct template_set *set = NULL;

		assert_status(load(page, &set, ERR), STATUS_BAD_REQUEST);
		assert_null(set);
		if (strncmp(unit_error.text, unit_folder(), len) != 0 ||
		    strncmp(unit_error.text + len, says, strlen(says)) != 0)
			fail_msg("'%s': '%s', expected '%s'", page, unit_error.text, says);
	}
	unit_table_free(&table);
}

/* "{{#yes}}" so many times, and the ends. */
static enum status load_nested(size_t depth)
{
	struct template_set *set = NULL;
	struct error err = {0};
	struct strbuf page;
	enum status status;

	strbuf_init(&page);
	for (size_t i = 0; i < depth; i++)
		strbuf_adds(&page, "{{#yes}}");
	for (size_t i = 0; i < depth; i++)
		strbuf_adds(&page, "{{/yes}}");
	status = load(page.data, &set, &err);
	strbuf_clear(&page);
	template_set_free(set);
	return status;
}

TEST(test_depth)
{
	assert_ok(load_nested(TEMPLATE_DEPTH_MAX));
	assert_status(load_nested(TEMPLATE_DEPTH_MAX + 1), STATUS_BAD_REQUEST);
}

static enum status load_bytes(const char *text, size_t len, mode_t mode, struct error *err)
{
	const struct template_page page = {.file = "page.html", .names = names};
	struct template_set *set = NULL;
	enum status status;

	chmod(unit_write_bytes("page.html", text, len), mode);
	status = template_set_load(unit_folder(), &page, 1, &set, err);
	template_set_free(set);
	return status;
}

TEST(test_files)
{
	const struct template_page missing = {.file = "missing.html", .names = names};
	const struct template_page folder = {.file = "partials", .names = names};
	char *large = malloc(TEMPLATE_FILE_MAX + 1);
	struct template_set *set = NULL;

	assert_non_null(large);
	memset(large, 'x', TEMPLATE_FILE_MAX + 1);
	assert_ok(load_bytes(large, TEMPLATE_FILE_MAX, 0644, ERR));
	assert_status(load_bytes(large, TEMPLATE_FILE_MAX + 1, 0644, ERR), STATUS_BAD_REQUEST);
	free(large);
	assert_status(load_bytes("a\0b", 3, 0644, ERR), STATUS_BAD_REQUEST);
	assert_ok(load_bytes("a", 1, 0664, ERR));
	assert_fails(load_bytes("a", 1, 0646, ERR), STATUS_BAD_REQUEST, "chmod o-w");
	assert_fails(template_set_load(unit_folder(), &missing, 1, &set, ERR), STATUS_NOT_FOUND,
		     "missing.html");
	assert_status(template_set_load(unit_folder(), &folder, 1, &set, ERR), STATUS_BAD_REQUEST);
	assert_null(set);
	template_set_free(NULL);
}

/* Whatever a page says, text is not let into a JSON script, nor JSON out of it. */
TEST(test_json_keeps_its_place)
{
	static const char *const pages[] = {
	    "{{json}}",
	    "<p title=\"{{json}}\">",
	    "<script type=\"application/json\">{{subject}}</script>",
	};
	struct view *view = make_view();

	for (size_t i = 0; i < COUNT(pages); i++) {
		struct template_set *set = NULL;
		struct strbuf out;

		strbuf_init(&out);
		assert_ok(load(pages[i], &set, ERR));
		assert_fails(template_render(set, "page.html", view, &out, ERR), STATUS_INTERNAL,
			     "page.html: {{");
		strbuf_clear(&out);
		template_set_free(set);
	}
	view_free(view);
}

static void expect_render(const struct template_set *set, const struct view *view,
			  const char *expected)
{
	struct strbuf out;

	strbuf_init(&out);
	assert_ok(template_render(set, "page.html", view, &out, ERR));
	assert_string_equal(out.data, expected);
	strbuf_clear(&out);
}

TEST(test_views)
{
	struct template_set *set = NULL;
	struct view *view = view_new();
	struct strbuf out;

	assert_ok(load("{{subject}}{{#yes}}({{no}}){{/yes}}", &set, ERR));
	expect_render(set, view, "");
	view_text(view, "subject", "a");
	view_text(view, "subject", "b"); /* the last one counts */
	expect_render(set, view, "b");
	view_text(view, "subject", NULL);
	expect_render(set, view, "");
	view_text(view, "yes", "x");
	view_text(view, "no", "1");
	expect_render(set, view, "(1)");
	view_flag(view, "yes", false);
	expect_render(set, view, "");
	view_flag(view, "yes", true);
	view_flag(view, "no", true); /* a flag has no text */
	expect_render(set, view, "()");
	view_text(view, "subject", "abc");
	strbuf_init(&out);
	assert_status(template_render(set, "other.html", view, &out, ERR), STATUS_INTERNAL);
	out.max = 2;
	assert_status(template_render(set, "page.html", view, &out, ERR), STATUS_INTERNAL);
	strbuf_clear(&out);
	view_free(view);
	template_set_free(set);
	/* what could not be made is taken as nothing */
	view_text(NULL, "a", "b");
	view_flag(NULL, "a", true);
	view_json_script(NULL, "a", "1");
	view_free(NULL);
}

/* A few bytes that would become a gigabyte, or be read for hours. */
TEST(test_bounds)
{
	static const struct {
		const char *piece, *says;
	} rows[] = {
	    {"{{>long}}",    "more than 262144 bytes"},
	    {"{{>empty}}",   "more than 256 partials"},
	    {"a{{subject}}", "more than 4096 tags"   },
	};
	char page[65536], text[9000];

	memset(text, 'x', sizeof(text));
	const char *path = unit_write_bytes("partials/long.html", text, sizeof(text));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct template_set *set = NULL;
		size_t len = strlen(rows[i].piece);

		for (size_t n = 0; n < 5000; n++)
			memcpy(page + n * len, rows[i].piece, len + 1);
		assert_status(load(page, &set, ERR), STATUS_BAD_REQUEST);
		if (strstr(unit_error.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].piece, unit_error.text);
	}
	unlink(path);
}
