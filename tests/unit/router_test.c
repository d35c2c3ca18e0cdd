/*
 * The look-up in a table of routes: exact paths, sets of methods, the text of Allow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "web/router.h"

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static const struct route routes[] = {
    {.path = "/",             .methods = HTTP_GET | HTTP_HEAD            },
    {.path = "/login",        .methods = HTTP_GET | HTTP_POST            },
    {.path = "/logout",       .methods = HTTP_POST                       },
    {.path = "/prebind.json", .methods = HTTP_GET | HTTP_HEAD | HTTP_POST},
};

static const char *const methods[] = {"GET",     "HEAD",  "POST",  "PUT", "DELETE", "OPTIONS",
				      "CONNECT", "TRACE", "PATCH", "get", "",       "GET "};

/* Every path with every method, against the sets written out once more. */
static void test_matrix(void **state)
{
	static const char *const allowed[] = {"GET HEAD", "GET POST", "POST", "GET HEAD POST"};

	(void)state;
	for (size_t i = 0; i < LENGTH(routes); i++) {
		for (size_t j = 0; j < LENGTH(methods); j++) {
			const struct route *found = NULL;
			bool known = j < 3 && strstr(allowed[i], methods[j]);

			assert_int_equal(router_find(routes, LENGTH(routes), routes[i].path,
						     http_method_parse(methods[j]), &found),
					 known ? STATUS_OK : STATUS_METHOD_NOT_ALLOWED);
			assert_ptr_equal(found, &routes[i]);
		}
	}
}

static void test_unknown_paths(void **state)
{
	static const char *const paths[] = {"",         "//",           "/Login",   "/login/",
					    "/login/x", "/logi",        "/loginx",  "login",
					    "/login?x", "/./login",     "/login ",  "/prebind",
					    "/.json",   "/prebind.jso", "/login%00"};

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++) {
		for (size_t j = 0; j < LENGTH(methods); j++) {
			const struct route *found = NULL;

			assert_int_equal(router_find(routes, LENGTH(routes), paths[i],
						     http_method_parse(methods[j]), &found),
					 STATUS_NOT_FOUND);
			assert_null(found);
		}
	}
}

/* The last segment is anything but nothing, and nothing follows it. */
static void test_parameter(void **state)
{
	static const struct route with[] = {
	    {.path = "/x/known",    .methods = HTTP_GET            },
	    {.path = "/x/y/{name}", .methods = HTTP_GET | HTTP_POST},
	};
	static const char *const others[] = {"/x/y",  "/x/y/",     "/x/y/a/", "/x/y/a/b",
					     "/x/ya", "/x/{name}", "/x/y//a", "x/y/a"};
	const struct route *found = NULL;

	(void)state;
	assert_int_equal(
	    router_find(with, LENGTH(with), "/x/y/bosh@example.org", HTTP_POST, &found), STATUS_OK);
	assert_ptr_equal(found, &with[1]);
	assert_string_equal(router_param(found, "/x/y/bosh@example.org"), "bosh@example.org");
	assert_string_equal(router_param(found, "/x/y/{name}"), "{name}");
	assert_int_equal(router_find(with, LENGTH(with), "/x/y/a", HTTP_HEAD, &found),
			 STATUS_METHOD_NOT_ALLOWED);
	assert_int_equal(router_find(with, LENGTH(with), "/x/known", HTTP_GET, &found), STATUS_OK);
	assert_string_equal(router_param(found, "/x/known"), "");
	for (size_t i = 0; i < LENGTH(others); i++)
		assert_int_equal(router_find(with, LENGTH(with), others[i], HTTP_GET, &found),
				 STATUS_NOT_FOUND);
}

static void test_allow(void **state)
{
	static const char *const expected[] = {
	    "", "GET", "HEAD", "GET, HEAD", "POST", "GET, POST", "HEAD, POST", "GET, HEAD, POST"};
	char allow[32];

	(void)state;
	for (unsigned set = 0; set < LENGTH(expected); set++) {
		router_allow(set, allow);
		assert_string_equal(allow, expected[set]);
	}
}

static void test_methods(void **state)
{
	(void)state;
	assert_int_equal(http_method_parse("GET"), HTTP_GET);
	assert_int_equal(http_method_parse("HEAD"), HTTP_HEAD);
	assert_int_equal(http_method_parse("POST"), HTTP_POST);
	for (size_t j = 3; j < LENGTH(methods); j++)
		assert_int_equal(http_method_parse(methods[j]), HTTP_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_matrix),    cmocka_unit_test(test_unknown_paths),
	    cmocka_unit_test(test_parameter), cmocka_unit_test(test_allow),
	    cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
