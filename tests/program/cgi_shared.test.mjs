// Plain CGI: what one process learned, the next one knows. The breaker and the rate limits lie beside the database.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { clockOff } from "../lib/clock.mjs";
import { NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const OPEN_S = 60; // a refused password opens the breaker for at least so long, and for 90 s at most
const TEST_S = 30; // no test takes so long
const CONNECT_FAILURES = 5; // in a row open it
const PAUSE_MAX_S = 12; // of a server that does not serve: ten seconds, and a fifth more by chance
const BURST = 5; // of one user, whatever the limit

let place, prebind, gonePort, restartPort;
const peers = {};

before(async () => {
	place = new Place();
	for (const name of ["refusing", "calm"])
		peers[name] = await startTigasePeer({ place });
	[gonePort, restartPort] = await freePorts(2);
	const site = (name, peer, keys = {}) => ({
		...peer.site(place), hosts: `${name}.example.org`, database: place.path("data", `${name}.db`), timeout: "20s", ...keys,
	});
	prebind = new Prebind(place, {
		server: { listen: "" },
		site: site("limited", peers.calm, { limit_bind_user: "5/1h" }),
		sites: {
			refusing: site("refusing", peers.refusing, { tigase_password_file: place.write("etc/wrong", "not-it\n") }),
			gone: site("gone", peers.calm, { tigase_url: peers.calm.url.replace(/:\d+/, `:${gonePort}`) }),
			restarting: site("restarting", peers.calm, { tigase_url: peers.calm.url.replace(/:\d+/, `:${restartPort}`) }),
			unshared: site("unshared", peers.calm),
		},
	});
	for (const name of ["default", "refusing", "gone", "restarting", "unshared"]) {
		await prebind.ctlOk(["--site", name, "migrate"]);
		await prebind.ctlOk(["--site", name, "user", "add", "alice", "--password-stdin"], { input: `${PASSWORD}\n` });
	}
});
after(() => place.close());

/** A process of its own can have a clock of its own; the sanitizer's library would rather come first. */
const clock = (ahead) => (ahead ? { ...clockOff(place, ahead), ASAN_OPTIONS: "verify_asan_link_order=0" } : {});

/** Somebody who is logged in there; each request is a process. `who.ahead`: seconds by which its clock is. */
async function visitor(name) {
	const who = { ahead: 0, stderr: "" };
	const host = `${name}.example.org`;
	who.web = new Visitor(async (request) => {
		const answer = await prebind.cgi({ ...request, params: { HTTP_HOST: host, ...clock(who.ahead) } });
		who.stderr += answer.stderr;
		return answer;
	});
	assert.equal((await who.web.login("alice", PASSWORD)).status, 303);
	who.page = () => who.web.get("/", NAVIGATION);
	who.logged = (event) => who.stderr.split("\n").filter((line) => line.includes(`"event":"${event}"`));
	return who;
}

test("refused credentials: one process finds out, all others know for a minute, one asks again", async () => {
	const peer = peers.refusing;
	const who = await visitor("refusing");

	assert.equal((await who.page()).status, 502);
	assert.equal(peer.connections, 1);
	for (const answer of await Promise.all(Array.from({ length: 4 }, who.page))) {
		assert.equal(answer.status, 503);
		const seconds = Number(answer.headers["retry-after"]);
		assert.ok(seconds > OPEN_S - TEST_S && seconds <= OPEN_S, `${seconds} s`);
	}
	who.ahead = OPEN_S - TEST_S;
	assert.equal((await who.page()).status, 503);
	assert.equal(peer.connections, 1, "nobody asked meanwhile");
	assert.equal(who.logged("breaker_open").length, 1);
	assert.equal(who.logged("breaker_not_shared").length, 0);

	let release;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	who.ahead = 100;
	const answers = Array.from({ length: 5 }, who.page);
	try {
		await until("the probe", () => peer.running === 1);
		let others = 0;
		for (const answer of answers)
			answer.then(({ status }) => (others += status === 503));
		await until("the others", () => others === answers.length - 1);
	} finally {
		release();
	}
	const probe = (await Promise.all(answers)).filter(({ status }) => status !== 503);
	assert.equal(probe.length, 1);
	assert.equal(peer.connections, 2, "one of five was the probe");

	peer.answer("020-json-full-jid");
	who.ahead = -3600; // a clock that is set right does not keep it open
	assert.equal((await who.page()).status, 200);
});

test("nobody there: after five processes, no other tries; and after the time it is found again", async () => {
	const who = await visitor("gone");
	for (let i = 0; i < CONNECT_FAILURES; i++)
		assert.equal((await who.page()).status, 502);
	assert.equal(who.logged("breaker_open").length, 1);
	who.ahead = -TEST_S; // in the middle of it, however long the five took
	assert.equal((await who.page()).status, 503);

	const peer = await startTigasePeer({ place, port: gonePort });
	who.ahead = 30; // it was for 6 s at most
	assert.equal((await who.page()).status, 200);
	assert.equal((await who.page()).status, 200);
	assert.equal(peer.binds, 2);
	assert.equal(who.logged("breaker_closed").length, 1);
});

test("a restart: refused connections, then 404 while it starts; well again, it is asked within 12 s", async () => {
	const who = await visitor("restarting");
	const trial = async (status) => {
		who.ahead += PAUSE_MAX_S;
		assert.equal((await who.page()).status, status);
	};
	for (let i = 0; i < CONNECT_FAILURES; i++)
		assert.equal((await who.page()).status, 502);
	for (let i = 0; i < 4; i++)
		await trial(502);
	const peer = await startTigasePeer({ place, port: restartPort });
	peer.answer("045-auth-non-admin"); // what the real one says before its components are there: 404, and no more
	for (let i = 0; i < 4; i++)
		await trial(502);
	assert.equal(peer.binds, 4, "each was asked: no trial made the pause longer than 12 s");
	assert.ok(who.logged("breaker_open").map((line) => Number(JSON.parse(line).ms)).every((ms) => ms <= PAUSE_MAX_S * 1000));
	peer.answer(null);
	await trial(200);
	assert.equal((await who.page()).status, 200);
});

test("where nothing can be kept, only what others know is lost", async () => {
	const who = await visitor("unshared");
	fs.rmSync(place.path("data", "unshared.db.limits"), { force: true });
	place.folder("data/unshared.db.limits");
	const calls = peers.calm.binds;
	assert.equal((await who.page()).status, 200);
	assert.equal(peers.calm.binds, calls + 1);
	const [line] = who.logged("breaker_not_shared");
	assert.match(line, /unshared\.db\.limits: the database must be a regular file/);
	assert.match(line, /"upstream":"http:/);
});

test("the limits of one user are counted over all processes", async () => {
	const who = await visitor("limited");
	const calls = peers.calm.binds;
	const answers = await Promise.all(Array.from({ length: BURST + 3 }, who.page));
	assert.equal(answers.filter(({ status }) => status === 200).length, BURST);
	assert.equal(answers.filter(({ status }) => status === 429).length, 3);
	assert.equal(peers.calm.binds, calls + BURST);
});
