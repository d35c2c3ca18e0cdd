/*
 * What is measured, started: scripted upstreams, prebind.fcgi on its own socket with its own defaults, lighttpd with
 * the shipped snippet, a visitor who is logged in. All on loopback and in a place.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { httpRequest, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { Processes } from "./processes.mjs";

export const USER = "alice";
export const PASSWORD = "correct horse";
export const ADMIN = { user: "admin@example.test", password: "adminpass" };
export const MOUNT = "/chat";
const RECORDING = "tests/peers/tigase/020-json-full-jid.resp";
const WARM_UP = 5; // requests of each visitor, before the clock

/** What every answer must hold: the session of the recording, for the user who asked. */
export const EXPECTED = ["bfcd28f4-24c8-4378-8d23-af11354dff74", `${USER}@example.test/web-`];

/** An HTTP request as bytes. */
export function requestText({ method = "GET", target, headers, body = "" }) {
	const lines = Object.entries({ ...headers, ...(body && { "Content-Length": Buffer.byteLength(body) }) });
	return [`${method} ${target} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), "", body].join("\r\n");
}

/** The call that prebind makes. */
export function upstreamRequest(jid) {
	const field = (name, value) => ({ var: name, value });
	return requestText({
		method: "POST",
		target: "/rest/adhoc/bosh@example.test",
		headers: {
			Host: "127.0.0.1",
			Authorization: `Basic ${Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString("base64")}`,
			"User-Agent": "bench",
			Accept: "*/*",
			"Content-Type": "application/json; charset=utf-8",
		},
		body: JSON.stringify({
			command: {
				node: "pre-bind-bosh-session",
				fields: [field("from", jid), field("hold", "1"), field("wait", "60")],
			},
		}),
	});
}

/**
 * Starts tests/bench/peer.c.
 * @param {import('../lib/place.mjs').Place} place
 * @param {{ delay: number, packets: number, keep: "keep" | "close" }} options
 * @returns its port, and a function for its counts
 */
export async function startPeer(place, { delay, packets, keep }) {
	const program = place.copy(path.join(build, "bench/peer"), `bin/peer-${keep}`);
	const argv = [program, place.copy(RECORDING, "recording"), String(delay), String(packets), keep];
	const child = place.start("peer", argv);
	const port = await until("peer's port", () => Number(child.stdout), { gone: () => child.gone() });
	const counts = async () => JSON.parse((await httpRequest({ port, path: "/" })).body);
	return { port, counts };
}

/** The keys of the site whose upstream that is; its name is its Host. */
export function site(place, keep, port) {
	return {
		hosts: `${keep}.example.test`,
		database: path.join(place.folder(`data/${keep}`), "prebind.db"),
		jid: "{user}@example.test",
		backend: "tigase",
		tigase_url: `http://127.0.0.1:${port}/rest/adhoc/bosh@example.test`,
		tigase_user: ADMIN.user,
		tigase_password_file: place.write("etc/tigase.password", `${ADMIN.password}\n`),
	};
}

class Stand {
	/**
	 * @param {import('../lib/place.mjs').Place} place
	 * @param {{ peers: object, prebind: Prebind, port: number }} parts
	 */
	constructor(place, { peers, prebind, port }) {
		this.place = place;
		this.peers = peers;
		this.port = port;
		this.load = place.copy(path.join(build, "bench/load"), "bin/load");
		this.processes = new Processes(prebind.child.pid);
		this.cookies = {};
	}

	/** Logs in as a browser does: form, token, password, cookie. */
	async login(keep) {
		const host = { Host: `${keep}.example.test` };
		const visitor = new Visitor(({ path: file, headers, ...request }) =>
			httpRequest({ port: this.port, path: MOUNT + file, headers: { ...headers, ...host }, ...request }));
		const answer = await visitor.login(USER, PASSWORD);
		assert.equal(answer.status, 303, answer.body);
		this.cookies[keep] = visitor.jar.headers;
	}

	/** The request of a series, as bytes, and the port it goes to. */
	target({ peer, path: file }) {
		if (!file)
			return { port: this.peers[peer].port, text: upstreamRequest(`${USER}@example.test/web-0123456789abcdef`) };
		const asks = file === "/" ? NAVIGATION : SCRIPT;
		const headers = { Host: `${peer}.example.test`, ...asks, ...this.cookies[peer] };
		return { port: this.port, text: requestText({ target: MOUNT + file, headers }) };
	}

	/**
	 * One round of one series.
	 * @param {import('./bench.mjs').Series} series
	 * @param {{ atOnce: number, requests: number, seconds: number }} how
	 */
	async measure(series, { atOnce, requests, seconds }) {
		const { port, text } = this.target(series);
		const peer = this.peers[series.peer];
		const before = await peer.counts();
		const run = await this.place.run([
			this.load, "-p", port, "-r", this.place.write("request", text), "-n", atOnce, "-c", requests, "-s", seconds,
			"-w", WARM_UP, ...EXPECTED.flatMap((expected) => ["-e", expected]), ...(series.options ?? []),
			...this.processes.pids.flatMap((pid) => ["-P", pid]),
		].map(String));
		assert.equal(run.code, 0, `${series.name}: ${run.stderr}`);
		const figures = JSON.parse(run.stdout);
		const after = await peer.counts();
		checkCalls(series, figures, after.calls - before.calls, after.connections - before.connections - 1);
		return figures;
	}

	/** KiB of each of the program's processes, the supervisor first. */
	memory() {
		return this.processes.memory();
	}
}

/** One call for every answer; and connections kept where they are said to be, and only there. */
function checkCalls(series, { sent }, calls, connections) {
	assert.equal(calls, sent, `${series.name}: upstream calls for ${sent} answers`);
	if (series.peer === "close")
		assert.equal(connections, sent, `${series.name}: a connection for each`);
	else
		assert.ok(connections * 2 < sent, `${series.name}: ${connections} connections for ${sent} calls`);
}

/**
 * @param {import('../lib/place.mjs').Place} place
 * @param {import('./bench.mjs').Upstream} upstream
 */
export async function startStand(place, upstream) {
	const peers = {
		keep: await startPeer(place, { ...upstream, keep: "keep" }),
		close: await startPeer(place, { ...upstream, keep: "close" }),
	};
	const prebind = new Prebind(place, {
		server: { processes: undefined, threads: undefined, log: place.path("data", "prebind.log") },
		site: site(place, "keep", peers.keep.port),
		sites: { close: site(place, "close", peers.close.port) },
	});
	for (const name of ["default", "close"]) {
		await prebind.ctlOk(["--site", name, "migrate"]);
		await prebind.ctlOk(["--site", name, "user", "add", USER, "--password-stdin"], { input: `${PASSWORD}\n` });
	}
	await prebind.start();
	const [port, nobody] = await freePorts(2);
	await lighttpdFastcgi(place, { port, socket: prebind.socket, boshPort: nobody });
	const stand = new Stand(place, { peers, prebind, port });
	for (const name of Object.keys(peers))
		await stand.login(name);
	return stand;
}
