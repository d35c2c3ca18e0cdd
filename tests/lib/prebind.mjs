/*
 * The program under test, and prebindctl: copies both into a place with a configuration, and runs
 * the program as a FastCGI server or as plain CGI.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { fastcgiRequest, cgiParams, parseAnswer } from "./cgi.mjs";
import { childrenOf } from "./children.mjs";
import { top } from "./place.mjs";
import { ownDatabase } from "./own_database.mjs";
import { copyDatabase } from "./sqlite.mjs";
import { accepts, until } from "./wait.mjs";

/** The folder of the programs under test. `make asan` and `make tsan` have other folders. */
export const build = path.resolve(top, process.env.PREBIND_BUILD || "build");

/**
 * Returns the text of a prebind.conf. Keys with the value undefined are left out.
 * @param {{ server?: object, sites: Record<string, Record<string, string | number | undefined>> }} conf
 */
export function confText({ server = {}, sites }) {
	const section = (name, keys) => [
		`[${name}]`,
		...Object.entries(keys).filter(([, value]) => value !== undefined).map(([key, value]) => `${key} = ${value}`),
	].join("\n");
	return [section("server", server), ...Object.entries(sites).map(([name, keys]) => section(`site ${name}`, keys)), ""]
		.join("\n\n");
}

/** Checks a result of Prebind.bind: this error, these words on stderr, and no part of a session. */
export function assertNoSession(run, error, words) {
	assert.equal(run.code, 1, run.stderr);
	assert.equal(run.answer.error, error, run.stderr);
	assert.match(run.stderr, words);
	for (const key of ["jid", "sid", "rid"])
		assert.equal(key in run.answer, false, `no ${key} on stdout`);
}

const CONNECTED = "03"; // a socket's state in /proc/net/unix

const CLOSED_ON_EXEC = 0o2000000; // O_CLOEXEC, in /proc/PID/fdinfo

/**
 * True if the process has opened a pipe itself: a process that starts reports to its parent through one, which the parent then
 * closes. Pipes that it was started with have no O_CLOEXEC. Only root can see this, because the program is not dumpable; for others
 * the answer is false.
 */
function hasOwnPipe(pid) {
	if (process.getuid() !== 0)
		return false;
	return fs.readdirSync(`/proc/${pid}/fd`).some((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("pipe:")
		&& parseInt(/^flags:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"))[1], 8) & CLOSED_ON_EXEC);
}

export class Prebind {
	/**
	 * Copies the program and the templates into the place and writes the configuration. A site
	 * allows plain http and has no limits, unless its keys say otherwise.
	 * @param {import('./place.mjs').Place} place
	 * @param {{ server?: object, site?: object, sites?: Record<string, object> }} conf
	 *   site: keys of [site default]; sites: keys of other sites
	 */
	constructor(place, { server = {}, site = {}, sites = {} } = {}) {
		this.place = place;
		this.program = place.copy(path.join(build, "prebind.fcgi"), "bin/prebind.fcgi");
		this.ctlProgram = place.copy(path.join(build, "prebindctl"), "bin/prebindctl");
		this.socket = place.path("run", "prebind.sock");
		place.folder("run", 0o750);
		this.database = path.join(place.folder("data"), "prebind.db");
		/** The other sites' databases, by site. A site with its own key `database` is not in it. */
		this.databases = Object.fromEntries(Object.entries(sites).filter(([, keys]) => keys.database === undefined)
			.map(([name]) => [name, place.path("data", `${name}.db`)]));
		const common = {
			templates: place.copy("templates", "templates"),
			identity: "login",
			jid: "{user}@example.org",
			allow_http: "on",
			limit_login: "off",
			limit_bind_user: "off",
			limit_bind_ip: "off",
		};
		this.conf = place.write("etc/prebind.conf", confText({
			server: { listen: this.socket, processes: 1, threads: 8, log: "stderr", ...server },
			sites: Object.fromEntries(Object.entries({ default: site, ...sites })
				.map(([name, keys]) => [name, { ...common, ...keys,
					database: ownDatabase(keys.database ?? this.databases[name] ?? this.database) }])),
		}));
	}

	/** Runs prebindctl; returns { code, stdout, stderr }. */
	ctl(args, options) {
		return this.place.run([this.ctlProgram, "-c", this.conf, ...args], options);
	}

	/** Runs prebindctl, which must succeed; returns its stdout. */
	async ctlOk(args, options) {
		const { code, stdout, stderr } = await this.ctl(args, options);
		assert.equal(code, 0, `prebindctl ${args.join(" ")}: ${stderr}`);
		return stdout;
	}

	/** Runs `prebindctl prebind WHO --json`; answer: the JSON that it printed. */
	async bind(who, site = "default") {
		const run = await this.ctl(["--site", site, "prebind", who, "--json"]);
		return { ...run, answer: JSON.parse(run.stdout) };
	}

	/** Makes the databases with these users: name to password. */
	async prepare(users = {}) {
		await this.ctlOk(["migrate"]);
		for (const [name, password] of Object.entries(users))
			await this.ctlOk(["user", "add", name, "--password-stdin"], { input: `${password}\n` });
		await this.spread();
	}

	/**
	 * Copies the default site's database to the other sites (see `databases`). The program must not
	 * run.
	 */
	spread() {
		return copyDatabase(this.place, this.database, this.databases);
	}

	/**
	 * Starts the program as a FastCGI server on its own socket. If `processes` is set, waits until all of them have started: the
	 * first one answers earlier, and a test that then breaks a database would end the start.
	 */
	async start() {
		this.child = await this.place.startUntil("prebind.fcgi", [this.program, "-c", this.conf],
			() => fs.existsSync(this.socket) && accepts(this.socket));
		const processes = Number(/^processes = (\d+)$/m.exec(fs.readFileSync(this.conf, "utf8"))?.[1] ?? 1);
		const { child } = this;
		if (processes > 1) await until("all processes", () => childrenOf(child.pid).length === processes && !hasOwnPipe(child.pid), { gone: () => child.gone() });
		this.place.onClose(() => this.stop());
		return this.child;
	}

	/**
	 * Stops the program. If it does not end with 0, for example after a sanitizer's complaint, the
	 * test fails.
	 */
	async stop() {
		const { code, signal } = await this.child.stop();
		assert.equal(signal ?? code, 0, this.child.log);
	}

	/** The number of web server connections that the program's only process has accepted and not closed. */
	connections() {
		const ofSocket = fs.readFileSync("/proc/net/unix", "utf8").split("\n").map((line) => line.trim().split(/\s+/))
			.filter((fields) => fields[5] === CONNECTED && fields[7] === this.socket).map((fields) => `socket:[${fields[6]}]`);
		const folder = `/proc/${this.child.pid}/fd`;
		return fs.readdirSync(folder).filter((fd) => ofSocket.includes(fs.readlinkSync(`${folder}/${fd}`))).length;
	}

	/** Sends one request by FastCGI; see fastcgiRequest. */
	request(request) {
		return fastcgiRequest(this.socket, request);
	}

	/** Sends one request as plain CGI, to a new process. */
	async cgi(request) {
		const env = { PREBIND_CONF: this.conf, ...cgiParams(request) };
		const { code, signal, stdout, stderr } = await this.place.run([this.program], { env, input: request.body ?? "" });
		assert.equal(signal ?? code, 0, stderr);
		return { ...parseAnswer(stdout), stderr };
	}
}
