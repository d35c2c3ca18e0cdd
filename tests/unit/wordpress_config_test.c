/*
 * The keys in wp-config.php, as PHP reads them, and the secret file that is made of them.
 */
#include "unit.h"

#include "base/secret.h"
#include "base/strbuf.h"
#include "identity/wordpress_config.h"
#include "identity/wordpress_secret.h"
#include "identity/wordpress_tables.h"

GROUP(unit_secrets, NULL)

static struct wordpress_config read_config(const char *text)
{
	struct wordpress_config config = {0};

	assert_ok(wordpress_config_read(text, &config, ERR));
	return config;
}

static void check_key(const char *text, const char *key, const char *salt)
{
	struct wordpress_config config = read_config(text);
	const char *is_key = wordpress_config_key(&config, WORDPRESS_LOGGED_IN_KEY);
	const char *is_salt = wordpress_config_key(&config, WORDPRESS_LOGGED_IN_SALT);

	assert_string_equal(is_key != NULL ? is_key : "(none)", key);
	assert_string_equal(is_salt != NULL ? is_salt : "(none)", salt);
	wordpress_config_clear(&config);
}

#define KEY(value)  "define( 'LOGGED_IN_KEY',    " value " );\n"
#define SALT(value) "define('LOGGED_IN_SALT', " value ");"

TEST(test_texts)
{
	check_key("<?php\n" KEY("'a\\'b\\\\c\\n|$x{$y}'") SALT("\"a\\\"b\\\\\\$'c\""),
		  "a'b\\c\\n|$x{$y}", "a\"b\\$'c");
	check_key("<?php DEFINE /* 1 */ ( // 2\n \"LOGGED_IN_KEY\" # 3 )\n , 'k' ) ; " SALT("'s'"),
		  "k", "s");
	check_key("<?php " KEY("'first'") KEY("'second'") SALT("'s'"), "first", "s");
}

TEST(test_what_is_no_definition)
{
	check_key("<?php // " KEY("'k'") "/* " SALT("'s'") " */", "(none)", "(none)");
	check_key("<?php # " KEY("'k'") "$x = \"define('LOGGED_IN_KEY', 'k');\";", "(none)",
		  "(none)");
	check_key("<?php undefine('LOGGED_IN_KEY', 'k'); defined('LOGGED_IN_SALT');", "(none)",
		  "(none)");
	check_key("<?php define('LOGGED_IN_KEY', 'k", "(none)", "(none)");
	check_key("define('LOGGED_IN_KEY', 'k'); <?php", "(none)", "(none)");
	check_key("<?php if (!defined('LOGGED_IN_KEY')) " KEY("'k'") SALT("'s'"), "k", "s");
}

/* wp_salt(): those of wp-config-sample.php and those that are there twice do not count. */
TEST(test_which_key_counts)
{
	check_key("<?php " KEY("'put your unique phrase here'") SALT("'s'"), "(none)", "s");
	check_key("<?php " KEY("'x'") SALT("'x'"), "(none)", "(none)");
	check_key("<?php " KEY("'x'") SALT("'s'") "define('NONCE_SALT', 'x');", "(none)", "s");
	check_key("<?php define('SECRET_KEY', 'old');" SALT("''"), "old", "(none)");
	check_key("<?php define('SECRET_KEY', 'old');" KEY("'k'") SALT("'s'"), "k", "s");
	check_key("<?php define('SECRET_SALT', 'old');" KEY("'k'"), "k", "(none)");
}

TEST(test_computed)
{
	static const char *const values[] = {"getenv('K')", "'a' . 'b'", "\"a$b\"",
					     "\"a\\n\"",    "OTHER",     "1"};
	char text[256];

	for (size_t i = 0; i < COUNT(values); i++) {
		snprintf(text, sizeof(text), "<?php define('LOGGED_IN_KEY', %s);", values[i]);
		struct wordpress_config config = read_config(text);
		assert_true(config.is_computed[WORDPRESS_LOGGED_IN_KEY]);
		assert_null(config.values[WORDPRESS_LOGGED_IN_KEY]);
		wordpress_config_clear(&config);
	}
}

TEST(test_other_names)
{
	struct wordpress_config config =
	    read_config("<?php if ($table_prefix == 'a') {} isset($table_prefix);\n"
			"$table_prefix  = 'blog_'; define('MULTISITE', true);"
			"define('COOKIEHASH', 'c'); define('WP_SITEURL', \"http://x//\");");

	assert_string_equal(config.values[WORDPRESS_TABLE_PREFIX], "blog_");
	assert_string_equal(config.values[WORDPRESS_MULTISITE], "true");
	assert_string_equal(config.values[WORDPRESS_COOKIEHASH], "c");
	assert_string_equal(config.values[WORDPRESS_SITEURL], "http://x");
	wordpress_config_clear(&config);
	assert_fails(wordpress_config_read("no code", &config, ERR), STATUS_BAD_REQUEST, "<?php");
}

/* ---- the secret file ---- */

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(test_secret_file)
{
	char key[] = "k =#'\"", salt[] = " s ", cookie[] = "wordpress_logged_in_x", config[] = "/w";
	char lines[] = "a\nLOGGED_IN_COOKIE=x";
	struct wordpress_secret secret = {key, salt, cookie, config};
	struct wordpress_secret again = {0};
	struct strbuf text;

	strbuf_init(&text);
	assert_ok(wordpress_secret_write(&secret, &text, ERR));
	assert_ok(wordpress_secret_read(unit_write("secret", text.data), &again, ERR));
	assert_string_equal(again.key, secret.key);
	assert_string_equal(again.salt, secret.salt);
	assert_string_equal(again.cookie, secret.cookie);
	assert_string_equal(again.config, secret.config);
	wordpress_secret_clear(&again);
	secret.key = lines;
	assert_fails(wordpress_secret_write(&secret, &text, ERR), STATUS_BAD_REQUEST, "newline");
	strbuf_clear(&text);
}

TEST(test_secret_file_faults)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"LOGGED_IN_SALT=x\n",                           "the line LOGGED_IN_KEY="  },
	    {"LOGGED_IN_KEY=\n",                             "the line LOGGED_IN_KEY="  },
	    {"# x\nLOGGED_IN_KEY=secret\nsecret\n",          "secret:3: the line is not"},
	    {"LOGGED_IN_KEY=secret\nAUTH_KEY=secret\n",      "secret:2: the line is not"},
	    {"LOGGED_IN_KEY=secret\nLOGGED_IN_KEY=secret\n", "secret:2: the line is not"},
	};
	struct wordpress_secret secret = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_fails(
		    wordpress_secret_read(unit_write("secret", cases[i].text), &secret, ERR),
		    STATUS_BAD_REQUEST, cases[i].says);
		assert_null(strstr(unit_error.text, "KEY=secret"));
	}
}

FIXTURE(NULL, NULL)

/* php -r 'echo md5("http://example.org");' */
TEST(test_cookie_name)
{
	struct strbuf name;

	strbuf_init(&name);
	assert_ok(wordpress_cookie_name("http://example.org", &name, ERR));
	assert_string_equal(name.data, "wordpress_logged_in_dab521de65f9250b4cca7383feef67dc");
	strbuf_clear(&name);
}
