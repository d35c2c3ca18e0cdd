/*
 * `make bench`. compare.mjs: this program beside others that do its work. Here, what prebind adds to the call it makes,
 * as a visitor behind a web server sees it: the tables below are the plan; stand.mjs starts and measures, report.mjs makes
 * figures and a table of it. handshake.mjs: log-ins on real servers. crowd.mjs: many sites and users.
 * docs/benchmarks.md says how to read them.
 *   node tests/bench/bench.mjs [--only "PART…"] [--rounds 5] [--requests 50] [--seconds 0.5] [--logins 30] [--json FILE]
 * Nothing is held against a clock: it fails only where an answer is wrong.
 */
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Place } from "../lib/place.mjs";
import { comparisons, runCgi, runCompare } from "./compare.mjs";
import { aimsText, cgiText, compareText } from "./compare_text.mjs";
import { crowdText, runCrowd } from "./crowd.mjs";
import { handshakeText, runHandshakes } from "./handshake.mjs";
import { logsText, runLogs } from "./logs.mjs";
import { nodesText, runNodes } from "./nodes.mjs";
import { peopleText, runPeople } from "./people.mjs";
import { describeMachine, machineText, summarise, tableText } from "./report.mjs";
import { runSiteDatabases, siteDatabasesText } from "./site_databases.mjs";
import { startStand } from "./stand.mjs";

/**
 * The XMPP server: how long it takes, and in how many packets it answers. Tigase's own HTTP server takes two.
 * @typedef {{ delay: number, packets: number }} Upstream
 */
export const UPSTREAMS = [
	{ delay: 0, packets: 1 },
	{ delay: 0, packets: 2 },
	{ delay: 10, packets: 1 },
	{ delay: 10, packets: 2 },
	{ delay: 40, packets: 1 },
	{ delay: 40, packets: 2 },
];

/** Visitors at a time. */
export const VISITORS = [1, 16];

/**
 * What is measured in turn.
 * @typedef {object} Series
 * @property {string} name
 * @property {"keep" | "close"} peer does the XMPP server keep connections?
 * @property {string} [path] of the program; without: the bare upstream call
 * @property {string[]} [options] of the client
 * @property {string} [over] the series that it is compared with
 */
export const SERIES = [
	{ name: "upstream", peer: "keep", options: ["-q"] },
	{ name: "upstream, no QUICKACK", peer: "keep" },
	{ name: "page", peer: "keep", path: "/", over: "upstream" },
	{ name: "json", peer: "keep", path: "/prebind.json", over: "upstream" },
	{ name: "upstream, not kept", peer: "close", options: ["-q", "-N"] },
	{ name: "page, not kept", peer: "close", path: "/", over: "upstream, not kept" },
];

/**
 * One upstream, all its visitors and rounds.
 * @param {Upstream} upstream
 * @param {{ visitors: number[], series: Series[], rounds: number, requests: number, seconds: number }} plan
 * @param {(text: string) => void} progress
 */
async function measureUpstream(upstream, plan, progress) {
	const place = new Place();
	const results = [];
	try {
		const stand = await startStand(place, upstream);
		for (const atOnce of plan.visitors) {
			progress(`\n  upstream ${upstream.delay} ms, packets ${upstream.packets}, at a time ${atOnce}: `);
			const rounds = plan.series.map(() => []);
			for (let round = 0; round < plan.rounds; round++) {
				for (const [i, series] of plan.series.entries())
					rounds[i].push(await stand.measure(series, { ...plan, atOnce }));
				progress(` ${round + 1}`);
			}
			const series = plan.series.map((row, i) => ({ ...row, rounds: rounds[i] }));
			results.push({ ...upstream, atOnce, series, memory: stand.memory() });
		}
	} finally {
		await place.close();
	}
	return results;
}

/** What the page adds to the call it makes: the whole plan. */
export async function runAdded({ upstreams = UPSTREAMS, visitors = VISITORS, series = SERIES, progress, ...counts }) {
	const scenarios = [];
	for (const upstream of upstreams) {
		for (const result of await measureUpstream(upstream, { visitors, series, ...counts }, progress))
			scenarios.push(summarise(result));
	}
	return { scenarios };
}

/**
 * The parts of `make bench`: each measures something into the report, and shows it.
 * @type {Record<string, { run: (plan: object) => Promise<object>, text: (report: object) => string }>}
 */
export const PARTS = {
	compare: {
		run: async ({ rounds, seconds, progress }) => ({ compare: await runCompare({ plan: comparisons({ seconds }), rounds, seconds, progress }) }),
		text: ({ compare }) => compareText(compare),
	},
	cgi: {
		run: async ({ rounds, progress }) => ({ cgi: await runCgi({ rounds, progress }) }),
		text: ({ cgi }) => cgiText(cgi),
	},
	added: {
		run: runAdded,
		text: tableText,
	},
	logins: {
		run: async ({ rounds, logins, progress }) => ({ handshakes: await runHandshakes({ rounds, logins, progress }) }),
		text: ({ handshakes }) => handshakeText(handshakes),
	},
	growth: {
		run: async ({ rounds, requests, progress }) => ({ crowd: await runCrowd({ rounds, requests: 4 * requests, progress }) }),
		text: ({ crowd }) => crowdText(crowd),
	},
	sites: {
		run: async ({ rounds, requests, seconds, progress }) => ({ siteDatabases: await runSiteDatabases({ rounds, requests, seconds, progress }) }),
		text: ({ siteDatabases }) => siteDatabasesText(siteDatabases),
	},
	logs: {
		run: async ({ rounds, requests, progress }) => ({ logs: await runLogs({ rounds, requests: 10 * requests, progress }) }),
		text: ({ logs }) => logsText(logs),
	},
	nodes: {
		run: async ({ rounds, requests, seconds, progress }) => ({ nodes: await runNodes({ rounds, requests, seconds, progress }) }),
		text: ({ nodes }) => nodesText(nodes),
	},
	people: {
		run: async ({ rounds, progress }) => ({ people: await runPeople({ rounds, progress }) }),
		text: ({ people }) => peopleText(people),
	},
};

/** Those that were asked for, in their order; all of them. */
export function chosenParts(only) {
	const names = only.split(/[\s,]+/).filter(Boolean);
	const strange = names.find((name) => !Object.hasOwn(PARTS, name));
	if (strange)
		throw new Error(`--only ${strange}: there is no such part; there are ${Object.keys(PARTS).join(", ")}`);
	return Object.entries(PARTS).filter(([name]) => names.length === 0 || names.includes(name)).map(([, part]) => part);
}

/** Everything that was asked for; returns the report. */
export async function runBench({ only = "", progress, ...plan }) {
	const parts = chosenParts(only);
	const report = { machine: describeMachine(), plan };
	for (const part of parts)
		Object.assign(report, await part.run({ ...plan, progress }));
	report.machine.loadAfter = describeMachine().load;
	return { report, text: [machineText(report), ...parts.map(({ text }) => text(report)), aimsText(report)].join("\n") };
}

async function main() {
	process.stdout.write("prebind bench: round after round, each series in turn");
	const { values } = parseArgs({
		options: {
			only: { type: "string", default: "" },
			rounds: { type: "string", default: "5" },
			requests: { type: "string", default: "50" },
			seconds: { type: "string", default: "0.5" },
			logins: { type: "string", default: "30" },
			json: { type: "string" },
		},
	});
	const { only, json, ...counts } = values;
	const plan = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, Number(value)]));
	const { report, text } = await runBench({ only, ...plan, progress: (some) => process.stdout.write(some) });
	console.log(`\n\n${text}`);
	if (json) {
		fs.writeFileSync(json, `${JSON.stringify(report, null, "\t")}\n`);
		console.log(`Every round is in ${json}; docs/benchmarks.md says how to read this.`);
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await main().catch((error) => {
		console.error(`\nprebind bench: ${error.message}`);
		process.exitCode = 1;
	});
