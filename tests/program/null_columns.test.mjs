// What a site leaves empty: null in a value that decides who somebody is, or for how long, is never taken for a yes.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { after, before, test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const KEY = crypto.randomBytes(32);
const AUDIENCE = "www.example.org";
const PASSWORD = "correct horse";
const PHPASS = "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1"; // of it
const now = () => Math.floor(Date.now() / 1000);

/** The ways in, and the query of each: whose ends in the session's own row. */
const QUERIES = {
	seconds: "SELECT name AS user, ends AS expires_s FROM session WHERE id = :sid",
	milliseconds: "SELECT name AS user, ends * 1000 AS expires_ms FROM session WHERE id = :sid",
	text: "SELECT name AS user, strftime('%Y-%m-%d %H:%M:%S', ends, 'unixepoch') AS expires_iso FROM session WHERE id = :sid",
	none: "SELECT name AS user FROM session WHERE id = :sid",
	profile: "SELECT 42 AS user FROM session WHERE id = :sid",
};
let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const database = `${place.folder("site")}/site.db`;
	await runSql(place, database, `
		CREATE TABLE session (id TEXT PRIMARY KEY, name TEXT, ends INTEGER);
		INSERT INTO session VALUES ('good', 'alice', ${now() + 3600}), ('endless', 'alice', NULL), ('nobody', NULL, ${now() + 3600});
		CREATE TABLE member (login TEXT, name TEXT, hash TEXT);
		INSERT INTO member VALUES ('alice', 'alice', '${PHPASS}'), ('a@example.org', NULL, '${PHPASS}'), ('empty', '', '${PHPASS}');`);
	const common = { ...peer.site(place), jid: "{user}@example.test", site_database: database };
	const sites = Object.fromEntries(Object.entries(QUERIES).map(([name, query]) => [name, { ...common,
		hosts: `${name}.example`, database: `${place.folder("data")}/${name}.db`, identity: "site_session", site_cookie: "sid",
		site_query: place.write(`etc/${name}.sql`, query),
		...(name === "profile" && { site_profile_query: place.write("etc/who.sql", "SELECT NULL AS user, 'A' AS display_name WHERE :user <> ''") }) }]));
	const query = place.write("etc/login.sql", "SELECT hash AS password_hash, name AS user FROM member WHERE login = :user");
	prebind = new Prebind(place, {
		site: { ...common, hosts: "login.example", login_query: query },
		sites: { ...sites, token: { ...common, hosts: "token.example", database: place.path("data", "token.db"), identity: "token",
			token_key_file: place.write("etc/token.keys", `k1:${KEY.toString("base64url")}\n`), token_audience: AUDIENCE, token_format: "jwt" } },
	});
	await prebind.prepare();
	for (const name of [...Object.keys(sites), "token"])
		await prebind.ctlOk(["--site", name, "migrate"]);
	await prebind.start();
});
after(() => place.close());

const visitor = (host) => new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host, SERVER_NAME: host } }));

async function statusOf(site, cookie, value) {
	const one = visitor(`${site}.example`);
	one.jar.cookies.set(cookie, value);
	return (await one.get("/")).status;
}

for (const way of ["seconds", "milliseconds", "text"])
	test(`an end in ${way} that is null: nobody is logged in`, async () => {
		assert.equal(await statusOf(way, "sid", "good"), 200);
		assert.equal(await statusOf(way, "sid", "endless"), 401);
	});

test("a query that returns no end has sessions without one", async () => {
	assert.equal(await statusOf("none", "sid", "endless"), 200);
	assert.equal(await statusOf("none", "sid", "nobody"), 401, "without a user nobody is logged in");
});

test("a profile whose name is null: the number in the session is no name instead", async () => {
	assert.equal(await statusOf("profile", "sid", "good"), 401);
});

test("login_query: what was typed is no name for a user who has none", async () => {
	assert.equal((await visitor("login.example").login("alice", PASSWORD)).status, 303);
	for (const typed of ["a@example.org", "empty"])
		assert.equal((await visitor("login.example").login(typed, PASSWORD)).status, 401, typed);
});

for (const [what, claims, status] of [
	["every claim as it should be", {}, 200],
	["a jid that is null", { jid: null }, 200],
	["user null, with a sub", { user: null, sub: "alice" }, 401],
	["iat null", { iat: null }, 401],
	["exp null", { exp: null }, 401],
	["aud null", { aud: null }, 401],
	["nbf null", { nbf: null }, 401],
	["a jid that is a number", { jid: 42 }, 401],
	["a jid that is a list", { jid: ["alice@example.test"] }, 401],
])
	test(`a JWT with ${what}: ${status}`, async () => {
		const text = [{ alg: "HS256", typ: "JWT" }, { user: "alice", iat: now(), exp: now() + 300, aud: AUDIENCE, ...claims }]
			.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
		const mac = crypto.createHmac("sha256", KEY).update(text).digest("base64url");
		assert.equal(await statusOf("token", "chat_token", `${text}.${mac}`), status);
	});
