// prebind-extauth as a server sees it: questions in any framing and shape, answers of four bytes or a line.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { docSnippet } from "../lib/docs.mjs";
import { Extauth, extauthProgram, framed } from "../lib/extauth.mjs";
import { makeToken, newKey, now } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";

const DOMAIN = "example.org";
const PASSWORD = "correct: horse: battery"; // a password may hold colons
const BACKEND = { backend: "bosh", bosh_service: "http://127.0.0.1:1/http-bind" };

const { key, text } = newKey();
let place, prebind, extauth;

before(async () => {
	place = new Place();
	prebind = new Prebind(place, {
		site: { ...BACKEND, limit_login: "5/1h", hosts: "www.example.org", bosh_token_key_file: place.write("bosh.key", text) },
		sites: {
			other: { ...BACKEND, hosts: "www.example.com", jid: "{user}@example.com", database: place.path("data", "other.db") },
		},
	});
	await prebind.prepare({ alice: PASSWORD, bob: PASSWORD, carol: PASSWORD, limited: PASSWORD, "d'artagnan": PASSWORD });
	await prebind.ctlOk(["user", "disable", "carol"]);
	await prebind.ctlOk(["map", "set", "bob", `robert@${DOMAIN}`]);
	await prebind.ctlOk(["--site", "other", "migrate"]);
	await prebind.ctlOk(["--site", "other", "user", "add", "zoe", "--password-stdin"], { input: "zoe's own\n" });
	extauth = new Extauth(place, prebind.conf);
});
after(() => place.close({ logs: true }));

const token = (user, more) => makeToken(key, { user, host: DOMAIN, ...more });
const auth = (user, password, host = DOMAIN) => extauth.ask(`auth:${user}:${host}:${password}`);
const last = (event) => extauth.events.filter((line) => line.event === event).at(-1);

test("a site user's own password", async () => {
	assert.equal(await auth("alice", PASSWORD), true);
	assert.deepEqual({ jid: last("xmpp_login_ok").jid, by: last("xmpp_login_ok").by }, { jid: "alice@example.org", by: "password" });
	assert.equal(await auth("alice", "wrong"), false);
	assert.equal(last("xmpp_login_failed").why, "wrong password");
	assert.equal(await auth("alice", PASSWORD), true);
	assert.equal(await auth("ALICE", PASSWORD), true, "Nodeprep");
	assert.equal(await auth("alice", ""), false);
});

test("the map's row decides whose account it is", async () => {
	assert.equal(await auth("robert", PASSWORD), true);
	assert.equal(await auth("bob", PASSWORD), false);
	assert.equal(await auth("d\\27artagnan", PASSWORD), true);
});

test("disabled and unknown users are refused, with a token, too", async () => {
	assert.equal(await auth("carol", PASSWORD), false);
	assert.equal(last("xmpp_login_failed").why, "the user is disabled");
	assert.equal(await auth("carol", token("carol")), false);
	assert.equal(last("xmpp_login_failed").why, "the user is disabled");
	assert.equal(await auth("nobody", token("nobody")), false);
	assert.match(last("xmpp_login_failed").why, /no site user has the account nobody@example\.org/);
});

test("a token works once, in whichever process", async () => {
	const one = token("alice");
	const others = Array.from({ length: 4 }, () => new Extauth(place, prebind.conf));
	const answers = await Promise.all([extauth, ...others].map((each) => each.ask(`auth:alice:${DOMAIN}:${one}`)));
	assert.equal(answers.filter(Boolean).length, 1);
	assert.equal(await auth("alice", one), false);
	assert.equal(last("xmpp_login_failed").why, "the token was used before");
	assert.equal(last("xmpp_login_failed").by, "token");
	await Promise.all(others.map((each) => each.end()));
});

for (const [what, make, why] of [
	["expired", () => token("alice", { expiry: now() - 1 }), /expired \d+ s ago/],
	["of a clock that is behind", () => token("alice", { expiry: now() - 540 }), /expired 54\d s ago: compare the clocks of both machines/],
	["of a clock that is ahead", () => token("alice", { expiry: now() + 660 }), /expires in 6\d\d s, but 600 s is the maximum: the clock/],
	["for another user", () => token("robert"), /not for alice@example\.org, or it was made with another key/],
	["for another host", () => token("alice", { host: "example.com" }), /not for alice@example\.org/],
	["made with another key", () => makeToken(newKey().key, { user: "alice", host: DOMAIN }), /another key/],
]) {
	test(`a token ${what} is refused, and the log says so`, async () => {
		assert.equal(await auth("alice", make()), false);
		assert.match(last("xmpp_login_failed").why, why);
	});
}

test("too many wrong passwords, whoever asks", async () => {
	for (let i = 0; i < 5; i++)
		assert.equal(await auth("limited", "wrong"), false);
	assert.equal(await auth("limited", PASSWORD), false);
	assert.equal(last("xmpp_login_failed").error, "slow_down");
	assert.equal(await auth("limited", token("limited")), true, "a token is not guessed");
	const other = new Extauth(place, prebind.conf);
	assert.equal(await other.ask(`auth:limited:${DOMAIN}:${PASSWORD}`), false);
	await other.end();
});

test("isuser: from the map and the users", async () => {
	for (const [user, there] of [["alice", true], ["robert", true], ["carol", true], ["bob", false], ["nobody", false],
		["d\\27artagnan", true]])
		assert.equal(await extauth.ask(`isuser:${user}:${DOMAIN}`), there, user);
	assert.equal(await extauth.ask("isuser:alice:example.net"), false);
});

test("of several sites the one with the host; --site whatever the host", async () => {
	assert.equal(await auth("zoe", "zoe's own", "example.com"), true);
	assert.equal(await auth("zoe", "zoe's own"), false);
	assert.equal(await auth("alice", PASSWORD, "example.com"), false);
	assert.equal(await auth("alice", PASSWORD, "example.net"), false);
	assert.match(last("question_refused").why, /no \[site NAME\] has this host in its key `jid`/);
	const one = new Extauth(place, prebind.conf, ["--site", "other"]);
	assert.equal(await one.ask("auth:zoe:example.com:zoe's own"), true);
	assert.equal(await one.ask(`auth:alice:${DOMAIN}:${PASSWORD}`), false);
	await one.end();
});

test("users and passwords are not changed here", async () => {
	for (const question of [`setpass:alice:${DOMAIN}:new`, `tryregister:dave:${DOMAIN}:x`, `removeuser:alice:${DOMAIN}`,
		`removeuser3:alice:${DOMAIN}:${PASSWORD}`, "whatever:"])
		assert.equal(await extauth.ask(question), false, question);
	assert.equal(last("question_refused").verb, "whatever");
	assert.equal(await auth("alice", PASSWORD), true);
});

for (const [what, question] of [
	["nothing", ""],
	["no colon", "auth"],
	["too few fields", `auth:alice:${DOMAIN}`],
	["isuser without a host", "isuser:alice"],
	["an empty user", `auth::${DOMAIN}:x`],
	["an empty host", "auth:alice::x"],
	["a domain as user", `auth:alice@${DOMAIN}:${DOMAIN}:${PASSWORD}`],
	["a resource", `auth:alice/x:${DOMAIN}:${PASSWORD}`],
	["a NUL in the user", `auth:alice\0x:${DOMAIN}:${PASSWORD}`],
	["a NUL behind the password", `auth:alice:${DOMAIN}:${PASSWORD}\0x`],
	["no UTF-8", Buffer.from([...Buffer.from("auth:al"), 0xff, ...Buffer.from(`ice:${DOMAIN}:x`)])],
	["a user too long for a JID", `auth:${"x".repeat(1100)}:${DOMAIN}:x`],
	["a password too long", `auth:alice:${DOMAIN}:${PASSWORD.padEnd(1100, "x")}`],
	["the longest question", `auth:alice:${DOMAIN}:`.padEnd(4096, "x")],
	["a longer one", `auth:alice:${DOMAIN}:${PASSWORD}`.padEnd(4097, "x")],
	["the longest there can be", "x".repeat(65535)],
	["rubbish", randomBytes(300)],
	["another verb's letters", `AUTH:alice:${DOMAIN}:${PASSWORD}`],
	["SQL", `auth:alice' OR '1'='1:${DOMAIN}:x`],
]) {
	test(`${what}: answered with 0, and the next question is heard`, async () => {
		extauth.write(framed(question));
		assert.equal(await extauth.answer(), false);
		assert.equal(await auth("alice", PASSWORD), true);
	});
}

test("questions in pieces, and many in one", async () => {
	for (const byte of framed(`auth:alice:${DOMAIN}:${PASSWORD}`)) {
		extauth.write(Buffer.from([byte]));
		await new Promise((resolve) => setImmediate(resolve));
	}
	assert.equal(await extauth.answer(), true);
	const questions = Array.from({ length: 30 }, (_, i) => [`isuser:${i % 3 ? "alice" : "nobody"}:${DOMAIN}`, i % 3 !== 0]);
	extauth.write(Buffer.concat(questions.map(([question]) => framed(question))));
	for (const [, there] of questions)
		assert.equal(await extauth.answer(), there);
});

test("it ends with its input, also in the middle of a question", async () => {
	const whole = new Extauth(place, prebind.conf);
	assert.equal(await whole.ask(`isuser:alice:${DOMAIN}`), true);
	await whole.end();
	for (const cut of [framed("isuser:alice").subarray(0, 1), framed("isuser:alice").subarray(0, 7)]) {
		const half = new Extauth(place, prebind.conf);
		half.write(cut);
		await half.end();
		assert.match(half.child.stderr, /the XMPP server closed the connection in the middle of a request/);
	}
});

test("--lines: Prosody's framing, by the command that docs/prosody.md has", async () => {
	const [, args] = /command = "\S+\/prebind-extauth (.*) -c \S+"/.exec(docSnippet("docs/prosody.md", "external"));
	const lines = new Extauth(place, prebind.conf, args.split(" "));
	assert.equal(await lines.ask(`auth:alice:${DOMAIN}:${PASSWORD}`), true);
	assert.equal(await lines.ask(`auth:alice:${DOMAIN}:${token("alice")}`), true);
	assert.equal(await lines.ask(`auth:alice:${DOMAIN}:wrong`), false);
	assert.equal(await lines.ask(`isuser:alice:${DOMAIN}`), true);
	assert.equal(await lines.ask(""), false);
	assert.equal(await lines.ask("x".repeat(10_000)), false);
	assert.equal(await lines.ask(`isuser:alice:${DOMAIN}`), true);
	await lines.end();
});

test("a database that goes away and comes back", async () => {
	const there = new Extauth(place, prebind.conf, ["--site", "other"]);
	assert.equal(await there.ask("isuser:zoe:example.com"), true);
	await place.run(["mv", place.path("data", "other.db"), place.path("data", "away.db")]);
	assert.equal(await there.ask("auth:zoe:example.com:zoe's own"), false);
	assert.equal(there.events.at(-1).error, "unavailable");
	await place.run(["mv", place.path("data", "away.db"), place.path("data", "other.db")]);
	assert.equal(await there.ask("auth:zoe:example.com:zoe's own"), true);
	await there.end();
});

test("what cannot start says why", async () => {
	const run = async (...args) => place.run([extauthProgram(place), ...args], { input: "" });
	const missing = await run("-c", place.path("nowhere.conf"));
	assert.equal(missing.code, 1);
	assert.match(missing.stderr, /nowhere\.conf/);
	const site = await run("-c", prebind.conf, "--site", "nobody's");
	assert.equal(site.code, 1);
	assert.match(site.stderr, /there is no \[site nobody's\]/);
	assert.equal((await run("--nonsense")).code, 2);
	assert.match((await run("--help")).stdout, /^usage: prebind-extauth/);
	assert.match((await run("--version")).stdout, /^prebind-extauth \d/);
});

test("no password, token or key is in a log", async () => {
	const log = place.children.map((child) => child.stderr).join("");
	assert.ok(log.length > 1000);
	for (const secret of [PASSWORD, "zoe's own", text.trim()])
		assert.ok(!log.includes(secret), secret);
	assert.doesNotMatch(log, /\d{10}:[\w-]{22}:[\w-]{43}/);
	await extauth.end();
});
