// Which JID a login leads to, seen from outside: rules of {email} and {id}, two users and one account, deny_jids.
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { NAVIGATION } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const key = randomBytes(32);
let place, peer, prebind;

/** A token as a site signs it. */
function token(payload) {
	const now = Math.floor(Date.now() / 1000);
	const text = Buffer.from(JSON.stringify({ aud: "site.test", iat: now, exp: now + 600, ...payload })).toString("base64url");
	const mac = createHmac("sha256", key).update(`prebind-sso-v1\0k1${text}`).digest("base64url");
	return `v1.k1.${text}.${mac}`;
}

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	const tokens = {
		...peer.site(place), identity: "token", token_audience: "site.test",
		token_key_file: place.write("etc/token.keys", `k1:${key.toString("base64url")}\n`),
	};
	const forum = place.path("forum.db");
	await runSql(place, forum, `CREATE TABLE session (sid TEXT, user INTEGER);
		CREATE TABLE member (id INTEGER, name TEXT, email TEXT);
		INSERT INTO member VALUES (7, 'Ann', 'ann@shop.test'), (8, 'Bob', 'ann@shop.test'), (9, 'Cyd', NULL);
		INSERT INTO session VALUES ('anns-session', 7), ('bobs-session', 8), ('cyds-session', 9);`);
	const query = place.write("etc/session.sql", `SELECT name AS user, id, email FROM session
		JOIN member ON member.id = session.user WHERE sid = :sid;\n`);
	const sessions = { ...peer.site(place), identity: "site_session", site_database: forum, site_query: query, site_cookie: "sid" };
	prebind = new Prebind(place, {
		site: { ...tokens, hosts: "user.test", jid: "{user|lower}@example.test", deny_jids: "boss root@example.test" },
		sites: {
			email: { ...tokens, hosts: "email.test", jid: "{email}@example.test" },
			id: { ...tokens, hosts: "id.test", jid: "{id}@example.test" },
			forum: { ...sessions, hosts: "forum.test", jid: "{email}@example.test", database: place.path("data/forum.db") },
			numbers: { ...sessions, hosts: "numbers.test", jid: "{id}@example.test" },
		},
	});
	await prebind.prepare();
	await prebind.ctlOk(["--site", "forum", "migrate"]);
	await prebind.start();
});
after(() => place.close());

/** What becomes of a login: the bare JID of the session that the peer was asked for, or the status. */
async function comeWith(host, cookie) {
	const answer = await prebind.request({ path: "/", headers: { ...NAVIGATION, Host: host, Cookie: cookie } });
	if (answer.status !== 200)
		return answer.status;
	const { body } = peer.requests[peer.requests.length - 1];
	return /([^"]*)\/web-/.exec(body)[1].replaceAll("\\\\", "\\");
}

const by = (host, payload) => comeWith(host, `chat_token=${token(payload)}`);

test("{email}: escaped, and for one user alone", async () => {
	assert.equal(await by("email.test", { user: "Ann", email: "ann@shop.test" }), "ann\\40shop.test@example.test");
	assert.equal(await by("email.test", { user: "Bob", email: "ann@shop.test" }), 403);
	assert.equal(await by("email.test", { user: "Ann", email: "ann@shop.test" }), "ann\\40shop.test@example.test");
	assert.equal(await by("email.test", { user: "Bob", email: "bob@shop.test" }), "bob\\40shop.test@example.test");
	assert.equal(await by("email.test", { user: "Cyd" }), 403);
});

test("{id}: a name may change, the account stays", async () => {
	assert.equal(await by("id.test", { user: "Ann", id: "4711" }), "4711@example.test");
	assert.equal(await by("id.test", { user: "Anne", id: "4711" }), "4711@example.test");
	assert.equal(await by("id.test", { user: "Ann" }), 403);
});

test("a query of the site that returns them", async () => {
	assert.equal(await comeWith("forum.test", "sid=bobs-session"), "ann\\40shop.test@example.test", "who comes first");
	assert.equal(await comeWith("forum.test", "sid=anns-session"), 403);
	assert.equal(await comeWith("forum.test", "sid=cyds-session"), 403);
	assert.equal(await comeWith("numbers.test", "sid=cyds-session"), "9@example.test");
	assert.equal(await comeWith("numbers.test", "sid=nobodys"), 401);
	await prebind.ctlOk(["--site", "forum", "map", "set", "Ann", "ann\\40shop.test@example.test"]);
	assert.equal(await comeWith("forum.test", "sid=anns-session"), "ann\\40shop.test@example.test");
	assert.equal(await comeWith("forum.test", "sid=bobs-session"), 403);
});

test("deny_jids, and the account that calls Tigase", async () => {
	const service = peer.accepted.user.split("@")[0];
	assert.equal(await by("user.test", { user: "boss" }), 403);
	assert.equal(await by("user.test", { user: "BOSS" }), 403);
	assert.equal(await by("user.test", { user: "root" }), 403);
	assert.equal(await by("user.test", { user: "bosse" }), "bosse@example.test");
	const domain = peer.accepted.user.split("@")[1];
	if (domain === "example.test")
		assert.equal(await by("user.test", { user: service }), 403);
	const { code, stderr } = await prebind.ctl(["--site", "default", "map", "set", "ann", peer.accepted.user]);
	assert.equal(code, 1);
	assert.match(stderr, /account \(tigase_user\), so no site user can have this account/);
});

test("user add --jid: a user and a row, or neither", async () => {
	const database = place.path("data/prebind.db");
	const add = (name, jid) => prebind.ctl(["--site", "default", "user", "add", name, "--password-stdin", "--jid", jid], { input: "correct horse\n" });
	const list = (what) => prebind.ctlOk(["--site", "default", what, "list"]);
	assert.deepEqual(await add("gabi", "gabi.mail@example.test"), { code: 0, signal: null, stdout: "", stderr: "" });
	assert.match(await list("map"), /gabi.*gabi\.mail@example\.test/);
	// nothing that is there can be deleted: an attempt to undo would leave the user
	await runSql(place, database, "CREATE TRIGGER kept BEFORE DELETE ON site_user BEGIN SELECT RAISE(ABORT, 'kept'); END");
	const users = await list("user");
	const taken = await add("hugo", "gabi.mail@example.test");
	assert.equal(taken.code, 1);
	assert.match(taken.stderr, /gabi\.mail@example\.test belongs to user "gabi" of the provider login/);
	assert.equal(await list("user"), users);
	assert.equal((await add("hugo", "hugo@example.test")).code, 0, "the name is free");
	assert.equal((await add("hugo", "ida@example.test")).code, 1, "the name is taken");
	assert.doesNotMatch(await list("map"), /ida@/);
});

/** What check, and a start, say of a site. */
async function saidOf(t, keys) {
	const other = new Place();
	t.after(() => other.close());
	other.write("etc/token.keys", `k1:${key.toString("base64url")}\n`);
	const wrong = new Prebind(other, {
		site: { ...peer.site(other), token_audience: "x", token_key_file: other.path("etc/token.keys"), ...keys },
	});
	await wrong.prepare();
	const { code, stdout, stderr } = await wrong.ctl(["check"]);
	assert.equal(code, 1);
	const start = await other.run([wrong.program, "-c", wrong.conf]);
	assert.equal(start.code, 1);
	return [stdout + stderr, start.stderr];
}

const refused = [
	[{ identity: "login", jid: "{email}@example.test" }, /jid: \{email\}@example\.test needs a user's e-mail address, which the provider login does not return/],
	[{ identity: "token login", jid: "{id}@example.test" }, /needs a user's id, which the provider login does not return/],
	[{ identity: "token", token_origins: "https://a.test", jid: "{id}@example.test" }, /prebind keeps only the user's name from a posted token \(token_origins\)/],
	[{ deny_jids: "a@b@c" }, /deny_jids: 'a@b@c'/],
];

for (const [keys, says] of refused)
	test(`${Object.values(keys).join(", ")}: refused by check, and by the start`, async (t) => {
		for (const said of await saidOf(t, keys))
			assert.match(said, says);
	});

test("a query that does not return what the rule is made of is refused", async (t) => {
	const query = place.write("etc/short.sql", "SELECT name AS user FROM session JOIN member ON member.id = session.user WHERE sid = :sid;\n");
	const keys = { identity: "site_session", site_database: place.path("forum.db"), site_query: query, site_cookie: "sid" };
	for (const said of await saidOf(t, { ...keys, jid: "{email}@example.test" }))
		assert.match(said, /needs a column `email`.*short\.sql.*AS email/);
});
