// prosody/mod_auth_prebind.lua in a real Prosody: one-time tokens, and whoever has a password of their own.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { BoshClient, boshLogin } from "../lib/bosh_client.mjs";
import { makeToken, newKey, now } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { startProsody } from "../lib/prosody.mjs";
import { freePorts, until } from "../lib/wait.mjs";

const DOMAIN = "example.org";
const CLOCK_OFF_S = 600;

const { key, text } = newKey();
let place, port, prosody;

before(async () => {
	place = new Place();
	[port] = await freePorts(1);
	prosody = await startProsody(place, {
		domain: DOMAIN,
		port,
		users: { alice: "alice's own", bob: "bob's own" },
		modules: place.copy("prosody", "modules"),
		snippet: ["token", { "/etc/prosody/prebind.key": place.write("prebind.key", text) }],
	});
});
after(() => place.close({ logs: true }));

const login = (user, password, mechanism) => boshLogin({ port, domain: DOMAIN, user, password, mechanism });
const token = (what) => makeToken(key, { user: "alice", host: DOMAIN, ...what });

/** What Prosody logs from here on. */
function logFrom() {
	const at = prosody.stdout.length;
	return (pattern) => until(`the log to say ${pattern}`, () => pattern.test(prosody.stdout.slice(at)));
}

test("a token lets its user in, and can do what a session can", async () => {
	const client = new BoshClient({ port, domain: DOMAIN });
	assert.equal(await client.authenticate("alice", token()), "success");
	assert.equal(await client.bind("phone"), "alice@example.org/phone");
	const roster = await client.ask("<iq xmlns='jabber:client' type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>");
	assert.match(roster, /jid='bob@example\.org'/);
	await client.end();
	assert.match(prosody.stdout, /Token for alice@example\.org accepted/);
});

test("of a user who has no account, too", async () => {
	assert.equal(await login("dora", token({ user: "dora" })), "dora@example.org/test");
});

test("names as the server compares them", async () => {
	assert.equal(await login("Alice", token()), "alice@example.org/test");
	assert.equal(await login("o\\40x|y", token({ user: "o\\40x|y" })), "o\\40x|y@example.org/test");
	assert.equal(await login("jörg", token({ user: "jörg" })), "jörg@example.org/test");
	const safe = "\\u42.4f;stra\\udf;e\\u1f600;"; // what {user|safe} makes
	assert.equal(await login(safe, token({ user: safe })), `${safe}@example.org/test`);
});

const stranger = newKey().key;
for (const [what, make, why] of [
	["expired", () => token({ expiry: now() - 1 }), /Token for alice@example\.org refused: it expired \d+ s ago/],
	["of a clock that is behind", () => token({ expiry: now() + 60 - CLOCK_OFF_S }), /it expired 54\d s ago: compare the clocks of both machines/],
	["of a clock that is ahead", () => token({ expiry: now() + 60 + CLOCK_OFF_S }), /it expires in 6\d\d s, more than 600: the clock/],
	["for another user", () => token({ user: "bob" }), /it is for another user or host, or was made with another key/],
	["for another host", () => token({ host: "example.com" }), /it is for another user or host/],
	["made with another key", () => makeToken(stranger, { user: "alice", host: DOMAIN }), /another key/],
	["with its end moved", () => token().replace(/^\d+/, (expiry) => String(Number(expiry) + 1)), /another key/],
	["with another nonce", () => token().replace(/:[^:]+:/, `:${randomBytes(16).toString("base64url")}:`), /another key/],
	["with bits behind its end", () => token().replace(/.$/, "B"), /it is malformed/],
	["with a leading zero", () => token().replace(/^/, "0"), /it is malformed/],
]) {
	test(`a token ${what} is refused, and the log says so`, async () => {
		const logged = logFrom();
		assert.equal(await login("alice", make()), "not-authorized");
		await logged(why);
	});
}

test("a token works once, also for many at once", async () => {
	const logged = logFrom();
	const one = token();
	const results = await Promise.all(Array.from({ length: 8 }, () => login("alice", one)));
	assert.deepEqual(results.sort(), ["alice@example.org/test", ...Array(7).fill("not-authorized")]);
	await logged(/Token for alice@example\.org refused: it was used before/);
});

test("a refused try does not use a token up", async () => {
	const one = token();
	assert.equal(await login("bob", one), "not-authorized");
	assert.equal(await login("alice", one), "alice@example.org/test");
});

test("an authzid changes nothing", async () => {
	const client = new BoshClient({ port, domain: DOMAIN });
	const one = token();
	await client.create();
	const auth = (data) => client.ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${
		Buffer.from(data).toString("base64")}</auth>`);
	assert.match(await auth(`bob@${DOMAIN}\0alice\0${one}`), /<success/);
	assert.equal(await client.bind(), "alice@example.org/test");
	await client.end();
});

test("passwords go to the delegate: PLAIN, and SCRAM by what it offers", async () => {
	const client = new BoshClient({ port, domain: DOMAIN });
	assert.deepEqual((await client.create()).sort(), ["PLAIN", "SCRAM-SHA-1"]);
	await client.end();
	assert.equal(await login("bob", "bob's own"), "bob@example.org/test");
	assert.equal(await login("bob", "bob's own", "SCRAM-SHA-1"), "bob@example.org/test");
	assert.equal(await login("bob", "wrong"), "not-authorized");
	assert.equal(await login("bob", "wrong", "SCRAM-SHA-1"), "not-authorized");
	assert.equal(await login("bob", "1:two:three"), "not-authorized");
	assert.equal(await login("bob", token({ user: "bob" }), "SCRAM-SHA-1"), "not-authorized");
});

// The module with Prosody's own libraries, and a clock that the test sets.
const BY_ANOTHER_CLOCK = `
	local clock = { now = tonumber(arg[3]), monotonic = 0 };
	package.loaded["util.time"] = { now = function () return clock.now; end, monotonic = function () return clock.monotonic; end };
	local provider;
	module = {
		host = arg[2];
		get_option_path = function () return arg[4]; end;
		get_option_string = function () return nil; end;
		hook_global = function () end;
		log = function () end;
		open_store = function () return { get = function () return nil; end, set = function () end }; end;
		provides = function (_, _, what) provider = what; end;
	};
	dofile(arg[1]);
	for i = 5, #arg, 3 do -- the clocks' advance, and a token
		clock.now, clock.monotonic = tonumber(arg[3]) + tonumber(arg[i]), tonumber(arg[i + 1]);
		print(provider.test_password("alice", arg[i + 2]) == true);
	end
`;

test("one clock says when a token is over and when it is forgotten", async () => {
	const start = now();
	const [one, two, three, four] = [60, 1200, 400, 1500].map((life) => token({ expiry: start + life }));
	const steps = [
		[0, 0, one, true],
		[30, 30, one, false],
		[30, 1300, one, false], // 20 minutes later, by a wall clock that was set back
		[900, 1400, two, true], // the sweep that two brings finds one long over, and too young to be forgotten
		[10, 1500, one, false],
		[10, 1500, three, true],
		[60 + 901, 2500, three, false], // over
		[60 + 901, 2500, four, true],
		[10, 2600, one, true], // forgotten: a clock that is set back by 16 minutes is more than is promised
		[10, 2600, three, false],
	];
	const { code, stdout, stderr } = await place.run(["lua5.4", "-", place.path("modules", "mod_auth_prebind.lua"), DOMAIN, String(start),
		place.path("prebind.key"), ...steps.flatMap(([wall, monotonic, what]) => [String(wall), String(monotonic), what])],
	{ input: BY_ANOTHER_CLOCK, env: { LUA_PATH: "/usr/lib/prosody/?.lua", LUA_CPATH: "/usr/lib/prosody/?.so" } });
	assert.equal(code, 0, stderr);
	assert.deepEqual(stdout.trim().split("\n"), steps.map(([, , , good]) => String(good)));
});

test("no token or key is in the log", () => {
	assert.doesNotMatch(prosody.stdout + prosody.stderr, /\d{10}:[\w-]{22}:[\w-]{43}/);
	assert.ok(!(prosody.stdout + prosody.stderr).includes(text.trim()));
});

test("without a delegate there are tokens only; without a key nobody gets in, and the log says why", async () => {
	const [one, two] = await freePorts(2);
	const modules = place.path("modules");
	const alone = await startProsody(place, {
		name: "alone", domain: DOMAIN, port: one, modules,
		snippet: ["token", { "/etc/prosody/prebind.key": place.path("prebind.key"), "prebind_delegate =": "-- prebind_delegate =" }],
	});
	const client = new BoshClient({ port: one, domain: DOMAIN });
	assert.deepEqual(await client.create(), ["PLAIN"]);
	await client.end();
	const there = { port: one, domain: DOMAIN, user: "alice" };
	assert.equal(await boshLogin({ ...there, password: token() }), "alice@example.org/test");
	assert.equal(await boshLogin({ ...there, password: "a password" }), "not-authorized");
	assert.match(alone.stdout, /it is not a token, and prebind_delegate is not set/);

	const keyless = await startProsody(place, {
		name: "keyless", domain: DOMAIN, port: two, modules,
		snippet: ["token", { "/etc/prosody/prebind.key": place.write("short.key", "AAAA\n") }],
	});
	await until("the log to say why", () => /short\.key: the key has 3 bytes; at least 32 are needed/.test(keyless.stdout));
	assert.deepEqual(await new BoshClient({ port: two, domain: DOMAIN }).create(), []);
});
