// A visitor who leaves while waiting is no fault of anybody: the log says so in lines of level info with a name of their own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { askSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const JID = "alice@example.test";
const LIMIT = "100/24h"; // a bucket that is full again is forgotten: this one is not full for a quarter of an hour
let place, peer, bosh, prebind;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	bosh = await BoshPeer.start(place);
	prebind = new Prebind(place, {
		site: { ...peer.site(place), hosts: "tigase.test", upstream_max: 1, timeout: "60s", gateway: "on",
			limit_bind_user: LIMIT, limit_bind_ip: LIMIT, limit_gateway: LIMIT },
		sites: { bosh: { backend: "bosh", bosh_service: bosh.url, hosts: "bosh.test", jid: "{user}@example.test", resource: "desk" } },
	});
	await prebind.prepare({ alice: PASSWORD, bob: PASSWORD, carol: PASSWORD });
	await prebind.ctlOk(["--site", "default", "gateway", "add", "shop", "--domains", "example.test", "--password-stdin"], { input: `${PASSWORD}\n` });
	await prebind.ctlOk(["--site", "default", "map", "set", "alice", JID, "--xmpp-password-stdin"], { input: `${PASSWORD}\n` });
	await prebind.spread();
	await prebind.start();
});
after(() => place.close({ logs: true }));

const events = () => prebind.child.stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

/** Somebody who is logged in at a host. The requests of `leaving` end when leave() is called. */
async function visitorOf(host, user) {
	const controller = new AbortController();
	const params = { HTTP_HOST: host, SERVER_NAME: host };
	const one = new Visitor((request) => prebind.request({ ...request, params }));
	assert.equal((await one.login(user, PASSWORD)).status, 303);
	const leaving = new Visitor((request) => prebind.request({ ...request, params, signal: controller.signal }));
	leaving.jar = one.jar;
	return { one, leaving, signal: controller.signal, leave: () => controller.abort() };
}

/** How many have been counted by a rate limit, which is right before they wait. */
const counted = async () => (await askSql(place, `${prebind.database}.limits`, "SELECT count(*) FROM bucket", [{}]))[0];

const left = (answer) => answer.then(() => "answered", (error) => error.message);

/** What the log says, once so many have left: all of level info. */
async function linesOf(count, since) {
	const lines = () => events().slice(since);
	await until("the end of those requests", () => lines().filter(({ event, status }) => event === "request" && status === "499").length === count);
	assert.deepEqual(lines().filter(({ level }) => level !== "info"), []);
	return lines().filter(({ event }) => !["request", "response_lost"].includes(event));
}

test("in the queue for the XMPP server: the page, its script, and a program at the gateway", async () => {
	let release;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	const bob = await visitorOf("tigase.test", "bob");
	const alice = await visitorOf("tigase.test", "alice");
	const carol = await visitorOf("tigase.test", "carol");
	const since = events().length;
	const asked = peer.requests.length;
	const first = bob.one.get("/", NAVIGATION);
	await until("the call that is under way", () => peer.requests.length === asked + 1);
	const alone = await counted();
	const gone = [
		alice.leaving.get("/", NAVIGATION),
		carol.leaving.get("/prebind.json", SCRIPT),
		prebind.request({ method: "POST", path: "/rest/adhoc/bosh@example.test", signal: alice.signal, params: { HTTP_HOST: "tigase.test" },
			headers: { "Content-Type": "text/xml", Authorization: `Basic ${Buffer.from(`shop:${PASSWORD}`).toString("base64")}` },
			body: `<command><node>pre-bind-bosh-session</node><fields><item><var>from</var><value>zoe@example.test</value></item></fields></command>` }),
	].map(left);
	await until("all of them", async () => (await counted()) === alone + gone.length);
	alice.leave();
	carol.leave();
	assert.deepEqual(await Promise.all(gone), ["left", "left", "left"]);
	release();
	assert.equal((await first).status, 200);
	const lines = await linesOf(3, since);
	const names = lines.map(({ event, result }) => (result ? `${event} ${result}` : event)).sort();
	assert.deepEqual(names, ["bind_left", "bind_left", "bind_ok", "gateway_bind visitor_left", "visitor_left", "visitor_left", "visitor_left"]);
	for (const { why } of lines.filter(({ event }) => event === "visitor_left"))
		assert.equal(why, "the visitor left before prebind called the XMPP server");
	assert.equal(peer.requests.length, asked + 1);
});

test("while a BOSH session was made: it is ended", async () => {
	const { leaving, leave } = await visitorOf("bosh.test", "alice");
	const since = events().length;
	bosh.script(() => { leave(); return say.mechanisms("PLAIN"); }, say.success(), say.bindOffer(), say.bound(`${JID}/desk`));
	assert.equal(await left(leaving.get("/", NAVIGATION)), "left");
	const lines = await linesOf(1, since);
	assert.deepEqual(lines.map(({ event }) => event), ["bind_left", "visitor_left"]);
	assert.equal(lines[1].why, "the visitor left while the session was being made, so the session was ended");
	assert.ok(bosh.ended);
});
