// Accounts that are made at their first use: at Tigase by its add-user, at ejabberd by its API.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { DEAD_PORT, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";

async function setUp(t, { format = "json", site = {} } = {}) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { site: peer.site(place, { provision: "tigase", tigase_format: format, ...site }) });
	await prebind.prepare({ alice: PASSWORD, bob: PASSWORD });
	await prebind.start();
	return { place, peer, prebind };
}

async function loggedIn(prebind, name) {
	const visitor = new Visitor((request) => prebind.request(request));
	assert.equal((await visitor.login(name, PASSWORD)).status, 303);
	return visitor;
}

/** What the peer was asked for: "add" and "bind". */
const calls = (peer) => peer.requests.filter(({ method }) => method === "POST")
	.map((request) => (request.path.includes("/sess-man@") ? "add" : "bind"));

const logged = async (prebind, pattern) => until(`the log to have ${pattern}`, () => pattern.test(prebind.child.stderr));

for (const format of ["json", "xml"])
	test(`Tigase, ${format}: made at the first use, once, with a password that nobody knows`, async (t) => {
		const { peer, prebind } = await setUp(t, { format });
		const alice = await loggedIn(prebind, "alice");
		assert.equal((await alice.get("/")).status, 200);
		assert.equal((await alice.get("/")).status, 200);
		assert.deepEqual(calls(peer), ["add", "bind", "bind"]);
		assert.match(peer.accounts.get("alice@example.test"), /^[0-9a-f]{48}$/);
		await logged(prebind, /"event":"account_made".*"jid":"alice@example\.test","existed":"no"/);
		assert.ok(!prebind.child.stderr.includes(peer.accounts.get("alice@example.test")));
	});

test("Tigase: an account that was there already stays as it is", async (t) => {
	const { peer, prebind } = await setUp(t);
	peer.accounts.set("alice@example.test", "hers");
	const alice = await loggedIn(prebind, "alice");
	assert.equal((await alice.get("/")).status, 200);
	assert.equal((await alice.get("/")).status, 200);
	assert.deepEqual(calls(peer), ["add", "bind", "bind"]);
	assert.equal(peer.accounts.get("alice@example.test"), "hers");
	await logged(prebind, /"event":"account_made".*"existed":"yes"/);
});

test("Tigase: two pages at the same moment", async (t) => {
	const { peer, prebind } = await setUp(t);
	const alice = await loggedIn(prebind, "alice");
	const pages = await Promise.all([alice.get("/"), alice.get("/"), alice.get("/")]);
	assert.deepEqual(pages.map(({ status }) => status), [200, 200, 200]);
	assert.equal(peer.accounts.size, 1);
});

test("Tigase: what it refuses is told, and tried again with the next page", async (t) => {
	const { peer, prebind } = await setUp(t);
	const alice = await loggedIn(prebind, "alice");
	peer.mayNotAdd = true;
	assert.equal((await alice.get("/")).status, 502);
	await logged(prebind, /Tigase did not add the account \(\\"You do not have enough permissions.*tigase_user must administer/);
	assert.deepEqual(calls(peer), ["add"], "no session without an account");
	peer.mayNotAdd = false;
	assert.equal((await alice.get("/")).status, 200);
});

test("Tigase: nothing that it was ever recorded to say is taken for an account made", async (t) => {
	const { peer, prebind } = await setUp(t, { site: { timeout: "1s" } });
	// but those that differ in hold, wait or the JID alone
	const names = fs.readdirSync(path.join(top, "tests/peers/tigase")).filter((name) => /^(0[0-6]|1)\d+-.*\.resp$/.test(name))
		.map((name) => path.parse(name).name);
	assert.ok(names.includes("104-other-component"), "what sess-man says, asked for a command it does not have: nothing");
	assert.ok(names.includes("104-other-component-long"), "and, waited for longer, 504");
	for (const name of names) {
		const before = peer.requests.length;
		peer.answer({ recording: name, times: 1 });
		const { code, stderr } = await prebind.ctl(["prebind", "alice"]);
		assert.equal(code, 1, `${name}: ${stderr}`);
		assert.match(stderr, /\S/, name);
		assert.deepEqual(calls({ requests: peer.requests.slice(before) }), ["add"], `${name}: no session without an account`);
		// after a time-out the next page would wait for the lease of this one
		await runSql(prebind.place, prebind.database, "UPDATE provisioned SET taken = 0");
	}
	assert.equal(peer.accounts.size, 0);
	await prebind.ctlOk(["prebind", "alice"]);
	assert.equal(peer.accounts.size, 1);
});

test("Tigase: an answer that gets lost: the account is there, and the next page finds it", async (t) => {
	const { peer, prebind } = await setUp(t);
	const alice = await loggedIn(prebind, "alice");
	peer.accounts.set("alice@example.test", "made, and then the line broke");
	peer.answer({ way: "close", times: 1 });
	assert.equal((await alice.get("/")).status, 502);
	assert.equal((await alice.get("/")).status, 200);
});

test("prebindctl check asks sess-man, too; prebindctl prebind makes accounts as a page does", async (t) => {
	const { peer, prebind } = await setUp(t);
	assert.equal((await prebind.ctl(["check"])).code, 0);
	assert.equal(peer.accounts.size, 0, "a check makes nobody");
	await prebind.ctlOk(["prebind", "bob"]);
	assert.ok(peer.accounts.has("bob@example.test"));
});

for (const format of ["json", "xml"])
	test(`Tigase, ${format}: an access list refuses add-user: check and log name that call and what allows it`, async (t) => {
		const { peer, prebind } = await setUp(t, { format });
		const says = new RegExp("Tigase does not allow admin@example\\.test to use the command add-user at sess-man@example\\.test \\(HTTP 404\\), which the key provision requires: "
			+ "set 'sess-man' \\(\\) \\{ commands \\{ 'http://jabber\\.org/protocol/admin#add-user' = 'DOMAIN_ADMIN' \\} \\}");
		const alice = await loggedIn(prebind, "alice");
		assert.equal((await alice.get("/")).status, 200);
		peer.refused.add("add");
		const { code, stdout } = await prebind.ctl(["check"]);
		assert.equal(code, 1);
		const [failed, ...others] = stdout.match(/^FAIL .*$/gm);
		assert.match(failed, says);
		assert.doesNotMatch(failed, /tigase_url/, "that one is right");
		assert.deepEqual(others, []);
		const bob = await loggedIn(prebind, "bob");
		for (let i = 0; i < 12; i++) // more than open the breaker
			assert.equal((await bob.get("/")).status, 502);
		const why = () => prebind.child.stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line).why);
		await until("the log to say so", () => why().some((text) => says.test(text)));
		assert.equal((await alice.get("/")).status, 200, "who has an account still gets sessions");
		peer.refused.clear();
		assert.equal((await bob.get("/")).status, 200);
	});

test("Tigase: check names sess-man's call, too, where its key or its form is not right", async (t) => {
	const { peer, prebind } = await setUp(t);
	for (const [script, says] of [
		["143-apikey-wrong", /provision = tigase requires the command add-user at sess-man@example\.test: .*403.*tigase_api_key_file/],
		["020-json-full-jid", /sess-man does not offer admin@example\.test the command add-user, which provision = tigase needs/],
	]) {
		peer.answerAt = { path: "/sess-man@", recording: script };
		const { code, stdout } = await prebind.ctl(["check"]);
		assert.equal(code, 1);
		assert.match(stdout.match(/^FAIL .*$/m)[0], says);
	}
});

test("provision = no: nobody is asked", async (t) => {
	const { peer, prebind } = await setUp(t, { site: { provision: "no" } });
	const alice = await loggedIn(prebind, "alice");
	assert.equal((await alice.get("/")).status, 200);
	assert.deepEqual(calls(peer), ["bind"]);
});

/** ejabberd's API, as far as one status goes; null: it never answers. */
async function startApi(t, answer) {
	const requests = [];
	const server = http.createServer((request, response) => {
		let body = "";
		request.on("data", (chunk) => (body += chunk)).on("end", () => {
			requests.push({ path: request.url, authorization: request.headers.authorization, body: JSON.parse(body) });
			const status = answer(requests.length);
			if (status !== null) response.writeHead(status, { "Content-Type": "application/json" }).end("\"said\"");
		});
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
	t.after(() => (server.closeAllConnections(), server.close()));
	const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
	return { requests, url: `http://127.0.0.1:${port}/api/register` };
}

async function ejabberdSite(t, keys) {
	const place = new Place();
	t.after(() => place.close());
	const prebind = new Prebind(place, {
		site: {
			backend: "bosh", bosh_service: `http://127.0.0.1:${DEAD_PORT}/http-bind`, provision: "ejabberd", ...keys(place),
		},
	});
	await prebind.prepare({ alice: PASSWORD });
	return prebind;
}

test("ejabberd: the account's parts, and one password however often it is tried", async (t) => {
	const { requests, url } = await startApi(t, (count) => (count < 3 ? 500 : 200));
	const prebind = await ejabberdSite(t, (place) => ({
		provision_url: url, provision_user: "api@example.org", provision_password_file: place.write("etc/api.password", "secret\n"),
	}));
	for (let i = 0; i < 4; i++)
		assert.equal((await prebind.ctl(["prebind", "alice"])).code, 1, "there is no BOSH service");
	assert.equal(requests.length, 3, "and then it is there");
	const { password, ...rest } = requests[0].body;
	assert.deepEqual(rest, { user: "alice", host: "example.org" });
	assert.match(password, /^[0-9a-f]{48}$/);
	assert.deepEqual(requests.map(({ body }) => body.password), [password, password, password]);
	assert.equal(requests[0].authorization, `Basic ${Buffer.from("api@example.org:secret").toString("base64")}`);
});

test("ejabberd: while it may still work after a time-out, nobody registers the account again", async (t) => {
	const { requests, url } = await startApi(t, (count) => (count === 1 ? null : 200));
	const prebind = await ejabberdSite(t, () => ({ provision_url: url, timeout: "400ms" }));
	assert.match((await prebind.ctl(["prebind", "alice"])).stderr, /provision_url|time|answer/);
	const { stderr } = await prebind.ctl(["prebind", "alice"]);
	assert.match(stderr, /another request is still making the account alice@example\.org/);
	assert.equal(requests.length, 1);
	await runSql(prebind.place, prebind.database, "UPDATE provisioned SET taken = taken - 90"); // the lease ends
	await prebind.ctl(["prebind", "alice"]);
	assert.equal(requests.length, 2);
	assert.equal(requests[1].body.password, requests[0].body.password);
});

const refusals = [
	[401, /answers 401: check provision_user and provision_password_file/],
	[403, /answers 403: ejabberd's api_permissions must allow the command register for prebind/],
	[404, /answers 404: .*mod_http_api/],
	[400, /answers 400: the account's domain must be one of ejabberd's hosts/],
	[500, /answers 500: see ejabberd's log/],
];

for (const [status, says] of refusals)
	test(`ejabberd: ${status} is told with what to look at`, async (t) => {
		const { url } = await startApi(t, () => status);
		const prebind = await ejabberdSite(t, () => ({ provision_url: url }));
		const { code, stderr } = await prebind.ctl(["prebind", "alice"]);
		assert.equal(code, 1);
		assert.match(stderr, says);
	});

test("ejabberd: passwords do not travel in clear through a network", async (t) => {
	const prebind = await ejabberdSite(t, () => ({ provision_url: "http://192.0.2.1/api/register" }));
	assert.match((await prebind.ctl(["check"])).stdout, /provision_url: is neither an https address nor/);
});
