// prebindctl setup: which rule suits the site's user names, read from the database that it found.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, test } from "node:test";
import { Mariadb } from "../lib/mariadb.mjs";
import { ordinaryPlace, ordinarySetup } from "../lib/setup.mjs";
import { runSql } from "../lib/sqlite.mjs";

const { place, fresh } = ordinaryPlace();
after(() => place.close());

const phpbb = (file, prefix) => `<?php $dbms = 'phpbb\\\\db\\\\driver\\\\sqlite3'; $dbhost = '${file}'; $table_prefix = '${prefix}'; define('PHPBB_INSTALLED', true);`;
const wordpress = (host, password) => `<?php
define('DB_NAME', 'blog'); define('DB_USER', 'wp'); define('DB_PASSWORD', '${password}'); define('DB_HOST', '${host}');
$table_prefix = 'blog_';`;

const NAMES = [
	[["alice", "bob"], /2 user names; the rule \{user\} refuses 0\n/, "{user}"],
	[["alice", "Bob"], /2 user names; the rule \{user\} refuses 1, such as 'Bob'[^]*\{user\|lower\} +0 users get no JID; 0 names/, "{user|lower}"],
	[["bob", "Bob", "carol"], /\{user\|lower\} +0 users get no JID; 1 names differ/, "{user|safe}"],
	[["alice", "B C"], /2 user names; the rule \{user\} refuses 1, such as 'B C'[^]*\{user\} +1 users get no JID/, "{user|lower}", "f3_"],
	[["alice", "e\u001b[31mvil"], /such as 'e\?\[31mvil'/, "{user|safe}"],
	[Array.from({ length: 600 }, (_, i) => `user${i}`), /600 user names; the rule \{user\} refuses 0/, "{user}"],
];
for (const [names, says, rule, prefix = "phpbb_"] of NAMES)
	test(`the rule for ${JSON.stringify(names.slice(0, 3).join(", "))}, with the prefix ${prefix}`, async () => {
		const home = fresh();
		const file = home.at("site/phpbb.sqlite");
		place.write(`${home.name}/site/config.php`, phpbb(file, prefix));
		await runSql(place, file, `CREATE TABLE ${prefix}users (username TEXT, user_type INT); INSERT INTO ${prefix}users VALUES ('Inactive', 1);
			CREATE TABLE ${prefix}config (config_name TEXT, config_value TEXT); INSERT INTO ${prefix}config VALUES ('cookie_name', 'phpbb3_q');
			${names.map((name) => `INSERT INTO ${prefix}users VALUES ('${name}', 0);`).join("")}`);
		const answers = { ...home.answers, login: undefined, jid: undefined, site: home.at("site") };
		const { code, stdout, stderr } = await ordinarySetup(home, answers, ["--dry-run"]);
		assert.equal(code, 0, stdout + stderr);
		assert.match(stdout, says);
		assert.ok(!stdout.includes("\u001b"), "nothing that a terminal obeys");
		assert.match(stdout, /Nothing was written\.\n$/);
		assert.equal(fs.existsSync(home.at("etc")), false);
		await ordinarySetup(home, answers);
		assert.match(fs.readFileSync(home.conf, "utf8"), new RegExp(`^jid = ${rule.replace(/[{}|]/g, "\\$&")}@example\\.org$`, "m"));
		assert.match(fs.readFileSync(home.conf, "utf8"), /^site_cookie = phpbb3_q_sid$/m);
	});

test("the names cannot be read: setup says why, and proposes the usual rule", async () => {
	const home = fresh();
	place.write(`${home.name}/site/config.php`, phpbb(home.at("site/gone.sqlite"), "phpbb_"));
	const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, login: undefined, jid: undefined, site_cookie: "q", site: home.at("site") }, ["--dry-run"]);
	assert.equal(code, 0, stderr);
	assert.match(stdout, /the site's user names cannot be read \(.*gone\.sqlite.*\)\n/);
});

/** The files with this password that are left of a question. */
const lent = (password) => fs.readdirSync("/tmp").filter((name) => name.startsWith("prebind-setup-") && read(`/tmp/${name}`) === password);

/** The content of a file that another test's program may just have removed. */
function read(file) {
	try {
		return fs.readFileSync(file, "utf8");
	} catch {
		return "";
	}
}

test("MariaDB is asked with the password that was found, and the password is left nowhere", async () => {
	const home = fresh();
	const server = await Mariadb.start(place);
	const right = `wp password ${process.pid}`, wrong = `elsewhere ${process.pid}`;
	await server.sql(`CREATE DATABASE blog; USE blog; CREATE TABLE blog_users (user_login varchar(60)); INSERT INTO blog_users VALUES ('Alice'), ('bob');
		CREATE USER wp@localhost IDENTIFIED BY '${right}'; GRANT SELECT ON blog.* TO wp@localhost`);
	for (const [host, password, says] of [
		[`localhost:${server.socket}`, right, /2 user names; the rule \{user\} refuses 1, such as 'Alice'/],
		[`localhost:${server.socket}`, wrong, /the site's user names cannot be read \(.*Access denied/],
	]) {
		place.write(`${home.name}/site/wp-config.php`, wordpress(host, password));
		const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, login: undefined, jid: undefined, site: home.at("site") }, ["--dry-run"]);
		assert.equal(code, 0, stderr);
		assert.match(stdout, says);
		assert.ok(!stdout.includes(password), "no secret is printed");
		assert.deepEqual(lent(password), []);
	}
	await server.stop();
});
