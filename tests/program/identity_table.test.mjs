// The table: each way of knowing who is there, in each situation. Behind every one stands a second provider that would say
// `mallory`: whoever is NONE is her, and after BAD and ERROR she must not be seen. It is printed at the end; a cell that
// cannot be says why.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { copyDatabase, damageTable, lockDatabase, runSql, writeDatabase } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const SID = "0123456789abcdef0123456789abcdef";
const MALLORY_SID = "mallory0mallory0mallory0mallory0";
const AUDIENCE = "www.example.org";
const KEY = crypto.randomBytes(32);
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
// somebody else's link: the page without a session, so that only who is asking is asked
const LOOK = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
const MALLORY = { REMOTE_USER: "mallory", AUTH_TYPE: "Basic" };

// ---- what may come of it

const YES = { verdict: "YES", status: 200, me: "alice" };
const YES_OF = (me) => ({ ...YES, me });
const NONE = { verdict: "NONE", status: 200, me: "mallory" };
const BAD = (why) => ({ verdict: "BAD", status: 401, me: null, event: "identity_refused", why });
const ERROR = (why) => ({ verdict: "ERROR", status: 503, me: null, event: "unavailable", why });
const CLOSED = (why) => ({ verdict: "closed", status: 503, me: null, event: "site_failed", why, elsewhere: true });
const CANNOT_BE = (why) => ({ verdict: "–", why });

// ---- the ways

const NO_DATABASE = CANNOT_BE("it asks no database");
const ROWS = ["valid", "absent", "tampered", "expired", "unknown user", "guest", "database being written", "database locked",
	"database corrupt", "file unreadable", "switched off meanwhile"];

let place, prebind;
const file = {}; // of each way: what it reads
const cookies = {}; // of each login: who has logged in, and his cookie

const now = () => Math.floor(Date.now() / 1000);
const host = (name) => `${name.replaceAll("_", "-")}.example.org`;
const cookie = (text) => ({ cookie: text });
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const mac = (text) => crypto.createHmac("sha256", KEY).update(text).digest("base64url");
const claims = (more) => ({ user: "alice", iat: now(), exp: now() + 300, aud: AUDIENCE, ...more });

function hmacToken(more) {
	const payload = part(claims(more));
	return `v1.k1.${payload}.${mac(`prebind-sso-v1\0k1${payload}`)}`;
}

function jwtToken(more) {
	const text = `${part({ alg: "HS256", kid: "k1" })}.${part(claims(more))}`;
	return `${text}.${mac(text)}`;
}

/** The same token, with another user's name in it. */
const forged = (text) => text.split(".").map((piece) => {
	const inside = Buffer.from(piece, "base64url").toString();
	return inside.includes('"alice"') ? Buffer.from(inside.replace("alice", "carol")).toString("base64url") : piece;
}).join(".");

/** A session as PHP writes it. */
function phpFile(text, { age = 10, mode = 0o600, sid = SID } = {}) {
	const written = place.write(`sessions/sess_${sid}`, text, mode);
	fs.utimesSync(written, now() - age, now() - age);
	return cookie(`PHPSESSID=${sid}`);
}
const phpUser = (name) => `user|a:1:{s:4:"name";s:${name.length}:"${name}";}`;

/** A file that nobody may read, until what it returns is called. */
function unreadable(path) {
	fs.chmodSync(path, 0o000);
	return () => fs.chmodSync(path, 0o600);
}

/** A database with other bytes in it, until … */
async function otherBytes(path, change) {
	const good = fs.readFileSync(path);
	await change(path);
	return () => fs.writeFileSync(path, good);
}
const garbage = (path) => otherBytes(path, () => fs.writeFileSync(path, "x".repeat(8192)));
const damaged = (table) => (path) => otherBytes(path, () => damageTable(place, path, table));

const remote = (user, type = "Basic") => () => ({ params: { REMOTE_USER: user, AUTH_TYPE: type }, cookie: `MALLORY=${MALLORY_SID}` });
const site = (sid) => () => cookie(`sid=${sid}`);
const php = (text, options) => () => phpFile(text, options);
const token = (make) => () => cookie(`chat_token=${make()}`);
const login = (way, name) => () => cookie(cookies[way][name]);

const sql = (path, text) => runSql(place, path(), text);
const tokenColumn = (name, make) => ({
	"valid": [token(make), YES],
	"absent": [() => ({}), NONE],
	"tampered": [token(() => forged(make())), BAD(/has a wrong (MAC|signature): the token was made with another key/)],
	"expired": [token(() => make({ iat: now() - 100, exp: now() - 1 })), NONE],
	"unknown user": [token(() => make({ user: "carol" })), YES_OF("carol")], // who signs knows his users
	"guest": [token(() => make({ user: "guest" })), NONE],
	"database being written": [token(make), YES, { state: () => writeDatabase(place, file[name]) }],
	"database locked": [token(make), CLOSED(/database is locked|SQLite 5\b/), { cold: lockDatabase }],
	"database corrupt": [token(make), ERROR(/SQLite 11|damaged/), { cold: (_, path) => damaged("token_revocation")(path), closes: false }],
	"file unreadable": [token(make), ERROR(/token\.keys.*Permission denied/), { state: () => unreadable(place.path("etc/token.keys")) }],
	"switched off meanwhile": [token(() => make({ user: "rita" })), BAD(/revoked with `prebindctl token revoke`/),
		{ state: () => prebind.ctlOk(["--site", name, "token", "revoke", "rita"]) }],
});

/** Way: situation: [what the visitor brings, what must come of it, what is done to the program's world meanwhile]. */
const TABLE = {
	remote_user: {
		"valid": [remote("alice"), YES],
		"absent": [remote(undefined, undefined), NONE],
		"tampered": [remote("alice", ""), BAD(/untrusted AUTH_TYPE ''/)],
		"expired": CANNOT_BE("the web server asks with each request"),
		"unknown user": [remote("carol"), YES_OF("carol")], // whom the web server knows is known
		"guest": [remote("anonymous"), NONE],
		"database being written": NO_DATABASE,
		"database locked": NO_DATABASE,
		"database corrupt": NO_DATABASE,
		"file unreadable": CANNOT_BE("it reads no file"),
		"switched off meanwhile": CANNOT_BE("the web server refuses them before"),
	},
	site_session: {
		"valid": [site(SID), YES],
		"absent": [() => ({}), NONE],
		"tampered": [site("x'y"), BAD(/the cookie contains no session id: its value is longer than/)],
		"expired": [site("over"), NONE],
		"unknown user": [site("deleted"), NONE],
		"guest": [site("guest"), NONE],
		"database being written": [site(SID), YES, { state: () => writeDatabase(place, file.site_session) }],
		"database locked": [site(SID), ERROR(/SQLite 5\b.*the site has been writing/), { state: () => lockDatabase(place, file.site_session) }],
		"database corrupt": [site(SID), ERROR(/SQLite (11|26)\b/), { state: () => garbage(file.site_session) }],
		"file unreadable": [site(SID), ERROR(/SQLite 14\b.*must be able to read the file/), { state: async () => {
			const bytes = fs.readFileSync(file.site_session); // another file: what is open stays readable
			fs.rmSync(file.site_session);
			place.write("site/site.db", bytes, 0o000);
			return () => fs.chmodSync(file.site_session, 0o600);
		} }],
		"switched off meanwhile": [site("amy"), NONE, { state: async () => {
			await sql(() => file.site_session, "UPDATE account SET banned = 1 WHERE name = 'amy'");
			return () => sql(() => file.site_session, "UPDATE account SET banned = 0 WHERE name = 'amy'");
		} }],
	},
	php_session: {
		"valid": [php(phpUser("alice")), YES],
		"absent": [() => ({}), NONE],
		"tampered": [() => cookie("PHPSESSID=../../../etc/passwd-and-more"), BAD(/is not a PHP session id/)],
		"expired": [php(phpUser("alice"), { age: 1441 }), NONE],
		"unknown user": [php('user|a:1:{s:4:"name";N;}'), NONE],
		"guest": [php(phpUser("guest")), NONE],
		"database being written": NO_DATABASE,
		"database locked": [php(phpUser("alice")), YES, { note: "its file, by a script", state: () => flock(`sessions/sess_${SID}`) }],
		"database corrupt": [php(phpUser("alice").slice(0, -3)), BAD(/at byte \d+/), { note: "its file, cut short" }],
		"file unreadable": [php(phpUser("alice"), { mode: 0o000 }), ERROR(/the user that runs PHP/)],
		"switched off meanwhile": [php("cart|a:0:{}"), NONE, { note: "the site takes the name out" }],
	},
	token: tokenColumn("token", hmacToken),
	token_jwt: tokenColumn("token_jwt", jwtToken),
	login: {
		"valid": [login("login", "alice"), YES],
		"absent": [() => ({}), NONE],
		"tampered": [() => cookie(`${cookies.login.alice.slice(0, -1)}${cookies.login.alice.endsWith("A") ? "B" : "A"}`), NONE], // of 2^256 none
		"expired": [login("login", "amy"), NONE, { state: () =>
			sql(() => file.login, `UPDATE login_session SET created = created - ${DAY_S}, last_seen = last_seen - ${DAY_S} WHERE user = 'amy'`) }],
		"unknown user": [login("login", "gone"), NONE, { state: () => prebind.ctlOk(["--site", "login", "user", "delete", "gone"]) }],
		"guest": [login("login", "guest"), YES_OF("guest")], // in our own table a name is a person's
		"database being written": [login("login", "alice"), YES, { state: () => writeDatabase(place, file.login) }],
		"database locked": [login("login", "alice"), CLOSED(/database is locked|SQLite 5\b/), { cold: lockDatabase }],
		"database corrupt": [login("login", "alice"), ERROR(/SQLite 11|damaged/), { cold: (_, path) => damaged("login_session")(path), closes: false }],
		"file unreadable": [login("login", "alice"), CLOSED(/SQLite 14\b|unable to open/), { cold: (_, path) => unreadable(path) }],
		"switched off meanwhile": [login("login", "bob"), NONE, { state: () => prebind.ctlOk(["--site", "login", "user", "disable", "bob"]) }],
	},
	login_site: {
		"valid": [login("login_site", "alice"), YES],
		"absent": [() => ({}), NONE],
		"tampered": [() => cookie(`${cookies.login_site.alice.slice(0, -1)}${cookies.login_site.alice.endsWith("A") ? "B" : "A"}`), NONE],
		"expired": [login("login_site", "amy"), NONE, { state: () =>
			sql(() => file.login_site_own, `UPDATE login_session SET created = created - ${DAY_S}, last_seen = last_seen - ${DAY_S} WHERE user = 'amy'`) }],
		"unknown user": [login("login_site", "gone"), NONE, { state: () => sql(() => file.login_site, "DELETE FROM account WHERE name = 'gone'") }],
		"guest": [login("login_site", "visitor"), NONE, { note: "a session in a name that means nobody", state: async () => {
			await sql(() => file.login_site, "UPDATE account SET name = 'guest' WHERE name = 'visitor'");
			await sql(() => file.login_site_own, "UPDATE login_session SET user = 'guest' WHERE user = 'visitor'");
		} }],
		"database being written": [login("login_site", "alice"), YES, { state: () => writeDatabase(place, file.login_site) }],
		"database locked": [login("login_site", "alice"), ERROR(/SQLite 5\b.*the site has been writing/), { state: () => lockDatabase(place, file.login_site) }],
		"database corrupt": [login("login_site", "alice"), ERROR(/SQLite (11|26)\b/), { state: () => garbage(file.login_site) }],
		"file unreadable": [login("login_site", "alice"), ERROR(/SQLite 14\b.*must be able to read the file/), { state: async () => {
			const bytes = fs.readFileSync(file.login_site);
			fs.rmSync(file.login_site);
			place.write("site/users.db", bytes, 0o000);
			return () => fs.chmodSync(file.login_site, 0o600);
		} }],
		"switched off meanwhile": [login("login_site", "bob"), NONE, { state: () =>
			sql(() => file.login_site, "UPDATE account SET banned = 1 WHERE name = 'bob'") }],
	},
};

/** A script of the site's that holds its session. */
async function flock(name) {
	const child = place.start("flock", ["flock", "--no-fork", "-x", place.path(name), "sleep", "600"]);
	await until("the lock", async () => (await place.run(["flock", "-n", "-s", place.path(name), "true"])).code !== 0);
	return () => child.stop();
}

// ---- the world

const SESSION_QUERY = `SELECT u.name AS user, s.ends AS expires_s FROM session s JOIN account u ON u.id = s.account
  WHERE s.id = :sid AND u.banned = 0`;
const LOGIN_QUERY = "SELECT name AS user, hash AS password_hash, banned AS disabled FROM account WHERE name = :user";
const PHPASS = "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1"; // of "correct horse"

async function fillSite() {
	file.site_session = `${place.folder("site")}/site.db`;
	const later = now() + HOUR_S;
	await runSql(place, file.site_session, `
		CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT, banned INTEGER NOT NULL DEFAULT 0);
		CREATE TABLE session (id TEXT PRIMARY KEY, account INTEGER, ends INTEGER);
		INSERT INTO account (id, name) VALUES (1, 'alice'), (2, 'Anonymous'), (3, 'amy');
		INSERT INTO session VALUES ('${SID}', 1, ${later}), ('over', 1, ${later - 2 * HOUR_S}), ('guest', 2, ${later}), ('deleted', 99, ${later}),
			('amy', 3, ${later});`);
	file.login_site = place.path("site", "users.db");
	await runSql(place, file.login_site, "CREATE TABLE account (name TEXT, hash TEXT, banned INTEGER NOT NULL DEFAULT 0);" +
		["alice", "amy", "bob", "gone", "visitor"].map((name) => `INSERT INTO account (name, hash) VALUES ('${name}', '${PHPASS}');`).join(""));
	for (const name of [file.site_session, file.login_site])
		fs.chmodSync(name, 0o600);
}

/** The keys of each way, but those that every site has. */
function ways() {
	const keys = place.write("etc/token.keys", `k1:${KEY.toString("base64url")}\n`);
	const phpKeys = { php_session_path: place.folder("sessions"), php_session_user: "user.name" };
	const tokenKeys = { identity: "token remote_user", token_key_file: keys, token_audience: AUDIENCE };
	return {
		remote_user: { identity: "remote_user php_session", ...phpKeys, php_session_cookie: "MALLORY" },
		site_session: { identity: "site_session remote_user", site_database: file.site_session, site_cookie: "sid",
			site_query: place.write("site/session.sql", SESSION_QUERY, 0o644) },
		php_session: { identity: "php_session remote_user", ...phpKeys },
		token: tokenKeys,
		token_jwt: { ...tokenKeys, token_format: "jwt" },
		login: { identity: "login remote_user" },
		login_site: { identity: "login remote_user", site_database: file.login_site,
			login_query: place.write("site/login.sql", LOGIN_QUERY, 0o644) },
	};
}

const COLD = (way, row) => `${way}_${row.split(" ").at(-1)}`; // a site that nobody has asked for, with a copy of the way's database

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	await fillSite();
	const sites = {};
	for (const [way, keys] of Object.entries(ways())) {
		const cold = ROWS.filter((row) => TABLE[way][row][2]?.cold).map((row) => COLD(way, row));
		for (const name of [way, ...cold])
			sites[name] = { ...peer.site(place), ...keys, hosts: host(name), database: `${place.folder("data")}/${name}.db` };
	}
	for (const way of ["token", "token_jwt", "login"])
		file[way] = sites[way].database;
	file.login_site_own = sites.login_site.database;
	prebind = new Prebind(place, { site: { ...peer.site(place), hosts: "example.org" }, sites });
	for (const way of Object.keys(TABLE))
		await prebind.ctlOk(["--site", way, "migrate"]);
	for (const name of ["alice", "amy", "bob", "gone", "guest"])
		await prebind.ctlOk(["--site", "login", "user", "add", name, "--password-stdin"], { input: `${PASSWORD}\n` });
	phpFile(phpUser("mallory"), { sid: MALLORY_SID });
	await prebind.start();
	for (const [way, names] of [["login", ["alice", "amy", "bob", "gone", "guest"]], ["login_site", ["alice", "amy", "bob", "gone", "visitor"]]])
		for (const name of names)
			await logIn(way, name);
	for (const name of Object.keys(sites).filter((one) => !(one in TABLE))) {
		const way = Object.keys(TABLE).filter((one) => name.startsWith(one)).at(-1);
		await copyDatabase(place, sites[way].database, { [name]: sites[name].database });
	}
});
after(() => place.close({ logs: true }));

async function logIn(way, name) {
	const visitor = new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host(way) } }));
	assert.equal((await visitor.login(name, PASSWORD)).status, 303, name);
	cookies[way] = { ...cookies[way], [name]: visitor.jar.headers.Cookie };
}

// ---- asking

const linesOf = (matches) => prebind.child.stderr.split("\n").filter((line) => line.endsWith("}") && matches(line)).map((line) => JSON.parse(line));

async function look(of, { cookie: text, params = MALLORY }) {
	const answer = await prebind.request({ path: "/", params: { HTTP_HOST: host(of), ...params }, headers: { ...LOOK, ...(text ? { Cookie: text } : {}) } });
	const id = answer.headers["x-request-id"];
	const lines = await until("the log's line", () => {
		const read = linesOf((line) => line.includes(id));
		return read.some(({ event }) => event === "request") && read;
	}, { seconds: 60 });
	return { status: answer.status, me: /<span id="me">([^<]*)</.exec(answer.body)?.[1] ?? null, body: answer.body, lines };
}

async function expectCell(of, brings, expected) {
	const seen = await look(of, brings);
	assert.deepEqual({ status: seen.status, me: seen.me }, { status: expected.status, me: expected.me }, seen.body);
	assert.equal(/mallory/.test(seen.body), expected.verdict === "NONE", "the next provider is asked after NONE, and only then");
	if (expected.event === undefined)
		return;
	const lines = expected.elsewhere ? linesOf((line) => line.includes(`"site":"${of}"`)) : seen.lines;
	const line = lines.find(({ event }) => event === expected.event);
	assert.ok(line, JSON.stringify(lines));
	assert.match(line.why, expected.why);
	assert.doesNotMatch(seen.body, /SQLite|\.db|\.keys/, "a visitor sees no cause");
}

const done = {};
const say = ({ verdict, status }, note) => `${verdict}${status ? ` ${status}` : ""}${note ? "¹" : ""}`;

for (const way of Object.keys(TABLE))
	test(`${way}: in every situation`, async (t) => {
		assert.deepEqual(Object.keys(TABLE[way]), ROWS, "no situation is left out");
		done[way] = {};
		for (const row of ROWS) {
			if (!Array.isArray(TABLE[way][row])) {
				done[way][row] = say(TABLE[way][row]);
				continue;
			}
			await t.test(row, async () => {
				const [brings, expected, { state, cold, closes = true, note } = {}] = TABLE[way][row];
				const name = cold ? COLD(way, row) : way;
				const what = brings();
				const undo = cold ? await cold(place, place.path("data", `${name}.db`)) : await state?.();
				try {
					await expectCell(name, what, expected);
				} finally {
					if (typeof undo === "function")
						await undo();
				}
				if (cold && !closes) // what was damaged stays shut until the program starts again
					assert.equal((await look(name, what)).status, 503);
				else if (cold) // tried again a few seconds later; nothing was lost
					await until("the site to be open again", async () => (await look(name, what)).me === "alice", { seconds: 60 });
				else if (typeof undo === "function")
					assert.equal((await look(name, what)).me, expected.verdict === "NONE" ? what.me ?? "amy" : "alice");
				done[way][row] = say(expected, note);
			});
		}
	});

test("a log-in while another program writes to our database waits, and then says so; no session is lost", async () => {
	const unlock = await writeDatabase(place, file.login);
	const visitor = new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host("login") } }));
	const answer = await visitor.login("alice", PASSWORD);
	await unlock();
	assert.equal(answer.status, 503, answer.body);
	assert.match(answer.body, /again/);
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	assert.equal((await look("login", cookie(cookies.login.alice))).me, "alice");
});

test("a name that means nobody does not log in with the site's table, and does with ours", async () => {
	const comes = async (way) => {
		const visitor = new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host(way) } }));
		return (await visitor.login("guest", PASSWORD)).status;
	};
	await sql(() => file.login_site, `INSERT INTO account (name, hash) SELECT 'guest', '${PHPASS}' WHERE NOT EXISTS
		(SELECT * FROM account WHERE name = 'guest')`);
	assert.equal(await comes("login_site"), 401);
	assert.equal(await comes("login"), 303);
});

test("the table", (t) => {
	const all = Object.keys(TABLE);
	const rows = [["", ...all], ...ROWS.map((row) => [row, ...all.map((way) => done[way]?.[row] ?? "?")])];
	const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
	for (const row of rows)
		t.diagnostic(row.map((cell, i) => cell.padEnd(widths[i])).join("  "));
	for (const [way, row] of all.flatMap((name) => ROWS.map((one) => [name, one]))) {
		const cell = TABLE[way][row];
		const why = Array.isArray(cell) ? cell[2]?.note : cell.why;
		if (why)
			t.diagnostic(`${Array.isArray(cell) ? "¹" : "–"} ${way}, ${row}: ${why}`);
	}
	assert.ok(rows.flat().every((cell) => cell !== "?"));
});
