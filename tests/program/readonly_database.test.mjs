// A database that cannot be written for a while: whoever looks at it then, as its owner or as root, leaves nothing behind that
// keeps it from being used once it is repaired.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const VERBS = [["user", "list"], ["session", "list"], ["map", "list"], ["gateway", "list"], ["conf"], ["session", "end"], ["migrate"]];

async function setUp(t) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { site: peer.site(place) });
	await prebind.prepare({ alice: PASSWORD });
	// as it is when it was used before: with a write-ahead log
	await prebind.ctlOk(["user", "list"]);
	return { place, prebind };
}

/** Names, modes, owners and sizes of what is in the database's folder. */
const folder = (place) => fs.readdirSync(place.path("data")).sort().map((name) => {
	const { mode, uid, gid, size } = fs.statSync(place.path("data", name));
	return [name, mode & 0o7777, uid, gid, size].join(" ");
});

/** prebindctl by its owner, or as whoever runs the tests: root, on a machine of its own. */
const WHO = {
	"its owner": (prebind, args) => prebind.ctl(args),
	...(process.getuid() === 0 && { root: async (prebind, args) => {
		const { status, stdout, stderr } = spawnSync(prebind.ctlProgram, ["-c", prebind.conf, ...args], { encoding: "utf8" });
		return { code: status, stdout, stderr };
	} }),
};

async function assertUsable(place, prebind) {
	const visitor = new Visitor((request) => prebind.cgi(request));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	assert.equal((await visitor.get("/")).status, 200);
	const owner = fs.statSync(prebind.database);
	for (const name of fs.readdirSync(place.path("data"))) {
		const { uid, mode } = fs.statSync(place.path("data", name));
		assert.deepEqual([name, uid], [name, owner.uid]);
		assert.equal(mode & 0o777, 0o600, name);
	}
}

for (const [who, ctl] of Object.entries(WHO)) {
	test(`check by ${who} changes nothing, and says what to do`, async (t) => {
		const { place, prebind } = await setUp(t);
		fs.chmodSync(prebind.database, 0o400);
		const before = folder(place);
		const { code, stdout } = await ctl(prebind, ["check"]);
		assert.equal(code, 1);
		assert.match(stdout, /^FAIL {2}default: site: .*prebind\.db: user \d+ may not write to the database: Permission denied; run: chmod 600 '.*prebind\.db'/m);
		assert.deepEqual(folder(place), before);
		fs.chmodSync(prebind.database, 0o600);
		await assertUsable(place, prebind);
		assert.match((await ctl(prebind, ["check"])).stdout, /^ok {4}default: site: /m);
	});

	for (const args of VERBS)
		test(`${args.join(" ")} by ${who}: repaired, it works`, async (t) => {
			const { place, prebind } = await setUp(t);
			fs.chmodSync(prebind.database, 0o400);
			await ctl(prebind, args);
			fs.chmodSync(prebind.database, 0o600);
			await assertUsable(place, prebind);
		});
}

test("a visitor who came meanwhile, by plain CGI: repaired, it works", async (t) => {
	const { place, prebind } = await setUp(t);
	fs.chmodSync(prebind.database, 0o400);
	await prebind.cgi({ path: "/" });
	fs.chmodSync(prebind.database, 0o600);
	await assertUsable(place, prebind);
});

test("what an older program left is mended", async (t) => {
	const { place, prebind } = await setUp(t);
	for (const suffix of ["-wal", "-shm"])
		place.write(`data/prebind.db${suffix}`, "", 0o400);
	await assertUsable(place, prebind);
});
