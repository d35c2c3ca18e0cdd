/*
 * The share of metrics and log in what a request costs: instructions of the program itself, counted by callgrind, so a
 * busy machine changes nothing. What the kernel does is not counted. Needs valgrind.
 *   make BUILD=build/optimised CFLAGS='-O2 -g' && PREBIND_BUILD=build/optimised node tests/bench/log_cost.mjs
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { accepts } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const REQUESTS = 200;
const PARTS = { log: /:log_event$/, metrics: /:metrics_\w+$/ };

/** A server under callgrind, which counts only what happens while a request is served. */
async function start(place, prebind, out) {
	const argv = ["valgrind", "--tool=callgrind", "--toggle-collect=fcgi_serve", `--callgrind-out-file=${out}`, prebind.program, "-c", prebind.conf];
	prebind.child = await place.startUntil("valgrind", argv, () => fs.existsSync(prebind.socket) && accepts(prebind.socket));
}

/** Instructions of all, and of each part with what it calls. */
async function counts(place, out) {
	const { code, stdout, stderr } = await place.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out]);
	assert.equal(code, 0, stderr);
	const rows = [...stdout.matchAll(/^\s*([\d,]+) \([ \d.]+%\)\s+(\S+?)(?:'\d+)?(?: \[.*\])?$/gm)]
		.map(([, number, name]) => [Number(number.replaceAll(",", "")), name.trim()]);
	const sum = (pattern) => rows.filter(([, name]) => pattern.test(name)).reduce((total, [number]) => total + number, 0);
	const all = sum(/:fcgi_serve$/);
	assert.ok(all > 0, stdout.slice(0, 2000));
	return { all, ...Object.fromEntries(Object.entries(PARTS).map(([part, pattern]) => [part, sum(pattern)])) };
}

/** What one kind of request costs. */
async function measure(name, ask) {
	const place = new Place();
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { server: { log: place.path("data", "log") }, site: peer.site(place) });
	place.folder("data");
	await prebind.prepare({ alice: "correct horse" });
	await prebind.start();
	const alice = new Visitor((request) => prebind.request(request));
	assert.equal((await alice.login("alice", "correct horse")).status, 303);
	await prebind.child.stop();
	prebind.stop = () => {};
	const out = place.path("callgrind.out");
	await start(place, prebind, out);
	for (let i = 0; i < REQUESTS; i++)
		assert.equal((await ask(alice)).status, 200);
	await prebind.child.stop();
	const { all, log, metrics } = await counts(place, out);
	const share = (part) => `${(100 * part / all).toFixed(2)} %`;
	console.log(`${name.padEnd(28)} ${Math.round(all / REQUESTS)} instructions a request: log ${share(log)}, metrics ${share(metrics)}`);
	await place.close();
}

await measure("GET / (with a session)", (alice) => alice.get("/", NAVIGATION));
await measure("GET /prebind.json", (alice) => alice.get("/prebind.json", SCRIPT));
await measure("GET /login", (alice) => alice.get("/login"));
await measure("GET /health", (alice) => alice.get("/health"));
