// prebindctl check --cookie: who a visitor with a pasted cookie is, or why nobody. The cookie itself is never printed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const SID = "0123456789abcdef0123456789abcdef";
const OVER = "fedcba9876543210fedcba9876543210";
const UNKNOWN = "00000000000000000000000000000000";
const GUEST = "11111111111111111111111111111111";

let place, prebind, keys;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const database = `${place.folder("site")}/site.db`;
	await runSql(place, database, `CREATE TABLE session (id TEXT PRIMARY KEY, user TEXT, shown TEXT, ends INTEGER);
		INSERT INTO session VALUES ('${SID}', 'alice', 'Alice Liddell', 4000000000), ('${OVER}', 'bob', '', 1000000000), ('${GUEST}', 'Anonymous', '', 4000000000);`);
	keys = { ...peer.site(place), identity: "site_session", site_database: database, site_cookie: "sid",
		site_query: place.write("site/query.sql", "SELECT user, shown AS display_name, ends AS expires_s FROM session WHERE id = :sid", 0o644) };
	prebind = new Prebind(place, { site: { ...keys, hosts: "example.org" }, sites: { other: { ...keys, hosts: "other.example.org" } } });
	for (const site of ["default", "other"])
		await prebind.ctlOk(["--site", site, "migrate"]);
});
after(() => place.close());

/** What check says of the cookie, and whether that is right. */
async function said(cookie, { input, more = [] } = {}) {
	const { code, stdout, stderr } = await prebind.ctl(["--site", "default", "check", "--cookie", cookie, ...more], { input });
	for (const secret of [SID, OVER, UNKNOWN, GUEST])
		assert.equal((stdout + stderr).includes(secret), false, stdout + stderr);
	return { code, line: stdout.split("\n").find((line) => / default: cookie: /.test(line)), stdout, stderr };
}

for (const [what, cookie, code, says] of [
	["a session", `sid=${SID}`, 0, /^ok .*: the visitor is alice \(Alice Liddell\), by provider site_session$/],
	["a session among other cookies", `theme=dark; sid=${SID}; lang=de`, 0, /^ok .*: the visitor is alice /],
	["a session that is over", `sid=${OVER}`, 1, /^FAIL .*: the visitor is not logged in: site_session: sid: the session has expired$/],
	["a value that is in no row", `sid=${UNKNOWN}`, 1, /^FAIL .*: the visitor is not logged in: site_session: sid: the site's database has no session or user for this cookie$/],
	["a look-alike", `sid=${SID.toUpperCase()}`, 1, /^FAIL .*: the visitor is not logged in/],
	["a cookie of another name", `SID=${SID}`, 1, /^FAIL .*: the visitor is not logged in: site_session: sid: the browser did not send this cookie$/],
	["more than a request may have", `sid=${"a".repeat(20000)}`, 1, /^FAIL .*[Cc]ookie/],
	["what is no session id", "sid=a'b", 1, /^FAIL .*: site_session: sid: the cookie contains no session id/],
	["two cookies of the name", `sid=${SID}; sid=${UNKNOWN}`, 1, /^FAIL .*: site_session: sid: /],
]) {
	test(what, async () => {
		const found = await said(cookie);
		assert.match(found.line ?? "", says, found.stdout + found.stderr);
		assert.equal(found.code, code, found.stdout);
	});
}

test("a guest of the site is nobody", async () => {
	assert.match((await said(`sid=${GUEST}`)).line, /^FAIL .*: the visitor is not logged in/);
});

test("from standard input, where the list of processes does not show it", async () => {
	assert.match((await said("-", { input: `sid=${SID}\n` })).line, /^ok .*: the visitor is alice /);
	const none = await said("-", { input: "" });
	assert.deepEqual([none.code, none.stdout], [1, ""]);
	assert.match(none.stderr, /standard input contains no cookie; write a line NAME=VALUE/);
});

test("as JSON, and without a name", async () => {
	const { stdout } = await said(`sid=${SID}`, { more: ["--json"] });
	assert.deepEqual(JSON.parse(stdout).find(({ what }) => what === "cookie"),
		{ site: "default", what: "cookie", ok: true, said: "the visitor is alice (Alice Liddell), by provider site_session" });
	assert.match((await said(SID)).stderr, /--cookie needs NAME=VALUE/);
});

test("the only site needs no --site; of several, one must be named", async () => {
	const own = new Place();
	try {
		const alone = new Prebind(own, { site: keys });
		await alone.ctlOk(["migrate"]);
		assert.match((await alone.ctl(["check", "--cookie", `sid=${SID}`])).stdout, /^ok .* cookie: the visitor is alice /m);
	} finally {
		await own.close();
	}
	assert.match((await prebind.ctl(["check", "--cookie", `sid=${SID}`])).stderr, /several sites; choose one with --site NAME/);
});
