/*
 * What is compared, started: one scripted upstream, one lighttpd, and behind it this program, the floor and PHP; each as
 * FastCGI on a UNIX socket, or each as plain CGI. They share the database in which a visitor is logged in.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { httpRequest, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { lighttpdFastcgi, snippet, startLighttpd } from "../lib/lighttpd.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { accepts, freePorts, until } from "../lib/wait.mjs";
import { children, endedSeconds, Processes } from "./processes.mjs";
import { ADMIN, EXPECTED, MOUNT, PASSWORD, requestText, site, startPeer, USER } from "./stand.mjs";

const DEFAULTS = { processes: undefined, threads: undefined }; // the program's own, not those of the tests
const FLOOR = { processes: 2, threads: 16 }; // as this program by default
const BACKLOG = 1024; // of php-fpm: a crowd of 1,000 must not be turned away by its own queue
const MEMORY_EVERY_MS = 50;
const HOST = "keep.example.test";
const GUEST_PAGE = "<form"; // what all of them show to a visitor who is not logged in

/** What floor.c and page.php are told. */
function settings(place, peer) {
	return {
		DATABASE: place.path("data/keep", "prebind.db"),
		URL: `http://127.0.0.1:${peer.port}/rest/adhoc/bosh@example.test`,
		LOGIN: `${ADMIN.user}:${ADMIN.password}`,
	};
}

const prefixed = (prefix, values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));

/** The same for lighttpd, which passes it on with each request. */
function environment(prefix, values) {
	const pairs = Object.entries(prefixed(prefix, values)).map(([name, value]) => `"${name}" => "${value}"`);
	return `setenv.add-environment = (${pairs.join(", ")})`;
}

/** One more program behind lighttpd, in the form of the shipped snippet. */
const fastcgi = (mount, socket, { backend = '"check-local" => "disable"', more = "" }) => `$HTTP["url"] =~ "^${mount}(/|$)" {
	fastcgi.server = ("${mount}" => (("socket" => "${socket}", ${backend},
		"connect-timeout" => 5, "write-timeout" => 15, "read-timeout" => 15)))
	${more}
}`;

async function startFloor(place, values) {
	const socket = place.path("run", "floor.sock");
	const program = place.copy(path.join(build, "bench/floor"), "bin/floor");
	const argv = [program, socket, FLOOR.processes, FLOOR.threads].map(String);
	const child = await place.startUntil("floor", argv, () => fs.existsSync(socket) && accepts(socket),
		{ env: prefixed("FLOOR_", values) });
	return { socket, child };
}

/** php-fpm with Debian's own php.ini, so with opcache; a pool of so many processes from the start. */
async function startPhp(place, count) {
	const socket = place.path("run", "php.sock");
	const conf = place.write("etc/php-fpm.conf", [
		"[global]", `error_log = ${place.path("data", "php-fpm.log")}`, "daemonize = no",
		"[www]", `listen = ${socket}`, `listen.backlog = ${BACKLOG}`, "pm = static", `pm.max_children = ${count}`, "",
	].join("\n"));
	const child = await place.startUntil("php-fpm", ["php-fpm8.2", "--nodaemonize", "--fpm-config", conf],
		() => fs.existsSync(socket) && accepts(socket));
	return { socket, child };
}

/** What the processes take together while something runs: the most that was seen, KiB. */
async function watchMemory(processes, what) {
	const seen = { pss: 0, rss: 0 };
	const look = () => {
		seen.pss = Math.max(seen.pss, processes.pss() ?? 0);
		seen.rss = Math.max(seen.rss, processes.memory().reduce((sum, kib) => sum + kib, 0));
	};
	const timer = setInterval(look, MEMORY_EVERY_MS);
	try {
		const result = await what();
		look();
		return { result, memory: { ...seen, processes: processes.pids.length } };
	} finally {
		clearInterval(timer);
	}
}

export class CompareStand {
	/**
	 * @param {import('../lib/place.mjs').Place} place
	 * @param {{ peer: object, port: number, lighttpd: import('../lib/place.mjs').Child, processes?: Record<string, Processes> }} parts
	 *   processes: of the programs that stay, by name; without: as CGI they come and go
	 */
	constructor(place, { peer, port, lighttpd, processes }) {
		Object.assign(this, { place, peer, port, lighttpd, processes });
		this.load = place.copy(path.join(build, "bench/load"), "bin/load");
	}

	/** Logs in as a browser does: form, token, password, cookie. */
	async login() {
		const host = { Host: HOST };
		const visitor = new Visitor(({ path: file, headers, ...request }) =>
			httpRequest({ port: this.port, path: MOUNT + file, headers: { ...headers, ...host }, ...request }));
		const answer = await visitor.login(USER, PASSWORD);
		assert.equal(answer.status, 303, answer.body);
		this.cookie = visitor.jar.headers;
	}

	/** A request of a series, as a file. */
	request({ target, guest, script }, name) {
		const headers = { Host: HOST, ...(script ? SCRIPT : NAVIGATION), ...(guest ? {} : this.cookie) };
		return this.place.write(name, requestText({ target, headers }));
	}

	/** The client's arguments: what is asked, how often, and what every answer must hold. */
	clientArgs(series, { atOnce, requests, seconds, warmUp }) {
		const expected = series.guest ? [GUEST_PAGE] : EXPECTED;
		return [
			this.load, "-F", "-p", this.port, "-r", this.request(series, "request"), "-n", atOnce, "-c", requests, "-s", seconds,
			"-w", warmUp, ...expected.flatMap((text) => ["-e", text]),
		];
	}

	/** The client's run, and what its processes used; CGI: with all that lighttpd started for it. */
	async run(argv, processes) {
		const run = () => this.place.run(argv.map(String));
		if (processes)
			return watchMemory(processes, run);
		const before = endedSeconds(this.lighttpd.pid);
		const result = await run();
		await until("the last CGI process to end", () => children(this.lighttpd.pid).length === 0);
		return { result, ended: endedSeconds(this.lighttpd.pid) - before };
	}

	/**
	 * One round of one series.
	 * @param {import('./compare.mjs').Compared} series
	 * @param {import('./compare.mjs').Crowd} crowd
	 */
	async measure(series, crowd) {
		const processes = this.processes?.[series.program];
		const meanwhile = crowd.lone && !series.guest && { target: series.login ?? series.target, guest: true };
		const before = await this.peer.counts();
		const { result, memory, ended } = await this.run([
			...this.clientArgs(series, crowd), ...(processes?.pids ?? []).flatMap((pid) => ["-P", pid]),
			...(meanwhile ? ["-l", this.request(meanwhile, "lone"), "-L", GUEST_PAGE] : []),
		], processes);
		assert.equal(result.code, 0, `${series.name}: ${result.stderr}`);
		const figures = JSON.parse(result.stdout);
		const { calls } = await this.peer.counts();
		if (figures.failed === 0)
			assert.equal(calls - before.calls, series.guest ? 0 : figures.sent, `${series.name}: upstream calls`);
		const cpu = ended === undefined ? figures.cpu_seconds / figures.requests : ended / figures.sent;
		return { ...figures, cpu: cpu * 1e6, memory, complaint: result.stderr.split("\n")[0] };
	}
}

async function preparePrebind(place, peer, server, keys) {
	const prebind = new Prebind(place, {
		server: { log: place.path("data", "prebind.log"), ...server },
		site: { ...site(place, "keep", peer.port), ...keys },
	});
	await prebind.prepare({ [USER]: PASSWORD });
	return prebind;
}

function publishPhp(place) {
	place.write("htdocs/page.php", fs.readFileSync(new URL("page.php", import.meta.url)), 0o644);
}

/**
 * Everything as FastCGI.
 * @param {import('../lib/place.mjs').Place} place
 * @param {{ delay: number, server?: object, keys?: object, phpChildren: number }} options
 *   server, keys: of our configuration
 */
export async function startFastcgi(place, { delay, server = {}, keys = {}, phpChildren }) {
	const peer = await startPeer(place, { delay, packets: 1, keep: "keep" });
	const prebind = await preparePrebind(place, peer, { ...DEFAULTS, ...server }, keys);
	await prebind.start();
	const values = settings(place, peer);
	const floor = await startFloor(place, values);
	const php = await startPhp(place, phpChildren);
	publishPhp(place);
	const [port, nobody] = await freePorts(2);
	const lighttpd = await lighttpdFastcgi(place, {
		port, socket: prebind.socket, boshPort: nobody,
		snippets: [
			fastcgi("/floor", floor.socket, {}),
			fastcgi("/page.php", php.socket, { backend: '"broken-scriptfilename" => "enable"', more: environment("BENCH_", values) }),
		],
	});
	const processes = Object.fromEntries(Object.entries({ prebind: prebind.child, floor: floor.child, php: php.child })
		.map(([name, child]) => [name, new Processes(child.pid)]));
	const stand = new CompareStand(place, { peer, port, lighttpd, processes });
	await stand.login();
	return stand;
}

/**
 * This program alone, as FastCGI with its defaults.
 * @param {import('../lib/place.mjs').Place} place
 * @param {{ server?: object, start?: (prebind: Prebind) => Promise<unknown> }} [options]
 */
export async function startOurs(place, { server = {}, start = (prebind) => prebind.start() } = {}) {
	const peer = await startPeer(place, { delay: 0, packets: 1, keep: "keep" });
	const prebind = await preparePrebind(place, peer, { ...DEFAULTS, ...server }, {});
	await start(prebind);
	const [port, nobody] = await freePorts(2);
	const lighttpd = await lighttpdFastcgi(place, { port, socket: prebind.socket, boshPort: nobody });
	const stand = new CompareStand(place, { peer, port, lighttpd });
	await stand.login();
	return { stand, prebind };
}

/**
 * Everything as plain CGI.
 * @param {import('../lib/place.mjs').Place} place
 */
export async function startCgi(place) {
	const peer = await startPeer(place, { delay: 0, packets: 1, keep: "keep" });
	const prebind = await preparePrebind(place, peer, { listen: undefined }, {});
	const floor = place.copy(path.join(build, "bench/floor"), "bin/floor");
	const values = settings(place, peer);
	publishPhp(place);
	const [port, nobody] = await freePorts(2);
	const lighttpd = await startLighttpd(place, {
		port,
		snippets: [
			snippet("lighttpd/prebind-cgi.conf", {
				prebind_program: prebind.program,
				prebind_static: place.copy("static", "static"),
				prebind_bosh_port: String(nobody),
			}),
			`$HTTP["url"] =~ "^/floor(/|$)" {
				alias.url += ("/floor" => "${floor}")
				cgi.assign = ("/floor" => "")
				${environment("FLOOR_", values)}
			}
			$HTTP["url"] =~ "^/page.php$" {
				cgi.assign = (".php" => "/usr/bin/php-cgi8.2")
				${environment("BENCH_", values)}
			}`,
		],
	});
	const stand = new CompareStand(place, { peer, port, lighttpd });
	await stand.login();
	return stand;
}
