// A real ejabberd without users: accounts are made when their users come, and nobody else's are touched.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { boshLogin } from "../lib/bosh_client.mjs";
import { startEjabberd } from "../lib/ejabberd.mjs";
import { dataBlock, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts, until } from "../lib/wait.mjs";

const DOMAIN = "example.org";
const PASSWORD = "the site's own";
let place, port, prebind;

before(async () => {
	place = new Place();
	[port] = await freePorts(1);
	await startEjabberd(place, { domain: DOMAIN, port, snippets: { password: {}, provision: {} }, users: { old: "old's own" } });
	prebind = new Prebind(place, {
		site: {
			jid: `{user}@${DOMAIN}`, backend: "bosh", bosh_service: `http://127.0.0.1:${port}/http-bind`,
			provision: "ejabberd", provision_url: `http://127.0.0.1:${port}/api/register`,
		},
	});
	await prebind.prepare({ alice: PASSWORD, bob: PASSWORD, old: PASSWORD });
	await prebind.start();
});
after(() => place.close({ logs: true }));

async function loggedIn(name) {
	const visitor = new Visitor((request) => prebind.request(request));
	assert.equal((await visitor.login(name, PASSWORD)).status, 303);
	return visitor;
}

const login = (user, password) => boshLogin({ port, domain: DOMAIN, user, password });

test("a user who comes for the first time gets an account and a session; the next time a session", async () => {
	assert.equal(await login("alice", PASSWORD), "not-authorized");
	const alice = await loggedIn("alice");
	for (let i = 0; i < 2; i++) {
		const page = await alice.get("/");
		assert.equal(page.status, 200);
		assert.match(dataBlock(page.body).jid, /^alice@example\.org\//);
	}
	assert.equal(prebind.child.stderr.match(/"event":"account_made"/g).length, 1);
	assert.equal(await login("alice", PASSWORD), "not-authorized", "the site's password is not the account's");
});

test("several pages at once: one account", async () => {
	const bob = await loggedIn("bob");
	const pages = await Promise.all(Array.from({ length: 4 }, () => bob.get("/")));
	assert.deepEqual(pages.map(({ status }) => status), [200, 200, 200, 200]);
});

test("an account that was there keeps its password, which prebind is told", async () => {
	const old = await loggedIn("old");
	assert.equal((await old.get("/")).status, 502);
	await until("the log's line", () => /password that prebind chose for old@example\.org .*prebindctl map set/.test(prebind.child.stderr));
	assert.equal(await login("old", "old's own"), "old@example.org/test");
	await prebind.ctlOk(["map", "set", "old", `old@${DOMAIN}`, "--xmpp-password-stdin"], { input: "old's own\n" });
	assert.equal((await old.get("/")).status, 200);
});

test("a user whom the site disables has no page any more", async () => {
	const bob = await loggedIn("bob");
	assert.equal((await bob.get("/")).status, 200);
	await prebind.ctlOk(["user", "disable", "bob"]);
	assert.equal((await bob.get("/")).status, 303);
});
