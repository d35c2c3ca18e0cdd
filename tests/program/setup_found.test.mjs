// prebindctl setup: what it finds in the folder of the site's software.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { ordinaryPlace, ordinarySetup } from "../lib/setup.mjs";

const { place, fresh } = ordinaryPlace();
after(() => place.close());

const read = (file) => fs.readFileSync(file, "utf8");

const PHPBB_CONFIG = (dbms, more, prefix = "forum_") => `<?php
// phpBB 3.3.x auto-generated configuration file; $dbname = 'not this';
$dbms = '${dbms}';
${more}
$table_prefix = '${prefix}';
@define('PHPBB_INSTALLED', true);
`;
const PHPBB_SERVER = "$dbname = 'forum';\n$dbuser = 'phpbb';\n$dbpasswd = 'a \"b\" c';";
const DRUPAL_SETTINGS = (more = "  'driver' => 'mysql',") => `<?php
/* $databases['default']['default'] = ['database' => 'databasename', 'username' => 'sqlusername']; */
# 'database' => 'nor this',
$databases['default']['default'] = array (
  'database' => 'shop',
  'username' => 'shop_user',
  'password' => 'it\\'s secret',
  'host' => 'localhost',
  'port' => '3306',
${more}
);
`;
const WP_CONFIG = ({ host = "localhost", name = "blog", user = "wp", password = "wp password", prefix = "blog_" } = {}) => `<?php
define( 'DB_NAME', '${name}' );
define( 'DB_USER', '${user}' );
define( 'DB_PASSWORD', '${password}' );
define( 'DB_HOST', '${host}' );
define( 'LOGGED_IN_KEY', '${"k".repeat(64)}' );
define( 'LOGGED_IN_SALT', '${"s".repeat(64)}' );
define( 'WP_SITEURL', 'http://127.0.0.1' );
$table_prefix = '${prefix}';
`;
const DJANGO = (more = "") => `SECRET_KEY = 'django-insecure-1'\nINSTALLED_APPS = []\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n${more}`;
const digest = (host) => crypto.createHash("sha256").update(host).digest("hex").slice(0, 32);

/** files: of the site; answers: besides the usual ones; keys: lines of the configuration; secrets: files beside it; says: what is printed; not: what the configuration has not. */
const SITES = {
	"phpBB": {
		files: { "config.php": PHPBB_CONFIG("phpbb\\\\db\\\\driver\\\\mysqli", `$dbhost = '127.0.0.1';\n$dbport = '';\n${PHPBB_SERVER}`) },
		answers: { site_cookie: "phpbb3_abc_sid" },
		keys: ["identity = site_session", "site_database = mariadb://phpbb@127.0.0.1/forum", "site_cookie = phpbb3_abc_sid", "login_url = /ucp.php?mode=login",
			"site_database_password_file = HOME/etc/site.password", "site_query = HOME/etc/site.sql"],
		secrets: { "site.password": 'a "b" c\n' }, says: /found: phpBB .*config\.php/, query: /FROM forum_sessions s[^]*FROM forum_config/,
	},
	"phpBB on PostgreSQL, with another port": {
		files: { "config.php": PHPBB_CONFIG("phpbb\\\\db\\\\driver\\\\postgres", `$dbhost = '127.0.0.1';\n$dbport = '1';\n${PHPBB_SERVER}`, "phpbb_") },
		answers: { site_cookie: "phpbb3_abc_sid" },
		keys: ["site_database = postgresql://phpbb@127.0.0.1:1/forum", "site_query = SHARE/sql/sites/phpbb/session.sql"], secrets: {}, says: /found: phpBB/,
	},
	"phpBB with a prefix that is no name": {
		files: { "config.php": PHPBB_CONFIG("mysqli", PHPBB_SERVER, "x; DROP TABLE") }, answers: { site_cookie: "q_sid" },
		keys: ["site_database = mariadb://phpbb@localhost/forum", "site_query = SHARE/sql/sites/phpbb/session.sql"], secrets: {}, says: /found: phpBB/, not: /DROP/,
	},
	"Drupal": {
		files: { "sites/default/settings.php": DRUPAL_SETTINGS(), "core/x": "" },
		keys: ["site_database = mariadb://shop_user@localhost/shop", "site_query = SHARE/sql/sites/drupal/session.sql", "site_cookie_transform = drupal",
			`site_cookie = SESS${digest("127.0.0.1")}`, "login_url = /user/login"],
		secrets: { "site.password": "it's secret\n" }, says: /found: Drupal/,
	},
	"Drupal over https, with PostgreSQL's usual port": {
		files: { "sites/default/settings.php": DRUPAL_SETTINGS("  'driver' => 'pgsql',").replace("3306", "5432"), "core/x": "" }, answers: { url: "https://www.shop.example/chat/" },
		keys: ["site_database = postgresql://shop_user@localhost/shop", `site_cookie = SSESS${digest("www.shop.example")}`], secrets: {}, says: /found: Drupal/,
	},
	"Drupal on SQLite": {
		files: { "sites/default/settings.php": "<?php $databases['default']['default'] = ['database' => 'sites/default/files/.ht.sqlite', 'driver' => 'sqlite'];", "core/x": "" },
		keys: ["site_database = HOME/site/sites/default/files/.ht.sqlite"], secrets: {}, says: /found: Drupal/, not: /password_file/,
	},
	"Drupal 7": {
		files: { "sites/default/settings.php": DRUPAL_SETTINGS() },
		keys: ["site_query = SHARE/sql/sites/drupal7/session.sql", `site_cookie = SESS${digest("127.0.0.1")}`], secrets: {}, says: /found: Drupal/, not: /site_cookie_transform/,
	},
	"Drupal 7 over https": {
		files: { "sites/default/settings.php": DRUPAL_SETTINGS() }, answers: { url: "https://www.shop.example/chat/" },
		keys: ["site_query = SHARE/sql/sites/drupal7/session-https.sql", `site_cookie = SSESS${digest("www.shop.example")}`], secrets: {}, says: /found: Drupal/,
	},
	"Django": {
		files: { "shop/settings.py": DJANGO() },
		keys: ["site_database = HOME/site/db.sqlite3", "site_result = django", "site_cookie = sessionid", "site_secret_file = HOME/etc/site.secret", "login_url = /accounts/login/"],
		secrets: { "site.secret": "django-insecure-1\n" }, says: /found: Django/,
	},
	"Django with another cookie; folders that begin with a dot are not looked at": {
		files: { ".git/settings.py": DJANGO("SESSION_COOKIE_NAME = 'wrong'\n"), "shop/settings.py": DJANGO("MY_SESSION_COOKIE_NAME = 'no'\nSESSION_COOKIE_NAME = \"shop\"\n") },
		keys: ["site_cookie = shop"], secrets: {}, says: /found: Django/,
	},
	"Django beside other folders that have a file of that name": {
		files: { ...Object.fromEntries([..."abcdefgh"].map((name) => [`${name}/settings.py`, "COLOUR = 'red'\n"])), "shop/settings.py": DJANGO() },
		keys: ["site_result = django"], secrets: { "site.secret": "django-insecure-1\n" }, says: /found: Django/,
	},
	"PHP": {
		files: { "index.php": "<?php session_start(); ?>" }, answers: { php_session_user: "user.name", php_session_path: "/var/tmp" },
		keys: ["identity = php_session", "php_session_user = user.name", "php_session_path = /var/tmp"], secrets: {}, says: /found: PHP's sessions/,
	},
	"PHP, in its login page, with a name of its own": {
		files: { "index.php": "<?php echo 'hi';", "login.php": "<?php /* session.name = 'y' */ ini_set('session.name', 'SHOP');\nsession_start();" },
		answers: { php_session_user: "name", php_session_path: "/var/tmp" },
		keys: ["identity = php_session", "php_session_cookie = SHOP"], secrets: {}, says: /found: PHP's sessions .*login\.php/,
	},
	"WordPress": {
		files: { "wp-config.php": WP_CONFIG() },
		keys: ["identity = site_session", "login_url = /wp-login.php", "site_result = wordpress", "site_database = mariadb://wp@localhost/blog",
			"site_query = HOME/etc/site.sql", "site_secret_file = HOME/etc/wordpress.secret"],
		secrets: { "site.password": "wp password\n" }, says: /found: WordPress/, query: /FROM blog_users u/, not: /^site_cookie = /m,
	},
	"WordPress with a port, and names that an address has to escape": {
		files: { "wp-config.php": WP_CONFIG({ host: "127.0.0.1:1", user: "wp@shop", name: "a/b", prefix: "wp_" }) },
		keys: ["site_database = mariadb://wp%40shop@127.0.0.1:1/a%2Fb", "site_query = SHARE/sql/sites/wordpress/session.sql"], secrets: {}, says: /found: WordPress/,
	},
	"WordPress at a socket": {
		files: { "wp-config.php": WP_CONFIG({ host: "localhost:/run/mysqld/mysqld.sock", password: "" }) },
		keys: ["site_database = mariadb://wp@localhost/blog?socket=/run/mysqld/mysqld.sock"], secrets: {}, says: /found: WordPress/, not: /password_file/,
	},
	"another way than the one found": {
		files: { "sites/default/settings.php": DRUPAL_SETTINGS() }, answers: { login: "login", wait: "30" }, keys: ["identity = login", "wait = 30"], not: /site_|login_url/, secrets: {},
		says: /found: Drupal/,
	},
	"what the operator gives stays": {
		files: { "wp-config.php": WP_CONFIG() }, answers: { site_database: "mariadb://reader@127.0.0.1:2/blog", login_url: "https://sso.example/" },
		keys: ["site_database = mariadb://reader@127.0.0.1:2/blog", "login_url = https://sso.example/"], secrets: {}, says: /found: WordPress/,
	},
	"nothing that it knows": {
		files: { "index.php": "<?php echo 1;", "wp-config.php": "<?php // nothing" }, keys: ["identity = login"], secrets: {}, says: /found: no software that setup knows, in /,
	},
};
for (const [what, { files, answers = {}, keys, not, secrets, says, query }] of Object.entries(SITES))
	test(`found: ${what}`, async () => {
		const home = fresh();
		for (const [name, text] of Object.entries(files))
			place.write(path.join(home.name, "site", name), text);
		const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, login: undefined, site: home.at("site"), ...answers });
		assert.equal(code, 0, stdout + stderr);
		assert.match(stdout, says);
		const conf = read(home.conf);
		for (const line of keys.map((text) => text.replace("HOME", home.home).replace("SHARE", home.answers.share)))
			assert.ok(conf.includes(`\n${line}\n`), `${line}\n${conf}`);
		if (not)
			assert.doesNotMatch(conf, not);
		for (const [name, text] of Object.entries(secrets)) {
			assert.equal(read(home.at("etc", name)), text);
			assert.equal(fs.statSync(home.at("etc", name)).mode & 0o777, 0o600);
		}
		if (query)
			assert.match(read(home.at("etc/site.sql")), query);
		assert.doesNotMatch(stdout, /it's secret|django-insecure-1|a "b" c|wp password/, "no secret is printed");
	});

/** files: of the site; says: why the answers are not enough. */
const NOT_TAKEN = {
	"a line feed in a setting": [{ "wp-config.php": WP_CONFIG({ user: "wp", host: "localhost\nlisten = /tmp/x" }) }, /setup cannot find a value for site_database/],
	"a control character in a secret": [{ "shop/settings.py": DJANGO().replace("insecure", "in\\tsecure").replace("\\t", "\t") }, /the secret for site\.secret contains a control character; write the file by hand/],
	"phpBB's cookie if its database does not answer": [{ "config.php": PHPBB_CONFIG("mysqli", `$dbhost = '127.0.0.1:1';\n${PHPBB_SERVER}`) }, /setup cannot find a value for site_cookie/],
};
for (const [what, [files, says]] of Object.entries(NOT_TAKEN))
	test(`not taken: ${what}`, async () => {
		const home = fresh();
		for (const [name, text] of Object.entries(files))
			place.write(path.join(home.name, "site", name), text);
		const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, login: undefined, site: home.at("site") });
		assert.equal(code, 1, stdout);
		assert.match(stderr, says);
		assert.equal(fs.existsSync(home.at("etc")), false);
	});

/** Why a file of the site is not read: its mode, its content; what setup says. */
const UNREAD = {
	"nobody may read it": [0o000, WP_CONFIG(), /wp-config\.php cannot be read: Permission denied\n/],
	"everybody may write to it": [0o666, WP_CONFIG(), /wp-config\.php is not read because every user can write to it; run: chmod o-w \S+\/wp-config\.php\n/],
	"it is too long": [0o600, `${WP_CONFIG()}${"#".repeat(300000)}`, /wp-config\.php is not read because it is larger than 262144 bytes\n/],
	"it is a folder": [null, null, /wp-config\.php is not read because it is not a regular file\n/],
};
for (const [what, [mode, text, says]] of Object.entries(UNREAD))
	test(`a file of the site is not read: ${what}`, async () => {
		const home = fresh();
		if (text === null)
			place.folder(`${home.name}/site/wp-config.php`);
		else
			fs.chmodSync(place.write(`${home.name}/site/wp-config.php`, text), mode);
		const { code, stdout } = await ordinarySetup(home, { ...home.answers, login: undefined, site: home.at("site") }, ["--dry-run"]);
		assert.equal(code, 0);
		assert.match(stdout, says);
		assert.match(stdout, /found: no software that setup knows/);
	});
