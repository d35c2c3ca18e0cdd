// alice tries to become bob, by everything that is hers to send: requests, names she signs up by, and the one-time
// password that /credentials.json gives her. Whatever comes of it, on neither server is it a session of bob's.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BoshClient } from "../lib/bosh_client.mjs";
import { dataBlock, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { DOMAIN, endSession, startSite, whose } from "../lib/xmpp_site.mjs";

const BOB = `bob@${DOMAIN}`;
const ALICE = `alice@${DOMAIN}`;
const JSON_TYPE = { "Content-Type": "application/json" };
const base64 = (text) => Buffer.from(text).toString("base64");
const FORM_TYPE = { "Content-Type": "application/x-www-form-urlencoded" };

const servers = [
	{ name: "Prosody, token", server: "prosody", way: "token" },
	{ name: "ejabberd, jwt", server: "ejabberd", way: "jwt" },
	{ name: "ejabberd, token by extauth", server: "ejabberd", way: "token" },
];
const places = [];

before(async () => {
	await Promise.all(servers.map(async (row) => {
		const place = new Place();
		places.push(place);
		row.site = await startSite(place, { ...row, site: { credentials: "on", identity: "login remote_user" } });
	}));
});
after(async () => {
	for (const place of places)
		await place.close({ logs: true });
});

const bare = (jid) => jid?.split("/")[0];

/** Was it for bob? By the JID we were told, and by the server's own word. Returns that bare JID, if there is one. */
async function assertNotBobs(site, answer) {
	let told;
	try {
		told = dataBlock(answer.body) ?? JSON.parse(answer.body);
	} catch {
		return undefined; // neither a page with a session nor JSON
	}
	if (!told?.jid)
		return undefined;
	assert.notEqual(bare(told.jid), BOB);
	if (told.sid) {
		assert.equal(await whose(site.port, told), told.jid);
		await endSession(site.port, told);
	}
	return bare(told.jid);
}

// ---- requests: alice is logged in, and nobody but her ----

const post = (path, body, headers) => ({ method: "POST", path, headers: { ...SCRIPT, ...headers }, body });
const get = (path, headers = SCRIPT) => ({ method: "GET", path, headers });

const REQUESTS = [
	...["user=bob", `jid=${BOB}`, `from=${BOB}`, "authzid=bob", "remote_user=bob", "user[]=bob", "bind=bob", "site=bob"].flatMap((query) =>
		[get(`/prebind.json?${query}`), get(`/credentials.json?${query}`), get(`/?${query}`, NAVIGATION)]),
	...["user=bob", `jid=${BOB}`, "bind=no&user=bob", "user=alice&user=bob", "token=bob", "bind=%00bob", "user=bob%00", "u%73er=bob"].flatMap((form) =>
		[post("/prebind.json", form, FORM_TYPE), post("/credentials.json", form, FORM_TYPE)]),
	...[{ user: "bob" }, { jid: BOB }, { from: BOB }, { user: ["alice", "bob"] }, { __proto__: null, user: "bob", USER: "bob" }, "bob", ["bob"]].flatMap((json) =>
		[post("/prebind.json", JSON.stringify(json), JSON_TYPE), post("/credentials.json", JSON.stringify(json), JSON_TYPE)]),
	post("/prebind.json", `<command><fields><item><var>from</var><value>${BOB}</value></item></fields></command>`, { "Content-Type": "text/xml" }),
	...["/prebind.json/bob", "/prebind.json;user=bob", "//prebind.json", "/prebind.json%2fbob", "/prebind.json/../bob", "/bob/prebind.json", "/~bob/",
		`/rest/adhoc/${BOB}`, `/rest/adhoc/bosh@${DOMAIN}`].map((path) => get(path)),
	post(`/rest/adhoc/bosh@${DOMAIN}`, JSON.stringify({ command: { node: "pre-bind-bosh-session", fields: [{ var: "from", value: BOB }] } }), JSON_TYPE),
	...[
		{ Remote_User: "bob" }, { "Remote-User": "bob" }, { "X-Remote-User": "bob" }, { "X-Forwarded-User": "bob" }, { "Auth-User": "bob" },
		{ Authorization: `Basic ${base64("bob:")}` }, { Authorization: `Basic ${base64("bob:alice's site password")}` },
		{ Authorization: `Bearer ${BOB}` }, { From: BOB }, { "X-Original-URL": "/prebind.json?user=bob" },
		{ "X-HTTP-Method-Override": "BOB" }, { "X-Forwarded-Host": "bob.example.org" }, { Forwarded: "for=bob;by=bob" },
	].map((headers) => get("/prebind.json", { ...SCRIPT, ...headers })),
];

/** Cookies beside alice's own: her browser can send any. */
const COOKIES = [
	(own) => `${own}; user=bob`,
	(own) => `user=bob; ${own}`,
	(own) => `${own}; ${own.replace(/=.*/, "=bob")}`,
	(own) => `${own.replace(/=.*/, "=bob")}; ${own}`,
	(own) => `${own}bob`,
	(own) => `${own}%00bob`,
	(own) => `${own}.bob`,
	(own) => own.toUpperCase(),
	(own) => own.replace(/=.*/, `=${BOB}`),
	(own) => own.replace(/=.*/, `="bob"`),
	(own) => own.replace(/=.*/, "="),
	(own) => own.replace(/=(.).*/, "=$1%25"),
];

// ---- names: what alice may call herself where she signs up ----

const NAMES = [
	"Bob", "BOB", "bOb", "bob ", " bob", "bob\t", "bob\n", "bob\r\nbob", "bob\u00a0", BOB, `${BOB}/x`, "bob/x", "bob/", "/bob", "@bob", "bob@",
	`bob@${DOMAIN}@${DOMAIN}`, `alice@${DOMAIN}/${BOB}`, "\\62ob", "bob\\20", "bob\\40example.org", "bob\\2fx", "%62ob", "bob%00", "bob%40example.org",
	"bob|example.org", "bob:x", "bob'", "bob\"", "bob&", "bob<", "&#98;ob", "bob'/><jid>bob", "ｂｏｂ", "ⓑⓞⓑ", "ᵇᵒᵇ", "𝐛𝐨𝐛", "𝒷ℴ𝒷",
	"b\u00adob", "bo\u200bb", "bob\u200d", "b\u034fob", "\ufeffbob", "bob\ufe0f", "b\u2060ob", "b\u180bob", "\u202ebob", "bo\u0062\u0307", "bоb", "ʙob",
	"{user}", "bob;alice", "bob,alice", "bob\\", "bob\u007f", "bob\u0001",
];

// ---- what a one-time password can be sent with ----

/** SASL PLAIN: authzid NUL authcid NUL password; and what is none. */
const MESSAGES = [
	...["bob", BOB, `${BOB}/x`, "Bob", BOB.toUpperCase(), "ｂｏｂ", "b\u00adob", "bob ", " bob", "bob\\40example.org", `alice@${DOMAIN}/${BOB}`,
		`xmpp:${BOB}`, "dn:bob", "u:bob"].map((authzid) => (secret) => `${authzid}\0alice\0${secret}`),
	...["bob", BOB, `${BOB}/alice`, "bob/alice", "Bob", "ｂｏｂ", "b\u00adob", "bob ", "alice\nbob", "alice|bob", "bob|alice", `alice@${DOMAIN}|bob`,
		"bob\\40example.org", `alice@${DOMAIN}`].map((user) => (secret) => `\0${user}\0${secret}`),
	(secret) => `bob\0bob\0${secret}`,
	(secret) => `${BOB}\0bob\0${secret}`,
	(secret) => `\0bob\0alice\0${secret}`,
	(secret) => `\0alice\0bob\0${secret}`,
	(secret) => `\0alice\0${secret}\0bob`,
	(secret) => `\0\0alice\0${secret}`,
	(secret) => `bob\0\0alice\0${secret}`,
	(secret) => `\0alice\0bob\0\0${secret}`,
	(secret) => `\0bob\0${secret.replace(/^\d+/, (expiry) => `${expiry}|bob`)}`,
	(secret) => `\0bob\0${secret}:bob`,
	(secret) => `\0bob\0bob:${secret}`,
	(secret) => `\0bob\0${secret.replaceAll("alice", "bob")}`,
	(secret) => `\0bob\0${secret.replace(/^([^.]*)\.[^.]*\.(.*)$/, (_, head, mac) =>
		`${head}.${Buffer.from(JSON.stringify({ jid: BOB, exp: 9999999999 })).toString("base64url")}.${mac}`)}`,
	() => `\0bob\0${["eyJhbGciOiJub25lIn0", Buffer.from(JSON.stringify({ jid: BOB, exp: 9999999999 })).toString("base64url"), ""].join(".")}`,
];

/** Where else in a log-in a name could stand: attributes of the bodies, the resource. */
const PLACES = [
	{ create: `from='${BOB}'` },
	{ create: `from='${BOB}/x' to='${DOMAIN}'`.replace(/ to=.*/, "") },
	{ create: `authid='${BOB}'` },
	{ restart: `from='${BOB}'` },
	{ resource: BOB },
	{ resource: `x' to='${BOB}` },
	{ resource: "x</resource></bind><bind><jid>bob@example.org</jid>" },
	{ bind: `<jid>${BOB}</jid>` },
	{ bind: `<resource>x</resource><username>bob</username>` },
	{ iq: `from='${BOB}'` },
	{ iq: `to='${BOB}'` },
	{ iq: `from='${BOB}/x'` },
];

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const xml = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** A log-in by hand; the bare JID of its session by the server's own word, or undefined. */
async function logIn(site, message, { create = "", restart = "", resource = "x", bind, iq = "" } = {}) {
	const client = new BoshClient({ port: site.port, domain: DOMAIN });
	try {
		await client.create(create);
		const answer = await client.ask(`<auth xmlns='${SASL}' mechanism='PLAIN'>${Buffer.from(message).toString("base64")}</auth>`);
		if (!/<success/.test(answer))
			return undefined;
		await client.send(`to='${DOMAIN}' ${restart} xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'`);
		await client.ask(`<iq xmlns='jabber:client' type='set' id='b' ${iq}><bind xmlns='${BIND}'>${
			bind ?? `<resource>${xml(resource)}</resource>`}</bind></iq>`);
		return bare(await whose(site.port, client)) ?? "nobody";
	} catch {
		return undefined; // the server did not even answer as one that speaks BOSH
	} finally {
		await client.end();
	}
}

test("the table has what it should", () => {
	assert.ok(REQUESTS.length + COOKIES.length + NAMES.length + MESSAGES.length + PLACES.length >= 60);
	assert.equal(new Set(NAMES).size, NAMES.length);
});

for (const row of servers) {
	describe(row.name, () => {
		let site, alice;
		before(async () => {
			({ site } = row);
			alice = await site.enter("alice");
		});

		test("alice is alice, and bob is bob", async () => {
			for (const user of ["alice", "bob"]) {
				const session = JSON.parse((await (await site.enter(user)).get("/prebind.json", SCRIPT)).body);
				assert.equal(bare(await whose(site.port, session)), `${user}@${DOMAIN}`);
				await endSession(site.port, session);
			}
		});

		test(`${REQUESTS.length} requests`, async () => {
			for (const request of REQUESTS)
				await assertNotBobs(site, await alice.request(request.method, request.path, request));
		});

		test(`${COOKIES.length} cookies`, async () => {
			const own = alice.jar.headers.Cookie;
			for (const make of COOKIES)
				await assertNotBobs(site, await new Visitor((request) => site.prebind.request(request)).get("/prebind.json", { ...SCRIPT, Cookie: make(own) }));
		});

		test(`${NAMES.length} names that a site might vouch for`, async () => {
			const others = new Set();
			for (const name of NAMES) {
				const visitor = new Visitor((request) => site.prebind.request({ ...request, params: { REMOTE_USER: name, AUTH_TYPE: "Basic" } }));
				for (const path of ["/prebind.json", "/credentials.json"])
					others.add(await assertNotBobs(site, await visitor.get(path, SCRIPT)));
			}
			assert.ok(others.size > 10, "most names are somebody's, and each somebody else's");
		});

		const secret = async () => {
			const { jid, password } = JSON.parse((await alice.get("/credentials.json", SCRIPT)).body);
			assert.equal(bare(jid), ALICE);
			return password;
		};

		test("her one-time password is good for her", async () => {
			assert.equal(await logIn(site, `\0alice\0${await secret()}`), ALICE);
		});

		test(`${MESSAGES.length} SASL messages with her one-time password`, async () => {
			for (const [i, make] of MESSAGES.entries())
				assert.notEqual(await logIn(site, make(await secret())), BOB, `MESSAGES[${i}]`);
		});

		test(`${PLACES.length} log-ins that name bob elsewhere`, async () => {
			for (const place of PLACES)
				assert.notEqual(await logIn(site, `\0alice\0${await secret()}`, place), BOB, JSON.stringify(place));
		});
	});
}

// Our own table of users and our login form are the same in front of every server.

test("the login form, as bob, with her own password or none", async () => {
	const [{ site }] = servers;
	for (const user of ["bob", "Bob", "bob\0", "bob\0alice", "alice\0bob", "bob' OR '1'='1", "bob'--", "b%b", "b_b", "bob ", "ｂｏｂ"]) {
		for (const password of ["alice's site password", ""]) {
			const visitor = site.visitor();
			assert.notEqual((await visitor.login(user, password)).status, 303, JSON.stringify([user, password]));
			await assertNotBobs(site, await visitor.get("/prebind.json", SCRIPT));
		}
	}
});

test(`${NAMES.length} names to sign up by`, async () => {
	const [{ site }] = servers;
	const password = "alice's second account";
	for (const name of NAMES) {
		const { code } = await site.prebind.ctl(["user", "add", name, "--password-stdin"], { input: `${password}\n` });
		if (code !== 0)
			continue; // refused: better still
		const visitor = site.visitor();
		await visitor.login(name, password);
		await assertNotBobs(site, await visitor.get("/prebind.json", SCRIPT));
	}
});
