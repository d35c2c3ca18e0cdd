// prebind-extauth in ejabberd's hands: tokens and the site's passwords, and a program that dies.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { BoshClient, boshLogin } from "../lib/bosh_client.mjs";
import { signalAll } from "../lib/children.mjs";
import { startEjabberd } from "../lib/ejabberd.mjs";
import { extauthProgram } from "../lib/extauth.mjs";
import { httpRequest } from "../lib/http.mjs";
import { makeToken, newKey, now } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts, until } from "../lib/wait.mjs";

const DOMAIN = "example.org";
const PASSWORD = "the site's own";
const SAFE = "\\u42.4f;stra\\udf;e\\u1f600;"; // what {user|safe} makes: the server takes it, and keeps it as it is

const { key, text } = newKey();
let place, port, prebind, ejabberd, program;

before(async () => {
	place = new Place();
	[port] = await freePorts(1);
	prebind = new Prebind(place, {
		site: { jid: `{user|lower}@${DOMAIN}`, backend: "bosh", bosh_service: `http://127.0.0.1:${port}/http-bind`, bosh_token_key_file: place.write("bosh.key", text) },
	});
	await prebind.prepare({ alice: PASSWORD, bob: PASSWORD, Łukasz: PASSWORD, ÅSA: PASSWORD, Дмитрий: PASSWORD, [SAFE]: PASSWORD });
	program = extauthProgram(place);
	ejabberd = await startEjabberd(place, {
		domain: DOMAIN, port, snippets: { extauth: { "/usr/local/bin/prebind-extauth": program, "/etc/prebind/prebind.conf": prebind.conf } },
	});
});
after(() => place.close({ logs: true }));

const login = (user, password, mechanism) => boshLogin({ port, domain: DOMAIN, user, password, mechanism });
const token = (what) => makeToken(key, { user: "alice", host: DOMAIN, ...what });

async function api(command, body) {
	const answer = await httpRequest({
		port, path: `/api/${command}`, method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
	});
	assert.equal(answer.status, 200, answer.body);
	return JSON.parse(answer.body);
}

const logged = (pattern) => until(`the log to say ${pattern}`, () => pattern.test(ejabberd.stderr));

test("a token lets its user in, once, and can do what a session can", async () => {
	const client = new BoshClient({ port, domain: DOMAIN });
	const one = token();
	assert.equal(await client.authenticate("alice", one), "success");
	assert.equal(await client.bind("phone"), "alice@example.org/phone");
	assert.match(await client.ask("<iq xmlns='jabber:client' type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>"), /type='result'/);
	await client.end();
	for (let i = 0; i < 4; i++) // whichever program of the pool is asked
		assert.equal(await login("alice", one), "not-authorized");
	await logged(/"why":"the token was used before"/);
});

test("the site's own password lets its user in, as often as wanted", async () => {
	assert.equal(await login("alice", PASSWORD), "alice@example.org/test");
	assert.equal(await login("alice", PASSWORD), "alice@example.org/test");
	assert.equal(await login("alice", "wrong"), "not-authorized");
	assert.equal(await login("nobody", PASSWORD), "not-authorized");
});

for (const [name, localpart] of [["Łukasz", "łukasz"], ["ÅSA", "åsa"], ["Дмитрий", "дмитрий"], [SAFE, SAFE]])
	test(`${name}: password, token, and the account is there`, async () => {
		assert.equal(await login(localpart, PASSWORD), `${localpart}@example.org/test`);
		assert.equal(await login(localpart, token({ user: localpart })), `${localpart}@example.org/test`);
		assert.equal(await api("check_account", { user: localpart, host: DOMAIN }), 0);
	});

test("a changed password counts at once, and so does a disabled user", async () => {
	await prebind.ctlOk(["user", "passwd", "bob", "--password-stdin"], { input: "another\n" });
	assert.equal(await login("bob", PASSWORD), "not-authorized");
	assert.equal(await login("bob", "another"), "bob@example.org/test");
	await prebind.ctlOk(["user", "disable", "bob"]);
	assert.equal(await login("bob", "another"), "not-authorized");
	assert.equal(await login("bob", token({ user: "bob" })), "not-authorized");
	await prebind.ctlOk(["user", "enable", "bob"]);
	assert.equal(await login("bob", "another"), "bob@example.org/test");
});

for (const [what, make, why] of [
	["expired", () => token({ expiry: now() - 1 }), /the token expired \d+ s ago/],
	["of a clock ten minutes ahead", () => token({ expiry: now() + 660 }), /expires in 6\d\d s, but 600 s/],
	["for another user", () => token({ user: "bob" }), /not for alice@example\.org, or it was made with another key/],
	["for another host", () => token({ host: "example.com" }), /not for alice@example\.org/],
	["made with another key", () => makeToken(newKey().key, { user: "alice", host: DOMAIN }), /another key/],
]) {
	test(`a token ${what} is refused, and the log says so`, async () => {
		assert.equal(await login("alice", make()), "not-authorized");
		await logged(why);
	});
}

test("who has an account", async () => {
	assert.equal(await api("check_account", { user: "alice", host: DOMAIN }), 0);
	assert.equal(await api("check_account", { user: "nobody", host: DOMAIN }), 1);
});

/** The processes of our copy of the program. */
function programs() {
	return fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
		try {
			return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0] === program;
		} catch {
			return false; // it has ended
		}
	});
}

test("programs that die are started again, and used tokens stay used", async () => {
	const one = token();
	assert.equal(await login("alice", one), "alice@example.org/test");
	const first = programs();
	assert.equal(first.length, 2);
	signalAll(first, "SIGKILL");
	await until("ejabberd to start others", () => programs().length === 2 && programs().every((pid) => !first.includes(pid)));
	assert.equal(await login("alice", one), "not-authorized");
	assert.equal(await login("alice", token()), "alice@example.org/test");
});

test("they end with ejabberd", async () => {
	await ejabberd.stop();
	await until("the programs to end", () => programs().length === 0);
	assert.doesNotMatch(ejabberd.stdout + ejabberd.stderr, /\d{10}:[\w-]{22}:[\w-]{43}/);
	assert.ok(!ejabberd.stderr.includes(PASSWORD));
});
