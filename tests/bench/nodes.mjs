/*
 * What a page costs on several nodes: one, two and three nodes with a database on PostgreSQL, and one node with SQLite beside them, all
 * behind the HAProxy of docs/nodes.md. Everything is on this machine, so more nodes can only be faster where its processors allow it.
 */
import assert from "node:assert/strict";
import os from "node:os";
import path from "node:path";
import { haproxy } from "../lib/haproxy.mjs";
import { httpRequest, NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { Processes } from "./processes.mjs";
import { spread } from "./report.mjs";
import { EXPECTED, MOUNT, PASSWORD, requestText, site, startPeer, USER } from "./stand.mjs";

const NODES = 3;
const VISITORS = [1, 16];

const ROWS = [
	{ name: "sqlite", nodes: 1 },
	...Array.from({ length: NODES }, (_, i) => ({ name: "postgresql", nodes: i + 1 })),
];

/** A node in a place of its own, as a machine would have it. */
async function startNode(places, peer, keys) {
	const place = new Place();
	places.push(place);
	const node = new Prebind(place, {
		server: { processes: undefined, threads: undefined, log: place.path("data", "prebind.log") },
		site: { ...site(place, "keep", peer.port), hosts: undefined, base_path: MOUNT, ...keys },
	});
	await node.ctlOk(["migrate"]);
	await node.start();
	return node;
}

/** A balancer before these nodes, and the Cookie of a user who is logged in. */
async function behindBalancer(place, nodes) {
	const port = await haproxy(place, { document: "docs/nodes.md", nodes });
	const visitor = new Visitor(({ path: file, ...request }) => httpRequest({ port, path: MOUNT + file, ...request }));
	const answer = await visitor.login(USER, PASSWORD);
	assert.equal(answer.headers.location, `${MOUNT}/`, answer.body); // HAProxy's FastCGI makes a 302 of the 303
	return { port, nodes, cookie: visitor.jar.headers };
}

async function startStand(places) {
	const place = new Place();
	places.push(place);
	const peer = await startPeer(place, { delay: 0, packets: 1, keep: "keep" });
	const server = await Postgresql.start(place);
	await server.sql("CREATE ROLE prebind LOGIN; CREATE DATABASE prebind OWNER prebind");
	const single = await startNode(places, peer, {});
	const nodes = [];
	for (let i = 0; i < NODES; i++)
		nodes.push(await startNode(places, peer, { database: server.uri("prebind", "prebind") }));
	for (const node of [single, nodes[0]])
		await node.ctlOk(["user", "add", USER, "--password-stdin"], { input: `${PASSWORD}\n` });
	const stands = [];
	for (const row of ROWS)
		stands.push({ ...row, ...await behindBalancer(place, row.name === "sqlite" ? [single] : nodes.slice(0, row.nodes)) });
	place.copy(path.join(build, "bench/load"), "bin/load");
	return { place, peer, stands };
}

async function measure({ place, peer }, { port, nodes, cookie }, { atOnce, requests, seconds }) {
	const before = await peer.counts();
	const pids = nodes.flatMap((node) => new Processes(node.child.pid).pids);
	const run = await place.run([
		place.path("bin/load"), "-p", port, "-r", place.write("request", requestText({ target: `${MOUNT}/`, headers: { Host: "example.test", ...NAVIGATION, ...cookie } })),
		"-n", atOnce, "-c", requests, "-s", seconds, "-w", 5, ...EXPECTED.flatMap((text) => ["-e", text]), ...pids.flatMap((pid) => ["-P", pid]),
	].map(String));
	assert.equal(run.code, 0, run.stderr);
	const figures = JSON.parse(run.stdout);
	assert.equal((await peer.counts()).calls - before.calls, figures.sent, `upstream calls for ${figures.sent} answers`);
	return figures;
}

export async function runNodes({ visitors = VISITORS, rounds, requests, seconds, progress }) {
	const places = [];
	try {
		const stand = await startStand(places);
		const rows = visitors.flatMap((atOnce) => ROWS.map((row, i) => ({ ...row, atOnce, stand: stand.stands[i], rounds: [] })));
		progress("\n  nodes: ");
		for (let round = 0; round < rounds; round++) {
			for (const row of rows)
				row.rounds.push(await measure(stand, row.stand, { atOnce: row.atOnce, requests, seconds }));
			progress(` ${round + 1}`);
		}
		return { processors: os.cpus().length, rows: rows.map(({ name, nodes, atOnce, rounds: all }) => ({ name, nodes, atOnce, rounds: all })) };
	} finally {
		for (const place of places.reverse())
			await place.close();
	}
}

const ms = (us) => (us / 1000).toFixed(2).padStart(8);

export function nodesText({ processors, rows }) {
	const line = ({ name, nodes, atOnce, rounds }) => {
		const of = (value) => spread(rounds.map(value));
		const perSecond = of((round) => round.requests / round.seconds);
		return `  ${name.padEnd(12)}${String(nodes).padStart(6)}${String(atOnce).padStart(9)}${perSecond.median.toFixed(0).padStart(9)}`
			+ `${`(${perSecond.min.toFixed(0)} … ${perSecond.max.toFixed(0)})`.padStart(18)}${ms(of((round) => round.p50).median)}${ms(of((round) => round.p99).median)}`
			+ `${(of((round) => round.cpu_seconds / round.requests).median * 1e6).toFixed(0).padStart(8)}`;
	};
	return [`nodes: a page behind HAProxy; ${processors} processors for all nodes, HAProxy, PostgreSQL, the XMPP server and the visitors`,
		"  database     nodes  at a time    per s  (least … most)    p50 ms  p99 ms  CPU µs", ...rows.map(line), ""].join("\n");
}
