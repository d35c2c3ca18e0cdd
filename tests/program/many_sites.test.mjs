// Many sites in one program: opened when they are asked for, closed for others, and each alone with its troubles.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { confText, Prebind } from "../lib/prebind.mjs";
import { hostOf, keysOf, manySites, openFiles } from "../lib/sites.mjs";
import { copyDatabase } from "../lib/sqlite.mjs";
import { accepts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";

async function setUp(t, options) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const prebind = await manySites(place, { ...options, site: peer.site(place) });
	return { place, peer, prebind };
}

const ask = (prebind, host, path = "/health") => prebind.request({ path, headers: { Host: host } });

const events = (prebind, name) => prebind.child.stderr.split("\n").filter((line) => line.startsWith("{"))
	.map((line) => JSON.parse(line)).filter(({ event }) => event === name);

/** Starts it with few descriptors, so that few sites may be open. */
async function startWithFew(prebind, descriptors) {
	const { place } = prebind;
	prebind.child = await place.startUntil("prebind.fcgi",
		["prlimit", `--nofile=${descriptors}:${descriptors}`, prebind.program, "-c", prebind.conf],
		() => fs.existsSync(prebind.socket) && accepts(prebind.socket));
	place.onClose(() => prebind.stop());
}

test("a site is opened by the first request for it", async (t) => {
	const { prebind } = await setUp(t, { count: 3 });
	await prebind.start();
	const isOpen = (i) => openFiles(prebind.child.pid).some((file) => file.endsWith(`site-${i}.db`));
	assert.deepEqual([0, 1, 2].map(isOpen), [false, false, false]);
	assert.equal((await ask(prebind, hostOf(1))).status, 200);
	assert.deepEqual([0, 1, 2].map(isOpen), [false, true, false]);
});

test("one broken site: 503 and one line in the log; the others do not notice; mended, it comes back", async (t) => {
	const { place, prebind } = await setUp(t, { count: 3 });
	fs.renameSync(place.path("data/site-1.db"), place.path("data/away.db"));
	fs.chmodSync(place.path("data/site-2.db"), 0o644);
	await prebind.start();
	for (let i = 0; i < 5; i++) {
		const broken = await ask(prebind, hostOf(1), "/");
		assert.equal(broken.status, 503);
		assert.match(broken.headers["retry-after"], /^[1-5]$/);
		assert.doesNotMatch(broken.body, /site-1\.db|migrate/);
		assert.equal((await ask(prebind, hostOf(2))).status, 503);
		assert.equal((await ask(prebind, hostOf(0))).status, 200);
	}
	const why = Object.fromEntries(events(prebind, "site_failed").map((line) => [line.site, line.why]));
	assert.equal(events(prebind, "site_failed").length, 2, prebind.child.stderr);
	assert.match(why.n1, /site-1\.db: there is no database: run prebindctl migrate/);
	assert.match(why.n2, /chmod 600/);

	fs.renameSync(place.path("data/away.db"), place.path("data/site-1.db"));
	await until("the mended site", async () => (await ask(prebind, hostOf(1))).status === 200, { seconds: 60 });
	assert.equal((await ask(prebind, hostOf(2))).status, 503);
});

test("prebindctl check looks at every site", async (t) => {
	const { place, prebind } = await setUp(t, { count: 3, users: { alice: PASSWORD } });
	fs.rmSync(place.path("data/site-1.db"));
	const { code, stdout } = await prebind.ctl(["check"]);
	assert.equal(code, 1);
	assert.deepEqual(stdout.match(/^FAIL .*/gm).map((line) => /^FAIL {2}(n\d): site: .*no database/.exec(line)?.[1]), ["n1"]);
	for (const name of ["default", "n0", "n2"])
		assert.match(stdout, new RegExp(`^ok {4}${name}: site: `, "m"));
});

test("a fault in the configuration of any site stops the start", async (t) => {
	const { place, prebind } = await setUp(t, { count: 2 });
	fs.writeFileSync(prebind.conf, fs.readFileSync(prebind.conf, "utf8").replace(/^(\[site n1\][^[]*\njid =).*/m, "$1 {user}@exa..mple"));
	const start = await place.run([prebind.program, "-c", prebind.conf]);
	assert.equal(start.code, 1);
	assert.match(start.stderr, /start_failed.*\[site n1\].*domain/);
});

test("plain CGI opens the site that is asked for, and no other", async (t) => {
	const { place, prebind } = await setUp(t, { count: 2 });
	fs.rmSync(place.path("data/site-1.db"));
	assert.equal((await prebind.cgi({ path: "/health", headers: { Host: hostOf(0) } })).status, 200);
	assert.equal((await prebind.cgi({ path: "/health", headers: { Host: hostOf(1) } })).status, 503);
});

test("more sites than may be open: all are served, few are open", async (t) => {
	const COUNT = 24;
	const { prebind } = await setUp(t, { count: COUNT, server: { threads: 4 } });
	await startWithFew(prebind, 128);
	for (let round = 0; round < 2; round++) {
		for (let i = 0; i < COUNT; i++)
			assert.equal((await ask(prebind, hostOf(i))).status, 200);
	}
	const open = new Set(openFiles(prebind.child.pid).filter((file) => /site-\d+\.db$/.test(file)));
	assert.equal(open.size, 5, [...open].join(" "));
	assert.ok(open.has(prebind.place.path(`data/site-${COUNT - 1}.db`)), "the last used one stays");
});

test("16 at a time over more sites than may be open: nothing is closed under a request", async (t) => {
	const COUNT = 12;
	const { prebind } = await setUp(t, { count: COUNT, server: { threads: 8 }, users: { alice: PASSWORD } });
	await startWithFew(prebind, 640); // room for nine sites
	const visitors = []; // one log-in after the other: on a busy machine a crowd of them would be told to wait
	for (let n = 0; n < 16; n++) {
		visitors.push(new Visitor((request) => prebind.request({ ...request, headers: { ...request.headers, Host: hostOf(n % COUNT) } })));
		assert.equal((await visitors[n].login("alice", PASSWORD)).status, 303);
	}
	const one = async (visitor, n) => {
		for (let i = 0; i < 10; i++) {
			assert.equal((await visitor.get("/")).status, 200);
			assert.equal((await ask(prebind, hostOf((n * 7 + i) % COUNT))).status, 200);
		}
	};
	await Promise.all(visitors.map(one));
	assert.equal(events(prebind, "site_failed").length, 0);
});

test("every site has keys and users of its own", async (t) => {
	const { place, prebind } = await setUp(t, { count: 2, users: { alice: PASSWORD } });
	await prebind.start();
	assert.deepEqual([0, 1].map((i) => keysOf(place, i).hosts), [hostOf(0), hostOf(1)]);
	const visitor = new Visitor((request) => prebind.request({ ...request, headers: { Host: hostOf(0), ...request.headers } }));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	assert.equal((await visitor.get("/")).status, 200);
	assert.equal((await visitor.get("/", { Host: hostOf(1) })).status, 303, "to the login form");
});

// ---- a file for each site

/** A program whose sites are files of etc/sites.d; `asked` have a database, and a few that are not there yet. */
async function setUpFiles(t, count, { hosts = "first.example.org", start = true, damaged = [], asked } = {}) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const site = { ...peer.site(place), allow_http: "on", limit_login: "off", limit_bind_user: "off", limit_bind_ip: "off" };
	const prebind = new Prebind(place, { server: { sites: `${place.folder("etc/sites.d")}/*.conf` }, site: { ...site, hosts } });
	if (start) {
		await prebind.prepare({ alice: PASSWORD });
		const numbers = asked ?? Array.from({ length: count + 8 }, (_, i) => i);
		await copyDatabase(place, prebind.database, Object.fromEntries(numbers.map((i) => [`n${i}`, keysOf(place, i).database])));
	}
	const file = (i) => `etc/sites.d/n${String(i).padStart(4, "0")}.conf`;
	const text = (i) => confText({ sites: { [`n${i}`]: { ...site, ...keysOf(place, i), templates: place.path("templates") } } })
		.replace(/^\[server\]\n\n/, "");
	const files = { add: (i) => place.write(file(i), text(i)), damage: (i, from = "hosts =", to = "hostz =") => place.write(file(i), text(i).replace(from, to)),
		remove: (i) => fs.rmSync(place.path(file(i))), line: (i) => text(i).split("\n").findIndex((line) => line.startsWith("hosts =")) + 1 };
	for (let i = 0; i < count; i++)
		files.add(i);
	for (const damage of damaged)
		files.damage(...damage);
	if (start)
		await prebind.start();
	return { place, prebind, files };
}

async function reload(prebind, event) {
	const before = events(prebind, event).length;
	prebind.child.process.kill("SIGHUP");
	await until(event, () => events(prebind, event).length > before, { seconds: 60, gone: () => prebind.child.gone() });
	return events(prebind, event)[before];
}

test("a thousand files, one of them broken: the others go on, and the log names file and line", async (t) => {
	const COUNT = 1000;
	const some = [0, 1, 499, 998, 999];
	const { prebind, files } = await setUpFiles(t, COUNT, { asked: [...some, COUNT] });
	const statuses = async () => Promise.all(some.map(async (i) => (await ask(prebind, hostOf(i))).status));
	assert.deepEqual(await statuses(), some.map(() => 200));

	files.damage(499);
	files.add(COUNT);
	const { why } = await reload(prebind, "reload_failed");
	assert.match(why, new RegExp(`/etc/sites\\.d/n0499\\.conf:${files.line(499)}: hostz: unknown key`));
	assert.deepEqual(await statuses(), some.map(() => 200), "the broken one too: as it was");
	assert.equal((await ask(prebind, hostOf(COUNT))).status, 404, "nothing of the new is taken");
	const check = await prebind.ctl(["--site", "n0", "check"]);
	assert.equal(check.code, 1);
	assert.match(check.stderr, /n0499\.conf:\d+: hostz: unknown key/);

	files.add(499);
	await reload(prebind, "reloaded");
	assert.deepEqual(await statuses(), some.map(() => 200));
	assert.equal((await ask(prebind, hostOf(COUNT))).status, 200);
});

test("sites come and go, 16 requests at a time: none is lost", async (t) => {
	const STAY = 4;
	const ROUNDS = 6;
	const { prebind, files } = await setUpFiles(t, STAY);
	const visitors = [];
	for (let i = 0; i < STAY; i++) {
		visitors.push(new Visitor((request) => prebind.request({ ...request, headers: { ...request.headers, Host: hostOf(i) } })));
		assert.equal((await visitors[i].login("alice", PASSWORD)).status, 303);
	}
	let answered = 0;
	let over = false;
	const one = async (n) => {
		while (!over) {
			assert.equal((await visitors[n % STAY].get("/")).status, 200);
			answered++;
		}
	};
	const all = Promise.all(Array.from({ length: 16 }, (_, n) => one(n)));
	all.catch(() => (over = true)); // told below
	const rounds = async () => {
		for (let round = 0; round < ROUNDS; round++) {
			const before = answered;
			files.add(STAY + round);
			if (round > 0)
				files.remove(STAY + round - 1);
			await reload(prebind, "reloaded");
			assert.equal((await ask(prebind, hostOf(STAY + round))).status, 200);
			if (round > 0)
				assert.equal((await ask(prebind, hostOf(STAY + round - 1))).status, 404);
			await until("more answers", () => answered > before + 16, { seconds: 60 });
		}
	};
	await rounds().finally(() => (over = true));
	await all;
	assert.deepEqual([...events(prebind, "site_failed"), ...events(prebind, "reload_failed")], []);
});

test("at a start a file with a fault is left out, a site that cannot be is 503, and the others are served", async (t) => {
	const { prebind, files } = await setUpFiles(t, 4, { damaged: [[1], [2, "jid = {user}@", "jid = {user}@exa..mple."]] });
	const statuses = () => Promise.all([0, 1, 2, 3].map(async (i) => (await ask(prebind, hostOf(i))).status));
	const before = await statuses();
	assert.deepEqual(before, [200, 404, 503, 200]);
	const told = [...events(prebind, "sites_left_out"), ...events(prebind, "site_failed")].map(({ why }) => why).join("\n");
	assert.match(told, new RegExp(`/n0001\\.conf:${files.line(1)}: hostz: unknown key`));
	assert.match(told, /the domain has an empty label/);
	assert.match((await reload(prebind, "reload_failed")).why, /n0001\.conf:\d+: hostz/);
	assert.deepEqual(await statuses(), before);
	assert.match((await prebind.ctl(["check"])).stderr, /n0001\.conf:\d+: hostz: unknown key/);
	files.add(1);
	files.add(2);
	await reload(prebind, "reloaded");
	assert.deepEqual(await statuses(), [200, 200, 200, 200]);
});

test("a site of a file that is left out is not served by the one that takes every Host", async (t) => {
	const { place, prebind } = await setUpFiles(t, 1, { hosts: "", start: false, damaged: [[0]] });
	const start = await place.run([prebind.program, "-c", prebind.conf]);
	assert.equal(start.code, 1);
	assert.match(start.stderr, /start_failed.*hosts: is empty in \[site default\]/);
});

test("with nothing but broken files there is no start", async (t) => {
	const { place, prebind } = await setUpFiles(t, 1, { start: false, damaged: [[0]] });
	fs.writeFileSync(prebind.conf, fs.readFileSync(prebind.conf, "utf8").replace(/\[site default\][^[]*/, ""));
	const start = await place.run([prebind.program, "-c", prebind.conf]);
	assert.equal(start.code, 1);
	assert.match(start.stderr, /start_failed.*n0000\.conf:\d+: hostz: unknown key/);
});
