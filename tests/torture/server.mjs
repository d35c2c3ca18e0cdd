/*
 * The tortured program as a FastCGI server: the same faults while it answers, while it replaces a
 * worker, and while it starts, reads its configuration again and ends. The plan
 * holds for all its processes and threads, so a fault can hit any of them. A request that cannot be answered while
 * calls fail must be answered as soon as they work again.
 *   node tests/torture/server.mjs [--every N] [--places] [--once]
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { childrenOf } from "../lib/children.mjs";
import { accepts, until } from "../lib/wait.mjs";
import { SCENES } from "./scenes.mjs";
import { Stand } from "./stand.mjs";
import { chosen, conclude, OPTIONS, torture } from "./torture.mjs";

const PROCESSES = 2, THREADS = 4;
const STUCK_MS = 2000; // then the calls work again
const STARTED_S = 3; // then the calls work again
const HEALED_S = 60; // more than 10 deaths in a minute, and a worker comes back after 5 s

export class ServerStand extends Stand {
	static get keys() {
		return { processes: PROCESSES, threads: THREADS };
	}

	/** A site that could not be opened is tried again after a pause. */
	get patience() {
		return HEALED_S;
	}

	async ready() {
		const { prebind, place, plan } = this;
		plan.arm(null);
		prebind.child = await place.startUntil("prebind.fcgi", [prebind.program, "-c", prebind.conf],
			() => fs.existsSync(prebind.socket) && accepts(prebind.socket), { env: plan.env });
		place.onClose(() => prebind.stop());
		await this.healed();
	}

	/** All workers are there, and each of them works: as many requests at once as there are threads reach them all. */
	async healed() {
		await until("the server to work again", async () => {
			const answers = await Promise.all(Array.from({ length: PROCESSES * THREADS }, () => this.prebind.request({ path: "/health" })));
			assert.deepEqual(answers.map(({ status }) => status), Array(PROCESSES * THREADS).fill(200));
			return childrenOf(this.prebind.child.pid).length === PROCESSES;
		}, { seconds: HEALED_S, gone: () => this.prebind.child.gone() });
	}

	/** One request. A broken connection is what a web server answers with 502. */
	async cgi(request) {
		const { child } = this.prebind;
		const before = child.stderr.length;
		const sent = this.prebind.request(request).catch(() => null);
		const timer = setTimeout(() => this.plan.disarm(), STUCK_MS);
		const answer = await sent;
		clearTimeout(timer);
		return { answer, code: answer ? 0 : 1, signal: null, stdout: "", stderr: child.stderr.slice(before) };
	}

	/** Kills a worker, and waits until another is in its place; the calls that fail do so for a while only. */
	async replaceWorker() {
		const old = childrenOf(this.prebind.child.pid);
		process.kill(old[0], "SIGKILL");
		const timer = setTimeout(() => this.plan.disarm(), STUCK_MS);
		await until("the worker's end", () => !childrenOf(this.prebind.child.pid).includes(old[0]));
		await until("another worker", () => childrenOf(this.prebind.child.pid).length === PROCESSES, { seconds: HEALED_S, gone: () => this.prebind.child.gone() });
		clearTimeout(timer);
		return { answer: { status: 200, headers: {}, body: "" }, code: 0, signal: null, stdout: "", stderr: "" };
	}

	/** Also: no worker has crashed. 9: killed by us; 6: libsodium without random numbers. */
	async assertSound() {
		await super.assertSound();
		await this.healed();
		const crashes = this.prebind.child.stderr.split("\n").filter((line) => /"process_died".*"signal (?![69]")/.test(line));
		assert.deepEqual(crashes, []);
	}
}

/** A server that starts, answers, reads its configuration again and ends. */
class StartStand extends Stand {
	static get keys() {
		return { processes: PROCESSES, threads: 2 };
	}

	/** What cannot be seen because a call failed is not waited for long. */
	async live() {
		const { prebind, plan } = this;
		fs.rmSync(prebind.socket, { force: true });
		let child = null, written = { stderr: "" }, answer = null, over = false;
		const ended = this.run([prebind.program, "-c", prebind.conf], { started: (process, output) => ([child, written] = [process, output]) });
		ended.then(() => (over = true));
		const wait = (what, probe) => until(what, () => over || probe(), { seconds: STARTED_S }).catch(() => plan.disarm());
		const there = () => over || (fs.existsSync(prebind.socket) && accepts(prebind.socket));
		await wait("the socket", there);
		await until("a server that listens or has ended", there, { seconds: HEALED_S }); // on a busy machine: a signal would end it before
		answer = over ? null : await prebind.request({ path: "/health" }).catch(() => null);
		child.kill("SIGHUP");
		await wait("the configuration to be read", () => /"event":"reload(ed|_failed)"/.test(written.stderr));
		child.kill("SIGTERM");
		const end = await ended;
		const wasEnding = ["SIGHUP", "SIGTERM"].includes(end.signal) && /"event":"(process|start)_failed"/.test(end.stderr); // when ours came
		return { ...end, ...(wasEnding ? { code: 1, signal: null } : {}), answer };
	}
}

/** glibc's getpwnam_r follows a null pointer if its first use in the process gets no memory: that is before any request. */
const LIFE = { name: "a server's life", act: (stand) => stand.live(), excused: /^libc\.so\.6 \?/,
	check: ({ answer }) => assert.ok(answer === null || answer.status === 200 || answer.status >= 500, answer?.body) };

/** What is worth asking a server: all but the verbs. */
const REQUESTS = SCENES.filter(({ status }) => status !== undefined);
const REPLACED = { name: "a worker is replaced", status: 200, act: (stand) => stand.replaceWorker(), check: () => {} };

/** What a worker needs to start. */
const AT_START = ["thread", "fork", "socket", "open", "map"];

/** Faults in requests, in starts of workers, and from a server's start to its end. Returns the counts of each. */
export async function tortureServer({ every, offset = 0, places = false, once = false, classes = null, startEvery = 1, progress }) {
	const common = { offset, places, once, stands: 1, start: () => ServerStand.start(), progress };
	const requests = await torture({ ...common, scenes: REQUESTS, every, classes });
	const starts = await torture({ ...common, places: false, once: false, scenes: [REPLACED], every: startEvery, classes: AT_START });
	const lives = await torture({ ...common, places: true, stands: 2, scenes: [LIFE], every, start: () => StartStand.start() });
	return { requests, starts, lives };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await conclude(async () => {
		const { values } = parseArgs({ options: OPTIONS });
		const { requests, starts, lives } = await tortureServer(chosen(values));
		return { "requests to a server": requests, "workers that start": starts, "servers from start to end": lives };
	});
