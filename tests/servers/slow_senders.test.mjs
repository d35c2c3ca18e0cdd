// Visitors who are slow, or leave, behind real web servers: half-sent bodies hold nobody up, and who leaves the queue costs no call.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { apacheFastcgi } from "../lib/apache.mjs";
import { httpRequest, NAVIGATION, Visitor } from "../lib/http.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { nginxFastcgi } from "../lib/nginx.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const SENDERS = 200;
const ANNOUNCED = 60_000;
const SENT = 30_000;
const VISITORS = 100;
const UPSTREAM_MAX = 8;
const PASSWORD = "correct horse";
const SERVERS = { apache: apacheFastcgi, nginx: nginxFastcgi, lighttpd: lighttpdFastcgi };

let place, peer, prebind;
const ports = {}, servers = {};

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { processes: 1, threads: 16 },
		site: { ...peer.site(place), base_path: "/chat", upstream_max: UPSTREAM_MAX, timeout: "60s" },
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
	const [boshPort, ...free] = await freePorts(1 + Object.keys(SERVERS).length);
	for (const [name, start] of Object.entries(SERVERS)) {
		ports[name] = free.shift();
		servers[name] = await start(place, { port: ports[name], socket: prebind.socket, boshPort });
	}
});
after(() => place.close({ logs: true }));
beforeEach(() => peer.answer(null));

/** How half a body is announced, and what is sent of it. */
const BODIES = {
	"with a length": [`Content-Length: ${ANNOUNCED}`, "x".repeat(SENT)],
	"in chunks": ["Transfer-Encoding: chunked", `${ANNOUNCED.toString(16)}\r\n${"x".repeat(SENT)}`],
};

/** A connection with half a body; `answer` is what came back so far. */
function halfSent(port, path, [header, body]) {
	const socket = net.connect(port, "127.0.0.1");
	const sender = { socket, answer: "" };
	socket.on("error", () => {}); // it is closed by either side at the end
	socket.on("data", (data) => (sender.answer += data));
	socket.write(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n${header}\r\n\r\n${body}`);
	return sender;
}

async function median(port, count) {
	const times = [];
	for (let i = 0; i < count; i++) {
		const began = performance.now();
		assert.equal((await httpRequest({ port, path: "/chat/health" })).status, 200);
		times.push(performance.now() - began);
	}
	return times.sort((a, b) => a - b)[count >> 1].toFixed(1);
}

for (const server of Object.keys(SERVERS))
	for (const [how, body] of Object.entries(BODIES))
		for (const path of ["/chat/nothing", "/chat/login"])
			test(`${server}: ${SENDERS} half-sent bodies ${how} for ${path}: /health answers while all of them are held`, async () => {
				const port = ports[server];
				const alone = await median(port, 10);
				const senders = Array.from({ length: SENDERS }, () => halfSent(port, path, body));
				await until("them to be connected", () => senders.every(({ socket }) => socket.bytesWritten > SENT), { seconds: 30 });
				const beside = await median(port, 10);
				console.log(`# ${server}, ${how}: /health: ${alone} ms alone, ${beside} ms beside ${SENDERS} half-sent bodies (median of 10)`);
				// a body that nobody wants: the answer is sent before it has come, and Apache may then close the connection
				assert.ok(senders.every(({ socket, answer }) => !socket.destroyed || answer.startsWith("HTTP/1.1 4")), "all of them are still there, or answered");
				for (const { socket } of senders)
					socket.destroy();
				await until("the program to have done with them", () => prebind.connections() === 0, { seconds: 30 });
			});

const threads = () => fs.readdirSync(`/proc/${prebind.child.pid}/task`).length;

/** nginx logs the status 499 for a visitor who has left. The other two do not notice before they have an answer. */
const TELLS = { nginx: () => fs.readFileSync(servers.nginx.accessLog, "utf8").split('" 499 ').length - 1 === VISITORS };

for (const server of Object.keys(SERVERS))
	test(`${server}: ${VISITORS} visitors leave while they wait`, async () => {
		const port = ports[server];
		const alice = new Visitor((request) => httpRequest({ port, ...request }));
		assert.equal((await alice.login("alice", PASSWORD, "/chat/login")).status, 303);
		let release;
		peer.answer({ until: new Promise((resolve) => (release = resolve)) });
		const asked = peer.requests.length;
		const head = Object.entries({ Host: `127.0.0.1:${port}`, ...NAVIGATION, ...alice.jar.headers }).map(([name, value]) => `${name}: ${value}\r\n`).join("");
		const visitors = Array.from({ length: VISITORS }, () => net.connect(port, "127.0.0.1").on("error", () => {}));
		for (const socket of visitors)
			socket.write(`GET /chat/ HTTP/1.1\r\n${head}\r\n`);
		await until("all of them to wait", () => prebind.connections() === VISITORS && threads() > VISITORS, { seconds: 30 });
		await until("the calls that are under way", () => peer.requests.length - asked === UPSTREAM_MAX, { seconds: 30 });
		for (const socket of visitors)
			socket.destroy();
		if (TELLS[server])
			await until("the web server to notice", TELLS[server], { seconds: 30 });
		release();
		peer.answer(null);
		await until("the program to have done with them", () => prebind.connections() === 0, { seconds: 30 });
		const calls = peer.requests.length - asked;
		console.log(`# ${server}: ${VISITORS} left, ${UPSTREAM_MAX} of them while they were called for: ${calls} calls to the XMPP server`);
		assert.ok(calls <= VISITORS, String(calls));
		if (TELLS[server])
			assert.equal(calls, UPSTREAM_MAX);
		assert.equal((await alice.get("/chat/", NAVIGATION)).status, 200);
	});
