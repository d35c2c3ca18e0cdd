/*
 * `make soak`: a great many pages through lighttpd, with 2 processes at 16 at a time, while the program is reloaded, its
 * processes are drained and killed. Fails on any request that fails where none may, and on growth of memory or
 * descriptors after warm-up. The phases below are the plan.
 *   node tests/bench/soak.mjs [--requests 1000000] [--seconds 10]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Place } from "../lib/place.mjs";
import { startRestarts, startSoak } from "./soak_stand.mjs";

const AT_ONCE = 16;

/**
 * What may come on top after warm-up: memory that the allocator keeps for threads that were idle until then; a
 * connection to the XMPP server and a database with its -wal and -shm for each thread of both processes. What leaks is
 * multiplied by the requests.
 */
export const MARGIN = { kib: 4096, descriptors: 2 * AT_ONCE * 4 };

/** While requests go on with the old configuration there are two, in pieces all over: 14 MiB after 300 reloads, then no more. */
const RELOAD_KIB = 20480;

/**
 * A part of the run.
 * @typedef {object} Phase
 * @property {string} name
 * @property {number} share of the requests
 * @property {(stand: object) => Promise<void>} [event] done over and over meanwhile
 * @property {number} [pause] ms between two of them
 * @property {number} [most] no more of them
 * @property {number} [mayFail] requests, for each event
 * @property {number} [kib] more memory than MARGIN
 */

/** More than 10 deaths a minute, and the program would wait 5 s before it starts the next. */
const OWN_SOCKET = [
	{ name: "warm-up", share: 0.1 },
	{ name: "steady", share: 0.4 },
	{ name: "SIGHUP", share: 0.15, event: (stand) => stand.reload(), pause: 100, kib: RELOAD_KIB },
	{ name: "drain: SIGTERM to a process", share: 0.1, event: (stand) => stand.replace("SIGTERM"), pause: 500, most: 4 },
	{ name: "kill -9 of a process", share: 0.1, event: (stand) => stand.replace("SIGKILL"), pause: 500, most: 4, mayFail: AT_ONCE },
	{ name: "calm", share: 0.05 },
];
const KEPT_SOCKET = [
	{ name: "a socket that stays: warm-up", share: 0.02 },
	{ name: "SIGTERM, and a new one, in turn", share: 0.08, event: (stand) => stand.restart(), pause: 100 },
];
export const RUNS = [
	{ start: startSoak, phases: OWN_SOCKET },
	{ start: startRestarts, phases: KEPT_SOCKET },
];

/** Events, one after the other, while the client runs; the first as soon as requests arrive. */
async function disturb(stand, { event, pause, most = Infinity }, running) {
	let count = 0;
	for (; running() && count < most; count++) {
		await event(stand);
		await new Promise((resolve) => setTimeout(resolve, pause));
	}
	return count;
}

/** One phase: its requests, and what failed. */
async function runPhase(stand, phase, { requests, seconds }) {
	let running = true;
	const load = stand.load({ atOnce: AT_ONCE, requests: Math.ceil(requests * phase.share), seconds: phase.event ? seconds : 0 })
		.finally(() => (running = false));
	const events = phase.event ? disturb(stand, phase, () => running) : 0;
	const [figures, count] = await Promise.all([load, events]);
	return { name: phase.name, events: count, ...figures, ...await stand.resources() };
}

/** What is wrong with a phase; warm: the one before all others. */
export function complaints(phase, result, warm, margin) {
	const found = [];
	const mayFail = result.events * (phase.mayFail ?? 0);
	if (result.failed > mayFail)
		found.push(`${result.failed} requests failed, at most ${mayFail} may; the first: ${result.complaint}`);
	if (phase.event && result.events === 0)
		found.push("nothing happened meanwhile");
	const most = { kib: margin.kib + (phase.kib ?? 0), descriptors: margin.descriptors };
	for (const [what, unit] of [["kib", "KiB"], ["descriptors", "descriptors"]]) {
		if (result[what] > warm[what] + most[what])
			found.push(`${result[what]} ${unit}, ${warm[what]} after warm-up: more than ${most[what]} more`);
	}
	return found.map((text) => `${result.name}: ${text}`);
}

/** The phases of one start of the program. */
async function runPhases({ start, phases }, { margin, progress, ...plan }) {
	const place = new Place();
	try {
		const stand = await start(place);
		const results = [];
		for (const phase of phases) {
			const result = await runPhase(stand, phase, plan);
			result.complaints = complaints(phase, result, results[0] ?? result, margin);
			results.push(result);
			progress(resultText(result));
		}
		return results;
	} finally {
		await place.close();
	}
}

/** The whole plan; returns each phase with its figures, and what is wrong with it. */
export async function runSoak({ margin = MARGIN, ...plan }) {
	const results = [];
	for (const run of RUNS)
		results.push(...await runPhases(run, { margin, ...plan }));
	return results;
}

function resultText({ name, requests, failed, events, seconds, kib, memory, descriptors, complaints: found }) {
	const happened = events ? `, ${events} times` : "";
	return [
		`  ${(name + happened).padEnd(40)}${String(requests).padStart(9)} answered, ${String(failed).padStart(3)} failed, `
			+ `${(requests / seconds).toFixed(0).padStart(6)} a second; ${(kib / 1024).toFixed(1)} MiB (${memory}), `
			+ `${descriptors ?? "unseen"} descriptors`,
		...found.map((text) => `    ${text}`),
		"",
	].join("\n");
}

async function main() {
	const { values } = parseArgs({ options: { requests: { type: "string", default: "1000000" }, seconds: { type: "string", default: "10" } } });
	const counts = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
	const results = await runSoak({ ...counts, progress: (text) => process.stdout.write(text) });
	const wrong = results.flatMap(({ complaints: found }) => found);
	const sum = (what) => results.reduce((total, result) => total + result[what], 0);
	console.log(`${sum("requests")} requests answered, ${sum("failed")} failed; ${wrong.length === 0 ? "nothing is wrong" : wrong.join("\n")}`);
	process.exitCode = wrong.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await main().catch((error) => {
		console.error(`prebind soak: ${error.message}`);
		process.exitCode = 1;
	});
