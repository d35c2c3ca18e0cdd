/*
 * prebind.conf: every value that a key may have and every one that it may not, with the exact
 * sentence (conf_values.tsv, conf_refusals.tsv); lists, placeholders and pins.
 */
#include "unit.h"

#include "conf/keys.h"
#include "conf/placeholder.h"
#include "conf_fixture.h"

#define ALLOWED_PATH "; allowed: a path that begins with /"
#define PIN          "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct conf_key *key_named(const char *name)
{
	const struct conf_key *key = conf_key_find(SECTION_SERVER, name);
	if (key == NULL)
		key = conf_key_find(SECTION_SITE, name);
	if (key == NULL)
		fail_msg("no key %s", name);
	return key;
}

/* A whole file that has the key, with this value, in line 2. The caller frees it. */
static char *file_with(const struct conf_key *key, const char *value)
{
	static const char *const needs[] = {DATABASE, JID, TIGASE};
	struct strbuf text;
	strbuf_init(&text);
	strbuf_addf(&text, "%s\n%s = %s\n%s",
		    key->section == SECTION_SERVER ? "[server]" : "[site a]", key->name, value,
		    key->section == SECTION_SERVER ? "[site a]\n" : "");
	for (size_t i = 0; i < COUNT(needs); i++) {
		const char *line = needs[i];
		while (*line != '\0') {
			size_t len = strcspn(line, "\n") + 1;
			size_t name = strcspn(line, " ");
			if (strlen(key->name) != name || strncmp(line, key->name, name) != 0)
				strbuf_add(&text, line, len);
			line += len;
		}
	}
	return strbuf_take(&text);
}

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(values_that_may_be)
{
	struct unit_table table = unit_table_read("tests/unit/conf_values.tsv", 3);

	for (size_t i = 0; i < table.n_rows; i++) {
		const char *key = unit_cell(&table, i, 0), *value = unit_cell(&table, i, 1);
		const char *shown = unit_cell(&table, i, 2);
		char *text = file_with(key_named(key), value);
		struct conf *conf = load_good(text);
		char *out = printed(conf);

		assert_has_line(out, key, strcmp(shown, "-") == 0 ? value : shown);
		free(out);
		conf_free(conf);
		free(text);
	}
	unit_table_free(&table);
}

TEST(values_that_may_not_be)
{
	struct unit_table table = unit_table_read("tests/unit/conf_refusals.tsv", 3);

	for (size_t i = 0; i < table.n_rows; i++) {
		const char *key = unit_cell(&table, i, 0), *value = unit_cell(&table, i, 1);
		char expected[ERROR_TEXT_MAX];
		char *text = file_with(key_named(key), value);

		snprintf(expected, sizeof(expected), ":2: %s: %s", key, unit_cell(&table, i, 2));
		if (value[0] == ';') { /* only without the blank is it a value */
			char *blank = strstr(text, "= ;");
			memmove(blank + 1, blank + 2, strlen(blank + 1));
		}
		load_bad(text, expected);
		free(text);
	}
	unit_table_free(&table);
}

/* The list may be long, and the placeholder stand anywhere. */
TEST(hostname_in_bosh_url)
{
	static const char *const urls[] = {
	    "https://{hostname}:5281/http-bind",
	    "https://{hostname}.example.org/http-bind",
	    "https://chat-{hostname}/http-bind",
	    "http://localhost/bosh?x={hostname}",
	    "/{hostname}/http-bind",
	};
	for (size_t i = 0; i < COUNT(urls); i++) {
		char text[512];
		snprintf(text, sizeof(text), "%sbosh_hosts = a b=c\nbosh_url = %s\n", SITE("a"),
			 urls[i]);
		struct conf *conf = load_good(text);
		assert_string_equal(conf->sites[0].bosh_url, urls[i]);
		assert_int_equal(conf->sites[0].bosh_hosts.count, 2);
		assert_string_equal(conf->sites[0].bosh_hosts.items[1], "b=c");
		conf_free(conf);
	}
}

TEST(a_list_has_whole_words)
{
	struct conf *conf =
	    load_good("[site a]\n" DATABASE JID TIGASE "identity = remote_user login\n");
	const struct site_conf *site = &conf->sites[0];

	assert_true(conf_site_has_provider(site, PROVIDER_LOGIN));
	assert_true(conf_site_has_provider(site, PROVIDER_REMOTE_USER));
	assert_false(conf_site_has_provider(site, PROVIDER_TOKEN));
	assert_false(conf_list_has(&site->identity, "log"));
	assert_false(conf_list_has(&site->identity, ""));
	assert_false(conf_list_has(&site->hosts, "login"));
	conf_free(conf);
}

FIXTURE(NULL, NULL)

TEST(placeholders_are_filled)
{
	static const struct {
		const char *text, *filled;
	} rows[] = {
	    {"{hostname}",             "node"            },
            {"https://{hostname}:1/b", "https://node:1/b"},
	    {"/b?{hostname}",          "/b?node"         },
            {"{random}",               "{random}"        },
	    {"/{host}",                "/{host}"         },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool filled = strcmp(rows[i].text, rows[i].filled) != 0;
		struct strbuf out;
		strbuf_init(&out);
		placeholder_fill(rows[i].text, PLACEHOLDER_HOSTNAME, filled ? "node" : NULL, &out);
		assert_string_equal(out.data, rows[i].filled);
		assert_int_equal(placeholder_is_in(rows[i].text, PLACEHOLDER_HOSTNAME), filled);
		strbuf_clear(&out);
	}
}

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(pins_with_https)
{
	struct conf *conf =
	    load_good("[site a]\n" DATABASE JID "tigase_url = https://a/b@c https://d/b@c\n"
		      "tigase_user = a@b\ntigase_password_file = /p\n"
		      "upstream_pin = " PIN "\n");
	assert_int_equal(conf->sites[0].upstream_pin.count, 1);
	assert_int_equal(conf->sites[0].tigase_url.count, 2);
	conf_free(conf);
}

TEST(socket_path_fits_sun_path)
{
	char path[109] = "/";
	memset(path + 1, 'x', 106); /* 107 bytes */
	char *text = file_with(key_named("listen"), path);
	conf_free(load_good(text));
	free(text);

	char expected[256];
	path[107] = 'x';
	snprintf(expected, sizeof(expected), ":2: listen: \"%s\" is too long%s, at most 107 bytes",
		 path, ALLOWED_PATH);
	text = file_with(key_named("listen"), path);
	load_bad(text, expected);
	free(text);
}
