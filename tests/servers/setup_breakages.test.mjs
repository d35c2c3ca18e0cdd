// `prebindctl setup` run again over installations that are each broken in one way. What it can repair is whole afterwards. For the rest,
// the first thing that it says is the cause, and nothing is changed. Real Prosody. Run with root's rights, as an operator runs it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { idOf, mountSmallDisk, SERVICE, skip } from "../lib/check.mjs";
import { newKey } from "../lib/login_token.mjs";
import { Place, top } from "../lib/place.mjs";
import { planOf, setup, setupPlace } from "../lib/setup.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";
import { startSite } from "../lib/xmpp_site.mjs";

const APPLICATION_ID_AT = 68; // SQLite's file format, 1.3
const IN_CONF = "prebind\\.conf:\\d+: ";
const database = (place) => place.path("data/prebind.db");
const key = (place) => place.path("etc/bosh.key");
const setSchema = (number) => (place) => runSql(place, database(place), `PRAGMA user_version = ${number}`);
const first = new Place();
let xmpp;

before(async () => {
	if (!skip)
		xmpp = await startSite(first, { server: "prosody", way: "token" });
});
after(() => first.close());

/** Changes a line of prebind.conf by hand, as an operator would. */
const edit = (pattern, line) => (place) => {
	const text = fs.readFileSync(place.conf, "utf8");
	assert.match(text, pattern);
	fs.writeFileSync(place.conf, text.replace(pattern, line));
};

function run(place, args, input = "") {
	return new Promise((resolve) => {
		const child = execFile(place.program, ["-c", place.conf, ...args], (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
		child.stdin.on("error", () => {}); // it may end without reading
		child.stdin.end(input);
	});
}

/** A whole installation, made by setup, with a user. */
async function installed(t) {
	const place = setupPlace(t, xmpp.port);
	place.folder("etc", 0o755);
	fs.writeFileSync(key(place), xmpp.key.text, { mode: 0o600 });
	fs.chownSync(key(place), idOf("-u", SERVICE), idOf("-g", SERVICE));
	const made = await setup(place, place.answers);
	assert.equal(made.code, 0, made.stdout + made.stderr);
	assert.equal((await run(place, ["user", "add", "alice", "--password-stdin"], "correct horse\n")).code, 0);
	return place;
}

const failed = async (place) => (await run(place, ["check"])).stdout.match(/^FAIL .*$/gm) ?? [];

/** The database as the program of schema 9 made it. */
async function makeOlder(place) {
	const id = fs.readFileSync(database(place)).readUInt32BE(APPLICATION_ID_AT);
	fs.rmSync(database(place));
	const migrations = fs.readdirSync(path.join(top, "sql/migrations")).sort().slice(0, 9);
	await runSql(place, database(place), [...migrations.map((name) => fs.readFileSync(path.join(top, "sql/migrations", name), "utf8")),
		`PRAGMA application_id = ${id}; PRAGMA user_version = 9;`].join("\n"));
	fs.chownSync(database(place), idOf("-u", SERVICE), idOf("-g", SERVICE));
	fs.chmodSync(database(place), 0o600);
}

/** The content of each file of the installation. */
function contents(place) {
	return Object.fromEntries(["etc", "data"].filter((name) => fs.existsSync(place.path(name)))
		.flatMap((name) => fs.readdirSync(place.path(name)).map((file) => path.join(name, file)))
		.filter((file) => !/-(shm|wal)$|limits/.test(file)).map((file) => [file, fs.readFileSync(place.path(file), "latin1")]));
}

/** damage(place); plan: what setup says that it will do with a file. broken: false if check does not see it either. emptied: no user is left. */
const repaired = [
	["there is no database", { damage: (place) => fs.rmSync(database(place)), emptied: true }],
	["the database has an older schema", { damage: makeOlder, emptied: true }],
	["the database is root's", { damage: (place) => fs.chownSync(database(place), 0, 0), plan: { "prebind.db": "fix" } }],
	["the database is 0400", { damage: (place) => fs.chmodSync(database(place), 0o400), plan: { "prebind.db": "fix" } }],
	["the database is 0644", { damage: (place) => fs.chmodSync(database(place), 0o644), plan: { "prebind.db": "fix" }, broken: false }],
	["the limits are root's", { plan: { "prebind.db.limits": "fix" }, broken: true,
		damage: (place) => { fs.writeFileSync(`${database(place)}.limits`, "", { mode: 0o600 }); fs.chownSync(`${database(place)}.limits`, 0, 0); } }],
	["the database's folder is root's", { damage: (place) => { fs.chownSync(place.path("data"), 0, 0); fs.chmodSync(place.path("data"), 0o755); }, plan: { data: "fix" } }],
	["the database's folder is gone", { damage: (place) => fs.rmSync(place.path("data"), { recursive: true }), plan: { data: "write" }, emptied: true }],
	["the socket's folder is gone", { damage: (place) => fs.rmSync(place.path("run"), { recursive: true }), plan: { run: "write" } }],
	["the key is 0644", { damage: (place) => fs.chmodSync(key(place), 0o644), plan: { "bosh.key": "fix" } }],
	["the key is root's", { damage: (place) => fs.chownSync(key(place), 0, 0), plan: { "bosh.key": "fix" } }],
	["prebind.conf is gone", { damage: (place) => fs.rmSync(place.conf), plan: { "prebind.conf": "write" } }],
	["prebind.conf is 0664", { damage: (place) => fs.chmodSync(place.conf, 0o664), plan: { "prebind.conf": "fix" } }],
	["prebind.conf is root's alone", { damage: (place) => fs.chmodSync(place.conf, 0o600), plan: { "prebind.conf": "fix" } }],
	["the web server's part is gone", { damage: (place) => fs.rmSync(place.answers.web_file), plan: { "lighttpd.conf": "write" }, broken: false }],
];

for (const [what, { damage, plan = {}, broken = true, emptied = false }] of repaired)
	test(`repaired: ${what}`, { skip }, async (t) => {
		const place = await installed(t);
		assert.deepEqual(await failed(place), [], "whole, until it is broken");
		await damage(place);
		if (broken)
			assert.notDeepEqual([...await failed(place), (await run(place, ["check"])).code], [0], "check sees it");
		const { code, stdout, stderr } = await setup(place, place.answers);
		assert.equal(code, 0, stdout + stderr);
		for (const [file, state] of Object.entries(plan))
			assert.equal(planOf(stdout)[file], state, stdout);
		if (emptied)
			assert.equal((await run(place, ["user", "add", "alice", "--password-stdin"], "correct horse\n")).code, 0);
		assert.deepEqual(await failed(place), []);
		assert.equal((await run(place, ["check"])).code, 0);
		const again = planOf((await setup(place, place.answers)).stdout);
		assert.ok(Object.values(again).every((state) => ["keep", "unchanged"].includes(state)), JSON.stringify(again));
	});

/** says: the first thing that setup says is wrong. ends: the exit status; 1: it refused to write. */
const named = [
	["a key is misspelt", { damage: (place) => fs.appendFileSync(place.conf, "databse = /x\n"), says: new RegExp(`${IN_CONF}databse: `), ends: 1 }],
	["peer_users names no user", { damage: edit(/^peer_users = .*$/m, "peer_users = nosuchuser"),
		says: new RegExp(`${IN_CONF}peer_users: there is no user 'nosuchuser'`), ends: 1 }],
	["user names no user", { damage: edit(/^user = .*$/m, "user = nosuchuser"), says: new RegExp(`${IN_CONF}user: there is no user 'nosuchuser'`), ends: 1 }],
	["listen is in /tmp", { damage: edit(/^listen = .*$/m, "listen = /tmp/prebind-test.sock"),
		says: new RegExp(`${IN_CONF}listen: everybody may write to the folder '/tmp'`), ends: 1 }],
	["a wrong port", { damage: edit(/^bosh_service = .*$/m, `bosh_service = http://127.0.0.1:${DEAD_PORT}/http-bind`),
		says: /upstream: .*bosh_service: .*no connection \(Connection refused\)/, ends: 1 }],
	["bosh_service without its path", { damage: (place) => edit(/^bosh_service = .*$/m, `bosh_service = http://127.0.0.1:${xmpp.port}/`)(place),
		says: /upstream: .*bosh_service: .*check/, ends: 1 }],
	["a domain that Prosody does not serve", { damage: edit(/^jid = .*$/m, "jid = {user}@other.example"), says: /improper-addressing.*check the key jid/, ends: 1 }],
	["templates is another folder", { damage: edit(/^templates = .*$/m, "templates = /nonexistent"), says: new RegExp(`${IN_CONF}templates: .*No such file`), ends: 1 }],
	["there are no templates", { damage: (place) => fs.renameSync(place.path("share/templates"), place.path("away")),
		says: new RegExp(`${IN_CONF}templates: .*No such file`), ends: 0 }],
	["the database has a newer schema", { damage: setSchema(99), says: /schema 99.*newer/, ends: 1 }],
	["the database is another program's", { damage: (place) => fs.writeFileSync(database(place), "something else, and long enough to be no header".repeat(20)),
		says: /not a database/, ends: 1 }],
	["Prosody has another key", { damage: (place) => fs.writeFileSync(key(place), newKey().text), says: /pre-bind: .*one-time token.*not-authorized.*bosh_token_key_file/, ends: 0 }],
	["the key is empty", { damage: (place) => fs.writeFileSync(key(place), ""), says: /bosh_token_key_file: .*bosh\.key/, ends: 0 }],
	["the web server's part was changed", { damage: (place) => fs.appendFileSync(place.answers.web_file, "# mine\n"), says: /lighttpd\.conf was not written by setup or was changed later/, ends: 1, whole: true }],
	["the database is a link", { damage: (place) => { fs.renameSync(database(place), place.path("moved.db")); fs.symlinkSync("/nonexistent/x.db", database(place)); },
		says: /prebind\.db/, ends: 1, link: true }],
];

for (const [what, { damage, says, ends, whole = false, link = false }] of named)
	test(`named: ${what}`, { skip }, async (t) => {
		const place = await installed(t);
		await damage(place);
		const written = link ? {} : contents(place);
		const { code, stdout, stderr } = await setup(place, place.answers);
		const cause = (whole ? undefined : /^FAIL .*$/m.exec(stdout)?.[0]) ?? stderr.trim().split("\n")[0];
		t.diagnostic(`${what}: ${cause}`);
		assert.match(cause, says, stdout + stderr);
		assert.equal(code, ends, stdout + stderr);
		if (!link)
			assert.deepEqual(contents(place), written, "nothing is overwritten");
	});

test("named: the disk is full", { skip }, async (t) => {
	const place = await installed(t);
	if (!mountSmallDisk(place))
		return t.skip("nothing can be mounted here");
	place.write("data/full", Buffer.alloc(7 * 1024 * 1024));
	const { stdout, stderr } = await setup(place, place.answers);
	assert.match(/^FAIL .*$/m.exec(stdout)?.[0] ?? stderr, /No space left on device|disk/, stdout + stderr);
});

test("a file that is somebody else's, too, keeps its rights", { skip }, async (t) => {
	const place = await installed(t);
	const mine = place.path("mine");
	fs.linkSync(key(place), mine);
	fs.chmodSync(mine, 0o644);
	await setup(place, place.answers);
	assert.equal(fs.statSync(mine).mode & 0o777, 0o644);
});
