// A database that cannot be used, ours or the site's own: a visitor is told the same whichever way the program runs, in the form
// that was asked for.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { fastcgiRequest } from "../lib/cgi.mjs";
import { SCRIPT } from "../lib/http.mjs";
import { listenFor } from "../lib/listening.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const ID = /[0-9A-Za-z_-]{16,}/;

/** To a file, as its owner's program then finds it. */
const BREAKAGES = {
	missing: (file) => fs.rmSync(file),
	empty: (file) => fs.truncateSync(file),
	truncated: (file) => fs.truncateSync(file, 5000),
	"no database": (file) => fs.writeFileSync(file, "this is a letter\n".repeat(1000)),
	unreadable: (file) => fs.chmodSync(file, 0),
};
const OF_OURS = {
	...BREAKAGES,
	"open to others": (file) => fs.chmodSync(file, 0o644),
	"of an older schema": (file, place) => runSql(place, file, "PRAGMA user_version = 1"),
	"of a newer schema": (file, place) => runSql(place, file, "PRAGMA user_version = 999"),
	"of another site": (file, place) => runSql(place, file, "UPDATE database_site SET site = 'other'"),
};
/** The parts of a set-up that break, and how. An empty site's database has no tables: the query does not fit it. */
const ROWS = [
	...Object.entries(OF_OURS).map(([name, damage]) => ({ name: `our database ${name}`, file: "data/prebind.db", damage })),
	...Object.entries(BREAKAGES).map(([name, damage]) => ({ name: `the site's database ${name}`, file: "site/site.db", damage })),
];

async function setUp(t) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const database = `${place.folder("site")}/site.db`;
	await runSql(place, database, "CREATE TABLE session (id TEXT PRIMARY KEY, user TEXT); INSERT INTO session VALUES ('good', 'alice')");
	const query = place.write("etc/site.sql", "SELECT user FROM session WHERE id = :sid\n");
	fs.chmodSync(database, 0o600);
	const prebind = new Prebind(place, { server: { allow_tcp: "on" }, site: peer.site(place, {
		identity: "site_session", site_database: database, site_query: query, site_cookie: "sid", hosts: "example.org", gateway: "on" }) });
	await prebind.prepare();
	return { place, prebind };
}

/** As a web server spawns it, its socket being descriptor 0. */
async function spawned(prebind) {
	const host = "127.0.0.1";
	const socket = await listenFor(host);
	const child = prebind.place.start("prebind.fcgi", [prebind.program, "-c", prebind.conf],
		{ stdio: [socket.fd, "pipe", "pipe"], env: { FCGI_WEB_SERVER_ADDRS: host } });
	socket.close();
	return { child, ask: (request) => fastcgiRequest({ host, port: socket.port }, request) };
}

const ASKED = {
	page: { path: "/", headers: { Cookie: "sid=good", Accept: "text/html" } },
	script: { path: "/prebind.json", headers: { ...SCRIPT, Cookie: "sid=good", Accept: "*/*" } },
	program: { path: "/rest/adhoc/bosh@example.test", method: "GET", headers: { Authorization: `Basic ${Buffer.from("a:b").toString("base64")}` } },
};

/** What must be the same: all but the request's own number, and what is made for one page. */
const shape = ({ status, headers, body }) => {
	const { "x-request-id": id, "content-security-policy": policy, "retry-after": later, "content-length": length, ...rest } = headers;
	assert.match(id, ID);
	assert.match(later, /^[1-5]$/);
	assert.ok(length === undefined || Number(length) > 0);
	const known = (text) => text.replaceAll(id, "ID").replace(/nonce(-|=")[\w-]+/g, "nonce");
	return { status, headers: { ...rest, policy: known(policy) }, body: known(body) };
};

for (const { name, file, damage } of ROWS)
	test(`${name}: 503 as it was asked for, by CGI, FastCGI on descriptor 0 and a socket of its own`, async (t) => {
		const { place, prebind } = await setUp(t);
		await prebind.start();
		assert.equal((await prebind.request(ASKED.page)).status, 200);
		await damage(place.path(file), place);
		const started = await spawned(prebind);
		const ours = file.startsWith("data/");
		for (const [kind, request] of Object.entries(ASKED)) {
			if (kind === "program" && !ours)
				continue; // nobody's session is looked for there
			const cgi = await prebind.cgi(request);
			assert.equal(cgi.status, 503, kind);
			if (kind === "page")
				assert.match(cgi.body, /the chat is paused/i);
			else if (kind === "script")
				assert.equal(JSON.parse(cgi.body).error, "unavailable");
			assert.match(cgi.headers["content-type"], { page: /^text\/html/, script: /^application\/json/, program: /xml|json/ }[kind]);
			assert.doesNotMatch(cgi.body, /prebind\.db|site\.db|migrate/);
			assert.match(cgi.stderr, /"event":"site_failed".*"why":".*\.db[: ]/);
			assert.deepEqual(shape(await started.ask(request)), shape(cgi), kind);
			// a connection that was opened before may still read what is not there any more, or was cut off
			const before = await prebind.request(request);
			if (before.status === 503)
				assert.deepEqual(shape(before), shape(cgi), kind);
		}
		for (const health of [await prebind.cgi({ path: "/health" }), await started.ask({ path: "/health?deep=1" })]) {
			assert.equal(health.status, ours ? 503 : health.status, health.body);
			if (health.status === 503)
				assert.deepEqual(JSON.parse(health.body), { status: "unavailable", database: "unavailable" });
		}
		assert.equal(started.child.ended, null, started.child.stderr);
	});

test("spawned by a web server, it serves as soon as the database is mended", async (t) => {
	const { place, prebind } = await setUp(t);
	fs.renameSync(place.path("data/prebind.db"), place.path("data/away.db"));
	const { child, ask } = await spawned(prebind);
	assert.equal((await ask(ASKED.page)).status, 503);
	assert.equal((await ask({ path: "/nothing" })).status, 404);
	fs.renameSync(place.path("data/away.db"), place.path("data/prebind.db"));
	await until("the mended database", async () => (await ask(ASKED.page)).status === 200, { seconds: 30 });
	assert.equal(child.stderr.match(/"event":"site_failed"/g).length, 1, child.stderr);
});

test("on a socket of its own it does not start", async (t) => {
	const { place, prebind } = await setUp(t);
	fs.rmSync(place.path("data/prebind.db"));
	const { code, stderr } = await place.run([prebind.program, "-c", prebind.conf]);
	assert.equal(code, 1);
	assert.match(stderr, /start_failed.*\[site default\]: .*there is no database/);
});

test("templates that cannot be read do not keep the answer back", async (t) => {
	const { place, prebind } = await setUp(t);
	fs.rmSync(place.path("data/prebind.db"));
	fs.renameSync(place.path("templates"), place.path("away"));
	const { status, headers, body } = await prebind.cgi(ASKED.page);
	assert.equal(status, 503);
	assert.match(headers["content-type"], /^text\/html/);
	assert.match(body, /<h1>/);
	assert.equal(JSON.parse((await prebind.cgi(ASKED.script)).body).error, "unavailable");
});
