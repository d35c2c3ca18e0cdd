// prebindctl check --deep at a site whose users log in at Tigase, and whose guests log in at the BOSH service: a guest's session tries the
// walls. Both servers are scripted, so each wall can be there or not. Real servers: servers/guest_walls*.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const DOMAIN = "guests.example.org";
const WALLS = ["write to users", "list a user's devices", "enter other rooms", "list the rooms", "store contacts", "write to other servers"];

let place, tigase, peer, prebind;

before(async () => {
	place = new Place();
	tigase = await startTigasePeer({ place });
	peer = await BoshPeer.start(place);
	prebind = new Prebind(place, {
		site: {
			...tigase.site(place, { resource: "web1" }), bosh_service: peer.url, identity: "login guest", guest_domain: DOMAIN,
			staff: "support@example.test", rooms: 'news@conference.example.test "News"',
		},
	});
	await prebind.prepare({ alice: "alice's password" });
});
after(() => place.close({ logs: true }));

/** The XMPP server's answer to what a guest sends. @param {string[]} open what it lets through */
const answerTo = (open) => (body) => [...body.matchAll(/<(iq|message|presence)\b[^>]*>/g)].map(([stanza, name]) => {
	const id = /\bid=['"]([^'"]*)/.exec(stanza)?.[1] ?? "";
	const wall = WALLS[Number(/^wall-(\d+)$/.exec(id)?.[1] ?? NaN)];
	if (id.startsWith("ping") || (name !== "message" && open.includes(wall)))
		return `<${name} xmlns='jabber:client' id='${id}'${name === "iq" ? " type='result'" : ""}/>`;
	if (wall === undefined || open.includes(wall))
		return "";
	return `<${name} xmlns='jabber:client' id='${id}' type='error'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></${name}>`;
}).join("");

/** A guest is let in, as this JID, and tries the walls. @param {{ answers?: import("../peers/bosh_peer.mjs").Step[], [key: string]: any }} [what] */
async function checked({ open = [], jid = `x7@${DOMAIN}/web`, deep = true, mechanism = "ANONYMOUS", answers = Array(500).fill(answerTo(open)) } = {}) {
	peer.script(say.mechanisms(mechanism), say.success(), say.bindOffer(), say.bound(jid), ...answers);
	const { code, stdout, stderr } = await prebind.ctl(["check", ...(deep ? ["--deep"] : []), "--user", "alice", "--json"]);
	assert.equal(stderr, "");
	return { code, lines: JSON.parse(stdout).filter(({ what }) => what === "guests"), bodies: peer.bodies };
}

test("without --deep no guest comes", async () => {
	const { lines, bodies } = await checked({ deep: false });
	assert.deepEqual([lines, bodies], [[], []]);
});

test("all walls are there", async () => {
	const { lines, bodies } = await checked();
	assert.deepEqual(lines.map(({ said }) => said), WALLS.map((wall) => `guests cannot ${wall}: the XMPP server refuses it (forbidden)`));
	assert.match(bodies.join(), /to='alice@example\.test\/web1'/, "the user of the Tigase session is whom the guest writes to");
	assert.ok(peer.ended, "the guest's session is ended");
});

for (const wall of WALLS)
	test(`one is missing: guests can ${wall}`, async () => {
		const { code, lines } = await checked({ open: [wall] });
		assert.deepEqual(lines.filter(({ ok }) => !ok).map(({ said }) => said.split(",")[0]), [`guests can ${wall}`]);
		assert.match(lines.find(({ ok }) => !ok).said, /docs\/guests\.md/);
		assert.equal(code, 1);
	});

test("the server gives a guest another domain", async () => {
	const { code, lines } = await checked({ jid: "x7@example.test/web" });
	assert.equal(code, 1);
	assert.deepEqual(lines.map(({ ok }) => ok), [false]);
	assert.match(lines[0].said, /guest_domain: /);
});

test("the server lets no guests in", async () => {
	const { code, lines } = await checked({ mechanism: "PLAIN" });
	assert.equal(code, 1);
	assert.match(lines[0].said, /guest_domain: .*ANONYMOUS/);
});

const TERMINATE = { raw: "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='policy-violation'/>" };
for (const [what, answers, says] of [
	["ends with an HTTP status", [{ status: 404 }], /the XMPP server ended the session with HTTP status 404/],
	["is ended", [TERMINATE], /the XMPP server ended the session/],
	["gets no answer to a ping", Array(50).fill(""), /the XMPP server did not answer a ping in the session/],
	["is answered with no XML", [{ raw: "<html>" }], /guest_domain: /],
])
	test(`the guest's session ${what}: said, with the key`, async () => {
		const { code, lines } = await checked({ answers });
		assert.equal(code, 1);
		assert.match(lines.at(-1).said, /prebind\.conf:\d+: guest_domain: /);
		assert.match(lines.at(-1).said, says);
	});

test("a server that says what it is: only its setting is named; a refusal may have a text before its condition", async () => {
	const [wall] = WALLS.slice(-1);
	const answer = answerTo([wall]);
	const { lines } = await checked({ answers: Array(500).fill((body) => answer(body)
		.replace(/<iq xmlns='jabber:client' id='version'[^]*?(<\/iq>|\/>)/, "<iq xmlns='jabber:client' id='version' type='result'><query xmlns='jabber:iq:version'><name>ejabberd</name></query></iq>")
		.replace("<forbidden ", "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no</text><forbidden ")
		+ (body.includes("id='version'") ? "<iq xmlns='jabber:client' id='version' type='result'><query xmlns='jabber:iq:version'><name>ejabberd</name></query></iq>" : "")) });
	const { said } = lines.find(({ ok }) => !ok);
	assert.match(said, /guests can write to other servers, because .*s2s_access: none/);
	assert.doesNotMatch(said, /Prosody|prosody/);
	assert.equal(lines[0].said, `guests cannot ${WALLS[0]}: the XMPP server refuses it (forbidden)`);
});
