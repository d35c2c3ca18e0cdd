// A database on PostgreSQL with a standby: the primary dies, the standby is promoted, and the nodes find it by themselves.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { signalAll } from "../lib/children.mjs";
import { SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const CLIENTS = 3;
let place, peer, primary, standby, prebind, alice;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	primary = await Postgresql.start(place);
	await primary.sql("CREATE ROLE prebind LOGIN PASSWORD 'secret'; CREATE DATABASE prebind OWNER prebind;");
	standby = await primary.standby();
	// what is committed is on both, so no login is lost and no one-time token works twice
	await primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
	await primary.sql("SELECT pg_reload_conf()");
	prebind = new Prebind(place, { server: { processes: 2 }, site: { ...peer.site(place), // the standby first: it is not taken while it is one
		database: `postgresql://prebind@127.0.0.1:${standby.port},127.0.0.1:${primary.port}/prebind?target_session_attrs=read-write`,
		database_password_file: place.write("etc/database.password", "secret\n") } });
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
	alice = visitor();
	assert.equal((await alice.login("alice", PASSWORD)).status, 303);
});
after(() => place.close());

const visitor = () => new Visitor((request) => prebind.request(request));

async function bind(one = alice) {
	const { status, body } = await one.get("/prebind.json", SCRIPT);
	return { status, sid: JSON.parse(body).sid };
}

/** Another configuration, whose database is at these ports of 127.0.0.1. */
const elsewhere = (...ports) => place.write("etc/other.conf", fs.readFileSync(prebind.conf, "utf8")
	.replace(/^database = .*$/m, `database = postgresql://prebind@${ports.map((port) => `127.0.0.1:${port}`).join()}/prebind`));

test("a host that does not answer takes only its part of the time; a standby is not taken, although it answers", async () => {
	const silent = net.createServer();
	await new Promise((resolve) => silent.listen(0, "127.0.0.1", () => resolve(null)));
	place.onClose(() => silent.close());
	const { port } = /** @type {net.AddressInfo} */ (silent.address());
	for (const ports of [[port, primary.port], [standby.port, primary.port], [port, standby.port, primary.port]]) {
		const { code, stderr } = await place.run([prebind.ctlProgram, "-c", elsewhere(...ports), "session", "end", "nobody"]);
		assert.equal(code, 0, stderr);
	}
	const { code, stderr } = await place.run([prebind.ctlProgram, "-c", elsewhere(standby.port, port), "user", "list"]);
	assert.equal(code, 1);
	assert.match(stderr, /127\.0\.0\.1: .*read-only.*; 127\.0\.0\.1: the server did not answer in time/);
});

test("the primary is killed: visitors see 503 and get no session, until the standby is promoted; then all is well, and the login too", async () => {
	const seen = [];
	let on = true, dead = false;
	assert.equal((await bind()).status, 200);
	const clients = Array.from({ length: CLIENTS }, async () => {
		while (on) {
			const began = dead; // nobody can write since then
			const answer = await bind();
			seen.push({ ...answer, began, peer: peer.binds });
		}
	});
	await until("some sessions", () => seen.length > 10);
	process.kill(primary.child.pid, "SIGSTOP"); // so that it begets no other process
	signalAll(primary.pids(), "SIGKILL");
	await primary.child.end;
	dead = true;
	const from = seen.length;
	await until("many refusals", () => seen.slice(from).filter(({ began }) => began).length > 20, { seconds: 60 });
	const whileDead = seen.filter(({ began }) => began);
	assert.deepEqual([...new Set(whileDead.map(({ status }) => status))], [503]);
	assert.ok(whileDead.every(({ sid }) => sid === undefined), "no session");
	const binds = peer.binds;
	await until("more refusals", () => seen.length > from + 40, { seconds: 60 });
	assert.equal(peer.binds, binds, "the XMPP server is not even asked");

	dead = false; // from now on it may work
	const promoted = performance.now();
	assert.equal((await standby.sql("SELECT pg_promote()")).trim(), "t");
	await until("a session", () => seen.at(-1).status === 200, { seconds: 60 });
	console.error(`# healed ${Math.round(performance.now() - promoted)} ms after the promotion began`);
	await until("nothing but sessions", async () => {
		const at = seen.length;
		await until("some answers", () => seen.length > at + 10);
		return seen.slice(at).every(({ status }) => status === 200);
	}, { seconds: 60 });
	on = false;
	await Promise.all(clients);
	assert.deepEqual([...new Set(seen.map(({ status }) => status))].sort(), [200, 503]);
	const other = visitor(); // it writes too
	assert.equal((await other.login("alice", PASSWORD)).status, 303);
	assert.equal((await bind(other)).status, 200);
	assert.equal(await standby.sql("SELECT count(*) FROM login_session", "prebind"), "2\n");
});

test("check says of each server what is wrong", async () => {
	await standby.stop();
	const { code, stdout } = await prebind.ctl(["check"]);
	assert.equal(code, 1);
	assert.match(stdout, /127\.0\.0\.1: .*Connection refused.*; 127\.0\.0\.1: .*Connection refused/);
});
