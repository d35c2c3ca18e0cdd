// Back end bosh against a scripted service: the order of a log-in, and what a real server says rarely or never.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { assertNoSession, Prebind } from "../lib/prebind.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";

const PASSWORD = "alice's own";
const JID = "alice@example.org/desk";

let place, peer, prebind;

before(async () => {
	place = new Place();
	peer = await BoshPeer.start(place);
	const site = (timeout) => ({ backend: "bosh", bosh_service: peer.url, resource: "desk", timeout });
	prebind = new Prebind(place, {
		site: { ...site("4s"), hosts: "example.org" },
		sites: { hurried: { ...site("400ms"), hosts: "hurried.example.org" } },
	});
	const ctl = (...args) => prebind.ctlOk(["--site", "default", ...args], { input: `${PASSWORD}\n` });
	await ctl("migrate");
	await ctl("user", "add", "alice", "--password-stdin");
	await ctl("map", "set", "alice", "alice@example.org", "--xmpp-password-stdin");
	await prebind.spread();
});
after(() => place.close());

/** A log-in while the peer answers by the steps. */
function bind(steps, { site = "default", who = "alice" } = {}) {
	peer.script(...steps);
	return prebind.bind(who, site);
}

function assertRefused(run, error, words) {
	assertNoSession(run, error, words);
	assert.doesNotMatch(run.stdout + run.stderr, /alice's own|s-1/);
}

function assertRidsInOrder() {
	peer.rids.forEach((rid, i) => assert.equal(rid, peer.rids[0] + i));
}

const PLAIN = say.mechanisms("PLAIN");
const UP_TO_BIND = [PLAIN, say.success(), say.bindOffer()];

describe("the log-in", () => {
	test("four bodies on one connection, and the next unused rid", async () => {
		const { code, stderr, answer } = await bind([...UP_TO_BIND, say.bound(JID)]);
		assert.equal(code, 0, stderr);
		assert.deepEqual(answer, {
			jid: JID, sid: "s-1", rid: String(peer.rids.at(-1) + 1), bosh_url: "/http-bind", hold: 1, wait: 60, expires_in: 30,
		});
		assert.equal(peer.bodies.length, 4);
		assert.equal(peer.connections, 1);
		assertRidsInOrder();
		assert.ok(peer.rids[0] >= 2 ** 31 && peer.rids[0] < 2 ** 32);
		assert.match(peer.bodies[0], /\bto=['"]example\.org/);
		assert.match(peer.bodies[1], /mechanism=['"]PLAIN/);
		assert.match(peer.bodies[1], new RegExp(Buffer.from(`\0alice\0${PASSWORD}`).toString("base64")));
		assert.match(peer.bodies[2], /restart=['"]true/);
		assert.match(peer.bodies[3], /<resource>desk<\/resource>/);
	});

	test("the first rid is another one each time", async () => {
		const firsts = new Set();
		for (let i = 0; i < 4; i++) {
			await bind([...UP_TO_BIND, say.bound(JID)]);
			firsts.add(peer.rids[0]);
		}
		assert.equal(firsts.size, 4);
	});

	test("empty answers are asked again, wherever they come", async () => {
		const steps = [say.nothing, PLAIN, say.nothing, say.nothing, say.success(), say.nothing, say.bindOffer(), say.nothing,
			say.bound(JID)];
		const { code, stderr, answer } = await bind(steps);
		assert.equal(code, 0, stderr);
		assert.equal(peer.bodies.length, steps.length);
		assertRidsInOrder();
		assert.equal(answer.rid, String(peer.rids.at(-1) + 1));
	});

	test("the session iq only where it is required", async () => {
		const offer = (optional) => [PLAIN, say.success(), say.bindOffer(say.sessionOffer(optional)), say.bound(JID), say.result];
		await bind(offer(true));
		assert.equal(peer.bodies.length, 4);
		const { code, stderr } = await bind(offer(false));
		assert.equal(code, 0, stderr);
		assert.equal(peer.bodies.length, 5);
		assert.match(peer.bodies[4], /urn:ietf:params:xml:ns:xmpp-session/);
	});

	test("a JID is handed out as it is prepared, however the server writes it", async () => {
		for (const written of ["ALICE@EXAMPLE.org/desk", "\uff41lice@example.org/desk", "alice\u00ad@example.org/desk", "alice@example.org/\uff44esk"])
			assert.equal((await bind([...UP_TO_BIND, say.bound(written)])).answer?.jid, JID, written);
	});

	test("the server may bind another resource, but not another account", async () => {
		assert.equal((await bind([...UP_TO_BIND, say.bound("alice@example.org/other")])).answer.jid, "alice@example.org/other");
		assertRefused(await bind([...UP_TO_BIND, say.bound("mallory@example.org/desk")]), "chat_server", /mallory@example\.org/);
		assertRefused(await bind([...UP_TO_BIND, say.bound("alice@example.org")]), "chat_server", /without a resource/);
	});
});

describe("what is refused", () => {
	const scram = say.mechanisms("SCRAM-SHA-1", "PLAIN");
	const rows = [ // name, steps, sentence; each ends with the session's end
		["a wrong password", [PLAIN, say.failure("not-authorized")], /not-authorized.*prebindctl map set alice alice@example\.org/],
		["a disabled account", [PLAIN, say.failure("account-disabled")], /account-disabled.*enable/],
		["a server in trouble", [PLAIN, say.failure("temporary-auth-failure")], /temporary-auth-failure/],
		["no mechanism that we have", [say.mechanisms("EXTERNAL", "X-OTHER")], /EXTERNAL X-OTHER/],
		["success without the server's proof", [scram, say.success()], /did not prove/],
		["a challenge that is none", [scram, say.challenge("nonsense")], /./],
		["success with a wrong proof", [scram, say.success(btoa64("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="))], /./],
		["no resource binding", [PLAIN, say.success(), "<stream:features/>"], /no resource binding/],
		["a refused resource", [...UP_TO_BIND, say.iqError("resource-constraint")], /resource-constraint/],
		["another answer than SASL's", [PLAIN, "<message xmlns='jabber:client'/>"], /unexpected answer/],
	];
	for (const [name, steps, words] of rows) {
		test(name, async () => {
			assertRefused(await bind(steps), "chat_server", words);
			assert.ok(peer.ended, "the session is ended, not left to itself");
			assertRidsInOrder();
		});
	}

	test("PLAIN is not tried when the server has something better", async () => {
		await bind([scram, say.failure("not-authorized")]);
		assert.match(peer.bodies[1], /mechanism=['"]SCRAM-SHA-1/);
		assert.equal(peer.bodies.some((body) => body.includes(Buffer.from(`\0alice\0${PASSWORD}`).toString("base64"))), false);
	});

	test("an account whose password is not kept", async () => {
		const run = await bind([], { who: "bob@example.org" });
		assertRefused(run, "no_chat_account", /bob@example\.org.*prebindctl map set .*--xmpp-password-stdin/);
		assert.equal(peer.bodies.length, 0);
	});
});

describe("a service that is none", () => {
	const rows = [
		["HTTP 404", { status: 404 }, /404.*path/],
		["no XML", { raw: "hello" }, /not XML/],
		["HTML", { raw: "<html/>" }, /not a BOSH body/],
		["a DTD", { raw: "<!DOCTYPE body [<!ENTITY a 'b'>]><body xmlns='http://jabber.org/protocol/httpbind'/>" }, /not XML/],
		["an unknown host", { raw: "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='host-unknown'/>" },
			/host-unknown/],
	];
	for (const [name, step, words] of rows) {
		test(name, async () => {
			assertRefused(await bind([step]), "chat_server", words);
			assert.equal(peer.bodies.length, 1, "nothing more is said to it");
		});
	}

	test("only empty answers", async () => {
		assertRefused(await bind(Array(50).fill("")), "chat_server", /only empty answers/);
		assert.ok(peer.bodies.length < 15);
		assert.ok(peer.ended);
	});

	test("a session that ends in the middle", async () => {
		const end = { raw: "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='policy-violation'/>" };
		assertRefused(await bind([PLAIN, end]), "chat_server", /policy-violation/);
		assert.equal(peer.bodies.length, 2);
	});
});

test("one deadline for all round trips", async () => {
	for (let answered = 0; answered < 4; answered++) {
		const steps = [...UP_TO_BIND.slice(0, answered), { hang: true }];
		assertRefused(await bind(steps, { site: "hurried" }), "chat_timeout", /no complete answer/);
	}
});

test("prebindctl check creates a session, ends it, and tells what is offered", async () => {
	peer.script(say.mechanisms("SCRAM-SHA-256", "PLAIN"));
	const { stdout } = await prebind.ctl(["--site", "default", "check", "--json"]);
	const upstream = JSON.parse(stdout).find(({ what }) => what === "upstream");
	assert.equal(upstream.ok, true, upstream.said);
	assert.match(upstream.said, /example\.org.*SCRAM-SHA-256 PLAIN.*30 s/);
	assert.equal(peer.bodies.length, 2);
	assert.ok(peer.ended);
});

function btoa64(text) {
	return Buffer.from(text).toString("base64");
}
