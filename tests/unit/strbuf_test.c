/*
 * What every layer leans on without a thought: the buffer's one sticky failure, errors' texts, the
 * tables of statuses, and the time that is left.
 */

#include "unit.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/strbuf.h"

TEST(test_appends)
{
	struct strbuf buf;

	strbuf_init(&buf);
	assert_string_equal(buf.data, "");
	assert_true(strbuf_ok(&buf));
	strbuf_adds(&buf, "");
	strbuf_add(&buf, NULL, 0);
	strbuf_addf(&buf, "%s", "");
	assert_string_equal(buf.data, "");
	strbuf_adds(&buf, "one");
	strbuf_addc(&buf, ' ');
	strbuf_addf(&buf, "%d %s", 2, "three");
	strbuf_add(&buf, "\0x", 2);
	assert_int_equal(buf.len, 13);
	assert_memory_equal(buf.data, "one 2 three\0x", 14);
	strbuf_clear(&buf);
	assert_string_equal(buf.data, "");
	strbuf_adds(&buf, "again");
	assert_string_equal(buf.data, "again");
	strbuf_clear(&buf);
}

TEST(test_grows)
{
	struct strbuf buf;

	strbuf_init_secret(&buf);
	for (size_t i = 0; i < 5000; i++) {
		strbuf_addc(&buf, (char)('a' + i % 26));
		assert_int_equal(buf.data[buf.len], '\0');
	}
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	strbuf_addf(&buf, "%5000s", "x");
	assert_int_equal(strlen(buf.data), 10000);
	strbuf_clear(&buf);
}

/* One piece of memory, and a text that ends where the room does. */
TEST(test_reserve)
{
	struct strbuf buf;
	const char *data;

	strbuf_init_secret(&buf);
	strbuf_adds(&buf, "ab");
	strbuf_reserve(&buf, 1000);
	assert_string_equal(buf.data, "ab");
	assert_int_equal(buf.len, 2);
	data = buf.data;
	strbuf_addf(&buf, "%998s", "x");
	strbuf_adds(&buf, "yz");
	assert_ptr_equal(buf.data, data);
	assert_int_equal(strlen(buf.data), 1002);
	strbuf_addf(&buf, "%s-%d", "more", 1); /* what does not fit is there once, and whole */
	assert_string_equal(buf.data + 1000, "yzmore-1");
	strbuf_clear(&buf);

	buf.max = 10;
	strbuf_reserve(&buf, 11); /* too much is found when it is added, not before */
	assert_true(strbuf_ok(&buf));
	strbuf_reserve(&buf, SIZE_MAX);
	assert_true(strbuf_ok(&buf));
	strbuf_adds(&buf, "0123456789");
	assert_true(strbuf_ok(&buf));
	strbuf_addf(&buf, "%s", "x");
	assert_false(strbuf_ok(&buf));
	assert_string_equal(buf.data, "0123456789");
	strbuf_clear(&buf);
}

/* Too much is not cut: nothing of it is there, and nothing follows. */
TEST(test_max)
{
	struct strbuf buf;

	strbuf_init(&buf);
	buf.max = 4;
	strbuf_adds(&buf, "1234");
	assert_true(strbuf_ok(&buf));
	strbuf_adds(&buf, "5");
	assert_false(strbuf_ok(&buf));
	assert_string_equal(buf.data, "1234");
	strbuf_reset(&buf);
	assert_true(strbuf_ok(&buf));
	strbuf_adds(&buf, "12345");
	strbuf_adds(&buf, "1");
	assert_false(strbuf_ok(&buf));
	assert_string_equal(buf.data, "");
	assert_null(strbuf_take(&buf));
	strbuf_addf(&buf, "%s", "1234");
	assert_string_equal(buf.data, "1234");
	strbuf_clear(&buf);
}

TEST(test_impossible_length)
{
	struct strbuf buf;

	strbuf_init(&buf);
	strbuf_adds(&buf, "x");
	strbuf_add(&buf, "y", SIZE_MAX);
	assert_false(strbuf_ok(&buf));
	strbuf_reset(&buf);
	strbuf_add(&buf, "y", SIZE_MAX / 2);
	assert_false(strbuf_ok(&buf));
	strbuf_clear(&buf);
}

TEST(test_take)
{
	struct strbuf buf;
	char *text;

	strbuf_init(&buf);
	text = strbuf_take(&buf);
	assert_non_null(text);
	assert_string_equal(text, "");
	free(text);
	strbuf_adds(&buf, "mine");
	text = strbuf_take(&buf);
	assert_string_equal(text, "mine");
	assert_string_equal(buf.data, "");
	assert_int_equal(buf.len, 0);
	free(text);
	strbuf_adds(&buf, "gone");
	strbuf_reset(&buf);
	text = strbuf_take(&buf);
	assert_string_equal(text, "");
	free(text);
	strbuf_clear(&buf);
}

TEST(test_error)
{
	struct error err;
	char text[2 * ERROR_TEXT_MAX];

	assert_status(error_set(NULL, STATUS_BUSY, "%s", "x"), STATUS_BUSY);
	assert_status(error_set(&err, STATUS_BAD_REQUEST, "a\nb\x1b[0m\x7f %d", 7),
		      STATUS_BAD_REQUEST);
	assert_int_equal(err.status, STATUS_BAD_REQUEST);
	assert_string_equal(err.text, "a?b?[0m? 7");
	error_set(&err, STATUS_CHAT_SERVER, "site default: %s", err.text); /* wraps itself */
	assert_string_equal(err.text, "site default: a?b?[0m? 7");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&err, STATUS_INTERNAL, "%s", text);
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
	assert_status(error_no_memory(&err), STATUS_INTERNAL);
	assert_string_equal(err.text, "out of memory");
}

TEST(test_status)
{
	static const struct {
		enum status status;
		int http;
		const char *name;
	} rows[] = {
	    {STATUS_OK,                     200, "ok"                    },
	    {STATUS_NOT_FOUND,              404, "not_found"             },
	    {STATUS_BAD_REQUEST,            400, "bad_request"           },
	    {STATUS_LOGIN_REQUIRED,         401, "login_required"        },
	    {STATUS_BAD_CREDENTIALS,        401, "bad_credentials"       },
	    {STATUS_FORBIDDEN,              403, "forbidden"             },
	    {STATUS_HTTPS_REQUIRED,         403, "https_required"        },
	    {STATUS_NO_CHAT_ACCOUNT,        403, "no_chat_account"       },
	    {STATUS_METHOD_NOT_ALLOWED,     405, "method_not_allowed"    },
	    {STATUS_CONFLICT,               409, "conflict"              },
	    {STATUS_BODY_TOO_LARGE,         413, "body_too_large"        },
	    {STATUS_URI_TOO_LONG,           414, "uri_too_long"          },
	    {STATUS_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type"},
	    {STATUS_HEADERS_TOO_LARGE,      431, "headers_too_large"     },
	    {STATUS_SLOW_DOWN,              429, "slow_down"             },
	    {STATUS_VISITOR_LEFT,           499, "visitor_left"          },
	    {STATUS_INTERNAL,               500, "internal"              },
	    {STATUS_CHAT_SERVER,            502, "chat_server"           },
	    {STATUS_BUSY,                   503, "busy"                  },
	    {STATUS_UNAVAILABLE,            503, "unavailable"           },
	    {STATUS_CHAT_TIMEOUT,           504, "chat_timeout"          },
	};

	assert_status(COUNT(rows), STATUS_COUNT);
	for (size_t i = 0; i < STATUS_COUNT; i++) {
		assert_int_equal(status_http(rows[i].status), rows[i].http);
		assert_string_equal(status_name(rows[i].status), rows[i].name);
		assert_true(strlen(status_title(rows[i].status)) > 0);
		assert_true(strlen(status_sentence(rows[i].status)) > 0);
		/* A visitor never sees these three: their texts are those of STATUS_INTERNAL. */
		bool unseen = i == STATUS_OK || i == STATUS_CONFLICT || i == STATUS_VISITOR_LEFT;
		bool own = i == STATUS_INTERNAL ||
			   strcmp(status_title(i), status_title(STATUS_INTERNAL)) != 0;
		assert_int_equal(own, !unseen);
	}
	assert_int_equal(status_http(STATUS_COUNT), 500);
	assert_string_equal(status_name((enum status) - 1), "internal");
	assert_non_null(status_sentence((enum status)1000));
}

TEST(test_clock)
{
	int64_t now = clock_monotonic_ms();

	assert_true(clock_wall() > 1700000000);
	assert_int_equal(clock_left_ms(now), 0);
	assert_int_equal(clock_left_ms(INT64_MIN), 0);
	assert_true(clock_left_ms(now + 1000000) > 0);
	assert_true(clock_left_ms(now + 1000000) <= 1000000);
	assert_true(clock_monotonic_ms() >= now);
}
