/*
 * The mount point as the web servers give it, and where a visitor may be sent after the login.
 */
#include "unit.h"

#include "base/secret.h"
#include "web/router.h"

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
			assert_holds(err.text, "base_path");
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

TEST(test_next_refused)
{
	struct unit_table table = unit_table_read("tests/unit/next_refused.tsv", 1);

	assert_true(table.n_rows >= 100);
	for (size_t i = 0; i < table.n_rows; i++)
		expect_next("/chat", unit_cell(&table, i, 0), "/chat/");
	unit_table_free(&table);
	expect_next("/chat", "", "/chat/");
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
