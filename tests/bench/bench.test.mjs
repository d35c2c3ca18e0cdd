// The benchmark counts right: its peer answers as the recorded server, its client accepts nothing but sessions, its
// figures are medians and differences. How long anything takes is no test's business.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { Place, top } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";
import { runAdded, SERIES } from "./bench.mjs";
import { crowdText, runCrowd } from "./crowd.mjs";
import { HANDSHAKES, handshakeText, runHandshakes } from "./handshake.mjs";
import { spread, summarise, tableText } from "./report.mjs";
import { startPeer, upstreamRequest } from "./stand.mjs";

let place, peer;

before(async () => {
	place = new Place();
	peer = await startPeer(place, { delay: 0, packets: 2, keep: "keep" });
});
after(() => place.close());

/** What comes back for these bytes, up to the last chunk. */
function exchange(port, request) {
	return new Promise((resolve, reject) => {
		const socket = net.connect(port, "127.0.0.1", () => socket.write(request));
		let answer = "";
		socket.setEncoding("latin1").on("error", reject);
		socket.on("data", (text) => {
			answer += text;
			if (answer.endsWith("\r\n0\r\n\r\n"))
				socket.end();
		});
		socket.on("close", () => resolve(answer));
	});
}

test("the peer answers the recorded request with the recorded bytes", async () => {
	const recorded = (name) => fs.readFileSync(path.join(top, "tests/peers/tigase", `020-json-full-jid.${name}`), "latin1");
	assert.equal(await exchange(peer.port, recorded("req")), recorded("resp"));
});

test("for another JID, the bytes of the scripted Tigase", async () => {
	const scripted = await startTigasePeer({ place });
	const request = upstreamRequest("bob@example.test/web-0123456789abcdef");
	assert.equal(await exchange(peer.port, request), await exchange(scripted.port, request));
});

function load(port, expected) {
	const program = place.copy(path.join(build, "bench/load"), "bin/load");
	const request = place.write("request", upstreamRequest("alice@example.test/web1"));
	return place.run([program, "-p", String(port), "-r", request, "-n", "2", "-c", "10", "-s", "0", "-q", "-e", expected]);
}

test("the client counts what it sent", async () => {
	const earlier = await peer.counts();
	const { code, stdout, stderr } = await load(peer.port, "bfcd28f4-24c8-4378-8d23-af11354dff74");
	assert.equal(code, 0, stderr);
	const { requests, sent, connections, p50, p99 } = JSON.parse(stdout);
	assert.ok(requests >= 10 && sent === requests && connections === 2 && p50 <= p99, stdout);
	assert.equal((await peer.counts()).calls - earlier.calls, sent);
});

test("an answer that is no session ends the measuring", async () => {
	const strange = await load(peer.port, "some other sid");
	assert.deepEqual([strange.code, strange.stdout], [1, ""]);
	assert.match(strange.stderr, /^load: no some other sid in the answer/);
	const refusing = await startTigasePeer({ place });
	refusing.answer("041-auth-wrong-password");
	const refused = await load(refusing.port, "bfcd28f4");
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /^load: not a 200: HTTP\/1\.1 401/);
});

test("figures: medians over rounds, differences within them", () => {
	assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
	assert.deepEqual(spread([4, 1]), { median: 2.5, min: 1, max: 4 });
	const round = (us, cpu = 0) => ({ p50: us, p90: us, p99: us, requests: 10, seconds: 2, cpu_seconds: cpu, own_cpu: 1 });
	const { series: [, page] } = summarise({
		series: [
			{ name: "upstream", rounds: [round(10), round(20)] },
			{ name: "page", over: "upstream", rounds: [round(11, 0.001), round(24, 0.003)] },
		],
	});
	assert.deepEqual(page.added.p99, { median: 2.5, min: 1, max: 4 });
	assert.equal(page.perSecond.median, 5);
	assert.equal(page.cpu, 200);
});

test("the plan runs", async () => {
	const report = await runAdded({
		upstreams: [{ delay: 0, packets: 2 }],
		series: SERIES.filter(({ name }) => name !== "upstream, no QUICKACK"),
		rounds: 1,
		requests: 100,
		seconds: 0,
		progress: () => {},
	});
	assert.equal(report.scenarios.length, 2);
	for (const { name } of report.scenarios[0].series)
		assert.ok(tableText(report).includes(`\n  ${name} `), name);
});

test("a log-in is counted: as few requests as the protocol has, and all of ours on one connection", async () => {
	const handshakes = HANDSHAKES.filter(({ server }) => server === "prosody");
	const results = await runHandshakes({ handshakes, rounds: 1, logins: 3, progress: () => {} });
	const counts = results.map(({ way, series }) => [way, ...series.map(({ requests, connections }) => `${requests}/${connections}`)]);
	assert.deepEqual(counts, [["password", "5/1", "5/5", "5/1"], ["token", "4/1", "4/4", "4/1"]]);
	for (const { name, series } of results) {
		assert.ok(handshakeText(results).includes(`\n${name} `), name);
		assert.ok(series.every(({ p50, p90 }) => p50.median > 0 && p90.median >= p50.median));
	}
});

test("many sites and users: every figure is there", async () => {
	const report = await runCrowd({ sites: 3, users: [1000, 2000], rounds: 1, requests: 5, progress: () => {} });
	for (const row of [report.bySites.one, report.bySites.many].flatMap(Object.entries).filter(([name]) => !name.includes("site")))
		assert.ok(row[1].length === 1 && row[1][0] > 0, row[0]);
	const text = crowdText(report);
	for (const words of ["4 sites", "of 2000 users", "a site's first request", "map import of 2000 rows"])
		assert.ok(text.includes(words), words);
});
