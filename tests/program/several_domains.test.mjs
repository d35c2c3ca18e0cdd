// Accounts in several domains: {email} as the JID itself, and several realms of remote_user. The table of attempts: each way to
// become somebody else by these mappings, and what becomes of it. And both ways of looking agree: a login and a search for people.
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Extauth } from "../lib/extauth.mjs";
import { NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { confText, Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const AUDIENCE = "site.test";
const key = randomBytes(32);
const DENIED = { deny_jids: "boss root@shop.test" };
const DOMAINS = { jid: "{email}", jid_domains: "example.test shop.test" };
const REALMS = "CORP.TEST SALES.TEST CORP\\=CORP.TEST SALES\\=SALES.TEST";
const PEOPLE = "SELECT name AS user, name AS display_name, email FROM member WHERE name = :user OR (:q <> '' AND fold(name) LIKE :q || '%') ORDER BY name LIMIT :limit;\n";
let place, peer, prebind;

function token(payload) {
	const now = Math.floor(Date.now() / 1000);
	const text = Buffer.from(JSON.stringify({ aud: AUDIENCE, iat: now, exp: now + 600, ...payload })).toString("base64url");
	const mac = createHmac("sha256", key).update(`prebind-sso-v1\0k1${text}`).digest("base64url");
	return `v1.k1.${text}.${mac}`;
}

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	const database = place.path("forum.db");
	await runSql(place, database, `CREATE TABLE member (name TEXT, email TEXT);
		INSERT INTO member VALUES ('Ann', 'ann@example.test'), ('Annika', 'annika@SHOP.TEST'), ('Anno', 'anno@evil.test'), ('Annsecond', 'ann@example.test');`);
	const site = (name, more) => ({ ...peer.site(place), ...DENIED, hosts: `${name}.test`, database: `${place.folder("data")}/${name}.db`, ...more });
	const tokens = { identity: "token", token_audience: AUDIENCE, token_key_file: place.write("etc/token.keys", `k1:${key.toString("base64url")}\n`) };
	prebind = new Prebind(place, {
		site: site("mail", { ...tokens, ...DOMAINS, database: place.path("data/prebind.db") }),
		sites: {
			people: site("people", { ...tokens, ...DOMAINS, people: "all", site_database: database, people_query: place.write("etc/people.sql", PEOPLE, 0o644) }),
			corp: site("corp", { identity: "remote_user", jid: "{user|lower}@corp.test", remote_user_realm: REALMS }),
			plain: site("plain", { identity: "remote_user", jid: "{user}@plain.test", remote_user_realm: "CORP.TEST SALES.TEST" }),
		},
	});
	await prebind.prepare();
	for (const name of ["people", "corp", "plain"])
		await prebind.ctlOk(["--site", name, "migrate"]);
	await prebind.start();
});
after(() => place.close({ logs: true }));

/** What becomes of a login: the bare JID of the session that the XMPP server was asked for, or the status. */
async function come(host, headers, params = {}) {
	const answer = await prebind.request({ path: "/", headers: { ...NAVIGATION, Host: host, ...headers }, params: { HTTP_HOST: host, ...params } });
	if (answer.status !== 200)
		return answer.status;
	const { body } = peer.requests[peer.requests.length - 1];
	return JSON.parse(/"[^"]*\/web-[^"]*"/.exec(body)[0]).split("/web-")[0];
}

const byToken = (payload, host = "mail.test") => come(host, { Cookie: `chat_token=${token(payload)}` });
const byServer = (REMOTE_USER, host = "corp.test") => come(host, {}, { REMOTE_USER, AUTH_TYPE: "Negotiate" });

// ---- {email} ----

const ANN = "ann@example.test";

test("{email}: an address is the JID, in each domain of the list", async () => {
	assert.equal(await byToken({ user: "Ann", email: ANN }), ANN);
	assert.equal(await byToken({ user: "Ann of the shop", email: "ann@shop.test" }), "ann@shop.test");
	assert.equal(await byToken({ user: "Ann", email: "ann@Example.TEST" }), ANN, "mail knows no capitals in a domain");
	assert.equal(await byToken({ user: "Plus", email: "plus+x@example.test" }), "plus+x@example.test");
});

for (const [what, claims, expected = 403] of [
	["Ann's address", { email: ANN }],
	["Ann's address, the domain in capitals", { email: "ann@EXAMPLE.TEST" }],
	["Ann's address, the name in capitals", { email: "ANN@example.test" }],
	["Ann's name in full-width letters", { email: "\uff41nn@example.test" }],
	["Ann's name with an invisible character", { email: "an\u200bn@example.test" }],
	["a name that looks like Ann's, with a Cyrillic letter", { email: "\u0430nn@example.test" }, "\u0430nn@example.test"],
	["a dot at the end", { email: "ann@example.test." }],
	["a Cyrillic letter in the domain", { email: "ann@ex\u0430mple.test" }],
	["full-width letters in the domain", { email: "ann@\uff45xample.test" }],
	["an ideographic full stop in the domain", { email: "ann@example\u3002test" }],
	["the domain as an IDN", { email: "ann@xn--exmple-4nf.test" }],
	["another domain", { email: "ann@evil.test" }],
	["a domain below one of the list", { email: "ann@mail.example.test" }],
	["a domain that begins like one of the list", { email: "ann@example.test.evil.test" }],
	["a domain that ends like one of the list", { email: "ann@evilexample.test" }],
	["the list's domain before another one", { email: "ann@example.test@evil.test" }],
	["another domain before the list's", { email: "ann@evil.test@example.test" }, "ann\\40evil.test@example.test"],
	["an address in quotes", { email: '"ann"@example.test' }, "\\22ann\\22@example.test"],
	["an address with an escape in it", { email: "a\\40b@example.test" }, "a\\5c40b@example.test"],
	["a resource", { email: "ann@example.test/web" }],
	["a blank at the end", { email: "ann@example.test " }],
	["a blank before it", { email: " ann@example.test" }],
	["a name alone", { email: "ann" }],
	["a domain alone", { email: "@example.test" }],
	["nothing", { email: "" }],
	["no address", {}],
	["Ann's JID as a claim", { jid: ANN }],
	["a JID of another domain as a claim", { jid: "eve@evil.test", email: "eve@example.test" }],
	["an account of deny_jids, in its domain", { email: "root@shop.test" }],
	["the same name in another domain", { email: "root@example.test" }, "root@example.test"],
	["a name of deny_jids, in the first domain", { email: "boss@example.test" }],
	["a name of deny_jids, in the second domain", { email: "boss@shop.test" }],
	["somebody whom exclude_users names", { user: "Anonymous", email: "eve@example.test" }, 401],
])
	test(`{email}: Eve with ${what}`, async () => {
		assert.equal(await byToken({ user: "Ann", email: ANN }), ANN, "Ann came first");
		assert.equal(await byToken({ user: "Eve", ...claims }), expected);
	});

test("{email}: two at the same moment with one address: one", async () => {
	const all = await Promise.all(Array.from({ length: 8 }, (_, i) => prebind.request({
		path: "/", params: { HTTP_HOST: "mail.test" }, headers: { ...NAVIGATION, Cookie: `chat_token=${token({ user: `u${i}`, email: "race@shop.test" })}` },
	})));
	assert.deepEqual(all.map(({ status }) => status).sort(), [200, ...Array(7).fill(403)]);
});

test("{email}: a search for people and a login say the same", async () => {
	assert.equal(await byToken({ user: "Ann", email: ANN }, "people.test"), ANN);
	const answer = await prebind.request({
		path: "/people.json?q=ann", params: { HTTP_HOST: "people.test" },
		headers: { ...SCRIPT, Cookie: `chat_token=${token({ user: "Bob", email: "bob@example.test" })}` },
	});
	assert.deepEqual(JSON.parse(answer.body).map(({ user, jid }) => [user, jid]), [["Ann", ANN], ["Annika", "annika@shop.test"]],
		"the one of another domain, and the one whose account Ann has, are left out");
	assert.equal(await byToken({ user: "Annika", email: "annika@SHOP.TEST" }, "people.test"), "annika@shop.test");
	assert.equal(await byToken({ user: "Anno", email: "anno@evil.test" }, "people.test"), 403);
	assert.equal(await byToken({ user: "Annsecond", email: ANN }, "people.test"), 403);
});

test("{email}: prebind-extauth knows the domains of the list", async () => {
	const both = new Extauth(place, prebind.conf);
	await both.child.end;
	assert.match(both.child.stderr, /both have the domain example\.test; choose one with --site/);
	await prebind.ctlOk(["--site", "default", "map", "set", "--source", "token", "Mia", "mia@shop.test"]);
	const one = new Extauth(place, prebind.conf, ["--site", "default"]);
	assert.equal(await one.ask("isuser:mia:shop.test"), true);
	for (const host of ["example.test", "evil.test"])
		assert.equal(await one.ask(`isuser:mia:${host}`), false, host);
	assert.equal(await byToken({ user: "Eve", email: "mia@shop.test" }), 403);
});

test("prebind-extauth names a domain that both sites have, in either order of the sites", async () => {
	const site = (name, more) => ({ ...peer.site(place), hosts: `${name}.test`, database: `${place.folder("data")}/${name}.db`, ...more });
	const tokens = { identity: "token", token_audience: AUDIENCE, token_key_file: place.path("etc/token.keys") };
	const mail = site("mail", { ...tokens, ...DOMAINS });
	const shop = site("shop", { identity: "remote_user", jid: "{user}@shop.test" });
	for (const sites of [{ mail, shop }, { shop, mail }]) {
		const both = new Extauth(place, place.write("etc/shared.conf", confText({ sites })));
		await both.child.end;
		assert.match(both.child.stderr, /both have the domain shop\.test; choose one/, Object.keys(sites).join());
	}
});

// ---- realms ----

const SALES_ALICE = "alice\\40sales.test@corp.test";

for (const [name, expected] of [
	["alice", "alice@corp.test"],
	["alice@CORP.TEST", "alice@corp.test"],
	["CORP\\alice", "alice@corp.test"],
	["corp\\Alice", "alice@corp.test"],
	["alice@SALES.TEST", SALES_ALICE],
	["ALICE@SALES.TEST", SALES_ALICE],
	["SALES\\alice", SALES_ALICE],
	["sales\\alice", SALES_ALICE],
	["alice@sales.test", 401], // Kerberos knows capitals
	["alice@CORP.TEST.", 401],
	["alice@OTHER.TEST", 401],
	["alice@CORP", 401],
	["alice@", 401],
	["OTHER\\alice", 401],
	["CORP.TEST\\alice", 401],
	["\\alice", 401],
	["CORP\\", 401],
	["@CORP.TEST", 401],
	["CORP\\alice@CORP.TEST", 401],
	["CORP\\alice@SALES.TEST", 401],
	["CORP\\a@b", 401],
	["CORP\\SALES\\alice", 401],
	["alice@SALES.TEST@CORP.TEST", 401], // the first realm's user who is called as the second one's alice
	["alice@sales.test@CORP.TEST", 401],
	["\uff23\uff2f\uff32\uff30\\alice", 401],
	["alice@C\u041eRP.TEST", 401],
	["boss@CORP.TEST", 403],
	["CORP\\boss", 403],
	["boss@SALES.TEST", "boss\\40sales.test@corp.test"],
	["anonymous", 401],
	["CORP\\anonymous", 401],
	["Anonymous@SALES.TEST", 401],
	["SALES\\guest", 401],
])
	test(`remote_user: ${name}`, async () => assert.equal(await byServer(name), expected));

test("remote_user: the realm that is kept fits a rule that changes no capitals", async () => {
	assert.equal(await byServer("alice@SALES.TEST", "plain.test"), "alice\\40sales.test@plain.test");
	assert.equal(await byServer("alice@CORP.TEST", "plain.test"), "alice@plain.test");
	assert.equal(await byServer("CORP\\alice", "plain.test"), 401, "no prefix is in the list");
});

test("check says which realms are accepted", async () => {
	const { stdout } = await prebind.ctl(["--site", "corp", "check"]);
	assert.match(stdout, /@CORP\.TEST is removed from the name, @SALES\.TEST is kept, CORP\\ means CORP\.TEST, SALES\\ means SALES\.TEST, and other/);
});

// ---- what is refused in prebind.conf ----

for (const [keys, says] of [
	[{ jid: "{email}" }, /jid: jid = \{email\} requires the key jid_domains/],
	[{ jid: "{user}@example.test", jid_domains: "example.test" }, /jid_domains: requires jid = \{email\}, but `jid` is \{user\}@example\.test/],
	[{ ...DOMAINS, jid_domains: "example.test example.test" }, /jid_domains: "example\.test" appears twice/],
	[{ ...DOMAINS, identity: "token guest", guest_domain: "shop.test", bosh_service: "http://127.0.0.1:9/" }, /jid_domains: shop\.test is the guest_domain/],
	[{ ...DOMAINS, identity: "login" }, /needs a user's e-mail address, which the provider login does not return/],
	[{ remote_user_realm: "CORP.TEST SALES\\=SALES.TEST" }, /remote_user_realm: "SALES\\=SALES\.TEST" is in this list, but the realm SALES\.TEST is not; add the realm/],
	[{ remote_user_realm: "CORP.TEST corp.test" }, /remote_user_realm: "corp\.test" appears twice/],
	[{ remote_user_realm: "A.TEST B.TEST X\\=A.TEST x\\=B.TEST" }, /remote_user_realm: "x\\=B\.TEST" appears twice/],
])
	test(`refused: ${Object.entries(keys).map((pair) => pair.join(" = ")).join(", ")}`, async (t) => {
		const other = new Place();
		t.after(() => other.close());
		const keyFile = other.write("etc/token.keys", `k1:${key.toString("base64url")}\n`);
		const wrong = new Prebind(other, { site: { ...peer.site(other), identity: "token", token_audience: AUDIENCE, token_key_file: keyFile, ...keys } });
		await wrong.prepare().catch(() => {}); // some are refused before there can be a database
		const { code, stdout, stderr } = await wrong.ctl(["check"]);
		assert.notEqual(code, 0);
		assert.match(stdout + stderr, says);
	});
