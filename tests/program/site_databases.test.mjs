// The table: each kind of site database, in each situation. Behind site_session stands remote_user, which would say
// `mallory`: whoever is NONE is her, and after BAD and ERROR she must not be seen. It is printed at the end, with the
// sentence of `prebindctl check`.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { freeze, signalAll } from "../lib/children.mjs";
import { Visitor } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const SID = "0123456789abcdef0123456789abcdef";
const PASSWORD = "it's a secret: 100%";
const LOOK = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
const MALLORY = { REMOTE_USER: "mallory", AUTH_TYPE: "Basic" };
const DEADLINE_MS = 2500;

const YES = { verdict: "YES", status: 200, me: "alice" };
const NONE = { verdict: "NONE", status: 200, me: "mallory" };
const BAD = { verdict: "BAD", status: 401, me: null };
const ERROR = { verdict: "ERROR", status: 503, me: null };

const QUERY = `SELECT u.name AS user, s.ends AS expires_s
  FROM session s JOIN account u ON u.id = s.account WHERE s.id = :sid AND u.banned = 0`;
const SLOW = `${QUERY} AND (SELECT count(*) FROM many a, many b, many c, many d) > 0`;
const NUMBER = "SELECT s.account AS user FROM session s WHERE s.id = :sid";
const PROFILE = "SELECT name AS user, shown AS display_name FROM account WHERE id = :user AND banned = 0";
const LOGIN = `SELECT hash AS password_hash, name AS user, shown AS display_name, banned AS disabled
  FROM account WHERE lower(name) = lower(:user)`;
const USER_PASSWORD = "correct horse";
const HASH = "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1"; // phpass, of USER_PASSWORD
const MISSING = "SELECT name AS user FROM absent WHERE id = :sid";

const SQL = (blob) => `
	CREATE TABLE account (id int PRIMARY KEY, name varchar(64), banned int NOT NULL DEFAULT 0, shown varchar(64), hash varchar(64));
	CREATE TABLE session (id varchar(64) PRIMARY KEY, account int, ends bigint);
	CREATE TABLE many (n int);
	CREATE TABLE odd (id varchar(64) PRIMARY KEY, name ${blob});
	INSERT INTO account (id, name) VALUES (1, 'alice'), (2, 'Anonymous');
	INSERT INTO account VALUES (3, 'Bea', 0, 'The Bea', '${HASH}'), (4, 'banned', 1, '', '${HASH}'), (5, 'nohash', 0, '', NULL),
		(2147483647, 'last', 0, 'The last', '${HASH}');
	INSERT INTO session VALUES ('${SID}', 1, 4000000000), ('over', 1, 1000000000), ('guest', 2, 4000000000), ('deleted', 99, 4000000000), ('bea', 3, 4000000000), ('last', 2147483647, 4000000000);
	INSERT INTO many VALUES ${Array.from({ length: 300 }, (_, i) => `(${i})`).join(", ")};`;

let place, prebind;
const servers = {};
const sites = {};

const USER_SQL = { mariadb: (name) => `CREATE USER ${name}@localhost IDENTIFIED BY '${PASSWORD.replaceAll("'", "''")}'`, postgresql: (name) => `CREATE ROLE ${name} LOGIN` };

async function fill() {
	const file = `${place.folder("site")}/site.db`;
	await runSql(place, file, `${SQL("BLOB")} INSERT INTO odd VALUES ('${SID}', CAST(x'ff41' AS TEXT))`);
	servers.mariadb = await Mariadb.start(place);
	await servers.mariadb.sql(`CREATE DATABASE site; USE site; ${SQL("varbinary(64)")} INSERT INTO odd VALUES ('${SID}', x'ff41');
		${USER_SQL.mariadb("reader")}; ${USER_SQL.mariadb("nobody")}; GRANT SELECT ON site.* TO reader@localhost;
		GRANT SELECT (n) ON site.many TO nobody@localhost`);
	servers.postgresql = await Postgresql.start(place);
	await servers.postgresql.sql("CREATE DATABASE site ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0; CREATE ROLE reader LOGIN; CREATE ROLE nobody LOGIN");
	await servers.postgresql.sql(`${SQL("text")} INSERT INTO odd VALUES ('${SID}', E'\\xff41'); GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`, "site");
	return { sqlite: { site_database: file }, mariadb: keysOf("mariadb"), postgresql: keysOf("postgresql") };
}

function keysOf(kind, user = "reader") {
	const password = kind === "mariadb" ? place.write("etc/site.password", `${PASSWORD}\n`) : undefined;
	return { site_database: servers[kind].uri(user, "site"), site_database_password_file: password };
}

/** More sites for each kind: one with a profile query, one with Django's queries, one whose users log in at our form. */
function addQueries(peer) {
	for (const kind of ["sqlite", "mariadb", "postgresql"]) {
		const keys = { ...peer.site(place), site_database: sites[kind].site_database, site_database_password_file: sites[kind].site_database_password_file };
		const common = (name) => ({ ...keys, hosts: `${name}.example.org`, database: `${place.folder("data")}/${name}.db` });
		sites[`${kind}profile`] = { ...common(`${kind}profile`), identity: "site_session remote_user", jid: "{user|lower}@example.org", site_cookie: "sid",
			site_query: place.write(`queries/${kind}number.sql`, NUMBER, 0o644),
			site_profile_query: place.write(`queries/${kind}profile.sql`, PROFILE, 0o644) };
		if (kind !== "sqlite") // which refuses to start without the table
			sites[`${kind}django`] = { ...common(`${kind}django`), identity: "site_session remote_user", jid: "{user|lower}@example.org", site_cookie: "sessionid", site_result: "django",
				login_url: "/accounts/login/", site_query: place.copy("sql/sites/django.sql", `queries/${kind}django.sql`),
				site_profile_query: place.copy("sql/sites/django-user.sql", `queries/${kind}djangouser.sql`), site_secret_file: place.write("etc/django.secret", `${"k".repeat(50)}\n`) };
		sites[`${kind}login`] = { ...common(`${kind}login`), identity: "login", jid: "{user|lower}@example.org",
			login_query: place.write(`queries/${kind}login.sql`, LOGIN, 0o644) };
	}
}

/** An account that may not read the tables; for SQLite, a file that may not be read. */
function deniedKeys(kind) {
	if (kind !== "sqlite")
		return keysOf(kind, "nobody");
	const file = place.copy(place.path("site", "site.db"), "site/denied.db");
	fs.chmodSync(file, 0);
	return { site_database: file };
}

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const queries = { "": QUERY, slow: SLOW, missing: MISSING, charset: "SELECT o.name AS user FROM odd o WHERE o.id = :sid", denied: QUERY };
	for (const [kind, keys] of Object.entries(await fill()))
		for (const [what, query] of Object.entries(queries)) {
			const name = kind + what;
			sites[name] = { ...peer.site(place), ...keys, ...(what === "denied" ? deniedKeys(kind) : {}), hosts: `${name}.example.org`,
				identity: "site_session remote_user", site_cookie: "sid", database: `${place.folder("data")}/${name}.db`,
				site_query: place.write(`queries/${name}.sql`, query, 0o644) };
		}
	addQueries(peer);
	prebind = new Prebind(place, { server: { processes: 2 }, site: { ...peer.site(place), hosts: "example.org" }, sites });
	for (const name of ["default", ...Object.keys(sites)])
		await prebind.ctlOk(["--site", name, "migrate"]);
	await prebind.start();
});
after(() => place.close({ logs: true }));

async function look(site, sid) {
	const begin = Date.now();
	const answer = await prebind.request({ path: "/", params: { HTTP_HOST: `${site}.example.org`, ...MALLORY },
		headers: { ...LOOK, ...(sid === undefined ? {} : { Cookie: `sid=${sid}` }) } });
	assert.ok(Date.now() - begin < DEADLINE_MS, `${site}: ${Date.now() - begin} ms`);
	return { status: answer.status, me: /<span id="me">([^<]*)</.exec(answer.body)?.[1] ?? null, body: answer.body };
}

async function expectSeen(site, sid, { status, me }) {
	const seen = await look(site, sid);
	assert.deepEqual({ status: seen.status, me: seen.me }, { status, me }, `${site}: ${seen.body.slice(0, 400)}\n${prebind.child.log.slice(-1500)}`);
	assert.doesNotMatch(seen.body, /server said|mariadb|postgres|\.sock/, "a visitor sees no cause");
}

/** The sentence of check about the provider, or else its first failure. */
async function sentence(site) {
	const { stdout } = await prebind.ctl(["--site", site, "check"]);
	const lines = stdout.split("\n");
	return lines.find((line) => / site_session: /.test(line)) ?? lines.find((line) => line.startsWith("FAIL")) ?? "(none)"; // a site that cannot be opened has no providers
}

/** What /metrics has counted for the sites' databases. */
async function failures() {
	const { body } = await prebind.request({ path: "/metrics", params: { HTTP_HOST: "example.org" } });
	return Number(/^prebind_database_errors_total\{database="site"\} (\d+)$/m.exec(body)?.[1] ?? assert.fail(body));
}

const table = [];
const SOUND = /^ok .*an invented session id correctly finds no user/;

/** One cell: what a request shows, and what check says. */
async function cell(kind, row, site, sid, expected, says) {
	await expectSeen(site, sid, expected);
	const said = await sentence(site);
	assert.match(said, says ?? SOUND, `${kind}, ${row}`);
	table.push(`${kind.padEnd(10)} | ${row.padEnd(22)} | ${expected.verdict.padEnd(5)} | ${expected.status} | ${said.replace(/^(ok|FAIL) +\S+ (site_session: )?/, "$1: ")}`);
}

for (const kind of ["sqlite", "mariadb", "postgresql"]) {
	test(`${kind}: who is there`, async () => {
		await cell(kind, "valid", kind, SID, YES);
		await cell(kind, "absent", kind, undefined, NONE);
		await cell(kind, "tampered", kind, SID.replace(/^0/, "1"), NONE);
		await cell(kind, "expired", kind, "over", NONE);
		await cell(kind, "unknown user", kind, "deleted", NONE);
		await cell(kind, "guest", kind, "guest", NONE);
		await cell(kind, "near-miss", kind, SID.toUpperCase(), NONE);
		await cell(kind, "wrong character set", `${kind}charset`, SID, BAD);
		await cell(kind, "slow query", `${kind}slow`, SID, ERROR, /^ok|^FAIL .*took longer/);
	});
}

const visitor = (site) => new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: `${site}.example.org` } }));

for (const kind of ["sqlite", "mariadb", "postgresql"]) {
	test(`${kind}: the profile query finds the user by the number in the session`, async () => {
		for (const [sid, name] of [["bea", "The Bea"], ["last", "The last"]]) { // the last one has the largest number of its type
			const seen = await look(`${kind}profile`, sid);
			assert.deepEqual([seen.status, seen.me], [200, name], seen.body.slice(0, 400));
		}
		await expectSeen(`${kind}profile`, "deleted", NONE);
		const { stdout } = await prebind.ctl(["--site", `${kind}profile`, "check"]);
		assert.match(stdout, /^ok .* site_session: /m);
	});

	test(`${kind}: the login query finds the password's hash`, async () => {
		const one = visitor(`${kind}login`);
		assert.equal((await one.login("bea", USER_PASSWORD)).status, 303, prebind.child.log.slice(-1500));
		const page = await one.get("/");
		assert.equal(page.status, 200);
		assert.match(page.body, /The Bea/);
		assert.equal((await visitor(`${kind}login`).login("bea", `${USER_PASSWORD}x`)).status, 401);
		for (const name of ["b\u00e9a", "be\u0430", "banned", "nohash", "nobody", "' OR 1=1 --", "\\"])
			assert.equal((await visitor(`${kind}login`).login(name, USER_PASSWORD)).status, 401, name);
		assert.match((await prebind.ctl(["--site", `${kind}login`, "check"])).stdout, /^ok .* login: users and their password hashes are looked up/m);
	});
}

test("sqlite: a file that may not be read, does not fit, or goes and comes back", async () => {
	await cell("sqlite", "account without rights", "sqlitedenied", SID, ERROR, /^FAIL .*cannot be opened: the program's user must be able to read the file/);
	await cell("sqlite", "table missing", "sqlitemissing", SID, ERROR, /^FAIL .*no such table: absent/);
	const file = place.path("site", "site.db");
	await expectSeen("sqlite", SID, YES);
	fs.renameSync(file, `${file}.away`);
	await cell("sqlite", "server stopped", "sqlite", SID, ERROR, /^FAIL .*was not found/); // the file is not there
	fs.renameSync(`${file}.away`, file);
	await cell("sqlite", "server back", "sqlite", SID, YES);
	fs.copyFileSync(file, `${file}.new`);
	place.own(`${file}.new`);
	fs.renameSync(`${file}.new`, file);
	await cell("sqlite", "restarted between", "sqlite", SID, YES); // another file of the same name
});

for (const kind of ["mariadb", "postgresql"]) {
	test(`${kind}: what the server refuses`, async () => {
		await cell(kind, "account without rights", `${kind}denied`, SID, ERROR, /^FAIL .*(denied|permission)/);
		await cell(kind, "table missing", `${kind}missing`, SID, ERROR, /^FAIL .*absent.* (doesn't|does not) exist/);
	});

	test(`${kind}: check names the session engine if Django's table is missing, and only then`, async () => {
		const told = async () => (await prebind.ctl(["--site", `${kind}django`, "check"])).stdout;
		const sql = (text) => servers[kind].sql(text, "site");
		const hint = /^FAIL .*site_database: .*: contains no table django_session\. .*SESSION_ENGINE is cache, file or signed_cookies.*manage\.py migrate/m;
		assert.match(await told(), hint);
		await sql("CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text, expire_date timestamp)");
		assert.doesNotMatch(await told(), /SESSION_ENGINE is cache.*manage\.py migrate/);
		await sql("DROP TABLE django_session");
		assert.match(await told(), hint);
	});

	test(`${kind}: check prints the rights that are enough`, async () => {
		const { stdout } = await prebind.ctl(["--site", `${kind}denied`, "check"]);
		const statements = /^note .*site_database: an account with only these rights is enough: (.*)$/m.exec(stdout)?.[1];
		assert.ok(statements, stdout);
		if (kind === "postgresql") // 2 processes, 16 connections to a server in each, 4 for prebindctl
			assert.match(statements, /^CREATE ROLE nobody LOGIN PASSWORD '\.\.\.' CONNECTION LIMIT 36; /);
		const again = { mariadb: "DROP USER nobody@localhost;", postgresql: "DROP OWNED BY nobody; REVOKE ALL ON DATABASE site FROM nobody; DROP ROLE nobody;" }[kind];
		await servers[kind].sql(again + statements.replace("'...'", `'${PASSWORD.replaceAll("'", "''")}'`), "site");
		await expectSeen(`${kind}denied`, SID, YES);
		await expectSeen(`${kind}missing`, SID, ERROR);
		const all = await prebind.ctl(["--site", `${kind}denied`, "check"]);
		assert.doesNotMatch(all.stdout, /site_database: /, "nothing is left to say");
		await servers[kind].sql({ mariadb: "GRANT INSERT ON site.session TO nobody@localhost", postgresql: "GRANT INSERT ON session TO nobody" }[kind], "site");
		assert.match((await prebind.ctl(["--site", `${kind}denied`, "check"])).stdout, /^note .*the database account has more than read access \(.*session/m);
	});

	test(`${kind}: check also prints the rights that the account can give away, or take from a role`, async () => {
		const told = async (sql) => {
			await servers[kind].sql(sql[kind], "site");
			const { stdout } = await prebind.ctl(["--site", `${kind}denied`, "check"]);
			return /^note .*the database account has more than read access \((.*)\), so a fault/m.exec(stdout)?.[1];
		};
		const to = { mariadb: "nobody@localhost", postgresql: "nobody" }[kind];
		const both = (sql) => ({ mariadb: sql, postgresql: sql });
		assert.equal(await told(both(`REVOKE INSERT ON session FROM ${to}`)), undefined);
		assert.match(await told(both(`GRANT SELECT ON session TO ${to} WITH GRANT OPTION`)) ?? "nothing", /^(GRANT SELECT.* WITH GRANT OPTION|may grant reading of session)$/);
		assert.equal(await told({ mariadb: `REVOKE GRANT OPTION ON session FROM ${to}`, postgresql: `REVOKE GRANT OPTION FOR SELECT ON session FROM ${to}` }), undefined);
		assert.match(await told({ mariadb: `CREATE ROLE writer; GRANT INSERT ON session TO writer; GRANT writer TO ${to}`,
			postgresql: `ALTER ROLE nobody NOINHERIT; CREATE ROLE writer; GRANT INSERT ON session TO writer; GRANT writer TO ${to}` }) ?? "nothing", /^(GRANT ["`]writer["`]|writes to session)$/);
		if (kind === "mariadb") {
			const byDefault = { mariadb: `SET DEFAULT ROLE writer FOR ${to}` };
			assert.equal(await told(byDefault), "GRANT INSERT", "the rights of a role that is active are listed");
			assert.equal(await told({ mariadb: "REVOKE INSERT ON session FROM writer; GRANT SELECT ON session TO writer" }), undefined, "a role that only reads");
			await servers.mariadb.sql(`SET DEFAULT ROLE NONE FOR ${to}; DROP ROLE writer`);
		} else {
			await servers.postgresql.sql("DROP OWNED BY writer; DROP ROLE writer; ALTER ROLE nobody INHERIT", "site");
		}
	});

	test(`${kind}: the server is stopped, and comes back`, async () => {
		const server = servers[kind];
		await expectSeen(kind, SID, YES);
		await server.stop();
		const known = await failures();
		await expectSeen(kind, SID, ERROR);
		assert.equal(await failures(), known + 1, "one visitor, one failure");
		assert.equal((await visitor(`${kind}login`).login("bea", USER_PASSWORD)).status, 503);
		await expectSeen(`${kind}profile`, "bea", ERROR);
		await cell(kind, "server stopped", kind, SID, ERROR, /^FAIL .*(Can't connect|connection to server)/);
		await server.resume();
		await cell(kind, "server back", kind, SID, YES);
		await server.stop();
		await server.resume();
		const counted = await failures();
		await cell(kind, "restarted between", kind, SID, YES); // the first request after it: nobody notices
		assert.equal(await failures(), counted, "no failure");
	});

	test(`${kind}: a server that does not answer costs only its site something`, async () => {
		const server = servers[kind];
		await expectSeen(kind, SID, YES); // PostgreSQL starts a process for a new connection
		const pids = server.pids();
		await freeze(pids);
		try {
			const waiting = Array.from({ length: 12 }, () => look(kind, SID)); // more than the program has threads
			for (let i = 0; i < 5; i++)
				await expectSeen("sqlite", SID, YES);
			for (const seen of await Promise.all(waiting))
				assert.equal(seen.status, 503, seen.body.slice(0, 300));
			await cell(kind, "server does not answer", kind, SID, ERROR, /^FAIL .*did not answer in time/);
		} finally {
			signalAll(pids, "SIGCONT");
		}
	});
}

test("the table", (t) => {
	assert.equal(table.length, 15 * 2 + 14, table.join("\n"));
	for (const line of ["kind       | situation              | verdict | status | check", ...table])
		t.diagnostic(line);
});

test("a site without such a database has none of their libraries", async () => {
	const { stdout } = await place.run(["ldd", prebind.program]);
	assert.match(stdout, /libsqlite3/);
	assert.doesNotMatch(stdout, /libmariadb|libpq/);
});
