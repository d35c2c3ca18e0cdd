/*
 * The look-up in a table of routes: exact paths, sets of methods, the text of Allow.
 */
#include "unit.h"

#include "web/router.h"

static const struct route routes[] = {
    {.path = "/",             .methods = HTTP_GET | HTTP_HEAD            },
    {.path = "/login",        .methods = HTTP_GET | HTTP_POST            },
    {.path = "/logout",       .methods = HTTP_POST                       },
    {.path = "/prebind.json", .methods = HTTP_GET | HTTP_HEAD | HTTP_POST},
};

static const char *const methods[] = {"GET",     "HEAD",  "POST",  "PUT", "DELETE", "OPTIONS",
				      "CONNECT", "TRACE", "PATCH", "get", "",       "GET "};

/* Every path with every method, against the sets written out once more. */
TEST(test_matrix)
{
	static const char *const allowed[] = {"GET HEAD", "GET POST", "POST", "GET HEAD POST"};

	for (size_t i = 0; i < COUNT(routes); i++) {
		for (size_t j = 0; j < COUNT(methods); j++) {
			const struct route *found = NULL;
			bool known = j < 3 && strstr(allowed[i], methods[j]);

			assert_int_equal(router_find(routes, COUNT(routes), routes[i].path,
						     http_method_parse(methods[j]), &found),
					 known ? STATUS_OK : STATUS_METHOD_NOT_ALLOWED);
			assert_ptr_equal(found, &routes[i]);
		}
	}
}

TEST(test_unknown_paths)
{
	static const char *const paths[] = {"",         "//",           "/Login",   "/login/",
					    "/login/x", "/logi",        "/loginx",  "login",
					    "/login?x", "/./login",     "/login ",  "/prebind",
					    "/.json",   "/prebind.jso", "/login%00"};

	for (size_t i = 0; i < COUNT(paths); i++) {
		for (size_t j = 0; j < COUNT(methods); j++) {
			const struct route *found = NULL;

			assert_status(router_find(routes, COUNT(routes), paths[i],
						  http_method_parse(methods[j]), &found),
				      STATUS_NOT_FOUND);
			assert_null(found);
		}
	}
}

/* The last segment is anything but nothing, and nothing follows it. */
TEST(test_parameter)
{
	static const struct route with[] = {
	    {.path = "/x/known",    .methods = HTTP_GET            },
	    {.path = "/x/y/{name}", .methods = HTTP_GET | HTTP_POST},
	};
	static const char *const others[] = {"/x/y",  "/x/y/",     "/x/y/a/", "/x/y/a/b",
					     "/x/ya", "/x/{name}", "/x/y//a", "x/y/a"};
	const struct route *found = NULL;

	assert_ok(router_find(with, COUNT(with), "/x/y/bosh@example.org", HTTP_POST, &found));
	assert_ptr_equal(found, &with[1]);
	assert_string_equal(router_param(found, "/x/y/bosh@example.org"), "bosh@example.org");
	assert_string_equal(router_param(found, "/x/y/{name}"), "{name}");
	assert_status(router_find(with, COUNT(with), "/x/y/a", HTTP_HEAD, &found),
		      STATUS_METHOD_NOT_ALLOWED);
	assert_ok(router_find(with, COUNT(with), "/x/known", HTTP_GET, &found));
	assert_string_equal(router_param(found, "/x/known"), "");
	for (size_t i = 0; i < COUNT(others); i++)
		assert_status(router_find(with, COUNT(with), others[i], HTTP_GET, &found),
			      STATUS_NOT_FOUND);
}

TEST(test_allow)
{
	static const char *const expected[] = {
	    "", "GET", "HEAD", "GET, HEAD", "POST", "GET, POST", "HEAD, POST", "GET, HEAD, POST"};
	char allow[32];

	for (unsigned set = 0; set < COUNT(expected); set++) {
		router_allow(set, allow);
		assert_string_equal(allow, expected[set]);
	}
}

TEST(test_methods)
{
	assert_int_equal(http_method_parse("GET"), HTTP_GET);
	assert_int_equal(http_method_parse("HEAD"), HTTP_HEAD);
	assert_int_equal(http_method_parse("POST"), HTTP_POST);
	for (size_t j = 3; j < COUNT(methods); j++)
		assert_int_equal(http_method_parse(methods[j]), HTTP_OTHER);
}
