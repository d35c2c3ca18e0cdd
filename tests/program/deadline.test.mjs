// A request has 8 s from its beginning to its end, whatever it waits for (REL-UP-1).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { cgiParams, parseAnswer } from "../lib/cgi.mjs";
import { FORM, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const LENGTH = 1000; // bytes that the web server announces: at this pace they would take minutes
const PACE_MS = 250;
const SPENT_MS = 5_500; // timeout and 3.5 s are less than this

let place, peer, prebind;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { site: { ...peer.site(place), timeout: "1s" } });
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
});
after(() => place.close({ logs: true }));

const FORM_TYPE = { "Content-Type": "application/x-www-form-urlencoded" };
const announced = (length) => ({ CONTENT_LENGTH: String(length) });
const LOGIN = { method: "POST", path: "/login", headers: { ...FORM, ...FORM_TYPE }, params: announced(LENGTH) };

/** A body's bytes, one at a time. */
async function* drops(bytes, ms) {
	for (const byte of bytes) {
		await pause(ms);
		yield byte;
	}
}

/** More than anybody has the patience for; counts what was sent. */
function* endless(count) {
	while (count.sent++ < LENGTH)
		yield "x";
}

test("FastCGI: a body that comes drop by drop is broken off", async () => {
	const count = { sent: 0 };
	const answer = await prebind.request({ ...LOGIN, pieces: drops(endless(count), PACE_MS) });
	assert.equal(answer.status, 400);
	assert.ok(count.sent < LENGTH, `${count.sent} bytes were sent`);
});

test("CGI: a body that comes drop by drop is broken off", async () => {
	const child = place.start("prebind.fcgi", [prebind.program],
		{ env: { PREBIND_CONF: prebind.conf, ...cgiParams(LOGIN) }, stdio: ["pipe", "pipe", "pipe"] });
	child.process.stdin.on("error", () => {}); // it ends without reading all
	const count = { sent: 0 };
	for await (const drop of drops(endless(count), PACE_MS)) {
		if (child.ended)
			break;
		child.process.stdin.write(drop);
	}
	assert.equal(parseAnswer(child.stdout).status, 400, child.log);
	assert.ok(count.sent < LENGTH, `${count.sent} bytes were sent`);
});

test("the XMPP server is not asked when the visitor's body has used up the time for it", async () => {
	const visitor = new Visitor((request) => prebind.request(request));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	assert.equal((await visitor.post("/prebind.json", {}, SCRIPT)).status, 200);

	const calls = peer.requests.length;
	const body = "bind=yes";
	const answer = await prebind.request({
		method: "POST",
		path: "/prebind.json",
		headers: { ...SCRIPT, ...FORM_TYPE, ...visitor.jar.headers },
		params: announced(body.length),
		pieces: drops([...body], SPENT_MS / body.length),
	});
	assert.ok([504, 400].includes(answer.status), `${answer.status}`); // 400: this machine took more than 8 s for it
	assert.equal(peer.requests.length, calls);
});
