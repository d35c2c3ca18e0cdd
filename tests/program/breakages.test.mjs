// Installations that are each broken in one way: the first line of `prebindctl check` that fails names the cause, and what to do. Each has
// its number in the list of breakages. Those that need a real Prosody are in tests/servers/breakages.test.mjs; those that lie behind
// the web server (5, 6, 14, 14b, 15, 16, 18c, 20, 25) in tests/servers/check_web.test.mjs. Run with root's rights, as an operator runs it.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { SERVICE, WEB_SERVER, assertFirst, check, firstCause, idOf, mountSmallDisk, setKey, setUp, skip } from "../lib/check.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";

const IN_CONF = "prebind\\.conf:\\d+: ";
const database = (place) => place.path("data/prebind.db");
const setSchema = (number) => (place) => runSql(place, database(place), `PRAGMA user_version = ${number}`);

/** Where the site's own sessions are asked for: a query with a name that its database does not have. */
async function siteWithWrongColumn(place) {
	const file = `${place.folder("site")}/site.db`;
	await runSql(place, file, "CREATE TABLE session (id TEXT PRIMARY KEY, user TEXT)");
	const query = place.write("etc/site.sql", "SELECT user\nFROM session\nWHERE idd = :sid\n");
	return { identity: "site_session", site_database: file, site_query: query, site_cookie: "sid" };
}

/** start: it runs while check looks. site: further keys. damage(place, prebind, site keys). ok: check fails nothing, the line is a note. */
const rows = [
	["8", { what: "the database's folder is root's",
		damage: (place) => { fs.chownSync(place.path("data"), 0, 0); fs.chmodSync(place.path("data"), 0o755); },
		says: new RegExp(`${IN_CONF}database: .*/data: user \\d+ may not write to the database's directory: Permission denied; run: chown \\d+ '.*/data'`) }],
	["8b", { what: "the database is 0400", damage: (place) => fs.chmodSync(database(place), 0o400),
		says: /prebind\.conf:\d+: database: .*may not write to the database: Permission denied; run: chmod 600 '.*prebind\.db'/ }],
	["8c", { what: "a -shm of mode 0400 was left behind", start: true, damage: (place) => fs.chmodSync(`${database(place)}-shm`, 0o400),
		says: new RegExp(`${IN_CONF}database: .*prebind\\.db-shm: the file's owner may not read and write the file \\(mode 0400\\).*chmod 600 '`) }],
	["9", { what: "the database is root's", damage: (place) => fs.chownSync(database(place), 0, 0),
		says: new RegExp(`${IN_CONF}database: .*belongs to user 0, .*: chown ${idOf("-u", SERVICE)} '.*prebind\\.db'`) }],
	["10", { what: "there is no database", damage: (place) => fs.rmSync(database(place)),
		says: /prebind\.conf:\d+: database: .*prebind\.db: there is no database: run prebindctl migrate/ }],
	["11, older", { what: "schema 8", damage: setSchema(8), says: /schema 8.*run prebindctl migrate/ }],
	["11, newer", { what: "schema 99", damage: setSchema(99), says: /schema 99.*newer/ }],
	["12", { what: "a secret's file is 0644", damage: (place, prebind, site) => fs.chmodSync(site.tigase_password_file, 0o644),
		says: /other users can read or write the file \(mode 0644\); run: chmod 600 / }],
	["12b", { what: "prebind.conf is 0664", damage: (place, prebind) => fs.chmodSync(prebind.conf, 0o664),
		says: /prebind\.conf: .*0664.*chmod / }],
	["12c", { what: "prebind.conf is root's alone",
		damage: (place, prebind) => { fs.chownSync(prebind.conf, 0, 0); fs.chmodSync(prebind.conf, 0o600); },
		says: new RegExp(`configuration: .*prebind\\.conf: user ${SERVICE} may not read this file \\(mode 0600\\).*chmod g\\+r`) }],
	["13", { what: "there are no templates", damage: (place) => fs.renameSync(place.path("templates"), place.path("away")),
		says: new RegExp(`${IN_CONF}templates: .*No such file`) }],
	["17", { what: "the socket's group is root", start: true, damage: (place, prebind) => fs.chownSync(prebind.socket, idOf("-u", SERVICE), 0),
		says: new RegExp(`socket_group: ${WEB_SERVER} \\(peer_users\\) may not connect .*group root\\); set socket_group`) }],
	["18", { what: "a folder on the way to the socket is closed", start: true, damage: (place) => fs.chmodSync(place.dir, 0o700),
		says: new RegExp(`listen: ${WEB_SERVER} \\(peer_users\\) may not enter the folder '.*' \\(mode 0700.*chmod g\\+x`) }],
	["18b, peer_users", { what: "names no user", damage: (place, prebind) => setKey(prebind, "peer_users", "nosuchuser"),
		says: new RegExp(`${IN_CONF}peer_users: there is no user 'nosuchuser'; set peer_users to the user that your web server runs as`) }],
	["18b, socket_group", { what: "names no group", damage: (place, prebind) => setKey(prebind, "socket_group", "nosuchgroup"),
		says: new RegExp(`${IN_CONF}socket_group: there is no group 'nosuchgroup'`) }],
	["18b, folder of listen", { what: "is missing", damage: (place, prebind) => setKey(prebind, "listen", "/nonexistent/prebind.sock"),
		says: new RegExp(`${IN_CONF}listen: cannot find the folder of '/nonexistent/prebind.sock': No such file or directory; create the folder first`) }],
	["18b, listen", { what: "is in /tmp", damage: (place, prebind) => setKey(prebind, "listen", "/tmp/prebind-test.sock"),
		says: new RegExp(`${IN_CONF}listen: everybody may write to the folder '/tmp'; use a folder of mode 0750`) }],
	["18b, user", { what: "does not exist", damage: (place, prebind) => setKey(prebind, "user", "nosuchuser"),
		says: new RegExp(`${IN_CONF}user: there is no user 'nosuchuser'; run: adduser`) }],
	["18b, no user", { what: "user is missing", damage: (place, prebind) => setKey(prebind, "user", undefined),
		says: /user: is empty, so the program cannot be started as root; set user in \[server\] to an account/ }],
	["19", { what: "the disk is full",
		prepare: (place) => mountSmallDisk(place) || "nothing can be mounted here",
		damage: (place) => place.write("data/full", Buffer.alloc(7 * 1024 * 1024)),
		says: new RegExp(`writing: .*${IN_CONF}database: .*No space left on device.*free some space on the disk or in the quota`) }],
	["21", { what: "site_query has a wrong column", site: siteWithWrongColumn, damaged: true,
		says: /site\.sql:3:\d+: .*no such column: idd/ }],
	["23", { what: "prebind does not run (right before the first start, so a note)", damaged: true, ok: true,
		says: new RegExp(`${IN_CONF}listen: there is no '.*prebind\\.fcgi is not running.*start prebind`) }],
	["24", { what: "prebind listens elsewhere", start: true, ok: true,
		damage: (place, prebind) => setKey(prebind, "listen", place.path("run/other.sock")),
		says: new RegExp(`${IN_CONF}listen: there is no '.*other\\.sock', because prebind\\.fcgi is not running or uses another value of listen; restart prebind`) }],
	["26", { what: "a key is misspelt", damage: (place, prebind) => fs.appendFileSync(prebind.conf, "\ndatabse = /x\n"),
		says: new RegExp(`${IN_CONF}databse: .*\\S`) }],
	["28, down", { what: "Tigase is down", site: () => ({ tigase_url: `http://127.0.0.1:${DEAD_PORT}/rest/adhoc/bosh@example.test` }), damaged: true,
		says: /upstream: .*prebind\.conf:\d+: tigase_url: .*no connection \(Connection refused\): check that the XMPP server's HTTP service is running/ }],
	["28, 401", { what: "Tigase refuses the password",
		damage: (place, prebind, site) => fs.writeFileSync(site.tigase_password_file, "not-it\n"),
		says: /upstream: .*401.*tigase_password_file/ }],
];

for (const [number, { what, start = false, site, prepare, damage = () => {}, damaged = false, ok = false, says }] of rows)
	test(`${number}: ${what}`, { skip }, async (t) => {
		const made = await setUp(t, { start, site });
		const ready = prepare ? await prepare(made.place) : true;
		if (ready !== true)
			return t.skip(ready);
		if (!damaged)
			assert.deepEqual((await check(made.prebind)).failed, [], "whole, until it is broken");
		await damage(made.place, made.prebind, made.site);
		const found = await check(made.prebind);
		t.diagnostic(`${number}: ${ok ? found.notes[0] : firstCause(found)}`);
		if (!ok)
			return assertFirst(found, says);
		assert.equal(found.code, 0, found.stdout);
		assert.match(found.notes[0], says);
	});
