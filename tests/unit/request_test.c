/*
 * From the parameters of CGI to a request: what is taken, what is refused and with which status,
 * at the limits and one beyond; the mount point as the web servers give it; where a visitor may
 * be sent after the login.
 */
#include "unit.h"

#include "base/secret.h"
#include "web/router.h"

#define EXTRA_MAX 8

/* ---- a raw request ---- */

struct body {
	const char *data;
	size_t len, done;
	size_t step; /* bytes a read; 0: all */
	bool broken; /* -1 at the end */
};

static ssize_t read_body(void *io, void *buffer, size_t size)
{
	struct body *body = io;
	size_t left = body->len - body->done;
	size_t count = body->step && body->step < size ? body->step : size;

	if (left == 0)
		return body->broken ? -1 : 0;
	if (count > left)
		count = left;
	memcpy(buffer, body->data + body->done, count);
	body->done += count;
	return (ssize_t)count;
}

/* A GET of / and what params (a NULL-terminated list) add to it. */
static enum status read_with(const char *const *extra, struct request *req, struct error *err)
{
	const char *params[EXTRA_MAX + 3] = {"REQUEST_METHOD=GET", "SCRIPT_NAME=/chat"};
	struct raw_request raw = {.params = (char *const *)params, .read = read_body};
	size_t n = 2;

	for (size_t i = 0; extra[i]; i++) {
		assert_true(i < EXTRA_MAX);
		params[n++] = extra[i];
	}
	params[n] = NULL;
	return request_read(&raw, req, err);
}

static enum status read_one(const char *param, struct request *req, struct error *err)
{
	const char *const extra[] = {param, NULL};

	return read_with(extra, req, err);
}

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

/* "NAME=" and n times a character; the caller frees. */
static char *long_param(const char *name, size_t n, char c)
{
	size_t len = strlen(name);
	char *param = malloc(len + n + 2);

	assert_non_null(param);
	memcpy(param, name, len);
	param[len] = '=';
	memset(param + len + 1, c, n);
	param[len + 1 + n] = '\0';
	return param;
}

/* ---- reading ---- */

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
			assert_non_null(strstr(err.text, name));
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

TEST(test_query)
{
	static const struct {
		const char *query;
		enum status status;
		size_t count;
	} rows[] = {
	    {"",					  STATUS_OK,          0 },
	    {"a",					 STATUS_OK,          1 },
	    {"a=",					STATUS_OK,          1 },
	    {"a=b=c",				     STATUS_OK,          1 },
	    {"a=1&b=2",				   STATUS_OK,          2 },
	    {"&&a=1&&",				   STATUS_OK,          1 },
	    {"=x",					STATUS_OK,          1 },
	    {"a=%41%42",				  STATUS_OK,          1 },
	    {"a=1;b=2",				   STATUS_OK,          1 },
	    {"%61=1",				     STATUS_OK,          1 },
	    {"a=%",				       STATUS_BAD_REQUEST, 0 },
	    {"a=%4",				      STATUS_BAD_REQUEST, 0 },
	    {"a=%4g",				     STATUS_BAD_REQUEST, 0 },
	    {"a=%00",				     STATUS_BAD_REQUEST, 0 },
	    {"a=%ff",				     STATUS_BAD_REQUEST, 0 },
	    {"a=%c0%af",				  STATUS_BAD_REQUEST, 0 },
	    {"%zz=1",				     STATUS_BAD_REQUEST, 0 },
	    {"1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16",    STATUS_OK,          16},
	    {"1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", STATUS_BAD_REQUEST, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char param[128];
		struct request req;
		struct error err;

		snprintf(param, sizeof(param), "QUERY_STRING=%s", rows[i].query);
		assert_int_equal(read_one(param, &req, &err), rows[i].status);
		if (rows[i].status == STATUS_OK)
			assert_int_equal(req.query.count, rows[i].count);
		request_clear(&req);
	}
}

/* ---- the body ---- */

static enum status read_form(const char *type, const char *length, struct body *body, size_t max,
			     struct request *req)
{
	char type_param[128], length_param[64];
	const char *params[] = {"REQUEST_METHOD=POST", type_param, length ? length_param : NULL,
				NULL};
	struct raw_request raw = {.params = (char *const *)params, .read = read_body, .io = body};
	struct error err = {0};
	enum status status;

	snprintf(type_param, sizeof(type_param), "CONTENT_TYPE=%s", type);
	snprintf(length_param, sizeof(length_param), "CONTENT_LENGTH=%s", length ? length : "");
	assert_ok(request_read(&raw, req, &err));
	status = request_body_read(&raw, max, req, &err);
	assert_true(status == STATUS_OK || err.text[0]);
	return status;
}

#define FORM "application/x-www-form-urlencoded"

TEST(test_bodies)
{
	static const struct {
		const char *type, *length, *body;
		size_t max;
		enum status status;
	} rows[] = {
	    {FORM,				"3",                    "a=1",   100, STATUS_OK                    },
	    {FORM,				NULL,                   "a=1",   100, STATUS_OK                    }, /* chunked */
	    {FORM,				"",                     "a=1",   100, STATUS_OK                    },
	    {FORM "; charset=utf-8",              "3",                    "a=1",   3,   STATUS_OK                    },
	    {"Application/X-WWW-Form-Urlencoded", "3",                    "a=1",   3,   STATUS_OK                    },
	    {"application/json",                  "2",                    "{}",    100, STATUS_OK                    },
	    {"",				  "0",                    "",      0,   STATUS_OK                    },
	    {"text/plain",                        "0",                    "",      0,   STATUS_OK                    }, /* no body has no type */
	    {"",				  NULL,                   "",      0,   STATUS_OK                    },
	    {FORM,				"3",                    "a=1",   2,   STATUS_BODY_TOO_LARGE        },
	    {FORM,				NULL,                   "a=1",   2,   STATUS_BODY_TOO_LARGE        },
	    {FORM,				"2",                    "a=1",   2,   STATUS_BODY_TOO_LARGE        },
	    {FORM,				"1",                    "x",     0,   STATUS_BODY_TOO_LARGE        },
	    {FORM,				"9999999999",           "a=1",   100, STATUS_BODY_TOO_LARGE        },
	    {FORM,				"2",                    "a=1",   100, STATUS_BAD_REQUEST           },
	    {FORM,				"4",                    "a=1",   100, STATUS_BAD_REQUEST           },
	    {FORM,				"-1",                   "a=1",   100, STATUS_BAD_REQUEST           },
	    {FORM,				"+3",                   "a=1",   100, STATUS_BAD_REQUEST           },
	    {FORM,				" 3",                   "a=1",   100, STATUS_BAD_REQUEST           },
	    {FORM,				"0x3",                  "a=1",   100, STATUS_BAD_REQUEST           },
	    {FORM,				"3 ",                   "a=1",   100, STATUS_BAD_REQUEST           },
	    {FORM,				"18446744073709551619", "a=1",   100, STATUS_BAD_REQUEST           },
	    {FORM,				"3",                    "a=%",   100, STATUS_BAD_REQUEST           },
	    {FORM,				"5",                    "a=%00", 100, STATUS_BAD_REQUEST           },
	    {"text/plain",                        "3",                    "a=1",   100, STATUS_UNSUPPORTED_MEDIA_TYPE},
	    {"multipart/form-data; boundary=x",   "3",                    "a=1",   100, STATUS_UNSUPPORTED_MEDIA_TYPE},
	    {"",				  "3",                    "a=1",   100, STATUS_UNSUPPORTED_MEDIA_TYPE},
	    {"application/jsonx",                 "2",                    "{}",    100, STATUS_UNSUPPORTED_MEDIA_TYPE},
	    {"application/json, text/html",       "2",                    "{}",    100, STATUS_UNSUPPORTED_MEDIA_TYPE},
	};

	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		struct body body = {
		    .data = rows[i / 2].body,
		    .len = strlen(rows[i / 2].body),
		    .step = i % 2, /* all at once, or byte by byte */
		};
		struct request req;
		enum status status =
		    read_form(rows[i / 2].type, rows[i / 2].length, &body, rows[i / 2].max, &req);

		if (status != rows[i / 2].status)
			fail_msg("row %zu: %s", i / 2, status_name(status));
		if (status == STATUS_OK)
			assert_string_equal(req.body.data, rows[i / 2].body);
		request_clear(&req);
	}
}

TEST(test_broken_body)
{
	struct body body = {.data = "a=1", .len = 3, .broken = true};
	struct request req;

	assert_status(read_form(FORM, "5", &body, 100, &req), STATUS_BAD_REQUEST);
	request_clear(&req);
}

TEST(test_large_body)
{
	char *text = long_param("a", 20000, 'b');
	struct body body = {.data = text, .len = strlen(text)};
	struct request req;

	assert_ok(read_form(FORM, NULL, &body, 20002, &req));
	assert_int_equal(strlen(fields_get(&req.form, "a")), 20000);
	request_clear(&req);
	body.done = 0;
	assert_status(read_form(FORM, NULL, &body, 20001, &req), STATUS_BODY_TOO_LARGE);
	request_clear(&req);
	free(text);
}

/* ---- declared parameters ---- */

TEST(test_declared)
{
	static const struct param query_items[] = {
	    {"next", 4},
            {"deep", 1}
        };
	static const struct param form_items[] = {
	    {"user",     3},
            {"password", 8}
        };
	static const struct params query = {query_items, COUNT(query_items)};
	static const struct params form = {form_items, COUNT(form_items)};
	static const struct {
		const char *query, *form;
		enum status status;
	} rows[] = {
	    {"",		  "",			   STATUS_OK         },
	    {"next=1234&deep=1",  "user=abc&password=12345678", STATUS_OK         },
	    {"next=%41%42%43%44", "",                           STATUS_OK         }, /* decoded bytes are counted */
	    {"utm_source=x",      "",                           STATUS_OK         },
	    {"user=not+merged",   "user=abc",                   STATUS_OK         },
	    {"next=12345",        "",                           STATUS_BAD_REQUEST},
	    {"deep=12",           "",                           STATUS_BAD_REQUEST},
	    {"next=1&next=1",     "",                           STATUS_BAD_REQUEST},
	    {"next=1&%6eext=2",   "",                           STATUS_BAD_REQUEST},
	    {"utm=x&utm=y",       "",                           STATUS_BAD_REQUEST},
	    {"",		  "user=abcd",                  STATUS_BAD_REQUEST},
	    {"",		  "user=a&user=b",              STATUS_BAD_REQUEST},
	    {"",		  "user=a&password=b&user=a",   STATUS_BAD_REQUEST},
	    {"",		  "user=a&extra=b",             STATUS_BAD_REQUEST},
	    {"",		  "User=a",                     STATUS_BAD_REQUEST},
	    {"",		  "=a",			 STATUS_BAD_REQUEST},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char query_param[64];
		const char *params[] = {"REQUEST_METHOD=POST", "CONTENT_TYPE=" FORM, query_param,
					NULL};
		struct body body = {.data = rows[i].form, .len = strlen(rows[i].form)};
		struct raw_request raw = {
		    .params = (char *const *)params, .read = read_body, .io = &body};
		struct request req;
		struct error err;

		snprintf(query_param, sizeof(query_param), "QUERY_STRING=%s", rows[i].query);
		assert_ok(request_read(&raw, &req, &err));
		assert_ok(request_body_read(&raw, 100, &req, &err));
		assert_int_equal(request_params_check(&req, &query, &form, &err), rows[i].status);
		request_clear(&req);
	}
}

/* ---- cookies ---- */

TEST(test_cookies)
{
	static const struct {
		const char *header, *value; /* value NULL: not there */
		bool odd;                   /* … and the log is told why */
	} rows[] = {
	    {"",				   NULL,			  false},
	    {"k=v",				"v",			   false},
	    {"k=",				 "",			    false},
	    {"a=1; k=v; b=2",                      "v",                           false},
	    {"a=1, k=v, b=2",                      NULL,                          false}, /* a's value, as for PHP */
	    {"a=1,k=w; k=v",                       "v",                           false},
	    {"k=v; a={\"x\":1, k=w}; b=,k=x",      "v",                           false},
	    {"a=1;k=v;b=2",                        "v",                           false},
	    {"k=v;",			       "v",			   false},
	    {" k=v ",			      "v",			   false},
	    {";; ;k=v",			    "v",                           false},
	    {"k=v; k=v",			   "v",                           false}, /* the same, by two paths */
	    {"k=v; a=1; k=v; k=v",                 "v",                           false},
	    {"k=; k=",			     "",			    false},
	    {"k=a=b",			      "a=b",                         false},
	    {"k=!#$%&'()*+-./:<>?@[]^_`{|}~",      "!#$%&'()*+-./:<>?@[]^_`{|}~", false},
	    {"other={\"a\":1,\"b\":\"c d\"}; k=v", "v",                           false},
	    {"noequals; k=v",                      "v",                           false},
	    {"K=v",				NULL,			  false},
	    {"kk=v",			       NULL,                          false},
	    {"xk=v",			       NULL,                          false},
	    {"k",				  NULL,			  false},
	    {"k =v",			       NULL,                          false},
	    {"a=k=v",			      NULL,                          false},
	    {"k=v; k=w",			   NULL,                          true },
	    {"k=v; k=v; k=vv",                     NULL,                          true },
	    {"k=vv; k=v",			  NULL,                          true },
	    {"k=v; k=",			    NULL,                          true },
	    {"k=v; k=V",			   NULL,                          true },
	    {"k=v, k=w",			   NULL,                          true },
	    {"k=\"v\"",			    NULL,                          true },
	    {"k=a b",			      NULL,                          true },
	    {"k=a\\b",			     NULL,                          true },
	    {"k=\xc3\xa9",                         NULL,                          true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request req = {.cookie = (char *)rows[i].header};
		struct error err = {0};
		char *value = NULL;

		enum status expected = rows[i].odd     ? STATUS_BAD_REQUEST
				       : rows[i].value ? STATUS_OK
						       : STATUS_NOT_FOUND;

		if (request_cookie(&req, "k", &value, &err) != expected)
			fail_msg("%s: %s", rows[i].header, value);
		if (rows[i].value)
			assert_string_equal(value, rows[i].value);
		else
			assert_null(value);
		assert_int_equal(err.text[0] != '\0', rows[i].odd);
		free(value);
	}
}

TEST(test_number_of_cookies)
{
	struct strbuf text;

	strbuf_init(&text);
	strbuf_adds(&text, "HTTP_COOKIE=");
	for (int i = 1; i < REQUEST_COOKIES_MAX; i++)
		strbuf_adds(&text, "a=1; ");
	strbuf_adds(&text, "k=v; ;");
	for (int more = 0; more <= 1; more++) {
		const char *const params[] = {text.data, NULL};
		struct request req;
		struct error err = {0};

		assert_int_equal(read_with(params, &req, &err),
				 more ? STATUS_HEADERS_TOO_LARGE : STATUS_OK);
		assert_int_equal(err.text[0] != '\0', more);
		request_clear(&req);
		strbuf_adds(&text, " a=1");
	}
	strbuf_clear(&text);
}

/* ---- paths ---- */

#define UNSET "(unset)"

TEST(test_mount)
{
	static const struct {
		const char *script, *info; /* info NULL: absent */
		const char *base_path;     /* UNSET: not configured */
		enum status status;
		const char *base, *path;
	} rows[] = {
  /* mod_fcgid, lighttpd, CGI: the path is split */
	    {"/chat",                 "/login",        UNSET,   STATUS_OK,          "/chat",                 "/login"   },
	    {"/chat",                 "/",             UNSET,   STATUS_OK,          "/chat",                 "/"        },
	    {"/chat",                 NULL,            UNSET,   STATUS_OK,          "/chat",                 ""         },
	    {"/chat",                 "",              UNSET,   STATUS_OK,          "/chat",                 ""         },
	    {"",		      "/login",        UNSET,   STATUS_OK,          "",                      "/login"   },
	    {"/cgi-bin/prebind.fcgi", "/x y",          UNSET,   STATUS_OK,          "/cgi-bin/prebind.fcgi", "/x y"     },
	    {"/chat",                 "/login",        "/chat", STATUS_OK,          "/chat",                 "/login"   },
	    {"/chat",                 NULL,            "/chat", STATUS_OK,          "/chat",                 ""         },
 /* mod_proxy_fcgi, nginx: it is not */
	    {"/chat/login",           NULL,            "/chat", STATUS_OK,          "/chat",                 "/login"   },
	    {"/chat/",                NULL,            "/chat", STATUS_OK,          "/chat",                 "/"        },
	    {"/login",                NULL,            "",      STATUS_OK,          "",                      "/login"   },
	    {"/a/b/c/d",              NULL,            "/a/b",  STATUS_OK,          "/a/b",                  "/c/d"     },
	    {"/chat/",                NULL,            UNSET,   STATUS_INTERNAL,    NULL,                    NULL       },
	    {"",		      NULL,            UNSET,   STATUS_INTERNAL,    NULL,                    NULL       },
	    {"/other/login",          NULL,            "/chat", STATUS_NOT_FOUND,   NULL,                    NULL       },
	    {"/chatter",              NULL,            "/chat", STATUS_NOT_FOUND,   NULL,                    NULL       },
	    {"/cha",                  "t/login",       "/chat", STATUS_OK,          "/chat",                 "/login"   },
	    {"",		      NULL,            "/chat", STATUS_NOT_FOUND,   NULL,                    NULL       },
	    {"/chat",                 "/\xc3\xa9",     UNSET,   STATUS_OK,          "/chat",                 "/\xc3\xa9"},
 /* what means two things */
	    {"/chat",                 "//login",       UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"//chat",                "/login",        UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"//evil.example",        NULL,            UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/\\evil.example",       NULL,            UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/../login",     UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/..",           UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/./login",      UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/.",            UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/%2e%2E/login", UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/a\\b",         UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/\xff",         UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/\xc0\xaf",     UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"chat",                  "/login",        UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat/../chat/login",   NULL,            "/chat", STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat",                 "/...",          UNSET,   STATUS_OK,          "/chat",                 "/..."     },
	    {"/chat",                 "/.well",        UNSET,   STATUS_OK,          "/chat",                 "/.well"   },
	    {"/chat",                 "/login/",       UNSET,   STATUS_OK,          "/chat",                 "/login/"  },
 /* a mount point in any letters is kept as it is; only links encode it */
	    {"/ch\xc3\xa4t",          "/login",        UNSET,   STATUS_OK,          "/ch\xc3\xa4t",          "/login"   },
 /* both parts have the slash between them */
	    {"/chat/",                "/login",        UNSET,   STATUS_OK,          "/chat",                 "/login"   },
	    {"/chat/",                "",              UNSET,   STATUS_OK,          "/chat",                 "/"        },
	    {"/chat/",                "/",             "/chat", STATUS_OK,          "/chat",                 "/"        },
	    {"/",		     "/chat/login",   "/chat", STATUS_OK,          "/chat",                 "/login"   },
	    {"/",		     "/login",        UNSET,   STATUS_OK,          "",                      "/login"   },
	    {"/",		     "",              UNSET,   STATUS_OK,          "",                      "/"        },
	    {"/",		     "",              "",      STATUS_OK,          "",                      "/"        },
	    {"",		      "",              "",      STATUS_OK,          "",                      "/"        },
	    {"",		      NULL,            "",      STATUS_OK,          "",                      "/"        },
	    {"/chat/",                "//login",       UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	    {"/chat//",               "/login",        UNSET,   STATUS_BAD_REQUEST, NULL,                    NULL       },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool set = strcmp(rows[i].base_path, UNSET) != 0;
		struct request req = {
		    .script_name = rows[i].script,
		    .path_info = rows[i].info,
		};
		struct error err = {0};

		strbuf_init(&req.body);
		assert_int_equal(request_mount(&req, set ? rows[i].base_path : "", set, &err),
				 rows[i].status);
		if (rows[i].status == STATUS_OK) {
			assert_string_equal(req.base, rows[i].base);
			assert_string_equal(req.path, rows[i].path);
		} else {
			assert_null(req.base);
			assert_null(req.path);
		}
		if (rows[i].status == STATUS_INTERNAL)
			assert_non_null(strstr(err.text, "base_path"));
		request_clear(&req);
	}
}

/* ---- after the login ---- */

static void expect_next(const char *base, const char *next, const char *expected)
{
	struct request req = {.base = (char *)base};
	char *got = request_next(&req, next);

	assert_non_null(got);
	if (strcmp(got, expected) != 0)
		fail_msg("base '%s', next '%s': '%s'", base, next, got);
	free(got);
}

TEST(test_next_taken)
{
	static const char *const places[] = {
	    "/chat",
	    "/chat/",
	    "/chat/x",
	    "/chat/x/y/z",
	    "/chat/x/",
	    "/chat?room=1",
	    "/chat/?room=1&lang=de",
	    "/chat/?",
	    "/chat/?a=b?c",
	    "/chat/x%20y",
	    "/chat/%C3%A9",
	    "/chat/~a._-!$&'()*+,;=:@",
	    "/chat/.well-known",
	    "/chat/...",
	    "/chat/..a",
	    "/chat/?next=%2Fchat%2F",
	    "/chat/?u=https://other.example/",
	    "/chat/?a=..",
	};

	for (size_t i = 0; i < COUNT(places); i++) {
		expect_next("/chat", places[i], places[i]);
		expect_next("", places[i], places[i]);
	}
	expect_next("", "/", "/");
	expect_next("/a/b", "/a/b/c", "/a/b/c");
}

/* Where nobody is sent from a login of ours. */
static const char *const bad_places[] = {
    "",
    "chat",
    "chat/",
    " /chat/",
    "/chat/ ",
    "//",
    "///",
    "////evil.example",
    "//evil.example",
    "//evil.example/chat/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/chat\\",
    "/chat/\\evil.example",
    "/chat/..\\..\\evil",
    "http://evil.example",
    "https://evil.example/chat/",
    "http:/chat/",
    "http:chat",
    "https:///chat/",
    "javascript:alert(1)",
    "JavaScript:alert(1)//chat",
    "data:text/html,x",
    "vbscript:x",
    "ftp://evil.example/",
    "mailto:a@b",
    "blob:x",
    "file:///etc",
    "evil.example",
    "evil.example/chat/",
    "www.evil.example",
    "@evil.example",
    ".evil.example",
    ":80",
    "?x",
    "#x",
    "?/chat/",
    "/chat/#fragment",
    "/chat#",
    "/chat/?a#b",
    "/",
    "/x",
    "/other/",
    "/chatter",
    "/chat.evil",
    "/chat%2fx",
    "/chat%2F%2Fevil.example",
    "/chat:80",
    "/cha",
    "/CHAT/",
    "/Chat/x",
    "/./chat/",
    "/../chat/",
    "/chat/..",
    "/chat/../",
    "/chat/../evil",
    "/chat/./x",
    "/chat/.",
    "/chat/x/../../..",
    "/chat/%2e%2e/evil",
    "/chat/%2E%2e",
    "/chat/.%2e/x",
    "/chat/%2e./x",
    "/chat/%2e/x",
    "/chat/%2e",
    "/chat//",
    "/chat//evil.example",
    "/chat/x//y",
    "/chat/%2f",
    "/chat/%2fevil",
    "/chat/%2F/x",
    "/chat/%5c",
    "/chat/%5Cevil",
    "/chat/%00",
    "/chat/%0a",
    "/chat/%0d%0aX:1",
    "/chat/%0D%0ASet-Cookie:a=b",
    "/chat/%1f",
    "/chat/%7f",
    "/chat/%7F",
    "/chat/%09",
    "/chat/\t",
    "/chat/\n",
    "/chat/\r\nX: 1",
    "/chat/\x01",
    "/chat/\x7f",
    "/\tchat/",
    "/\n/evil.example",
    "\n/chat/",
    "\t//evil.example",
    "/chat/%",
    "/chat/%2",
    "/chat/%zz",
    "/chat/%2g",
    "/chat/%%",
    "/chat/?a=%0a",
    "/chat/?a=%00",
    "/chat/?a=%5c",
    "/chat/?a=%2f%2fevil",
    "/chat/?a=%2F%2f",
    "/chat/?a=%",
    "/chat/?a=\\",
    "/chat/?a= b",
    "/chat/?a=<x>",
    "/chat/?a=\"",
    "/chat/<script>",
    "/chat/\"onload=x",
    "/chat/`",
    "/chat/{x}",
    "/chat/|",
    "/chat/^",
    "/chat/[x]",
    "/chat/a b",
    "/chat/\xc3\xa9",
    "/chat/\xff",
    "/chat/\xe2\x80\xae",
    "/chat/?\xc3\xa9",
    "/%63hat/",
    "/%2fchat/",
    "/%5cchat/",
    "/chat/%c0%ae%c0%ae%2f",
    "/.//chat/",
    "/;/chat/",
    "/%09/chat/",
    "/evil.example/chat/",
    "/chat@evil.example",
    "/chat;x",
    "/chat,x",
    "/chat&x",
    "/chat=x",
};

TEST(test_next_refused)
{
	assert_true(COUNT(bad_places) >= 100);
	for (size_t i = 0; i < COUNT(bad_places); i++)
		expect_next("/chat", bad_places[i], "/chat/");
	expect_next("/chat", NULL, "/chat/");
	expect_next("", NULL, "/");
	expect_next("", "//evil.example", "/");
	expect_next("", "/\\evil.example", "/");
	expect_next("", "/..//evil.example", "/");
	/* a mount point in other letters: only encoded, as browsers send it */
	expect_next("/ch\xc3\xa4t", "/x", "/ch%C3%A4t/");
	expect_next("/ch\xc3\xa4t", "/ch%C3%A4t/?room=1", "/ch%C3%A4t/?room=1");
	expect_next("/ch\xc3\xa4t", "/ch\xc3\xa4t/?room=1", "/ch%C3%A4t/");
	expect_next("", "", "/");
	expect_next("", "?x", "/");
}

TEST(test_next_length)
{
	char next[600];

	memset(next, 'x', sizeof(next));
	memcpy(next, "/chat/", 6);
	next[512] = '\0';
	expect_next("/chat", next, next);
	next[512] = 'x';
	next[513] = '\0';
	expect_next("/chat", next, "/chat/");
}
