// The ready queries of sql/sites on every database that their software runs on: the tables of its documentation, with
// the columns that matter, and rows for who is there and who is not. Each server is started once.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { SCRIPT, Visitor } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place, top } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const NOW = Math.floor(Date.now() / 1000);
const DAY = 86400;
const PASSWORD = "correct horse";
const LOOK = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
const KINDS = ["sqlite", "mariadb", "postgresql"];
const SERVERS = ["mariadb", "postgresql"];

const BCRYPT = "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const PBKDF2 = "pbkdf2_sha256$1000$abcDEF123$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo=";

const sid = (what) => createHash("md5").update(what).digest("hex");
const drupal = (what) => createHash("sha256").update(sid(what)).digest("base64url");
const nextcloud = (what) => createHash("sha512").update(`${sid(what)}SECRET`).digest("hex");
const base64 = (text) => Buffer.from(text).toString("base64");
/** A time as each database has it in a column of that type. */
const time = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
const rows = (table, ...values) => `INSERT INTO ${table} VALUES ${values.map((row) => `(${row.map((value) =>
	(value === null || typeof value === "number" ? `${value}` : `'${String(value).replaceAll("'", "''")}'`)).join(", ")})`).join(", ")};`;

/** PHP's session of a user. Its visitor has searched for what looks like another user's session. */
const phpSession = (key, id, more = "") => base64(`temp|b:0;search|s:22:"x;${key}|i:49;${"y".repeat(14 - key.length)}";${key}|i:${id};${more}`);

/** The types that are spelled differently. */
const TYPES = {
	sqlite: { datetime: "datetime", bool: "bool", bytes: "BLOB", wiki: "BLOB", wikitime: "BLOB", user: "user", yes: 1, no: 0 },
	mariadb: { datetime: "datetime", bool: "tinyint(1)", bytes: "varbinary(192)", wiki: "varbinary(255)", wikitime: "varbinary(14)", user: "user", yes: 1, no: 0 },
	postgresql: { datetime: "timestamp with time zone", bool: "boolean", bytes: "bytea", wiki: "text", wikitime: "timestamp with time zone", user: "mwuser", yes: "t", no: "f" },
};

/**
 * The software: on which databases; its cookie, and further keys of prebind.conf; tables(t, kind): SQL; expect: cookie to
 * the name in the page (null: nobody). Users: alice may, blocked may not, both with the password. login: the names that
 * may log in; refused: further names that may not.
 */
const SOFTWARE = {
	phpbb: {
		kinds: KINDS, cookie: "phpbb3_x1y2z_sid",
		tables: () => `CREATE TABLE phpbb_users (user_id int PRIMARY KEY, user_type smallint NOT NULL, username varchar(255) NOT NULL,
				username_clean varchar(255) NOT NULL, user_password varchar(255) NOT NULL,
				user_avatar varchar(255) NOT NULL DEFAULT '', user_avatar_type varchar(255) NOT NULL DEFAULT '');
			CREATE TABLE phpbb_banlist (ban_id int PRIMARY KEY, ban_userid int NOT NULL, ban_end int NOT NULL, ban_exclude smallint NOT NULL);
			CREATE TABLE phpbb_sessions (session_id char(32) PRIMARY KEY, session_user_id int NOT NULL, session_time int NOT NULL, session_autologin smallint NOT NULL);
			CREATE TABLE phpbb_config (config_name varchar(255) PRIMARY KEY, config_value varchar(255) NOT NULL);` +
			rows("phpbb_config", ["session_length", "3600"], ["allow_autologin", "1"], ["max_autologin_time", "0"]) +
			rows("phpbb_banlist", [1, 51, 0, 0], [2, 48, NOW - 60, 0]) +
			rows("phpbb_users", [1, 2, "Anonymous", "anonymous", "", "", ""], [48, 0, "Alice", "alice", BCRYPT, "48_1.jpg", "avatar.driver.upload"],
				[49, 1, "blocked", "blocked", BCRYPT, "", ""], [51, 0, "banned", "banned", "", "", ""]) +
			rows("phpbb_sessions", [sid("alice"), 48, NOW, 0], [sid("old"), 48, NOW - 3700, 0], [sid("remembered"), 48, NOW - 7200, 1],
				[sid("blocked"), 49, NOW, 0], [sid("guest"), 1, NOW, 0], [sid("orphan"), 77, NOW, 0]),
		expect: { alice: "Alice", remembered: "Alice", old: null, blocked: null, guest: null, orphan: null, "logged out": null },
		login: ["Alice", "alice", "ALICE"], refused: ["Anonymous"],
		people: { name: "Alice", picture: "/download/file.php?avatar=48_1.jpg" }, hidden: ["banned", "Anonymous"],
	},
	drupal7: {
		kinds: KINDS, cookie: "SESS0123456789abcdef0123456789abcdef",
		tables: () => `CREATE TABLE users (uid int PRIMARY KEY, name varchar(60) NOT NULL, pass varchar(128) NOT NULL, status smallint NOT NULL);
			CREATE TABLE sessions (uid int NOT NULL, sid varchar(128) NOT NULL, ssid varchar(128) NOT NULL, timestamp int NOT NULL, PRIMARY KEY (sid, ssid));` +
			rows("users", [0, "", "", 0], [5, "Alice", "$S$5saltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQF", 1], [6, "blocked", BCRYPT, 0]) +
			rows("sessions", [5, sid("alice"), "", NOW - DAY], [5, sid("old"), "", NOW - 3 * DAY], [6, sid("blocked"), "", NOW], [0, sid("guest"), "", NOW], [77, sid("orphan"), "", NOW]),
		expect: { alice: "Alice", old: null, blocked: null, guest: null, orphan: null, "logged out": null },
		login: ["Alice", "alice"], people: { name: "Alice" },
	},
	"drupal7-https": {
		folder: "drupal7", session: "session-https", kinds: KINDS, cookie: "SSESS0123456789abcdef0123456789abcdef",
		tables: () => `CREATE TABLE users (uid int PRIMARY KEY, name varchar(60) NOT NULL, status smallint NOT NULL);
			CREATE TABLE sessions (uid int NOT NULL, sid varchar(128) NOT NULL, ssid varchar(128) NOT NULL, timestamp int NOT NULL, PRIMARY KEY (sid, ssid));` +
			rows("users", [5, "alice", 1], [7, "mallory", 1]) +
			rows("sessions", [5, sid("plain"), sid("alice"), NOW], [7, sid("only plain"), "", NOW], [7, sid("too"), "", NOW]),
		expect: { alice: "alice", plain: null, "only plain": null },
	},
	drupal: {
		kinds: KINDS, cookie: "SSESS0123456789abcdef0123456789abcdef", keys: { site_cookie_transform: "drupal" },
		tables: () => `CREATE TABLE users_field_data (uid int NOT NULL, langcode varchar(12) NOT NULL, name varchar(60) NOT NULL, pass varchar(255), status smallint,
				default_langcode smallint NOT NULL, PRIMARY KEY (uid, langcode));
			CREATE TABLE sessions (uid int NOT NULL, sid varchar(128) PRIMARY KEY, timestamp bigint NOT NULL);` +
			rows("users_field_data", [0, "en", "", null, 0, 1], [5, "en", "Alice", BCRYPT, 1, 1], [5, "de", "Alice", BCRYPT, 1, 0], [6, "en", "blocked", BCRYPT, 0, 1]) +
			rows("sessions", [5, drupal("alice"), NOW], [5, drupal("old"), NOW - 3 * DAY], [6, drupal("blocked"), NOW], [0, drupal("guest"), NOW], [77, drupal("orphan"), NOW], [5, sid("raw"), NOW]),
		expect: { alice: "Alice", old: null, blocked: null, guest: null, orphan: null, raw: null, "logged out": null },
		login: ["Alice", "aLICE"], people: { name: "Alice" },
	},
	joomla: {
		kinds: SERVERS, session: { postgresql: "session-postgresql" }, cookie: "0123456789abcdef0123456789abcdef",
		tables: (t) => `CREATE TABLE jos_users (id int PRIMARY KEY, name varchar(400) NOT NULL, username varchar(150) NOT NULL, email varchar(100) NOT NULL,
				password varchar(100) NOT NULL, block smallint NOT NULL, activation varchar(100) NOT NULL);
			CREATE TABLE jos_session (session_id ${t.bytes} PRIMARY KEY, client_id smallint, guest smallint, time int NOT NULL, userid int, username varchar(150));` +
			rows("jos_users", [42, "Alice A.", "alice", "a@example.org", BCRYPT, 0, ""], [43, "B", "blocked", "b@example.org", BCRYPT, 1, ""],
				[44, "New", "new", "n@example.org", BCRYPT, 0, "0123456789abcdef"]) +
			rows("jos_session", [sid("alice"), 0, 0, NOW, 42, "alice"], [sid("shared"), null, 0, NOW, 42, "alice"], [sid("admin"), 1, 0, NOW, 42, "alice"],
				[sid("old"), 0, 0, NOW - 960, 42, "alice"], [sid("blocked"), 0, 0, NOW, 43, "blocked"], [sid("guest"), 0, 1, NOW, 0, ""], [sid("orphan"), 0, 0, NOW, 77, "gone"]),
		expect: { alice: "Alice A.", shared: "Alice A.", admin: null, old: null, blocked: null, guest: null, orphan: null, "logged out": null },
		login: ["alice", "Alice"], refused: ["new"], people: { user: "alice", name: "Alice A." }, hidden: ["new"],
	},
	mediawiki: {
		kinds: KINDS, login: ["Alice", "alice"], refused: ["MediaWiki default"], people: { name: "Alice" }, hidden: ["MediaWiki default"],
		peopleQuery: { sqlite: "people-sqlite", mariadb: "people-mariadb", postgresql: "people-postgresql" }, loginQuery: { sqlite: "login-sqlite", mariadb: "login-mariadb", postgresql: "login-postgresql" },
		tables: (t, kind) => {
			const at = (seconds) => (kind === "postgresql" ? time(seconds) : time(seconds).replaceAll(/[- :]/g, ""));
			return `CREATE TABLE ${t.user} (user_id int PRIMARY KEY, user_name ${t.wiki} NOT NULL, user_real_name ${t.wiki} NOT NULL, user_password ${t.wiki} NOT NULL);
			CREATE TABLE ipblocks (ipb_id int PRIMARY KEY, ipb_user int, ipb_expiry ${t.wikitime} NOT NULL, ipb_sitewide smallint NOT NULL);` +
			rows(t.user, [1, "Alice", "", ":pbkdf2:sha512:30000:64:M6s0a+DQlFGVo1NJ4cGKOw==:SFJIZqIE851DhdhFK8VyJmBaoiVzO3l1KVGzF1qu0/vXT98l4rzr8UddQaAV63+2ZuFPFKxMuiQis8xvwvREaA=="],
				[2, "Blocked", "", BCRYPT], [3, "MediaWiki default", "", ""]) +
			rows("ipblocks", [1, 1, at(NOW - DAY), 1], [2, 1, "infinity", 0], [3, 2, "infinity", 1]);
		},
	},
	smf: {
		kinds: SERVERS, cookie: "PHPSESSID",
		tables: () => `CREATE TABLE smf_members (id_member int PRIMARY KEY, member_name varchar(80) NOT NULL, real_name varchar(255) NOT NULL, email_address varchar(255) NOT NULL,
				passwd varchar(64) NOT NULL, is_activated smallint NOT NULL, avatar varchar(255) NOT NULL DEFAULT 'https://pictures.example.org/a.png');
			CREATE TABLE smf_log_online (session varchar(128) PRIMARY KEY, log_time int NOT NULL, id_member int NOT NULL);
			CREATE TABLE smf_settings (variable varchar(255) PRIMARY KEY, value text);` +
			rows("smf_settings", ["lastActive", "15"]) +
			rows("smf_members (id_member, member_name, real_name, email_address, passwd, is_activated)", [7, "Alice", "Alice A.", "a@example.org", "$2y$04$Pg89BL6oiWIj5cGlGRBU6OicN.HsSNOPuaZeLwDZG5ArCvXU6gEt.", 1],
				[8, "blocked", "B", "b@example.org", BCRYPT, 11]) +
			rows("smf_log_online", [sid("alice"), NOW, 7], [sid("old"), NOW - 901, 7], [sid("blocked"), NOW, 8], ["ip192.0.2.1", NOW, 0], [sid("orphan"), NOW, 77]),
		expect: { alice: "Alice A.", old: null, blocked: null, orphan: null, "logged out": null, "=ip192.0.2.1": null },
		login: ["Alice", "alice", "a@example.org"], people: { name: "Alice A.", picture: "https://pictures.example.org/a.png" },
	},
	mybb: {
		kinds: KINDS, cookie: "mybbuser", keys: { allow_weak_hashes: "on" },
		tables: () => `CREATE TABLE mybb_users (uid int PRIMARY KEY, username varchar(120) NOT NULL, password varchar(120) NOT NULL, salt varchar(10) NOT NULL,
				loginkey varchar(50) NOT NULL, email varchar(220) NOT NULL, usergroup smallint NOT NULL,
				avatar varchar(200) NOT NULL DEFAULT './uploads/avatars/avatar_48.png');
			CREATE TABLE mybb_usergroups (gid smallint PRIMARY KEY, isbannedgroup smallint NOT NULL);` +
			rows("mybb_usergroups", [2, 0], [5, 0], [7, 1]) +
			rows("mybb_users (uid, username, password, salt, loginkey, email, usergroup)", [48, "Alice", "608ca2bc97bd7eafd80f8e7cb5679827", "Ab3dE5gH", sid("key"), "a@example.org", 2],
				[49, "blocked", "608ca2bc97bd7eafd80f8e7cb5679827", "Ab3dE5gH", sid("key of blocked"), "b@example.org", 7],
				[50, "new", "608ca2bc97bd7eafd80f8e7cb5679827", "Ab3dE5gH", sid("key of new"), "n@example.org", 5], [51, "keyless", "", "", "", "", 2]),
		expect: { [`=48_${sid("key")}`]: "Alice", [`=49_${sid("key")}`]: null, [`=049_${sid("key")}`]: null, [`=49_${sid("key of blocked")}`]: null,
			[`=50_${sid("key of new")}`]: null, "=51_": null, [`=77_${sid("key")}`]: null, "=0_": null },
		login: ["Alice", "alice"], people: { name: "Alice", picture: "/uploads/avatars/avatar_48.png" }, hidden: ["new"],
	},
	flarum: {
		kinds: KINDS, cookie: "flarum_remember",
		tables: (t) => `CREATE TABLE users (id int PRIMARY KEY, username varchar(100) NOT NULL, email varchar(150) NOT NULL, is_email_confirmed ${t.bool} NOT NULL, password varchar(100) NOT NULL,
				avatar_url varchar(100) DEFAULT 'a1.png');
			CREATE TABLE access_tokens (id int PRIMARY KEY, token varchar(40) NOT NULL, user_id int NOT NULL, last_activity_at ${t.datetime}, type varchar(100) NOT NULL);` +
			rows("users (id, username, email, is_email_confirmed, password)", [1, "Alice", "a@example.org", t.yes, BCRYPT], [2, "blocked", "b@example.org", t.no, BCRYPT]) +
			rows("access_tokens", [1, sid("alice"), 1, time(NOW), "session_remember"], [2, sid("blocked"), 2, time(NOW), "session_remember"], [3, sid("session"), 1, time(NOW), "session"],
				[4, sid("old"), 1, time(NOW - 6 * 365 * DAY), "session_remember"], [5, sid("orphan"), 77, time(NOW), "session_remember"]),
		expect: { alice: "Alice", blocked: null, session: null, old: null, orphan: null, "logged out": null },
		login: ["Alice", "a@example.org"], people: { name: "Alice", picture: "/assets/avatars/a1.png" },
	},
	roundcube: {
		kinds: KINDS, session: { mariadb: "session-mariadb" }, profile: true, cookie: "roundcube_sessid", keys: { site_result: "php_session", php_session_user: "user_id" },
		tables: (t) => `CREATE TABLE session (sess_id varchar(128) PRIMARY KEY, changed ${t.datetime} NOT NULL, vars text NOT NULL);
			CREATE TABLE users (user_id int PRIMARY KEY, username varchar(128) NOT NULL);` +
			rows("users", [48, "alice@example.org"], [49, "mallory"]) +
			rows("session", [sid("alice"), time(NOW), phpSession("user_id", 48)], [sid("old"), time(NOW - 960), phpSession("user_id", 48)],
				[sid("guest"), time(NOW), base64("temp|b:1;language|s:5:\"en_US\";")], [sid("orphan"), time(NOW), phpSession("user_id", 77)], [sid("empty"), time(NOW), ""]),
		expect: { alice: "alice@example.org", old: null, guest: null, orphan: null, empty: null, "logged out": null },
	},
	"tt-rss": {
		kinds: SERVERS, profile: true, cookie: "ttrss_sid", keys: { site_result: "php_session", php_session_user: "uid", php_session_password: "pwd_hash" },
		tables: () => `CREATE TABLE ttrss_sessions (id varchar(250) PRIMARY KEY, data text, expire int NOT NULL);
			CREATE TABLE ttrss_users (id int PRIMARY KEY, login varchar(120) NOT NULL, full_name varchar(250) NOT NULL, pwd_hash varchar(250) NOT NULL, access_level int NOT NULL);` +
			rows("ttrss_users", [48, "alice", "Alice A.", "MODE2:1", 0], [49, "mallory", "", "MODE2:2", 10], [50, "blocked", "", "MODE2:1", -2]) +
			rows("ttrss_sessions", ...Object.entries({ alice: [48, "MODE2:1"], "old password": [48, "MODE2:0"], "other's password": [48, "MODE2:2"], blocked: [50, "MODE2:1"], orphan: [77, "MODE2:1"] })
				.map(([what, [id, hash]]) => [sid(what), phpSession("uid", id, `pwd_hash|s:${hash.length}:"${hash}";`), NOW + DAY]),
			[sid("no password"), phpSession("uid", 48), NOW + DAY], [sid("old"), phpSession("uid", 48, 'pwd_hash|s:7:"MODE2:1";'), NOW - 1], [sid("guest"), "", NOW + DAY]),
		expect: { alice: "Alice A.", "old password": null, "other's password": null, "no password": null, blocked: null, orphan: null, old: null, guest: null, "logged out": null },
	},
	nextcloud: {
		kinds: SERVERS, session: { mariadb: "session-mariadb", postgresql: "session-postgresql" }, cookie: "oc0123456789",
		tables: (t) => `CREATE TABLE oc_users (uid varchar(64) PRIMARY KEY, displayname varchar(64), password varchar(255) NOT NULL, uid_lower varchar(64));
			CREATE TABLE oc_preferences (userid varchar(64) NOT NULL, appid varchar(32) NOT NULL, configkey varchar(64) NOT NULL, configvalue text, PRIMARY KEY (userid, appid, configkey));
			CREATE TABLE oc_authtoken (id bigint PRIMARY KEY, uid varchar(64) NOT NULL, token varchar(200) NOT NULL, type smallint, remember smallint,
				last_activity int, expires int, password_invalid ${t.bool});` +
			rows("oc_users", ["Alice", "Alice A.", `1|${BCRYPT}`, "alice"], ["blocked", null, `1|${BCRYPT}`, "blocked"]) +
			rows("oc_preferences", ["blocked", "core", "enabled", "false"], ["Alice", "core", "enabled", "true"], ["Alice", "login_token_2fa", "9", "1"]) +
			rows("oc_authtoken", [1, "Alice", nextcloud("alice"), 0, 0, NOW, null, t.no], [2, "Alice", nextcloud("old"), 0, 0, NOW - DAY - 60, null, null],
				[3, "Alice", nextcloud("remembered"), 0, 1, NOW - DAY - 60, null, null], [4, "Alice", nextcloud("app"), 1, 0, NOW, null, null],
				[5, "blocked", nextcloud("blocked"), 0, 0, NOW, null, null], [6, "Alice", nextcloud("old password"), 0, 0, NOW, null, t.yes],
				[7, "Alice", nextcloud("expired"), 0, 0, NOW, NOW - 1, null], [9, "Alice", nextcloud("no second factor"), 0, 0, NOW, null, null], [10, "Alice", sid("raw"), 0, 0, NOW, null, null]),
		expect: { alice: "Alice A.", remembered: "Alice A.", old: null, app: null, blocked: null, "old password": null, expired: null, "no second factor": null, raw: null, "logged out": null },
		login: ["Alice", "alice"], people: { name: "Alice A.", picture: "/index.php/avatar/Alice/64" },
	},
	django: {
		kinds: KINDS, profile: true, cookie: "sessionid", keys: { site_result: "django" },
		tables: (t, kind, sessions) => `CREATE TABLE auth_user (id int PRIMARY KEY, username varchar(150) NOT NULL, first_name varchar(150) NOT NULL, last_name varchar(150) NOT NULL,
				password varchar(128) NOT NULL, is_active ${t.bool} NOT NULL);
			CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, expire_date ${t.datetime} NOT NULL);` +
			rows("auth_user", [48, "alice", "Alice", "A.", PBKDF2, t.yes], [49, "blocked", "", "", PBKDF2, t.no]) +
			rows("django_session", [sid("alice"), sessions.alice, time(NOW + DAY)], [sid("old"), sessions.alice, time(NOW - 1)], [sid("blocked"), sessions.blocked, time(NOW + DAY)],
				[sid("guest"), sessions.guest, time(NOW + DAY)], [sid("orphan"), sessions.orphan, time(NOW + DAY)], [sid("old password"), sessions.changed, time(NOW + DAY)]),
		expect: { alice: "Alice A.", old: null, blocked: null, guest: null, orphan: null, "old password": null, "logged out": null },
		login: ["alice"], people: { user: "alice", name: "Alice A." },
	},
	trac: {
		kinds: KINDS, cookie: "trac_auth", keys: { allow_weak_hashes: "on" },
		tables: () => `CREATE TABLE auth_cookie (cookie varchar(64) NOT NULL, name varchar(64) NOT NULL, ipnr varchar(64) NOT NULL, time int);
			CREATE TABLE session (sid varchar(64) NOT NULL, authenticated int NOT NULL, last_visit int, PRIMARY KEY (sid, authenticated));
			CREATE TABLE session_attribute (sid varchar(64) NOT NULL, authenticated int NOT NULL, name varchar(64) NOT NULL, value text, PRIMARY KEY (sid, authenticated, name));` +
			rows("auth_cookie", [sid("alice"), "alice", "192.0.2.1", NOW - 9 * DAY], [sid("bob"), "bob", "192.0.2.1", NOW], [sid("old"), "alice", "192.0.2.1", NOW - 11 * DAY]) +
			rows("session", ["alice", 1, NOW], ["blocked", 0, NOW]) +
			rows("session_attribute", ["alice", 1, "name", "Alice A."], ["alice", 1, "password", "$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG/"], ["bob", 0, "name", "not Bob"],
				["blocked", 0, "password", "$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG/"]),
		expect: { alice: "Alice A.", bob: "bob", old: null, "logged out": null },
		login: ["alice"], people: { user: "alice", name: "Alice A." },
	},
	wordpress: {
		kinds: ["sqlite", "mariadb"], login: ["Alice", "alice", "a@example.org"],
		tables: () => `CREATE TABLE wp_users (ID bigint PRIMARY KEY, user_login varchar(60) NOT NULL, user_pass varchar(255) NOT NULL, user_email varchar(100) NOT NULL, display_name varchar(250) NOT NULL);` +
			rows("wp_users", [5, "Alice", BCRYPT, "a@example.org", "Alice A."]),
		people: { name: "Alice A." },
	},
};

const name = (software, kind) => `${software}-${kind}`;
let place, prebind;
const servers = {};

/** Sessions as Django itself signs them. */
async function djangoSessions() {
	const code = `import json, sys
from django.conf import settings
settings.configure(SECRET_KEY="a key", INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"])
import django; django.setup()
from django.core import signing
from django.contrib.auth.models import User
from django.contrib.sessions.serializers import JSONSerializer
pack = lambda data: signing.dumps(data, salt="django.contrib.sessions.SessionStore", serializer=JSONSerializer, compress=True)
user = lambda id, password: pack({"_auth_user_id": str(id), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
	"_auth_user_hash": User(password=password).get_session_auth_hash()})
password = sys.argv[1]
print(json.dumps({"alice": user(48, password), "blocked": user(49, password), "orphan": user(77, password), "guest": pack({"cart": 1}), "changed": user(48, "other")}))`;
	const { code: status, stdout, stderr } = await place.run(["/usr/bin/python3", "-c", code, PBKDF2]);
	assert.equal(status, 0, stderr);
	return JSON.parse(stdout);
}

/** Makes the software's database; returns the value of site_database. */
const MAKE = {
	sqlite: async (software, sql) => {
		const file = `${place.folder("sites")}/${software}.db`;
		await runSql(place, file, `BEGIN; ${sql} COMMIT;`);
		return file;
	},
	mariadb: async (software, sql) => {
		const database = software.replaceAll("-", "_");
		await servers.mariadb.sql(`CREATE DATABASE ${database} CHARACTER SET utf8mb4; USE ${database}; ${sql} GRANT SELECT ON ${database}.* TO reader@localhost`);
		return servers.mariadb.uri("reader", database);
	},
	postgresql: async (software, sql) => {
		const database = software.replaceAll("-", "_");
		await servers.postgresql.sql(`CREATE DATABASE ${database}`);
		await servers.postgresql.sql(`${sql} GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`, database);
		return servers.postgresql.uri("reader", database);
	},
};

/** The file of a query, copied into the place. */
function query(software, kind, which, usual) {
	const folder = SOFTWARE[software].folder ?? software;
	const file = (typeof which === "object" ? which[kind] : which) ?? usual;
	return place.copy(`sql/sites/${folder}/${file}.sql`, `sql/${folder}-${file}.sql`);
}

/** The keys of a site: its sessions, and our form with its passwords. */
function keysOf(software, kind) {
	const one = SOFTWARE[software];
	return {
		hosts: `${name(software, kind)}.example.org`, jid: "{user|lower}@example.org", identity: [one.cookie && "site_session", one.login && "login", one.people && "remote_user"].filter(Boolean).join(" "),
		...(one.cookie && { site_cookie: one.cookie, site_query: query(software, kind, one.session, "session"),
			site_profile_query: one.profile && query(software, kind, undefined, "profile"),
			site_secret_file: software === "django" ? place.write("etc/django.secret", "a key\n") : undefined }),
		...(one.people && { people: "all", people_query: query(software, kind, one.peopleQuery, "people"), picture_origins: "https://pictures.example.org", limit_people: "off" }),
		...(one.login && { login_query: query(software, kind, one.loginQuery, "login") }),
		...one.keys,
	};
}

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	[servers.mariadb, servers.postgresql] = await Promise.all([Mariadb.start(place), Postgresql.start(place)]);
	await servers.mariadb.sql("CREATE USER reader@localhost");
	await servers.postgresql.sql("CREATE ROLE reader LOGIN");
	const sessions = await djangoSessions();
	const sites = {};
	for (const [software, { kinds, tables }] of Object.entries(SOFTWARE))
		for (const kind of kinds)
			sites[name(software, kind)] = { ...peer.site(place), ...keysOf(software, kind), site_database: await MAKE[kind](software, tables(TYPES[kind], kind, sessions)) };
	prebind = new Prebind(place, { site: peer.site(place, { hosts: "example.org" }), sites });
	await prebind.prepare();
	await prebind.start();
});
after(() => place.close({ logs: true }));

async function nameFor(site, cookie) {
	const answer = await prebind.request({ path: "/", params: { HTTP_HOST: `${site}.example.org` }, headers: { ...LOOK, Cookie: cookie } });
	assert.ok([200, 303, 401].includes(answer.status), `${site}: ${answer.status} ${answer.body.slice(0, 300)}\n${prebind.child.log.slice(-800)}`);
	return /<span id="me">([^<]*)</.exec(answer.body)?.[1] ?? null;
}

function logIn(site, user, password) {
	const host = `${site}.example.org`;
	return new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host, SERVER_NAME: host } })).login(user, password);
}

/** What somebody else who is logged in finds. */
async function peopleOf(site, question) {
	const answer = await prebind.request({ path: `/people.json?${new URLSearchParams(question)}`,
		params: { HTTP_HOST: `${site}.example.org`, REMOTE_USER: "somebody", AUTH_TYPE: "Basic" }, headers: SCRIPT });
	assert.equal(answer.status, 200, `${site}: ${answer.body}\n${prebind.child.log.slice(-1500)}`);
	return JSON.parse(answer.body);
}

for (const [software, { kinds, cookie, expect, login, refused = [], people, hidden = [] }] of Object.entries(SOFTWARE))
	for (const kind of kinds) {
		if (expect)
			test(`${software} on ${kind}: who is there`, async () => {
				for (const [what, expected] of Object.entries(expect))
					assert.equal(await nameFor(name(software, kind), `${cookie}=${what.startsWith("=") ? what.slice(1) : sid(what)}`), expected, what);
			});
		if (login)
			test(`${software} on ${kind}: who may log in`, async () => {
				const site = name(software, kind);
				for (const user of login)
					assert.equal((await logIn(site, user, PASSWORD)).status, 303, `${user}\n${prebind.child.log.slice(-800)}`);
				assert.equal((await logIn(site, login[0], `${PASSWORD}x`)).status, 401);
				for (const user of ["blocked", "nobody", ...refused])
					assert.equal((await logIn(site, user, PASSWORD)).status, 401, user);
			});
		if (people)
			test(`${software} on ${kind}: who is found`, async () => {
				const site = name(software, kind);
				const alice = [{ user: "Alice", picture: "", jid: "alice@example.org", ...people }];
				for (const question of [{ q: "al" }, { q: "ALICE" }, { user: alice[0].user }, { jid: "alice@example.org" }])
					assert.deepEqual(await peopleOf(site, question), alice, JSON.stringify(question));
				for (const question of [...["blocked", ...hidden].flatMap((user) => [{ q: user.slice(0, 4) }, { user }]), { q: "a" }, { q: "al%" }, { q: "%%" }, { q: "__" },
					{ user: "nobody" }, { jid: "blocked@example.org nobody@example.org" }])
					assert.deepEqual(await peopleOf(site, question), [], JSON.stringify(question));
			});
	}

test("prebindctl check finds each of them in order", async () => {
	const { stdout } = await prebind.ctl(["check"]);
	for (const [software, { kinds, cookie, login, people }] of Object.entries(SOFTWARE))
		for (const kind of kinds) {
			if (cookie)
				assert.match(stdout, new RegExp(`^ok +${name(software, kind)}: site_session: `, "m"), stdout);
			if (login)
				assert.match(stdout, new RegExp(`^ok +${name(software, kind)}: login: users and their password hashes`, "m"), stdout);
			if (people)
				assert.match(stdout, new RegExp(`^ok +${name(software, kind)}: people: the site's database accepts`, "m"), stdout);
		}
});

test("the lines of docs/identity.md, \"I have …\", are lines of a configuration, and name files that are there", async () => {
	const text = fs.readFileSync(path.join(top, "docs/identity.md"), "utf8");
	const blocks = [...(/^## I have …\n([^]*?)^## /m.exec(text)?.[1] ?? "").matchAll(/^```ini\n([^]*?)^```$/gm)].map((match) => match[1]);
	assert.ok(blocks.length >= 8, "found the blocks");
	for (const block of blocks) {
		const conf = place.write("etc/have.conf", `[site a]\ndatabase = ${place.path("a.db")}\njid = {user}@example.org\nbackend = bosh\nbosh_service = http://127.0.0.1/\n${block}`);
		const { code, stderr } = await place.run([prebind.ctlProgram, "-c", conf, "conf"]);
		assert.equal(code, 0, `${block}\n${stderr}`);
		for (const [, file] of block.matchAll(/\/usr\/local\/share\/prebind\/(\S+)/g))
			assert.ok(fs.existsSync(path.join(top, file)), file);
	}
});

test("every ready query is tried here", () => {
	const tried = Object.entries(SOFTWARE).flatMap(([software, one]) => one.kinds.flatMap((kind) => {
		const file = (which, usual) => `${one.folder ?? software}/${(typeof which === "object" ? which[kind] : which) ?? usual}.sql`;
		return [one.cookie && file(one.session, "session"), one.profile && file(undefined, "profile"), one.login && file(one.loginQuery, "login"), one.people && file(one.peopleQuery, "people")].filter(Boolean);
	}));
	const folder = path.join(top, "sql/sites");
	const all = fs.readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
		.flatMap(({ name: one }) => fs.readdirSync(path.join(folder, one)).map((file) => `${one}/${file}`))
		.filter((file) => file !== "wordpress/session.sql"); // tests/program/wordpress.test.mjs
	assert.deepEqual([...new Set(tried)].sort(), all.sort());
	for (const file of all) {
		const text = fs.readFileSync(path.join(folder, file), "utf8");
		assert.match(text, /^-- \S/, file);
		if (file.includes("/session"))
			assert.match(text, /^-- site_cookie .*\n(-- .*\n)*--\n-- Relies on: /m, file);
	}
});
