// The kit for shared hosting on a real Apache that gives a customer nothing but .htaccess: upload, unpack, open /chat/setup once, and two
// users of a phpBB forum chat. Apache and the kit run as the same ordinary user; no command is run but those of a host's file manager.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { startApache } from "../lib/apache.mjs";
import { dataBlock, httpRequest, NAVIGATION } from "../lib/http.mjs";
import { makeKit, SANITIZED } from "../lib/kit.mjs";
import { Place } from "../lib/place.mjs";
import { lines, Operator } from "../lib/setup_page.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { freePorts } from "../lib/wait.mjs";
import { say, startSite } from "../lib/xmpp_site.mjs";

const HOST = "www.example.org";
const sid = (user) => Buffer.from(user.padEnd(16)).toString("hex");
/** What the visitor's browser and the host's proxy, which ends TLS, send. */
const HEADERS = { Host: HOST, "X-Forwarded-Proto": "https" };
const opposite = { alice: "bob", bob: "alice" };

let place, xmpp, port, uploads;
before(async () => {
	if (SANITIZED)
		return;
	place = new Place();
	fs.chmodSync(place.dir, 0o711);
	[port] = await freePorts(1);
	xmpp = await startSite(new Place(), { server: "prosody", way: "token" });
	await forum();
	uploads = upload();
	const web = place.folder("htdocs", 0o755);
	await startApache(place, {
		port, modules: ["cgid", "rewrite", "headers", "deflate"],
		more: `ScriptSock "${place.path("cgi.sock")}"\n<Directory "${web}">\n    AllowOverride All\n</Directory>`,
	});
});
after(() => {
	place?.close();
	xmpp?.prebind.place.close();
});

/** The customer's site: phpBB on SQLite, with two users who are logged in. */
async function forum() {
	const database = place.path("forum.sqlite");
	place.folder("htdocs", 0o755);
	place.write("htdocs/config.php", `<?php
$dbms = 'phpbb\\\\db\\\\driver\\\\sqlite3';
$dbhost = '${database}';
$table_prefix = 'phpbb_';
@define('PHPBB_INSTALLED', true);
`, 0o644);
	const users = ["alice", "bob"].map((name, i) => `INSERT INTO phpbb_users VALUES (${i + 2}, 0, '${name}');
		INSERT INTO phpbb_sessions VALUES ('${sid(name)}', ${i + 2}, unixepoch(), 0);`).join("\n");
	await runSql(place, database, `
		CREATE TABLE phpbb_users (user_id int PRIMARY KEY, user_type smallint NOT NULL, username varchar(255) NOT NULL);
		CREATE TABLE phpbb_sessions (session_id char(32) PRIMARY KEY, session_user_id int NOT NULL, session_time int NOT NULL,
			session_autologin smallint NOT NULL);
		CREATE TABLE phpbb_config (config_name varchar(255) PRIMARY KEY, config_value varchar(255) NOT NULL);
		INSERT INTO phpbb_config VALUES ('cookie_name', 'phpbb3_x'), ('session_length', '3600'), ('allow_autologin', '1'), ('max_autologin_time', '0');
		${users}`);
}

/** What the customer uploads; the file manager unpacks and moves it. Returns the number of uploads. */
function upload() {
	const archive = makeKit(place, "made");
	execFileSync("tar", ["-xf", archive, "-C", place.dir, "--strip-components=1"]);
	fs.renameSync(place.path("chat"), place.path("htdocs/chat"));
	if (place.user)
		execFileSync("chown", ["-R", `${place.user.uid}:${place.user.gid}`, place.path("htdocs/chat"), place.path("prebind-private")]);
	place.write("prebind-private/etc/bosh.key", xmpp.key.text); // the XMPP server has it already
	return 2;
}

const send = (request) => httpRequest({ port, ...request, path: `/chat${request.path}`, headers: { ...NAVIGATION, ...HEADERS, ...request.headers } });

test("upload, unpack, open /chat/setup once: two people chat", { skip: SANITIZED }, async () => {
	const operator = new Operator(send);
	assert.equal((await operator.open()).status, 200);
	const secret = fs.readFileSync(place.path("prebind-private/setup-secret.txt"), "utf8");
	const done = await operator.submit({ secret, domain: "example.org", xmpp: `http://127.0.0.1:${xmpp.port}/http-bind` }, "write");
	assert.match(done.body, /<a class="button" href="\/chat\/">/, lines(done.body, "report"));
	assert.match(lines(done.body, "report"), /^ok {4}default: upstream: /m);
	assert.match(fs.readFileSync(place.path("prebind-private/etc/prebind.conf"), "utf8"), /^# .*phpBB|^site_query = .*phpbb/m);
	assert.ok(uploads <= 3, "uploads");
	assert.equal(operator.forms, 1, "the secret, and the XMPP server's address");

	const sessions = {};
	for (const name of ["alice", "bob"]) {
		const { status, body } = await send({ path: "/", headers: { Cookie: `phpbb3_x_sid=${sid(name)}` } });
		assert.equal(status, 200, body);
		sessions[name] = dataBlock(body);
		assert.match(sessions[name].jid, new RegExp(`^${name}@example\\.org/`));
		assert.equal(sessions[name].bosh_url, `http://127.0.0.1:${xmpp.port}/http-bind`, "the browser calls the XMPP server itself");
	}
	for (const name of ["alice", "bob"])
		await say(xmpp.port, sessions[name], "<presence xmlns='jabber:client'/>");
	for (const [from, to] of Object.entries(opposite)) {
		await say(xmpp.port, sessions[from], `<message xmlns='jabber:client' type='chat' to='${to}@example.org'><body>from ${from}</body></message>`);
		assert.match(await say(xmpp.port, sessions[to], ""), new RegExp(`<body>from ${from}</body>`));
	}
});

test("the page is gone afterwards, and nothing private can be read", { skip: SANITIZED }, async () => {
	assert.equal((await send({ path: "/setup" })).status, 404);
	assert.equal((await send({ path: "/static/chat.js" })).status, 200);
	const moved = place.path("htdocs/chat/prebind-private");
	fs.renameSync(place.path("prebind-private"), moved); // into the document root, if the host has no other place
	for (const file of ["etc/prebind.conf", "etc/bosh.key", "setup-secret.txt", "data/prebind.db"])
		assert.ok([403, 404].includes((await send({ path: `/prebind-private/${file}` })).status), file);
	fs.renameSync(moved, place.path("prebind-private"));
});

test("an installed program has no such page", { skip: SANITIZED }, async () => {
	const answer = await xmpp.prebind.request({ path: "/setup", headers: NAVIGATION });
	assert.equal(answer.status, 404);
	assert.ok(!fs.readFileSync(path.join(xmpp.prebind.program ?? xmpp.prebind.place.path("bin/prebind.fcgi"))).includes("setup-secret"));
});
