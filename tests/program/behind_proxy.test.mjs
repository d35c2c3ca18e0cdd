// All visitors have one address where a proxy stands in front that the web server does not know of. The log and
// `prebindctl check` say so, and nothing else comes of a header that anybody can send.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { NAVIGATION } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PROXY = "192.0.2.10";
const VISITOR = "198.51.100.7";

let place, prebind;

before(() => {
	place = new Place();
});
after(() => place.close({ logs: true }));

// each test with a database, and so with marks, of its own
beforeEach(async () => {
	const folder = new Place();
	place.onClose(() => folder.close());
	const peer = await startTigasePeer({ place: folder });
	prebind = new Prebind(folder, { site: { ...peer.site(folder), limit_login: "10/15m" } });
	await prebind.prepare({ alice: "correct horse" });
	await prebind.start();
});

const ask = (headers, address = PROXY) =>
	prebind.request({ path: "/login", headers: { ...NAVIGATION, ...headers }, params: { REMOTE_ADDR: address, HTTPS: "on" } });
const lines = () => prebind.child.stderr.split("\n").filter((line) => line.includes('"event":"behind_proxy"'));
/** A request that leaves no mark has left none when a later one is in the log. */
async function settled() {
	const { headers } = await ask({});
	await until("the log to be written", () => prebind.child.stderr.includes(headers["x-request-id"]));
}

for (const headers of [{ "X-Forwarded-For": VISITOR }, { "X-Forwarded-For": `10.0.0.1, ${VISITOR}` }, { Forwarded: `for=${VISITOR};proto=https` },
	{ Forwarded: 'for="[2001:db8::7]:4711"' }, { "X-Forwarded-For": `1${PROXY}, ${PROXY}1` }]) {
	test(`${JSON.stringify(headers)}: a line in the log, once, and a note of check`, async () => {
		for (let i = 0; i < 5; i++)
			assert.equal((await ask(headers)).status, 200);
		await settled();
		assert.equal(lines().length, 1);
		const line = JSON.parse(lines()[0]);
		assert.equal(line.ip, PROXY);
		assert.match(line.why, /mod_remoteip, mod_extforward or real_ip/);
		const { code, stdout } = await prebind.ctl(["check"]);
		assert.equal(code, 0, stdout);
		assert.match(stdout, /^note {2}default: addresses: .*proxy/m);
		const json = JSON.parse((await prebind.ctl(["check", "--json"])).stdout).find(({ what }) => what === "addresses");
		assert.equal(json.ok, true);
	});
}

for (const [header, address] of [["2001:db8::1:5", "2001:db8::1"], ["1:2001:db8::1", "2001:db8::1"], ["2001:db8::10", "2001:db8::1"],
	["64:ff9b::192.0.2.10", PROXY]]) {
	test(`${header} does not name ${address}`, async () => {
		assert.equal((await ask({ "X-Forwarded-For": header }, address)).status, 200);
		await settled();
		assert.equal(lines().length, 1);
	});
}

test("without such a header, or with one that names the visitor's address: nothing", async () => {
	for (const [headers, address] of [[{}, PROXY], [{ "X-Forwarded-For": VISITOR }, VISITOR], [{ "X-Forwarded-For": `10.0.0.1, ${VISITOR}` }, VISITOR],
		[{ Forwarded: 'for="[2001:db8::7]:4711"' }, "2001:db8::7"], [{ "X-Forwarded-For": `${VISITOR}:4711` }, VISITOR],
		[{ "X-Forwarded-For": `10.0.0.1,::ffff:${VISITOR}` }, VISITOR], [{ "X-Forwarded-For": "2001:DB8:0::7" }, "2001:db8::7"],
		[{ "X-Forwarded-For": "[2001:db8::7]:4711" }, "2001:db8::7"], [{ Forwarded: `for=${VISITOR}:4711;proto=https` }, VISITOR]])
		assert.equal((await ask(headers, address)).status, 200);
	await settled();
	assert.deepEqual(lines(), []);
	assert.doesNotMatch((await prebind.ctl(["check"])).stdout, /^note/m);
});

test("plain CGI: the mark is shared, so the log has it once", async () => {
	let said = "";
	for (let i = 0; i < 3; i++)
		said += (await prebind.cgi({ path: "/login", headers: { ...NAVIGATION, "X-Forwarded-For": VISITOR }, params: { REMOTE_ADDR: PROXY, HTTPS: "on" } })).stderr;
	assert.equal(said.split('"behind_proxy"').length - 1, 1);
});

test("the header is not believed: the address in limits and log stays", async () => {
	await ask({ "X-Forwarded-For": VISITOR });
	await settled();
	assert.ok(!prebind.child.stderr.includes(VISITOR));
});
