// What `make coverage` makes of gcov's counts: its sums, and what it says when a figure falls.
import assert from "node:assert/strict";
import { test } from "node:test";
import { add, below, parseFloor, parseReasons, table, tally, unnamed } from "./figures.mjs";

/** Two folders; the header's line 1 is in two programs, and each ran another branch of it. */
function counted() {
	const sources = new Map();
	const header = (left, right) => [{ line_number: 1, count: left + right, branches: [{ count: left }, { count: right }] }];
	add(sources, "cgi/base/a.h", header(1, 0));
	add(sources, "cgi/base/a.h", header(0, 2));
	add(sources, "cgi/web/b.c", [{ line_number: 3, count: 4, branches: [{ count: 4 }, { count: 0 }] }, { line_number: 4, count: 0, branches: [] }]);
	return tally(sources);
}

test("a line that two programs hold counts once, with the branches of both", () => {
	const figures = counted();
	assert.deepEqual(figures.get("cgi/base"), { lines: 1, linesRun: 1, branches: 2, branchesRun: 2 });
	assert.deepEqual(figures.get("cgi/web"), { lines: 2, linesRun: 1, branches: 2, branchesRun: 1 });
	assert.deepEqual(figures.get("total"), { lines: 3, linesRun: 2, branches: 4, branchesRun: 3 });
	assert.match(table(figures), /^cgi\/web +1\/2 +50\.0 % +1\/2 +50\.0 %$/m);
});

test("figures at their floor pass", () => {
	assert.deepEqual(below(counted(), parseFloor("# comment\ncgi/base 100 100\ncgi/web 50 50\ntotal 66.6 75\n", "floor")), []);
});

test("a folder below its floor is named, with how far it fell", () => {
	assert.deepEqual(below(counted(), parseFloor("cgi/base 100 100\ncgi/web 52.5 50\ntotal 60 75\n", "floor")),
		["cgi/web: the tests run 50.00 % of the lines, 2.50 points below the floor of 52.5 %. Add tests for what is new."]);
});

test("a folder without a floor, and a floor without a folder, are named", () => {
	const findings = below(counted(), parseFloor("cgi/base 1 1\ncgi/old 1 1\ntotal 1 1\n", "floor"));
	assert.match(findings.join("\n"), /^cgi\/old has no sources any more.*\ncgi\/web has no floor.*$/);
});

test("a line that is no floor is an error with its place", () => {
	assert.throws(() => parseFloor("cgi/base 97\n", "floor"), /^Error: floor:1: /);
	assert.throws(() => parseFloor("cgi/base 97 90\n", "floor"), /no line for total/);
});

test("a line that no test runs is named, but for one with a reason and one outside of what is watched", () => {
	const sources = new Map();
	const line = (number, count, inside) => ({ line_number: number, count, branches: [], function_name: inside });
	add(sources, "cgi/store/a.c", [line(1, 1, "open"), line(2, 0, "open"), line(3, 0, "open"), line(5, 0, "close")]);
	add(sources, "cgi/store/a.c", [line(3, 4, "open")]);
	add(sources, "cgi/ctl/b.c", [line(1, 0, "main")]);
	assert.deepEqual(unnamed(sources, parseReasons("# comment\ncgi/store/a.c close  the disk went away\n", "reasons")),
		["cgi/store/a.c open: no test runs line 2. Add a test, or the reason to tests/coverage/unreached."]);
	assert.deepEqual(unnamed(sources, parseReasons("cgi/store/a.c open  a\ncgi/store/a.c close  b\ncgi/store/a.c gone  c\n", "reasons")),
		["cgi/store/a.c gone is no function any more. Remove it from tests/coverage/unreached."]);
	assert.throws(() => parseReasons("cgi/store/a.c open\n", "reasons"), /^Error: reasons:1: /);
});
