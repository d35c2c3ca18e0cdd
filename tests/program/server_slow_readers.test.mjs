// Web servers that do not read their answer: nobody else waits with them.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { requestBytes } from "../lib/cgi.mjs";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const THREADS = 4;
const READERS = 200;
const WAITING_MAX = 2 * READERS; // half of them may wait for their peer
const MORE = 20;
const LARGE = 500_000; // more than a socket takes: half as much again as net.core.wmem_default
const NEXT = `/chat/${"x".repeat(194)}`; // stands in the page often enough to make it so large

let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { server: { threads: THREADS, waiting_max: WAITING_MAX }, site: peer.site(place) });
	const page = place.path("templates/login.html");
	fs.writeFileSync(page, `${fs.readFileSync(page, "utf8")}${"{{next}}".repeat(LARGE / NEXT.length)}`);
	await prebind.prepare({ alice: "correct horse" });
	await prebind.start();
});
after(() => place.close({ logs: true }));

const newVisitor = () => new Visitor((request) => prebind.request(request));

/** So many connections that ask for a large page and read nothing of it. */
function readers(count) {
	return Array.from({ length: count }, () => {
		const reader = { socket: net.connect(prebind.socket).pause(), got: 0, ended: false };
		reader.socket.on("error", () => {}); // it may be closed by the program
		reader.socket.on("end", () => (reader.ended = true));
		reader.socket.write(requestBytes({ path: `/login?next=${NEXT}` }));
		return reader;
	});
}

function read(reader) {
	reader.socket.on("data", (chunk) => (reader.got += chunk.length)).resume();
}

const threads = () => fs.readdirSync(`/proc/${prebind.child.pid}/task`).length;

test(`${READERS} peers that do not read their answer: others are served, and it is whole when they read it`, async () => {
	const those = readers(READERS);
	await until("all of them to be waited for", () => threads() > READERS, { seconds: 30 });
	const began = performance.now();
	for (let i = 0; i < 20; i++)
		assert.equal((await newVisitor().get("/health")).status, 200);
	console.log(`# 20 times /health beside them: ${(performance.now() - began).toFixed(0)} ms`);
	assert.equal(prebind.connections(), READERS, "all of them are still there");
	for (const reader of those)
		read(reader);
	await until("their answers", () => those.every(({ ended }) => ended), { seconds: 30 });
	for (const { got } of those)
		assert.ok(got > LARGE, String(got));
});

test("more of them than may be waited for: those are cut off, and others are served", async () => {
	const cutOff = () => prebind.child.stderr.split('"event":"response_lost"').length;
	const already = cutOff();
	const those = readers(READERS + MORE);
	await until("those for whom there is no place", () => cutOff() - already === MORE, { seconds: 30 });
	await until("them to be gone", () => prebind.connections() === READERS, { seconds: 30 });
	assert.equal((await newVisitor().get("/health")).status, 200);
	assert.equal(prebind.connections(), READERS, "all of them are still there");
	for (const reader of those)
		read(reader);
	await until("their answers", () => those.every(({ ended }) => ended), { seconds: 30 });
	assert.equal(those.filter(({ got }) => got > LARGE).length, READERS);
	await until("the connections to end", () => prebind.connections() === 0, { seconds: 30 });
});
