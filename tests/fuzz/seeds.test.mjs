// Each fuzz target runs once with every input that the repository keeps, under AddressSanitizer and UBSan. `make test`
// builds them in build/asan/. `make fuzz` looks for new inputs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { makefileList } from "../lint/repository.mjs";
import { top } from "../lib/place.mjs";
import { nextTurn, readReport } from "./run.mjs";

const BUILD = path.join(top, "build/asan/fuzz");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "prebind-fuzz-"));
test.after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs a target with these inputs. Returns how many there were, or what broke. */
async function replay(name, inputs) {
	try {
		const { stdout } = await promisify(execFile)(path.join(BUILD, name), inputs, { env: { ...process.env, TMPDIR: folder } });
		return Number(stdout);
	} catch (error) {
		return error.stderr?.slice(-4000) || `${error.message}: run make fuzz-programs as make test does`;
	}
}

for (const name of makefileList("FUZZ")) {
	test(`${name}: no kept input breaks it`, async () => {
		const seeds = path.join(top, "tests/fuzz/corpus", name);
		assert.equal(await replay(name, [seeds]), fs.readdirSync(seeds).length);
	});
}

test("an oracle that does not hold, and a read beyond the input, are failures", async () => {
	const input = path.join(folder, "input");
	fs.writeFileSync(input, "oracle");
	assert.match(String(await replay("broken", [input])), /broken\.c:\d+: false: /);
	fs.writeFileSync(input, "read");
	assert.match(String(await replay("broken", [input])), /AddressSanitizer/);
	fs.writeFileSync(input, "good");
	assert.equal(await replay("broken", [input]), 1);
});

test("what libFuzzer reports is counted", () => {
	const report = readReport("#8 NEW    cov: 12 ft: 13\n#9 DONE   cov: 15 ft: 16\nstat::number_of_executed_units: 4711\n");
	assert.deepEqual(report, { executions: 4711, edges: 15, why: "" });
	assert.equal(readReport("tests/fuzz/jid.c:3: false: x\n").why, "tests/fuzz/jid.c:3: false: x");
	assert.match(readReport("a.c:1:2: runtime error: shift\n").why, /runtime error: shift/);
});

test("each target has its share of the time; then the quickest go on in turn until there are enough executions", () => {
	const names = Array.from({ length: 20 }, (_, i) => `target${i}`);
	const speed = (name) => (name === "target19" ? 0 : 1 + names.indexOf(name)); // the quickest one failed
	const campaign = (executions) => {
		const turns = { started: [], results: [] };
		for (let turn = nextTurn(turns, names, { each: 10, executions }); turn; turn = nextTurn(turns, names, { each: 10, executions })) {
			turns.started.push(turn.name);
			turns.results.push({ ...turn, executions: turn.seconds * speed(turn.name), failed: turn.name === "target19" });
		}
		return turns;
	};
	const once = campaign(0);
	assert.deepEqual(once.started, names);
	assert.ok(once.results.every(({ seconds }) => seconds === 10));
	const long = campaign(20_000);
	assert.deepEqual(long.started.slice(0, 20), names);
	assert.deepEqual(new Set(long.started.slice(20, 32)), new Set(names.slice(7, 19)), "each of the quickest once before one comes again");
	assert.ok(long.results.reduce((sum, { executions }) => sum + executions, 0) >= 20_000);
	assert.deepEqual(nextTurn({ started: names, results: names.map((name) => ({ name, seconds: 1, executions: 1, failed: true })) }, names,
		{ each: 10, executions: 100 }), null, "if all have failed");
});
