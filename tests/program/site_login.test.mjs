// Provider login with the site's own users: our form, the site's passwords. The hashes are made by PHP, as its software
// does; the ready queries run against the tables that their heads describe.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Extauth } from "../lib/extauth.mjs";
import { Visitor } from "../lib/http.mjs";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
let place, prebind, database, peer, query;

const php = (code) => execFileSync("php", ["-r", code], { encoding: "utf8" });
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

const QUERY = `SELECT password_hash, name AS user, shown AS display_name, banned AS disabled
  FROM member WHERE lower(name) = lower(:user) OR lower(email) = lower(:user);
`;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	const hashes = JSON.parse(php(`echo json_encode([
		"bea" => password_hash("${PASSWORD}", PASSWORD_BCRYPT, ["cost" => 8]),
		"ari" => password_hash("${PASSWORD}", PASSWORD_ARGON2ID),
		"Max" => password_hash("${PASSWORD}", PASSWORD_BCRYPT, ["cost" => 4]),
		"wp" => '$wp' . password_hash(base64_encode(hash_hmac("sha384", "${PASSWORD}", "wp-sha384", true)), PASSWORD_BCRYPT, ["cost" => 5]),
		"sha" => crypt("${PASSWORD}", '$6$rounds=1000$saltsalt$')]);`));
	const rows = [
		...Object.entries(hashes),
		["phpass", "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1"],
		["django", "pbkdf2_sha256$1000$abcDEF123$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo="],
		["apr", "$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG/"],
		["des", "abhfCpXqd4GrI"], ["empty", ""], ["star", "*0"],
		["costly", "$2y$31$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"],
		["twin", hashes.bea], ["TWIN", hashes.bea], ["banned", hashes.bea],
	].map(([name, hash]) => `INSERT INTO member VALUES (${quoted(name)}, ${quoted(`${name}@example.org`)}, ${quoted(hash)},
		${quoted(`The ${name}`)}, ${name === "banned" ? 1 : 0});`);
	database = place.path("site.db");
	await runSql(place, database, `CREATE TABLE member (name TEXT, email TEXT, password_hash TEXT, shown TEXT, banned INTEGER);
		INSERT INTO member VALUES ('nohash', 'nohash@example.org', NULL, '', 0);\n${rows.join("\n")}`);
	query = place.write("etc/login.sql", QUERY);
	const login = { site_database: database, login_query: query, jid: "{user|lower}@example.test" };
	prebind = new Prebind(place, {
		site: { ...peer.site(place), ...login, hosts: "example.org" },
		sites: { weak: { ...peer.site(place), ...login, hosts: "weak.example", allow_weak_hashes: "on" } },
	});
	await prebind.prepare();
	await prebind.start();
});
after(() => place.close());

/** A line of the log may come a little later than the answer. */
const logged = (line) => until(`the log to have ${line}`, () => line.test(prebind.child.stderr));

const visitor = (host = "example.org") => new Visitor((request) =>
	prebind.request({ ...request, params: { HTTP_HOST: host, SERVER_NAME: host } }));

for (const name of ["bea", "ari", "wp", "sha", "phpass", "django"]) {
	test(`${name} logs in with the site's password`, async () => {
		const one = visitor();
		assert.equal((await one.login(name, `${PASSWORD}x`)).status, 401);
		assert.equal((await one.login(name, PASSWORD)).status, 303);
		const page = await one.get("/");
		assert.equal(page.status, 200);
		assert.match(page.body, new RegExp(`The ${name}`));
	});
}

test("by e-mail address and in any case it is the site's spelling that counts", async () => {
	for (const name of ["Max", "MAX", "max", "max@example.org"]) {
		const one = visitor();
		assert.equal((await one.login(name, PASSWORD)).status, 303, name);
		assert.equal((await one.get("/")).status, 200);
	}
	assert.match(await prebind.ctlOk(["--site", "default", "session", "list"]), /^login +Max\b|\bMax\b/m);
});

test("who has no password that can be verified is refused as everybody is", async () => {
	const plain = ({ body }) => body.replaceAll(/value="[^"]*"/g, "").replaceAll(/nonce="[^"]*"/g, "");
	const unknown = await visitor().login("nobody", PASSWORD);
	assert.equal(unknown.status, 401);
	for (const name of ["des", "empty", "star", "nohash", "costly", "banned", "apr"]) {
		for (const password of [PASSWORD, "*0", "x"]) {
			const answer = await visitor().login(name, password);
			assert.equal(answer.status, 401, name);
			assert.equal(plain(answer), plain(unknown), name);
		}
	}
	const log = prebind.child.stderr;
	await logged(/"user":"costly".*bcrypt\) requires more work than prebind allows for one/);
	await logged(/"user":"des".*format of the stored password hash is not supported/);
	await logged(/"user":"banned".*the user is disabled/);
	await logged(/"user":"apr".*only with allow_weak_hashes = on/);
	assert.doesNotMatch(log, /\$2y\$|\$apr1\$/);
});

test("weak hashes with allow_weak_hashes alone, and with a word in the log", async () => {
	assert.equal((await visitor("weak.example").login("apr", PASSWORD)).status, 303);
	await logged(/"event":"password_hash_weak".*"user":"apr","format":"apr1"/);
});

test("two users of one name: nobody gets in, and the log says why", async () => {
	assert.equal((await visitor().login("twin", PASSWORD)).status, 503);
	await logged(/"why":"[^"]*login\.sql[^"]*more than one/);
});

test("who is banned or deleted on the site is out with the next request", async () => {
	const one = visitor();
	await one.login("bea", PASSWORD);
	assert.equal((await one.get("/")).status, 200);
	await runSql(place, database, "UPDATE member SET banned = 1 WHERE name = 'bea'");
	assert.equal((await one.get("/")).status, 303);
	await runSql(place, database, "UPDATE member SET banned = 0 WHERE name = 'bea'");
	assert.equal((await one.get("/")).status, 200);
	await runSql(place, database, "UPDATE member SET name = 'beata' WHERE name = 'bea'");
	assert.equal((await one.get("/")).status, 303);
	await runSql(place, database, "UPDATE member SET name = 'bea' WHERE name = 'beata'");
});

test("an XMPP server asks: the account is whose name leads there, however else the query may find somebody", async (t) => {
	const extauth = new Extauth(place, prebind.conf, ["--site", "default"]);
	t.after(() => extauth.end());
	const ask = (what, account, password = "") => extauth.ask(`${what}:${account}:example.test${password && `:${password}`}`);
	assert.equal(await ask("auth", "max", PASSWORD), true, "Max, as the site spells it");
	assert.equal(await ask("auth", "max", `${PASSWORD}x`), false);
	assert.equal(await ask("isuser", "max"), true);
	assert.equal(await ask("auth", "max\\40example.org", PASSWORD), false, "found by the e-mail address, but no account of Max's");
	assert.equal(await ask("isuser", "max\\40example.org"), false);
	assert.equal(await ask("auth", "banned", PASSWORD), false);
	assert.equal(await ask("isuser", "nobody"), false);
});

test("the site's table is never written", async () => {
	const untouched = execFileSync("sha256sum", [database], { encoding: "utf8" });
	await visitor().login("phpass", PASSWORD);
	assert.equal(execFileSync("sha256sum", [database], { encoding: "utf8" }), untouched);
});

test("a quote in a name is a quote", async () => {
	for (const name of ["' OR 1=1 --", "bea' --", "%", "bea\\", "*"])
		assert.equal((await visitor().login(name, PASSWORD)).status, 401, name);
});

test("wrong passwords are counted for the account, by whatever name it is found", async () => {
	const own = new Place();
	try {
		const copy = own.write("site.db", "");
		const hash = "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1";
		await runSql(own, copy, "CREATE TABLE member (name TEXT, low TEXT, email TEXT, password_hash TEXT);" +
			["Åsa", "Max", "Bea"].map((name) => `INSERT INTO member VALUES ('${name}', '${name.toLowerCase()}', ` +
				`'${name.toLowerCase()}@example.org', '${hash}');`).join(""));
		const other = new Prebind(own, { server: { listen: "" }, site: { ...peer.site(own), site_database: copy, limit_login: "4/15m",
			login_query: own.write("etc/login.sql", "SELECT password_hash, name AS user FROM member WHERE :user IN (name, low, upper(low), email)"),
			jid: "{user|lower}@example.test" } });
		await other.prepare();
		const trial = async (name) => (await new Visitor((request) => other.cgi(request)).login(name, "wrong")).status;
		for (const [first, ...rest] of [
			["Max", "max", "MAX", "max@example.org", "mAX", " max "],
			["åsa@example.org", "Åsa", "åsa", "A\u030asa", "ÅSA", "a\u030aSA"],
			["nobody", "Nobody", "NOBODY", "nObody", "noBody"],
			["Łukasz", "łukasz", "ŁUKASZ", "łuKasz", "Łukasz"],
			["caf\u00e9", "cafe\u0301", "CAFE\u0301", "CAF\u00c9", "Caf\u00e9"],
		]) {
			for (const name of [first, ...rest].slice(0, 4))
				assert.equal(await trial(name), 401, name);
			for (const name of [first, ...rest])
				assert.equal(await trial(name), 429, name);
		}
		assert.equal(await trial("bea"), 401, "another account");
		assert.equal(await trial("nobody@example.org"), 401, "another name of nobody");
	} finally {
		await own.close();
	}
});

test("a query that does not know its own names is told at the first log-in that shows it", async () => {
	place.write("etc/login.sql", "SELECT password_hash, name AS user FROM member WHERE email = :user");
	const own = new Place();
	try {
		const copy = own.write("site.db", "");
		await runSql(own, copy, "CREATE TABLE member (name TEXT, email TEXT, password_hash TEXT);" +
			"INSERT INTO member VALUES ('max', 'max@example.org', '$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1')");
		const other = new Prebind(own, { server: { listen: "" }, site: { ...peer.site(own), site_database: copy,
			login_query: own.write("etc/login.sql", "SELECT password_hash, name AS user FROM member WHERE email = :user"),
			jid: "{user}@example.test" } });
		await other.prepare();
		const answer = await new Visitor((request) => other.cgi(request)).login("max@example.org", PASSWORD);
		assert.equal(answer.status, 503);
		assert.match(answer.body, /Try again|again/);
	} finally {
		place.write("etc/login.sql", QUERY);
		await own.close();
	}
});

const SITES = [
	["phpbb-login.sql", "CREATE TABLE phpbb_users (user_id INTEGER, username TEXT, username_clean TEXT, user_password TEXT, user_type INTEGER);" +
		"INSERT INTO phpbb_users VALUES (1, 'Anonymous', 'anonymous', '', 2), (2, 'Alice', 'alice', :hash, 0), (3, 'Off', 'off', :hash, 1)",
	"$H$6saltSALTAs5vyIGgKGLVR93xw3sDd0"],
	["drupal7-login.sql", "CREATE TABLE users (uid INTEGER, name TEXT, pass TEXT, status INTEGER);" +
		"INSERT INTO users VALUES (0, '', '', 0), (1, 'Alice', :hash, 1), (2, 'Off', :hash, 0)",
	"$S$5saltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQF"],
	["drupal-login.sql", "CREATE TABLE users_field_data (uid INTEGER, name TEXT, pass TEXT, status INTEGER, default_langcode INTEGER);" +
		"INSERT INTO users_field_data VALUES (0, '', NULL, 0, 1), (1, 'Alice', :hash, 1, 1), (1, 'Alice', :hash, 1, 0), (2, 'Off', :hash, 0, 1)",
	"$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"],
	["django-login.sql", "CREATE TABLE auth_user (username TEXT, first_name TEXT, last_name TEXT, password TEXT, is_active INTEGER);" +
		"INSERT INTO auth_user VALUES ('Alice', 'Al', 'Ice', :hash, 1), ('Off', '', '', :hash, 0)",
	"pbkdf2_sha256$1000$abcDEF123$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo="],
	["flarum-login.sql", "CREATE TABLE users (username TEXT, email TEXT, password TEXT, is_email_confirmed INTEGER);" +
		"INSERT INTO users VALUES ('Alice', 'a@example.org', :hash, 1), ('Off', 'o@example.org', :hash, 0)",
	"$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"],
	// the hash is MediaWiki 1.39's own; Off is blocked for good, and Alice was, until last year
	["mediawiki-login.sql", "CREATE TABLE user (user_id INTEGER PRIMARY KEY, user_name BLOB, user_real_name BLOB, user_password BLOB);" +
		"CREATE TABLE ipblocks (ipb_user INTEGER, ipb_expiry BLOB, ipb_sitewide INTEGER);" +
		"INSERT INTO user VALUES (1, 'Alice', '', :hash), (2, 'Off', '', :hash), (3, 'MediaWiki default', '', '');" +
		"INSERT INTO ipblocks VALUES (1, '20251122000000', 1), (1, 'infinity', 0), (2, 'infinity', 1)",
	":pbkdf2:sha512:30000:64:M6s0a+DQlFGVo1NJ4cGKOw==:SFJIZqIE851DhdhFK8VyJmBaoiVzO3l1KVGzF1qu0/vXT98l4rzr8UddQaAV63+2ZuFPFKxMuiQis8xvwvREaA=="],
];

test("each ready query for login_query is tried here", () => {
	const files = fs.readdirSync(path.join(top, "sql/sites")).filter((file) => file.endsWith("-login.sql"));
	assert.deepEqual(files.sort(), SITES.map(([file]) => file).sort());
});

for (const [file, tables, hash] of SITES) {
	test(`sql/sites/${file}`, async (t) => {
		const own = new Place();
		t.after(() => own.close());
		const site = own.path("site.db");
		await runSql(own, site, tables.replaceAll(":hash", quoted(hash)));
		const program = new Prebind(own, { server: { listen: "" }, site: { ...peer.site(own), site_database: site,
			login_query: own.copy(path.join(top, "sql/sites", file), "etc/login.sql"), jid: "{user|lower}@example.test" } });
		await program.prepare();
		assert.match(await program.ctlOk(["check"]), /login: users and their password hashes are looked up in .*site\.db with the query in .*login\.sql/);
		const one = new Visitor((request) => program.cgi(request));
		assert.equal((await one.login("Alice", PASSWORD)).status, 303);
		assert.equal((await one.get("/")).status, 200);
		for (const name of ["Off", "", "Anonymous", "nobody"])
			assert.notEqual((await new Visitor((request) => program.cgi(request)).login(name, PASSWORD)).status, 303, name);
	});
}

for (const [what, text, says] of [
	["a query without :user", "SELECT password_hash FROM member", /login\.sql:.*:user/],
	["a query that writes", "UPDATE member SET password_hash = :user", /login\.sql:/],
	["a query without a hash", "SELECT name AS user FROM member WHERE name = :user", /login\.sql:.*password_hash/],
	["a query for a table that is not there", "SELECT password_hash FROM members WHERE name = :user", /login\.sql:.*members/],
]) {
	test(`${what}: check says so`, async () => {
		place.write("etc/login.sql", text);
		const { code, stdout, stderr } = await prebind.ctl(["--site", "default", "check"]);
		place.write("etc/login.sql", QUERY);
		assert.equal(code, 1);
		assert.match(stdout + stderr, says);
	});
}

test("login_query without site_database is refused", async (t) => {
	const own = new Place();
	t.after(() => own.close());
	const program = new Prebind(own, { site: { ...peer.site(own), login_query: own.write("etc/login.sql", QUERY) } });
	const { code, stderr } = await program.ctl(["check"]);
	assert.equal(code, 1);
	assert.match(stderr, /login_query: also needs site_database/);
});
