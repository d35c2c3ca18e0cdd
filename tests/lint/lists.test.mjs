// What exists is in the list that uses it: a test in no list runs never, a source in no list is dead.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { top } from "../lib/place.mjs";
import { find, makefileList, read, tableFile } from "./repository.mjs";

const LAYERS = ["BASE", "CONF", "STORE", "SITEDB", "XMPP", "NET", "WEB", "TEMPLATE", "SERVE", "IDENTITY", "PREBIND", "PAGE", "CTL", "EXTAUTH"];

const stems = (files) => files.map((file) => path.parse(file).name).sort();

test("UNIT_TESTS names the files of tests/unit", () => {
	assert.deepEqual(makefileList("UNIT_TESTS").sort(), stems(find("tests/unit", /_test\.c$/)));
});

test("a unit test that skips itself under a sanitizer is not in the slice of make test, where a skipped test fails", () => {
	const [, leftOut] = /^SLICE .*filter-out ([^,]+),\$\(UNIT_TESTS\)/m.exec(read("Makefile")) ?? [];
	const skip = find("tests/unit", /_test\.c$/).filter((file) => /!COUNTED_MEMORY\)\s+skip\(\)/.test(read(file)));
	assert.ok(skip.length > 0);
	assert.deepEqual(stems(skip).filter((name) => !leftOut.split(" ").includes(name)), []);
});

test("BENCH names the programs of tests/bench", () => {
	const programs = find("tests/bench", /\.c$/).filter((file) => /^int main\(/m.test(read(file)));
	assert.deepEqual(makefileList("BENCH").sort(), stems(programs));
});

test("FUZZ names the targets of tests/fuzz, and each has inputs and words", () => {
	const targets = stems(find("tests/fuzz", /\.c$/).filter((file) => /LLVMFuzzerTestOneInput\(.*\n\{/.test(read(file)))).filter((name) => name !== "broken");
	assert.deepEqual(makefileList("FUZZ").sort(), targets);
	assert.deepEqual([...new Set(find("tests/fuzz/corpus", /corpus\/\w+\/[^/]+$/).map((file) => path.basename(path.dirname(file))))].sort(), targets);
	assert.deepEqual(stems(find("tests/fuzz/corpus", /\.dict$/)).filter((name) => !targets.includes(name)), []);
});

for (const layer of LAYERS) {
	test(`${layer} names the sources of cgi/${layer.toLowerCase()}`, () => {
		assert.deepEqual(makefileList(layer).sort(), stems(find(`cgi/${layer.toLowerCase()}`, /\.c$/)));
	});
}

test("tests/coverage/floor names the folders of cgi/ that hold sources", () => {
	const folders = [...new Set(find("cgi", /\.c$/).map((file) => path.dirname(file)))].sort();
	assert.deepEqual(tableFile("tests/coverage/floor").map(([folder]) => folder).sort(), [...folders, "total"]);
});

test("STATIC names the files of static/", () => {
	const files = find("static", /\.(js|css|svg)$/).map((file) => path.relative("static", file));
	assert.deepEqual(makefileList("STATIC").sort(), files);
});

test("make test runs every node test", () => {
	const recipe = /^test:.*\n((?:\t.*\n)+)/m.exec(read("Makefile"))?.[1] ?? "";
	const folders = [...recipe.matchAll(/ (tests\/[a-z]+)(?=\s)/g)].map(([, folder]) => folder).filter((name) => name !== "tests/install");
	const run = execFileSync("tests/run", ["--list", ...folders], { cwd: top, encoding: "utf8" }).trim().split("\n");
	assert.deepEqual(run.filter((file) => file.endsWith(".mjs")).sort(), find("tests", /\.test\.mjs$/));
});

test("what looks like a test is one", () => {
	const strays = find("tests", /\.m?js$/).filter((file) => /from "node:test"/.test(read(file)) && !file.endsWith(".test.mjs"));
	assert.deepEqual(strays, []);
});
