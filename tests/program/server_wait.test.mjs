// Visitors who wait for a slow XMPP server: any number of them, and nobody waits with them who does not have to.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { dataBlock, NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const THREADS = 4;
const WAITING_MAX = 60;
const UPSTREAM_MAX = 8;

const LOST = 7; // come when all places are taken

let place, peer, prebind, alice;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { threads: THREADS, waiting_max: WAITING_MAX },
		site: { ...peer.site(place), upstream_max: UPSTREAM_MAX, timeout: "60s" },
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
	alice = await loggedIn();
});
after(() => place.close({ logs: true }));
beforeEach(() => peer.answer(null));

const newVisitor = () => new Visitor((request) => prebind.request(request));

async function loggedIn() {
	const visitor = newVisitor();
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	return visitor;
}

const threads = () => fs.readdirSync(`/proc/${prebind.child.pid}/task`).length;

/** Holds the peer's answers, and so many visitors come; returns their answers, and what lets the peer answer. */
async function holdCrowd(count) {
	let release;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	const calls = peer.requests.length;
	const answers = Array.from({ length: count }, () => alice.get("/", NAVIGATION));
	await until("the calls upstream", () => peer.requests.length - calls === Math.min(count, UPSTREAM_MAX), { seconds: 30 });
	return { answers, release };
}

/** As holdCrowd, and all of them wait. */
async function crowd(count) {
	const { answers, release } = await holdCrowd(count);
	await until("the visitors to wait", () => prebind.connections() >= count, { seconds: 30 });
	return { answers: Promise.all(answers), release };
}

test("a crowd waits, and others are served as if it were not there", async () => {
	const { answers, release } = await crowd(50);
	let left = false;
	answers.then(() => (left = true));
	for (let i = 0; i < 20; i++) {
		assert.equal((await newVisitor().get("/health")).status, 200);
		assert.equal((await newVisitor().get("/login")).status, 200);
	}
	await loggedIn();
	assert.equal(left, false);
	release();
	for (const answer of await answers) {
		assert.equal(answer.status, 200);
		assert.ok(dataBlock(answer.body).sid);
	}
});

test("when all places are taken: 503 and when to come again, at once", async () => {
	const { answers, release } = await holdCrowd(WAITING_MAX + LOST);
	const done = [];
	for (const answer of answers)
		answer.then((what) => done.push(what));
	await until("those for whom there is no place", () => done.length === LOST, { seconds: 30 });
	for (const refused of done) {
		assert.equal(refused.status, 503);
		assert.match(refused.headers["retry-after"], /^[1-9]\d*$/);
		assert.match(refused.body, /try again/i);
	}
	assert.equal((await newVisitor().get("/health")).status, 200);
	release();
	const statuses = (await Promise.all(answers)).map((answer) => answer.status);
	assert.equal(statuses.filter((status) => status === 200).length, WAITING_MAX);
	assert.match(prebind.child.stderr, /waiting_max/);
	assert.equal((await alice.get("/", NAVIGATION)).status, 200);
});

test("threads that nobody needs any more end", async () => {
	await until("the threads to end", () => threads() <= 2 * THREADS + 2, { seconds: 60 });
	assert.equal((await alice.get("/", NAVIGATION)).status, 200);
});

test("SIGTERM: the crowd is answered first, and then it ends", async () => {
	const { answers, release } = await crowd(50);
	const ended = prebind.child.stop();
	release();
	for (const answer of await answers)
		assert.equal(answer.status, 200);
	assert.deepEqual(await ended, { code: 0, signal: null });
});
