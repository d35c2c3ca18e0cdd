// SIGHUP: configuration, templates and key files are read anew, and no request is lost over it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fastcgiRequest } from "../lib/cgi.mjs";
import { childrenOf, signalAll } from "../lib/children.mjs";
import { dataBlock, Visitor } from "../lib/http.mjs";
import { listenFor } from "../lib/listening.mjs";
import { Place } from "../lib/place.mjs";
import { confText, Prebind } from "../lib/prebind.mjs";
import { hostOf, manySites } from "../lib/sites.mjs";
import { copyDatabase } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const AT_ONCE = 16;

async function setUp(t, { server = {}, start = (prebind) => prebind.start() } = {}) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { server, site: peer.site(place) });
	await prebind.prepare({ alice: PASSWORD });
	await start(prebind);
	return { place, peer, prebind };
}

const lines = (prebind, event) => prebind.child.stderr.split("\n").filter((line) => line.startsWith("{"))
	.map((line) => JSON.parse(line)).filter((line) => line.event === event);

/** Sends SIGHUP and waits until the log says what came of it: one line, however many processes there are. */
async function reload(prebind, { event = "reloaded" } = {}) {
	const before = lines(prebind, event).length;
	prebind.child.process.kill("SIGHUP");
	await until(event, () => lines(prebind, event).length > before, { gone: () => prebind.child.gone() });
	return lines(prebind, event)[before].why;
}

function holdAnswers(peer) {
	let release;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	return () => {
		peer.answer(null);
		release();
	};
}

const edit = (file, from, to) => {
	const text = fs.readFileSync(file, "utf8");
	assert.ok(text.includes(from), `${from} in ${file}`);
	fs.writeFileSync(file, text.replace(from, to));
};

async function loggedIn(prebind) {
	const visitor = new Visitor((request) => prebind.request(request));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	return visitor;
}

/** As a web server starts it: the listening socket is descriptor 0. */
async function startOnDescriptor0(prebind) {
	const host = "127.0.0.1";
	const socket = await listenFor(host);
	prebind.child = prebind.place.start("prebind.fcgi", [prebind.program, "-c", prebind.conf],
		{ stdio: [socket.fd, "pipe", "pipe"], env: { FCGI_WEB_SERVER_ADDRS: host } });
	socket.close();
	prebind.place.onClose(() => prebind.stop());
	prebind.request = (request) => fastcgiRequest({ host, port: socket.port }, request);
}

const ways = [
	{ name: "one process", server: { processes: 1 }, count: 1 },
	{ name: "two processes", server: { processes: 2 }, count: 2 },
	{ name: "descriptor 0", server: { allow_tcp: "on" }, start: startOnDescriptor0, count: 1 },
];

for (const { name, server, start, count } of ways)
	test(`${name}: a request under way ends with what it began with, the next one has the new`, async (t) => {
		const { place, peer, prebind } = await setUp(t, { server, start });
		const visitor = await loggedIn(prebind);
		const release = holdAnswers(peer);
		const calls = peer.requests.length;
		const slow = visitor.get("/");
		await until("the call upstream", () => peer.requests.length > calls);

		edit(prebind.conf, "jid = {user}@example.test", "jid = {user}@example.net");
		edit(place.path("templates/chat.html"), "<title>", "<title>New ");
		await reload(prebind, { count });
		release();
		const old = await slow;
		assert.equal(old.status, 200);
		assert.doesNotMatch(old.body, /<title>New /);
		assert.match(dataBlock(old.body).jid, /@example\.test\//);
		const now = await visitor.get("/");
		assert.equal(now.status, 200);
		assert.match(now.body, /<title>New /);
		assert.match(dataBlock(now.body).jid, /@example\.net\//);
	});

for (const processes of [1, 2])
	test(`200 requests, ${AT_ONCE} at a time, five reloads: all are answered (processes = ${processes})`, async (t) => {
		const { prebind } = await setUp(t, { server: { processes } });
		const visitor = await loggedIn(prebind);
		let left = 200;
		let answered = 0;
		const one = async () => {
			while (left-- > 0) {
				assert.equal((await visitor.get("/")).status, 200);
				answered++;
			}
		};
		const all = Promise.all(Array.from({ length: AT_ONCE }, one));
		for (let i = 1; i <= 5; i++) {
			await until("a part of them", () => answered >= i * 30);
			await reload(prebind);
		}
		await all;
		assert.equal(answered, 200);
		assert.equal(lines(prebind, "reload_failed").length, 0);
	});

const broken = [
	{
		name: "a key that does not exist",
		damage: (prebind) => edit(prebind.conf, "jid = ", "jjd = "),
		mend: (prebind) => edit(prebind.conf, "jjd = ", "jid = "),
		says: /prebind\.conf:\d+: jjd: unknown key/,
	},
	{
		name: "no configuration",
		damage: (prebind) => fs.renameSync(prebind.conf, `${prebind.conf}.away`),
		mend: (prebind) => fs.renameSync(`${prebind.conf}.away`, prebind.conf),
		says: /prebind\.conf: cannot be opened/,
	},
	{
		name: "a template with an unbalanced section",
		damage: (prebind) => edit(prebind.place.path("templates/chat.html"), "<title>", "{{#user}}<title>"),
		mend: (prebind) => edit(prebind.place.path("templates/chat.html"), "{{#user}}<title>", "<title>"),
		says: /\[site default\]: .*chat\.html:\d+: .*user/,
	},
	{
		name: "a password file that others may read",
		damage: (prebind) => fs.chmodSync(prebind.place.path("etc/tigase.password"), 0o644),
		mend: (prebind) => fs.chmodSync(prebind.place.path("etc/tigase.password"), 0o600),
		says: /tigase\.password.*chmod 600/,
	},
];

for (const processes of [1, 2])
	test(`what is broken is told, and the old goes on (processes = ${processes})`, async (t) => {
		const { prebind } = await setUp(t, { server: { processes } });
		const visitor = await loggedIn(prebind);
		for (const { name, damage, mend, says } of broken) {
			damage(prebind);
			assert.match(await reload(prebind, { event: "reload_failed" }), says, name);
			for (let i = 0; i < 4; i++)
				assert.equal((await visitor.get("/")).status, 200, name);
			mend(prebind);
			await reload(prebind);
			assert.equal((await visitor.get("/")).status, 200, name);
		}
		assert.equal(lines(prebind, "reload_failed").length, broken.length, "each once, whatever processes there are");
	});

test("a new secret is taken without a restart", async (t) => {
	const { place, peer, prebind } = await setUp(t);
	const visitor = await loggedIn(prebind);
	assert.equal((await visitor.get("/")).status, 200);
	peer.accepted.password = "another one";
	assert.equal((await visitor.get("/")).status, 502);
	place.write("etc/tigase.password", "another one\n");
	await reload(prebind);
	assert.equal((await visitor.get("/")).status, 200);
	assert.doesNotMatch(prebind.child.stderr, /another one/);
});

/** The processes that a process has started. */

test("once the log says so, no process answers from the old configuration", async (t) => {
	const { place, prebind } = await setUp(t, { server: { processes: 4 } });
	let title = "<title>";
	for (let round = 1; round <= 10; round++) {
		edit(place.path("templates/login.html"), title, `<title>${round}. `);
		title = `<title>${round}. `;
		await reload(prebind);
		const pages = await Promise.all(Array.from({ length: 24 }, () => prebind.request({ path: "/login" })));
		assert.equal(pages.filter(({ body }) => body.includes(title)).length, pages.length, `round ${round}`);
		assert.equal(lines(prebind, "reloaded").length, round, "one line for all processes");
	}
});

test("a process that dies after a reload is replaced by one with the new", async (t) => {
	const { place, prebind } = await setUp(t, { server: { processes: 2 } });
	edit(place.path("templates/login.html"), "<title>", "<title>New ");
	await reload(prebind);
	const old = childrenOf(prebind.child.pid);
	signalAll(old, "SIGKILL");
	await until("new processes", () => {
		const now = childrenOf(prebind.child.pid);
		return now.length === 2 && now.every((pid) => !old.includes(pid));
	});
	for (let i = 0; i < 4; i++)
		assert.match((await prebind.request({ path: "/login" })).body, /<title>New /);
});

test("SIGHUP in a crowd of signals, and SIGTERM behind it: an end in order", async (t) => {
	const { prebind } = await setUp(t, { server: { processes: 2 } });
	for (let i = 0; i < 20; i++)
		prebind.child.process.kill("SIGHUP");
	prebind.child.process.kill("SIGTERM");
	assert.deepEqual(await prebind.child.end, { code: 0, signal: null });
});

test("the log's file is opened anew, its level is the new one; what needs a restart is said", async (t) => {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const log = path.join(place.folder("log"), "prebind.log");
	const prebind = new Prebind(place, { server: { log }, site: peer.site(place) });
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
	fs.renameSync(log, `${log}.1`);
	edit(prebind.conf, "threads = 8", "threads = 9");
	edit(prebind.conf, `log = ${log}`, `log = ${log}\nlog_level = warn`);
	prebind.child.process.kill("SIGHUP");
	const text = await until("the new file", () => {
		const now = fs.readFileSync(log, "utf8");
		return now.includes("restart_needed") && now;
	});
	assert.match(text, /"key":"threads"/);
	assert.doesNotMatch(text, /"event":"request"/);
	await until("the level", async () => {
		const size = fs.statSync(log).size;
		assert.equal((await prebind.request({ path: "/health" })).status, 200);
		return fs.statSync(log).size === size;
	});
});

test("many sites: new ones are there, old ones are gone, and one that broke goes on as it was", async (t) => {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const prebind = await manySites(place, { count: 4, site: peer.site(place, { templates: place.copy("templates", "own") }) });
	const status = async (i, at = "/health") => (await prebind.request({ path: at, headers: { Host: hostOf(i) } })).status;
	const full = fs.readFileSync(prebind.conf, "utf8");
	const sections = (...gone) => gone.reduce((text, i) => text.replace(new RegExp(`^\\[site n${i}\\]$[^[]*`, "m"), ""), full);
	fs.writeFileSync(prebind.conf, sections(3));
	await prebind.start();
	assert.deepEqual([await status(0), await status(1), await status(3)], [200, 200, 404]);

	fs.writeFileSync(prebind.conf, sections(1).replaceAll("jid = {user}@example.test", "jid = {user}@example.net"));
	fs.chmodSync(place.path("etc/tigase.password"), 0o644);
	await reload(prebind);
	const failed = lines(prebind, "site_failed");
	assert.deepEqual(failed.map(({ site }) => site), ["n0"], "site n2 was not open: nobody asked for it");
	assert.match(failed[0].why, /chmod 600/);
	assert.deepEqual([await status(0), await status(1), await status(2)], [200, 404, 503]);

	fs.chmodSync(place.path("etc/tigase.password"), 0o600);
	await reload(prebind);
	assert.deepEqual([await status(0), await status(1), await status(2), await status(3)], [200, 404, 200, 200]);
});

test("sites in files of their own: one more file, one more site", async (t) => {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const site = { ...peer.site(place), allow_http: "on" };
	const prebind = new Prebind(place, { server: { sites: place.path("etc/sites.d/*.conf") }, site: { ...site, hosts: "first.example.org" } });
	place.folder("etc/sites.d");
	await prebind.prepare();
	const database = place.path("data/one.db");
	await copyDatabase(place, prebind.database, { one: database });
	await prebind.start();
	const status = async () => (await prebind.request({ path: "/health", headers: { Host: hostOf(1) } })).status;
	assert.equal(await status(), 404);
	place.write("etc/sites.d/one.conf", confText({
		sites: { one: { ...site, hosts: hostOf(1), database, templates: place.path("templates") } },
	}).replace(/^\[server\]\n\n/, ""));
	await reload(prebind);
	assert.equal(await status(), 200);
});
