// How prebindctl is called: help is for verbs that there are, and a call that is no call ends with status 2.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";

let place, program;

before(() => {
	place = new Place();
	program = place.copy(path.join(build, "prebindctl"), "bin/prebindctl");
});
after(() => place.close());

const HELP = [["--help"], ["-h"], ["check", "--help"], ["--help", "check"], ["user", "--help"], ["user", "add", "--help"],
	["prebind", "alice", "--help"]];
for (const args of HELP)
	test(`prebindctl ${args.join(" ")}: the text, on standard output`, async () => {
		const { code, stdout, stderr } = await place.run([program, ...args]);
		assert.deepEqual([code, stderr], [0, ""]);
		assert.match(stdout, /^usage: prebindctl/);
	});

const WRONG = [[], ["nosuchverb"], ["nosuchverb", "--help"], ["--help", "nosuchverb"], ["user", "nosuchword"],
	["user", "nosuchword", "--help"], ["chec", "--help"], ["check", "one", "too", "many"], ["check", "--dry-run"]];
for (const args of WRONG)
	test(`prebindctl ${args.join(" ")}: what is wrong, on standard error`, async () => {
		const { code, stdout, stderr } = await place.run([program, ...args]);
		assert.deepEqual([code, stdout], [2, ""]);
		assert.match(stderr, /^prebindctl: .*\n\nusage: prebindctl/);
	});
