/*
 * `make analyze`: runs gcc -fanalyzer, clang-tidy and cppcheck over cgi/. Exits with 1 if one finds something that is
 * not in tests/analyze/known, or if a line of that file matches nothing.
 *   node tests/analyze/analyze.mjs [--gcc COMMAND] [--clang-tidy COMMAND] [--cppcheck COMMAND] [--keep] -- FLAG…
 * The flags are the compiler's. --keep runs no tool: it reads what the run before left in build/analyze/.
 */
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { top } from "../lib/place.mjs";
import { compare, parse, parseKnown } from "./findings.mjs";

const KNOWN = "tests/analyze/known";
const OUT = path.join("build", "analyze");
const TEMPLATE = "{file}:{line}: {severity}: {id}: {message}";

process.chdir(top);
const text = (fallback) => ({ type: /** @type {const} */ ("string"), default: fallback });
const { values, positionals: flags } = parseArgs({ allowPositionals: true, options: {
	gcc: text("gcc"), "clang-tidy": text("clang-tidy"), cppcheck: text("cppcheck"), keep: { type: "boolean" } } });

const sources = fs.readdirSync("cgi", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".c")).map((name) => path.join("cgi", name)).sort();

/** cppcheck finds no header of the system. Without this one it cannot read LIST_HEAD, and leaves the file out. */
const lists = execFileSync(values.gcc, ["-M", "-xc", "-"], { input: "#include <sys/queue.h>\n", encoding: "utf8" }).split(/\s+/).find((file) => file.endsWith("/queue.h"));

/**
 * A run of a tool; what it prints goes to a file. cppcheck looks at all sources in one run, so that it can follow calls
 * from one to another. varFuncNullUB: a machine whose NULL is an int could not end log_event's list with it; POSIX has none.
 */
const runs = [
	{ tool: "cppcheck", unit: "cgi", args: ["-q", "--std=c11", "--enable=warning,portability", "--suppress=varFuncNullUB", "--inline-suppr", `--include=${lists}`, "-Icgi",
		`--template=${TEMPLATE}`, "cgi"] },
	...sources.flatMap((unit) => [
		{ tool: "gcc", unit, args: [...flags, "-O2", "-g", "-fanalyzer", "-fdiagnostics-color=never", "-c", "-o", "/dev/null", unit] },
		{ tool: "clang-tidy", unit, args: ["--quiet", unit, "--", ...flags] }]),
].map((run) => ({ ...run, output: path.join(OUT, run.tool, `${run.unit.replaceAll("/", "_")}.txt`) }));

/** @param {typeof runs[0]} run */
function start({ tool, args, output }) {
	fs.mkdirSync(path.dirname(output), { recursive: true });
	const file = fs.openSync(output, "w");
	// clang-tidy counts suppressed warnings on the standard error, and has its findings on the standard output.
	const child = spawn(/** @type {string} */ (values[tool]), args, { stdio: ["ignore", file, file], env: { ...process.env, LC_ALL: "C" } });
	fs.closeSync(file);
	return new Promise((resolve, reject) => {
		child.on("error", (error) => reject(new Error(`${values[tool]}: ${error.message}. Run tests/install analyze.`)));
		child.on("exit", (code, signal) => signal ? reject(new Error(`${tool} was ended by ${signal}: ${args.join(" ")}`)) : resolve(code));
	});
}

/** Runs one for each processor at a time. Ends with what failed without a finding. */
async function runAll() {
	fs.rmSync(OUT, { recursive: true, force: true });
	const waiting = [...runs];
	const failed = [];
	const worker = async () => {
		for (let run = waiting.shift(); run; run = waiting.shift())
			if (await start(run) !== 0 && findingsOf(run).length === 0)
				failed.push(`${run.tool} failed; ${run.output} says why`);
	};
	await Promise.all(Array.from({ length: os.cpus().length }, worker));
	return failed;
}

/** The text of a source of ours. */
const read = (file) => file.startsWith("cgi/") ? fs.readFileSync(file, "utf8") : "";

/** @param {typeof runs[0]} run */
const findingsOf = ({ tool, unit, output }) => parse(tool, fs.readFileSync(output, "utf8").replaceAll(top, ""), unit, read);

const failed = values.keep ? [] : await runAll().catch((error) => {
	console.error(error.message);
	process.exit(1);
});
// What is in a header is found once for each source that includes it.
const findings = [...new Map(runs.flatMap(findingsOf).map((finding) => [JSON.stringify(finding), finding])).values()];
const known = parseKnown(fs.readFileSync(KNOWN, "utf8"), KNOWN);
const sentences = [...failed, ...compare(findings, known)];
for (const sentence of sentences)
	console.log(sentence);
const counts = ["gcc", "clang-tidy", "cppcheck"].map((tool) => `${tool} ${findings.filter((finding) => finding.tool === tool).length}`);
console.log(`${sources.length} sources; findings: ${counts.join(", ")}; ${known.length} of them are known to be false`);
if (sentences.length > 0) {
	console.log(`${OUT}/ holds what the tools said. Mend what is real. If a finding is false, add it to ${KNOWN} with the reason.`);
	process.exitCode = 1;
}
