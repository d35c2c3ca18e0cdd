// prebindctl backup while logins are written; restore, what it refuses, and what is left after each.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { askSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
let place, peer, prebind, data, alice;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { site: { hosts: "example.org", ...peer.site(place) }, sites: { other: { hosts: "other.test", ...peer.site(place) } } });
	data = place.path("data");
});
after(() => place.close({ logs: true }));

beforeEach(async () => {
	for (const name of fs.readdirSync(data))
		fs.rmSync(place.path("data", name));
	await prebind.ctlOk(["--site", "default", "migrate"]);
	await prebind.ctlOk(["--site", "default", "user", "add", "alice", "--password-stdin"], { input: `${PASSWORD}\n` });
});

const file = (name) => place.path("data", name);
const run = (...args) => prebind.ctl(["--site", "default", ...args]);
const users = async () => (await prebind.ctlOk(["--site", "default", "user", "list"])).match(/^\w+/gm);
const content = () => Object.fromEntries(fs.readdirSync(data).filter((name) => !/-(wal|shm)$/.test(name)).sort()
	.map((name) => [name, fs.statSync(file(name)).ino]));
const refusedBy = async (words, ...args) => {
	const { code, stderr } = await run(...args);
	assert.equal(code, 1, stderr);
	assert.match(stderr, words);
};

/** The program while something is done. */
async function whileItRuns(what) {
	await prebind.start();
	try {
		await what();
	} finally {
		await prebind.stop();
	}
}

async function enter() {
	const visitor = new Visitor((request) => prebind.request(request));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	return visitor;
}

test("a backup made while people log in is whole, and secret", async () => {
	await whileItRuns(async () => {
		let going = true;
		const logins = (async () => {
			while (going)
				await enter();
		})();
		for (let i = 0; i < 5; i++)
			assert.equal((await run("backup", file(`copy${i}`))).code, 0);
		going = false;
		await logins;
	});
	for (let i = 0; i < 5; i++) {
		assert.equal(fs.statSync(file(`copy${i}`)).mode & 0o777, 0o600);
		assert.deepEqual(await askSql(place, file(`copy${i}`), "PRAGMA integrity_check", [{}]), ["ok"]);
	}
});

test("restored: the users of then, the old database is kept, and nobody is logged in", async () => {
	await whileItRuns(async () => {
		const visitor = await enter();
		await run("backup", file("copy"));
		assert.equal((await visitor.get("/prebind.json", SCRIPT)).status, 200);
		alice = visitor;
	});
	await prebind.ctlOk(["--site", "default", "user", "add", "bob", "--password-stdin"], { input: `${PASSWORD}\n` });
	const { code, stdout, stderr } = await run("restore", file("copy"));
	assert.equal(code, 0, stderr);
	assert.match(stdout, /is kept as .*prebind\.db\.before-restore\n/);
	assert.deepEqual(await users(), ["alice"]);
	assert.deepEqual(await askSql(place, file("prebind.db.before-restore"), "SELECT count(*) FROM site_user", [{}]), [2]);
	assert.equal(fs.statSync(prebind.database).mode & 0o777, 0o600);
	await whileItRuns(async () => {
		assert.equal((await alice.get("/prebind.json", SCRIPT)).status, 401);
		await enter();
	});
});

test("a damaged and a missing database are replaced, too", async () => {
	await run("backup", file("copy"));
	fs.writeFileSync(prebind.database, "no database at all, but longer than a header of one: ".repeat(20));
	fs.writeFileSync(`${prebind.database}-wal`, "left over");
	assert.equal((await run("restore", file("copy"))).code, 0);
	assert.deepEqual(await users(), ["alice"]);
	assert.equal(fs.readFileSync(`${prebind.database}.before-restore-wal`, "utf8"), "left over");
	fs.rmSync(prebind.database);
	fs.rmSync(`${prebind.database}.before-restore`);
	assert.equal((await run("restore", file("copy"))).code, 0);
	assert.deepEqual(await users(), ["alice"]);
});

test("refused, in a sentence, and everything is as before", async () => {
	await run("backup", file("copy"));
	await prebind.ctlOk(["--site", "other", "migrate"]);
	await prebind.ctlOk(["--site", "other", "backup", file("others")]);
	fs.writeFileSync(file("text"), "not a database ".repeat(100));
	fs.writeFileSync(file("empty"), "");
	fs.copyFileSync(file("copy"), file("cut"));
	fs.truncateSync(file("cut"), fs.statSync(file("copy")).size - 5000);
	fs.copyFileSync(file("copy"), file("live"));
	fs.writeFileSync(file("live-wal"), "");
	const was = content();
	await refusedBy(/copy already exists and was not overwritten/, "backup", file("copy"));
	await refusedBy(/cannot be created by user \d+: No such file or directory/, "backup", file("nowhere/copy"));
	await refusedBy(/others is not restored: .*other/, "restore", file("others"));
	await refusedBy(/text is not restored: .*not a database/, "restore", file("text"));
	await refusedBy(/empty is not restored: .*is not a backup/, "restore", file("empty"));
	await refusedBy(/cut is not restored: /, "restore", file("cut"));
	await refusedBy(/live-wal exists, so the given file is a database in use/, "restore", file("live"));
	await refusedBy(/missing is not restored: .*No such file/, "restore", file("missing"));
	assert.deepEqual(content(), was);
	await whileItRuns(async () => {
		await enter();
		await refusedBy(/the database is in use: stop prebind first/, "restore", file("copy"));
		await enter();
	});
	assert.deepEqual(content(), { ...was, "prebind.db.limits": content()["prebind.db.limits"] });
	assert.equal((await run("restore", file("copy"))).code, 0);
	await refusedBy(/before-restore cannot be created: File exists; .* move the file away/, "restore", file("copy"));
	assert.deepEqual(await users(), ["alice"]);
	assert.deepEqual(fs.readdirSync(data).filter((name) => name.includes(".part-")), []);
});
