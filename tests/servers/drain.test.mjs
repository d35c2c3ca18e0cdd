// Two nodes behind HAProxy: one that is told to stop tells the balancer first. No request fails, not even one that was under way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { haproxy } from "../lib/haproxy.mjs";
import { httpRequest, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const CLIENTS = 4;
const places = [];
const PASSWORD = "correct horse";
let nodes, port, peers;
/** What the XMPP servers wait for before they answer. */
let held = null;

/** A node in its own place; its drain is longer than any test waits, and ends by a second signal. */
async function startNode() {
	const place = new Place();
	places.push(place);
	const peer = await startTigasePeer({ place });
	peers.push(peer);
	const respond = peer.respond.bind(peer);
	peer.respond = async (socket, request) => {
		await held;
		return respond(socket, request);
	};
	const node = new Prebind(place, { server: { processes: 2, drain: "1m" }, site: { ...peer.site(place), timeout: "60s" } });
	await node.prepare({ alice: PASSWORD });
	await node.start();
	return node;
}

before(async () => {
	peers = [];
	nodes = [await startNode(), await startNode()];
	port = await haproxy(places[0], { document: "docs/nodes.md", nodes, changes: { "inter 1s": "inter 100ms" } });
});
after(async () => {
	for (const place of places.reverse()) // HAProxy can open only the sockets of its own user
		await place.close({ logs: true });
});

const ask = (path = "/chat/login") => httpRequest({ port, path, headers: { Host: "example.org" } });
const health = async (node) => JSON.parse((await node.request({ path: "/health" })).body).status;

/** Makes a request through the balancer that waits in this node until release() is called. */
async function underWay(node, peer) {
	const visitor = new Visitor((request) => node.request(request));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	let release;
	held = new Promise((resolve) => (release = resolve));
	const { headers } = visitor.jar;
	const calls = peer.requests.length;
	let status;
	await until("this node to get the request", async () => { // the other node does not know this login
		status = httpRequest({ port, method: "POST", path: "/chat/prebind.json", headers: { ...SCRIPT, ...headers, Host: "example.org" } })
			.then((answer) => answer.status, (error) => error.code);
		await Promise.race([status, until("a call", () => peer.requests.length > calls)]);
		return peer.requests.length > calls;
	});
	return { status, release };
}

test("no request fails while a node stops; the health turns bad before the socket closes", async () => {
	const [stopping, staying] = nodes;
	const answers = [];
	let on = true;
	const clients = Array.from({ length: CLIENTS }, async () => {
		while (on)
			answers.push(await ask().then(({ status, headers }) => ({ status, node: headers["x-node"] }), (error) => ({ status: error.code })));
	});
	const both = (from) => new Set(answers.slice(from).map(({ node }) => node));
	await until("both nodes to serve", () => both(0).size === 2);
	const slow = await underWay(stopping, peers[0]);
	stopping.child.process.kill("SIGTERM");
	await until("the health to turn bad", async () => (await health(stopping)) === "stopping");
	assert.equal((await stopping.request({ path: "/login" })).status, 200, "it still serves");
	assert.equal(await health(staying), "ok");
	await until("the balancer to leave it", async () => {
		const from = answers.length;
		await until("some answers", () => answers.length >= from + 10 * CLIENTS);
		return both(from).size === 1;
	});
	slow.release();
	assert.equal(await slow.status, 200, "a request that was under way before");
	const { code } = await stopping.child.stop(); // the second SIGTERM: the drain has done its work
	assert.equal(code, 0, stopping.child.log);
	await stopping.start();
	await until("the balancer to use it again", async () => {
		const from = answers.length;
		await until("some answers", () => answers.length >= from + 10 * CLIENTS);
		return both(from).size === 2;
	});
	on = false;
	await Promise.all(clients);
	assert.deepEqual(answers.filter(({ status }) => status !== 200), []);
	for (const node of nodes) { // their own end need not last a minute
		node.child.process.kill("SIGTERM");
		await until("the health to turn bad", async () => (await health(node)) === "stopping");
	}
});
