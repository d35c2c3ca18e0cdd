// Signals to the program on its own socket: the log opened anew, a worker that crashes.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { childrenOf, freeze } from "../lib/children.mjs";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { accepts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const SANITIZED = /asan|tsan/.test(build); // their own handlers speak then, and memory has no limit
const PROCESSES = 2;

let place, prebind, log;

before(async () => {
	place = new Place();
	log = place.path("data", "prebind.log");
	const peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { server: { processes: PROCESSES, log }, site: peer.site(place) });
	await prebind.prepare({});
	await prebind.start();
});
after(() => place.close({ logs: true }));

const health = async () => (await new Visitor((request) => prebind.request(request)).get("/health")).status;
const workers = () => childrenOf(prebind.child.pid);
const events = (name) => fs.readFileSync(log, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line))
	.filter(({ event }) => event === name);

/** The files that a process has open. */
function openFiles(pid) {
	return fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
}

test("SIGUSR1: every process writes to the new log", async () => {
	assert.equal(await health(), 200);
	fs.renameSync(log, `${log}.1`);
	prebind.child.process.kill("SIGUSR1");
	for (const pid of [prebind.child.pid, ...workers()])
		await until(`${pid} to have the new log`, () => openFiles(pid).includes(log) && !openFiles(pid).includes(`${log}.1`));
	const size = fs.statSync(`${log}.1`).size;
	assert.equal(await health(), 200);
	await until("a line of the request", () => events("request").length > 0);
	assert.equal(fs.statSync(`${log}.1`).size, size);
});

/** What makes a worker end: another takes its place, and whoever comes meanwhile is served. */
async function endsOneWorker(how, signal) {
	const old = workers();
	assert.equal(old.length, PROCESSES);
	const died = events("process_died").length;
	await how(old[0]);
	await until("the death in the log", () => events("process_died").length > died);
	assert.equal(await health(), 200);
	const pid = events("process_died").at(-1).pid;
	assert.ok(old.includes(Number(pid)));
	if (!SANITIZED) {
		const [line] = events("crashed").filter((event) => event.pid === pid);
		assert.equal(line.signal, String(signal));
	}
	await until("another process", () => workers().length === PROCESSES && !workers().includes(Number(pid)));
	assert.equal(await health(), 200);
}

test("SIGSEGV in a worker: a last line in the log, and another one", () => endsOneWorker((pid) => process.kill(pid, "SIGSEGV"), 11));

// libfcgi would ask for the memory, get none, and end the process: it does not get to see it
test("a parameter of 2 GiB ends its own connection, and no worker", async () => {
	const old = workers();
	const socket = net.connect(prebind.socket);
	socket.on("error", () => {});
	const begin = [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
	const params = [1, 4, 0, 1, 0, 6, 0, 0, 1, 0xff, 0xff, 0xff, 0xf0, 0x41];
	socket.write(Buffer.from([...begin, ...params]));
	await new Promise((resolve) => socket.once("close", resolve));
	assert.equal(await health(), 200);
	assert.deepEqual(workers(), old);
});

test("SIGABRT in a worker: a last line in the log, and another one", () => endsOneWorker((pid) => process.kill(pid, "SIGABRT"), 6));

for (const [when, processes, start] of [
	["", PROCESSES, (node) => node.start()],
	[", also while others start", 48, async (node, own) => {
		node.child = await own.startUntil("prebind.fcgi", [node.program, "-c", node.conf], () => fs.existsSync(node.socket) && accepts(node.socket));
	}],
])
	test(`a process that does not stop is killed after the drain and 11 s, and the log names the sum${when}`, async (t) => {
		const own = new Place();
		t.after(() => own.close());
		const peer = await startTigasePeer({ place: own });
		const node = new Prebind(own, { server: { processes, drain: "2s" }, site: peer.site(own) });
		await node.prepare({});
		await start(node, own);
		await until("a process", () => childrenOf(node.child.pid).length > 0); // the socket is there earlier
		await freeze(childrenOf(node.child.pid).slice(-1));
		node.child.process.kill("SIGTERM");
		await until("the end", () => node.child.ended !== null, { seconds: 60 });
		assert.match(node.child.log, /"stop_cut_off".*a process did not stop within 13 s and was killed/);
	});

test("a second SIGTERM ends the drain of a process that has not read the first one yet", async (t) => {
	const own = new Place();
	t.after(() => own.close());
	const peer = await startTigasePeer({ place: own });
	const node = new Prebind(own, { server: { processes: PROCESSES, drain: "1m" }, site: peer.site(own) });
	await node.prepare({});
	await node.start();
	node.child.process.kill("SIGHUP");
	await until("all processes to have started", () => node.child.log.includes('"event":"reloaded"'));
	const [busy, other] = childrenOf(node.child.pid);
	await freeze([busy]);
	node.child.process.kill("SIGTERM");
	await until("the health to turn bad", async () => JSON.parse((await node.request({ path: "/health" })).body).status === "stopping");
	node.child.process.kill("SIGTERM");
	await until("the other process to end", () => !childrenOf(node.child.pid).includes(other));
	process.kill(busy, "SIGCONT");
	await until("the end", () => node.child.ended !== null);
	assert.deepEqual(node.child.ended, { code: 0, signal: null });
});
