// Logins of a site that are set up wrong on purpose: `prebindctl check` names cause and cure in one sentence, and the
// program, which would see nobody, does not start.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import { test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const GOOD = "SELECT user FROM session WHERE id = :sid";

/** A place with one site; keys gets it and returns what is wrong about the site. */
async function setUp(t, keys) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const database = `${place.folder("site")}/site.db`;
	await runSql(place, database, "CREATE TABLE session (id TEXT PRIMARY KEY, user TEXT)");
	fs.chmodSync(database, 0o640);
	const good = { site_database: database, site_cookie: "sid", php_session_path: place.folder("sessions"), php_session_user: "user.name" };
	const prebind = new Prebind(place, { site: peer.site(place) });
	await prebind.prepare();
	const site = { ...good, ...(await keys({ place, database, query: (text) => place.write("site/query.sql", text, 0o644) })) };
	const lines = Object.entries(site).map(([key, value]) => `${key} = ${value}\n`);
	// in place of the same key, if it is there: `identity` is
	const kept = fs.readFileSync(prebind.conf, "utf8").split("\n").filter((line) => !(line.split(" = ")[0] in site));
	fs.writeFileSync(prebind.conf, `${kept.join("\n")}\n${lines.join("")}`);
	return { place, prebind };
}

const siteSession = (more) => async (at) => ({ identity: "site_session", site_query: at.query(GOOD), ...(await more?.(at)) });
const token = (text, mode) => async ({ place }) => ({ identity: "token", token_audience: "site.test",
	token_key_file: text === undefined ? "/nowhere/keys" : place.write("etc/keys", text, mode) });
const siteLogin = (text) => async ({ query }) => ({ identity: "login", login_query: query(text) });
const phpSession = (more) => async (at) => ({ identity: "php_session", ...(await more?.(at)) });

const DJANGO_KEY = "SECRET_KEY of the site";
const DJANGO_TABLES = "CREATE TABLE django_session (session_key TEXT PRIMARY KEY, session_data TEXT, expire_date TEXT);" +
	"CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username TEXT, first_name TEXT, last_name TEXT, password TEXT, is_active INTEGER);";
// pickle.dumps({"_auth_user_id": "1", "_auth_user_hash": "x"}, 2)
const PICKLE = Buffer.from("gAJ9cQAoWA0AAABfYXV0aF91c2VyX2lkcQFYAQAAADFxAlgPAAAAX2F1dGhfdXNlcl9oYXNocQNYAQAAAHhxBHUu", "base64url");

/** A row of session_data as Django signs it. */
function djangoSession(payload, key = DJANGO_KEY) {
	const text = `${Buffer.from(payload).toString("base64url")}:1xV93B`;
	const signer = crypto.createHash("sha256").update(`django.contrib.sessions.SessionStoresigner${key}`).digest();
	return `${text}:${crypto.createHmac("sha256", signer).update(text).digest("base64url")}`;
}

const djangoSite = (rows, sql = DJANGO_TABLES) => async (at) => {
	const values = rows.map((row, i) => `INSERT INTO django_session VALUES ('k${i}', '${row.data}', '${row.end ?? `2100-01-01 00:00:${10 + i}.000000`}');`);
	await runSql(at.place, at.database, `${sql}${values.join("")}`);
	return { identity: "site_session", site_cookie: "sessionid", site_result: "django", login_url: "/accounts/login/",
		site_query: at.place.copy("sql/sites/django.sql", "site/django.sql"), site_profile_query: at.place.copy("sql/sites/django-user.sql", "site/django-user.sql"),
		site_secret_file: at.place.write("etc/django.secret", `${DJANGO_KEY}\n`) };
};

for (const [name, keys, says] of [
	["remote_user: a realm with its @", () => ({ identity: "remote_user", remote_user_realm: "@EXAMPLE.ORG" }), /remote_user_realm: .*has an @ in it; write only the realm/],
	["site_session: no cookie named", siteSession(() => ({ site_cookie: "" })), /site_cookie: is missing, .*with provider site_session\. Meaning: The name of the site's session cookie/],
	["site_session: no query file", siteSession(() => ({ site_query: "/nowhere/query.sql" })), /\/nowhere\/query\.sql: cannot be read: No such file.*set the key `site_query` to a file of your own or from sql/],
	["site_session: a query that others may write", siteSession(({ place }) => ({ site_query: place.write("site/open.sql", GOOD, 0o666) })),
		/open\.sql: other users can write to this file \(mode 0666\); run: chmod go-w/],
	["site_session: a query that does not fit", siteSession(({ query }) => ({ site_query: query("-- mine\nSELECT login AS user\n  FROM session WHERE id = :sid\n") })),
		/query\.sql:2:8: no such column: login; to list the tables, run: sqlite3 \/.*site\.db \.schema/],
	["site_session: a query that writes", siteSession(({ query }) => ({ site_query: query("DELETE FROM session WHERE id = :sid") })), /query\.sql:1:\d+: .*write one SELECT/],
	["site_session: a query without :sid", siteSession(({ query }) => ({ site_query: query("SELECT user FROM session") })), /the query does not use :sid; compare a column/],
	["site_session: no database", siteSession(() => ({ site_database: "/nowhere/site.db" })), /\/nowhere\/site\.db: the site's database was not found: .*Check the key `site_database`/],
	["site_session: no SQLite database", siteSession(({ place }) => ({ site_database: place.write("site/other.db", "x".repeat(4096)) })),
		/the file is not an SQLite database: check the key `site_database`/],
	["site_session: a database that everybody may write", siteSession(({ database }) => fs.chmodSync(database, 0o666)), /every user of this machine can change this file .*run: chmod o-w/],
	["site_session: a database that may not be read", siteSession(({ database }) => fs.chmodSync(database, 0o000)), /the program's user must be able to read the file/],
	["site_session: Django without its key", siteSession(() => ({ site_result: "django", site_profile_query: "/x" })), /site_secret_file: is missing, .*set this key to a file with Django's SECRET_KEY/],
	["site_session: Django without its table", djangoSite([], "CREATE TABLE other (id)"),
		/prebind\.conf:\d+: site_database: .*site\.db: contains no table django_session\. .*SESSION_ENGINE is cache, file or signed_cookies.*manage\.py migrate/],
	["php_session: no folder", phpSession(() => ({ php_session_path: "/nowhere/sessions" })), /\/nowhere\/sessions: No such file.*`php -i \| grep save_path`/],
	["php_session: a folder where files can be renamed", phpSession(({ place }) => fs.chmodSync(place.path("sessions"), 0o777)), /other users can rename files in this folder .*run: chmod \+t/],
	["php_session: no such owner", phpSession(() => ({ php_session_owner: "no-such-user" })), /php_session_owner: the user 'no-such-user' does not exist on this machine.*set php_session_owner to the user that runs PHP/],
	["token: no audience", async (at) => ({ ...(await token(`k1:${"A".repeat(43)}\n`)(at)), token_audience: "" }), /token_audience: is missing, .*with provider token/],
	["token: no file of keys", token(), /\/nowhere\/keys: cannot read the secret: No such file.*put the secret into this file, and give the file to this program's user with mode 600/],
	["token: keys that others may read", token(`k1:${"A".repeat(43)}\n`, 0o644), /keys: other users can read or write the file \(mode 0644\); run: chmod 600/],
	["token: a line that is no key", token("secret\n"), /keys:1: the line is not KID:KEY.*make a line with: echo "k1:\$\(openssl/],
	["login with the site's table: a query without a hash", siteLogin("SELECT user FROM session WHERE user = :user"),
		/query\.sql:1:1: the query returns no column password_hash; write AS password_hash after a column/],
	["login with the site's table: a column it does not know", siteLogin("SELECT id AS password_hash, id AS mail FROM session WHERE user = :user"),
		/the column mail is not known; after AS, write one of: password_hash user display_name jid disabled/],
	["php_session: a path of keys with a hole", phpSession(() => ({ php_session_user: "user..name" })), /php_session_user: .*has an empty part; allowed: names separated by dots/],
])
	test(`${name}: check says so, and the start is refused`, async (t) => {
		const { place, prebind } = await setUp(t, keys);
		const check = await prebind.ctl(["check"]);
		assert.equal(check.code, 1, check.stdout);
		assert.match(check.stdout + check.stderr, says);
		assert.equal(`${check.stdout}${check.stderr}`.match(/^(FAIL|prebindctl:) .*/gm).length, 1, "one sentence, once");
		const start = await place.run([prebind.program, "-c", prebind.conf]);
		assert.equal(start.code, 1, start.stderr);
		assert.match(JSON.parse(start.stderr.split("\n").find((line) => line.includes("start_failed"))).why, says);
	});

test("site_session: a query that finds somebody for every visitor is seen by check", async (t) => {
	const { prebind, place } = await setUp(t, siteSession(({ query }) => ({ site_query: query("SELECT user FROM session WHERE :sid <> ''") })));
	await runSql(place, place.path("site", "site.db"), "INSERT INTO session VALUES ('x', 'alice')");
	const { code, stdout } = await prebind.ctl(["check"]);
	assert.equal(code, 1);
	assert.match(stdout, /^FAIL .*the query returned the user 'alice' for a session that does not exist; make the query compare a column with :sid/m);
});

const JSON_ROW = { data: djangoSession('{"_auth_user_id":"1","_auth_user_hash":"x"}') };
const NO_USER_ROW = { data: djangoSession('{"cart":[]}') };
const PICKLE_ROW = { data: djangoSession(PICKLE) };
const OTHER_KEY_ROW = { data: djangoSession("{}", "another key") };
const OVER = { end: "2020-01-01 00:00:00.000000" };

for (const [what, rows, code, says] of [
	["rows that can be read", [JSON_ROW, NO_USER_ROW], 0, /^ok .*site_session: .*; the newest 2 sessions can be read$/m],
	["pickles alone", [PICKLE_ROW, PICKLE_ROW], 1, /^FAIL .*prebind cannot read the newest 2 sessions in django_session: .*pickle.*SESSION_SERIALIZER to django\S+JSONSerializer$/m],
	["another key", [OTHER_KEY_ROW], 1, /^FAIL .*prebind cannot read the newest 1 session in django_session: the signature .* is wrong; write Django's SECRET_KEY into the file set in site_secret_file/m],
	["a few from before a change", [PICKLE_ROW, JSON_ROW, OTHER_KEY_ROW, JSON_ROW], 0, /^ok .*; the newest 4 sessions were checked, and 2 cannot be read: the signature .* is wrong/m],
	["an empty table", [], 0, /^ok .*; django_session contains no current session; log in .*SESSION_ENGINE is cache, file or signed_cookies/m],
	["sessions that are over", [{ ...PICKLE_ROW, ...OVER }, { ...JSON_ROW, ...OVER }], 0, /^ok .*contains no current session.*SESSION_ENGINE/m],
	["text that is no session", [{ data: "x" }], 1, /^FAIL .*prebind cannot read the newest 1 session in django_session: session_data is not in the format of Django 3\.1 or later/m],
])
	test(`site_session with Django: check looks at the table: ${what}`, async (t) => {
		const { prebind, place } = await setUp(t, djangoSite(rows));
		const before = fs.readFileSync(place.path("site", "site.db"));
		const check = await prebind.ctl(["check"]);
		assert.match(check.stdout, says);
		assert.equal(/^FAIL .*site_session/m.test(check.stdout), code === 1, check.stdout);
		assert.deepEqual(fs.readFileSync(place.path("site", "site.db")), before, "a check changes nothing");
	});

test("site_session with Django: a table of another name is the query's business", async (t) => {
	const { prebind } = await setUp(t, async (at) => ({ ...(await djangoSite([], DJANGO_TABLES.replace("django_session", "own_session"))(at)),
		site_query: at.query("SELECT session_data, expire_date AS expires_iso FROM own_session WHERE session_key = :sid") }));
	assert.match((await prebind.ctl(["check"])).stdout, /^ok .*site_session: .*correctly finds no user$/m);
});

test("php_session: the wrong format is seen by check", async (t) => {
	const { prebind, place } = await setUp(t, phpSession(() => ({ php_session_format: "php_serialize" })));
	place.write("sessions/sess_0123456789abcdef0123456789", 'user|a:1:{s:4:"name";s:5:"alice";}');
	const { code, stdout } = await prebind.ctl(["check"]);
	assert.equal(code, 1);
	assert.match(stdout, /^FAIL .*checked 1 session; 0 have a user at the path user\.name, and 1 are refused, the first because .*check the key php_session_format/m);
});

const SESSION = "sessions/sess_0123456789abcdef0123456789";
for (const [what, file, says] of [
	["no session at all", null, /php_session_path: no session was found in .*\/sessions; log in to the site and check again.*set php_session_path to the folder/],
	["a session of a visitor who is not logged in", "cart|i:1;", /php_session_user: no session in .* has a user at the path 'user\.name'; log in/],
	["a session with the user at another place", 'user|a:1:{s:4:"nick";s:5:"alice";}', /php_session_user: no session in .* has a user at the path 'user\.name'/],
	["the user where it should be", 'user|a:1:{s:4:"name";s:5:"alice";}', null],
])
	test(`php_session: ${what}: ${says ? "a note" : "no note"}`, async (t) => {
		const { prebind, place } = await setUp(t, phpSession());
		if (file)
			place.write(SESSION, file);
		const { code, stdout } = await prebind.ctl(["check"]);
		assert.equal(code, 0, "it need not be a fault");
		assert.match(stdout, /^ok .*php_session: /m);
		const notes = stdout.match(/^note .*php_session: .*$/gm) ?? [];
		assert.equal(notes.length, says ? 1 : 0, stdout);
		if (says)
			assert.match(notes[0], says);
	});

test("token: check says what it cannot know", async (t) => {
	const { prebind } = await setUp(t, token(`k1:${"A".repeat(43)}\n`));
	assert.match((await prebind.ctl(["check"])).stdout, /^ok .*token: .*If a real token is signed with another key, .*identity_refused/m);
});

test("login: without a user nobody can log in, and check says how to make one", async (t) => {
	const { prebind } = await setUp(t, () => ({ identity: "login" }));
	const { code, stdout } = await prebind.ctl(["check"]);
	assert.equal(code, 1);
	assert.match(stdout, /^FAIL .*login: .*contains no user yet; add one with `prebindctl user add NAME`/m);
});
