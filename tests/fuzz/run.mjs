/*
 * `make fuzz`: runs each target of build/fuzz/fuzz/ under libFuzzer, as many at a time as there are processors, and
 * prints what it did. Inputs that reach something new are kept in build/fuzz/corpus/, so that the next campaign goes on
 * from there. An input that breaks a target is kept in artifacts/fuzz/. Exits with 1 if there is one.
 *   node tests/fuzz/run.mjs [--time SECONDS] [--executions N] [--only NAME,NAME]
 * The time is shared evenly. If that made fewer executions than N, the quickest targets go on in turn until there are N.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const top = fileURLToPath(new URL("../..", import.meta.url));
const BUILD = path.join(top, "build/fuzz");
const KEPT = path.join(top, "artifacts/fuzz");
const INPUT_SECONDS = 10; // no input may take longer: a reader's time is linear
const INPUT_MIB = 1024; // nor may a target use more memory, AddressSanitizer's included
const QUICKEST = 12; // so many targets go on
const TURN_SECONDS = 60;

/** libFuzzer's last words on a target: how often it ran, and what it found. */
export function readReport(text) {
	const executions = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(text)?.[1] ?? 0);
	const edges = Number([...text.matchAll(/ cov: (\d+)/g)].at(-1)?.[1] ?? 0);
	const why = /^.*(?:: false: .*|runtime error: .*|ERROR: (?:AddressSanitizer|LeakSanitizer|libFuzzer): .*)$/m.exec(text)?.[0];
	return { executions, edges, why: why ?? "" };
}

function run(name, seconds, folder) {
	const corpus = path.join(BUILD, "corpus", name);
	const seeds = path.join(top, "tests/fuzz/corpus", name);
	fs.mkdirSync(corpus, { recursive: true });
	const options = [`-max_total_time=${seconds}`, `-timeout=${INPUT_SECONDS}`, `-rss_limit_mb=${INPUT_MIB}`, "-print_final_stats=1",
		`-artifact_prefix=${KEPT}/${name}-`];
	if (fs.existsSync(`${seeds}.dict`))
		options.push(`-dict=${seeds}.dict`);
	return new Promise((resolve, reject) => {
		const child = spawn(path.join(BUILD, "fuzz", name), [...options, corpus, seeds],
			{ stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, TMPDIR: folder } });
		let text = "";
		child.stderr.on("data", (data) => { text = (text + data).slice(-100_000); });
		child.on("error", reject);
		child.on("close", (code) => resolve({ name, seconds, ...readReport(text), failed: code !== 0, text }));
	});
}

function print({ name, executions, edges, failed, why }) {
	console.log(`${name.padEnd(18)} ${String(executions).padStart(12)} ${String(edges).padStart(8)}  ${failed ? `FAILED: ${why}` : "ok"}`);
}

/** What comes next: first each target once, then the quickest in turn until there are enough executions. Null: nothing. */
export function nextTurn(turns, names, { each, executions }) {
	if (turns.started.length < names.length)
		return { name: names[turns.started.length], seconds: each };
	const total = turns.results.reduce((sum, result) => sum + result.executions, 0);
	const ran = turns.results.filter(({ failed }) => !failed);
	if (total >= executions || ran.length === 0)
		return null;
	const speed = new Map(ran.map((result) => [result.name, result.executions / result.seconds]));
	const quick = [...speed.keys()].sort((a, b) => speed.get(b) - speed.get(a)).slice(0, QUICKEST);
	const count = (name) => turns.started.filter((started) => started === name).length;
	return { name: quick.reduce((least, name) => (count(name) < count(least) ? name : least)), seconds: TURN_SECONDS };
}

async function campaign(names, seconds, executions) {
	const jobs = os.availableParallelism();
	const each = Math.max(1, Math.floor(seconds * jobs / names.length));
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "prebind-fuzz-"));
	const turns = { started: [], results: [] };
	fs.mkdirSync(KEPT, { recursive: true });
	console.log(`${names.length} targets, ${each} s each, ${jobs} at a time\n${"target".padEnd(18)} ${"executions".padStart(12)} ${"edges".padStart(8)}`);
	const work = async () => {
		for (let turn = nextTurn(turns, names, { each, executions }); turn; turn = nextTurn(turns, names, { each, executions })) {
			turns.started.push(turn.name);
			const result = await run(turn.name, turn.seconds, folder);
			print(result);
			turns.results.push(result);
		}
	};
	try {
		await Promise.all(Array.from({ length: jobs }, work));
	} finally {
		fs.rmSync(folder, { recursive: true, force: true });
	}
	return turns.results;
}

async function main() {
	const { values } = parseArgs({ options: { time: { type: "string", default: "600" }, executions: { type: "string", default: "0" },
		only: { type: "string", default: "" } } });
	const all = fs.readdirSync(path.join(BUILD, "fuzz")).filter((name) => !name.includes(".") && name !== "broken").sort();
	const only = values.only.split(",").filter(Boolean);
	const names = only.length > 0 ? all.filter((name) => only.includes(name)) : all;
	if (names.length === 0 || names.length < only.length)
		throw new Error(`no such target: ${values.only}; there are ${all.join(" ")}`);
	const results = await campaign(names, Number(values.time), Number(values.executions));
	const failed = results.filter((result) => result.failed);
	const total = results.reduce((sum, { executions }) => sum + executions, 0);
	console.log(`${"total".padEnd(18)} ${String(total).padStart(12)}           ${failed.length} failed`);
	for (const { name, text } of failed)
		console.log(`\n==== ${name}\n${text.slice(-4000)}\nThe input is in artifacts/fuzz/. Mend the program, then keep the input in tests/fuzz/corpus/${name}/.`);
	process.exitCode = failed.length > 0 || total === 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await main();
