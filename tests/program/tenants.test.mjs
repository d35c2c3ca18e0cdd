// Two sites in one program: what one of them knows (logins, tokens, users, limits …) counts for that one alone. And a database
// that two sites name is refused, however its path is written and wherever that is found out.
import assert from "node:assert/strict";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs";
import { after, before, describe, test } from "node:test";
import { Extauth } from "../lib/extauth.mjs";
import { FORM, hiddenFields, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { confText, Prebind } from "../lib/prebind.mjs";
import { copyDatabase } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const ORIGIN = "http://www.example.org";
const KEY = randomBytes(32).toString("base64url");
const BOTH_WAYS = [["a", "b"], ["b", "a"]];

const hostOf = (site) => `${site}.example.org`;
const now = () => Math.floor(Date.now() / 1000);

/** A one-time token for a site: both have the one key, as two pages of one installation might. */
function token(site, claims) {
	const payload = Buffer.from(JSON.stringify({ iat: now(), exp: now() + 300, aud: site, jti: randomUUID(), ...claims })).toString("base64url");
	return `v1.k1.${payload}.${createHmac("sha256", Buffer.from(KEY, "base64url")).update(`prebind-sso-v1\0k1${payload}`).digest("base64url")}`;
}

describe("what one site knows", () => {
	let place, peer, prebind;

	before(async () => {
		place = new Place();
		peer = await startTigasePeer({ place });
		const key = place.write("etc/token.keys", `k1:${KEY}\n`);
		const site = (name) => peer.site(place, { hosts: hostOf(name), identity: "login token remote_user", token_key_file: key, token_audience: name,
			token_origins: ORIGIN, jid: "{user|lower}@example.test", gateway: "on", limit_login: "5/1h", provision: "tigase" });
		prebind = new Prebind(place, { site: { ...peer.site(place), hosts: "first.example.org" }, sites: { a: site("a"), b: site("b") } });
		await prebind.prepare({ alice: PASSWORD });
		await prebind.start();
	});
	after(() => place.close());

	const ctl = (site, ...args) => prebind.ctlOk(["--site", site, ...args], { input: `${PASSWORD}\n` });
	const list = async (site, verb) => JSON.parse(await ctl(site, verb, "list", "--json"));
	const visitor = (site, params = {}) => new Visitor((request) =>
		prebind.request({ ...request, headers: { ...request.headers, Host: hostOf(site) }, params: { SERVER_NAME: hostOf(site), ...params } }));
	const json = async (one) => (await one.get("/prebind.json", SCRIPT)).status;
	const post = (site, sso) => visitor(site).post("/login", { sso },
		{ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Origin: ORIGIN });

	async function loggedIn(site, user = "alice") {
		const one = visitor(site);
		assert.equal((await one.login(user, PASSWORD)).status, 303);
		return one;
	}

	/** The same browser's cookies at the other site. */
	function with_(jar, site) {
		const one = visitor(site);
		one.jar = jar;
		return one;
	}

	/** What a site knows, shown at `here`, and what comes of it at `there`. */
	const rows = {
		"a login session": async (here, there) => {
			const one = await loggedIn(here);
			assert.equal(await json(one), 200);
			assert.equal(await json(with_(one.jar, there)), 401);
		},
		"a login session's form token, for logging out": async (here, there) => {
			const [one, other] = [await loggedIn(here), await loggedIn(there)];
			const { token: text } = hiddenFields((await one.get("/")).body);
			assert.equal((await other.post("/logout", { token: text }, { ...FORM, Origin: `http://${hostOf(there)}` })).status, 403);
			assert.equal(await json(other), 200);
		},
		"the login form's token": async (here, there) => {
			const one = visitor(here);
			const fields = hiddenFields((await one.get("/login")).body);
			assert.equal((await with_(one.jar, there).post("/login", { ...fields, user: "alice", password: PASSWORD })).status, 403);
		},
		"a used token": async (here, there) => {
			const made = { user: "erin", jti: randomUUID(), iat: now(), exp: now() + 300 }; // the same one, also a second later
			assert.equal((await post(here, token(here, made))).status, 303);
			assert.equal((await post(here, token(here, made))).status, 403, "a second time");
			assert.equal((await post(there, token(there, made))).status, 303, "that one was not used there");
		},
		"a revocation": async (here, there) => {
			const user = `revoked-at-${here}`;
			const made = { user, iat: now() - 2 };
			await ctl(here, "token", "revoke", user);
			assert.equal((await post(here, token(here, made))).status, 403);
			assert.equal((await post(there, token(there, made))).status, 303);
		},
		"a claim to an account": async (here, there) => {
			const by = (site, user) => {
				const one = visitor(site);
				one.jar.cookies.set("chat_token", token(site, { user, jid: `claimed-at-${here}@example.test` }));
				return json(one);
			};
			assert.equal(await by(here, "erin"), 200);
			assert.equal(await by(here, "frank"), 403, "another user of the same account");
			assert.equal(await by(there, "frank"), 200);
		},
		"a rate limit": async (here, there) => {
			const user = `tried-at-${here}`;
			const statuses = async (site, count) => {
				const seen = [];
				for (let i = 0; i < count; i++)
					seen.push((await visitor(site, { REMOTE_ADDR: "127.0.3.1" }).login(user, "wrong")).status);
				return seen;
			};
			assert.deepEqual(await statuses(here, 6), [401, 401, 401, 401, 401, 429]);
			assert.deepEqual(await statuses(there, 1), [401]);
		},
		"a row of the JID map": async (here, there) => {
			await ctl(here, "map", "set", `mapped-at-${here}`, `other-${here}@example.test`, "--source", "remote_user");
			const jid = async (site) => JSON.parse((await visitor(site, { REMOTE_USER: `mapped-at-${here}`, AUTH_TYPE: "Basic" })
				.get("/prebind.json", SCRIPT)).body).jid.split("/")[0];
			assert.equal(await jid(here), `other-${here}@example.test`);
			assert.equal(await jid(there), `mapped-at-${here}@example.test`);
			assert.ok((await list(here, "map")).some(({ user }) => user === `mapped-at-${here}`));
			assert.ok(!(await list(there, "map")).some(({ user }) => user === `mapped-at-${here}`));
		},
		"a gateway caller": async (here, there) => {
			const name = `caller-of-${here}`;
			await ctl(here, "gateway", "add", name, "--domains", "example.test", "--password-stdin");
			const call = async (site) => (await prebind.request({ path: "/rest/adhoc/bosh@example.test?type=1", headers: { Host: hostOf(site),
				Authorization: `Basic ${Buffer.from(`${name}:${PASSWORD}`).toString("base64")}` } })).status;
			assert.equal(await call(here), 200);
			assert.equal(await call(there), 401);
			assert.deepEqual((await list(there, "gateway")).filter((row) => row.name === name), []);
		},
		"an account that was made": async (here, there) => {
			const user = `made-at-${here}`;
			const bind = (site) => json(visitor(site, { REMOTE_USER: user, AUTH_TYPE: "Basic" }));
			const added = () => peer.requests.filter(({ path, body }) => path.includes("/sess-man@") && body.includes(user)).length;
			assert.deepEqual([await bind(here), await bind(here), added()], [200, 200, 1]);
			assert.deepEqual([await bind(there), added()], [200, 2], "asked for by this site too");
		},
		"a site user": async (here, there) => {
			const name = `user-of-${here}`;
			await ctl(here, "user", "add", name, "--password-stdin");
			await loggedIn(here, name);
			assert.equal((await visitor(there).login(name, PASSWORD)).status, 401);
			assert.ok((await list(here, "user")).some((row) => row.name === name));
			assert.ok(!(await list(there, "user")).some((row) => row.name === name));
		},
	};
	for (const [name, row] of Object.entries(rows))
		for (const [here, there] of BOTH_WAYS)
			test(`${name} of ${here} is none of ${there}`, () => row(here, there));

	for (const [here, there] of BOTH_WAYS)
		test(`prebindctl --site ${there} does not reach ${here}`, async () => {
			const one = await loggedIn(here);
			const sessions = (await list(here, "session")).length;
			await ctl(there, "session", "end", "alice", "--source", "login");
			await ctl(there, "session", "end");
			await ctl(there, "token", "revoke", "alice");
			assert.deepEqual(await list(there, "session"), []);
			assert.equal((await list(here, "session")).length, sessions);
			await ctl(there, "user", "passwd", "alice", "--password-stdin");
			await ctl(there, "user", "disable", "alice");
			assert.equal(await json(one), 200);
			await ctl(there, "user", "enable", "alice");
		});
});

// ---- one database, two sites

/** Ways to write the path of the first site's database once more; make: what has to be there. */
const SPELLINGS = {
	"the same path": { path: (file) => file },
	"two slashes": { path: (file) => file.replace("/data/", "//data//") },
	"a dot": { path: (file) => file.replace("/data/", "/data/./") },
	"the folder above": { path: (file) => file.replace("/data/", "/data/../data/") },
	"a symbolic link": { path: (file) => `${file}.sym`, make: (file) => fs.symlinkSync(file, `${file}.sym`) },
	"a linked folder": { path: (file) => file.replace("/data/", "/linked/"), make: (file, place) => fs.symlinkSync(place.path("data"), place.path("linked")) },
	"a hard link": { path: (file) => `${file}.hard`, make: (file) => fs.linkSync(file, `${file}.hard`) },
	"one that is not there yet": { path: (file) => file.replace("/data/", "/data/./"), make: (file) => fs.rmSync(file) },
};

/** A program whose first site has a database; second(path): writes a second site with that one into sites.d. */
async function setUp(t) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const keys = peer.site(place, { allow_http: "on" });
	const prebind = new Prebind(place, { server: { sites: `${place.folder("etc/sites.d")}/*.conf` }, site: { ...keys, hosts: hostOf("a") } });
	await prebind.prepare({ alice: PASSWORD });
	const second = (database, name = "b") => place.write(`etc/sites.d/${name}.conf`, confText({ sites: { [name]:
		{ templates: place.path("templates"), ...keys, hosts: hostOf(name), database } } }).replace(/^\[server\]\n\n/, ""));
	const status = async (name) => (await prebind.request({ path: "/login", headers: { Host: hostOf(name) } })).status;
	return { place, peer, prebind, second, status, keys };
}

const events = (prebind, name) => prebind.child.stderr.split("\n").filter((line) => line.startsWith("{"))
	.map((line) => JSON.parse(line)).filter(({ event }) => event === name);

/** Sends SIGHUP; the reason that the log gives for the event. */
async function reload(prebind, event) {
	const count = events(prebind, event).length;
	prebind.child.process.kill("SIGHUP");
	await until(event, () => events(prebind, event).length > count, { gone: () => prebind.child.gone() });
	return events(prebind, event)[count].why;
}

/** Both sites, both places, and what to do. */
const REFUSED = /b\.conf:\d+: database: is already the database of \[site default\] \(.*prebind\.conf:\d+\), so a login .*; give \[site b\] another database/;

for (const [name, { path, make }] of Object.entries(SPELLINGS))
	test(`a database by ${name}: refused by every command and at a reload, left out at a start`, async (t) => {
		const { place, prebind, second, status } = await setUp(t);
		if (!name.includes("not there")) {
			await prebind.start();
			assert.equal(await status("a"), 200);
		}
		make?.(prebind.database, place);
		second(path(prebind.database));
		for (const args of [["check"], ["--site", "a", "migrate"], ["--site", "b", "migrate", "--adopt"], ["--site", "b", "user", "list"], ["conf"]]) {
			const { code, stderr } = await prebind.ctl(args);
			assert.deepEqual([code, REFUSED.test(stderr)], [1, true], `${args.join(" ")}: ${stderr}`);
		}
		if (prebind.child) {
			assert.match(await reload(prebind, "reload_failed"), REFUSED);
			assert.deepEqual([await status("a"), await status("b")], [200, 404], "as before");
			await prebind.stop();
			fs.rmSync(prebind.socket, { force: true });
			await prebind.start();
			assert.match(events(prebind, "sites_left_out")[0].why, REFUSED);
			assert.deepEqual([await status("a"), await status("b")], [200, 404]);
		}
		if (prebind.child)
			assert.equal((await prebind.cgi({ path: "/login", headers: { Host: hostOf("b") } })).status, 404);
	});

test("in prebind.conf itself it stops the start", async (t) => {
	const { place, prebind, keys } = await setUp(t);
	fs.appendFileSync(prebind.conf, confText({ sites: { b: { ...keys, templates: place.path("templates"), hosts: hostOf("b"), database: prebind.database } } })
		.replace(/^\[server\]\n\n/, ""));
	for (const run of [await place.run([prebind.program, "-c", prebind.conf]), await prebind.ctl(["check"])]) {
		assert.equal(run.code, 1);
		assert.match(run.stderr, /prebind\.conf:\d+: database: is already the database of \[site default\] \(.*prebind\.conf:\d+\), so a login at one site/);
	}
});

test("prebind-extauth does not ask it for the second site either", async (t) => {
	const { prebind, second, place } = await setUp(t);
	second(prebind.database);
	const asked = new Extauth(place, prebind.conf, ["--site", "b"]);
	const { code } = await asked.child.end;
	assert.equal(code, 1);
	assert.match(asked.child.stderr, REFUSED);
	assert.match(asked.child.stderr, /there is no \[site b\]/);
});

test("one file of two that were added takes another site's database: whichever is read first, it is not served", async (t) => {
	const { prebind, second, place, status } = await setUp(t);
	const database = place.path("data/b.db");
	await copyDatabase(place, prebind.database, { b: database });
	second(database);
	second(database, "aa"); // is read before b, whose database it is
	await prebind.start();
	assert.deepEqual([await status("a"), await status("aa"), await status("b")], [200, 503, 404]);
	assert.match(events(prebind, "site_failed")[0].why, /b\.db: this database belongs to \[site b\], not to \[site aa\]/);
});

// ---- the database knows whose it is

test("through another configuration: refused by every way in, until it is handed over", async (t) => {
	const { place, prebind, keys } = await setUp(t);
	const site = { ...keys, templates: place.path("templates"), database: prebind.database };
	const other = place.write("etc/other.conf", confText({ sites: { shop: site } }));
	const refused = /prebind\.db: this database belongs to \[site default\], not to \[site shop\].* prebindctl --site shop migrate --adopt/;
	const ctl = (...args) => place.run([prebind.ctlProgram, "-c", other, ...args], { input: `${PASSWORD}\n` });
	await prebind.start();
	const alice = new Visitor((request) => prebind.request({ ...request, headers: { ...request.headers, Host: hostOf("a") } }));
	assert.equal((await alice.login("alice", PASSWORD)).status, 303);
	for (const args of [["migrate"], ["session", "list"], ["session", "end"], ["token", "revoke", "alice"], ["user", "list"], ["map", "list"], ["gateway", "list"],
		["user", "add", "eve", "--password-stdin"], ["prebind", "alice"]]) {
		const { code, stderr } = await ctl(...args);
		assert.deepEqual([code, refused.test(stderr)], [1, true], `${args.join(" ")}: ${stderr}`);
	}
	const check = await ctl("check");
	assert.equal(check.code, 1);
	assert.match(check.stdout, refused);
	const start = await place.run([prebind.program, "-c", other], { env: {} });
	assert.equal(start.code, 1);
	const asked = new Extauth(place, other);
	assert.equal((await asked.child.end).code, 1);
	assert.match(asked.child.stderr, refused);
	assert.equal((await alice.get("/")).status, 200, "nobody noticed");

	const { code, stdout } = await ctl("migrate", "--adopt", "--json");
	assert.equal(code, 0);
	const { adopted_from, site: owner } = JSON.parse(stdout);
	assert.deepEqual([adopted_from, owner], ["default", "shop"]);
	assert.deepEqual(JSON.parse((await ctl("session", "list", "--json")).stdout), [], "logins ended");
	assert.match((await ctl("user", "list")).stdout, /alice/);
	assert.match((await prebind.ctl(["user", "list"])).stderr, /belongs to \[site shop\], not to \[site default\]/);
});

test("a site that cannot be opened any more does not go on with a database that another one was given", async (t) => {
	const { place, prebind, second, status } = await setUp(t);
	const database = place.path("data/b.db");
	await copyDatabase(place, prebind.database, { b: database });
	second(database);
	await prebind.start();
	assert.deepEqual([await status("a"), await status("b")], [200, 200]);
	// b's database becomes c's; b is to have one that is not there yet
	second(place.path("data/new.db"));
	second(database, "c");
	await prebind.ctlOk(["--site", "c", "migrate", "--adopt"]);
	await reload(prebind, "reloaded");
	assert.deepEqual([await status("a"), await status("b"), await status("c")], [200, 503, 200]);
	await prebind.ctlOk(["--site", "b", "migrate"]);
	await until("the site with its new database", async () => (await status("b")) === 200, { seconds: 30 });
});

test("the site's own database is no database of prebind's", async (t) => {
	const { place, prebind, second, keys } = await setUp(t);
	second(place.path("data/b.db"));
	await copyDatabase(place, prebind.database, { b: place.path("data/b.db") });
	const query = place.write("etc/login.sql", "SELECT password_hash FROM site_user WHERE name = :user\n");
	place.write("etc/sites.d/b.conf", confText({ sites: { b: { templates: place.path("templates"), ...keys, hosts: hostOf("b"), database: place.path("data/b.db"),
		site_database: prebind.database, login_query: query } } }).replace(/^\[server\]\n\n/, ""));
	const { code, stdout } = await prebind.ctl(["--site", "b", "check"]);
	assert.equal(code, 1);
	assert.match(stdout, /prebind\.db: this is a database of prebind: set the key `site_database` to the database that the site itself uses/);
});
