// Visitors who leave while they wait cost nothing: of a thousand, only those are called for whose call had begun.
import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const LEAVING = 1000;
const UPSTREAM_MAX = 8;

let place, peer, prebind;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { threads: 4, waiting_max: 2 * LEAVING },
		site: { ...peer.site(place), upstream_max: UPSTREAM_MAX, timeout: "60s" },
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
});
after(() => place.close());

const threads = () => fs.readdirSync(`/proc/${prebind.child.pid}/task`).length;

/** As a web server says it: it closes the connection, or sends FCGI_ABORT_REQUEST and reads what comes then. */
for (const [how, sessions] of [["signal", 0], ["abort", UPSTREAM_MAX]])
	test(`of ${LEAVING} visitors who leave the queue, only those cost a call whose call had begun (${how})`, async () => {
		const controller = new AbortController();
		setMaxListeners(0, controller.signal);
		let leave = {};
		const alice = new Visitor((request) => prebind.request({ ...request, ...leave }));
		assert.equal((await alice.login("alice", PASSWORD)).status, 303);
		let release;
		peer.answer({ until: new Promise((resolve) => (release = resolve)) });
		const asked = peer.requests.length;
		leave = { [how]: controller.signal };
		const gone = Array.from({ length: LEAVING }, () => alice.get("/", NAVIGATION).then(({ status }) => status, (error) => error.message));
		await until("the calls that are under way", () => peer.requests.length - asked === UPSTREAM_MAX, { seconds: 60 });
		await until("the others to wait", () => threads() > LEAVING, { seconds: 120 });
		controller.abort();
		leave = {};
		release();
		peer.answer(null);
		assert.equal((await Promise.all(gone)).filter((came) => came === 200).length, sessions, "sessions for those who were called already");
		await until("the program to have done with them", () => prebind.connections() === 0, { seconds: 60 });
		assert.equal(peer.requests.length - asked, UPSTREAM_MAX, "only those that were called already");
		console.error(`# of ${LEAVING} visitors who left while they waited, ${peer.requests.length - asked} cost a call: those that were called already`);
		assert.equal((await alice.get("/", NAVIGATION)).status, 200);
	});
