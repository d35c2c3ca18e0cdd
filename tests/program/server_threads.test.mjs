// No thread to be had: who would have to wait is told to come again, others are served, and it goes on when there are some again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const THREADS = 4;
const CROWD = 3 * THREADS;

let place, peer, prebind, alice;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { threads: THREADS },
		site: { ...peer.site(place), upstream_max: CROWD, timeout: "60s" },
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
	alice = new Visitor((request) => prebind.request(request));
	assert.equal((await alice.login("alice", PASSWORD)).status, 303);
});
after(() => place.close({ logs: true }));

async function prlimit(...args) {
	const { code, stdout, stderr } = await place.run(["prlimit", "--pid", String(prebind.child.pid), ...args]);
	assert.equal(code, 0, stderr);
	return stdout.trim();
}

/** Its account has more threads than one already: the system gives it no other. Returns what gives them back. */
async function refuseThreads() {
	const allowed = await prlimit("--nproc", "--output=SOFT", "--noheadings");
	await prlimit("--nproc=1:");
	return () => prlimit(`--nproc=${allowed}:`);
}

/** Visitors one after the other, for as long as each comes to wait for the XMPP server, and the first that does not. */
async function comeAndWait() {
	let release, refused = null;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	const waiting = [];
	while (!refused && waiting.length < CROWD) {
		const calls = peer.requests.length;
		const answer = alice.get("/", NAVIGATION);
		answer.then((what) => (refused ??= what));
		await until("the visitor to wait, or to be answered", () => refused || peer.requests.length > calls, { seconds: 60 });
		if (!refused)
			waiting.push(answer);
	}
	return { waiting, refused, async release() {
		release();
		peer.answer(null);
		return (await Promise.all(waiting)).map(({ status }) => status);
	} };
}

test("no more threads: 503 for who would have to wait, and nobody else", async () => {
	const giveThreads = await refuseThreads();
	const crowd = await comeAndWait();
	assert.equal(crowd.refused?.status, 503);
	assert.match(crowd.refused.headers["retry-after"], /^[1-9]\d*$/);
	assert.ok(crowd.waiting.length >= 1, "nobody waits");
	await until("the log to say so", () => /"event":"threads_short"/.test(prebind.child.stderr));
	assert.equal((await new Visitor((request) => prebind.request(request)).get("/health")).status, 200);
	assert.deepEqual(await crowd.release(), crowd.waiting.map(() => 200));

	await giveThreads();
	await until("a crowd to wait again", async () => {
		const again = await comeAndWait();
		const statuses = await again.release();
		return again.refused === null && statuses.length === CROWD && statuses.every((status) => status === 200);
	}, { seconds: 60 });
});
