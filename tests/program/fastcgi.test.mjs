// The program as a FastCGI server on its own socket.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { requestBytes } from "../lib/cgi.mjs";
import { dataBlock, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const AT_ONCE = 16;
const THREADS = 4;
const KEEP_CONN_AT = 8 + 2; // where FCGI_BEGIN_REQUEST has its flags (FastCGI 1.0, section 5.1)
let place, peer, prebind;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { threads: THREADS },
		site: peer.site(place, { hosts: "example.org www.example.org", timeout: "60s" }),
		sites: { other: peer.site(place, { hosts: "other.example.org", database: place.path("data/other.db") }) },
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.ctlOk(["--site", "other", "migrate"]);
	await prebind.start();
});
after(() => place.close({ logs: true }));

const newVisitor = () => new Visitor((request) => prebind.request(request));

async function loggedIn() {
	const visitor = newVisitor();
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	return visitor;
}

/** Makes the peer keep its answers until the returned function is called. */
function holdAnswers() {
	let release;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	return () => {
		peer.answer(null);
		release();
	};
}

test("the socket is for its owner and group", () => {
	assert.equal(fs.statSync(prebind.socket).mode & 0o777, 0o660);
});

test("the way in: form, password, page with a session", async () => {
	const visitor = await loggedIn();
	const page = await visitor.get("/");
	assert.equal(page.status, 200);
	assert.equal(dataBlock(page.body).rid, "791633");
	assert.equal(page.stderr, "");
});

test("the site is chosen by Host; an unknown one is a 404", async () => {
	const status = async (host) => (await prebind.request({ path: "/health", headers: { Host: host } })).status;
	assert.equal(await status("example.org"), 200);
	assert.equal(await status("WWW.Example.ORG:8080"), 200);
	assert.equal(await status("other.example.org"), 200);
	assert.equal(await status("evil.example"), 404);
	assert.equal(await status("example.org.evil.example"), 404);
});

test("a login counts for its own site only", async () => {
	const visitor = await loggedIn();
	const answer = await visitor.get("/", { Host: "other.example.org" });
	assert.equal(answer.status, 303);
});

test(`${AT_ONCE} at a time are all answered`, async () => {
	const visitor = await loggedIn();
	const one = async () => {
		for (let i = 0; i < 10; i++)
			assert.equal((await visitor.get("/")).status, 200);
	};
	await Promise.all(Array.from({ length: AT_ONCE }, one));
});

test("others are served while the XMPP server is slow", async () => {
	const visitor = await loggedIn();
	const release = holdAnswers();
	const calls = peer.requests.length;
	const slow = visitor.get("/");
	await until("the call upstream", () => peer.requests.length > calls);
	assert.equal((await newVisitor().get("/health")).status, 200);
	release();
	assert.equal((await slow).status, 200);
});

test("a connection ends after one answer, also if the web server asks to keep it", async () => {
	for (const request of [{ path: "/health" }, { path: "/login", method: "POST", body: "user=x" }]) {
		const bytes = requestBytes(request);
		bytes[KEEP_CONN_AT] = 1;
		const socket = net.connect(prebind.socket);
		let size = 0;
		socket.on("data", (data) => (size += data.length)).write(bytes);
		await new Promise((resolve, reject) => socket.once("end", resolve).once("error", reject));
		assert.ok(size > 0, request.path);
		socket.destroy();
	}
});

test("a peer that says nothing, or half a record, is no trouble to others", async () => {
	const silent = net.connect(prebind.socket);
	const half = net.connect(prebind.socket);
	half.write(Buffer.from([1, 1, 0, 1]));
	assert.equal((await newVisitor().get("/health")).status, 200);
	silent.destroy();
	half.destroy();
	assert.equal((await newVisitor().get("/health")).status, 200);
});

test("as many silent peers as there are threads: they are sent away, and others have their turn", async () => {
	const silent = Array.from({ length: THREADS }, () => net.connect(prebind.socket));
	const closed = silent.map((socket) => new Promise((resolve) => socket.resume().once("close", resolve)));
	silent[0].write(Buffer.from([1, 1, 0, 1]));
	assert.equal((await newVisitor().get("/health")).status, 200);
	await Promise.all(closed);
});

test("SIGTERM: what is in flight is answered, then it ends with 0", async () => {
	const visitor = await loggedIn();
	const release = holdAnswers();
	const calls = peer.requests.length;
	const slow = visitor.get("/");
	await until("the call upstream", () => peer.requests.length > calls);
	const ended = prebind.child.stop();
	await until("the socket to be gone or deaf", () => new Promise((resolve) => {
		net.connect(prebind.socket).once("error", () => resolve(true)).once("connect", function () {
			this.destroy();
			resolve(false);
		});
	}), { seconds: 2 }).catch(() => {}); // a kernel backlog may still take connections: no matter
	release();
	assert.equal((await slow).status, 200);
	assert.deepEqual(await ended, { code: 0, signal: null });
});
