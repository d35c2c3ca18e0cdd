// The breaker of nodes with one database on PostgreSQL: what one node finds out about the XMPP server, the others know.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const CALLS = 10; // so many in ten seconds open it, if half of them fail
const WINDOW_MS = 12_000; // those ten seconds, and what the test needs
const FAILS = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const places = [];
/** The nodes that the XMPP server answers with an error; with 401; whose answers wait for a promise. */
let failing, refused, held;
let server, nodes, peer, clients;
/** When calls succeeded. */
const worked = [];

/** A user of Tigase for each node, so that the XMPP server can tell whose call it is. */
const userOf = (i) => `node${i}@example.test`;
const nodeOf = ({ headers }) => Number(/^node(\d)/.exec(Buffer.from(headers.authorization.replace("Basic ", ""), "base64").toString())[1]);
const calls = (...of) => peer.requests.filter((request) => request.method === "POST" && of.includes(nodeOf(request))).length;

async function startNode(i) {
	const place = new Place();
	places.push(place);
	const node = new Prebind(place, { server: { processes: 1 }, site: { ...peer.site(place), tigase_user: userOf(i), timeout: "60s", // a test holds an answer
		database: `postgresql://prebind@127.0.0.1:${server.port}/prebind`, database_password_file: place.write("etc/database.password", "secret\n") } });
	await node.ctlOk(["migrate"]);
	await node.start();
	return node;
}

async function startPeer(place) {
	peer = await startTigasePeer({ place });
	const respond = peer.respond.bind(peer);
	const { user, password } = peer.accepted;
	peer.respond = async (socket, request) => {
		const node = nodeOf(request);
		await held.get(node);
		if (failing.has(node))
			return socket.end(FAILS);
		const authorization = `Basic ${Buffer.from(refused.has(node) ? "nobody:wrong" : `${user}:${password}`).toString("base64")}`;
		return respond(socket, { ...request, headers: { ...request.headers, authorization } });
	};
}

before(async () => {
	const place = new Place();
	places.push(place);
	await startPeer(place);
	server = await Postgresql.start(place);
	await server.sql("CREATE ROLE prebind LOGIN PASSWORD 'secret'; CREATE DATABASE prebind OWNER prebind;"
		+ "ALTER ROLE prebind SET log_statement = 'all'");
	nodes = [await startNode(0), await startNode(1)];
	await nodes[0].ctlOk(["user", "add", "alice", "--password-stdin"], { input: `${PASSWORD}\n` });
	clients = nodes.map((node) => new Visitor((request) => node.request(request)));
	assert.equal((await clients[0].login("alice", PASSWORD)).status, 303);
	clients[1].jar = clients[0].jar;
});
after(async () => {
	for (const place of places.reverse())
		await place.close();
});
beforeEach(async () => {
	[failing, refused, held] = [new Set(), new Set(), new Map()];
	await bothCall();
	await server.sql("DELETE FROM upstream", "prebind"); // no calls of an earlier test count
});

async function bind(node) {
	const { status } = await clients[node].get("/prebind.json", SCRIPT);
	if (status === 200)
		worked.push(performance.now());
	return status;
}
/** Each node makes a call that succeeds, and only one: successes count against the failures of the next ten seconds. */
async function bothCall() {
	for (const node of [0, 1])
		await until("the node to call the XMPP server", async () => await bind(node) === 200, { seconds: 60 });
}
const events = (node, name) => nodes[node].child.stderr.split("\n").filter((line) => line.includes(`"event":"${name}"`)).map((line) => JSON.parse(line));
const opened = (node) => events(node, "breaker_open").length;

/** What the database was asked about breakers; from: the length of its log before. */
const statementsSince = (from) => server.child.stderr.slice(from).split("\n").filter((line) => /LOG: +execute .*\bupstream\b/.test(line));

/** Calls of these nodes in turn, until one is not made because the breaker is open. */
async function callUntilOpen(...of) {
	for (let i = 0; await bind(of[i % of.length]) !== 503; i++)
		assert.ok(i < 4 * CALLS, "the breaker never opens");
}

test("what one node finds out, the other knows; one of them makes the probe; it closes for both", async () => {
	const earlier = [opened(0), opened(1)];
	failing.add(0).add(1);
	await callUntilOpen(0);
	const asked = calls(1);
	await callUntilOpen(1);
	assert.ok(calls(1) <= asked + 1, `${calls(1) - asked} calls of the other node; one may have begun before it looked again`);
	assert.deepEqual([opened(0) - earlier[0], opened(1) - earlier[1]], [1, 1]);
	assert.match(events(0, "breaker_open").at(-1).why, /500/);
	assert.match(events(1, "breaker_open").at(-1).why, /another process or node/);

	let release;
	const all = calls(0, 1);
	const probe = new Promise((resolve) => (release = resolve));
	held.set(0, probe).set(1, probe);
	failing.clear();
	const answers = [], settled = [];
	await until("a node to make the probe", () => {
		const two = [bind(0), bind(1)];
		answers.push(...two);
		for (const answer of two)
			answer.then((status) => settled.push(status));
		return calls(0, 1) > all;
	});
	await until("all others to be refused", () => settled.length === answers.length - 1);
	for (let i = 0; i < 20; i++) // the probe is not over: all others are refused
		assert.deepEqual(await Promise.all([bind(0), bind(1)]), [503, 503]);
	assert.equal(calls(0, 1), all + 1);
	release();
	const statuses = await Promise.all(answers);
	assert.equal(statuses.filter((status) => status === 200).length, 1, String(statuses));
	await bothCall();
	assert.equal(await server.sql("SELECT count(*) FROM upstream WHERE state <> ''", "prebind"), "0\n");
});

test("failures of all nodes count together", async () => {
	const earlier = calls(0, 1);
	failing.add(0).add(1);
	await callUntilOpen(0, 1);
	const successes = worked.filter((at) => at > performance.now() - WINDOW_MS).length;
	const failed = calls(0, 1) - earlier;
	assert.ok(failed <= Math.max(CALLS, successes) + 1, `${failed} calls failed after ${successes} successes`);
});

test("a node whose calls succeed goes on while another one finds that they fail", async () => {
	// a round shows nothing if the machine stalls, or if the other node has told of its many successes before the failures are enough
	const round = async () => {
		await server.sql("DELETE FROM upstream", "prebind"); // what was counted in the round before
		await bothCall();
		let last = performance.now(), gap = 0, on = true;
		const statuses = new Set();
		const working = Array.from({ length: 2 }, async () => {
			while (on) {
				statuses.add(await bind(1));
				gap = Math.max(gap, performance.now() - last);
				last = performance.now();
			}
		});
		failing.add(0);
		try {
			await callUntilOpen(0);
			const from = server.child.stderr.length;
			await until("the other node to look twice, or to stop", () => statementsSince(from).length >= 2 || statuses.has(503), { seconds: 60 });
		} finally {
			on = false;
			await Promise.all(working);
			failing.delete(0);
		}
		assert.ok(gap > 500 || !statuses.has(503), [...statuses].join());
		return !statuses.has(503);
	};
	await until("a round that shows it", round, { seconds: 240 });
	await bothCall();
});

test("refused credentials stop only the node that has them", async () => {
	const earlier = opened(1);
	refused.add(0);
	await callUntilOpen(0);
	for (let i = 0; i < 5; i++)
		assert.equal(await bind(1), 200);
	assert.equal(opened(1), earlier);
	nodes[0].child.process.kill("SIGHUP"); // with the right ones it calls again
	refused.clear();
	await bothCall();
});

test("as long as calls succeed, nothing is written, and the state is read at most once a second", async () => {
	const from = server.child.stderr.length;
	const began = performance.now();
	let made = 0;
	for (; made < 300 || statementsSince(from).length === 0; made++) { // 300 calls may be over before the next read is due
		assert.ok(performance.now() - began < 60_000, "the state is not read");
		assert.equal(await bind(made % 2), 200);
	}
	const seconds = (performance.now() - began) / 1000;
	const statements = statementsSince(from);
	assert.ok(statements.length <= 2 * (seconds + 1), `${statements.length} in ${seconds} s`);
	assert.deepEqual(statements.filter((line) => !/SELECT state FROM upstream/.test(line)), []);
	console.error(`# ${made} calls by two nodes in ${seconds.toFixed(1)} s: ${statements.length} statements for the breaker`);
});
