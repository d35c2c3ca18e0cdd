// bosh_password_query: XMPP passwords out of the site's own table, where the JID map keeps none.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";

const DOMAIN = "example.org";
const QUERY = "SELECT password AS xmpp_password FROM xmpp WHERE name = :user AND host = :host\n";

let place, peer, prebind;

before(async () => {
	place = new Place();
	peer = await BoshPeer.start(place);
	const site = { backend: "bosh", bosh_service: peer.url, resource: "desk", site_database: `${place.folder("site")}/forum.db` };
	await runSql(place, site.site_database, `
		CREATE TABLE xmpp (name TEXT, host TEXT, password TEXT);
		INSERT INTO xmpp VALUES ('alice', '${DOMAIN}', 'alice''s in the forum'), ('bob', '${DOMAIN}', 'bob''s in the forum'),
			('bob', 'example.com', 'another bob''s'), ('empty', '${DOMAIN}', ''), ('nothing', '${DOMAIN}', NULL),
			('twice', '${DOMAIN}', 'one'), ('twice', '${DOMAIN}', 'two'), ('long', '${DOMAIN}', '${"x".repeat(1024)}');`);
	prebind = new Prebind(place, { site: { ...site, bosh_password_query: place.write("etc/passwords.sql", QUERY) } });
	await prebind.prepare();
	await prebind.ctlOk(["map", "set", "alice", `alice@${DOMAIN}`, "--xmpp-password-stdin"], { input: "alice's own\n" });
});
after(() => place.close());

/** A log-in as somebody; the password that was sent, if one was. */
async function bind(user, ...steps) {
	peer.script(say.mechanisms("PLAIN"), ...steps);
	const { answer, ...run } = await prebind.bind(`${user}@${DOMAIN}`);
	const data = /<auth [^>]*>([^<]*)</.exec(peer.bodies[1] ?? "")?.[1] ?? "";
	return { ...run, error: answer.error, password: Buffer.from(data, "base64").toString().split("\0")[2] };
}

const bound = (user) => [say.success(), say.bindOffer(), say.bound(`${user}@${DOMAIN}/desk`)];

test("the password of that user at that host", async () => {
	const { code, stderr, password } = await bind("bob", ...bound("bob"));
	assert.equal(code, 0, stderr);
	assert.equal(password, "bob's in the forum");
});

test("one in the JID map wins", async () => {
	assert.equal((await bind("alice", ...bound("alice"))).password, "alice's own");
});

for (const user of ["empty", "nothing", "nobody"]) {
	test(`none for ${user}`, async () => {
		const { error, stderr } = await bind(user);
		assert.equal(error, "no_chat_account");
		assert.match(stderr, new RegExp(`no XMPP password is stored for ${user}@.*bosh_password_query returns no password.*prebindctl map set`));
		assert.equal(peer.bodies.length, 0);
	});
}

for (const user of ["twice", "long"]) {
	test(`a row that cannot be used: ${user}`, async () => {
		const { error, stderr } = await bind(user);
		assert.equal(error, "unavailable");
		assert.match(stderr, /passwords\.sql/);
		assert.equal(peer.bodies.length, 0);
	});
}

test("a password that the server refuses is told with where it came from", async () => {
	const { error, stderr } = await bind("bob", say.failure("not-authorized"));
	assert.equal(error, "chat_server");
	assert.match(stderr, /bosh_password_query returns for bob@example\.org \(not-authorized\)/);
	assert.doesNotMatch(stderr, /in the forum/);
});

test("a query that is none stops the start, with its place", async () => {
	place.write("etc/passwords.sql", "DELETE FROM xmpp WHERE name = :user\n");
	const { code, stdout } = await prebind.ctl(["check"]);
	assert.equal(code, 1);
	assert.match(stdout, /passwords\.sql:1/);
});
