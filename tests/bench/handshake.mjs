/*
 * What one pre-bind costs where prebind logs in itself: on real servers, beside the same handshake made naively, with a
 * connection for each request. Round trips are counted by a forwarder, in a run of its own: it would cost time.
 */
import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { BoshClient } from "../lib/bosh_client.mjs";
import { SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { DOMAIN, endSession, startSite } from "../lib/xmpp_site.mjs";
import { spread } from "./report.mjs";

/**
 * The servers, and how we log in.
 * @typedef {{ name: string, server: string, way: string, mechanism: string }} Handshake
 */
export const HANDSHAKES = [
	{ name: "Prosody, password", server: "prosody", way: "password", mechanism: "SCRAM-SHA-1" },
	{ name: "Prosody, token", server: "prosody", way: "token", mechanism: "PLAIN" },
	{ name: "ejabberd, password", server: "ejabberd", way: "password", mechanism: "SCRAM-SHA-1" },
	{ name: "ejabberd, jwt", server: "ejabberd", way: "jwt", mechanism: "PLAIN" },
];

const WARM_UP = 3;

/** Passes bytes on to a port of this machine, and counts requests and connections. */
async function startForwarder(place, port) {
	const counts = { requests: 0, connections: 0 };
	const server = net.createServer((client) => {
		counts.connections++;
		const upstream = net.connect(port, "127.0.0.1");
		client.on("data", (data) => (counts.requests += data.toString("latin1").split("POST ").length - 1));
		for (const [from, to] of [[client, upstream], [upstream, client]])
			from.on("error", () => to.destroy()).pipe(to);
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
	place.onClose(() => server.close());
	return { url: `http://127.0.0.1:${server.address().port}/http-bind`, port: server.address().port, counts };
}

/** A log-in by the client of the tests; what is returned is a session that ends elsewhere. */
async function naive({ port, secret, mechanism, agent }) {
	const client = new BoshClient({ port, domain: DOMAIN, agent });
	assert.equal(await client.authenticate("alice", await secret(), mechanism), "success");
	assert.match(await client.bind("bench"), /^alice@/);
	return client;
}

async function prebinds(visitor) {
	const answer = await visitor.post("/prebind.json", {}, SCRIPT);
	assert.equal(answer.status, 200, answer.body);
	return JSON.parse(answer.body);
}

/** Requests and connections of one log-in through the forwarder. */
async function count(site, how) {
	const place = new Place();
	try {
		const forwarder = await startForwarder(place, site.port);
		const counted = async (run) => {
			Object.assign(forwarder.counts, { requests: 0, connections: 0 });
			await endSession(site.port, await run());
			return { ...forwarder.counts };
		};
		const beside = await startSite(place, { ...how, beside: site, site: { bosh_service: forwarder.url } });
		return {
			prebind: await counted(async () => JSON.parse(await beside.prebind.ctlOk(["prebind", "alice", "--json"]))),
			naive: await counted(() => naive({ ...how, port: forwarder.port, secret: how.secret })),
		};
	} finally {
		await place.close();
	}
}

/** ms of each of so many runs, after some that do not count; the sessions end between the runs. */
async function time(site, runs, run) {
	const times = [];
	for (let i = 0; i < WARM_UP + runs; i++) {
		const from = process.hrtime.bigint();
		const session = await run();
		times.push(Number(process.hrtime.bigint() - from) / 1e6);
		await endSession(site.port, session);
	}
	return times.slice(WARM_UP).sort((a, b) => a - b);
}

const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

/**
 * One server: its rows, each in turn in every round.
 * @param {Handshake} handshake
 * @param {{ rounds: number, logins: number }} plan
 */
async function measure(handshake, { rounds, logins }) {
	const place = new Place();
	const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
	try {
		const site = await startSite(place, { ...handshake, site: { credentials: handshake.way === "password" ? undefined : "on" } });
		const visitor = await site.enter("alice");
		const secret = async () => (handshake.way === "password"
			? site.accounts.alice : JSON.parse((await visitor.get("/credentials.json", SCRIPT)).body).password);
		const how = { ...handshake, secret };
		const counts = await count(site, how);
		const series = [
			{ name: "prebind", ...counts.prebind, run: () => prebinds(visitor) },
			{ name: "naive: a connection for each request", ...counts.naive, run: () => naive({ ...how, port: site.port }) },
			{ name: "that client, connection kept", requests: counts.naive.requests, connections: 1, run: () => naive({ ...how, port: site.port, agent }) },
		];
		const seen = series.map(() => []);
		for (let round = 0; round < rounds; round++) {
			for (const [i, { run }] of series.entries())
				seen[i].push(await time(site, logins, run));
		}
		return {
			...handshake,
			series: series.map(({ name, requests, connections }, i) => ({
				name, requests, connections,
				p50: spread(seen[i].map((times) => percentile(times, 0.5))),
				p90: spread(seen[i].map((times) => percentile(times, 0.9))),
			})),
		};
	} finally {
		agent.destroy();
		await place.close();
	}
}

/** Every server of the plan. */
export async function runHandshakes({ handshakes = HANDSHAKES, progress, ...plan }) {
	const results = [];
	for (const handshake of handshakes) {
		progress(`\n  ${handshake.name}`);
		results.push(await measure(handshake, plan));
	}
	return results;
}

/** As text; ms. */
export function handshakeText(results) {
	const width = Math.max(...results.flatMap(({ series }) => series.map(({ name }) => name.length)));
	const line = (name, ...cells) => `  ${name.padEnd(width)}  ${cells.map((cell, i) => String(cell).padStart([8, 11, 7, 17, 7][i])).join("  ")}`;
	return [
		line("one pre-bind on a real server", "requests", "connections", "p50", "(least … most)", "p90"),
		...results.flatMap(({ name, mechanism, series }) => [
			`${name} (${mechanism})`,
			...series.map((row) => line(row.name, row.requests, row.connections, row.p50.median.toFixed(1),
				`(${row.p50.min.toFixed(1)} … ${row.p50.max.toFixed(1)})`, row.p90.median.toFixed(1))),
		]),
		"",
	].join("\n");
}
