// WordPress's cookie, with WordPress's tables on SQLite: who is there, `prebindctl wordpress import`, and what `prebindctl
// check` says of a site that is set up wrong. tests/servers/wordpress.test.mjs has WordPress itself.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const LOOK = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
const ADDRESS = "https://www.example.org/blog";
const [KEY, SALT] = ["the key's {$k} | #", "the salt"];
const HASH = "$P$BDSdKx2nglM.5UErwjQGeVtVWvjEvD1";
const LATER = 4000000000;
const hash = (kind, text) => crypto.createHash(kind).update(text).digest("hex");
const mac = (kind, key, text) => crypto.createHmac(kind, key).update(text).digest("hex");
const nameOf = (address) => `wordpress_logged_in_${hash("md5", address)}`;

/** A cookie's value, as WordPress makes it. */
function cookieOf(user, { token = `token of ${user}`, ends = LATER, key = KEY + SALT, fragment = HASH.slice(8, 12) } = {}) {
	const own = mac("md5", key, `${user}|${fragment}|${ends}|${token}`);
	return encodeURIComponent(`${user}|${ends}|${token}|${mac("sha256", own, `${user}|${ends}|${token}`)}`);
}

const sessions = (user) => `a:1:{s:64:"${hash("sha256", `token of ${user}`)}";a:2:{s:10:"expiration";i:${LATER};s:2:"ip";s:9:"192.0.2.1";}}`;

const tables = (prefix = "wp_") => `
	CREATE TABLE ${prefix}users (ID INTEGER PRIMARY KEY, user_login TEXT COLLATE NOCASE, user_pass TEXT, user_email TEXT, display_name TEXT);
	CREATE TABLE ${prefix}usermeta (umeta_id INTEGER PRIMARY KEY, user_id INTEGER, meta_key TEXT, meta_value TEXT);
	CREATE TABLE ${prefix}options (option_id INTEGER PRIMARY KEY, option_name TEXT UNIQUE, option_value TEXT);
	INSERT INTO ${prefix}options (option_name, option_value) VALUES ('siteurl', '${ADDRESS}/'), ('logged_in_key', 'stored key'), ('logged_in_salt', 'stored salt');
	INSERT INTO ${prefix}users VALUES (1, 'alice', '${HASH}', 'a@example.org', 'Alice A.'), (2, 'Bob McKay', '${HASH}', 'b@example.org', 'Bob'),
		(3, 'out', '${HASH}', 'o@example.org', 'Out'), (4, 'nopass', NULL, '', 'No'), (5, 'broken', '${HASH}', '', 'B');
	INSERT INTO ${prefix}usermeta (user_id, meta_key, meta_value) VALUES (1, 'session_tokens', '${sessions("alice")}'), (1, 'nickname', 'x'),
		(1, 'session_tokens', 'a second row'), (2, 'session_tokens', '${sessions("Bob McKay")}'), (4, 'session_tokens', '${sessions("nopass")}'),
		(5, 'session_tokens', 'a:1:{');`;

const config = ({ key = KEY, salt = SALT, more = "" } = {}) =>
	`<?php\ndefine( 'AUTH_KEY', 'other' );\n${key && `define( 'LOGGED_IN_KEY', '${key.replaceAll("'", "\\'")}' );\n`}` +
	`${salt && `define( 'LOGGED_IN_SALT', '${salt}' );\n`}${more}\n$table_prefix = 'wp_';\nrequire ABSPATH . 'wp-settings.php';\n`;

let place, prebind, site;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const database = `${place.folder("site")}/wp.db`;
	await runSql(place, database, tables());
	site = { ...peer.site(place), jid: "{user|safe}@example.test", identity: "site_session remote_user", site_result: "wordpress", site_database: database,
		site_query: place.copy("sql/sites/wordpress/session.sql", "sql/session.sql"), site_secret_file: `${place.folder("etc")}/wordpress.secret` };
	prebind = new Prebind(place, { site });
	const said = await prebind.ctlOk(["wordpress", "import", place.write("www/wp-config.php", config(), 0o644)]);
	assert.match(said, new RegExp(`the keys of \\S+/wp-config.php are now in \\S+/wordpress.secret; the login cookie is ${nameOf(ADDRESS)}; run .prebindctl check`));
	await prebind.prepare();
	await prebind.start();
	await setUpOthers();
});
after(() => place.close({ logs: true }));

async function look(cookie, name = nameOf(ADDRESS)) {
	const answer = await prebind.request({ path: "/", headers: { ...LOOK, Cookie: `${name}=${cookie}` }, params: { REMOTE_USER: "mallory", AUTH_TYPE: "Basic" } });
	return { status: answer.status, me: /<span id="me">([^<]*)</.exec(answer.body)?.[1] ?? null, body: answer.body };
}

// remote_user stands behind: who is nobody is mallory.
for (const [what, cookie, me] of [
	["a user", cookieOf("alice"), "Alice A."],
	["a name with a blank and capitals", cookieOf("Bob McKay"), "Bob"],
	["another spelling of the name, well signed", cookieOf("ALICE", { token: "token of alice" }), "mallory"],
	["a name with a blank at its end", cookieOf("alice ", { token: "token of alice" }), "mallory"],
	["a cookie that is over", cookieOf("alice", { ends: 1000000000 }), "mallory"],
	["another key", cookieOf("alice", { key: "x" }), "mallory"],
	["another password", cookieOf("alice", { fragment: "abcd" }), "mallory"],
	["another token", cookieOf("alice", { token: "x" }), "mallory"],
	["a user without a session", cookieOf("out"), "mallory"],
	["a user without a password", cookieOf("nopass"), "mallory"],
	["a user who was deleted", cookieOf("carol"), "mallory"],
])
	test(`${what}: ${me}`, async () => {
		const seen = await look(cookie);
		assert.equal(seen.me, me, seen.body);
	});

test("what WordPress does not write is BAD, and nobody", async () => {
	for (const cookie of ["alice", "alice%7C1%7Ct", cookieOf("broken"), `${cookieOf("alice")}%7Cx`]) {
		const seen = await look(cookie);
		assert.deepEqual([seen.status, seen.me], [401, null], seen.body);
		assert.match(seen.body, new RegExp(nameOf(ADDRESS)), "the page names the cookie to delete");
	}
});

test("the cookie of another address counts for nothing", async () => {
	assert.equal((await look(cookieOf("alice"), nameOf("https://www.example.org"))).me, "mallory");
});

test("a wrong signature of a session that exists is logged, and nothing of it", async () => {
	await look(cookieOf("alice", { key: "a stranger's" }));
	await until("the log to say why", () => /"event":"wordpress_signature".*new password.*prebindctl wordpress import/.test(prebind.child.log));
	assert.doesNotMatch(prebind.child.log, /token of|\$P\$|the salt/);
});

test("plain CGI knows the user as well", async () => {
	const answer = await prebind.cgi({ path: "/", headers: { ...LOOK, Cookie: `${nameOf(ADDRESS)}=${cookieOf("alice")}` } });
	assert.match(answer.body, /<span id="me">Alice A\.</);
});

// ---- what prebindctl says of sites that are set up wrong, or are about to be set up ----

const SECRET = `LOGGED_IN_KEY=${KEY}\nLOGGED_IN_SALT=${SALT}\nLOGGED_IN_COOKIE=${nameOf(ADDRESS)}\n`;
const NETWORK = "http://network.example.org/"; // as WordPress stores it, with the slash

/** Site to { sql, secret, keys, query, wpConfig }, and the lines of check. */
const CHECKED = {
	well: [{ secret: SECRET }, /^ok .*the cookie wordpress_logged_in_\w+ is verified with the keys in .*\.secret and the sessions in .*an invented user name correctly finds no user$/],
	prefix: [{ secret: SECRET, sql: tables("blog_") }, /^FAIL .*site_query: .*the query uses wrong table names, because the names of the site's tables begin with 'blog_'/],
	notables: [{ secret: SECRET, sql: "CREATE TABLE x (y)" }, /^FAIL .*contains no WordPress table/],
	address: [{ secret: SECRET.replace(nameOf(ADDRESS), nameOf("http://old.example.org")) },
		new RegExp(`^note .*the cookie ${nameOf("http://old.example.org")} does not belong to the site's address ${ADDRESS}, which uses the cookie ${nameOf(ADDRESS)}. `, "m")],
	network: [{ secret: SECRET.replace(nameOf(ADDRESS), nameOf(NETWORK)), sql: `${tables()}
		CREATE TABLE wp_sitemeta (site_id, meta_key, meta_value); INSERT INTO wp_sitemeta VALUES (1, 'siteurl', '${NETWORK}');` }, /^ok [^\n]*$/],
	nocookie: [{ secret: "LOGGED_IN_KEY=x\n" }, /^FAIL .*contains no LOGGED_IN_COOKIE; run .prebindctl wordpress import/],
	named: [{ secret: "LOGGED_IN_KEY=x\n", keys: { site_cookie: nameOf(ADDRESS) } }, /^ok [^\n]*$/],
	nosecret: [{}, /^FAIL .*site_secret_file: .*nosecret\.secret: does not exist; create this file with .prebindctl wordpress import/],
	open: [{ secret: SECRET, mode: 0o644 }, /^FAIL .*site_secret_file: .*open\.secret.*chmod/],
	email: [{ secret: SECRET, keys: { jid: "{email}@example.test" } }, /^FAIL .*needs a column `email`, which site_query .* does not return; add `… AS email` to/],
	everybody: [{ secret: SECRET, query: "SELECT 'alice' AS user, 'x' AS password_hash, NULL AS session_tokens WHERE :user <> ''" },
		/^FAIL .*returned the user 'alice' for a user name that does not exist; make the query compare a column with :user/],
	// imported, then changed
	salts: [{ imported: true, then: config({ salt: "a new salt" }), change: "DROP TABLE wp_options" }, /^FAIL .*wordpress: .*site_secret_file: .*salts\.secret: has other keys than \S+wp-config\.php; run .prebindctl wordpress import \S+wp-config\.php/m],
	moved: [{ imported: true, change: "UPDATE wp_options SET option_value = 'https://new.example.org' WHERE option_name = 'siteurl'" },
		/^FAIL .*wordpress: .*has another cookie name than \S+wp-config\.php; run /m],
	gone: [{ imported: true, then: null }, /^ok [^\n]*$/],
};

/** Site to { wpConfig, … }, and the values in the secret file. */
const IMPORTED = {
	stored: [{ wpConfig: config({ key: "", salt: "" }) }, ["stored key", "stored salt", nameOf(ADDRESS)]],
	sample: [{ wpConfig: config({ key: "put your unique phrase here", salt: "put your unique phrase here" }) }, ["stored key", "stored salt", nameOf(ADDRESS)]],
	cookiehash: [{ wpConfig: config({ more: "define('COOKIEHASH', 'mine');" }) }, [KEY, SALT, "wordpress_logged_in_mine"]],
	cookiename: [{ wpConfig: config({ more: "define('LOGGED_IN_COOKIE', 'mine');" }) }, [KEY, SALT, "mine"]],
	siteurl: [{ wpConfig: config({ more: "define('WP_SITEURL', 'http://x.example');" }) }, [KEY, SALT, nameOf("http://x.example")]],
	cookieset: [{ keys: { site_cookie: "mine" } }, [KEY, SALT, undefined]],
	networkhash: [{ wpConfig: config({ more: "define('MULTISITE', true); define('COOKIEHASH', 'mine');" }) }, [KEY, SALT, "wordpress_logged_in_mine"]],
	byroot: [{ wpConfig: config({ key: "" }), byRoot: true }, ["stored key", SALT, nameOf(ADDRESS)]],
	multisite: [{ wpConfig: config({ more: "define('MULTISITE', true);" }), sql: `${tables()}
		CREATE TABLE wp_sitemeta (site_id, meta_key, meta_value); INSERT INTO wp_sitemeta VALUES (1, 'siteurl', '${NETWORK}');` }, [KEY, SALT, nameOf(NETWORK)]],
};

/** Site to { wpConfig, … }, and the sentence; the old file stays. */
const REFUSED = {
	computed: [{ wpConfig: config({ key: "", more: "define('LOGGED_IN_KEY', getenv('K'));" }) }, /wp-config\.php: prebindctl cannot read the value of LOGGED_IN_KEY, because PHP code computes.*docs\/identity\.md/],
	nooption: [{ wpConfig: config({ key: "" }), sql: tables().replace("'logged_in_key'", "'x'") },
		/the option logged_in_key in the table wp_options is needed but cannot be read: the site has no option/],
	otherkind: [{ keys: { site_result: undefined, site_cookie: "sid" } }, /is not a WordPress site; set site_result = wordpress/],
	badprefix: [{ wpConfig: config({ key: "" }).replace("wp_", "wp_x; ") }, /'wp_x; ' is not a valid prefix for table names/],
	computedcookie: [{ wpConfig: config({ more: "define('COOKIEHASH', md5('x'));" }) }, /wp-config\.php: prebindctl cannot read the value of COOKIEHASH, because PHP code computes/],
	huge: [{ wpConfig: `${config()}\n// ${"x".repeat(65536)}` }, /wp-config\.php: must be a file of at most 65536 bytes, and other users must not have the right to write to it/],
	nophp: [{ wpConfig: "x" }, /wp-config\.php: the file contains no <\?php/],
	nofile: [{ wpConfig: null }, /wp-config\.php: cannot be read: No such file/],
};

/** Another place: the program runs in the first. */
const files = new Place();
after(() => files.close());
files.folder("more");

const secretOf = (name) => files.path("more", `${name}.secret`);
const beside = (name) => fs.readdirSync(files.path("more")).filter((file) => file.startsWith(`${name}.secret.`) && !file.endsWith(".away"));
const configOf = (name) => files.path("www", name, "wp-config.php");
/** By root, where root runs the tests: only it may read wp-config.php. */
function importByRoot(at, name) {
	fs.chownSync(configOf(name), 0, 0);
	fs.chmodSync(configOf(name), 0o600);
	const { status, stderr } = spawnSync(at.ctlProgram, ["-c", at.conf, "--site", name, "wordpress", "import", configOf(name)], { encoding: "utf8" });
	return { code: status, stderr };
}
const importOf = (at, name) => at.ctl(["--site", name, "wordpress", "import", configOf(name)]);

/** Makes the files of a site; returns its keys. */
async function make(name, { sql = tables(), keys = {}, secret, mode, query, wpConfig = config() }) {
	const database = `${files.folder("wp")}/${name}.db`;
	await runSql(files, database, sql);
	if (secret !== undefined)
		files.write(`more/${name}.secret`, secret, mode);
	if (wpConfig !== null)
		files.write(`www/${name}/wp-config.php`, wpConfig, 0o644);
	return { ...site, hosts: `${name}.example.org`, identity: "site_session", site_database: database, site_secret_file: secretOf(name),
		...(query && { site_query: files.write(`queries/${name}.sql`, query, 0o644) }), ...keys };
}

let ctl, said;

async function setUpOthers() {
	const sites = {};
	for (const [name, [what]] of Object.entries({ ...CHECKED, ...IMPORTED }))
		sites[name] = await make(name, what);
	for (const [name, [what]] of Object.entries(REFUSED))
		sites[name] = await make(name, { ...what, secret: SECRET });
	ctl = new Prebind(files, { site: { ...site, hosts: "default.example.org" }, sites });
	await ctl.prepare();
	for (const [name, [{ imported, then, change }]] of Object.entries(CHECKED)) {
		if (imported)
			assert.equal((await importOf(ctl, name)).code, 0);
		if (then === null)
			fs.unlinkSync(configOf(name));
		else if (then)
			fs.writeFileSync(configOf(name), then);
		if (change)
			await runSql(files, files.path("wp", `${name}.db`), change);
	}
	said = (await ctl.ctl(["check"])).stdout.split("\n").filter((line) => !/ (upstream|database|writing|server\S*|names): | site: database, templates/.test(line));
}

for (const [name, [, says]] of Object.entries(CHECKED))
	test(`check: ${name}`, () => assert.match(said.filter((line) => line.includes(` ${name}: `)).join("\n"), says));

for (const [name, [{ byRoot }, expected]] of Object.entries(IMPORTED))
	test(`import: ${name}`, async () => {
		const { code, stderr } = await (byRoot && process.getuid() === 0 ? importByRoot : importOf)(ctl, name);
		assert.equal(code, 0, stderr);
		assert.equal(fs.statSync(secretOf(name)).uid, fs.statSync(ctl.database).uid);
		const values = Object.fromEntries(fs.readFileSync(secretOf(name), "utf8").split("\n").map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]));
		assert.deepEqual([values.LOGGED_IN_KEY, values.LOGGED_IN_SALT, values.LOGGED_IN_COOKIE, values.WP_CONFIG], [...expected, configOf(name)]);
		assert.equal(fs.statSync(secretOf(name)).mode & 0o777, 0o600);
	});

for (const [name, [, says]] of Object.entries(REFUSED))
	test(`import: ${name} is refused, and the old file stays`, async () => {
		const { code, stderr } = await importOf(ctl, name);
		assert.equal(code, 1);
		assert.match(stderr, says);
		assert.doesNotMatch(stderr, /the salt/);
		assert.equal(fs.readFileSync(secretOf(name), "utf8"), SECRET);
	});

test("import: a folder that the program may not write to", async (t) => {
	fs.chmodSync(files.path("more"), 0o500);
	t.after(() => fs.chmodSync(files.path("more"), 0o700));
	const { code, stderr } = await importOf(ctl, "stored");
	assert.equal(code, 1);
	assert.match(stderr, /stored\.secret: cannot be written: Permission denied/);
});

test("import: several at once: each succeeds, the file is always whole, and nothing is left", async () => {
	const lines = () => fs.readFileSync(secretOf("stored"), "utf8").trim().split("\n").map((line) => line.split("=")[0]);
	const whole = lines();
	let running = 12;
	const imports = Array.from({ length: running }, async () => {
		const { code, stderr } = await importOf(ctl, "stored");
		running--;
		return { code, stderr };
	});
	await until("the imports have ended", () => {
		assert.deepEqual(lines(), whole);
		return running === 0;
	});
	assert.deepEqual(await Promise.all(imports), imports.map(() => ({ code: 0, stderr: "" })));
	assert.deepEqual(beside("stored"), []);
});

test("import: a file that cannot be replaced, or a disk that is full after some bytes: the cause, and nothing is left", async (t) => {
	const full = await files.run(["sh", "-c", `trap "" XFSZ; exec prlimit --fsize=20 "$@"`, "sh", ctl.ctlProgram, "-c", ctl.conf, "--site", "stored",
		"wordpress", "import", configOf("stored")]);
	assert.equal(full.code, 1);
	assert.match(full.stderr, /stored\.secret: cannot be written: File too large/);
	fs.renameSync(secretOf("stored"), `${secretOf("stored")}.away`);
	files.folder("more/stored.secret");
	t.after(() => {
		fs.rmdirSync(secretOf("stored"));
		fs.renameSync(`${secretOf("stored")}.away`, secretOf("stored"));
	});
	const folder = await importOf(ctl, "stored");
	assert.equal(folder.code, 1);
	assert.match(folder.stderr, /stored\.secret: cannot be written: Is a directory/);
	assert.deepEqual(beside("stored"), []);
});
