/*
 * What the log costs: the CPU time of a request, user and system, of a server that logs each request to a file and of one that logs
 * errors only. Both run at the same time, are asked in turn, and the order changes each round, so a busy machine slows down both alike.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { httpRequest, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { Place } from "../lib/place.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { Processes } from "./processes.mjs";
import { spread } from "./report.mjs";
import { EXPECTED, MOUNT, PASSWORD, requestText, site, startPeer, USER } from "./stand.mjs";

const AT_ONCE = 16;
const WARM_UP = 20; // requests of each visitor
const ALTERNATIONS = 8; // in each round: a difference of a few percent is less than what a busy machine adds to one measuring
const LEVELS = ["info", "error"];
const ORDERS = [["info", "error"], ["error", "info"]];

/**
 * What is asked, and what every answer must hold. Few upstream calls are needed for a figure, many small answers.
 * @typedef {{ name: string, target: string, headers: object, guest?: boolean, status?: number, expected: string[], times: number }} Asked
 * @type {Asked[]}
 */
export const ASKED = [
	{ name: "page", target: "/", headers: NAVIGATION, expected: EXPECTED, times: 1 },
	{ name: "prebind.json", target: "/prebind.json", headers: SCRIPT, expected: EXPECTED, times: 1 },
	{ name: "login form", target: "/login", headers: NAVIGATION, guest: true, expected: ["<form"], times: 2 },
	{ name: "404", target: "/none", headers: NAVIGATION, guest: true, status: 404, expected: ["<h1"], times: 2 },
	{ name: "health", target: "/health", headers: {}, guest: true, expected: ["ok"], times: 4 },
];

/** A server with this log level, behind a lighttpd of its own, with a visitor who is logged in. */
export async function startServer(places, level) {
	const place = new Place();
	places.push(place);
	const peer = await startPeer(place, { delay: 0, packets: 1, keep: "keep" });
	const log = place.path("data", "prebind.log");
	const prebind = new Prebind(place, {
		server: { processes: undefined, threads: undefined, log, log_level: level },
		site: { ...site(place, "keep", peer.port), hosts: undefined },
	});
	await prebind.ctlOk(["migrate"]);
	await prebind.ctlOk(["user", "add", USER, "--password-stdin"], { input: `${PASSWORD}\n` });
	await prebind.start();
	const [port, nobody] = await freePorts(2);
	await lighttpdFastcgi(place, { port, socket: prebind.socket, boshPort: nobody });
	const visitor = new Visitor(({ path: file, ...request }) => httpRequest({ port, path: MOUNT + file, ...request }));
	assert.equal((await visitor.login(USER, PASSWORD)).status, 303);
	place.copy(path.join(build, "bench/load"), "bin/load");
	return { place, port, log, cookie: visitor.jar.headers, pids: new Processes(prebind.child.pid).pids };
}

/** µs of CPU time a request. */
export async function measure({ place, port, cookie, pids }, { target, headers, guest, status = 200, expected, times }, requests) {
	const text = requestText({ target: MOUNT + target, headers: { Host: "example.test", ...headers, ...(guest ? {} : cookie) } });
	const run = await place.run([
		place.path("bin/load"), "-p", port, "-r", place.write("request", text), "-n", AT_ONCE, "-c", requests * times, "-s", 0, "-w", WARM_UP,
		"-S", status, ...expected.flatMap((some) => ["-e", some]), ...pids.flatMap((pid) => ["-P", pid]),
	].map(String));
	assert.equal(run.code, 0, `${target}: ${run.stderr}`);
	const { cpu_seconds: seconds, requests: answered } = JSON.parse(run.stdout);
	return seconds / answered * 1e6;
}

const lines = (log) => fs.readFileSync(log, "utf8").split("\n").filter((line) => line.includes('"event":"request"')).length;

export async function runLogs({ rounds, requests, progress }) {
	const alternations = rounds * ALTERNATIONS;
	const places = [];
	try {
		const servers = {};
		for (const level of LEVELS)
			servers[level] = await startServer(places, level);
		const rows = ASKED.map((asked) => ({ asked, info: [], error: [] }));
		progress("\n  logs: ");
		for (let round = 0; round < alternations; round++) {
			for (const row of rows) {
				for (const level of ORDERS[round % 2])
					row[level].push(await measure(servers[level], row.asked, requests));
			}
			progress(` ${round + 1}`);
		}
		const expected = ASKED.reduce((sum, { times }) => sum + alternations * (requests * times + AT_ONCE * WARM_UP), 0);
		await until(`a line for each of ${expected} requests`, () => lines(servers.info.log) >= expected); // the last ones come a moment later
		assert.equal(lines(servers.error.log), 0);
		return rows.map(({ asked: { name }, info, error }) => ({ name, info, error }));
	} finally {
		for (const place of places.reverse())
			await place.close();
	}
}

const low = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 4)];

export function logsText(rows) {
	const line = ({ name, info, error }) => {
		const [off, on, share] = [error, info, info.map((us, i) => 100 * (us - error[i]) / us)].map((values) => spread(values).median);
		const quiet = 100 * (low(info) - low(error)) / low(info);
		return `  ${name.padEnd(14)}${off.toFixed(1).padStart(9)}${on.toFixed(1).padStart(9)}${share.toFixed(1).padStart(9)}${quiet.toFixed(1).padStart(9)}`;
	};
	return ["logs: CPU µs of a request without and with its log lines; their share of it in %, the median and of the quickest quarter",
		"  asked           without     with   median  quarter", ...rows.map(line), ""].join("\n");
}
