// What `make analyze` makes of the analyzers' output, without running them; and that its list of known findings is in order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTSIDE, compare, enclosing, parse, parseKnown } from "../analyze/findings.mjs";
import { find, none, read } from "./repository.mjs";

const SOURCE = "static char *first(void)\n{\n\treturn NULL;\n}\n\nint x;\n\nenum status second(const char *a,\n\t\t   struct error *err)\n{\n\treturn strlen(a);\n}\n";
const GCC = "cgi/a.c: In function 'second':\ncgi/a.c:11:9: warning: use of NULL 'a' where non-null expected [CWE-476] [-Wanalyzer-null-argument]\n" +
	"   11 |         return strlen(a);\nIn function 'first.part.0':\ncc1: warning: leak of '<unknown>' [CWE-401] [-Wanalyzer-malloc-leak]\n";
const KNOWN = "# a comment\ngcc cgi/a.c second -Wanalyzer-null-argument  No caller gives NULL.\ngcc cgi/a.c first -Wanalyzer-malloc-leak  The list has it.\n";

const findings = () => parse("gcc", GCC, "cgi/a.c", () => SOURCE);

test("a line belongs to the function around it", () => {
	assert.deepEqual([3, 6, 8, 11].map((line) => enclosing(SOURCE, line)), ["first", "-", "second", "second"]);
});

test("each tool's lines are read", () => {
	const short = (list) => list.map(({ file, line, name, check }) => [file, line, name, check].join(" "));
	assert.deepEqual(short(findings()), ["cgi/a.c 11 second -Wanalyzer-null-argument", "cgi/a.c 0 first -Wanalyzer-malloc-leak"]);
	assert.deepEqual(short(parse("clang-tidy", "7 warnings generated.\ncgi/a.c:3:2: warning: odd [cert-x,bugprone-y]\ncgi/a.c:3:2: note: so\n", "cgi/a.c", () => SOURCE)),
		["cgi/a.c 3 first cert-x,bugprone-y"]);
	assert.deepEqual(short(parse("cppcheck", "cgi/a.c:11: error: nullPointer: Null pointer dereference: a\n", "cgi", () => SOURCE)), ["cgi/a.c 11 second nullPointer"]);
});

test("what cannot be compiled is a finding", () => {
	const [found] = parse("gcc", "cgi/a.c:1:10: fatal error: expat.h: No such file or directory\n", "cgi/a.c", () => SOURCE);
	assert.equal(found.check, "error");
	assert.match(found.message, /expat\.h/);
});

test("known findings pass", () => {
	assert.deepEqual(compare(findings(), parseKnown(KNOWN, "known")), []);
});

test("a finding that is not known is named, also a second one in a function with a known one", () => {
	const [sentence, ...more] = compare(findings(), parseKnown(KNOWN.replace(/^.*second.*\n/m, ""), "known"));
	assert.deepEqual(more, []);
	assert.match(sentence, /^cgi\/a\.c:11: use of NULL.*\n {2}new: gcc cgi\/a\.c second -Wanalyzer-null-argument$/);
	const twice = parse("gcc", GCC + "cgi/a.c:10:1: warning: use of NULL 'a' [CWE-476] [-Wanalyzer-null-argument]\n", "cgi/a.c", () => SOURCE);
	assert.match(compare(twice, parseKnown(KNOWN, "known")).join("\n"), /^cgi\/a\.c:10: .*\n {2}new: [^\n]*$/);
});

test("an entry that matches nothing is named with its line", () => {
	assert.deepEqual(compare(findings().slice(1), parseKnown(KNOWN, "known")),
		["known:2: no such finding any more. Remove the line: gcc cgi/a.c second -Wanalyzer-null-argument"]);
});

test("an entry without a reason is an error with its place", () => {
	assert.throws(() => parseKnown("gcc cgi/a.c second -Wx\n", "known"), /^Error: known:1: /);
	assert.throws(() => parseKnown("gcc cgi/a.c second -Wx false\n", "known"), /^Error: known:1: /);
});

test("tests/analyze/known names functions that are there", () => {
	const known = parseKnown(read("tests/analyze/known"), "tests/analyze/known");
	assert.ok(known.length > 0, "tests/analyze/known has no entry");
	const sources = find("cgi", /\.[ch]$/);
	none(known.filter(({ file, name }) => !sources.includes(file) || name !== OUTSIDE && !new RegExp(`^[a-z].*\\b${name}\\(`, "m").test(read(file)))
		.map(({ at, file, name }) => `${at}: ${file} ${name}`), "not there any more:");
});
