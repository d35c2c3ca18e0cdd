// Two people, one account: every way to a JID against every other, in both orders. Whoever came first has the account; the
// other is refused, and the log names the cure.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { after, before, test } from "node:test";
import { Extauth } from "../lib/extauth.mjs";
import { NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { askSql, runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const AUDIENCE = "www.example.org";
const KEY = crypto.randomBytes(32);
const DOMAIN = "example.test";
const WAYS = ["login", "extauth", "token", "claim", "claim with id", "column"];
const BY_NAME = ["login", "extauth", "token"]; // the account's name is the user's: one and the same person
const PAIRS = WAYS.flatMap((first) => WAYS.filter((second) => first !== second && !(BY_NAME.includes(first) && BY_NAME.includes(second)))
	.map((second) => [first, second]));
const account = (pair) => `pat${PAIRS.indexOf(pair)}`;
let place, prebind, extauth, data, hash;

const now = () => Math.floor(Date.now() / 1000);

function token(claims) {
	const payload = Buffer.from(JSON.stringify({ iat: now(), exp: now() + 300, aud: AUDIENCE, ...claims })).toString("base64url");
	const mac = crypto.createHmac("sha256", KEY).update(`prebind-sso-v1\0k1${payload}`);
	return `v1.k1.${payload}.${mac.digest("base64url")}`;
}

const addUser = (database, name) =>
	runSql(place, database, `INSERT INTO site_user (name, password_hash, created) VALUES ('${name}', '${hash}', ${now()})`);

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	data = place.folder("data");
	const siteDatabase = `${place.folder("site")}/site.db`;
	await runSql(place, siteDatabase, `CREATE TABLE session (id TEXT, name TEXT, jid TEXT);
		${PAIRS.map((pair) => `INSERT INTO session VALUES ('${account(pair)}', 'sam', '${account(pair)}@${DOMAIN}');`).join("")}
		INSERT INTO session VALUES ('mapped', 'sam', 'mapped@${DOMAIN}');`);
	const keys = { token_audience: AUDIENCE, token_key_file: place.write("etc/token.keys", `k1:${KEY.toString("base64url")}\n`) };
	const site = (name, more) => ({ ...peer.site(place), ...keys, hosts: `${name}.example`, database: `${data}/${name}.db`, ...more });
	prebind = new Prebind(place, {
		site: site("all", { database: `${data}/prebind.db`, identity: "token site_session login", jid: `{user}@${DOMAIN}`, site_database: siteDatabase,
			site_cookie: "sid", site_query: place.write("etc/session.sql", "SELECT name AS user, jid FROM session WHERE id = :sid") }),
		sites: {
			email: site("email", { identity: "token", jid: `{email}@${DOMAIN}` }),
			folded: site("folded", { identity: "login", jid: `{user|lower}@${DOMAIN}` }),
			typed: site("typed", { identity: "remote_user", jid: `{user|lower}@${DOMAIN}` }),
			plain: site("plain", { identity: "login", jid: `{user}@${DOMAIN}` }),
		},
	});
	await prebind.prepare({ first: PASSWORD });
	[hash] = await askSql(place, `${data}/prebind.db`, "SELECT password_hash FROM site_user", [{}]);
	for (const pair of PAIRS)
		await addUser(`${data}/prebind.db`, account(pair));
	for (const name of ["email", "folded", "typed", "plain"])
		await prebind.ctlOk(["--site", name, "migrate"]);
	for (const [where, name] of [["folded", "Bob"], ["folded", "bob"], ["plain", "pat"]])
		await addUser(`${data}/${where}.db`, name);
	await prebind.start();
	extauth = new Extauth(place, prebind.conf, ["--site", "default"]);
});
after(() => place.close({ logs: true }));

const visitor = (host, params) => new Visitor((request) =>
	prebind.request({ ...request, params: { HTTP_HOST: host, SERVER_NAME: host, ...params } }));

async function withCookie(host, name, value) {
	const one = visitor(host);
	one.jar.cookies.set(name, value);
	return (await one.get("/", NAVIGATION)).status;
}

async function logIn(host, name) {
	const one = visitor(host);
	assert.equal((await one.login(name, PASSWORD)).status, 303, name);
	return (await one.get("/", NAVIGATION)).status;
}

const byToken = (host, claims) => withCookie(host, "chat_token", token(claims));

/** Somebody comes for the account of that name: 200 or 403. */
const come = {
	login: (name) => logIn("all.example", name),
	extauth: async (name) => (await extauth.ask(`auth:${name}:${DOMAIN}:${PASSWORD}`) ? 200 : 403),
	token: (name) => byToken("all.example", { user: name }),
	claim: (name) => byToken("all.example", { user: "mallory", jid: `${name}@${DOMAIN}` }),
	"claim with id": (name) => byToken("all.example", { user: "ivan", id: "7", jid: `${name}@${DOMAIN}` }),
	column: (name) => withCookie("all.example", "sid", name),
};

const logged = (line) => until(`the log to have ${line}`, () => line.test(prebind.child.stderr));

for (const pair of PAIRS) {
	const [first, second] = pair;
	test(`${first}, then ${second}`, async () => {
		for (let again = 0; again < 2; again++) {
			assert.equal(await come[first](account(pair)), 200, first);
			assert.equal(await come[second](account(pair)), 403, second);
		}
		if (second !== "extauth")
			await logged(new RegExp(`would get the account ${account(pair)}@[^"]*already belongs to[^"]*prebindctl map set`));
	});
}

test("one person by three ways is one person", async () => {
	for (const way of [...BY_NAME, ...BY_NAME])
		assert.equal(await come[way]("first"), 200, way);
});

test("the map's row wins, and is the cure", async () => {
	assert.equal(await come.column("mapped"), 200);
	assert.equal(await come.claim("mapped"), 403);
	await prebind.ctlOk(["--site", "default", "map", "set", "--source", "token", "mallory", `mapped@${DOMAIN}`]);
	assert.equal(await come.claim("mapped"), 200);
	assert.equal(await come.column("mapped"), 403);
	await prebind.ctlOk(["--site", "default", "map", "delete", "--source", "token", "mallory"]);
});

test("two at the same moment: one", async () => {
	const statuses = await Promise.all(Array.from({ length: 12 }, (_, i) => byToken("all.example", { user: `u${i}`, jid: `race@${DOMAIN}` })));
	assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join());
	assert.equal(statuses.filter((status) => status === 403).length, 11, statuses.join());
});

test("{email}: two users of one address", async () => {
	assert.equal(await byToken("email.example", { user: "ann", email: "pat" }), 200);
	assert.equal(await byToken("email.example", { user: "ben", email: "pat" }), 403);
	assert.equal(await byToken("email.example", { user: "ben", jid: `pat@${DOMAIN}` }), 403);
	assert.equal(await byToken("email.example", { user: "ann", jid: `pat@${DOMAIN}` }), 200);
});

test("{user|lower}: names that the rule makes one are two users, unless the web server passes on what was typed", async () => {
	assert.equal(await logIn("folded.example", "Bob"), 200);
	assert.equal(await logIn("folded.example", "bob"), 403);
	for (const REMOTE_USER of ["Bob", "bob", "BOB"])
		assert.equal((await visitor("typed.example", { REMOTE_USER, AUTH_TYPE: "Basic" }).get("/", NAVIGATION)).status, 200, REMOTE_USER);
});

test("asking whether an account is there, and wrong passwords, claim nothing", async () => {
	await addUser(`${data}/prebind.db`, "quiet");
	assert.equal(await extauth.ask(`isuser:quiet:${DOMAIN}`), true);
	assert.equal(await extauth.ask(`auth:quiet:${DOMAIN}:wrong`), false);
	assert.equal((await prebind.ctl(["--site", "default", "prebind", "quiet"])).code, 0);
	assert.equal(await come.claim("quiet"), 200);
});

test("where no provider names JIDs, {user}@ writes no claim, and honours those that are there", async () => {
	assert.equal(await logIn("plain.example", "pat"), 200);
	const database = `${data}/plain.db`;
	assert.deepEqual(await askSql(place, database, "SELECT count(*) FROM jid_claim", [{}]), [0]);
	await runSql(place, database, `INSERT INTO jid_claim (localpart, domain, owner) VALUES ('pat', '${DOMAIN}', 'user:mallory')`);
	assert.equal(await logIn("plain.example", "pat"), 403);
});
