/*
 * The texts of this program's own cookies, and that what one request sets the next one reads.
 */
#include "unit.h"

#include "base/secret.h"
#include "page/device.h"
#include "page/cookie.h"

static struct site_conf site = {.session_cookie = (char *)"prebind"};

static void assert_cookie(enum own_cookie cookie, const char *value, long life_s,
			  const char *expected)
{
	struct response res;

	response_init(&res);
	cookie_set(&res, &site, cookie, value, life_s);
	assert_false(res.failed);
	assert_int_equal(res.n_cookies, 1);
	assert_string_equal(res.cookies[0], expected);
	response_clear(&res);
}

TEST(test_over_https)
{
	site.allow_http = false;
	assert_cookie(COOKIE_SESSION, "TOKEN", COOKIE_UNTIL_CLOSED,
		      "__Host-prebind=TOKEN; Path=/; Secure; HttpOnly; SameSite=Lax");
	assert_cookie(
	    COOKIE_FORM, "X", 1800,
	    "__Host-prebind-login=X; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=1800");
	assert_cookie(COOKIE_DEVICE, "VALUE", DEVICE_LIFE_S,
		      "__Host-prebind-device=VALUE; Path=/; Secure; HttpOnly; "
		      "SameSite=Lax; Max-Age=15552000");
	assert_cookie(COOKIE_SENT, "1", 10,
		      "__Host-prebind-sent=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=10");
}

TEST(test_over_http)
{
	site.allow_http = true;
	assert_cookie(COOKIE_SESSION, "TOKEN", COOKIE_UNTIL_CLOSED,
		      "prebind-insecure=TOKEN; Path=/; HttpOnly; SameSite=Lax");
	assert_cookie(COOKIE_FORM, "X", 1800,
		      "prebind-insecure-login=X; Path=/; HttpOnly; SameSite=Strict; Max-Age=1800");
	assert_cookie(
	    COOKIE_DEVICE, "VALUE", DEVICE_LIFE_S,
	    "prebind-insecure-device=VALUE; Path=/; HttpOnly; SameSite=Lax; Max-Age=15552000");
}

TEST(test_expired)
{
	struct response res;

	site.allow_http = false;
	response_init(&res);
	cookie_expire(&res, &site, COOKIE_SESSION);
	assert_string_equal(res.cookies[0],
			    "__Host-prebind=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
	response_clear(&res);
}

TEST(test_value_that_would_add_a_header)
{
	struct response res;

	response_init(&res);
	cookie_set(&res, &site, COOKIE_SENT, "1\r\nX-Evil: 1", 10);
	assert_true(res.failed);
	assert_int_equal(res.n_cookies, 0);
	response_clear(&res);
}

/* No ending is part of another, so a request's cookie is read under its own name only. */
TEST(test_what_is_set_is_read)
{
	for (int is_http = 0; is_http < 2; is_http++) {
		site.allow_http = is_http;
		for (int set = 0; set < COOKIE_COUNT; set++) {
			struct response res;
			struct request req = {0};

			response_init(&res);
			cookie_set(&res, &site, (enum own_cookie)set, "VALUE", 60);
			res.cookies[0][strcspn(res.cookies[0], ";")] = '\0';
			req.cookie = res.cookies[0];
			for (int read = 0; read < COOKIE_COUNT; read++) {
				char *value = cookie_get(&req, &site, (enum own_cookie)read);

				assert_int_equal(value != NULL, read == set);
				if (value != NULL)
					assert_string_equal(value, "VALUE");
				secret_free(value);
			}
			response_clear(&res);
		}
	}
}

/* A session_cookie with such a name could be another site's cookie of ours. */
TEST(test_ambiguous_names)
{
	for (int i = 0; i < COOKIE_COUNT; i++) {
		char name[COOKIE_NAME_MAX];

		for (int is_http = 0; is_http < 2; is_http++) {
			site.allow_http = is_http;
			cookie_name(&site, (enum own_cookie)i, name);
			assert_int_equal(cookie_name_is_ambiguous(name), i != 0 || is_http);
		}
	}
	assert_false(cookie_name_is_ambiguous("prebind"));
	assert_false(cookie_name_is_ambiguous("login"));
	assert_true(cookie_name_is_ambiguous("-login"));
}
