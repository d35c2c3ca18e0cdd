/*
 * The share of metrics and log in the CPU time of a server, with the kernel's part: perf samples its processes while a client asks at
 * full speed, and looks at the stack of each sample. A share hardly depends on other work of the machine. Needs perf, and its rights.
 *   make BUILD=build/optimised CFLAGS='-O2 -g' all build/optimised/bench/load build/optimised/bench/peer
 *   PREBIND_BUILD=build/optimised node tests/bench/log_samples.mjs [REQUESTS]
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import readline from "node:readline";
import { ASKED, measure, startServer } from "./logs.mjs";

const REQUESTS = Number(process.argv[2] ?? 60000);
const RECORD = ["record", "-q", "-e", "cpu-clock", "-F", "2000", "--call-graph", "dwarf,4096", "--control", "fd:3,4"];
const LOG = /\b(log_event|write_all)$/; // write_all: the log's own thread
const METRICS = /\bmetrics_\w+$/;
const WRITE = /\bksys_write$/;

/** Counts the samples of a recording, by what is in their stacks. */
async function count(file) {
	const perf = spawn("perf", ["script", "--no-inline", "-F", "ip,sym", "-i", file], { stdio: ["ignore", "pipe", "ignore"] });
	const counts = { all: 0, log: 0, write: 0, metrics: 0 };
	let stack = [];
	for await (const line of readline.createInterface({ input: perf.stdout })) {
		if (line.trim() !== "") {
			stack.push(line.trim());
			continue;
		}
		if (stack.length === 0)
			continue;
		const has = (pattern) => stack.some((frame) => pattern.test(frame));
		counts.all++;
		counts.log += has(LOG);
		counts.write += has(LOG) && has(WRITE);
		counts.metrics += has(METRICS) && !has(LOG);
		stack = [];
	}
	return counts;
}

const places = [];
try {
	const server = await startServer(places, "info");
	const pids = server.pids.join(",");
	for (const asked of ASKED) {
		const file = server.place.path(`perf-${asked.name.replace(/\W/g, "-")}`);
		await measure(server, asked, REQUESTS / 10); // warm
		const perf = spawn("perf", [...RECORD, "-o", file, "-p", pids], { stdio: ["ignore", "inherit", "inherit", "pipe", "pipe"] });
		const ended = once(perf, "exit");
		perf.stdio[3].write("ping\n");
		await Promise.race([once(perf.stdio[4], "data"), ended]); // it samples from now on
		const us = await measure(server, asked, REQUESTS);
		perf.kill("SIGINT");
		await ended;
		const { all, log, write, metrics } = await count(file);
		assert.ok(all > 0, "perf has no samples");
		fs.rmSync(file);
		const share = (samples) => `${(100 * samples / all).toFixed(2)} %`;
		console.log(`${asked.name.padEnd(14)}${us.toFixed(1).padStart(7)} µs a request, ${all} samples: log ${share(log)} (${log}), `
			+ `of it write ${share(write)}, metrics ${share(metrics)}`);
	}
} finally {
	for (const place of places.reverse())
		await place.close();
}
