/*
 * Addresses as a browser understands them.
 */
#include "unit.h"

#include "net/http_url.h"

static const struct {
	const char *page, *reference, *want;
} references[] = {
    {"https://www.example.org/chat/", "/http-bind",              "https://www.example.org/http-bind"},
    {"https://www.example.org/chat/", "static/chat.js",
     "https://www.example.org/chat/static/chat.js"						  },
    {"https://www.example.org/chat/", "login?next=%2F",
     "https://www.example.org/chat/login?next=%2F"						  },
    {"https://www.example.org/chat/", "//x.example/b",           "https://x.example/b"              },
    {"https://www.example.org/chat/", "http://x.example:5280/b", "http://x.example:5280/b"          },
    {"http://[::1]:8080/",            "/http-bind",              "http://[::1]:8080/http-bind"      },
};

TEST(references_lead_where_a_browser_goes)
{
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		char *url = NULL;

		assert_ok(http_url_resolve(references[i].page, references[i].reference, &url, ERR));
		assert_string_equal(url, references[i].want);
		free(url);
	}
}

static bool same(const char *a, const char *b)
{
	struct http_url left = {0}, right = {0};

	assert_ok(http_url_read(a, &left, ERR));
	assert_ok(http_url_read(b, &right, ERR));
	bool result = http_url_same_origin(&left, &right);
	http_url_clear(&left);
	http_url_clear(&right);
	return result;
}

TEST(an_origin_is_scheme_host_and_port)
{
	assert_true(same("https://www.example.org/chat/", "https://WWW.example.org:443/http-bind"));
	assert_false(same("https://www.example.org/", "http://www.example.org/"));
	assert_false(same("https://www.example.org/", "https://example.org/"));
	assert_false(same("http://127.0.0.1:8080/", "http://127.0.0.1:8081/"));
}

TEST(what_is_no_address_is_refused)
{
	static const char *const texts[] = {"",
					    "chat",
					    "/chat/",
					    "ftp://example.org/",
					    "https://user:word@example.org/",
					    "https://",
					    "https:///chat/"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct http_url url = {0};

		assert_status(http_url_read(texts[i], &url, ERR), STATUS_BAD_REQUEST);
		assert_null(url.host);
	}
}

TEST(dates_are_seconds)
{
	assert_int_equal(http_date_read("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
	assert_int_equal(http_date_read("Nov  6 08:49:37 1994 GMT"), 784111777);
	assert_int_equal(http_date_read("yesterday"), 0);
	assert_int_equal(http_date_read(""), 0);
}
