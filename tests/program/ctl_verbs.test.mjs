// What the verbs of prebindctl print, as lines and as JSON; passwords at a terminal; and that each verb says so if the database fails.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const DECOMPOSED = "zoe\u0308";
let place, peer, prebind;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { site: peer.site(place) });
	await prebind.prepare({ alice: PASSWORD, [DECOMPOSED]: PASSWORD });
});
after(() => place.close({ logs: true }));

const json = async (...args) => JSON.parse(await prebind.ctlOk([...args, "--json"]));
const login = async (name, password = PASSWORD) =>
	(await new Visitor((request) => prebind.cgi(request)).login(name, password)).status;

test("users: a login, a disabled one, one without a password, a display name, a deleted one", async () => {
	await prebind.ctlOk(["user", "add", "bob", "--password-stdin", "--jid", "Robert@example.org", "--display-name", "Bob Miller"], { input: `${PASSWORD}\n` });
	assert.match(await prebind.ctlOk(["map", "list"]), /^login:bob robert@example\.org$/m);
	await prebind.ctlOk(["user", "disable", "bob"]);
	await runSql(place, prebind.database, "INSERT INTO site_user (name, password_hash, created) VALUES ('carol', '', 1)");
	assert.equal(await prebind.ctlOk(["user", "list"]), "alice\nbob (disabled)\ncarol (no password)\nzo\u00eb\n");
	assert.deepEqual((await json("user", "list"))[1], { name: "bob", display_name: "Bob Miller", disabled: true });
	assert.equal(await login("bob"), 401);
	await prebind.ctlOk(["user", "enable", "bob"]);
	assert.equal(await login("bob"), 303);
	await prebind.ctlOk(["user", "passwd", "bob", "--password-stdin"], { input: "battery staple" }); // a line without its end
	assert.equal(await login("bob"), 401);
	assert.equal(await login("bob", "battery staple"), 303);
	await prebind.ctlOk(["user", "display", "bob", ""]);
	assert.equal((await json("user", "list"))[1].display_name, "");
	for (const name of ["bob", "carol"])
		await prebind.ctlOk(["user", "delete", name]);
	assert.deepEqual((await json("user", "list")).map(({ name }) => name), ["alice", "zo\u00eb"]);
	assert.deepEqual(await json("map", "list"), []);
});

test("login sessions: listed, ended by a name in either spelling, and all of them", async () => {
	for (const name of ["alice", "alice", DECOMPOSED])
		assert.equal(await login(name), 303);
	assert.deepEqual((await prebind.ctlOk(["session", "list"])).trim().split("\n").sort(), ["login:alice", "login:alice", "login:zo\u00eb"]);
	const sessions = await json("session", "list");
	assert.ok(sessions.every(({ created, last_seen: seen }) => Math.abs(Date.now() / 1000 - created) < 600 && seen >= created));
	assert.equal(await prebind.ctlOk(["session", "end", DECOMPOSED]), "1 session ended\n");
	assert.equal(await prebind.ctlOk(["session", "end", "alice", "--source", "remote_user"]), "0 sessions ended\n");
	assert.equal(await prebind.ctlOk(["session", "end"]), "2 sessions ended\n");
	assert.deepEqual(await json("session", "list"), []);
});

test("gateway callers: domains, addresses, an API key, disabled; secrets are shown once", async () => {
	const { stdout, stderr } = await prebind.ctl(["gateway", "add", "shop@example.org", "--domains", "Example.ORG,example.net",
		"--addresses", "192.0.2.1,2001:db8::/32", "--api-key"]);
	assert.match(stdout, /^password {2}\S{43}\napi key {3}\S{43}\n$/);
	assert.match(stderr, /store this output now, because it is not shown again/);
	assert.equal((await prebind.ctl(["gateway", "add", "till", "--domains", "example.org", "--password-stdin"], { input: `${PASSWORD}\n` })).stdout, "");
	await prebind.ctlOk(["gateway", "disable", "till"]);
	assert.equal(await prebind.ctlOk(["gateway", "list"]), "shop@example.org  domains example.org example.net  addresses 192.0.2.1 2001:db8::/32  (API key)\n" +
		"till  domains example.org  addresses any  (disabled)\n");
	const [shop, till] = await json("gateway", "list");
	assert.ok(Math.abs(Date.now() / 1000 - shop.created) < 600);
	assert.deepEqual({ ...shop, created: 0 }, { name: "shop@example.org", domains: ["example.org", "example.net"],
		addresses: ["192.0.2.1", "2001:db8::/32"], api_key: true, disabled: false, created: 0 });
	assert.deepEqual([till.addresses, till.api_key, till.disabled], [[], false, true]);
	for (const name of ["shop@example.org", "till"])
		await prebind.ctlOk(["gateway", "delete", name]);
});

test("a session: as text, as JSON, by the user's name and by the account", async () => {
	const text = await prebind.ctlOk(["prebind", "alice"]);
	assert.match(text, /^jid +alice@example\.(org|test)\/\S+\nsid +\S+\nrid +\d+ +\(of the next request\)\nbosh_url +\S+\nexpires_in \d+ s, unless/);
	for (const args of [["--user", "alice"], ["--jid", "alice@example.test"], ["alice@example.test"]]) {
		const { jid, sid, rid } = await json("prebind", ...args);
		assert.match(jid, /^alice@/);
		assert.ok(sid && /^\d+$/.test(String(rid)));
	}
});

test("people export: what the server's format cannot hold is left out, and said", async () => {
	for (const [name, jid] of [["dash", "-dash@example.org"], ["equal", "a=b@example.org"]]) {
		await prebind.ctlOk(["user", "add", name, "--password-stdin"], { input: `${PASSWORD}\n` });
		await prebind.ctlOk(["map", "set", "--", name, jid]);
	}
	const exported = (server, ...more) => prebind.ctl(["people", "export", "--for", server, ...more]);
	const prosody = await exported("prosody", "--group", "Our people");
	assert.match(prosody.stdout, /^\[Our people\]\n/);
	assert.match(prosody.stdout, /^-dash@example\.org=dash$/m);
	assert.equal(prosody.stderr, "prebindctl: this JID is left out, because mod_groups cannot store it: a=b@example.org\n");
	const ejabberd = await exported("ejabberd");
	assert.match(ejabberd.stdout, /^group='Everybody'$[^]*<<'MEMBERS'\nalice@[^]*^MEMBERS$/m);
	assert.equal(ejabberd.stderr.match(/left out, because it has a character that is unsafe in a script: /g)?.length, 2);
	const tigase = await exported("tigase");
	assert.match(tigase.stdout, /^-dash@example\.org$[^]*^MEMBERS$/m);
	assert.equal(tigase.stderr, "");
	for (const { stdout } of [ejabberd, tigase])
		assert.equal((await place.run(["sh", "-n"], { input: stdout })).code, 0, "the script is one");
	for (const name of ["dash", "equal"])
		await prebind.ctlOk(["user", "delete", name]);
});

/** Runs prebindctl at a terminal, and types each line when its prompt is there. */
async function typed(args, lines, conf = prebind.conf) {
	const words = [prebind.ctlProgram, "-c", conf, ...args].join(" ");
	const child = place.start("prebindctl", ["script", "-qec", words, "/dev/null"], { stdio: ["pipe", "pipe", "pipe"] });
	for (const [prompt, line] of lines) {
		await until(`the prompt ${prompt}`, () => child.stdout.endsWith(prompt), { gone: () => child.gone() });
		child.process.stdin.write(line);
	}
	await child.end;
	child.process.stdin.end();
	return { code: child.ended.code, shown: child.stdout };
}

const AT_TERMINAL = [
	["twice the same", ["user", "add", "typist"], [["Password: ", "secret one\r"], ["Again: ", "secret one\r"]], 0, /^Password: \s+Again: \s+$/],
	["two different ones", ["user", "passwd", "typist"], [["Password: ", "secret one\r"], ["Again: ", "secret two\r"]], 1, /the two passwords differ/],
	["none", ["user", "passwd", "typist"], [["Password: ", "\r"]], 1, /an empty password is refused/],
	["the end of the input", ["user", "passwd", "typist"], [["Password: ", "secret one\r"], ["Again: ", "\x04"]], 1, /no password was given/],
];
for (const [what, args, lines, code, says] of AT_TERMINAL)
	test(`a password at a terminal, ${what}: ${args.join(" ")}`, async () => {
		const run = await typed(args, lines);
		assert.equal(run.code, code, run.shown);
		assert.match(run.shown, says);
		assert.doesNotMatch(run.shown, /secret/, "what is typed is not shown");
		if (code === 0)
			assert.equal(await login("typist", "secret one"), 303);
	});

test("setup at a terminal: without an answer nothing is written", async () => {
	const conf = place.path("new", "prebind.conf");
	const { code, shown } = await typed(["setup"], [["] ", "\x04"]], conf);
	assert.equal(code, 1);
	assert.match(shown, /the input ended before all questions were answered/);
	assert.equal(fs.existsSync(conf), false);
});

const ON_TABLES = [["user", "add", "dave", "--password-stdin"], ["user", "display", "alice", "A"], ["user", "passwd", "alice", "--password-stdin"],
	["user", "disable", "alice"], ["user", "delete", "alice"], ["user", "list"], ["people", "export", "--for", "prosody"], ["map", "set", "dave", "dave@example.org"],
	["map", "set", DECOMPOSED, "zoe@example.org"], ["map", "delete", "dave"], ["map", "import", "-"], ["map", "list"], ["gateway", "add", "shop", "--domains", "example.org"],
	["gateway", "passwd", "shop"], ["gateway", "disable", "shop"], ["gateway", "delete", "shop"], ["gateway", "list"], ["session", "list"], ["session", "end"],
	["session", "end", "alice"], ["token", "revoke", "alice"], ["prebind", "alice"], ["prebind", "alice@example.net"]];
test("a table is missing: each verb fails and names the database; check says so", async (t) => {
	const broken = new Place();
	t.after(() => broken.close());
	const other = new Prebind(broken, { site: { ...peer.site(broken), gateway: "on" } });
	await other.prepare({ alice: PASSWORD });
	await runSql(broken, other.database, ["site_user", "login_session", "jid_map", "gateway_caller", "token_revocation"].map((name) => `DROP TABLE ${name};`).join("\n"));
	for (const args of ON_TABLES) {
		const { code, stderr } = await other.ctl(args, { input: args[0] === "map" ? "dave,dave@example.org\n" : `${PASSWORD}\n` });
		assert.equal(code, 1, args.join(" "));
		assert.match(stderr, /^prebindctl: .*(no such table|does not exist)/m, args.join(" "));
	}
	const { code, stdout } = await other.ctl(["check", "--deep"]);
	assert.equal(code, 1);
	for (const what of ["names", "gateway", "pre-bind"])
		assert.match(stdout, new RegExp(`^FAIL {2}default: ${what}: .*(no such table|does not exist)`, "m"));
});
