// The ready queries of sql/sites, each against the tables that its software has (their definitions shortened to what
// matters): who is recognised, and who is not.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { askSql, runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const NOW = Math.floor(Date.now() / 1000);
const DAY = 86400;
const LOOK = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };

const id = (name) => createHash("md5").update(name).digest("hex");
const drupalId = (cookie) => createHash("sha256").update(cookie).digest("base64url");
const sqlTime = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");

/** software: its cookie, tables and rows, and for each cookie the name in the page (null: nobody). */
const SITES = {
	phpbb: {
		cookie: "phpbb3_x1y2z_sid",
		sql: `CREATE TABLE phpbb_users (user_id INTEGER PRIMARY KEY NOT NULL, user_type INTEGER NOT NULL DEFAULT '0', group_id INTEGER NOT NULL DEFAULT '3',
				username VARCHAR(255) NOT NULL DEFAULT '', username_clean VARCHAR(255) NOT NULL DEFAULT '', user_password VARCHAR(255) NOT NULL DEFAULT '');
			CREATE TABLE phpbb_sessions (session_id CHAR(32) NOT NULL DEFAULT '', session_user_id INTEGER UNSIGNED NOT NULL DEFAULT '0',
				session_start INTEGER UNSIGNED NOT NULL DEFAULT '0', session_time INTEGER UNSIGNED NOT NULL DEFAULT '0',
				session_ip VARCHAR(40) NOT NULL DEFAULT '', session_autologin INTEGER UNSIGNED NOT NULL DEFAULT '0', PRIMARY KEY (session_id));
			CREATE TABLE phpbb_config (config_name VARCHAR(255) NOT NULL DEFAULT '', config_value VARCHAR(255) NOT NULL DEFAULT '',
				is_dynamic INTEGER UNSIGNED NOT NULL DEFAULT '0', PRIMARY KEY (config_name));
			INSERT INTO phpbb_config (config_name, config_value) VALUES ('session_length', '3600'), ('allow_autologin', '1'), ('max_autologin_time', '0');
			INSERT INTO phpbb_users (user_id, user_type, username) VALUES (1, 2, 'Anonymous'), (2, 3, 'chief'), (48, 0, 'alice'), (49, 1, 'idle'), (50, 2, 'Bing [Bot]');
			INSERT INTO phpbb_sessions (session_id, session_user_id, session_time) VALUES ('${id("alice")}', 48, ${NOW}), ('${id("chief")}', 2, ${NOW - 3600}),
				('${id("guest")}', 1, ${NOW}), ('${id("idle")}', 49, ${NOW}), ('${id("bot")}', 50, ${NOW}), ('${id("old")}', 48, ${NOW - 3700});
			INSERT INTO phpbb_sessions (session_id, session_user_id, session_time, session_autologin) VALUES ('${id("remembered")}', 48, ${NOW - 7200}, 1);`,
		expect: { [id("alice")]: "alice", [id("remembered")]: "alice", [id("chief")]: "chief", [id("guest")]: null, [id("idle")]: null, [id("bot")]: null, [id("old")]: null, [id("none")]: null },
	},
	drupal7: {
		cookie: "SESS0123456789abcdef0123456789abcdef",
		sql: `CREATE TABLE users (uid INTEGER NOT NULL CHECK (uid>= 0) DEFAULT 0, name VARCHAR(60) NOT NULL DEFAULT '', pass VARCHAR(128) NOT NULL DEFAULT '',
				status INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (uid));
			CREATE TABLE sessions (uid INTEGER NOT NULL, sid VARCHAR(128) NOT NULL, ssid VARCHAR(128) NOT NULL DEFAULT '', hostname VARCHAR(128) NOT NULL DEFAULT '',
				timestamp INTEGER NOT NULL DEFAULT 0, cache INTEGER NOT NULL DEFAULT 0, session BLOB NULL DEFAULT NULL, PRIMARY KEY (sid, ssid));
			INSERT INTO users (uid, name, status) VALUES (0, '', 0), (5, 'alice', 1), (6, 'blocked', 0);
			INSERT INTO sessions (uid, sid, timestamp) VALUES (5, 'a-${id("alice")}', ${NOW - DAY}), (6, 'b', ${NOW}), (0, 'c', ${NOW}), (5, 'old', ${NOW - 3 * DAY});`,
		expect: { [`a-${id("alice")}`]: "alice", b: null, c: null, old: null, none: null },
	},
	"drupal7-https": {
		cookie: "SSESS0123456789abcdef0123456789abcdef",
		sql: `CREATE TABLE users (uid INTEGER NOT NULL DEFAULT 0, name VARCHAR(60) NOT NULL DEFAULT '', status INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (uid));
			CREATE TABLE sessions (uid INTEGER NOT NULL, sid VARCHAR(128) NOT NULL, ssid VARCHAR(128) NOT NULL DEFAULT '', timestamp INTEGER NOT NULL DEFAULT 0,
				PRIMARY KEY (sid, ssid));
			INSERT INTO users VALUES (5, 'alice', 1), (7, 'mallory', 1);
			INSERT INTO sessions VALUES (5, 'plain', 'secure', ${NOW}), (7, 'only-plain', '', ${NOW}), (7, 'only-plain-too', '', ${NOW});`,
		expect: { secure: "alice", plain: null, "only-plain": null },
	},
	drupal: {
		cookie: "SSESS0123456789abcdef0123456789abcdef",
		transform: "drupal",
		sql: `CREATE TABLE users_field_data (uid INTEGER NOT NULL, langcode VARCHAR(12) NOT NULL, name VARCHAR(60) NOT NULL, status INTEGER NULL,
				default_langcode INTEGER NOT NULL, PRIMARY KEY (uid, langcode));
			CREATE TABLE sessions (uid INTEGER NOT NULL, sid VARCHAR(128) NOT NULL, hostname VARCHAR(128) NOT NULL DEFAULT '', timestamp INTEGER NOT NULL DEFAULT 0,
				session BLOB NULL DEFAULT NULL, PRIMARY KEY (sid));
			INSERT INTO users_field_data VALUES (0, 'en', '', 0, 1), (5, 'en', 'alice', 1, 1), (5, 'de', 'alice', 1, 0), (6, 'en', 'blocked', 0, 1);
			INSERT INTO sessions (uid, sid, timestamp) VALUES (5, '${drupalId("Alice-_cookie")}', ${NOW}), (6, '${drupalId("blocked")}', ${NOW}),
				(0, '${drupalId("nobody")}', ${NOW}), (5, '${drupalId("old")}', ${NOW - 3 * DAY}), (5, 'raw', ${NOW});`,
		expect: { "Alice-_cookie": "alice", blocked: null, nobody: null, old: null, raw: null, [drupalId("Alice-_cookie")]: null, none: null },
	},
	trac: {
		cookie: "trac_auth",
		sql: `CREATE TABLE auth_cookie (cookie text, name text, ipnr text, time integer, UNIQUE (cookie, ipnr, name));
			CREATE TABLE session_attribute (sid text, authenticated integer, name text, value text, UNIQUE (sid, authenticated, name));
			INSERT INTO auth_cookie VALUES ('${id("alice")}', 'alice', '192.0.2.1', ${NOW - 9 * DAY}), ('${id("bob")}', 'bob', '192.0.2.1', ${NOW}),
				('${id("old")}', 'alice', '192.0.2.1', ${NOW - 11 * DAY});
			INSERT INTO session_attribute VALUES ('alice', 1, 'name', 'Alice A.'), ('alice', 1, 'email', 'a@example.org'), ('bob', 0, 'name', 'not Bob');`,
		expect: { [id("alice")]: "Alice A.", [id("bob")]: "bob", [id("old")]: null, [id("none")]: null },
	},
	flarum: {
		cookie: "flarum_remember",
		sql: `CREATE TABLE users (id integer primary key autoincrement not null, username varchar not null, email varchar not null, is_email_confirmed tinyint(1) not null default '0');
			CREATE TABLE access_tokens (id integer primary key autoincrement not null, token varchar not null, user_id integer not null, last_activity_at datetime,
				created_at datetime not null, type varchar not null, title varchar);
			CREATE UNIQUE INDEX access_tokens_token_unique on access_tokens (token);
			INSERT INTO users (id, username, email, is_email_confirmed) VALUES (1, 'alice', 'a@example.org', 1), (2, 'new', 'n@example.org', 0);
			INSERT INTO access_tokens (token, user_id, last_activity_at, created_at, type) VALUES ('alice', 1, '${sqlTime(NOW)}', '', 'session_remember'),
				('unconfirmed', 2, '${sqlTime(NOW)}', '', 'session_remember'), ('session', 1, '${sqlTime(NOW)}', '', 'session'),
				('developer', 1, '${sqlTime(NOW)}', '', 'developer'), ('old', 1, '${sqlTime(NOW - 6 * 365 * DAY)}', '', 'session_remember');`,
		expect: { alice: "alice", unconfirmed: null, session: null, developer: null, old: null, none: null },
	},
};

const host = (name) => `${name}.example.org`;
let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const sites = {};
	for (const [name, site] of Object.entries(SITES)) {
		const database = `${place.folder("sites")}/${name}.db`;
		await runSql(place, database, site.sql);
		fs.chmodSync(database, 0o640);
		sites[name] = peer.site(place, {
			hosts: host(name), identity: "site_session", site_database: database, site_cookie: site.cookie,
			site_cookie_transform: site.transform, site_query: place.copy(`sql/sites/${name}.sql`, `sql/${name}.sql`),
		});
	}
	prebind = new Prebind(place, { site: peer.site(place, { hosts: "example.org" }), sites });
	await prebind.prepare();
	await prebind.start();
});
after(() => place.close({ logs: true }));

async function nameFor(site, cookie) {
	const answer = await prebind.request({ path: "/", params: { HTTP_HOST: host(site) }, headers: { ...LOOK, Cookie: `${SITES[site].cookie}=${cookie}` } });
	assert.ok([200, 401].includes(answer.status), answer.body);
	return /<span id="me">([^<]*)</.exec(answer.body)?.[1] ?? null;
}

for (const [name, site] of Object.entries(SITES))
	test(`${name}.sql`, async () => {
		for (const [cookie, expected] of Object.entries(site.expect))
			assert.equal(await nameFor(name, cookie), expected, cookie);
	});

// The last second in which the software itself believes a session: its age then, by what the board or site has set.
const LIMITS = [
	["phpbb", {}, 3660],
	["phpbb", { session_length: 600 }, 660],
	["phpbb", { session_length: 86400 }, 86460],
	["phpbb", { remembered: true }, Infinity],
	["phpbb", { remembered: true, session_length: 600 }, Infinity],
	["phpbb", { remembered: true, max_autologin_time: 2 }, 2 * DAY - 60],
	["phpbb", { remembered: true, allow_autologin: 0 }, -1],
	["phpbb", { remembered: true, allow_autologin: "" }, -1],
	["phpbb", { allow_autologin: 0 }, 3660],
	["drupal7", {}, 200000],
	["drupal", {}, 200000],
	["trac", {}, 10 * DAY],
	["flarum", {}, 5 * 365 * DAY - 1],
];
const AGED = {
	phpbb: (age, { remembered, ...config }) => Object.entries(config).map(([name, value]) =>
		`UPDATE phpbb_config SET config_value = '${value}' WHERE config_name = '${name}';`).join("") +
		`UPDATE phpbb_sessions SET session_time = ${NOW - age}, session_autologin = ${remembered ? 1 : 0} WHERE session_id = '${id("alice")}';`,
	drupal7: (age) => `UPDATE sessions SET timestamp = ${NOW - age} WHERE sid = 'a-${id("alice")}';`,
	drupal: (age) => `UPDATE sessions SET timestamp = ${NOW - age} WHERE sid = '${drupalId("Alice-_cookie")}';`,
	trac: (age) => `UPDATE auth_cookie SET time = ${NOW - age} WHERE cookie = '${id("alice")}';`,
	flarum: (age) => `UPDATE access_tokens SET last_activity_at = '${sqlTime(NOW - age)}' WHERE token = 'alice';`,
};
const SID = { phpbb: id("alice"), drupal7: `a-${id("alice")}`, drupal: drupalId("Alice-_cookie"), trac: id("alice"), flarum: "alice" };

test("a session ends with the second in which its software ends it", async () => {
	for (const [i, [name, config, last]] of LIMITS.entries()) {
		const query = fs.readFileSync(path.join(top, `sql/sites/${name}.sql`), "utf8");
		const ages = last === Infinity ? [[10 * 365 * DAY, "alice"]] : [[last, "alice"], [last + 1, null]].filter(([age]) => age >= 0);
		for (const [age, expected] of ages) {
			const database = `${place.folder("limits")}/${i}-${age}.db`;
			await runSql(place, database, SITES[name].sql + AGED[name](age, config));
			assert.deepEqual(await askSql(place, database, query, [{ sid: SID[name], now: NOW }]), [expected],
				`${name} ${JSON.stringify(config)}, ${age} s old`);
		}
	}
});

test("each ready query is tried, here or with its software, and has a head that says what it is for", () => {
	// those of login_query are in site_login.test.mjs
	const files = fs.readdirSync(path.join(top, "sql/sites")).filter((file) => /(?<!-login)\.sql$/.test(file));
	// the names that older configurations have; site_queries.test.mjs tries the files of all folders
	assert.deepEqual(files.sort(), [...Object.keys(SITES), "django", "django-user"].map((name) => `${name}.sql`).sort());
	for (const file of files) {
		const text = fs.readFileSync(path.join(top, "sql/sites", file), "utf8");
		assert.match(text, /^-- \S/);
		if (file !== "django-user.sql")
			assert.match(text, /^-- site_cookie .*\n(-- .*\n)*--\n-- Relies on: /m, file);
	}
});
