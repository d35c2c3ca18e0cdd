/*
 * Finds out which software the site uses, and sets the keys for this software. The table has one
 * row for each software.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/secret.h"
#include "setup/setup.h"
#include "net/http_url.h"

#define DRUPAL_COOKIE_HEX 32 /* hexadecimal digits of the host's digest in the cookie's name */

/* Sets a key to the path FOLDER/NAME. */
static void path_set(struct setup *setup, const char *key, const char *folder, const char *name)
{
	struct strbuf path;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/%s", folder, name);
	if (strbuf_ok(&path))
		setup_key_set(setup, key, path.data);
	strbuf_clear(&path);
}

/* Sets a key to the path of a query that is installed in the shared folder. */
static void query_set(struct setup *setup, const char *key, const char *file)
{
	path_set(setup, key, setup_answer(setup, SETUP_SHARE), file);
}

static void keep_text(void *arg, const char *text)
{
	snprintf(arg, 128, "%s", text);
}

/* ---- functions for one software each ---- */

static void phpbb_more(struct setup *setup, const char *text)
{
	char cookie[128];

	(void)text;
	cookie[0] = '\0';
	setup_rows_each(setup,
			"SELECT config_value FROM phpbb_config WHERE config_name = 'cookie_name' "
			"LIMIT 1",
			keep_text, cookie, NULL);
	if (cookie[0] == '\0')
		return; /* the database query failed, so the operator is asked */
	snprintf(cookie + strlen(cookie), sizeof(cookie) - strlen(cookie), "_sid");
	setup_key_set(setup, "site_cookie", cookie);
}

static bool is_https(const struct setup *setup)
{
	return strncmp(setup_answer(setup, SETUP_URL), "https:", strlen("https:")) == 0;
}

/*
 * Sets site_cookie. The name is "SESS", or "SSESS" with https, and then a digest of the host, as in
 * Drupal's class SessionConfiguration.
 */
static void drupal_cookie(struct setup *setup)
{
	struct http_url at = {0};
	unsigned char digest[SECRET_SHA256_LEN];
	struct strbuf cookie;

	if (http_url_read(setup_answer(setup, SETUP_URL), &at, NULL) != STATUS_OK)
		return;
	secret_sha256(digest, at.host, strlen(at.host));
	http_url_clear(&at);
	strbuf_init(&cookie);
	strbuf_adds(&cookie, is_https(setup) ? "SSESS" : "SESS");
	codec_hex(&cookie, digest, DRUPAL_COOKIE_HEX / 2);
	if (strbuf_ok(&cookie))
		setup_key_set(setup, "site_cookie", cookie.data);
	strbuf_clear(&cookie);
}

/* Sets Drupal's keys. Drupal 7 has no folder core/ and uses different tables. */
static void drupal_more(struct setup *setup, const char *text)
{
	struct strbuf core;

	(void)text;
	drupal_cookie(setup);
	strbuf_init(&core);
	strbuf_addf(&core, "%s/core", setup_answer(setup, SETUP_SITE));
	if (access(core.data, F_OK) == 0) {
		setup_key_set(setup, "site_cookie_transform", "drupal");
	} else {
		query_set(setup, "site_query",
			  is_https(setup) ? "sql/sites/drupal7/session-https.sql"
					  : "sql/sites/drupal7/session.sql");
		setup->names_sql = "SELECT name FROM users WHERE uid > 0 LIMIT 50000";
	}
	strbuf_clear(&core);
}

static void django_more(struct setup *setup, const char *text)
{
	char *cookie = setup_text_value(text, "SESSION_COOKIE_NAME");

	setup->secret = setup_text_value(text, "SECRET_KEY");
	if (strstr(text, "sqlite3") != NULL)
		path_set(setup, "site_database", setup_answer(setup, SETUP_SITE), "db.sqlite3");
	query_set(setup, "site_profile_query", "sql/sites/django/profile.sql");
	setup_key_set(setup, "site_cookie", cookie != NULL ? cookie : "sessionid");
	free(cookie);
}

/*
 * Sets the keys for the secret file. The keys of WordPress itself are read after the configuration
 * is written (prebindctl wordpress import).
 */
static void wordpress_more(struct setup *setup, const char *text)
{
	struct strbuf file;

	(void)text;
	strbuf_init(&file);
	strbuf_addf(&file, "%s/wp-config.php", setup_answer(setup, SETUP_SITE));
	setup->wordpress = strbuf_take(&file);
	strbuf_clear(&file);
	path_set(setup, "site_secret_file", setup->folder, "wordpress.secret");
}

static void php_more(struct setup *setup, const char *text)
{
	static const char *const folders[] = {"/var/lib/php/sessions", "/var/lib/php/session"};
	char *cookie = setup_text_value(text, "session.name");

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (access(folders[i], F_OK) == 0)
			setup_key_set(setup, "php_session_path", folders[i]);
	if (cookie != NULL)
		setup_key_set(setup, "php_session_cookie", cookie);
	free(cookie);
}

/* ---- the table ---- */

/* Formatted by hand: clang-format would make each column as wide as its longest query. */
/* clang-format off */
static const struct software {
	const char *name;
	const char *file; /* path in the site's folder; "*" stands for any subfolder */
	const char *mark; /* a string that only this software's file contains */
	const char *login;
	struct {
		/* names of the settings; NULL for a setting that the file does not have */
		const char *kind, *host, *port, *name, *user, *password;
	} database;
	const char *prefix; /* table prefix in query and names; NULL if there is none */
	const char *query; /* a query that is installed in the shared folder */
	const char *result; /* `site_result` */
	const char *login_url;
	const char *names; /* SQL for the users' names; NULL if not known */
	void (*more)(struct setup *setup, const char *text); /* sets more keys; can be NULL */
} softwares[] = {
	{.name = "phpBB", .file = "config.php", .mark = "PHPBB_INSTALLED", .login = PROVIDER_SITE_SESSION,
	 .database = {"dbms", "dbhost", "dbport", "dbname", "dbuser", "dbpasswd"}, .prefix = "phpbb_",
	 .query = "sql/sites/phpbb/session.sql", .login_url = "/ucp.php?mode=login", .more = phpbb_more,
	 .names = "SELECT username FROM phpbb_users WHERE user_type IN (0, 3) LIMIT 50000"},
	{.name = "WordPress", .file = "wp-config.php", .mark = "DB_NAME", .login = PROVIDER_SITE_SESSION,
	 .database = {NULL, "DB_HOST", NULL, "DB_NAME", "DB_USER", "DB_PASSWORD"}, .prefix = "wp_",
	 .query = "sql/sites/wordpress/session.sql", .result = "wordpress", .login_url = "/wp-login.php",
	 .more = wordpress_more, .names = "SELECT user_login FROM wp_users LIMIT 50000"},
	{.name = "Drupal", .file = "sites/default/settings.php", .mark = "$databases", .login = PROVIDER_SITE_SESSION,
	 .database = {"driver", "host", "port", "database", "username", "password"},
	 .query = "sql/sites/drupal/session.sql", .login_url = "/user/login", .more = drupal_more,
	 .names = "SELECT name FROM users_field_data WHERE uid > 0 LIMIT 50000"},
	{.name = "Django", .file = "*/settings.py", .mark = "INSTALLED_APPS", .login = PROVIDER_SITE_SESSION,
	 .query = "sql/sites/django/session.sql", .result = "django", .login_url = "/accounts/login/",
	 .more = django_more, .names = "SELECT username FROM auth_user LIMIT 50000"},
	{.name = "PHP's sessions", .file = "index.php", .mark = "session_start", .login = PROVIDER_PHP_SESSION, .more = php_more},
	{.name = "PHP's sessions", .file = "login.php", .mark = "session_start", .login = PROVIDER_PHP_SESSION, .more = php_more},
};
/* clang-format on */

static char *setting(const char *text, const char *name)
{
	return name != NULL ? setup_text_value(text, name) : NULL;
}

static void take_database(struct setup *setup, const struct software *row, const char *text)
{
	struct setup_database database = {
	    .kind = setting(text, row->database.kind), /* NULL means MariaDB */
	    .host = setting(text, row->database.host),
	    .port = setting(text, row->database.port),
	    .name = setting(text, row->database.name),
	    .user = setting(text, row->database.user),
	    .password = setting(text, row->database.password),
	};

	setup_database_take(setup, &database);
	setup_database_clear(&database);
}

static void take(struct setup *setup, const struct software *row, const char *text)
{
	setup->software = row->name;
	setup->login_found = row->login;
	setup->names_sql = row->names;
	setup->table_prefix = row->prefix;
	if (row->database.name != NULL)
		take_database(setup, row, text);
	if (row->prefix != NULL)
		setup->table_prefix_found = setup_prefix_find(text);
	if (row->query != NULL)
		query_set(setup, "site_query", row->query);
	if (row->result != NULL)
		setup_key_set(setup, "site_result", row->result);
	if (row->login_url != NULL)
		setup_key_set(setup, "login_url", row->login_url);
	if (row->more != NULL)
		row->more(setup, text);
}

static bool has_mark(const char *folder, const char *name, const struct software *row,
		     struct strbuf *out, FILE *say)
{
	return setup_text_read(folder, name, out, say) && strstr(out->data, row->mark) != NULL;
}

/*
 * Reads the software's file in the site's folder. If the path of the file begins with "*", tries
 * each subfolder, and reads the first file that has the mark. Returns false if no file has the
 * mark.
 */
static bool read_file(const char *site, const struct software *row, struct strbuf *out, FILE *say)
{
	struct strbuf folder;
	bool found = false;

	if (row->file[0] != '*')
		return has_mark(site, row->file, row, out, say);
	DIR *all = opendir(site);
	for (struct dirent *entry; all != NULL && !found && (entry = readdir(all)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		strbuf_init(&folder);
		strbuf_addf(&folder, "%s/%s", site, entry->d_name);
		found = strbuf_ok(&folder) && has_mark(folder.data, row->file + 2, row, out, say);
		strbuf_clear(&folder);
	}
	if (all != NULL)
		closedir(all);
	return found;
}

void setup_find(struct setup *setup)
{
	const char *site = setup_answer(setup, SETUP_SITE);
	struct strbuf text;

	strbuf_init_secret(&text);
	for (size_t i = 0; i < sizeof(softwares) / sizeof(softwares[0]); i++) {
		const struct software *row = &softwares[i];

		if (strcmp(site, "-") == 0 || !read_file(site, row, &text, setup->say))
			continue;
		if (strstr(row->file, ".php") != NULL)
			setup_text_uncomment(text.data);
		take(setup, row, text.data);
		fprintf(setup->say, "  found: %s (%s/%s)\n", row->name, site, row->file);
		break;
	}
	strbuf_clear(&text);
	if (setup->software == NULL && strcmp(site, "-") != 0)
		fprintf(setup->say, "  found: no software that setup knows, in %s\n", site);
}
