// Who is asking: every provider in every situation, seen from outside. Behind each stands a second provider that would
// say `mallory`: whoever sees that name was let through to it.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { dataBlock, FORM, NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { lockDatabase, runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const SID = "0123456789abcdef0123456789abcdef";
const MALLORY_SID = "mallory0mallory0mallory0mallory0";
const HOUR_S = 3600;
// somebody else's link: the page without a session, so that only who is asking is asked
const LOOK = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };

const MALLORY = { REMOTE_USER: "mallory", AUTH_TYPE: "Basic" };
const YES = { status: 200, me: "alice" };
const NONE = { status: 200, me: "mallory" };
const BAD = { status: 401, me: null, log: "identity_refused" };
const ERROR = { status: 503, me: null, log: "unavailable" };

let place, peer, prebind, siteDatabase, sessions;

const host = (provider) => `${provider.replace("_", "-")}.example.org`;
const sessionFile = (sid = SID) => `${sessions}/sess_${sid}`;

/** A session as PHP writes it. */
function writeSession(text, { sid = SID, age = 10, mode = 0o600 } = {}) {
	const file = place.write(`sessions/sess_${sid}`, text, mode);
	const time = Date.now() / 1000 - age;
	fs.utimesSync(file, time, time);
}
const named = (name) => `user|a:1:{s:4:"name";s:${name.length}:"${name}";}`;

const QUERY = `SELECT u.name AS user, u.shown AS display_name, u.address AS jid, s.ends AS expires_s
  FROM session s JOIN account u ON u.id = s.account WHERE s.id = :sid`;

async function fillDatabase() {
	const later = Math.floor(Date.now() / 1000) + HOUR_S;
	fs.rmSync(siteDatabase, { force: true });
	await runSql(place, siteDatabase, `
		CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT, shown TEXT, address TEXT);
		CREATE TABLE session (id TEXT PRIMARY KEY, account INTEGER, ends INTEGER);
		INSERT INTO account VALUES (1, 'alice', NULL, NULL), (2, 'Anonymous', NULL, NULL), (3, 'zoe', 'Zoë <Z>', NULL),
			(4, 'amy', NULL, 'amelia@example.test'), (5, 'eve', NULL, 'alice@elsewhere.test'), (6, 'bell' || char(7), NULL, NULL);
		INSERT INTO session VALUES ('${SID}', 1, ${later}), ('over', 1, ${later - 2 * HOUR_S}), ('guest', 2, ${later}),
			('deleted', 99, ${later}), ('zoe', 3, ${later}), ('amy', 4, ${later}), ('eve', 5, ${later}), ('bell', 6, ${later}),
			('odd', 1, 'tomorrow');`);
	fs.chmodSync(siteDatabase, 0o640);
}

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	sessions = place.folder("sessions");
	place.folder("site");
	siteDatabase = place.path("site", "site.db");
	await fillDatabase();
	const common = peer.site(place, { resource: "web1" });
	const site = (name, keys) => [name, { ...common, ...keys, hosts: host(name), database: `${place.folder("data")}/${name}.db` }];
	const php = { php_session_path: sessions, php_session_user: "user.name" };
	prebind = new Prebind(place, {
		site: { ...common, hosts: "example.org" },
		sites: Object.fromEntries([
			site("login", { identity: "login remote_user" }),
			site("remote_user", { identity: "remote_user php_session", remote_user_realm: "EXAMPLE.TEST", remote_user_auth_types: "Basic Negotiate",
				...php, php_session_cookie: "MALLORY" }),
			site("site_session", { identity: "site_session remote_user", site_database: siteDatabase, site_cookie: "sid",
				site_query: place.write("site/query.sql", QUERY, 0o644) }),
			site("php_session", { identity: "php_session remote_user", ...php }),
		]),
	});
	await prebind.prepare();
	for (const name of ["login", "remote_user", "site_session", "php_session"])
		await prebind.ctlOk(["--site", name, "migrate"]);
	await prebind.ctlOk(["--site", "login", "user", "add", "alice", "--password-stdin"], { input: `${PASSWORD}\n` });
	writeSession(named("mallory"), { sid: MALLORY_SID });
	await prebind.start();
});
after(() => place.close({ logs: true }));

/** A page of a provider's site: what was answered, who the page is for, and why the log says it was refused. */
async function look(provider, { cookie, params = MALLORY, headers = LOOK } = {}) {
	const answer = await prebind.request({
		path: "/", params: { HTTP_HOST: host(provider), ...params }, headers: { ...headers, ...(cookie ? { Cookie: cookie } : {}) },
	});
	const lines = await logOf(answer.headers["x-request-id"]);
	return { ...answer, me: /<span id="me">([^<]*)</.exec(answer.body)?.[1] ?? null, lines };
}

/** The lines of a request, the last of which says that it is over. */
async function logOf(id) {
	const read = () => prebind.child.stderr.split("\n").filter((line) => line.includes(id) && line.endsWith("}")).map((line) => JSON.parse(line));
	await until("the log's line", () => read().some(({ event }) => event === "request"));
	return read();
}

async function expectLook(provider, how, expected, why) {
	const seen = await look(provider, how);
	assert.equal(seen.status, expected.status, seen.body);
	assert.equal(seen.me, expected.me);
	if (!expected.log)
		return;
	const line = seen.lines.find(({ event }) => event === expected.log);
	assert.ok(line, JSON.stringify(seen.lines));
	assert.match(line.why, why ?? /\S/);
	const secrets = new RegExp(`${SID}|${siteDatabase.replaceAll("/", "\\/")}|SQLite`);
	assert.doesNotMatch(seen.body, secrets, "a visitor sees no cause");
	assert.doesNotMatch(JSON.stringify(seen.lines), new RegExp(SID), "and the log no session");
}

// ---- site_session

const sid = (value) => ({ cookie: `sid=${value}` });

for (const [name, how, expected, why] of [
	["valid", sid(SID), YES],
	["absent", {}, NONE],
	["an empty Cookie", { cookie: "other=1" }, NONE],
	["tampered", sid("x'y"), BAD, /the cookie contains no session id: its value is longer than/],
	["tampered with escapes", sid("%27%20OR%201=1"), BAD, /the cookie contains no session id: its value is longer than/],
	["too long", sid("a".repeat(257)), BAD, /the cookie contains no session id: its value is longer than/],
	["twice the same", { cookie: `sid=${SID}; sid=${SID}` }, YES],
	["twice", { cookie: `sid=${SID}; sid=over` }, BAD, /several cookies 'sid'/],
	["expired", sid("over"), NONE],
	["unknown session", sid("f".repeat(32)), NONE],
	["unknown user", sid("deleted"), NONE],
	["guest", sid("guest"), NONE],
	["a name with a bell in it", sid("bell"), BAD, /control character/],
	["an end that is no time", sid("odd"), BAD, /expires_s .*'tomorrow'/],
])
	test(`site_session: ${name}`, () => expectLook("site_session", how, expected, why));

test("site_session: database locked", async () => {
	const unlock = await lockDatabase(place, siteDatabase);
	await expectLook("site_session", sid(SID), ERROR, /SQLite 5\b.*the site has been writing/);
	await unlock();
	await expectLook("site_session", sid(SID), YES);
});

test("site_session: database corrupt", async () => {
	fs.writeFileSync(siteDatabase, "x".repeat(8192));
	await expectLook("site_session", sid(SID), ERROR, /SQLite (11|26)\b/);
	await fillDatabase();
	await expectLook("site_session", sid(SID), YES);
});

test("site_session: database unreadable", async () => {
	const text = fs.readFileSync(siteDatabase);
	fs.rmSync(siteDatabase);
	place.write("site/site.db", text, 0o000);
	await expectLook("site_session", sid(SID), ERROR, /SQLite 14\b.*must be able to read the file/);
	fs.rmSync(siteDatabase);
	await expectLook("site_session", sid(SID), ERROR, /was not found/);
	await fillDatabase();
	await expectLook("site_session", sid(SID), YES);
});

test("site_session: the site's tables changed", async () => {
	await runSql(place, siteDatabase, "ALTER TABLE session RENAME TO sessions");
	await expectLook("site_session", sid(SID), ERROR, /after an update of the site|no such table/);
	await fillDatabase();
	await expectLook("site_session", sid(SID), YES);
});

test("site_session: the name to show is shown, as text", async () => {
	assert.equal((await look("site_session", sid("zoe"))).me, "Zoë &lt;Z&gt;");
});

test("site_session: a JID of the site is taken within the rule's domain only", async () => {
	const amy = await look("site_session", { ...sid("amy"), headers: NAVIGATION });
	assert.equal(amy.status, 200, amy.body);
	assert.equal(dataBlock(amy.body).jid, "amelia@example.test/web1");
	const eve = await look("site_session", { ...sid("eve"), headers: NAVIGATION });
	assert.equal(eve.status, 403);
	assert.match(eve.lines.find(({ event }) => event === "no_chat_account").why, /domain must be example\.test/);
	assert.equal(peer.requests.filter(({ body }) => body.includes("elsewhere")).length, 0);
});

// ---- php_session

const php = (value = SID) => ({ cookie: `PHPSESSID=${value}` });

for (const [name, text, how, expected, why, options] of [
	["valid", named("alice"), php(), YES],
	["absent", named("alice"), {}, NONE],
	["tampered", named("alice"), php("../../../../etc/passwd-and-more"), BAD, /is not a PHP session id/],
	["twice the same", named("alice"), { cookie: `PHPSESSID=${SID}; PHPSESSID=${SID}` }, YES],
	["twice", named("alice"), { cookie: `PHPSESSID=${SID}; PHPSESSID=${MALLORY_SID}` }, BAD, /several cookies/],
	["expired", named("alice"), php(), NONE, undefined, { age: 1441 }],
	["unknown session", named("alice"), php("f".repeat(32)), NONE],
	["unknown user", 'user|a:1:{s:4:"name";N;}', php(), NONE],
	["not logged in", 'cart|a:0:{}', php(), NONE],
	["guest", named("guest"), php(), NONE],
	["corrupt", named("alice").slice(0, -3), php(), BAD, /at byte \d+/],
	["a reference to a text", 'a|s:5:"alice";user|a:1:{s:4:"name";R:1;}', php(), YES],
	["a reference to an array", 'a|a:0:{}user|a:1:{s:4:"name";R:1;}', php(), BAD, /neither a string/],
	["a text in a name's value", '!x|s:23:"x|N;user|s:5:"admin";!|";csrf|s:1:"a";', php(), NONE],
	["an object", 'user|a:1:{s:4:"name";O:4:"Evil":0:{}}', php(), BAD, /neither a string/],
	["writable by others", named("alice"), php(), BAD, /other users can write to the session's file/, { mode: 0o666 }],
	["unreadable", named("alice"), php(), ERROR, /the user that runs PHP/, { mode: 0o000 }],
])
	test(`php_session: ${name}`, async () => {
		writeSession(text, options);
		await expectLook("php_session", how, expected, why);
	});

test("php_session: a link is not followed", async () => {
	fs.rmSync(sessionFile());
	fs.symlinkSync(sessionFile(MALLORY_SID), sessionFile());
	await expectLook("php_session", php(), BAD, /is a symbolic link/);
	fs.rmSync(sessionFile());
});

test("php_session: locked by a script that runs for long", async () => {
	writeSession(named("alice"));
	const child = place.start("flock", ["flock", "--no-fork", "-x", sessionFile(), "sleep", "60"]);
	await until("the lock", async () => (await place.run(["flock", "-n", "-s", sessionFile(), "true"])).code !== 0);
	await expectLook("php_session", php(), YES);
	await child.stop();
});

// ---- remote_user

const remote = (user, type) => ({ params: { REMOTE_USER: user, AUTH_TYPE: type }, cookie: `MALLORY=${MALLORY_SID}` });

for (const [name, how, expected, why] of [
	["valid", remote("alice", "Basic"), YES],
	["valid, another kind", remote("alice", "negotiate"), YES],
	["valid, with the realm", remote("alice@EXAMPLE.TEST", "Negotiate"), YES],
	["absent", remote(undefined, undefined), NONE],
	["empty", remote("", "Basic"), NONE],
	["guest", remote("anonymous", "Basic"), NONE],
	["a header is nothing", { ...remote(undefined, undefined), headers: { ...LOOK, "Remote-User": "alice", "X-Remote-User": "alice" } }, NONE],
	["without AUTH_TYPE", remote("alice", undefined), BAD, /untrusted AUTH_TYPE ''; protect this path with the web server's authentication module/],
	["another AUTH_TYPE", remote("alice", "Digest"), BAD, /AUTH_TYPE 'Digest'/],
	["another realm", remote("alice@OTHER.TEST", "Negotiate"), BAD, /not in the realm EXAMPLE\.TEST/],
	["the realm in small letters", remote("alice@example.test", "Negotiate"), BAD, /not in the realm/],
	["too long", remote("a".repeat(256), "Basic"), BAD, /too long/],
])
	test(`remote_user: ${name}`, () => expectLook("remote_user", how, expected, why));

// ---- login

test("login: valid, absent, tampered, unknown, deleted", async () => {
	const visitor = new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host("login") } }));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	const { Cookie: cookie } = visitor.jar.headers;
	await expectLook("login", { cookie }, YES);
	assert.match((await look("login", { cookie })).body, /action="\/chat\/logout"/);
	await expectLook("login", {}, NONE);
	await expectLook("login", { cookie: `${cookie}x` }, NONE); // no session of ours: as good as none
	await expectLook("login", { cookie: `${cookie}; ${cookie}` }, YES);
	await expectLook("login", { cookie: `${cookie}; ${cookie}x` }, BAD, /several cookies/);
	await prebind.ctlOk(["--site", "login", "user", "disable", "alice"]);
	await expectLook("login", { cookie }, NONE);
	await prebind.ctlOk(["--site", "login", "user", "enable", "alice"]);
	const file = place.path("data", "login.db");
	fs.renameSync(file, `${file}.gone`);
	await expectLook("login", { cookie }, ERROR, /deleted, moved or replaced/);
	fs.renameSync(`${file}.gone`, file);
});

// ---- what is not ours to end

for (const [provider, how] of [["remote_user", remote("alice", "Basic")], ["site_session", sid(SID)]])
	test(`${provider}: no log-out of ours, and no token that fits one`, async () => {
		const page = await look(provider, how);
		assert.doesNotMatch(page.body, /\/logout"/);
		const answer = await prebind.request({
			method: "POST", path: "/logout", body: "token=x",
			params: { HTTP_HOST: host(provider), ...how.params },
			headers: { ...FORM, "Content-Type": "application/x-www-form-urlencoded", ...(how.cookie ? { Cookie: how.cookie } : {}) },
		});
		assert.equal(answer.status, 403);
	});

test("a whole page for each: the session is the user's", async () => {
	writeSession(named("alice"));
	for (const [provider, how] of [["remote_user", remote("alice", "Basic")], ["site_session", sid(SID)], ["php_session", php()]]) {
		const page = await look(provider, { ...how, headers: NAVIGATION });
		assert.equal(page.status, 200, page.body);
		assert.equal(dataBlock(page.body).jid, "alice@example.test/web1");
	}
});

test("prebindctl check tells what each would see", async () => {
	writeSession(named("alice"));
	const check = async (name) => (await prebind.ctl(["--site", name, "check"])).stdout;
	assert.match(await check("site_session"), /^ok {4}site_session: site_session: the cookie sid is looked up in .*query\.sql; a test with an invented session id correctly finds no user/m);
	assert.match(await check("php_session"), /^ok {4}php_session: php_session: .*checked 2 sessions; 2 have a user at the path user\.name, and 0 are refused/m);
	assert.match(await check("remote_user"), /^ok {4}remote_user: remote_user: prebind accepts .*Basic or Negotiate; @EXAMPLE\.TEST is removed/m);
});
