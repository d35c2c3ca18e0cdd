/*
 * From the parameters of CGI to a request: what is taken, what is refused and with which status,
 * at the limits and one beyond.
 */
#include "unit.h"

#include "base/secret.h"
#include "request_fixture.h"
#include "web/router.h"

/* The status of a request with one parameter more. */
static enum status status_of(const char *param)
{
	struct request req;
	struct error err = {0};
	enum status status = read_one(param, &req, &err);

	assert_int_equal(strlen(req.id), REQUEST_ID_LEN);
	assert_int_equal(strspn(req.id, "0123456789abcdef"), REQUEST_ID_LEN);
	assert_int_equal(strlen(req.nonce), REQUEST_NONCE_LEN);
	assert_int_equal(strspn(req.nonce, "0123456789abcdef"), REQUEST_NONCE_LEN);
	if (status != STATUS_OK)
		assert_true(err.text[0] != '\0');
	request_clear(&req);
	return status;
}

GROUP(unit_secrets, NULL)

TEST(test_full_request)
{
	const char *const params[] = {
	    "HTTPS=on",
	    "HTTP_HOST=Chat.Example.org:8443",
	    "PATH_INFO=/x y",
	    "QUERY_STRING=a=1&b=two+words&c=%C3%A9",
	    "CONTENT_TYPE=Application/JSON; charset=UTF-8",
	    "HTTP_COOKIE=k=v",
	    "HTTP_SEC_FETCH_SITE=same-origin",
	    NULL,
	};
	struct request req;

	assert_ok(read_with(params, &req, ERR));
	assert_int_equal(req.method, HTTP_GET);
	assert_true(req.https);
	assert_false(req.prefetch);
	assert_string_equal(req.host, "chat.example.org");
	assert_string_equal(req.origin_self, "https://chat.example.org:8443");
	assert_string_equal(req.script_name, "/chat");
	assert_string_equal(req.path_info, "/x y");
	assert_string_equal(req.content_type, "application/json");
	assert_string_equal(req.cookie, "k=v");
	assert_string_equal(req.fetch_site, "same-origin");
	assert_string_equal(fields_get(&req.query, "a"), "1");
	assert_string_equal(fields_get(&req.query, "b"), "two words");
	assert_string_equal(fields_get(&req.query, "c"), "\xc3\xa9");
	assert_null(fields_get(&req.query, "d"));
	assert_int_equal(req.form.count, 0);
	request_clear(&req);
}

TEST(test_absent)
{
	const char *const nothing[] = {NULL};
	struct request req;

	assert_ok(read_with(nothing, &req, ERR));
	assert_false(req.https);
	assert_string_equal(req.host, "");
	assert_string_equal(req.origin_self, "");
	assert_string_equal(req.accept, "");
	assert_string_equal(req.content_type, "");
	assert_string_equal(req.remote_addr, "");
	assert_null(req.path_info);
	assert_null(req.origin);
	assert_null(req.referer);
	assert_null(req.fetch_site);
	assert_null(req.fetch_mode);
	assert_null(req.fetch_dest);
	assert_null(req.cookie);
	request_clear(&req);
	request_clear(&req); /* twice is once */
}

TEST(test_id_and_nonce)
{
	struct request one, other;
	struct error err = {0};

	assert_int_equal(read_one(NULL, &one, &err), STATUS_OK);
	assert_int_equal(read_one(NULL, &other, &err), STATUS_OK);
	assert_string_not_equal(one.id, other.id);
	assert_string_not_equal(one.nonce, other.nonce);
	assert_null(strstr(one.nonce, one.id)); /* the id is shown and logged */
	request_clear(&one);
	request_clear(&other);
}

TEST(test_no_method)
{
	const char *params[] = {"SCRIPT_NAME=/chat", NULL};
	struct raw_request raw = {.params = (char *const *)params, .read = read_body};
	struct request req;

	assert_status(request_read(&raw, &req, ERR), STATUS_BAD_REQUEST);
	request_clear(&req);
}

TEST(test_scheme_and_host)
{
	static const struct {
		const char *scheme, *host;
		const char *name, *origin; /* NULL: refused */
	} rows[] = {
	    {"HTTPS=on",                     "a.example",           "a.example",     "https://a.example"         },
	    {"HTTPS=ON",                     "a.example:443",       "a.example",     "https://a.example"         },
	    {"HTTPS=1",                      "a.example:80",        "a.example",     "https://a.example:80"      },
	    {"REQUEST_SCHEME=https",         "A.EXAMPLE",           "a.example",     "https://a.example"         },
	    {"REQUEST_SCHEME=http",          "a.example:80",        "a.example",     "http://a.example"          },
	    {"HTTPS=off",                    "a.example:443",       "a.example",     "http://a.example:443"      },
	    {"HTTPS=",		       "a.example",           "a.example",     "http://a.example"          },
	    {"HTTP_X_FORWARDED_PROTO=https", "a.example",           "a.example",     "http://a.example"          },
	    {"HTTP_HTTPS=on",                "a_b-c.example",       "a_b-c.example", "http://a_b-c.example"      },
	    {"HTTPS=on",                     "127.0.0.1:8080",      "127.0.0.1",     "https://127.0.0.1:8080"    },
	    {"HTTPS=on",                     "[::1]",               "[::1]",         "https://[::1]"             },
	    {"HTTPS=on",                     "[2001:DB8::1]:8443",  "[2001:db8::1]", "https://[2001:db8::1]:8443"},
	    {"HTTPS=on",                     "A.example.:444",      "a.example",
	     "https://a.example:444"									     }, /* named in full */
	    {"HTTPS=on",                     "",                    "",              ""                          },
	    {"HTTPS=on",                     "a.example:",          NULL,            NULL                        },
	    {"HTTPS=on",                     "a.example:x",         NULL,            NULL                        },
	    {"HTTPS=on",                     "a.example:123456",    NULL,            NULL                        },
	    {"HTTPS=on",                     "a.example:80:80",     NULL,            NULL                        },
	    {"HTTPS=on",                     "a.example/",          NULL,            NULL                        },
	    {"HTTPS=on",                     "a.example,b.example", NULL,            NULL                        },
	    {"HTTPS=on",                     "user@a.example",      NULL,            NULL                        },
	    {"HTTPS=on",                     "a example",           NULL,            NULL                        },
	    {"HTTPS=on",                     ":80",                 NULL,            NULL                        },
	    {"HTTPS=on",                     "[::1",                NULL,            NULL                        },
	    {"HTTPS=on",                     "[::1]x",              NULL,            NULL                        },
	    {"HTTPS=on",                     "\xc3\xa9.example",    NULL,            NULL                        },
	    {"HTTPS=on",                     "a\"><script>",        NULL,            NULL                        },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char host[64];
		const char *const params[] = {rows[i].scheme, host, NULL};
		struct request req;
		struct error err;

		snprintf(host, sizeof(host), "HTTP_HOST=%s", rows[i].host);
		assert_int_equal(read_with(params, &req, &err),
				 rows[i].name ? STATUS_OK : STATUS_BAD_REQUEST);
		if (rows[i].name) {
			assert_string_equal(req.host, rows[i].name);
			assert_string_equal(req.origin_self, rows[i].origin);
		}
		request_clear(&req);
	}
}

TEST(test_prefetch)
{
	static const struct {
		const char *param;
		bool prefetch;
	} rows[] = {
	    {"HTTP_SEC_PURPOSE=prefetch",           true },
            {"HTTP_SEC_PURPOSE=prefetch;prerender", true },
	    {"HTTP_PURPOSE=Prefetch",               true },
            {"HTTP_PURPOSE=other",                  false},
	    {"HTTP_X_PURPOSE=prefetch",             false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request req;

		assert_ok(read_one(rows[i].param, &req, ERR));
		assert_int_equal(req.prefetch, rows[i].prefetch);
		request_clear(&req);
	}
}

/* The same parameter twice, whatever the values are. */
TEST(test_unique)
{
	static const char *const once[] = {
	    "AUTH_TYPE",           "CONTENT_LENGTH",   "CONTENT_TYPE",        "HTTPS",
	    "HTTP_ACCEPT",         "HTTP_COOKIE",      "HTTP_HOST",           "HTTP_ORIGIN",
	    "HTTP_PURPOSE",        "HTTP_REFERER",     "HTTP_SEC_FETCH_SITE", "HTTP_SEC_FETCH_MODE",
	    "HTTP_SEC_FETCH_DEST", "HTTP_SEC_PURPOSE", "HTTP_SEC_ANYTHING",   "PATH_INFO",
	    "QUERY_STRING",        "REMOTE_ADDR",      "REMOTE_USER",         "REQUEST_METHOD",
	    "REQUEST_SCHEME",      "REQUEST_URI",      "SCRIPT_NAME",
	};
	static const char *const often[] = {"HTTP_X_USER", "HTTP_ACCEPT_LANGUAGE", "REMOTE_USERS",
					    "HTTP_SEC", "SERVER_NAME"};

	for (size_t i = 0; i < COUNT(once) + COUNT(often); i++) {
		const char *name = i < COUNT(once) ? once[i] : often[i - COUNT(once)];
		char first[64], second[64];
		const char *const params[] = {first, "SERVER_PORT=80", second, NULL};
		struct request req;
		struct error err = {0};

		snprintf(first, sizeof(first), "%s=1", name);
		snprintf(second, sizeof(second), "%s=2", name);
		assert_int_equal(read_with(params, &req, &err),
				 i < COUNT(once) ? STATUS_BAD_REQUEST : STATUS_OK);
		if (i < COUNT(once))
			assert_holds(err.text, name);
		request_clear(&req);
	}
}

TEST(test_control_characters)
{
	static const char *const names[] = {
	    "PATH_INFO",           "REMOTE_ADDR",         "HTTP_ACCEPT",         "HTTP_ORIGIN",
	    "HTTP_REFERER",        "HTTP_COOKIE",         "HTTP_HOST",           "CONTENT_TYPE",
	    "HTTP_SEC_FETCH_SITE", "HTTP_SEC_FETCH_MODE", "HTTP_SEC_FETCH_DEST",
	};
	static const char controls[] = "\x01\x08\t\n\r\x1f\x7f";

	for (size_t i = 0; i < COUNT(names); i++) {
		for (size_t j = 0; j < sizeof(controls) - 1; j++) {
			char param[64];

			snprintf(param, sizeof(param), "%s=/a%cb", names[i], controls[j]);
			assert_status(status_of(param), STATUS_BAD_REQUEST);
		}
	}
}

TEST(test_limits)
{
	static const struct {
		const char *name;
		size_t max;
		char c;
		enum status beyond;
	} rows[] = {
	    {"REQUEST_URI",  REQUEST_URI_MAX,    '/', STATUS_URI_TOO_LONG     },
	    {"QUERY_STRING", REQUEST_QUERY_MAX,  'q', STATUS_URI_TOO_LONG     },
	    {"HTTP_COOKIE",  REQUEST_COOKIE_MAX, 'c', STATUS_HEADERS_TOO_LARGE},
	    {"HTTP_HOST",    255,                'h', STATUS_BAD_REQUEST      },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *fits = long_param(rows[i].name, rows[i].max, rows[i].c);
		char *beyond = long_param(rows[i].name, rows[i].max + 1, rows[i].c);

		assert_ok(status_of(fits));
		assert_int_equal(status_of(beyond), rows[i].beyond);
		free(fits);
		free(beyond);
	}
}

TEST(test_number_of_params)
{
	const char *params[REQUEST_PARAMS_MAX + 2];
	struct raw_request raw = {.params = (char *const *)params, .read = read_body};
	struct request req;

	for (size_t i = 0; i < COUNT(params); i++)
		params[i] = "X=1";
	params[0] = "REQUEST_METHOD=GET";
	params[REQUEST_PARAMS_MAX] = NULL;
	assert_ok(request_read(&raw, &req, ERR));
	request_clear(&req);
	params[REQUEST_PARAMS_MAX] = "X=1";
	params[REQUEST_PARAMS_MAX + 1] = NULL;
	assert_status(request_read(&raw, &req, ERR), STATUS_HEADERS_TOO_LARGE);
	request_clear(&req);
}

TEST(test_bytes_of_params)
{
	size_t base = strlen("REQUEST_METHOD=GET") + strlen("SCRIPT_NAME=/chat") + strlen("X=");
	char *fits = long_param("X", REQUEST_PARAMS_BYTES_MAX - base, 'x');
	char *beyond = long_param("X", REQUEST_PARAMS_BYTES_MAX - base + 1, 'x');

	assert_ok(status_of(fits));
	assert_status(status_of(beyond), STATUS_HEADERS_TOO_LARGE);
	free(fits);
	free(beyond);
}
