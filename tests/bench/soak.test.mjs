// A slice of `make soak`: it loses nothing where nothing may be lost, and it would say so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { complaints, MARGIN, runSoak, RUNS } from "./soak.mjs";

const SLICE = 5000; // requests

/** Too few requests to warm every thread up: it is the long run that finds a leak. */
const FRESH = { kib: 64 * 1024, descriptors: MARGIN.descriptors };

test("reloaded, drained, restarted and killed: at most what the killed one had in hand is lost", async () => {
	const results = await runSoak({ requests: SLICE, seconds: 1, margin: FRESH, progress: () => {} });
	assert.deepEqual(results.map(({ name }) => name), RUNS.flatMap(({ phases }) => phases.map(({ name }) => name)));
	assert.deepEqual(results.flatMap((result) => result.complaints), []);
	assert.ok(results.reduce((sum, { requests, failed }) => sum + requests + failed, 0) >= SLICE);
	for (const { name, events, kib } of results) {
		assert.equal(events > 0, /SIG|kill/.test(name), name);
		assert.ok(kib > 0, name);
	}
});

test("what is lost, or grows, is said", () => {
	const warm = { name: "warm-up", failed: 0, events: 0, kib: 10000, descriptors: 100 };
	const say = (phase, result) => complaints(phase, { ...warm, ...phase, ...result }, warm, { kib: 100, descriptors: 10 });
	assert.deepEqual(say({ name: "a" }, { kib: 10100, descriptors: 110 }), []);
	assert.deepEqual(say({ name: "a" }, { failed: 1, complaint: "load: not a 200" }), ["a: 1 requests failed, at most 0 may; the first: load: not a 200"]);
	assert.deepEqual(say({ name: "a" }, { kib: 10101, descriptors: 111 }),
		["a: 10101 KiB, 10000 after warm-up: more than 100 more", "a: 111 descriptors, 100 after warm-up: more than 10 more"]);
	const kill = { name: "kill", event: async () => {}, mayFail: 16 };
	assert.deepEqual(say(kill, { events: 2, failed: 32 }), []);
	assert.match(say(kill, { events: 2, failed: 33 })[0], /^kill: 33 requests failed, at most 32 may/);
	assert.deepEqual(say(kill, {}), ["kill: nothing happened meanwhile"]);
});
