/*
 * What the tests of conf/ share: the lines that a site needs, and a file that is loaded or refused.
 * Between unit_folder_make and unit_folder_remove.
 */
#ifndef TESTS_UNIT_CONF_FIXTURE_H
#define TESTS_UNIT_CONF_FIXTURE_H

#include "base/strbuf.h"
#include "conf/conf.h"
#include "unit.h"

#define CONF_FILE unit_path("prebind.conf")

/* What a site needs, line by line. */
#define DATABASE "database = /var/lib/prebind/a.db\n"
#define JID      "jid = {user}@example.org\n"
#define TIGASE                                                                                     \
	"tigase_url = http://127.0.0.1:8080/rest/adhoc/bosh@example.org\n"                         \
	"tigase_user = admin@example.org\n"                                                        \
	"tigase_password_file = /etc/prebind/tigase.password\n"
#define NEEDS      DATABASE JID TIGASE
#define SITE(name) "[site " name "]\ndatabase = /var/lib/prebind/" name ".db\n" JID TIGASE

static inline struct conf *load_good(const char *text)
{
	struct conf *conf = NULL;

	assert_ok(conf_load(unit_write("prebind.conf", text), &conf, ERR));
	return conf;
}

/* The sentence must be the file's name and `expected`. */
static inline void load_bad(const char *text, const char *expected)
{
	const char *path = unit_write("prebind.conf", text);
	struct conf *conf = NULL;
	char sentence[ERROR_TEXT_MAX];

	snprintf(sentence, sizeof(sentence), "%s%s", path, expected);
	assert_status(conf_load(path, &conf, ERR), STATUS_BAD_REQUEST);
	assert_string_equal(unit_error.text, sentence);
	assert_null(conf);
	assert_status(conf_load(path, &conf, NULL), STATUS_BAD_REQUEST);
}

static inline char *printed(const struct conf *conf)
{
	struct strbuf text;
	strbuf_init(&text);
	conf_print(conf, &text);
	return strbuf_take(&text);
}

static inline void assert_has_line(const char *text, const char *name, const char *value)
{
	char line[256];
	snprintf(line, sizeof(line), "\n%s = %s\n", name, value);
	if (strstr(text, line) == NULL)
		fail_msg("not there: %s = %s\n---\n%s", name, value, text);
}

#endif
