// No descriptor left: visitors are told to come again, nobody hangs, and it goes on when there are some again.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { accepts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const DESCRIPTORS = 80;
const UPSTREAM_MAX = 4;
const CROWD = 100; // more than there are descriptors

let place, peer, prebind, alice;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { threads: 4 },
		site: { ...peer.site(place), upstream_max: UPSTREAM_MAX, timeout: "60s" },
	});
	await prebind.prepare({ alice: PASSWORD });
	const limit = `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`;
	prebind.child = await place.startUntil("prebind.fcgi", ["prlimit", limit, prebind.program, "-c", prebind.conf],
		() => fs.existsSync(prebind.socket) && accepts(prebind.socket));
	place.onClose(() => prebind.stop());
	alice = new Visitor((request) => prebind.request(request));
	assert.equal((await alice.login("alice", PASSWORD)).status, 303);
});
after(() => place.close({ logs: true }));

test("more visitors than descriptors: some wait, the others get 503, and all an answer", async () => {
	let release;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	const ask = () => alice.get("/", NAVIGATION);
	const first = Array.from({ length: UPSTREAM_MAX }, ask);
	await until("the calls upstream", () => peer.requests.length === UPSTREAM_MAX, { seconds: 30 });

	const told = [];
	const rest = Array.from({ length: CROWD }, () => ask().then((answer) => {
		if (/Too many visitors/.test(answer.body))
			told.push(answer);
		return answer;
	}));
	await until("visitors who are told to come again", () => told.length > 0, { seconds: 60 });
	assert.equal(told[0].status, 503);
	assert.match(told[0].headers["retry-after"], /^[1-9]\d*$/);
	await until("a line about it", () => prebind.child.stderr.includes('"event":"accept_failed"'));

	release();
	for (const answer of await Promise.all(first))
		assert.equal(answer.status, 200);
	for (const answer of await Promise.all(rest))
		assert.ok([200, 503].includes(answer.status), answer.body);
	peer.answer(null);
	await until("to be served again", async () => (await ask()).status === 200);
});
