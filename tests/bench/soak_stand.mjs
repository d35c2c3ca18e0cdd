/*
 * What is soaked, started: the program with its default processes and threads behind lighttpd, a scripted upstream that
 * answers at once, a visitor who is logged in. It can be reloaded, and its processes be ended.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { until } from "../lib/wait.mjs";
import { startOurs } from "./compare_stand.mjs";
import { children, Processes } from "./processes.mjs";

const PROCESSES = 2;
const PATIENCE_S = 30; // of a busy machine

/** Open descriptors; null: another user's, or a program that lets nobody look but root. */
function descriptors(pids) {
	try {
		return pids.map((pid) => fs.readdirSync(`/proc/${pid}/fd`).length).reduce((sum, count) => sum + count, 0);
	} catch {
		return null;
	}
}

export class SoakStand {
	/** @param {{ stand: import('./compare_stand.mjs').CompareStand, prebind: import('../lib/prebind.mjs').Prebind }} parts */
	constructor({ stand, prebind }) {
		this.stand = stand;
		this.supervisor = prebind.child;
		this.log = prebind.place.path("data", "prebind.log");
		this.page = { name: "page", program: "prebind", target: "/chat/" };
	}

	/** So many pages; those that fail are counted. */
	async load({ atOnce, requests, seconds }) {
		const argv = this.stand.clientArgs(this.page, { atOnce, requests, seconds, warmUp: 0 });
		const { code, stdout, stderr } = await this.stand.place.run(argv.map(String));
		assert.equal(code, 0, stderr);
		return { ...JSON.parse(stdout), complaint: stderr.split("\n")[0] };
	}

	/** SIGHUP, until every process has read the configuration anew. A line for each request is too much to keep. */
	async reload() {
		fs.truncateSync(this.log);
		this.supervisor.process.kill("SIGHUP");
		const reloaded = () => fs.readFileSync(this.log, "utf8").split('"event":"reloaded"').length - 1;
		await until("the processes to reload", () => reloaded() >= PROCESSES, { seconds: PATIENCE_S, gone: () => this.supervisor.gone() });
	}

	/** Ends one of the processes, until another is in its place. */
	async replace(signal) {
		const [ended] = await this.workers();
		process.kill(ended, signal);
		await until(`a process in the place of ${ended}`, () => {
			const now = children(this.supervisor.pid);
			return now.length === PROCESSES && !now.includes(ended);
		}, { seconds: PATIENCE_S, gone: () => this.supervisor.gone() });
	}

	/** The processes that serve: for a moment a reload has one more. */
	async workers() {
		await until("all processes to be there", () => children(this.supervisor.pid).length === PROCESSES, { seconds: PATIENCE_S });
		return children(this.supervisor.pid);
	}

	/** What the program holds at rest. */
	async resources() {
		await this.workers();
		const processes = new Processes(this.supervisor.pid);
		const pss = processes.pss();
		const kib = pss ?? processes.memory().reduce((sum, one) => sum + one, 0);
		return { kib, memory: pss === null ? "RSS" : "PSS", descriptors: descriptors(processes.pids) };
	}
}

/** @param {import('../lib/place.mjs').Place} place */
export async function startSoak(place) {
	return new SoakStand(await startOurs(place));
}
