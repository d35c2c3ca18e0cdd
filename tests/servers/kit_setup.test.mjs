// docs/shared-hosting.md, step by step, on a real Apache that gives a customer nothing but .htaccess: until two users of a phpBB forum chat.
// Places, addresses, buttons and commands are taken from the document. Apache and the kit run as the same ordinary user; no command is run
// but those of a host's file manager.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { startApache } from "../lib/apache.mjs";
import { dataBlock, httpRequest, NAVIGATION } from "../lib/http.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { makeKit, SANITIZED } from "../lib/kit.mjs";
import { Place, top } from "../lib/place.mjs";
import { lines, Operator } from "../lib/setup_page.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { freePorts } from "../lib/wait.mjs";
import { say, startSite } from "../lib/xmpp_site.mjs";

const DOCUMENT = fs.readFileSync(path.join(top, "docs/shared-hosting.md"), "utf8");
/** What step n of the document says. */
const step = (n) => new RegExp(`^\\*\\*${n}\\. [^]*?(?=^\\*\\*${n + 1}\\. |^## )`, "m").exec(DOCUMENT)[0];
/** Where the customer has to put a folder of the kit, below the home folder. */
const PLACES = Object.fromEntries([...step(2).matchAll(/^(\S+)\/ {2,}/gm)].map(([, at]) => [path.basename(at), at]));
const [, HOST, CHAT] = /https:\/\/([^/]+)(\/\S+)\/setup`/.exec(step(3));
const SECRET_FILE = /line of `([^`]+)`/.exec(step(3))[1];
const [WRITE, SHOW] = [...step(3).matchAll(/\*([A-Z][a-z ]+)\*/g)].map(([, label]) => label);
const WEB = path.dirname(PLACES.chat);
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
	const web = place.path("htdocs");
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
	fs.symlinkSync(place.folder("htdocs", 0o755), place.path(WEB)); // as at many hosts
	place.write(`${WEB}/config.php`, `<?php
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

let kits = 0;
/** Step 2: the customer uploads the kit; the file manager unpacks it, and moves its folders to their places. Returns the number of uploads. */
function upload() {
	const unpacked = place.folder(`unpacked${++kits}`);
	execFileSync("tar", ["-xf", makeKit(place, `made${kits}`), "-C", unpacked, "--strip-components=1"]);
	for (const [name, at] of Object.entries(PLACES))
		execFileSync("cp", ["-a", `${unpacked}/${name}`, path.dirname(place.path(at))]);
	if (place.user)
		execFileSync("chown", ["-R", `${place.user.uid}:${place.user.gid}`, ...Object.values(PLACES).map((at) => place.path(at))]);
	return 1;
}

const send = (request) => httpRequest({ port, ...request, path: `${CHAT}${request.path}`, headers: { ...NAVIGATION, ...HEADERS, ...request.headers } });

test("step 1: the commands make the kit that the document names", () => {
	const [install, ...make] = docSnippet("docs/shared-hosting.md", "kit").trim().split("\n");
	assert.deepEqual(make, ["make kit"], "what makeKit runs");
	const groups = fs.readFileSync(path.join(top, "tests/packages"), "utf8");
	for (const group of install.split(" ").slice(1))
		assert.ok(groups.includes(`\n[${group}]\n`), group);
	const [, suffix] = /`prebind-VERSION(-\S+)\.tar\.gz`/.exec(step(1));
	assert.match(fs.readFileSync(path.join(top, "Makefile"), "utf8"), new RegExp(`^KIT = \\$\\(DIST\\)${suffix}$`, "m"));
});

test("the kit's own page has the same steps", () => {
	const page = fs.readFileSync(path.join(top, "kit/INSTALL.html"), "utf8");
	for (const words of [...Object.values(PLACES).map((at) => `${at}/`), `https://${HOST}${CHAT}/setup`, SECRET_FILE, `<em>${WRITE}</em>`, `<em>${SHOW}</em>`])
		assert.ok(page.includes(words), words);
});

/** Presses the button that has this label. */
const press = (operator, label, changes) => operator.submit(changes,
	new RegExp(`<button type="submit" name="do" value="(\\w+)"[^>]*>${label}</button>`).exec(operator.page.body)[1]);

test("one upload, one form, and what the XMPP server needs: two people chat", { skip: SANITIZED }, async () => {
	const operator = new Operator(send);
	assert.equal((await operator.open()).status, 200);
	const secret = fs.readFileSync(place.path(SECRET_FILE), "utf8");
	const fields = { secret, domain: "example.org", xmpp: `http://127.0.0.1:${xmpp.port}/http-bind` };
	const done = await press(operator, WRITE, fields);
	assert.match(done.body, /<a class="button" href="\/chat\/">/, lines(done.body, "report"));
	assert.equal(uploads, 1);
	assert.equal(operator.forms, 1);
	assert.match(fs.readFileSync(place.path("prebind-private/etc/prebind.conf"), "utf8"), /^site_query = .*phpbb/m);
	const report = lines(done.body, "report");
	assert.match(report, /^ok {4}default: upstream: /m);
	assert.match(report, /Copy the lines of \S+\/prebind-private\/etc\/xmpp-server\.conf[^\n]*bosh\.key/);

	const visit = (name) => send({ path: "/", headers: { Cookie: `phpbb3_x_sid=${sid(name)}` } });
	assert.equal((await visit("alice")).status, 502, "the XMPP server does not know the key yet");

	// Whoever runs the XMPP server takes the key and the lines, which are those of its document.
	const [key, part] = [...step(3).matchAll(/`(prebind-private\/etc\/[\w.-]+)`/g)].map(([, file]) => fs.readFileSync(place.path(file), "utf8"));
	assert.ok(part.includes(docSnippet("docs/prosody.md", "token").trim()), part);
	xmpp.prebind.place.write("server.key", key);
	await xmpp.restartXmpp();

	const sessions = {};
	for (const name of ["alice", "bob"]) {
		const { status, body } = await visit(name);
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
	const moved = place.path(PLACES.chat, "prebind-private");
	fs.renameSync(place.path("prebind-private"), moved); // into the document root, if the host has no other place
	for (const file of ["etc/prebind.conf", "etc/bosh.key", "setup-secret.txt", "data/prebind.db"])
		assert.ok([403, 404].includes((await send({ path: `/prebind-private/${file}` })).status), file);
	fs.renameSync(moved, place.path("prebind-private"));
});

test("an update keeps the configuration and the database", { skip: SANITIZED }, async () => {
	const kept = ["etc/prebind.conf", "etc/bosh.key", "data/prebind.db"].map((file) => place.path("prebind-private", file));
	const former = kept.map((file) => fs.readFileSync(file, "base64"));
	upload();
	assert.deepEqual(kept.map((file) => fs.readFileSync(file, "base64")), former);
	const [, command] = /^To update, [^]*?run `([^`]+)`/m.exec(DOCUMENT);
	const [program, ...words] = command.split(" ");
	const { stdout, stderr } = await place.run([place.path(program), ...words]);
	assert.match(stdout, /nothing to do/, stderr);
	const { status } = await send({ path: "/", headers: { Cookie: `phpbb3_x_sid=${sid("alice")}` } });
	assert.equal(status, 200);
});

test("an installed program has no such page", { skip: SANITIZED }, async () => {
	const answer = await xmpp.prebind.request({ path: "/setup", headers: NAVIGATION });
	assert.equal(answer.status, 404);
	assert.ok(!fs.readFileSync(path.join(xmpp.prebind.program ?? xmpp.prebind.place.path("bin/prebind.fcgi"))).includes("setup-secret"));
});
