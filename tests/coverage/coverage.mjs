/*
 * `make coverage`: runs tests on programs that count what they run, prints a table by folder of cgi/, and exits with 1
 * if a figure is below tests/coverage/floor.
 *   PREBIND_BUILD=build/coverage node tests/coverage/coverage.mjs [--floor FILE] [--reasons FILE] [--keep] [--then SCRIPT]… TEST…
 * --reasons: why lines of the sources where each line counts are not run; it fails for one that is neither run nor named.
 * --then: a script of tests/ with its arguments, which is run after the tests and fails as they do.
 * --keep runs no test: it prints the table of the run before.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "../lib/prebind.mjs";
import { top } from "../lib/place.mjs";
import { add, below, parseFloor, parseReasons, table, tally, unnamed } from "./figures.mjs";

const NOT_COUNTED = `Not counted: what a process ran that was killed (SIGKILL, or a signal that it does not handle) or crashed; what ran in
a namespace that does not show ${path.relative(top, build)}/.`;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { floor: { type: "string" }, reasons: { type: "string" }, keep: { type: "boolean" }, then: { type: "string", multiple: true, default: [] } } });

/** @param {string} ending */
const find = (ending) => fs.readdirSync(build, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(ending)).map((name) => path.join(build, name)).sort();

/** Empty counters that everyone may write to: the programs run as more than one user, and the first one to write would own them. */
function clear() {
	for (const file of find(".gcda"))
		fs.rmSync(file);
	for (const notes of find(".gcno")) {
		const counters = notes.replace(/gcno$/, "gcda");
		fs.writeFileSync(counters, "");
		fs.chmodSync(counters, 0o666);
	}
}

/** What gcov says of each source of cgi/, with all programs together. */
function count() {
	for (const file of find(".gcda").filter((name) => fs.statSync(name).size === 0))
		fs.rmSync(file); // gcov then counts that nothing of it ran
	/** @type {Map<string, import("./figures.mjs").Lines>} */
	const sources = new Map();
	for (const notes of find(".gcno").filter((name) => !name.startsWith(path.join(build, "unit")))) {
		const { error, status, stdout, stderr } = spawnSync("gcov", ["--json-format", "--branch-probabilities", "--stdout", notes],
			{ cwd: top, encoding: "utf8", maxBuffer: 1 << 28 });
		if (error || status !== 0)
			throw new Error(`gcov ${notes}: ${error?.message ?? stderr}`);
		for (const report of stdout.split("\n").filter(Boolean))
			for (const { file, lines } of JSON.parse(report).files)
				if (/^cgi\//.test(path.relative(top, path.resolve(top, file))))
					add(sources, path.relative(top, path.resolve(top, file)), lines);
	}
	return sources;
}

/** @param {string} program @param {string[]} args */
function passes(program, args) {
	const { status } = spawnSync(program, args, { cwd: top, stdio: "inherit" });
	if (status !== 0 && status !== 1)
		process.exit(status ?? 1); // somebody stopped it
	return status === 0;
}

let passed = true;
if (!values.keep) {
	clear();
	passed = passes("tests/run", positionals);
	for (const script of values.then)
		passed = passes(process.execPath, script.split(" ")) && passed;
}
const sources = count();
const figures = tally(sources);
console.log(`\n${table(figures)}\n\n${NOT_COUNTED}`);
if (!passed)
	console.log("A test failed: see above. The figures may be lower for it.");
/** @param {string} file */
const read = (file) => fs.readFileSync(file, "utf8");
const findings = [
	...values.floor ? below(figures, parseFloor(read(values.floor), values.floor)) : [],
	...values.reasons ? unnamed(sources, parseReasons(read(values.reasons), values.reasons)) : [],
];
for (const finding of findings)
	console.log(finding);
if (!values.floor)
	console.log("Not compared with tests/coverage/floor, which is for the unit, program and server tests.");
process.exitCode = passed && findings.length === 0 ? 0 : 1;
