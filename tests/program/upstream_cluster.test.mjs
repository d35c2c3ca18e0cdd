// A cluster: a session lives on the node that made it, and the browser is sent there, but only to a node on the list.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataBlock, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { assertNoSession, Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const BOSH_PORT = 5281;

let place, first, second, stranger, prebind;

before(async () => {
	place = new Place();
	first = await startTigasePeer({ place, hostname: "Node1.internal" });
	second = await startTigasePeer({ place, hostname: "node2.internal" });
	stranger = await startTigasePeer({ place, hostname: "evil.example" });
	const site = (name, keys) => ({
		...first.site(place), hosts: `${name}.example.org`,
		bosh_url: `http://{hostname}:${BOSH_PORT}/http-bind`,
		bosh_hosts: "node1.internal=chat1.example.org node2.internal",
		...keys,
	});
	prebind = new Prebind(place, {
		site: site("cluster", { tigase_url: `${first.url} ${second.url}` }),
		sites: {
			xml: site("xml", { tigase_format: "xml" }),
			stranger: site("stranger", { tigase_url: stranger.url }),
			balanced: site("balanced", { tigase_url: stranger.url, bosh_url: "/http-bind" }),
			path: site("path", { bosh_url: "/{hostname}/http-bind" }),
		},
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
});
after(() => place.close({ logs: true }));

async function loggedIn(site) {
	const visitor = new Visitor((request) => prebind.request({ ...request, headers: { ...request.headers, Host: `${site}.example.org` } }));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	return visitor;
}

/** The bosh_url that the page and the JSON have. */
async function addresses(site) {
	const visitor = await loggedIn(site);
	const page = await visitor.get("/");
	const json = await visitor.request("POST", "/prebind.json", { headers: { ...SCRIPT, Origin: `http://${site}.example.org` } });
	assert.deepEqual([page.status, json.status], [200, 200]);
	return [dataBlock(page.body).bosh_url, JSON.parse(json.body).bosh_url];
}

const url = (host) => `http://${host}:${BOSH_PORT}/http-bind`;

test("the node that holds the session, by the name that browsers know", async () => {
	assert.deepEqual(await addresses("xml"), [url("chat1.example.org"), url("chat1.example.org")]);
	const { answer } = await prebind.bind("alice@example.test", "xml");
	assert.equal(answer.bosh_url, url("chat1.example.org"));
	assert.match(await prebind.ctlOk(["--site", "xml", "prebind", "alice@example.test"]), /bosh_url +http:\/\/chat1\.example\.org:5281\//);
});

test("the page may connect to every listed node, and to no other", async () => {
	const { headers } = await (await loggedIn("cluster")).get("/");
	const sources = /connect-src ([^;]*)/.exec(headers["content-security-policy"])[1].split(" ");
	assert.deepEqual(sources, ["'self'", `http://chat1.example.org:${BOSH_PORT}`, `http://node2.internal:${BOSH_PORT}`]);
	const path = await (await loggedIn("path")).get("/");
	assert.match(path.headers["content-security-policy"], /connect-src 'self';/);
});

test("the name in a path", async () => {
	assert.deepEqual(await addresses("path"), ["/chat1.example.org/http-bind", "/chat1.example.org/http-bind"]);
});

test("a node that is not listed: no session, and the key is named", async () => {
	const visitor = await loggedIn("stranger");
	const page = await visitor.get("/");
	assert.equal(page.status, 502);
	assert.doesNotMatch(page.body + JSON.stringify(page.headers), /evil\.example/);
	assertNoSession(await prebind.bind("alice@example.test", "stranger"), "chat_server", /"evil\.example".*bosh_hosts/);
});

test("where bosh_url does not ask for the node, it does not matter", async () => {
	assert.deepEqual(await addresses("balanced"), ["/http-bind", "/http-bind"]);
});

test("when one node goes, sessions are on the other", async () => {
	assert.deepEqual(await addresses("cluster"), [url("chat1.example.org"), url("chat1.example.org")]);
	await first.close();
	assert.deepEqual(await addresses("cluster"), [url("node2.internal"), url("node2.internal")]);
});
