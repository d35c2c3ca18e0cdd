/*
 * Rounds become figures, figures a table: medians over the rounds, with the least and the most beside them.
 */
import { execFileSync } from "node:child_process";
import os from "node:os";
import { top } from "../lib/place.mjs";

const TIMES = ["p50", "p90", "p99"];

/** Over the rounds: the median, the least, the most. */
export function spread(values) {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
	return { median, min: sorted[0], max: sorted.at(-1) };
}

/** µs of the program's CPU time a request, over all rounds at once. */
function cpuPerRequest(rounds) {
	const sum = (of) => rounds.reduce((total, round) => total + of(round), 0);
	return (sum((round) => round.cpu_seconds) / sum((round) => round.requests)) * 1e6;
}

/** A scenario with its figures: of each series, and what it adds to the one it is compared with, round by round. */
export function summarise(scenario) {
	const rounds = Object.fromEntries(scenario.series.map((series) => [series.name, series.rounds]));
	const series = scenario.series.map((row) => {
		const of = (value) => spread(row.rounds.map(value));
		const times = Object.fromEntries(TIMES.map((name) => [name, of((round) => round[name])]));
		const added = row.over && Object.fromEntries(TIMES.map((name) =>
			[name, spread(row.rounds.map((round, i) => round[name] - rounds[row.over][i][name]))]));
		return {
			...row,
			times,
			added,
			perSecond: of((round) => round.requests / round.seconds),
			cpu: cpuPerRequest(row.rounds),
			ownCpu: of((round) => round.own_cpu),
		};
	});
	return { ...scenario, series };
}

/** What a figure is worth without: where it was measured. */
export function describeMachine() {
	const output = (command, ...args) => {
		try {
			return execFileSync(command, args, { cwd: top, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim().split("\n")[0];
		} catch {
			return "unknown";
		}
	};
	const [cpu] = os.cpus();
	return {
		date: new Date().toISOString(),
		commit: output("git", "describe", "--always", "--dirty"),
		cpu: cpu.model.trim(),
		cores: os.cpus().length,
		kernel: `${os.type()} ${os.release()}`,
		lighttpd: output("lighttpd", "-v").replace(/ .*/, ""),
		php: output("php-cgi8.2", "-v").replace(/^PHP (\S+).*/, "php/$1"),
		load: os.loadavg()[0],
	};
}

const ms = (us) => (us / 1000).toFixed(2);

const COLUMNS = [
	{ head: "", of: (row) => row.name, left: true },
	...TIMES.map((name) => ({ head: name, of: (row) => ms(row.times[name].median) })),
	{ head: "added p50", of: (row) => (row.added ? ms(row.added.p50.median) : "") },
	{ head: "(least … most)", of: (row) => (row.added ? `(${ms(row.added.p50.min)} … ${ms(row.added.p50.max)})` : "") },
	{ head: "p90", of: (row) => (row.added ? ms(row.added.p90.median) : "") },
	{ head: "p99", of: (row) => (row.added ? ms(row.added.p99.median) : "") },
	{ head: "per s", of: (row) => row.perSecond.median.toFixed(0) },
	{ head: "CPU µs", of: (row) => (row.path ? row.cpu.toFixed(0) : "") },
];

function mib(kib) {
	return (kib / 1024).toFixed(1);
}

/** The head of a report: where and when it was measured. */
export function machineText({ machine, plan }) {
	const { date, commit, cores, cpu, kernel, lighttpd, php, load, loadAfter } = machine;
	return [
		`${date.slice(0, 10)}, ${commit}, ${cores} cores of ${cpu}, ${kernel}, ${lighttpd}, ${php}`,
		`load average ${load.toFixed(2)} before, ${loadAfter.toFixed(2)} after; medians of ${plan.rounds} rounds`,
		"",
	].join("\n");
}

/** What the page adds, as text, in ms where nothing else is said. */
export function tableText({ scenarios }) {
	const cells = scenarios.map(({ series }) => series.map((row) => COLUMNS.map(({ of }) => of(row))));
	const widths = COLUMNS.map(({ head }, i) => Math.max(head.length, ...cells.flat().map((row) => row[i].length)));
	const pad = (cell, i) => (COLUMNS[i].left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
	const line = (row) => row.map(pad).join("  ").trimEnd();
	const blocks = scenarios.map(({ delay, packets, atOnce, memory }, i) => [
		`upstream answers after ${delay} ms in ${packets === 1 ? "one packet" : "two packets"}, ${atOnce} at a time`
			+ ` (memory ${mib(Math.max(...memory))} MiB a process at most)`,
		...cells[i].map((row) => `  ${line(row)}`),
		"",
	]);
	const own = spread(scenarios.flatMap(({ series }) => series.map((row) => row.ownCpu.median)));
	return [
		`added to the upstream's answer; times in ms; the client's own CPU time: ${own.min.toFixed(0)} to ${own.max.toFixed(0)} µs a request`,
		"",
		`  ${line(COLUMNS.map(({ head }) => head))}`,
		...blocks.flat(),
	].join("\n");
}
