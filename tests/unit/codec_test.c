/*
 * Encodings: RFC 4648's vectors, RFC 3629's limits, and each escape against the characters that
 * matter in its context.
 */
#include <limits.h>

#include "unit.h"

#include "base/codec.h"

TEST(test_utf8)
{
	static const struct {
		const char *text;
		size_t len;
		bool valid;
	} cases[] = {
	    {"",			     0,  true },
	    {"plain",			5,  true },
	    {"a\0b",			 3,  true },
	    {"\x7f",			 1,  true },
	    {"\x80",			 1,  false},
	    {"\xbf",			 1,  false},
	    {"\xc0\x80",                     2,  false}, /* overlong NUL */
	    {"\xc1\xbf",                     2,  false},
	    {"\xc2\x80",                     2,  true },
	    {"\xc2",			 1,  false},
	    {"\xc2\x41",                     2,  false},
	    {"\xdf\xbf",                     2,  true },
	    {"\xe0\x9f\xbf",                 3,  false}, /* overlong */
	    {"\xe0\xa0\x80",                 3,  true },
	    {"\xe2\x82",                     2,  false},
	    {"\xed\x9f\xbf",                 3,  true },
	    {"\xed\xa0\x80",                 3,  false}, /* U+D800 */
	    {"\xed\xbf\xbf",                 3,  false}, /* U+DFFF */
	    {"\xee\x80\x80",                 3,  true },
	    {"\xef\xbf\xbf",                 3,  true },
	    {"\xf0\x8f\xbf\xbf",             4,  false}, /* overlong */
	    {"\xf0\x90\x80\x80",             4,  true },
	    {"\xf4\x8f\xbf\xbf",             4,  true }, /* U+10FFFF */
	    {"\xf4\x90\x80\x80",             4,  false}, /* U+110000 */
	    {"\xf5\x80\x80\x80",             4,  false},
	    {"\xff",			 1,  false},
	    {"ok\xc3\xa9\xf0\x9f\x98\x80ok", 10, true },
	    {"ok\xc3\xa9\xf0\x9f\x98",       7,  false},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		if (utf8_valid(cases[i].text, cases[i].len) != cases[i].valid)
			fail_msg("row %zu", i);
}

TEST(test_utf8_decode)
{
	uint32_t code = 0;

	assert_int_equal(utf8_decode("A", 1, &code), 1);
	assert_int_equal(code, 'A');
	assert_int_equal(utf8_decode("\xc3\xa9x", 3, &code), 2);
	assert_int_equal(code, 0xe9);
	assert_int_equal(utf8_decode("\xe2\x80\xa8", 3, &code), 3);
	assert_int_equal(code, 0x2028);
	assert_int_equal(utf8_decode("\xf0\x9f\x98\x80", 4, &code), 4);
	assert_int_equal(code, 0x1f600);
	assert_int_equal(utf8_decode("\xf0\x9f\x98\x80", 3, &code), 0);
	assert_int_equal(utf8_decode("", 0, &code), 0);
}

TEST(test_control)
{
	assert_false(text_has_control(""));
	assert_false(text_has_control("a b~\xc3\xa9"));
	assert_true(text_has_control("a\tb"));
	assert_true(text_has_control("\x01"));
	assert_true(text_has_control("a\x1f"));
	assert_true(text_has_control("\x7f"));
	assert_true(text_has_control("a\r\nSet-Cookie: b"));
	assert_false(text_has_markup(""));
	assert_false(text_has_markup("web-1f;/=@ \xc3\xa9"));
	for (const char *c = "&<>\"'"; *c != '\0'; c++) {
		char text[] = {'a', *c, 'b', '\0'};
		assert_true(text_has_markup(text));
	}
}

/* One text through one escape. */
struct escape_case {
	void (*escape)(struct strbuf *out, const char *text);
	const char *text;
	const char *expected;
};

/* Each byte at each place, whatever stands around it. */
TEST(test_control_anywhere)
{
	static const char around[] = {' ', '~', '\x80', '\xff'};

	for (size_t i = 0; i < sizeof(around); i++)
		for (size_t len = 1; len <= 19; len++)
			for (size_t at = 0; at < len; at++)
				for (int byte = 1; byte < 256; byte++) {
					char text[20] = "";

					memset(text, around[i], len);
					text[at] = (char)byte;
					assert_int_equal(text_has_control(text),
							 byte < 0x20 || byte == 0x7f);
				}
}

TEST(test_decimal)
{
	static const struct {
		long long number;
		const char *text;
	} cases[] = {
	    {0,             "0"		   },
	    {9,             "9"		   },
	    {10,            "10"                  },
	    {-1,            "-1"                  },
	    {200,           "200"                 },
	    {1234567890123, "1234567890123"       },
	    {LLONG_MAX,     "9223372036854775807" },
	    {LLONG_MIN,     "-9223372036854775808"},
	};
	char buffer[CODEC_DECIMAL_SIZE];

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(codec_decimal(buffer, cases[i].number), cases[i].text);
}

/* What may stay as it is in JSON is what its escape would leave so. */
TEST(test_json_plain)
{
	for (int byte = 1; byte < 256; byte++) {
		char text[] = {'a', (char)byte, '\0'}, out[CODEC_JSON_CHAR_MAX];
		const char *at = text + 1;
		size_t len = codec_json_char(out, &at);

		assert_int_equal(codec_json_plain(text), len == 1 ? 2 : 1);
	}
}

TEST(test_escapes)
{
	static const struct escape_case cases[] = {
	    {codec_html,         "",               ""				     },
	    {codec_html,         "plain",          "plain"                                },
	    {codec_html,         "&<>\"'",         "&amp;&lt;&gt;&quot;&#39;"             },
	    {codec_html,         "a&amp;b",        "a&amp;amp;b"                          },
	    {codec_html,         "<script>x",      "&lt;script&gt;x"                      },
	    {codec_html,         "\xc3\xa9",       "\xc3\xa9"                             },
	    {codec_xml,          "a<b a='1'>\"&",  "a&lt;b a=&apos;1&apos;&gt;&quot;&amp;"},
	    {codec_xml,          "x",              "x"				    },
	    {codec_percent,      "AZaz09-._~",     "AZaz09-._~"                           },
	    {codec_percent,      "/chat?a=b&c",    "%2Fchat%3Fa%3Db%26c"                  },
	    {codec_percent,      "a b+\xc3\xa9%",  "a%20b%2B%C3%A9%25"                    },
	    {codec_percent,      "\r\n",           "%0D%0A"                               },
	    {codec_percent_path, "/a b/%2f?#//c~", "/a%20b/%252f%3F%23//c~"               },
	};
	struct strbuf out;

	strbuf_init(&out);
	for (size_t i = 0; i < COUNT(cases); i++) {
		strbuf_reset(&out);
		cases[i].escape(&out, cases[i].text);
		assert_true(strbuf_ok(&out));
		assert_string_equal(out.data, cases[i].expected);
	}
	strbuf_clear(&out);
}

TEST(test_json_char)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
	    {"",			 ""			    },
	    {"a b~",		     "a b~"                        },
	    {"\"\\/",                    "\\\"\\\\/"                   },
	    {"<>&'",		     "\\u003c\\u003e\\u0026\\u0027"},
	    {"\x01\n\x1f\x7f",           "\\u0001\\u000a\\u001f\\u007f"},
	    {"\xc3\xa9",                 "\\u00e9"                     },
	    {"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"              },
	    {"\xef\xbf\xbf",             "\\uffff"                     },
	    {"\xf0\x90\x80\x80",         "\\ud800\\udc00"              },
	    {"\xf0\x9f\x98\x80",         "\\ud83d\\ude00"              },
	    {"\xf4\x8f\xbf\xbf",         "\\udbff\\udfff"              },
	    {"a\xff\xc3",                "a\\ufffd\\ufffd"             },
	    {"\xe2\x82x",                "\\ufffd\\ufffdx"             },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[64] = "";
		char escaped[CODEC_JSON_CHAR_MAX];
		const char *text = cases[i].text;
		size_t n;

		while ((n = codec_json_char(escaped, &text)) > 0)
			strncat(out, escaped, n);
		assert_string_equal(out, cases[i].expected);
		assert_int_equal(*text, '\0');
	}
}

TEST(test_percent_decode)
{
	static const struct {
		const char *text;
		bool plus;
		const char *expected; /* NULL: STATUS_BAD_REQUEST */
	} cases[] = {
	    {"",          false, ""        },
	    {"plain",     false, "plain"   },
	    {"a%20b",     false, "a b"     },
	    {"a+b",       false, "a+b"     },
	    {"a+b",       true,  "a b"     },
	    {"%2B",       true,  "+"       },
	    {"%c3%A9",    false, "\xc3\xa9"},
	    {"%25",       false, "%"       },
	    {"%2525",     false, "%25"     }, /* once only */
	    {"%",         false, NULL      },
	    {"%2",        false, NULL      },
	    {"a%2",       false, NULL      },
	    {"%zz",       false, NULL      },
	    {"%2g",       false, NULL      },
	    {"% 1",       false, NULL      },
	    {"%-1",       false, NULL      },
	    {"%00",       false, NULL      },
	    {"%ff",       false, NULL      },
	    {"%c3",       false, NULL      },
	    {"\xc3",      false, NULL      },
	    {"%ed%a0%80", false, NULL      },
	};
	struct strbuf out;

	strbuf_init(&out);
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum status status;

		strbuf_reset(&out);
		status =
		    codec_percent_decode(&out, cases[i].text, strlen(cases[i].text), cases[i].plus);
		if (status != (cases[i].expected == NULL ? STATUS_BAD_REQUEST : STATUS_OK))
			fail_msg("\"%s\": status %d", cases[i].text, status);
		if (cases[i].expected != NULL)
			assert_string_equal(out.data, cases[i].expected);
	}
	strbuf_reset(&out);
	assert_status(codec_percent_decode(&out, "a\0b", 3, false), STATUS_BAD_REQUEST);
	strbuf_clear(&out);
}

/* What is in the buffer already is not judged again. */
TEST(test_percent_decode_appends)
{
	struct strbuf out;

	strbuf_init(&out);
	strbuf_adds(&out, "\xff");
	assert_ok(codec_percent_decode(&out, "%41", 3, false));
	assert_string_equal(out.data, "\xff"
				      "A");
	strbuf_clear(&out);
}

TEST(test_percent_decode_reports_a_full_buffer)
{
	struct strbuf out;

	strbuf_init(&out);
	out.max = 2;
	assert_ok(codec_percent_decode(&out, "ab", 2, false));
	assert_status(codec_percent_decode(&out, "c", 1, false), STATUS_INTERNAL);
	strbuf_clear(&out);
}

TEST(test_hex)
{
	struct strbuf out;

	strbuf_init(&out);
	codec_hex(&out, (const unsigned char *)"\x00\x7f\x80\xff\x1a", 5);
	assert_string_equal(out.data, "007f80ff1a");
	strbuf_clear(&out);
}

/* RFC 4648, 10; and bytes whose codes differ between the two alphabets. */
static const struct {
	const char *bytes;
	size_t len;
	const char *base64;
	const char *base64url;
} base64_cases[] = {
    {"",	       0,  "",		 ""                },
    {"f",	      1,  "Zg==",             "Zg"              },
    {"fo",	     2,  "Zm8=",             "Zm8"             },
    {"foo",	    3,  "Zm9v",             "Zm9v"            },
    {"foob",           4,  "Zm9vYg==",         "Zm9vYg"          },
    {"fooba",          5,  "Zm9vYmE=",         "Zm9vYmE"         },
    {"foobar",         6,  "Zm9vYmFy",         "Zm9vYmFy"        },
    {"\xfb\xff\xbf",   3,  "+/+/",             "-_-_"            },
    {"\0user\0secret", 12, "AHVzZXIAc2VjcmV0", "AHVzZXIAc2VjcmV0"},
    {"\xff",           1,  "/w==",             "_w"              },
};

TEST(test_base64)
{
	struct strbuf out;

	strbuf_init(&out);
	for (size_t i = 0; i < COUNT(base64_cases); i++) {
		const unsigned char *bytes = (const unsigned char *)base64_cases[i].bytes;
		const char *text = base64_cases[i].base64;

		strbuf_reset(&out);
		codec_base64(&out, bytes, base64_cases[i].len);
		assert_string_equal(out.data, text);
		strbuf_reset(&out);
		assert_ok(codec_base64_decode(&out, text, strlen(text)));
		assert_int_equal(out.len, base64_cases[i].len);
		assert_memory_equal(out.data, bytes, out.len);
	}
	strbuf_clear(&out);
}

TEST(test_base64url)
{
	struct strbuf out;
	char whole[64];

	strbuf_init(&out);
	for (size_t i = 0; i < COUNT(base64_cases); i++) {
		const unsigned char *bytes = (const unsigned char *)base64_cases[i].bytes;
		const char *text = base64_cases[i].base64url;

		strbuf_reset(&out);
		codec_base64url(&out, bytes, base64_cases[i].len);
		assert_string_equal(out.data, text);
		assert_int_equal(CODEC_BASE64URL_LEN(base64_cases[i].len), strlen(text));
		codec_base64url_text(whole, bytes, base64_cases[i].len);
		assert_string_equal(whole, text);
		strbuf_reset(&out);
		assert_ok(codec_base64url_decode(&out, text, strlen(text)));
		assert_int_equal(out.len, base64_cases[i].len);
		assert_memory_equal(out.data, bytes, out.len);
	}
	strbuf_clear(&out);
}

/* Every byte survives the way there and back. */
TEST(test_base64_all_bytes)
{
	unsigned char bytes[256];
	struct strbuf text;
	struct strbuf back;

	strbuf_init(&text);
	strbuf_init(&back);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		strbuf_reset(&text);
		strbuf_reset(&back);
		codec_base64(&text, bytes, len);
		assert_ok(codec_base64_decode(&back, text.data, text.len));
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, bytes, len);
	}
	strbuf_clear(&text);
	strbuf_clear(&back);
}

TEST(test_base64_refuses)
{
	static const char *const bad[] = {
	    "Z",    "Zg",   "Zg=",    "Zg===", "Zm9v=",     "=",        "==",   "===",  "====",
	    "Z===", "Zh==", /* stray bits */
	    "Zm9=", "Zm 9", "Zm9v\n", " Zm9v", "Zm9v Zg==", "Zg==Zg==", "Zm9-", "_m9v", "Z=g=",
	};
	static const char *const bad_url[] = {
	    "Z", "Zg==", "Zh", "Zm9", "Zm8=", "+m9v", "/m9v", "Zm9v\n", "Zm9vZ", "Zm.v"};
	struct strbuf out;

	strbuf_init(&out);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (codec_base64_decode(&out, bad[i], strlen(bad[i])) != STATUS_BAD_REQUEST)
			fail_msg("base64 \"%s\" was taken", bad[i]);
	for (size_t i = 0; i < COUNT(bad_url); i++)
		if (codec_base64url_decode(&out, bad_url[i], strlen(bad_url[i])) !=
		    STATUS_BAD_REQUEST)
			fail_msg("base64url \"%s\" was taken", bad_url[i]);
	assert_status(codec_base64_decode(&out, "Zm9\0", 4), STATUS_BAD_REQUEST);
	for (int c = 0; c < 256; c++) {
		char text[4] = {'Z', (char)c, '9', 'v'};
		bool letter = c > 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					      "0123456789",
					      c);

		assert_int_equal(codec_base64_decode(&out, text, 4) == STATUS_OK,
				 letter || c == '+' || c == '/');
		assert_int_equal(codec_base64url_decode(&out, text, 4) == STATUS_OK,
				 letter || c == '-' || c == '_');
	}
	strbuf_clear(&out);
}
