// A real Tiny Tiny RSS on PostgreSQL, behind Apache and lighttpd: its sessions are PHP's, in base64 in a table. Log in there,
// be recognised in the chat; log out or change the password there, be nobody.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { PhpSite, skipWithout, WEB_SERVERS } from "../lib/php_site.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { openChat } from "../lib/site.mjs";

const FOLDER = "/usr/share/tt-rss/www";
const SCHEMA = "/usr/share/tt-rss/schema/ttrss_schema_pgsql.sql";
const PASSWORD = "password"; // of the user that its schema makes
const skip = skipWithout(FOLDER);
let place, database, site;

/** Its configuration, as Debian's file, with our database and folders. */
function config() {
	const folders = Object.fromEntries(["images", "upload", "export", "simplepie", "feeds", "js"].map((name) => [name, place.folder(`ttrss/cache/${name}`)]));
	const values = {
		DB_TYPE: "pgsql", DB_HOST: database.dir, DB_PORT: String(database.port), DB_USER: "ttrss", DB_NAME: "ttrss", DB_PASS: "",
		LOCK_DIRECTORY: place.folder("ttrss/lock"), CACHE_DIR: folders.images.replace(/\/images$/, ""), ICONS_DIR: place.folder("ttrss/icons"), CHECK_FOR_UPDATES: false, LOG_DESTINATION: "",
	};
	const lines = Object.entries(values).map(([name, value]) => `define(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
	const debian = fs.readFileSync("/etc/tt-rss/config.php", "utf8").split("\n")
		.filter((line) => !Object.keys(values).some((name) => line.includes(`define('${name}'`)) && !/include_once|<\?php|SELF_URL_PATH|\?>/.test(line));
	place.write("ttrss/conf/config.php", ["<?php", ...lines, 'define("SELF_URL_PATH", "http://" . ($_SERVER["HTTP_HOST"] ?? "127.0.0.1") . "/tt-rss/");', ...debian].join("\n"), 0o644);
	return place.path("ttrss", "conf");
}

before(async () => {
	if (skip)
		return;
	place = new Place();
	database = await Postgresql.start(place);
	await database.sql("CREATE ROLE ttrss LOGIN; CREATE DATABASE ttrss OWNER ttrss; CREATE ROLE reader LOGIN");
	await database.sql(`SET ROLE ttrss; ${fs.readFileSync(SCHEMA, "utf8")}; UPDATE ttrss_users SET login = 'alice'; GRANT SELECT ON ttrss_sessions, ttrss_users TO reader`, "ttrss");
	// the folder of config.php stands before the one of the script
	site = await PhpSite.start(place, { mount: "/tt-rss", folder: FOLDER, php: { include_path: `${config()}:/usr/share/php`, display_errors: "1" } });
	await site.openChat({
		identity: "site_session", login_url: "/tt-rss/", site_database: database.uri("reader", "ttrss"), site_cookie: "ttrss_sid", site_result: "php_session",
		site_query: place.copy("sql/sites/tt-rss/session.sql", "sql/session.sql"), site_profile_query: place.copy("sql/sites/tt-rss/profile.sql", "sql/profile.sql"),
		php_session_user: "uid", php_session_password: "pwd_hash",
	});
});
after(() => place?.close({ logs: true }));

async function logIn(web, password) {
	const visitor = site.visitor(web);
	await visitor.get("/tt-rss/index.php");
	const answer = await visitor.post("/tt-rss/public.php?op=login", { op: "login", login: "alice", password });
	assert.equal(answer.status, 302, answer.body.slice(0, 1000));
	return visitor;
}

/** The token of its forms. */
async function csrfToken(visitor) {
	const page = await visitor.get("/tt-rss/prefs.php");
	return /__csrf_token = "([^"]+)"/.exec(page.body)?.[1] ?? assert.fail(page.body.slice(0, 500));
}

async function changePassword(visitor, from, to) {
	const answer = await visitor.post("/tt-rss/backend.php", { op: "pref-prefs", method: "changepassword", csrf_token: await csrfToken(visitor),
		old_password: from, new_password: to, confirm_password: to });
	assert.doesNotMatch(answer.body, /ERROR/);
	assert.equal(answer.status, 200, answer.body.slice(0, 500));
}

for (const web of WEB_SERVERS) {
	test(`${web}: log in to tt-rss, be recognised; log out there, be nobody`, { skip }, async () => {
		const visitor = await logIn(web, PASSWORD);
		const page = await openChat(visitor);
		assert.equal(page.me, "alice", page.body.slice(0, 500) + site.prebind.child.log.slice(-800));
		const cookies = new Map(visitor.jar.cookies);
		await visitor.post("/tt-rss/public.php?op=logout", { op: "logout", csrf_token: await csrfToken(visitor) });
		visitor.jar.cookies = cookies; // as somebody who has kept them
		assert.equal((await openChat(visitor)).me, null);
	});

	test(`${web}: a visitor who has not logged in, and one with a wrong password, are nobody`, { skip }, async () => {
		assert.equal((await openChat(await logIn(web, "wrong"))).me, null);
		assert.equal((await openChat(site.visitor(web))).me, null);
	});

	test(`${web}: change the password in tt-rss: the other browser is nobody`, { skip }, async () => {
		const [one, other] = [await logIn(web, PASSWORD), await logIn(web, PASSWORD)];
		assert.equal((await openChat(other)).me, "alice");
		await changePassword(one, PASSWORD, "another");
		assert.equal((await openChat(other)).me, null);
		await changePassword(await logIn(web, "another"), "another", PASSWORD);
	});
}

test("prebindctl check is content", { skip }, async () => {
	const { stdout } = await site.prebind.ctl(["check"]);
	assert.match(stdout, /^ok .*site_session: the cookie ttrss_sid is looked up/m, stdout);
});
