// Three nodes with one database on PostgreSQL behind HAProxy: who is logged in, what was used and what was counted holds on all of them,
// and one that dies takes only the requests with it that it was answering.
import assert from "node:assert/strict";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { pidsOf } from "../lib/children.mjs";
import { haproxy } from "../lib/haproxy.mjs";
import { FORM, hiddenFields, SCRIPT, Visitor } from "../lib/http.mjs";
import { killUnderLoad } from "../lib/kill_node.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { accepts } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const NODES = 3;
const PASSWORD = "correct horse";
const AUDIENCE = "www.example.org";
const ORIGIN = "http://www.example.org";
const SIGNING = randomBytes(32);
const CROSS = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Origin: ORIGIN };
const BINDS = 5; // of limit_bind_user
const places = [];
let server, nodes, port;

async function startNode(peer) {
	const place = new Place();
	places.push(place);
	const node = new Prebind(place, { server: { processes: 2 }, site: { ...peer.site(place), identity: "login token", base_path: "/chat",
		database: `postgresql://prebind@127.0.0.1:${server.port}/prebind`, database_password_file: place.write("etc/database.password", "secret\n"),
		token_key_file: place.write("etc/token.keys", `k1:${SIGNING.toString("base64url")}\n`), token_audience: AUDIENCE, token_origins: ORIGIN,
		limit_bind_user: `${BINDS}/1h` } });
	await node.ctlOk(["migrate"]);
	node.child = await place.startUntil("prebind.fcgi", [node.program, "-c", node.conf], // one is killed, so its end is not judged
		() => fs.existsSync(node.socket) && accepts(node.socket));
	return node;
}

before(async () => {
	const place = new Place();
	places.push(place);
	const peer = await startTigasePeer({ place });
	server = await Postgresql.start(place);
	await server.sql("CREATE ROLE prebind LOGIN PASSWORD 'secret'; CREATE DATABASE prebind OWNER prebind");
	nodes = await Promise.all(Array.from({ length: NODES }, () => startNode(peer)));
	for (const name of ["alice", "often"])
		await nodes[0].ctlOk(["user", "add", name, "--password-stdin"], { input: `${PASSWORD}\n` });
	port = await haproxy(places[1], { document: "docs/nodes.md", nodes });
});
after(async () => {
	for (const place of places.reverse())
		await place.close();
});

/** A visitor whose requests go to that node alone. */
const at = (node, jar) => Object.assign(new Visitor((request) => nodes[node].request({ ...request, path: request.path })), jar ? { jar } : {});
const status = async (one) => (await one.get("/prebind.json", SCRIPT)).status;

async function loggedIn(node, user = "alice") {
	const one = at(node);
	assert.equal((await one.login(user, PASSWORD)).status, 303);
	return one;
}

function token(user) {
	const now = Math.floor(Date.now() / 1000);
	const payload = Buffer.from(JSON.stringify({ user, iat: now - 1, exp: now + 120, aud: AUDIENCE, jti: randomUUID() })).toString("base64url");
	return `v1.k1.${payload}.${createHmac("sha256", SIGNING).update(`prebind-sso-v1\0k1${payload}`).digest("base64url")}`;
}

test("logged in at one, known at the others; logged out at one, logged out everywhere", async () => {
	const one = await loggedIn(0);
	const jars = nodes.map((node, i) => at(i, one.jar));
	for (const visitor of jars)
		assert.equal(await status(visitor), 200);
	const { token: form } = hiddenFields((await jars[1].get("/")).body);
	assert.equal((await jars[1].post("/logout", { token: form }, FORM)).status, 303);
	const other = await loggedIn(2);
	await nodes[1].ctlOk(["session", "end", "alice"]);
	for (let i = 0; i < NODES; i++) {
		assert.equal(await status(at(i, one.jar)), 401);
		assert.equal(await status(at(i, other.jar)), 401);
	}
});

test("a one-time token posted to all nodes at the same time works once", async () => {
	for (let round = 0; round < 5; round++) {
		const sso = token(`once${round}`);
		const answers = await Promise.all(Array.from({ length: 3 * NODES }, (_, i) => at(i % NODES).post("/login", { sso }, CROSS)));
		const statuses = answers.map((answer) => answer.status).sort();
		assert.deepEqual(statuses, [303, ...Array(3 * NODES - 1).fill(403)]);
	}
});

test("a limit counts on all nodes together", async () => {
	const one = await loggedIn(0, "often");
	const statuses = await Promise.all(Array.from({ length: 8 * NODES }, (_, i) => status(at(i % NODES, one.jar))));
	assert.equal(statuses.filter((code) => code === 200).length, BINDS, String(statuses));
	assert.equal(statuses.filter((code) => code === 429).length, 8 * NODES - BINDS, String(statuses));
});

test("kill -9 of a node under load: a GET fails never, a POST only if the node was answering it", async () => {
	await killUnderLoad({ port, pids: pidsOf(nodes[2].child.pid), nodes: NODES });
});
