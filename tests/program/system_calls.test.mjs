// A server on its own socket gives up calls to the system that it never makes: in all processes and threads, after a
// reload, and in a process that comes later. Plain CGI gives up none.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { cgiParams } from "../lib/cgi.mjs";
import { childrenOf, pidsOf } from "../lib/children.mjs";
import { NAVIGATION } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PROCESSES = 2;

/** How many filters of system calls a thread has; null: the kernel does not say. */
const filters = (status) => Number(/^Seccomp_filters:\s*(\d+)/m.exec(fs.readFileSync(status, "utf8"))?.[1] ?? NaN);
const OURS = filters("/proc/self/status"); // a container may have some
const SKIP = Number.isNaN(OURS) ? "this kernel counts no filters" : build.endsWith("asan") && "AddressSanitizer starts a program";

let place, prebind, peer;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { server: { processes: PROCESSES, threads: 3 }, site: peer.site(place) });
	await prebind.prepare({});
	await prebind.start();
});
after(() => place.close({ logs: true }));

const filtersOfThreads = (pid) => fs.readdirSync(`/proc/${pid}/task`).map((id) => filters(`/proc/${pid}/task/${id}/status`));

async function assertLimited() {
	assert.equal((await prebind.request({ path: "/health" })).status, 200);
	const counts = pidsOf(prebind.child.pid).map(filtersOfThreads);
	assert.equal(counts.length, PROCESSES + 1);
	assert.deepEqual(new Set(counts.flat()), new Set([OURS + 1]), JSON.stringify(counts));
}

test("every process and thread of a server on its own socket is limited", { skip: SKIP }, assertLimited);

test("also after a reload, and a process that replaces another one", { skip: SKIP }, async () => {
	prebind.child.process.kill("SIGHUP");
	await until("the reload", () => prebind.child.stderr.includes('"reloaded"'), { gone: () => prebind.child.gone() });
	const [victim] = childrenOf(prebind.child.pid);
	process.kill(victim, "SIGKILL");
	await until("another worker", () => {
		const workers = childrenOf(prebind.child.pid);
		return workers.length === PROCESSES && !workers.includes(victim) && workers.every((pid) => filtersOfThreads(pid).length > 1);
	}, { gone: () => prebind.child.gone() });
	await assertLimited();
});

test("a CGI process is as the web server made it", { skip: SKIP }, async (t) => {
	peer.answer({ way: "hang" });
	t.after(() => peer.answer(null));
	const health = { path: "/health?deep=1", headers: NAVIGATION, params: { REMOTE_ADDR: "127.0.0.1" } };
	const child = place.start("CGI", [prebind.program], { env: { PREBIND_CONF: prebind.conf, ...cgiParams(health) }, input: "" });
	const calls = peer.requests.length;
	await until("its call", () => peer.requests.length > calls, { gone: () => child.gone() });
	assert.deepEqual(new Set(filtersOfThreads(child.pid)), new Set([OURS]));
	await child.stop();
});
