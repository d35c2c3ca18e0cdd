// prebindctl setup: from an empty folder to a page that has a session, what it finds in a site's folder, and what it leaves alone. Real
// Prosody and lighttpd. Run with root's rights, as an operator runs it, or with anybody's.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { SERVICE } from "../lib/check.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { httpRequest, Visitor } from "../lib/http.mjs";
import { startLighttpd } from "../lib/lighttpd.mjs";
import { Place, top } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";
import { planOf, setup, setupPlace } from "../lib/setup.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { accepts, DEAD_PORT, freePorts } from "../lib/wait.mjs";
import { startSite } from "../lib/xmpp_site.mjs";

const PASSWORD = "correct horse";
const ROOT = process.getuid() === 0;
const first = new Place();
let xmpp; // a site whose Prosody all tests use

before(async () => {
	xmpp = await startSite(first, { server: "prosody", way: "token" });
});
after(() => first.close());

const ownerOf = (file) => execFileSync("stat", ["-c", "%U %a", file], { encoding: "utf8" }).trim();
const read = (file) => fs.readFileSync(file, "utf8");

const newPlace = (t) => setupPlace(t, xmpp.port);

test("an empty folder: setup writes everything, and the page has a session", async (t) => {
	const place = newPlace(t);
	const [port] = await freePorts(1);
	place.folder("etc", 0o755);
	const key = place.write("etc/bosh.key", xmpp.key.text); // Prosody has it already, so it stays
	const { code, stdout, stderr } = await setup(place, place.answers);
	assert.equal(code, 0, stdout + stderr);
	assert.deepEqual(planOf(stdout), { data: "write", run: "write", "bosh.key": "keep", "prebind.conf": "write", "lighttpd.conf": "write", "prosody.cfg.lua": "write" });
	assert.equal(read(key), xmpp.key.text);
	assert.match(stdout, /answers for example\.org \(prosody\), and offers /);
	assert.match(stdout, /^ok {4}default: upstream: /m);
	assert.match(stdout, /What is left to do:[^]*Enable .*lighttpd\.conf[^]*Open http:\/\/127\.0\.0\.1\/chat\/\n$/);

	const conf = read(place.conf);
	const keys = [...conf.matchAll(/^(; \S.*\n)?(\w+) = /gm)];
	assert.ok(keys.length > 10 && keys.every(([, comment]) => comment), "each key has a comment");
	assert.match(conf, /^bosh_auth = token$/m);
	if (ROOT) {
		assert.equal(ownerOf(place.path("data/prebind.db")), `${SERVICE} 600`);
		assert.equal(ownerOf(place.conf), "root 644");
	}
	assert.ok(read(place.path("etc/prosody.cfg.lua")).includes(docSnippet("docs/prosody.md", "token")), "the document's lines");

	const run = (args, input) => place.run([place.program, "-c", place.conf, ...args], { input });
	assert.equal((await run(["user", "add", "alice", "--password-stdin"], `${PASSWORD}\n`)).code, 0);
	const program = place.copy(path.join(build, "prebind.fcgi"), "bin/prebind.fcgi");
	await place.startUntil("prebind", [program, "-c", place.conf], () => fs.existsSync(place.answers.listen) && accepts(place.answers.listen));
	await startLighttpd(place, { port, snippets: [read(place.answers.web_file)] });
	const visitor = new Visitor((request) => httpRequest({ port, ...request, path: `/chat${request.path}` }));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	const { body } = await visitor.get("/");
	assert.match(body, /"jid":"alice@example\.org\/web-[^"]+","sid":"[^"]+","rid":"\d+"/);
	assert.equal((await httpRequest({ port, path: "/chat/static/chat.css" })).status, 200);

	const again = await setup(place, place.answers);
	assert.equal(again.code, 0, again.stderr);
	assert.deepEqual(planOf(again.stdout), { "bosh.key": "keep", "prebind.conf": "unchanged", "lighttpd.conf": "unchanged", "prosody.cfg.lua": "unchanged" });
	assert.equal(read(place.conf), conf);
	const other = await setup(place, { ...place.answers, wait: "30" });
	assert.equal(planOf(other.stdout)["prebind.conf"], "replace");
	assert.match(read(place.conf), /^wait = 30$/m);
});

test("a file that somebody wrote, or changed, stays, and nothing else is written", async (t) => {
	const place = newPlace(t);
	place.folder("etc", 0o755);
	place.write("etc/lighttpd.conf", "# mine\n");
	const refused = await setup(place, place.answers);
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /lighttpd\.conf was not written by setup, or was changed since, so it stays; move it away/);
	assert.equal(planOf(refused.stdout)["lighttpd.conf"], "REFUSED");
	assert.deepEqual(fs.readdirSync(place.path("etc")), ["lighttpd.conf"]);
	assert.equal(read(place.answers.web_file), "# mine\n");

	fs.rmSync(place.answers.web_file);
	assert.equal((await setup(place, place.answers)).code, 0);
	fs.appendFileSync(place.conf, "; mine\n");
	const changed = read(place.conf);
	const again = await setup(place, { ...place.answers, wait: "30" });
	assert.equal(again.code, 1);
	assert.match(again.stderr, /prebind\.conf was not written by setup, or was changed since/);
	assert.equal(read(place.conf), changed);
});

const BAD = [
	[{ jid: "{user}" }, /jid/],
	[{ databse: "/x" }, /answers:\d+: 'databse' is neither a question of setup nor a key of a site/],
	[{ login: "cookies" }, /login: 'cookies' is not one of the words/],
	[{ url: "ftp://x/" }, /url: 'ftp:\/\/x\/' is not an address/],
	[{ hold: "9" }, /the answers make no configuration: .*hold.*from 1 to 2/],
	[{ auth: "tigase", tigase_user: "a@example.org" }, /tigase\.password: put the password of tigase_user into this file first/],
	[{ auth: "tigase" }, /tigase_user could not be found out; give it with tigase_user=VALUE/],
];
for (const [answers, says] of BAD)
	test(`refused before anything is written: ${Object.entries(answers)[0].join(" = ")}`, async (t) => {
		const place = newPlace(t);
		const { code, stderr } = await setup(place, { ...place.answers, ...answers });
		assert.equal(code, 1, stderr);
		assert.match(stderr, says);
		assert.equal(fs.existsSync(place.path("etc")), false);
	});

// ---- what is found ----

const PHPBB_CONFIG = (dbms, more) => `<?php
// phpBB 3.3.x auto-generated configuration file; $dbname = 'not this';
$dbms = '${dbms}';
${more}
$table_prefix = 'forum_';
@define('PHPBB_INSTALLED', true);
`;
const DRUPAL_SETTINGS = `<?php
/* $databases['default']['default'] = ['database' => 'databasename', 'username' => 'sqlusername']; */
# 'database' => 'nor this',
$databases['default']['default'] = array (
  'database' => 'shop',
  'username' => 'shop_user',
  'password' => 'it\\'s secret',
  'host' => 'localhost',
  'driver' => 'mysql',
);
`;
const WP_CONFIG = `<?php
define( 'DB_NAME', 'blog' );
define( 'DB_USER', 'wp' );
define( 'DB_PASSWORD', 'wp password' );
define( 'DB_HOST', 'localhost' );
define( 'LOGGED_IN_KEY', '${"k".repeat(64)}' );
define( 'LOGGED_IN_SALT', '${"s".repeat(64)}' );
define( 'WP_SITEURL', 'http://127.0.0.1' );
$table_prefix = 'blog_';
`;
const host = (text, n) => crypto.createHash("sha256").update(text).digest("hex").slice(0, n);

/** files: of the site; keys: the configuration's lines; says: in what is printed. */
const SITES = [
	["phpBB", {
		files: { "config.php": PHPBB_CONFIG("phpbb\\\\db\\\\driver\\\\mysqli", "$dbhost = 'db.example';\n$dbname = 'forum';\n$dbuser = 'phpbb';\n$dbpasswd = 'a \"b\" c';") },
		answers: { site_cookie: "phpbb3_abc_sid" },
		keys: ["identity = site_session", "site_database = mariadb://phpbb@db.example/forum", "site_cookie = phpbb3_abc_sid", "login_url = /ucp.php?mode=login",
			"site_database_password_file = ETC/site.password", "site_query = ETC/site.sql"],
		written: { "site.password": 'a "b" c\n' },
		says: /found: phpBB/ }],
	["Drupal", {
		files: { "sites/default/settings.php": DRUPAL_SETTINGS, "core/x": "" }, answers: {},
		keys: ["site_database = mariadb://shop_user@localhost/shop", "site_query = SHARE/sql/sites/drupal/session.sql", "site_cookie_transform = drupal",
			`site_cookie = SESS${host("127.0.0.1", 32)}`, "login_url = /user/login"],
		written: { "site.password": "it's secret\n" }, says: /found: Drupal/ }],
	["Django", {
		files: { "shop/settings.py": "SECRET_KEY = 'django-insecure-1'\nINSTALLED_APPS = []\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n" }, answers: {},
		keys: ["site_database = SITE/db.sqlite3", "site_result = django", "site_cookie = sessionid", "site_secret_file = ETC/site.secret"],
		written: { "site.secret": "django-insecure-1\n" }, says: /found: Django/ }],
	["PHP", {
		files: { "index.php": "<?php session_start(); ?>" }, answers: { php_session_user: "user.name", php_session_path: "/var/tmp" },
		keys: ["identity = php_session", "php_session_user = user.name", "php_session_path = /var/tmp"], written: {}, says: /found: PHP's sessions/ }],
	["WordPress", {
		files: { "wp-config.php": WP_CONFIG }, answers: {},
		keys: ["identity = site_session", "login_url = /wp-login.php", "site_result = wordpress", "site_database = mariadb://wp@localhost/blog",
			"site_query = ETC/site.sql", "site_secret_file = ETC/wordpress.secret"],
		written: { "site.password": "wp password\n" }, says: /found: WordPress/ }],
	["another way than the one found", {
		files: { "sites/default/settings.php": DRUPAL_SETTINGS }, answers: { login: "login" }, keys: ["identity = login"], not: /site_|login_url/, written: {},
		says: /found: Drupal/ }],
];
for (const [what, { files, answers, keys, not, written, says }] of SITES)
	test(`found: ${what}`, async (t) => {
		const place = newPlace(t);
		for (const [name, text] of Object.entries(files))
			place.write(path.join("site", name), text);
		const usual = { ...place.answers };
		delete usual.login;
		const { stdout, stderr } = await setup(place, { ...usual, site: place.path("site"), ...answers });
		assert.match(stdout, says, stderr);
		const conf = read(place.conf);
		const fill = (text) => text.replace("ETC", place.path("etc")).replace("SHARE", place.answers.share).replace("SITE", place.path("site"));
		for (const line of keys)
			assert.ok(conf.includes(`\n${fill(line)}\n`), `${fill(line)}\n${conf}`);
		if (not)
			assert.doesNotMatch(conf, not);
		for (const [name, text] of Object.entries(written)) {
			assert.equal(read(place.path("etc", name)), text);
			assert.equal(fs.statSync(place.path("etc", name)).mode & 0o777, 0o600);
		}
		assert.doesNotMatch(stdout, /it's secret|django-insecure-1|a "b" c/, "no secret is printed");
		if (what === "phpBB")
			assert.match(read(place.path("etc/site.sql")), /FROM forum_sessions s[^]*FROM forum_config/);
	});

const NAMES = [
	[["alice", "bob"], /2 user names: 0 that/, "{user}"],
	[["alice", "Bob"], /2 user names: 1 that the rule \{user\} refuses, such as 'Bob'[^]*\{user\|lower\} +0 users get no JID; 0 names/, "{user|lower}"],
	[["bob", "Bob", "carol"], /\{user\|lower\} +0 users get no JID; 1 names differ/, "{user|safe}"],
];
for (const [names, says, rule] of NAMES)
	test(`the rule for ${names.join(", ")}`, async (t) => {
		const place = newPlace(t);
		const file = place.path("site/phpbb.sqlite");
		place.write("site/config.php", PHPBB_CONFIG("phpbb\\\\db\\\\driver\\\\sqlite3", `$dbhost = '${file}';`).replace("forum_", "phpbb_"));
		await runSql(place, file, `CREATE TABLE phpbb_users (username TEXT, user_type INT);
			CREATE TABLE phpbb_config (config_name TEXT, config_value TEXT); INSERT INTO phpbb_config VALUES ('cookie_name', 'phpbb3_q');
			${names.map((name) => `INSERT INTO phpbb_users VALUES ('${name}', 0);`).join("")}`);
		const usual = { ...place.answers };
		delete usual.login;
		const { code, stdout, stderr } = await setup(place, { ...usual, site: place.path("site") }, ["--dry-run"]);
		assert.equal(code, 0, stdout + stderr);
		assert.match(stdout, says);
		assert.match(stdout, /Nothing was written\.\n$/);
		assert.equal(fs.existsSync(place.path("etc")), false);
		await setup(place, { ...usual, site: place.path("site") });
		assert.match(read(place.conf), new RegExp(`^jid = ${rule.replace(/[{}|]/g, "\\$&")}@example\\.org$`, "m"));
		assert.match(read(place.conf), /^site_cookie = phpbb3_q_sid$/m);
	});

test("no XMPP server answers: setup says what it tried", async (t) => {
	const place = newPlace(t);
	const { code, stdout } = await setup(place, { ...place.answers, xmpp: `http://127.0.0.1:${DEAD_PORT}/http-bind` });
	assert.equal(code, 0);
	assert.match(stdout, /127\.0\.0\.1:1.*no connection \(Connection refused\)/);
	assert.match(read(place.conf), /^bosh_auth = password$/m);
});

test("each web server's part has this path and socket", async (t) => {
	const place = newPlace(t);
	for (const [web, parts] of Object.entries({
		apache: [/^Define prebind_socket "SOCKET"$/m, /^ProxyPassMatch \^\/talk\/x\(\/\|\$\) /m, /^Alias \/talk\/x\/static /m],
		nginx: [/fastcgi_pass unix:SOCKET;/, /^location \^~ \/talk\/x\/ \{$/m, new RegExp(`proxy_pass +http://127\\.0\\.0\\.1:${xmpp.port}/http-bind`)],
		lighttpd: [/^var\.prebind_mount = "\/talk\/x"$/m, /^var\.prebind_socket = "SOCKET"$/m, new RegExp(`^var\\.prebind_bosh_port = "${xmpp.port}"$`, "m")],
		"apache-cgi": [/^ScriptAliasMatch \^\/talk\/x\(/m],
	})) {
		const web_file = place.path(`etc/${web}.conf`);
		const { code, stderr } = await setup(place, { ...place.answers, web, web_file, url: "http://127.0.0.1/talk/x/" });
		assert.equal(code, 0, stderr);
		for (const part of parts)
			assert.match(read(web_file), new RegExp(part.source.replace("SOCKET", place.answers.listen), part.flags), web);
		assert.doesNotMatch(read(web_file), /\/chat[(/]/);
	}
});

/** Runs a script as root of a machine whose /etc/prebind is empty, and that systemd has started. What it writes into /etc is in the place. */
const onMachine = (place, script) => spawnSync("unshare", ["--mount", "sh", "-euc", `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system
	mount -t overlay overlay -o 'lowerdir=/etc,upperdir=${place.folder("upper", 0o755)},workdir=${place.folder("work", 0o755)}' /etc
	rm -rf /etc/prebind && mkdir /etc/prebind\n${script}`], { encoding: "utf8" });

for (const web of ["apache", "lighttpd", "nginx"])
	test(`the commands that are left, for ${web}`, { skip: !ROOT && "needs root" }, (t) => {
		const place = newPlace(t);
		const answers = { ...place.answers, url: "https://www.example.org/chat/", web, web_file: `/etc/prebind/${web}.conf`, xmpp_file: "/etc/prebind/xmpp-server.conf" };
		place.write("answers", Object.entries(answers).map(([name, value]) => `${name} = ${value}\n`).join(""));
		const { stdout, stderr } = onMachine(place, `'${place.program}' setup --answers '${place.path("answers")}' && [ ! -e /etc/prebind/start.sh ] || cat /etc/prebind/start.sh >&2`);
		if (web === "nginx") {
			assert.equal(stderr, "", "the file of the site has to be edited");
			assert.match(stdout, /Enable \/etc\/prebind\/nginx\.conf/);
			return;
		}
		const commands = ["prosody", web].map((name) => docSnippet("docs/own-server.md", name)).join("");
		assert.equal(stderr.split("\n").slice(1).join("\n"), `set -eux\n${commands.replaceAll("/usr/share/prebind", answers.share)}`, stdout);
		assert.match(stdout, /1\. Read these commands, then run them: sh \/etc\/prebind\/start\.sh\n/);
	});

test("at a terminal: the questions, with what is proposed", async (t) => {
	const place = newPlace(t);
	const given = { ...place.answers };
	delete given.site;
	delete given.login;
	const words = Object.entries(given).map(([name, value]) => `${name}=${value}`).join(" ");
	const typed = ["/nonexistent", "-", "", "", "", "y", ""].join("\n"); // a wrong answer is asked again
	const child = place.start("setup", ["script", "-qec", `${place.program} -c ${place.conf} setup user= ${words.replace(/ user=\S*/, "")}`, "/dev/null"], { input: typed });
	await child.end;
	assert.match(child.stdout, /Where is the site[^]*'\/nonexistent' is not a folder[^]*Where is the site[^]*How does prebind know[^]*How does prebind log in there[^]*\[token\][^]*Write them\? \[y\/N\]/);
	assert.match(read(place.conf), /^identity = login$/m);
});

test("make install puts what setup reads where setup looks for it", () => {
	const makefile = read(path.join(top, "Makefile"));
	for (const file of ["prosody.md", "ejabberd.md", "tigase.md", "own-server.md"])
		assert.match(makefile, new RegExp(`^SETUP_DOCS .*docs/${file.replace(".", "\\.")}`, "m"));
});
