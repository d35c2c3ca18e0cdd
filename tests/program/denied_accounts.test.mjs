// Accounts that nobody becomes: those of deny_jids and of tigase_user, by every way to a JID. And what `prebindctl prebind`
// takes a word for: a user's name or a JID.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Extauth } from "../lib/extauth.mjs";
import { makeToken, newKey } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const { key, text } = newKey();
let place, peer, prebind, extauth, service;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	service = peer.accepted.user;
	prebind = new Prebind(place, { site: peer.site(place, { deny_jids: "root boss", bosh_token_key_file: place.write("bosh.key", text), gateway: "on" }) });
	await prebind.prepare({ alice: PASSWORD, boss: PASSWORD, late: PASSWORD, "max@muster.example": PASSWORD, "eve@example.test": PASSWORD });
	await prebind.ctlOk(["map", "set", "zoe", "zoe@other.test", "--source", "remote_user"]);
	await prebind.ctlOk(["map", "set", "ann@shop.example", "ann@example.test"]);
	await prebind.ctlOk(["gateway", "add", "shop", "--domains", "example.test", "--password-stdin"], { input: `${PASSWORD}\n` });
	// a row from the time before the key was set
	await runSql(place, place.path("data", "prebind.db"), "INSERT INTO jid_map VALUES ('login', 'late', 'root', 'example.test', NULL);");
	extauth = new Extauth(place, prebind.conf);
	await prebind.start();
});
after(() => place.close({ logs: true }));

const JIDS = () => [["root@example.test", /root@example\.test is in deny_jids/], ["ROOT@example.test/desk", /root@example\.test is in deny_jids/],
	["root@other.test", /root@other\.test is in deny_jids/], [service, /tigase_user/]];

test("prebindctl refuses them: prebind, map set, user add; and makes no call", async () => {
	const calls = peer.requests.length;
	for (const [jid, says] of JIDS())
		for (const args of [["prebind", jid], ["prebind", "--jid", jid], ["map", "set", "x", jid.split("/")[0]],
			["user", "add", "y", "--password-stdin", "--jid", jid.split("/")[0]]]) {
			const { code, stderr } = await prebind.ctl(args, { input: `${PASSWORD}\n` });
			assert.equal(code, 1, args.join(" "));
			assert.match(stderr, says, args.join(" "));
		}
	for (const user of ["boss", "late"]) // by the rule, and by its row
		assert.match((await prebind.ctl(["prebind", user])).stderr, /deny_jids/);
	assert.equal(peer.requests.length, calls);
	assert.doesNotMatch(await prebind.ctlOk(["user", "list"]), /^y$/m);
});

test("the gateway refuses them, and makes no call", async () => {
	const calls = peer.requests.length;
	for (const from of ["root@example.test/x", "ROOT@example.test", service]) {
		const answer = await prebind.request({
			method: "POST", path: "/rest/adhoc/bosh@example.test",
			headers: { "Content-Type": "application/json", Authorization: `Basic ${Buffer.from(`shop:${PASSWORD}`).toString("base64")}` },
			body: JSON.stringify({ command: { node: "pre-bind-bosh-session", fields: [{ var: "from", value: from }] } }),
		});
		assert.equal(answer.status, 200);
		assert.match(answer.body, /There is no account with that JID/);
	}
	assert.equal(peer.requests.length, calls);
});

test("prebind-extauth refuses them: by password and by token; isuser knows none", async () => {
	const [serviceName, serviceHost] = service.split("@");
	for (const [name, host] of [["root", "example.test"], [serviceName, serviceHost]]) {
		assert.equal(await extauth.ask(`auth:${name}:${host}:${PASSWORD}`), false);
		assert.match(extauth.events.at(-1).why, /deny_jids|tigase_user/);
		assert.equal(await extauth.ask(`auth:${name}:${host}:${makeToken(key, { user: name, host })}`), false);
		assert.match(extauth.events.at(-1).why, /deny_jids|tigase_user/);
		assert.equal(await extauth.ask(`isuser:${name}:${host}`), false);
	}
	assert.equal(await extauth.ask(`auth:alice:example.test:${PASSWORD}`), true);
});

// What is given, and the account that it leads to; null: a usage error.
for (const [args, jid] of [
	[["alice"], "alice@example.test"],
	[["alice@example.test"], "alice@example.test"],
	[["max@muster.example"], "max\\40muster.example@example.test"],
	[["--jid", "max@muster.example"], "max@muster.example"],
	[["--user", "max@muster.example"], "max\\40muster.example@example.test"],
	[["ann@shop.example"], "ann@example.test"], // known by its row
	[["eve@example.test"], "eve@example.test"],
	[["--user", "eve@example.test"], "eve\\40example.test@example.test"],
	[["zoe@other.test"], "zoe@other.test"],
	[["nobody@foreign.example"], "nobody@foreign.example"],
	[["--user", "zoe", "--source", "remote_user"], "zoe@other.test"],
	[["--user", "alice", "--jid", "alice@example.test"], null],
	[["alice", "--jid", "alice@example.test"], null],
	[[], null],
])
	test(`prebindctl prebind ${args.join(" ")}`, async () => {
		const { code, stdout, stderr } = await prebind.ctl(["prebind", ...args, "--json"]);
		assert.equal(code, jid === null ? 2 : 0, stderr);
		if (jid !== null)
			assert.equal(JSON.parse(stdout).jid.split("/")[0], jid);
	});
