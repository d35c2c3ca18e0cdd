/*
 * What is soaked, started: the program with its default processes and threads behind lighttpd, a scripted upstream that
 * answers at once, a visitor who is logged in. It can be reloaded, and its processes be ended.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { signalAll } from "../lib/children.mjs";
import { until } from "../lib/wait.mjs";
import { startOurs } from "./compare_stand.mjs";
import { children, Processes } from "./processes.mjs";

const PROCESSES = 2;
const PATIENCE_S = 30; // of a busy machine

/** Open descriptors; null: another user's, or a program that lets nobody look but root. */
function descriptors(pids) {
	try {
		return pids.map((pid) => fs.readdirSync(`/proc/${pid}/fd`).length).reduce((sum, count) => sum + count, 0);
	} catch {
		return null;
	}
}

/** Pages, and what the program holds meanwhile. */
class Stand {
	/** @param {import('./compare_stand.mjs').CompareStand} stand */
	constructor(stand) {
		this.stand = stand;
		this.page = { name: "page", program: "prebind", target: "/chat/" };
	}

	/** So many pages; those that fail are counted. */
	async load({ atOnce, requests, seconds }) {
		const argv = this.stand.clientArgs(this.page, { atOnce, requests, seconds, warmUp: 0 });
		const { code, stdout, stderr } = await this.stand.place.run(argv.map(String));
		assert.equal(code, 0, stderr);
		return { ...JSON.parse(stdout), complaint: stderr.split("\n")[0] };
	}

	/** What the program holds at rest. */
	async resources() {
		const all = (await this.roots()).map((pid) => new Processes(pid));
		const sum = (values) => values.reduce((total, value) => total + value, 0);
		const pss = all.map((processes) => processes.pss());
		const seen = !pss.includes(null);
		const kib = seen ? sum(pss) : sum(all.flatMap((processes) => processes.memory()));
		return { kib, memory: seen ? "PSS" : "RSS", descriptors: descriptors(all.flatMap(({ pids }) => pids)) };
	}
}

/** The program on its own socket: a parent, and processes that serve. */
export class SoakStand extends Stand {
	/** @param {{ stand: import('./compare_stand.mjs').CompareStand, prebind: import('../lib/prebind.mjs').Prebind }} parts */
	constructor({ stand, prebind }) {
		super(stand);
		this.supervisor = prebind.child;
		this.log = prebind.place.path("data", "prebind.log");
	}

	/** SIGHUP, until every process has read the configuration anew. A line for each request is too much to keep. */
	async reload() {
		fs.truncateSync(this.log);
		this.supervisor.process.kill("SIGHUP");
		const reloaded = () => fs.readFileSync(this.log, "utf8").split('"event":"reloaded"').length - 1;
		await until("the processes to reload", () => reloaded() > 0, { seconds: PATIENCE_S, gone: () => this.supervisor.gone() });
	}

	/** Ends one of the processes, until another is in its place. */
	async replace(signal) {
		const [ended] = await this.workers();
		signalAll([ended], signal);
		await until(`a process in the place of ${ended}`, () => {
			const now = children(this.supervisor.pid);
			return now.length === PROCESSES && !now.includes(ended);
		}, { seconds: PATIENCE_S, gone: () => this.supervisor.gone() });
	}

	/** The processes that serve: for a moment a reload has one more. */
	async workers() {
		await until("all processes to be there", () => children(this.supervisor.pid).length === PROCESSES, { seconds: PATIENCE_S });
		return children(this.supervisor.pid);
	}

	async roots() {
		await this.workers();
		return [this.supervisor.pid];
	}
}

/** The program on a socket that stays, as systemd keeps one: two of it at descriptor 0, so one can be restarted. */
export class RestartStand extends Stand {
	/** @param {{ stand: import('./compare_stand.mjs').CompareStand, keeper: Keeper }} parts */
	constructor({ stand, keeper }) {
		super(stand);
		this.keeper = keeper;
	}

	/** SIGTERM to the older of the two, and a new one as soon as it has ended. */
	async restart() {
		await this.roots();
		await this.keeper.stop(this.keeper.pids.shift());
		await this.keeper.start();
	}

	/** Both serve: their threads are there. */
	async roots() {
		const serves = (pid) => Number(/^Threads:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]) > 1;
		await until("both to serve", () => this.keeper.pids.every(serves), { seconds: PATIENCE_S });
		return this.keeper.pids;
	}
}

const runs = (pid) => fs.existsSync(`/proc/${pid}/status`) && !/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));

/** A shell that keeps a listening socket, and starts the program on it for each line that it reads. */
class Keeper {
	/** @param {import('../lib/place.mjs').Child} shell */
	constructor(shell) {
		this.shell = shell;
		this.started = 0;
		this.pids = [];
	}

	async start() {
		this.shell.process.stdin.write("\n");
		const pid = await until("a PID", () => this.shell.stdout.split("\n").slice(0, -1)[this.started], { gone: () => this.shell.gone() });
		this.started++;
		this.pids.push(Number(pid));
	}

	async stop(pid) {
		process.kill(pid, "SIGTERM");
		await until(`${pid} to end`, () => !runs(pid), { seconds: PATIENCE_S });
	}

	async close() {
		for (const pid of this.pids.filter(runs))
			await this.stop(pid);
		await this.shell.stop();
	}
}

const KEEPER = 'while read -r _; do setpriv --pdeathsig TERM -- "$@" <&3 3<&- & echo $!; done';

/** Under the name that the socket has at last Node does not know it, and leaves it there. */
async function startKeeper(place, prebind) {
	const server = net.createServer();
	await new Promise((resolve) => server.listen(`${prebind.socket}.new`, () => resolve(null)));
	place.own(`${prebind.socket}.new`);
	fs.renameSync(`${prebind.socket}.new`, prebind.socket);
	const shell = place.start("keeper", ["sh", "-c", KEEPER, "sh", prebind.program, "-c", prebind.conf],
		{ stdio: ["pipe", "pipe", "pipe", server["_handle"].fd] });
	server.close();
	const keeper = new Keeper(shell);
	place.onClose(() => keeper.close());
	await keeper.start();
	await keeper.start();
	return keeper;
}

/** @param {import('../lib/place.mjs').Place} place */
export async function startSoak(place) {
	return new SoakStand(await startOurs(place));
}

/** @param {import('../lib/place.mjs').Place} place */
export async function startRestarts(place) {
	let keeper;
	const { stand } = await startOurs(place, {
		server: { listen: undefined },
		start: async (prebind) => (keeper = await startKeeper(place, prebind)),
	});
	return new RestartStand({ stand, keeper });
}
