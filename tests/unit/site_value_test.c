/*
 * What a site's session cookie becomes before it is looked up, and the times in the row that is
 * found.
 */
#include "unit.h"

#include "base/strbuf.h"
#include "identity/site_cookie.h"
#include "identity/site_time.h"

/* ---- the cookie ---- */

/* FIPS 180-2's "abc". */
static const struct {
	enum conf_transform how;
	const char *cookie, *sid;
} transforms[] = {
    {TRANSFORM_NONE,   "abc",     "abc"							     },
    {TRANSFORM_NONE,   "a_.,%-9", "a_.,%-9"							 },
    {TRANSFORM_SHA1,   "abc",     "a9993e364706816aba3e25717850c26c9cd0d89d"                        },
    {TRANSFORM_SHA256, "abc",     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {TRANSFORM_DRUPAL, "abc",     "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"                     },
};

static enum status sid(enum conf_transform how, enum conf_site_result result, const char *cookie,
		       struct strbuf *out)
{
	const struct site_conf conf = {.site_cookie_transform = (int)how,
				       .site_result = (int)result};

	strbuf_init(out);
	return site_cookie_sid(&conf, cookie, out, ERR);
}

TEST(a_cookie_becomes_what_the_table_has)
{
	for (size_t i = 0; i < sizeof(transforms) / sizeof(transforms[0]); i++) {
		struct strbuf out;

		assert_ok(sid(transforms[i].how, SITE_RESULT_USER, transforms[i].cookie, &out));
		assert_string_equal(out.data, transforms[i].sid);
		strbuf_clear(&out);
	}
}

TEST(what_is_no_session_id_is_refused)
{
	static const char *const cookies[] = {"a b",  "a;b", "a'b",     "a\"b",
					      "a\\b", "a:b", "\xc3\xa9"};
	struct strbuf out;
	char text[8192];

	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		assert_fails(sid(TRANSFORM_NONE, SITE_RESULT_USER, cookies[i], &out),
			     STATUS_BAD_REQUEST, "contains no session id");
		strbuf_clear(&out);
	}
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_fails(sid(TRANSFORM_SHA1, SITE_RESULT_USER, text, &out), STATUS_BAD_REQUEST,
		     "longer than");
	strbuf_clear(&out);
	assert_fails(sid(TRANSFORM_NONE, SITE_RESULT_DJANGO, "eyJ9:1tZ:x", &out),
		     STATUS_BAD_REQUEST, "SESSION_ENGINE");
	strbuf_clear(&out);
}

/* ---- times ---- */

static const struct {
	enum site_time format;
	const char *text;
	int64_t seconds;
} times[] = {
    {SITE_TIME_S,   "0",			  0         },
    {SITE_TIME_S,   "1764497732",                 1764497732},
    {SITE_TIME_MS,  "1764497732999",              1764497732},
    {SITE_TIME_ISO, "2025-11-30 10:15:32",        1764497732},
    {SITE_TIME_ISO, "2025-11-30T10:15:32Z",       1764497732},
    {SITE_TIME_ISO, "2025-11-30 10:15:32.123456", 1764497732},
    {SITE_TIME_ISO, "2025-11-30 10:15:32.5+00",   1764497732},
    {SITE_TIME_ISO, "2025-11-30T10:15:32+00:00",  1764497732},
};

TEST(a_time_is_read)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t got = -1;

		assert_true(site_time_read(times[i].format, times[i].text, &got));
		assert_int_equal(got, times[i].seconds);
	}
}

TEST(what_is_no_time_of_utc_is_refused)
{
	static const struct {
		enum site_time format;
		const char *text;
	} bad[] = {
	    {SITE_TIME_S,   ""                         },
	    {SITE_TIME_S,   "-1"                       },
	    {SITE_TIME_S,   "1.5"                      },
	    {SITE_TIME_S,   " 1"                       },
	    {SITE_TIME_S,   "1234567890123456789"      },
	    {SITE_TIME_MS,  "soon"                     },
	    {SITE_TIME_ISO, ""                         },
	    {SITE_TIME_ISO, "1764497732"               },
	    {SITE_TIME_ISO, "2025-11-30"               },
	    {SITE_TIME_ISO, "2025-11-30_10:15:32"      },
	    {SITE_TIME_ISO, "2025-11-30 10:15"         },
	    {SITE_TIME_ISO, "2025-11-30 10:15:32+02:00"},
	    {SITE_TIME_ISO, "2025-11-30 10:15:32 CET"  },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t got;

		assert_false(site_time_read(bad[i].format, bad[i].text, &got));
	}
}
