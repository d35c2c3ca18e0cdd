// prebind's own database on PostgreSQL: what the operator is told, and what visitors see while the server is restarted, slow or gone.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const MOST_MS = 6000; // an answer comes before that, whatever the server does; the machine may be slow
let place, peer, server, prebind, relay;

/** A relay in front of the server that can stop forwarding, as a network does that loses everything. */
async function startRelay(to) {
	const [port] = await freePorts(1);
	const sockets = new Set();
	const state = { port, stuck: false, open: sockets };
	const listener = net.createServer((one) => {
		const other = net.connect(to, "127.0.0.1");
		for (const [from, into] of [[one, other], [other, one]]) {
			sockets.add(from);
			from.on("data", (data) => { if (!state.stuck) into.write(data); });
			from.on("error", () => into.destroy());
			from.on("close", () => { sockets.delete(from); into.destroy(); });
		}
	});
	await new Promise((resolve) => listener.listen(port, "127.0.0.1", resolve));
	place.onClose(() => {
		for (const socket of sockets)
			socket.destroy();
		listener.close();
	});
	return state;
}

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	server = await Postgresql.start(place);
	await server.sql("CREATE ROLE prebind LOGIN PASSWORD 'secret'; CREATE DATABASE prebind OWNER prebind; CREATE DATABASE other OWNER prebind;" +
		"CREATE ROLE reader LOGIN; CREATE DATABASE empty OWNER prebind");
	relay = await startRelay(server.port);
	prebind = program(`postgresql://prebind@127.0.0.1:${relay.port}/prebind`, { limit_login: "1000/1s" });
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
});
after(() => place.close());

/** A program in the place whose database is that address. */
function program(database, keys = {}) {
	return new Prebind(place, { site: { ...peer.site(place), database, database_password_file: place.write("etc/database.password", "secret\n"), ...keys } });
}

const visitor = () => new Visitor((request) => prebind.request(request));
async function loggedIn() {
	const one = visitor();
	assert.equal((await one.login("alice", PASSWORD)).status, 303);
	return one;
}

/** Asks for a session; the status, and the time that it took. */
async function ask(one) {
	const began = Date.now();
	const { status, headers, json } = await one.get("/prebind.json", SCRIPT);
	return { status, headers, sid: json?.sid, ms: Date.now() - began };
}

function assertUnavailable(answer) {
	assert.equal(answer.status, 503);
	assert.equal(answer.sid, undefined);
	assert.ok(answer.ms < MOST_MS, `${answer.ms} ms`);
}

const heals = (one) => until("the program to be well again", async () => (await ask(one)).status === 200, { seconds: 60 });

// ---- what the operator is told

async function check(database, words) {
	const conf = prebind.conf;
	const text = fs.readFileSync(conf, "utf8");
	const other = place.write("etc/other.conf", text.replace(/^database = .*$/m, `database = ${database}`));
	const run = await place.run([prebind.ctlProgram, "-c", other, "check"]);
	assert.equal(run.code, 1, run.stdout);
	assert.match(run.stdout, words);
	assert.match(run.stdout, /other\.conf:\d+: database/);
	assert.doesNotMatch(run.stdout + run.stderr, /secret/);
}

test("check names what is wrong with the database", async () => {
	const at = (name, user = "prebind") => `postgresql://${user}@127.0.0.1:${server.port}/${name}`;
	const [closed] = await freePorts(1);
	await check(`postgresql://prebind@127.0.0.1:${closed}/prebind`, /Connection refused/);
	await check(at("nowhere"), /database "nowhere" does not exist/);
	await check(at("prebind", "nobody"), /password authentication failed for user "nobody"/);
	await check(at("empty"), /this database is empty: run prebindctl migrate/);
	await server.sql("CREATE TABLE posts (id integer)", "other");
	await check(at("other"), /this database belongs to another program/);
});

test("check names missing rights, and an older or newer schema", async () => {
	const local = `postgresql://reader@:${server.port}/prebind?host=${server.dir}`;
	await server.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT INSERT ON site_key TO reader", "prebind");
	const file = place.write("etc/reader.conf", fs.readFileSync(prebind.conf, "utf8").replace(/^database = .*$/m, `database = ${local}`)
		.replace(/^database_password_file.*\n/m, ""));
	const run = await place.run([prebind.ctlProgram, "-c", file, "check"]);
	assert.equal(run.code, 1);
	assert.match(run.stdout, /the user "reader" lacks rights: .*INSERT ON login_session/);
	for (const [number, words] of [[11, /has schema 11, but this program needs \d+: run prebindctl migrate/], [99, /has schema 99, but this program supports only schemas up to \d+: install a newer version/]]) {
		const { stdout } = { stdout: await server.sql("SELECT number FROM prebind_schema", "prebind") };
		await server.sql(`UPDATE prebind_schema SET number = ${number}`, "prebind");
		await check(`postgresql://prebind@127.0.0.1:${server.port}/prebind`, words);
		await server.sql(`UPDATE prebind_schema SET number = ${stdout}`, "prebind");
	}
});

test("backup and restore name what PostgreSQL has for that", async () => {
	for (const [verb, words] of [["backup", /pg_dump/], ["restore", /pg_restore/]]) {
		const run = await prebind.ctl([verb, place.path("data", "copy.db")]);
		assert.equal(run.code, 1);
		assert.match(run.stderr, words);
		assert.equal(fs.existsSync(place.path("data", "copy.db")), false);
	}
});

/** A configuration like the program's, whose database is another one of the server. */
function withDatabase(name) {
	return place.write(`etc/${name}.conf`, fs.readFileSync(prebind.conf, "utf8")
		.replace(/^database = .*$/m, `database = postgresql://prebind@127.0.0.1:${server.port}/${name}`));
}

test("several migrate an empty database at once: one does the work, all succeed", async () => {
	await server.sql("CREATE DATABASE many OWNER prebind");
	const file = withDatabase("many");
	const runs = await Promise.all(Array.from({ length: 4 }, () => place.run([prebind.ctlProgram, "-c", file, "migrate", "--json"])));
	for (const run of runs)
		assert.equal(run.code, 0, run.stderr);
	assert.equal((await server.sql("SELECT count(*) FROM prebind_schema", "many")).trim(), "1");
});

/*
 * At the end of a migration the server shows the new tables to another connection a moment before that connection can
 * find them by their names. Here that moment lasts until the connection holds the lock of migrations.
 */
test("tables that are seen before their names are found are not taken for another program's", async () => {
	await server.sql("CREATE DATABASE moment OWNER prebind; ALTER DATABASE moment SET search_path = public, pg_catalog");
	await server.sql("CREATE FUNCTION public.to_regclass(text) RETURNS regclass STABLE LANGUAGE sql AS $$ SELECT pg_catalog.to_regclass($1)" +
		" WHERE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()) $$", "moment");
	const file = withDatabase("moment");
	for (let i = 0; i < 2; i++) {
		const run = await place.run([prebind.ctlProgram, "-c", file, "migrate"]);
		assert.equal(run.code, 0, run.stderr);
	}
	assert.match((await place.run([prebind.ctlProgram, "-c", file, "check"])).stdout, /moment is intact/);
	assert.equal(await server.sql("SELECT to_regclass('prebind_schema') IS NULL, number > 0 FROM prebind_schema", "moment"), "t|t\n");
});

test("a migration waits for another one that takes longer than a statement may", async () => {
	await server.sql("CREATE DATABASE slow OWNER prebind; ALTER DATABASE slow SET search_path = public, pg_catalog");
	// Stands for the other process: it keeps the lock for 3 s when this one asks for it first.
	await server.sql("CREATE FUNCTION public.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN" +
		" IF current_setting('test.waited', true) IS DISTINCT FROM 'yes' THEN" +
		" PERFORM set_config('test.waited', 'yes', false); PERFORM pg_sleep(3); END IF;" +
		" PERFORM pg_catalog.pg_advisory_xact_lock($1); END $$", "slow");
	const run = await place.run([prebind.ctlProgram, "-c", withDatabase("slow"), "migrate"]);
	assert.equal(run.code, 0, run.stderr);
});

test("a migration does not wait for a reader of a table, because all visitors would wait behind it", async () => {
	await server.sql("CREATE DATABASE read OWNER prebind");
	const file = withDatabase("read");
	const migrate = () => place.run([prebind.ctlProgram, "-c", file, "migrate"]);
	assert.equal((await migrate()).code, 0);
	await server.sql("ALTER TABLE site_user DROP COLUMN display_folded; UPDATE prebind_schema SET number = 12", "read"); // as before 0013
	let isOver = false;
	const reader = server.sql("BEGIN; SELECT count(*) FROM site_user; SELECT pg_sleep(60)", "read").catch(() => {}).finally(() => { isOver = true; });
	const sleeps = "SELECT pid FROM pg_stat_activity WHERE datname = 'read' AND query LIKE '%pg_sleep(60)%' AND wait_event = 'PgSleep'";
	await until("the reader reads", async () => (await server.sql(sleeps)).trim() !== "");
	const run = await migrate();
	assert.equal(run.code, 1);
	assert.match(run.stderr, /55P03/);
	assert.equal(isOver, false);
	await server.sql(`SELECT pg_terminate_backend(pid) FROM (${sleeps}) AS reader`);
	await reader;
	assert.equal((await migrate()).code, 0);
});

// ---- what visitors see

test("the server is restarted: nobody is let in meanwhile, and afterwards no visitor notices", async () => {
	const one = await loggedIn();
	assert.equal((await ask(one)).status, 200);
	await server.stop();
	assertUnavailable(await ask(one));
	assert.equal((await visitor().login("alice", PASSWORD)).status, 503);
	await server.resume();
	assert.equal((await ask(one)).status, 200);
	assert.equal((await ask(one)).status, 200);
});

test("connections that the server has closed are replaced without a failed visitor", async () => {
	const one = await loggedIn();
	await Promise.all(Array.from({ length: 8 }, () => ask(one)));
	await server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'prebind'");
	const answers = await Promise.all(Array.from({ length: 8 }, () => ask(one)));
	assert.deepEqual(answers.map(({ status }) => status), Array(8).fill(200));
});

test("a table is locked: a 503 in time, also for many at once, and well again when it is free", async () => {
	const one = await loggedIn();
	const holder = place.start("psql", ["psql", "-X", "-q", "-h", server.dir, "-p", String(server.port), "-U", "postgres", "-d", "prebind", "-A", "-t"],
		{ stdio: ["pipe", "pipe", "pipe"] });
	holder.process.stdin.write("BEGIN; LOCK TABLE login_session; SELECT 'held';\n");
	await until("the lock", () => holder.stdout.includes("held"), { gone: () => holder.gone() });
	for (const answer of await Promise.all(Array.from({ length: 12 }, () => ask(one))))
		assertUnavailable(answer);
	const health = await prebind.request({ path: "/health" });
	assert.ok([200, 503].includes(health.status));
	holder.process.stdin.end("COMMIT;\n");
	await holder.end;
	await heals(one);
});

test("the server does not answer at all: a 503 in time, soon for those who come later, and well again afterwards", async () => {
	const one = await loggedIn();
	relay.stuck = true;
	for (const answer of await Promise.all(Array.from({ length: 12 }, () => ask(one))))
		assertUnavailable(answer);
	assertUnavailable(await ask(one));
	assert.equal((await visitor().login("alice", PASSWORD)).status, 503);
	relay.stuck = false;
	for (const socket of relay.open)
		socket.destroy(); // what was lost stays lost
	await heals(one);
});
