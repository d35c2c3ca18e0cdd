// GET /people.json: who is found, by whom, and who never is; our own users, and the site's by people_query.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const QUERY = `SELECT name AS user, shown AS display_name, picture, jid FROM people
 WHERE (name = :user OR (:q <> '' AND (fold(shown) LIKE :q || '%' OR fold(name) LIKE :q || '%')))
   AND banned = 0 AND name <> :me ORDER BY name LIMIT :limit`;
const PICTURES = "https://pictures.example.org";
const TABLE = `CREATE TABLE people (name varchar(64), shown varchar(64), picture varchar(255), jid varchar(64), banned int);
	INSERT INTO people VALUES ('alice', 'Alice A.', NULL, NULL, 0), ('carol', 'Carol C.', '${PICTURES}/c.png', NULL, 0), ('caro_line', '100% Caroline', '/own.png', NULL, 0),
	('carl', 'Carl', 'https://evil.example.org/x.png', NULL, 0), ('carla', 'Carla', '//evil.example.org/x.png', NULL, 0), ('carmen', 'Carmen', 'javascript:alert(1)', NULL, 0),
	('banned', 'Carbanned', NULL, NULL, 1), ('admin', 'Caradmin', NULL, NULL, 0), ('guest', 'Carguest', NULL, NULL, 0), ('elsewhere', 'Carelsewhere', NULL, 'x@example.net', 0),
	('renamed', 'Carnamed', NULL, 'other@example.org', 0), ('mapped', 'Carmapped', NULL, NULL, 0), ('Émile', 'Émile É.', NULL, NULL, 0), ('emil', 'Émil', NULL, NULL, 0), ('no name', NULL, NULL, NULL, 0);`;
const SOME = Array.from({ length: 7 }, (_, i) => `some${i}`);
const CROWD = Array.from({ length: 70 }, (_, i) => `crowd${String(i).padStart(2, "0")}`);
const MORE = `INSERT INTO people VALUES ${[...SOME, ...CROWD].map((name) => `('${name}', NULL, NULL, NULL, 0)`).join(", ")};`;
const KINDS = ["sqlite", "mariadb", "postgresql"];

let place, prebind, servers;

async function databases() {
	const file = `${place.folder("site")}/site.db`;
	const [mariadb, postgresql] = await Promise.all([Mariadb.start(place), Postgresql.start(place)]);
	await runSql(place, file, TABLE + MORE);
	await mariadb.sql(`CREATE DATABASE site CHARACTER SET utf8mb4; USE site; ${TABLE} ${MORE} CREATE USER reader@localhost; GRANT SELECT ON site.* TO reader@localhost`);
	await postgresql.sql("CREATE DATABASE site; CREATE ROLE reader LOGIN");
	await postgresql.sql(`${TABLE} ${MORE} GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`, "site");
	servers = { file, mariadb, postgresql };
	return { sqlite: file, mariadb: mariadb.uri("reader", "site"), postgresql: postgresql.uri("reader", "site") };
}

/** Our own users, with the name that others see. */
const OWN = { alice: "", carol: "Carol C.", caro_line: "", émile: "Émile É.", zoë: "ÄRGER", disabled: "Cardisabled", admin: "", guest: "", hand: "" };

async function ownUsers() {
	for (const [user, shown] of Object.entries(OWN))
		await prebind.ctlOk(["--site", "own", "user", "add", user, "--password-stdin", ...(shown ? ["--display-name", shown] : [])], { input: "correct horse\n" });
	await prebind.ctlOk(["--site", "own", "user", "disable", "disabled"]);
	await runSql(place, prebind.databases.own, "UPDATE site_user SET display_name = 'Written By Hand' WHERE name = 'hand'");
}

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const common = { ...peer.site(place), jid: "{user}@example.org", identity: "login remote_user", people: "all", limit_people: "off" };
	const query = { people_query: place.write("etc/people.sql", QUERY, 0o644), identity: "remote_user", picture_origins: PICTURES };
	const sites = { own: common, off: { ...common, people: "off" }, contacts: { ...common, people: "contacts" }, limited: { ...common, limit_people: "3/1h" } };
	const whole = place.write("etc/people-whole.sql", QUERY.replace(" LIMIT :limit", ""), 0o644);
	for (const [kind, database] of Object.entries(await databases())) {
		sites[kind] = { ...common, ...query, site_database: database };
		sites[`${kind}Whole`] = { ...sites[kind], people_query: whole };
	}
	sites.lower = { ...sites.sqlite, jid: "{user|lower}@example.org" };
	sites.mapOnly = { ...sites.sqlite, accounts: "map" };
	for (const name of Object.keys(sites))
		sites[name] = { ...sites[name], hosts: `${name.toLowerCase()}.example.org` };
	prebind = new Prebind(place, { site: { ...peer.site(place), hosts: "example.org" }, sites });
	await prebind.prepare();
	await ownUsers();
	for (const site of [...KINDS, "mapOnly"])
		await prebind.ctlOk(["--site", site, "map", "set", "mapped", "mapped.person@example.org"]);
	await prebind.start();
});
after(() => place.close({ logs: true }));

function get(site, question, { user = "alice", headers = SCRIPT, path = "people.json" } = {}) {
	const query = typeof question === "string" ? question : new URLSearchParams(question).toString();
	return prebind.request({ path: `/${path}?${query}`, params: { HTTP_HOST: `${site.toLowerCase()}.example.org`, ...(user && { REMOTE_USER: user, AUTH_TYPE: "Basic" }) }, headers });
}

async function people(site, question, options) {
	const answer = await get(site, question, options);
	assert.equal(answer.status, 200, `${answer.body}\n${prebind.child.log.slice(-1500)}`);
	return JSON.parse(answer.body);
}
const users = async (...args) => (await people(...args)).map(({ user }) => user);

const CAROL = { user: "carol", name: "Carol C.", picture: "", jid: "carol@example.org" };

test("our own users are found by the beginning of either name, in any case of any script", async () => {
	assert.deepEqual(await people("own", { q: "carol" }), [CAROL]);
	for (const [q, expected] of Object.entries({ CAR: ["caro_line", "carol"], " car ": ["caro_line", "carol"], éM: ["émile"], "E\u0301m": ["émile"], är: ["zoë"], zo: ["zoë"],
		"carol c": ["carol"], "written b": ["hand"], arol: [], "ca%": [], "c_r": [], "caro_": ["caro_line"], "%%": [], "__": [], "carol'--": [], "\u{10ffff}x": [] }))
		assert.deepEqual(await users("own", { q }), expected, q);
});

test("less than two letters find nobody", async () => {
	for (const q of ["", "c", " c ", "é"])
		assert.deepEqual(await people("own", { q }), [], q);
});

test("one user by name, and several by account", async () => {
	assert.deepEqual(await people("own", { user: "carol" }), [CAROL]);
	assert.deepEqual(await users("own", { jid: "carol@example.org x@example.net nonsense @ carol@example.net caro_line@example.org" }), ["carol", "caro_line"]);
	for (const user of ["car", "", "nobody", "carol "])
		assert.deepEqual(await people("own", { user }), [], user);
});

test("nobody sees who is disabled, excluded, or may have no account; nor herself", async () => {
	for (const question of [{ q: "cardis" }, { q: "disabled" }, { user: "disabled" }, { jid: "disabled@example.org" }, { q: "admin" }, { user: "admin" }, { q: "guest" }, { user: "guest" },
		{ q: "alice" }, { user: "alice" }, { jid: "alice@example.org" }])
		assert.deepEqual(await people("own", question), [], JSON.stringify(question));
	assert.deepEqual(await users("own", { q: "alice" }, { user: "carol" }), ["alice"]);
});

test("who is not logged in, or has no account, finds nobody", async () => {
	for (const user of [null, "guest", "admin"])
		for (const question of [{ q: "carol" }, { user: "carol" }, { jid: "carol@example.org" }, ""])
			assert.deepEqual(await people("own", question, { user }), [], `${user} ${JSON.stringify(question)}`);
});

test("only scripts of our own pages may ask, with one question", async () => {
	for (const headers of [NAVIGATION, { ...SCRIPT, "Sec-Fetch-Site": "cross-site" }])
		assert.equal((await get("own", { q: "carol" }, { headers })).status, 403);
	for (const question of ["", "q=carol&user=carol", "q=carol&q=bob", "other=1", `q=${"x".repeat(129)}`, "q=%ff"])
		assert.equal((await get("own", question)).status, 400, question);
	const post = await prebind.request({ method: "POST", path: "/people.json", params: { HTTP_HOST: "own.example.org" }, headers: SCRIPT });
	assert.equal(post.status, 405);
});

test("off: there is no such address; contacts: no search", async () => {
	assert.equal((await get("off", { q: "carol" })).status, 404);
	assert.deepEqual(await people("contacts", { q: "carol" }), []);
});

test("a rate limit for each user", async () => {
	for (let i = 0; i < 3; i++)
		assert.equal((await get("limited", { q: "nobody" })).status, 200);
	const fourth = await get("limited", { q: "nobody" });
	assert.equal(fourth.status, 429);
	assert.ok(Number(fourth.headers["retry-after"]) >= 1);
	assert.deepEqual(await people("limited", { q: "nobody" }, { user: "dave" }), []);
});

test("at most 20, and the page's data block says that people can be found", async () => {
	const names = Array.from({ length: 70 }, (_, i) => `many${String(i).padStart(2, "0")}`);
	await runSql(place, prebind.databases.contacts.replace("contacts", "own"), `INSERT INTO site_user (name, folded, created) VALUES ${names.map((name) => `('${name}', '${name}', 1)`).join(", ")}`);
	assert.deepEqual(await users("own", { q: "many" }), names.slice(0, 20));
	for (const [site, value] of [["own", "all"], ["contacts", "contacts"], ["off", undefined]]) {
		const answer = await get(site, "", { path: "prebind.json" });
		assert.equal(JSON.parse(answer.body).people, value, answer.body);
	}
});

for (const kind of KINDS)
	test(`people_query on ${kind}`, async () => {
		assert.deepEqual(await people(kind, { q: "carol" }), [{ ...CAROL, picture: `${PICTURES}/c.png` }]);
		assert.deepEqual(await people(kind, { q: "caro_" }), [{ user: "caro_line", name: "100% Caroline", picture: "/own.png", jid: "caro_line@example.org" }]);
		assert.deepEqual(await users(kind, { q: "100%" }), ["caro_line"]);
		assert.deepEqual((await people(kind, { q: "carl" })).map(({ picture }) => picture), ["", ""], "of no origin that the page may load from");
		assert.deepEqual((await people(kind, { user: "carmen" }))[0].picture, "");
		assert.deepEqual(await people(kind, { user: "no name" }), [{ user: "no name", name: "no name", picture: "", jid: "no\\20name@example.org" }]);
		assert.deepEqual(await users(kind, { q: "ÉMI" }), ["emil"], "Émile gets no JID from this rule");
		assert.deepEqual((await people(kind, { q: "carmapped" }))[0].jid, "mapped.person@example.org");
		assert.deepEqual((await people(kind, { q: "carnamed" }))[0].jid, "other@example.org");
		assert.deepEqual(await users(kind, { jid: "mapped.person@example.org carol@example.org mapped@example.org" }), ["mapped", "carol"]);
		for (const question of [{ q: "carban" }, { user: "banned" }, { q: "caradm" }, { user: "admin" }, { q: "cargue" }, { q: "carelse" }, { user: "elsewhere" }, { q: "alice" }, { user: "alice" },
			{ q: "ca%l" }, { q: "%%" }, { q: "!!" }, { q: "c" }])
			assert.deepEqual(await people(kind, question), [], JSON.stringify(question));
		assert.deepEqual(await people(kind, { q: "carol" }, { user: null }), []);
	});

test("a rule that makes small letters finds the owner of an account", async () => {
	assert.deepEqual(await people("lower", { jid: "émile@example.org" }), [{ user: "Émile", name: "Émile É.", picture: "", jid: "émile@example.org" }]);
});

test("each kind of database gives as many people as the query finds, up to 20; the query may be without a LIMIT", async () => {
	for (const kind of KINDS)
		for (const site of [kind, `${kind}Whole`]) {
			assert.deepEqual(await users(site, { q: "some" }), SOME, site);
			assert.deepEqual(await users(site, { q: "crowd" }), CROWD.slice(0, 20), site);
		}
});

test("people export gives everybody that the query finds, and refuses more people than a group can hold", async () => {
	const exported = (site) => prebind.ctl(["--site", site, "people", "export", "--for", "prosody"]);
	const sites = KINDS.flatMap((kind) => [kind, `${kind}Whole`]);
	for (const site of sites) {
		const { code, stdout, stderr } = await exported(site);
		assert.equal(code, 0, stderr);
		assert.deepEqual(stdout.match(/^crowd\d+/gm), CROWD, site);
	}
	const extra = `INSERT INTO people VALUES ${Array.from({ length: 5001 }, (_, i) => `('extra${i}', NULL, NULL, NULL, 0)`).join(", ")};`;
	const without = "DELETE FROM people WHERE name LIKE 'extra%'";
	for (const sql of [extra, without]) {
		await Promise.all([runSql(place, servers.file, sql), servers.mariadb.sql(sql, "site"), servers.postgresql.sql(sql, "site")]);
		for (const site of sites) {
			const { code, stderr } = await exported(site);
			assert.equal(code, sql === extra ? 1 : 0, `${site}: ${stderr}`);
			assert.match(stderr, sql === extra ? /more than 5000 users/ : /^$/, site);
		}
	}
});

test("accounts = map: only those in the map", async () => {
	assert.deepEqual(await people("mapOnly", { q: "car" }), [], "who asks has no account");
	await prebind.ctlOk(["--site", "mapOnly", "map", "set", "alice", "alice@example.org", "--source", "remote_user"]);
	assert.deepEqual(await users("mapOnly", { q: "car" }), ["mapped"]);
});

const cgi = (host) => prebind.cgi({ path: "/people.json?q=carol", params: { HTTP_HOST: `${host}.example.org`, REMOTE_USER: "alice", AUTH_TYPE: "Basic" }, headers: SCRIPT });

test("plain CGI answers the same", async () => {
	assert.deepEqual(JSON.parse((await cgi("sqlite")).body), [{ ...CAROL, picture: `${PICTURES}/c.png` }]);
});

test("plain CGI does not blame the visitor for a query file that is gone", async () => {
	const file = place.path("etc/people-whole.sql");
	fs.renameSync(file, `${file}.away`);
	const { status, stderr } = await cgi("sqlitewhole").finally(() => fs.renameSync(`${file}.away`, file));
	assert.equal(status, 503, stderr);
	assert.match(stderr, /"event":"unavailable".*people_query: \S*people-whole\.sql: cannot be read/);
	assert.equal((await cgi("sqlitewhole")).status, 200);
});

test("a picture's origin is in the page's policy, if people are shown", async () => {
	const policy = async (site) => (await get(site, "", { path: "", headers: NAVIGATION })).headers["content-security-policy"];
	assert.match(await policy("sqlite"), /img-src 'self' data: https:\/\/pictures\.example\.org; /);
	assert.match(await policy("own"), /img-src 'self' data:; /);
});

test("prebindctl: display names", async () => {
	await prebind.ctlOk(["--site", "own", "user", "display", "zoë", "Süß Name"]);
	assert.deepEqual((await people("own", { q: "süß" })).map(({ name }) => name), ["Süß Name"]);
	await prebind.ctlOk(["--site", "own", "user", "display", "zoë", ""]);
	assert.deepEqual(await people("own", { q: "süß" }), []);
	assert.equal((await prebind.ctl(["--site", "own", "user", "display", "nobody", "x"])).code, 1);
	assert.equal((await prebind.ctl(["--site", "own", "user", "display", "zoë", "x\u200by"])).code, 1);
});

/** Checks a configuration with these keys; what it says. */
async function refused(keys) {
	const conf = place.write("etc/refused.conf", `[site a]\ndatabase = ${place.path("a.db")}\njid = {user}@example.org\nbackend = bosh\nbosh_service = http://127.0.0.1/\n${keys}\n`);
	const { code, stderr } = await place.run([prebind.ctlProgram, "-c", conf, "conf"]);
	assert.equal(code, 1, keys);
	return stderr;
}

test("a configuration that cannot work is refused, with its key", async () => {
	assert.match(await refused("people = some"), /refused\.conf:6: people: .*off, contacts, all/);
	assert.match(await refused("identity = remote_user\npeople = all"), /people_query: is missing/);
	assert.match(await refused("people = all\npeople_query = /x.sql"), /refused\.conf:7: people_query: also needs site_database/);
	assert.match(await refused("picture_origins = ftp://x"), /picture_origins/);
});

test("a query that is none is told with its place; check asks the database", async () => {
	const said = async (sql) => {
		place.write("etc/people.sql", sql, 0o644);
		return (await prebind.ctl(["--site", "sqlite", "check"])).stdout;
	};
	assert.match(await said(QUERY), /^ok +sqlite: people: /m);
	assert.match(await said("SELECT name AS user FROM people LIMIT 5"), /people\.sql:1.*the query does not use :q/);
	assert.match(await said("SELECT name AS user FROM people WHERE name = :q OR name = :sid"), /people\.sql:1:\d+: :sid.*(parameter|compared)/);
	assert.match(await said("SELECT shown AS display_name FROM people WHERE name = :user"), /the query returns no column user/);
	assert.match(await said("SELECT name AS user FROM people WHERE name LIKE :user"), /people\.sql:1:\d+: :user must be compared byte for byte/);
	place.write("etc/people.sql", QUERY, 0o644);
});

test("people export takes 5,000 people, and says why it takes no more", async (t) => {
	const crowd = new Place();
	t.after(() => crowd.close());
	const peer = await startTigasePeer({ place: crowd });
	const many = new Prebind(crowd, { site: peer.site(crowd) });
	await many.prepare();
	const add = (from, to) => runSql(crowd, crowd.path("data/prebind.db"), `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
		INSERT INTO site_user (name, password_hash, created) SELECT 'member' || i, 'x', 1 FROM n;`);
	await add(1, 5000);
	const whole = await many.ctlOk(["people", "export", "--for", "prosody"]);
	assert.equal(whole.trim().split("\n").length, 5001);
	await add(5001, 5001);
	const { code, stdout, stderr } = await many.ctl(["people", "export", "--for", "prosody"]);
	assert.deepEqual([code, stdout], [1, ""], "half of a group is none");
	assert.match(stderr, /more than 5000 users; .*every login.*people = all/);
});
