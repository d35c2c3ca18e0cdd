/*
 * The header writer: whole responses byte for byte, and no way to write a header of one's own
 * (SEC-HTTP-4).
 */
#include "unit.h"

#include "web/response.h"

#define FAILED_HEAD                                                                                \
	"Status: 500 Internal Server Error\r\n"                                                    \
	"Cache-Control: no-store\r\n"                                                              \
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"                  \
	"Content-Type: text/plain; charset=utf-8\r\n"                                              \
	"Referrer-Policy: same-origin\r\n"                                                         \
	"X-Content-Type-Options: nosniff\r\n"                                                      \
	"X-Frame-Options: DENY\r\n"                                                                \
	"X-Robots-Tag: noindex, nofollow\r\n"
#define FAILED_TAIL "Content-Length: 34\r\n\r\n"
#define FAILED_BODY "Something went wrong on our side.\n"
#define FAILED      FAILED_HEAD FAILED_TAIL FAILED_BODY

/* The header with the body behind it. */
static void write_whole(const struct response *res, struct strbuf *out)
{
	struct iovec body;

	response_write(res, out, &body);
	strbuf_add(out, body.iov_base, body.iov_len);
}

/* Writes and clears. */
static void expect(struct response *res, const char *expected)
{
	struct strbuf out;

	strbuf_init(&out);
	write_whole(res, &out);
	assert_true(strbuf_ok(&out));
	assert_string_equal(out.data, expected);
	strbuf_clear(&out);
	response_clear(res);
}

TEST(test_empty)
{
	struct response res;

	response_init(&res);
	expect(&res, "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
		     "0\r\n\r\n");
}

TEST(test_page)
{
	struct response res;

	response_init(&res);
	response_header(&res, HEADER_VARY, "Cookie");
	response_header(&res, HEADER_CONTENT_TYPE, "text/html; charset=utf-8");
	response_header(&res, HEADER_CACHE_CONTROL, "private");
	response_header(&res, HEADER_CACHE_CONTROL, "no-store");
	response_header(&res, HEADER_RETRY_AFTER, "5");
	response_header(&res, HEADER_RETRY_AFTER, NULL);
	response_cookie(&res, "a=1; Path=/");
	response_cookie(&res, "b=2");
	strbuf_adds(&res.body, "<p>\xc3\xa9</p>");
	expect(&res, "Status: 200 OK\r\n"
		     "Cache-Control: no-store\r\n"
		     "Content-Type: text/html; charset=utf-8\r\n"
		     "Vary: Cookie\r\n"
		     "Set-Cookie: a=1; Path=/\r\n"
		     "Set-Cookie: b=2\r\n"
		     "Content-Length: 9\r\n"
		     "\r\n"
		     "<p>\xc3\xa9</p>");
}

TEST(test_every_header)
{
	static const char *const lines[HEADER_COUNT] = {
	    "Allow",
	    "Cache-Control",
	    "Content-Security-Policy",
	    "Content-Type",
	    "Cross-Origin-Opener-Policy",
	    "Cross-Origin-Resource-Policy",
	    "Location",
	    "Permissions-Policy",
	    "Referrer-Policy",
	    "Retry-After",
	    "Strict-Transport-Security",
	    "Vary",
	    "WWW-Authenticate",
	    "X-Content-Type-Options",
	    "X-Frame-Options",
	    "X-Request-Id",
	    "X-Robots-Tag",
	};
	struct response res;

	for (size_t i = 0; i < HEADER_COUNT; i++) {
		struct strbuf out;
		char line[80];

		response_init(&res);
		response_header(&res, (enum response_header)i, "some value");
		strbuf_init(&out);
		write_whole(&res, &out);
		snprintf(line, sizeof(line), "\r\n%s: some value\r\n", lines[i]);
		assert_holds(out.data, line);
		strbuf_clear(&out);
		response_clear(&res);
	}
}

/*
 * A constant takes a copy's place, and the other way round; each is freed or not as it should be.
 */
TEST(test_constants)
{
	static const char text[] = "no-store";
	struct response res;

	response_init(&res);
	response_header(&res, HEADER_CACHE_CONTROL, "private");
	response_header_constant(&res, HEADER_CACHE_CONTROL, text);
	assert_ptr_equal(res.headers[HEADER_CACHE_CONTROL], text);
	response_header_constant(&res, HEADER_VARY, text);
	response_header(&res, HEADER_VARY, "Cookie");
	response_header_constant(&res, HEADER_ALLOW, text);
	response_header(&res, HEADER_ALLOW, NULL);
	expect(&res, "Status: 200 OK\r\nCache-Control: no-store\r\nVary: Cookie\r\n"
		     "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 0\r\n\r\n");
}

/* A text that becomes the response's own is looked at as a copy is. */
TEST(test_take)
{
	struct response res;

	response_init(&res);
	response_header(&res, HEADER_VARY, "Cookie");
	response_header_take(&res, HEADER_VARY, strdup("Origin"));
	expect(&res, "Status: 200 OK\r\nVary: Origin\r\nContent-Type: text/plain; charset=utf-8"
		     "\r\nContent-Length: 0\r\n\r\n");
	response_init(&res);
	response_header_take(&res, HEADER_VARY, strdup("a\r\nb"));
	expect(&res, FAILED);
	response_init(&res);
	response_header_take(&res, HEADER_VARY, NULL);
	expect(&res, FAILED);
}

TEST(test_head)
{
	struct response res;

	response_init(&res);
	res.head = true;
	strbuf_adds(&res.body, "twelve bytes");
	expect(&res, "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
		     "12\r\n\r\n");
	response_init(&res);
	res.head = true;
	res.failed = true;
	expect(&res, FAILED_HEAD FAILED_TAIL);
}

TEST(test_body_with_nul)
{
	struct response res;
	struct strbuf out;

	response_init(&res);
	strbuf_add(&res.body, "a\0b", 3);
	strbuf_init(&out);
	write_whole(&res, &out);
	assert_holds(out.data, "Content-Length: 3\r\n");
	assert_memory_equal(out.data + out.len - 3, "a\0b", 3);
	strbuf_clear(&out);
	response_clear(&res);
}

TEST(test_statuses)
{
	static const struct {
		int status;
		const char *line;
	} rows[] = {
	    {200, "Status: 200 OK\r\n"                             },
	    {303, "Status: 303 See Other\r\n"                      },
	    {400, "Status: 400 Bad Request\r\n"                    },
	    {401, "Status: 401 Unauthorized\r\n"                   },
	    {403, "Status: 403 Forbidden\r\n"                      },
	    {404, "Status: 404 Not Found\r\n"                      },
	    {405, "Status: 405 Method Not Allowed\r\n"             },
	    {409, "Status: 409 Conflict\r\n"                       },
	    {413, "Status: 413 Content Too Large\r\n"              },
	    {414, "Status: 414 URI Too Long\r\n"                   },
	    {415, "Status: 415 Unsupported Media Type\r\n"         },
	    {429, "Status: 429 Too Many Requests\r\n"              },
	    {431, "Status: 431 Request Header Fields Too Large\r\n"},
	    {500, "Status: 500 Internal Server Error\r\n"          },
	    {502, "Status: 502 Bad Gateway\r\n"                    },
	    {503, "Status: 503 Service Unavailable\r\n"            },
	    {504, "Status: 504 Gateway Timeout\r\n"                },
 /* not ours: never written */
	    {0,   "Status: 500 Internal Server Error\r\n"          },
	    {99,  "Status: 500 Internal Server Error\r\n"          },
	    {299, "Status: 500 Internal Server Error\r\n"          },
	    {-1,  "Status: 500 Internal Server Error\r\n"          },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct response res;
		struct strbuf out;

		response_init(&res);
		res.status = rows[i].status;
		strbuf_init(&out);
		write_whole(&res, &out);
		assert_memory_equal(out.data, rows[i].line, strlen(rows[i].line));
		strbuf_clear(&out);
		response_clear(&res);
	}
	for (int i = 0; i < STATUS_COUNT; i++) { /* what status.c can say has a phrase */
		struct response res;
		struct strbuf out;
		char line[32];

		response_init(&res);
		res.status = status_http((enum status)i);
		snprintf(line, sizeof(line), "Status: %d ", res.status);
		strbuf_init(&out);
		write_whole(&res, &out);
		assert_memory_equal(out.data, line, strlen(line));
		strbuf_clear(&out);
		response_clear(&res);
	}
}

/* Every control character, in every header and in a cookie, makes the response a plain 500. */
TEST(test_control_characters)
{
	for (size_t name = 0; name <= HEADER_COUNT; name++) {
		for (int c = 1; c < 256; c++) {
			struct response res;
			char value[16];

			if (c == 0x20)
				c = 0x7f; /* the rest of ASCII is allowed; beyond, see below */
			if (c > 0x7f)
				break;
			snprintf(value, sizeof(value), "a%cX-Evil: 1", c);
			response_init(&res);
			strbuf_adds(&res.body, "a secret");
			response_header(&res, HEADER_VARY, "Cookie");
			if (name < HEADER_COUNT)
				response_header(&res, (enum response_header)name, value);
			else
				response_cookie(&res, value);
			assert_true(res.failed);
			expect(&res, FAILED);
		}
	}
}

TEST(test_values_that_hold)
{
	struct response res;

	response_init(&res);
	response_header(&res, HEADER_LOCATION, "/~ !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}\xc3\xa9");
	assert_false(res.failed);
	response_clear(&res);
}

TEST(test_failed_keeps_the_request_id)
{
	struct response res;

	response_init(&res);
	response_header(&res, HEADER_X_REQUEST_ID, "0123456789abcdef");
	response_cookie(&res, "a=secret");
	res.failed = true;
	expect(&res, FAILED_HEAD "X-Request-Id: 0123456789abcdef\r\n" FAILED_TAIL FAILED_BODY);
}

TEST(test_body_that_failed)
{
	struct response res;

	response_init(&res);
	res.body.max = 4;
	strbuf_adds(&res.body, "too long");
	expect(&res, FAILED);
}

TEST(test_cookies)
{
	struct response res;

	response_init(&res);
	for (int i = 0; i < RESPONSE_COOKIES_MAX; i++)
		response_cookie(&res, "a=1");
	assert_false(res.failed);
	response_cookie(&res, "one=too many");
	assert_true(res.failed);
	response_clear(&res);
}

TEST(test_redirects)
{
	static const struct {
		const char *location;
		bool ok;
	} rows[] = {
	    {"/",		   true },
	    {"/chat/",              true },
	    {"/chat/?a=b",          true },
	    {"https://a.example/",  true },
	    {"http://[::1]/",       true },
	    {"//evil.example",      false},
	    {"/\\evil.example",     false},
	    {"",		    false},
	    {"chat",                false},
	    {"javascript:alert(1)", false},
	    {"\\\\evil",            false},
	    {"ftp://a.example/",    false},
	    {"HTTPS//",             false},
	    {"/a\r\nX: 1",          false},
	    {"http:/evil",          false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct response res;

		response_init(&res);
		strbuf_adds(&res.body, "old");
		response_redirect(&res, rows[i].location);
		assert_int_equal(res.failed, !rows[i].ok);
		if (!rows[i].ok)
			expect(&res, FAILED);
		response_clear(&res);
	}
	struct response res;

	response_init(&res);
	response_redirect(&res, "/chat/");
	expect(&res, "Status: 303 See Other\r\n"
		     "Content-Type: text/plain; charset=utf-8\r\n"
		     "Location: /chat/\r\n"
		     "Content-Length: 10\r\n"
		     "\r\n"
		     "See Other\n");
}
