/*
 * The fields of a request: its query, its body, the parameters that a route declares, and its
 * cookies; at the limits and one beyond.
 */
#include "unit.h"

#include "base/secret.h"
#include "request_fixture.h"
#include "web/router.h"

GROUP(unit_secrets, NULL)

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
