// What systemd and the program tell each other: sockets handed over, and how it is.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { childrenOf } from "../lib/children.mjs";
import { Visitor } from "../lib/http.mjs";
import { Place, top } from "../lib/place.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { startNotifySocket } from "../lib/systemd.mjs";
import { accepts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const WATCHDOG_MS = 400;
const EXPOSURE_MAX = 2;
const PROGRAM = /^ExecStart=\/usr\/local\/lib\/prebind\/prebind\.fcgi /m;
const places = [];

async function setUp(server) {
	const place = new Place();
	places.push(place);
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { server, site: peer.site(place) });
	await prebind.prepare({});
	return prebind;
}
after(async () => {
	for (const place of places)
		await place.close({ logs: true });
});

const health = async (prebind) => (await new Visitor((request) => prebind.request(request)).get("/health")).status;

const starts = (lines, what) => lines.filter((line) => line.startsWith(what)).length;

for (const [processes, abstract] of [[1, false], [2, true]])
	test(`${processes} process(es) say how they are, on a socket ${abstract ? "without" : "with"} a file`, async () => {
		const prebind = await setUp({ processes });
		const { place } = prebind;
		const socket = abstract ? `@prebind-test-${process.pid}` : place.path("run", "notify");
		const lines = await startNotifySocket(place, socket);
		prebind.child = await place.startUntil("prebind.fcgi", [prebind.program, "-c", prebind.conf],
			() => accepts(prebind.socket), { env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: String(WATCHDOG_MS * 1000) } });
		await until("READY=1", () => starts(lines(), "READY=1") === 1);
		await until("three signs of life", () => starts(lines(), "WATCHDOG=1") >= 3);

		prebind.child.process.kill("SIGHUP");
		await until("READY=1 again", () => starts(lines(), "READY=1") === 2);
		const said = lines().filter((line) => !line.startsWith("WATCHDOG"));
		assert.deepEqual(said.map((line) => line.split("=")[0]), ["READY", "RELOADING", "READY"]);
		const stamp = Number(/ MONOTONIC_USEC=(\d+) /.exec(said[1])[1]);
		assert.ok(stamp > 0 && stamp <= Number(process.hrtime.bigint() / 1000n), said[1]);
		assert.match(said[0], / STATUS=Serving/);

		await prebind.stop();
		await until("STOPPING=1", () => starts(lines(), "STOPPING=1") === 1);
	});

test("a socket of systemd's: taken, kept by a stop, and what comes in between waits for the next start", async () => {
	const prebind = await setUp({ processes: 2, listen: undefined });
	const { place } = prebind;
	// as systemd does it: whoever listens stays, and the service is started again when it ends
	const again = place.write("bin/again", `#!/bin/sh
		while [ ! -e ${place.path("end")} ]; do
			sh -c 'LISTEN_PID=$$ exec ${prebind.program} -c ${prebind.conf}' &
			wait $!
			echo "ended $?"
		done
	`, 0o755);
	const systemd = place.start("systemd-socket-activate", ["systemd-socket-activate", "-l", prebind.socket, again]);
	await until("the socket", () => fs.existsSync(prebind.socket), { gone: () => systemd.gone() });
	assert.equal(await health(prebind), 200);

	const [pid] = childrenOf(systemd.pid);
	process.kill(pid, "SIGTERM");
	for (let i = 0; i < 20; i++)
		assert.equal(await health(prebind), 200);
	await until("the next one", () => childrenOf(systemd.pid).some((other) => other !== pid));
	assert.match(systemd.stdout, /^ended 0$/m);

	place.write("end", "");
	process.kill(childrenOf(systemd.pid)[0], "SIGTERM");
	await systemd.end;
	assert.ok(fs.existsSync(prebind.socket), "the socket's file is systemd's");
});

test("the units: nothing that systemd does not know, and an exposure of 2.0 at most", async () => {
	const place = new Place();
	places.push(place);
	// the program is where the tests built it, and the manual is not installed
	const service = fs.readFileSync(path.join(top, "systemd/prebind.service"), "utf8");
	assert.match(service, PROGRAM);
	const files = [
		place.write("prebind.service", service.replace(PROGRAM, `ExecStart=${path.join(build, "prebind.fcgi")} `), 0o644),
		place.write("prebind.socket", fs.readFileSync(path.join(top, "systemd/prebind.socket")), 0o644),
	];
	const run = (...args) => {
		const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
		return { status, text: stdout + stderr };
	};
	assert.deepEqual(run("verify", "--man=no", ...files), { status: 0, text: "" });
	const { status, text } = run("security", "--offline=true", `--threshold=${EXPOSURE_MAX * 10}`, "--no-pager", files[0]);
	assert.equal(status, 0, text);
	assert.match(text, /Overall exposure level/);
});

test("two sockets are one too many; those of another process are not ours", async () => {
	const prebind = await setUp({ listen: undefined });
	const { place } = prebind;
	const run = (env, ...listen) => place.run(["sh", "-c", `LISTEN_PID=$${env} exec ${prebind.program} -c ${prebind.conf}`, ...listen],
		{ env: { LISTEN_FDS: "2" } });
	const two = await run("$");
	assert.equal(two.code, 1);
	assert.match(two.stderr, /2 sockets/);
	const foreign = await run("PPID");
	assert.equal(foreign.code, 1);
	assert.match(foreign.stderr, /nothing to serve/);
});
