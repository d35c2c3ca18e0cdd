/*
 * `make trips`: how long chat takes over a long way, and what goes over it, beside Converse.js with a password.
 *   node tests/bench/trips.mjs [--delays "20 100 300"] [--rounds 3]
 * docs/benchmarks.md says how to read the table. tests/browser/trips.test.mjs holds the counts.
 */
import { parseArgs } from "node:util";
import { Place } from "../lib/place.mjs";
import { spread } from "./report.mjs";
import { FLOWS, PROTOCOLS, startTripsStand } from "./trips_stand.mjs";

const { values } = parseArgs({
	options: { delays: { type: "string", default: "20 100 300" }, rounds: { type: "string", default: "3" } },
});
const delays = values.delays.split(" ").map(Number);
const rounds = Number(values.rounds);
const kB = (bytes) => (bytes / 1000).toFixed(1);

async function measure(stand, flow) {
	const times = [];
	let first = {};
	for (const delay of delays) {
		const runs = [];
		for (let round = 0; round < rounds; round++)
			runs.push(await stand.run(flow, delay));
		times.push(spread(runs.map(({ ms }) => ms)).median);
		first = runs[0];
		process.stderr.write(".");
	}
	return { ...first, ms: times };
}

async function printTable(place, protocol) {
	const stand = await startTripsStand(place, protocol);
	const head = [PROTOCOLS[protocol].server, ...delays.map((delay) => `${delay} ms`), "trips", "requests", "connections", "kB down", "kB up"];
	const rows = [];
	for (const [name, flow] of Object.entries(FLOWS)) {
		const { ms, trips, requests, connections, down, up } = await measure(stand, flow);
		// Without known steps: the time that a longer way adds, in round trips.
		const slope = (ms.at(-1) - ms[0]) / (2 * (delays.at(-1) - delays[0]));
		rows.push([name, ...ms.map((time) => time.toFixed(0)), trips ?? `(${slope.toFixed(1)})`, requests, connections, kB(down), kB(up)]);
	}
	process.stderr.write("\n");
	for (const row of [head, ...rows])
		console.log(row.map((cell, i) => (i === 0 ? String(cell).padEnd(28) : String(cell).padStart(12))).join(""));
}

for (const protocol of Object.keys(PROTOCOLS)) {
	const place = new Place();
	try {
		await printTable(place, protocol);
	} finally {
		await place.close();
	}
}
