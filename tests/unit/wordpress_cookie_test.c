/*
 * Cookies that WordPress's own functions made, what WordPress says of them, and what is not quite
 * such a cookie.
 */
#include "unit.h"

#include "base/secret.h"
#include "base/strbuf.h"
#include "identity/wordpress_cookie.h"

/* LOGGED_IN_KEY and LOGGED_IN_SALT of tests/peers/wordpress_cookies.php */
#define KEY                                                                                        \
	"+XSqHc;@Q*K_b|Z?NC[3H!!EONbh.n<+=uKR:>*c(u`g~EJBf#8u#R{mUEZrozmm"                         \
	"h`GXHhD>SLWVfg1(1(N{;.V!MoE(SfbA_ksP@&`+AycHcAV$+?@3q+rxV{%^VyKT"

enum { WHAT, COOKIE, HASH, SESSIONS, NOW, VALID, COLUMNS };

static struct unit_table table;

static int table_open(void **state)
{
	table = unit_table_read("tests/unit/wordpress_cookies.tsv", COLUMNS);
	return unit_secrets(state);
}

static int table_close(void **state)
{
	(void)state;
	unit_table_free(&table);
	return 0;
}

GROUP(table_open, table_close)

static enum status check_as(const char *value, const char *key, const struct wordpress_user *user,
			    int64_t now, struct error *err)
{
	struct wordpress_cookie cookie = {0};
	enum status status = wordpress_cookie_read(value, &cookie, err);

	if (status == STATUS_OK)
		status = wordpress_cookie_check(&cookie, key, user, now, err);
	wordpress_cookie_clear(&cookie);
	return status;
}

static enum status check_row(size_t row, const char *key, struct error *err)
{
	const struct wordpress_user user = {unit_cell(&table, row, HASH),
					    unit_cell(&table, row, SESSIONS)};

	return check_as(unit_cell(&table, row, COOKIE), key, &user,
			strtoll(unit_cell(&table, row, NOW), NULL, 10), err);
}

static size_t row_of(const char *what)
{
	for (size_t i = 0; i < table.n_rows; i++)
		if (strcmp(unit_cell(&table, i, WHAT), what) == 0)
			return i;
	fail_msg("no row %s", what);
	return 0;
}

TEST(test_as_wordpress_says)
{
	for (size_t i = 0; i < table.n_rows; i++) {
		bool expected = strcmp(unit_cell(&table, i, VALID), "yes") == 0;
		struct error err = {0};
		enum status status = check_row(i, KEY, &err);

		if ((status == STATUS_OK) != expected || status == STATUS_BAD_REQUEST)
			fail_msg("%s: %s %s", unit_cell(&table, i, WHAT), status_name(status),
				 err.text);
	}
}

TEST(test_the_key_of_another_site)
{
	for (size_t i = 0; i < table.n_rows; i++)
		assert_int_not_equal(check_row(i, KEY "x", NULL), STATUS_OK);
	/* The log tells these from forged cookies. */
	assert_status(check_row(row_of("phpass"), KEY "x", ERR), STATUS_BAD_CREDENTIALS);
	assert_status(check_row(row_of("another password"), KEY, ERR), STATUS_BAD_CREDENTIALS);
	assert_status(check_row(row_of("another token"), KEY, ERR), STATUS_NOT_FOUND);
	assert_status(check_row(row_of("log-out"), KEY "x", ERR), STATUS_NOT_FOUND);
}

TEST(test_a_cookie_is_of_one_user)
{
	size_t alice = row_of("phpass"), bob = row_of("bcrypt");
	const struct wordpress_user user = {unit_cell(&table, bob, HASH),
					    unit_cell(&table, bob, SESSIONS)};

	assert_status(check_as(unit_cell(&table, alice, COOKIE), KEY, &user, 0, ERR),
		      STATUS_NOT_FOUND);
}

TEST(test_reads)
{
	struct wordpress_cookie cookie = {0};

	assert_ok(wordpress_cookie_read("Bob%20McKay%7C1900000000%7Ct%7cm", &cookie, ERR));
	assert_string_equal(cookie.user, "Bob McKay");
	assert_int_equal(cookie.ends, 1900000000);
	assert_string_equal(cookie.token, "t");
	assert_string_equal(cookie.mac, "m");
	wordpress_cookie_clear(&cookie);
	assert_ok(wordpress_cookie_read("a+b|1|t|m", &cookie, ERR)); /* PHP 7.3 */
	assert_string_equal(cookie.user, "a b");
	wordpress_cookie_clear(&cookie);
}

TEST(test_malformed)
{
	static const char *const values[] = {
	    "",
	    "a",
	    "a|1|t",
	    "a|1|t|m|x",
	    "|1|t|m",
	    "a||t|m",
	    "a|1||m",
	    "a|1|t|",
	    "a|x|t|m",
	    "a|-1|t|m",
	    "a|1x|t|m",
	    "a| 1|t|m",
	    "a|1.5|t|m",
	    "a%|1|t|m",
	    "a%zz",
	    "%ff|1|t|m",
	    "a%00|1|t|m",
	    "%20",
	    "a|1234567890123456789|t|m",
	};
	char longer[WORDPRESS_COOKIE_MAX + 2];

	for (size_t i = 0; i < COUNT(values); i++)
		assert_status(check_as(values[i], KEY, &(struct wordpress_user){"", ""}, 0, ERR),
			      STATUS_BAD_REQUEST);
	memset(longer, 'a', sizeof(longer));
	memcpy(longer + sizeof(longer) - 8, "|1|t|mm", 8);
	assert_status(check_as(longer, KEY, &(struct wordpress_user){"", ""}, 0, ERR),
		      STATUS_BAD_REQUEST);
	assert_status(check_as(longer + 1, KEY, &(struct wordpress_user){"", ""}, 0, ERR),
		      STATUS_NOT_FOUND);
}

TEST(test_sessions_that_cannot_be_read)
{
	size_t row = row_of("phpass");
	const char *hash = unit_cell(&table, row, HASH);
	static const char *const lists[] = {"x", "a:1:{", "O:1:\"A\":0:{}", "a:0:{}x"};

	for (size_t i = 0; i < COUNT(lists); i++)
		assert_status(check_as(unit_cell(&table, row, COOKIE), KEY,
				       &(struct wordpress_user){hash, lists[i]}, 0, ERR),
			      STATUS_BAD_REQUEST);
	assert_status(check_as(unit_cell(&table, row, COOKIE), KEY,
			       &(struct wordpress_user){hash, "a:0:{}"}, 0, ERR),
		      STATUS_NOT_FOUND);
	assert_status(check_as(unit_cell(&table, row, COOKIE), KEY,
			       &(struct wordpress_user){hash, NULL}, 0, ERR),
		      STATUS_NOT_FOUND);
}
