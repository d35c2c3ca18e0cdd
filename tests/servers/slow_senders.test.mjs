// Half-sent bodies through Apache's mod_proxy_fcgi, which hands a body on as it comes: other visitors do not wait with them.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import { apacheFastcgi } from "../lib/apache.mjs";
import { httpRequest } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const SENDERS = 200;
const ANNOUNCED = 60_000;
const SENT = 30_000;

let place, port;

before(async () => {
	place = new Place();
	const ports = await freePorts(2);
	port = ports[0];
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { server: { processes: 1, threads: 16 }, site: { ...peer.site(place), base_path: "/chat" } });
	await prebind.prepare({ alice: "correct horse" });
	await prebind.start();
	await apacheFastcgi(place, { port, socket: prebind.socket, boshPort: ports[1] });
});
after(() => place.close({ logs: true }));

/** A connection with half a body; `answer` is what came back so far. */
function halfSent(path) {
	const socket = net.connect(port, "127.0.0.1");
	const sender = { socket, answer: "" };
	socket.on("error", () => {}); // it is closed by either side at the end
	socket.on("data", (data) => (sender.answer += data));
	socket.write(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n`
		+ `Content-Length: ${ANNOUNCED}\r\n\r\n${"x".repeat(SENT)}`);
	return sender;
}

const health = () => httpRequest({ port, path: "/chat/health" });

async function median(count) {
	const times = [];
	for (let i = 0; i < count; i++) {
		const began = performance.now();
		assert.equal((await health()).status, 200);
		times.push(performance.now() - began);
	}
	return times.sort((a, b) => a - b)[count >> 1].toFixed(1);
}

for (const path of ["/chat/nothing", "/chat/login"]) {
	test(`${SENDERS} half-sent bodies for ${path}: /health answers while all of them are held`, async () => {
		const alone = await median(10);
		const senders = Array.from({ length: SENDERS }, () => halfSent(path));
		await until("them to be connected", () => senders.every(({ socket }) => socket.bytesWritten > SENT), { seconds: 30 });
		const beside = await median(10);
		console.log(`# /health: ${alone} ms alone, ${beside} ms beside ${SENDERS} half-sent bodies (median of 10)`);
		// a body that nobody wants: the answer is sent before it has come, and Apache may then close the connection
		assert.ok(senders.every(({ socket, answer }) => !socket.destroyed || answer.startsWith("HTTP/1.1 4")), "all of them are still there, or answered");
		for (const { socket } of senders)
			socket.destroy();
	});
}
