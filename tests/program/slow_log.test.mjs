// A log that nobody reads: requests do not wait for it, and the lines that were lost are counted.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import { test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { accepts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const REQUESTS = 3000; // each logs a line of some 200 bytes: more than a pipe and the program hold
const AT_A_TIME = 10;

/** A pipe that is open for writing, and is read later; mode is the file's in the end. */
function makePipe(place, mode) {
	const file = place.path("log.fifo");
	execFileSync("mkfifo", ["-m", "600", file]);
	place.own(file);
	const near = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
	const fd = fs.openSync(file, "w");
	fs.chmodSync(file, mode);
	return { fd, read: () => new net.Socket({ fd: near }) };
}

/** What is the program's standard error, and how it is read at last. */
const TARGETS = {
	"a pipe": (place) => makePipe(place, 0o600),
	"a pipe that the program may not open": (place) => makePipe(place, 0),
	"a socket, as systemd's": async (place) => {
		const path = place.path("log.sock");
		let near;
		const server = net.createServer((socket) => (near = socket.pause()));
		await new Promise((resolve) => server.listen(path, () => resolve()));
		fs.chmodSync(path, 0o777);
		place.onClose(() => server.close());
		const far = net.connect(path);
		await until("the connection", () => near && far._handle);
		place.onClose(() => near.destroy());
		return { fd: far, read: () => near };
	},
};

for (const [what, make] of Object.entries(TARGETS))
	test(`the log is ${what} that nobody reads`, async (t) => {
		const place = new Place();
		t.after(() => place.close());
		const peer = await startTigasePeer({ place });
		const prebind = new Prebind(place, { server: { threads: 4 }, site: peer.site(place) });
		await prebind.prepare();
		const target = await make(place);
		const child = await place.startUntil("prebind.fcgi", [prebind.program, "-c", prebind.conf],
			() => fs.existsSync(prebind.socket) && accepts(prebind.socket), { stdio: ["ignore", "ignore", target.fd] });
		let asked = 0;
		const one = async () => {
			while (asked++ < REQUESTS)
				assert.equal((await prebind.request({ path: "/health" })).status, 200);
		};
		await Promise.all(Array.from({ length: AT_A_TIME }, one));

		let text = "";
		const stream = target.read().setEncoding("utf8").on("data", (more) => (text += more)).on("error", () => {});
		stream.resume();
		const events = (name) => text.split("\n").filter((line) => line.endsWith("}")).map((line) => JSON.parse(line)).filter(({ event }) => event === name);
		const lost = () => events("log_lost").reduce((sum, { lines }) => sum + Number(lines), 0);
		await until("the lines that were lost", () => events("request").length + lost() >= REQUESTS, { seconds: 30 });
		assert.equal(events("request").length + lost(), REQUESTS);
		console.log(`# ${what}: ${events("request").length} lines came, ${lost()} were lost`);
		assert.ok(lost() > 0);
		assert.equal((await prebind.request({ path: "/health" })).status, 200);
		await until("its line", () => events("request").length + lost() === REQUESTS + 1);
		child.process.kill("SIGTERM");
		assert.deepEqual(await child.end, { code: 0, signal: null });
		stream.destroy();
	});
