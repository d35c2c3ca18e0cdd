// How the programs are called: help is for verbs that there are, and a call that is no call ends with status 2.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";

let place, program, server;

before(() => {
	place = new Place();
	program = place.copy(path.join(build, "prebindctl"), "bin/prebindctl");
	server = place.copy(path.join(build, "prebind.fcgi"), "bin/prebind.fcgi");
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

for (const args of [["--help"], ["-h"]])
	test(`prebind.fcgi ${args}: the text, on standard output`, async () => {
		const { code, stdout, stderr } = await place.run([server, ...args]);
		assert.deepEqual([code, stderr], [0, ""]);
		assert.match(stdout, /^usage: prebind\.fcgi/);
	});

for (const args of [["--version"], ["-V"]])
	test(`prebind.fcgi ${args}: the same version as prebindctl's`, async () => {
		const { code, stdout } = await place.run([server, ...args]);
		const [, version] = /^prebind\.fcgi (\S+)\n$/.exec(stdout) ?? [];
		assert.equal(code, 0);
		assert.ok((await place.run([program, "version"])).stdout.includes(version), stdout);
	});

for (const args of [["--nosuch"], ["one"], ["-c"]])
	test(`prebind.fcgi ${args}: the usage, on standard error`, async () => {
		const { code, stdout, stderr } = await place.run([server, ...args]);
		assert.deepEqual([code, stdout], [2, ""]);
		assert.match(stderr, /usage: prebind\.fcgi/);
	});
