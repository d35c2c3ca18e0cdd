// Set-ups that are wrong on purpose: `prebindctl check` and the program's own log say the same one sentence, with
// what to do. What stops a start is seen by starting the program; what does not, by asking it for a page.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { DEAD_PORT, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const SCHEMA_AT = 60; // SQLite's file format, 1.3: user_version, big-endian
const SCHEMA = Math.max(...fs.readdirSync("sql/migrations").map((name) => parseInt(name, 10)));

function setSchema(prebind, number) {
	const file = prebind.place.path("data/prebind.db");
	for (const suffix of ["-wal", "-shm"])
		assert.equal(fs.existsSync(file + suffix), false, "the database was closed in order");
	const bytes = fs.readFileSync(file);
	bytes.writeUInt32BE(number, SCHEMA_AT);
	fs.writeFileSync(file, bytes);
}

const addLine = (prebind, text) => fs.appendFileSync(prebind.conf, text);

const stopsTheStart = [
	{
		name: "a key that does not exist",
		damage: (prebind) => addLine(prebind, "\ndatabse = /x\n"),
		says: /prebind\.conf:\d+: databse: .*\S/,
	},
	{
		name: "a value that is not allowed",
		damage: (prebind) => addLine(prebind, "\nhold = 9\n"),
		says: /prebind\.conf:\d+: hold: .*from 1 to 2/,
	},
	{
		name: "no database",
		damage: (prebind) => fs.rmSync(prebind.place.path("data/prebind.db")),
		says: /prebind\.db: there is no database: run prebindctl migrate/,
	},
	{
		name: "an older schema",
		damage: (prebind) => setSchema(prebind, 1),
		says: new RegExp(`schema 1.*${SCHEMA}.*run prebindctl migrate`),
	},
	{
		name: "a newer schema",
		damage: (prebind) => setSchema(prebind, SCHEMA + 1),
		says: new RegExp(`schema ${SCHEMA + 1}.*newer`),
	},
	{
		name: "a password file that others may read",
		damage: (prebind, site) => fs.chmodSync(site.tigase_password_file, 0o644),
		says: /other users can read or write the file \(mode 0644\); run: chmod 600 /,
	},
	{
		name: "a template with an unbalanced section",
		damage: (prebind) => fs.appendFileSync(prebind.place.path("templates/chat.html"), "{{#can_logout}}\n"),
		says: /chat\.html:\d+: .*can_logout/,
	},
];

const stopsThePreBind = [
	{
		name: "a wrong Tigase password",
		keys: (place) => ({ tigase_password_file: place.write("etc/wrong.password", "not-it\n") }),
		says: /401.*tigase_password_file/,
		status: 502,
	},
	{
		name: "a dead upstream",
		keys: () => ({ tigase_url: `http://127.0.0.1:${DEAD_PORT}/rest/adhoc/bosh@example.test` }),
		says: /no connection \(Connection refused\): check that the XMPP server's HTTP service is running/,
		status: 502,
	},
];

/** A place with a good set-up; keys: what is different about its site. */
async function setUp(t, keys = () => ({})) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const site = { ...peer.site(place), ...keys(place) };
	const prebind = new Prebind(place, { site });
	await prebind.prepare({ alice: PASSWORD });
	return { place, prebind, site };
}

const FAILED = /^FAIL .*$/gm;

function whyOf(log, event) {
	const lines = log.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
	return lines.filter((line) => line.event === event).map((line) => line.why);
}

test("a good set-up: every line is ok", async (t) => {
	const { prebind } = await setUp(t);
	const { code, stdout } = await prebind.ctl(["check", "--deep"]);
	assert.equal(code, 0, stdout);
	assert.match(stdout, /^ok {4}default: upstream: .*pre-bind-bosh-session/m);
	assert.match(stdout, /^ok {4}default: pre-bind: site user alice got a session as alice@example\.(org|test)\//m);
	assert.equal(stdout.match(FAILED), null);
	const json = JSON.parse((await prebind.ctl(["check", "--json"])).stdout);
	assert.ok(json.length > 2 && json.every(({ ok, said }) => ok && said));
});

for (const { name, damage, says } of stopsTheStart)
	test(`${name}: check says so, and the start is refused`, async (t) => {
		const { place, prebind, site } = await setUp(t);
		damage(prebind, site);
		const check = await prebind.ctl(["check"]);
		assert.equal(check.code, 1);
		assert.match(check.stdout + check.stderr, says);
		const start = await place.run([prebind.program, "-c", prebind.conf]);
		assert.equal(start.code, 1, start.stderr);
		const why = whyOf(start.stderr, "start_failed");
		assert.equal(why.length, 1, start.stderr);
		assert.match(why[0], says);
		assert.equal(fs.existsSync(prebind.socket), false, "no socket is left");
	});

for (const { name, keys, says, status } of stopsThePreBind)
	test(`${name}: check says so, and so does the log of a page`, async (t) => {
		const { prebind } = await setUp(t, keys);
		const check = await prebind.ctl(["check"]);
		assert.equal(check.code, 1);
		const failed = check.stdout.match(FAILED);
		assert.equal(failed.length, 1, check.stdout);
		assert.match(failed[0], says);

		await prebind.start();
		const visitor = new Visitor((request) => prebind.request(request));
		assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
		const page = await visitor.get("/");
		assert.equal(page.status, status);
		assert.match(page.body, /Try again/);
		const why = await until("the log's line", () => {
			const found = whyOf(prebind.child.stderr, "chat_server");
			return found.length > 0 && found;
		});
		assert.equal(why.length, 1);
		assert.match(why[0], says);
		assert.doesNotMatch(page.body + prebind.child.stderr, /not-it|adminpass/);
	});
