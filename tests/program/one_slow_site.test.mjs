// One slow site beside fifty quick ones in one process: whatever its visitors wait for, the others are as quick as without them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NAVIGATION } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { hostOf } from "../lib/sites.mjs";
import { lockDatabase, runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startSitePeer } from "../peers/site_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const QUICK = 50;
const SLOW = 200;
const THREADS = 16;
const SID = "a1b2c3d4e5f6a7b8c9d0e1f2a3";
const UPSTREAM_MS = 3000;

let place, slowPeer, sitePeer, prebind, siteDatabase, phpSession, alone;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	slowPeer = await startTigasePeer({ place });
	sitePeer = await startSitePeer({ place });
	siteDatabase = place.path("site/site.db");
	place.folder("site");
	await runSql(place, siteDatabase, `CREATE TABLE session (id TEXT PRIMARY KEY, user TEXT); INSERT INTO session VALUES ('${SID}', 'alice');`);
	phpSession = place.write(`sessions/sess_${SID}`, 'user|a:1:{s:4:"name";s:5:"alice";}');
	const common = { ...peer.site(place), identity: "remote_user", timeout: "10s" };
	const quick = Array.from({ length: QUICK }, (_, i) => [`quick-${i}`, { ...common, hosts: hostOf(i) }]);
	prebind = new Prebind(place, {
		server: { threads: THREADS, processes: 1 },
		site: { ...common, hosts: "first.example.org" },
		sites: {
			...Object.fromEntries(quick),
			database: { ...common, hosts: "database.test", identity: "site_session", site_database: siteDatabase, site_cookie: "sid",
				site_query: place.write("site/query.sql", "SELECT user FROM session WHERE id = :sid", 0o644) },
			php: { ...common, hosts: "php.test", identity: "php_session", php_session_path: place.path("sessions"), php_session_user: "user.name" },
			upstream: { ...common, ...slowPeer.site(place), hosts: "upstream.test" },
			http: { ...common, hosts: "http.test", identity: "site_http", site_http_url: sitePeer.url, site_http_cookies: "sid who", site_http_cache: "0" },
			opening: { ...common, hosts: "opening.test" },
		},
	});
	await prebind.prepare();
	await prebind.start();
	await crowd("first.example.org", 0); // opens the quick sites
	alone = await crowd("first.example.org", 0);
});
after(() => place.close({ logs: true }));

function ask(host, path = "/", user = "alice") {
	const headers = { ...NAVIGATION, Cookie: `sid=${SID}; PHPSESSID=${SID}; who=${user}` };
	return prebind.request({ path, headers, params: { HTTP_HOST: host, REMOTE_USER: user, AUTH_TYPE: "Basic" } });
}

/**
 * So many visitors of one site come, and right after them one to each quick site, for a page and for /health. Returns after how
 * many milliseconds the quick answers came, how many of the others had theirs by the median of them, and what the others got.
 */
async function crowd(host, count) {
	let ended = 0;
	const slow = Array.from({ length: count }, (_, i) => ask(host, "/", `visitor${i}`).finally(() => ended++));
	const began = performance.now();
	const answers = [];
	const one = async (i, path) => {
		assert.equal((await ask(hostOf(i), path)).status, 200, `${hostOf(i)}${path}`);
		answers.push({ ms: performance.now() - began, ended });
	};
	await Promise.all(Array.from({ length: QUICK }, (_, i) => i).flatMap((i) => [one(i, "/"), one(i, "/health")]));
	const statuses = (await Promise.all(slow)).map(({ status }) => status);
	const median = answers[answers.length >> 1];
	return { median: median.ms, last: answers.at(-1).ms, ended: median.ended, statuses };
}

const shown = ({ median, last, ended }) => `median ${median.toFixed(0)} ms, last ${last.toFixed(0)} ms, ${ended} of ${SLOW} others had ended`;

/**
 * Those who came first still wait when the quick sites' visitors have their answers. With a thread held for each of them the
 * quick ones, who came last, would wait until nearly all of them had ended. control: the same crowd without a wait.
 */
function assertNotHeld(what, waiting, control) {
	console.log(`# ${what}: ${shown(waiting)}; alone: ${shown(alone)}; beside as many who do not wait: ${shown(control)}`);
	assert.ok(waiting.ended < SLOW / 2, `${what}: ${shown(waiting)}`);
}

const all = (status) => Array.from({ length: SLOW }, () => status);

test("(a) its database is locked by the site", async () => {
	const control = await crowd("database.test", SLOW);
	assert.deepEqual(control.statuses, all(200));
	const unlock = await lockDatabase(place, siteDatabase);
	const waiting = await crowd("database.test", SLOW);
	await unlock();
	assert.deepEqual(waiting.statuses, all(503));
	assertNotHeld("locked site_database", waiting, control);
});

test("(b) PHP holds the session", async () => {
	const control = await crowd("php.test", SLOW);
	const holder = place.start("flock", ["flock", "-x", phpSession, "sh", "-c", "echo held; read line"], { stdio: ["pipe", "pipe", "pipe"] });
	await until("the lock", () => holder.stdout.includes("held"), { gone: () => holder.gone() });
	const waiting = await crowd("php.test", SLOW);
	holder.process.stdin.end();
	await holder.end;
	for (const { statuses } of [control, waiting])
		assert.deepEqual(statuses, all(200));
	assertNotHeld("locked PHP session", waiting, control);
});

test(`(c) its XMPP server answers after ${UPSTREAM_MS} ms`, async () => {
	const control = await crowd("upstream.test", SLOW);
	assert.deepEqual(control.statuses, all(200));
	slowPeer.answer({ delayMs: UPSTREAM_MS });
	const waiting = await crowd("upstream.test", SLOW);
	for (const status of waiting.statuses)
		assert.ok([200, 503].includes(status), String(status)); // 16 calls at a time, and 5 s of patience
	assertNotHeld("slow XMPP server", waiting, control);
});

test("(d) the site, which says who is logged in, does not answer", async () => {
	sitePeer.answer({ body: { user: "alice" } });
	const control = await crowd("http.test", SLOW);
	assert.deepEqual(control.statuses, all(200));
	sitePeer.answer({ way: "hang" });
	const waiting = await crowd("http.test", SLOW);
	assert.deepEqual(waiting.statuses, all(503));
	assertNotHeld("slow site_http_url", waiting, control);
});

test("(e) it is being opened, and its own database is locked", async () => {
	const unlock = await lockDatabase(place, prebind.databases.opening);
	const waiting = await crowd("opening.test", SLOW);
	await unlock();
	assert.deepEqual(waiting.statuses, all(503));
	await until("the site to be open", async () => (await ask("opening.test")).status === 200, { seconds: 30 });
	const control = await crowd("opening.test", SLOW);
	assert.deepEqual(control.statuses, all(200));
	assertNotHeld("site being opened", waiting, control);
});
