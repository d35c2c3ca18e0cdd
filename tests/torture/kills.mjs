/*
 * The second part of `make torture`: kill -9 during writes. People log in all the time, users are added, and meanwhile
 * a worker, the whole program or prebindctl is killed. Whatever was acknowledged must be there afterwards, and the
 * database must be whole.
 *   node tests/torture/kills.mjs [--kills 1000]
 */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { childrenOf, signalAll } from "../lib/children.mjs";
import { NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const ORIGIN = "http://www.example.org";
const AUDIENCE = "www.example.org";
const POSTED = { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Origin: ORIGIN };
const COOKIE = "prebind-insecure";
const PROCESSES = 4;
const AT_ONCE = 6;
/** More in a minute, and the program waits 5 s before it starts the next worker. */
const WORKERS_IN_ROUND = 8;
const CTL_IN_ROUND = 1;
export const KILLS_IN_ROUND = WORKERS_IN_ROUND + CTL_IN_ROUND + 1; // the last one is the whole program
const CTL_MS = 300; // adding a user takes about as long on a busy machine

/** How many sessions of these are in the database, how many users; what integrity_check says. */
const QUESTION = `
import json, sqlite3, sys
asked = json.load(sys.stdin)
db = sqlite3.connect(sys.argv[1])
has = lambda sql, value: db.execute(sql, [value]).fetchone() is not None
print(json.dumps({
    'integrity': db.execute('PRAGMA integrity_check').fetchone()[0],
    'sessions': [s for s in asked['sessions'] if not has('SELECT 1 FROM login_session WHERE token_hash = ?', bytes.fromhex(s))],
    'users': [u for u in asked['users'] if not has('SELECT 1 FROM site_user WHERE name = ?', u)],
    'unmapped': [u for u, in db.execute('SELECT name FROM site_user WHERE name NOT IN (SELECT user FROM jid_map)')],
}))`;

const hash = (cookie) => crypto.createHash("sha256").update(cookie).digest("hex");
const sessionIn = ({ headers }) => (headers["set-cookie"] ?? []).map((text) => new RegExp(`^${COOKIE}=([^;]+)`).exec(text)?.[1]).find(Boolean);

class Writers {
	/** @param {Place} place */
	static async start(place) {
		const key = crypto.randomBytes(32);
		const peer = await startTigasePeer({ place });
		const prebind = new Prebind(place, {
			server: { processes: PROCESSES, threads: 4, log_level: "warn" },
			site: { ...peer.site(place), identity: "token login", token_origins: ORIGIN, token_audience: AUDIENCE,
				token_key_file: place.write("etc/token.keys", `k1:${key.toString("base64url")}\n`) },
		});
		await prebind.prepare();
		return new Writers(prebind, key);
	}

	/** @param {Prebind} prebind */
	constructor(prebind, key) {
		this.prebind = prebind;
		this.key = key;
		this.made = 0;
		/** Acknowledged: cookies, names. */
		this.sessions = [];
		this.users = [];
		this.unanswered = 0;
		this.going = false;
	}

	visitor() {
		return new Visitor((request) => this.prebind.request(request));
	}

	token(user) {
		const now = Math.floor(Date.now() / 1000);
		const payload = Buffer.from(JSON.stringify({ user, iat: now, exp: now + 500, aud: AUDIENCE, jti: crypto.randomUUID() })).toString("base64url");
		const mac = crypto.createHmac("sha256", this.key).update(`prebind-sso-v1\0k1${payload}`);
		return `v1.k1.${payload}.${mac.digest("base64url")}`;
	}

	/** Logs people in, each one once, until stopped. Who gets no answer has lost nothing. */
	async writeOn() {
		while (this.going) {
			const answer = await this.visitor().post("/login", { sso: this.token(`visitor${++this.made}`) }, POSTED).catch(() => null);
			const session = answer && sessionIn(answer);
			if (session)
				this.sessions.push(session);
			else
				this.unanswered++;
			if (!answer)
				await new Promise((resolve) => setImmediate(resolve));
		}
	}

	/** Several at a time; returns what stops them. */
	start() {
		this.going = true;
		const all = Promise.all(Array.from({ length: AT_ONCE }, () => this.writeOn()));
		return () => ((this.going = false), all);
	}

	/** Until all workers serve: if one dies before, the program does not start. */
	async startProgram() {
		const child = await this.prebind.start();
		const serves = (pid) => Number(/^Threads:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]) > 1;
		await until("the workers to serve", () => {
			const workers = childrenOf(child.pid);
			return workers.length === PROCESSES && workers.every(serves);
		}, { seconds: 60, gone: () => child.gone() });
	}

	/** Waits until somebody who came later than now has logged in. */
	moreLogins() {
		const before = this.sessions.length + AT_ONCE;
		return until("more logins", () => this.sessions.length > before, { seconds: 60, gone: () => this.prebind.child.gone() });
	}

	/** Adds a user; killMs: kills prebindctl after that time. */
	async addUser(killMs = null) {
		const name = `user${++this.made}`;
		const args = ["-c", this.prebind.conf, "--site", "default", "user", "add", name, "--password-stdin", "--jid", `${name}@example.test`];
		const child = this.prebind.place.start("prebindctl", [this.prebind.ctlProgram, ...args], { input: "correct horse\n" });
		const timer = killMs === null ? null : setTimeout(() => child.process.kill("SIGKILL"), killMs);
		const { code } = await child.end;
		clearTimeout(timer);
		if (code === 0)
			this.users.push(name);
		assert.ok(killMs !== null || code === 0, child.log);
	}

	async killWorker() {
		const workers = childrenOf(this.prebind.child.pid);
		if (workers.length === 0)
			return false;
		signalAll([workers[Math.floor(Math.random() * workers.length)]], "SIGKILL");
		await this.moreLogins();
		return true;
	}

	async killAll() {
		const { pid } = this.prebind.child;
		const workers = childrenOf(pid);
		signalAll([pid, ...workers], "SIGKILL");
		await this.prebind.child.end;
		await until("the workers' end", () => workers.every((worker) => !isAlive(worker)));
	}

	/** What was acknowledged and is not there, and what else is wrong. */
	async missing() {
		const { code, stdout, stderr } = await this.prebind.place.run(["/usr/bin/python3", "-c", QUESTION, this.prebind.database],
			{ input: JSON.stringify({ sessions: this.sessions.map(hash), users: this.users }) });
		assert.equal(code, 0, stderr);
		return JSON.parse(stdout);
	}
}

function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

/** One start of the program, and its end: nine kills in between. Returns how many there were. */
async function round(writers) {
	await writers.startProgram();
	const stop = writers.start();
	let kills = 0;
	try {
		await writers.moreLogins();
		for (let i = 0; i < WORKERS_IN_ROUND; i++)
			kills += await writers.killWorker() ? 1 : 0;
		await writers.addUser();
		for (let i = 0; i < CTL_IN_ROUND; i++, kills++)
			await writers.addUser(Math.random() * CTL_MS);
		await writers.killAll();
		kills++;
	} finally {
		await stop();
	}
	return kills;
}

/** After all: the program itself knows who logged in last. */
async function stillIn(writers) {
	await writers.startProgram();
	const one = writers.visitor();
	one.jar.cookies.set(COOKIE, writers.sessions.at(-1));
	return (await one.get("/", { ...NAVIGATION, "Sec-Fetch-Site": "cross-site" })).status === 200;
}

/** Kills at least so often. Returns counts, and what is wrong. */
export async function killOften({ kills, progress }) {
	const place = new Place();
	const complaints = [];
	let done = 0;
	try {
		const writers = await Writers.start(place);
		while (done < kills) {
			done += await round(writers);
			const { integrity, ...missing } = await writers.missing();
			if (integrity !== "ok")
				complaints.push(`after ${done} kills: ${integrity}`);
			for (const [what, names] of Object.entries(missing).filter(([, list]) => list.length > 0))
				complaints.push(`after ${done} kills: ${what}: ${names.join(" ")}`);
			progress(`${done} kills: ${writers.sessions.length} logins and ${writers.users.length} users acknowledged, ${complaints.length} wrong\n`);
		}
		if (!await stillIn(writers))
			complaints.push("the last login is not known to the program");
		return { kills: done, logins: writers.sessions.length, users: writers.users.length, unanswered: writers.unanswered, complaints };
	} finally {
		await place.close();
	}
}

async function main() {
	const { values } = parseArgs({ options: { kills: { type: "string", default: "1000" } } });
	const { kills, logins, users, unanswered, complaints } = await killOften({ kills: Number(values.kills), progress: (text) => process.stdout.write(text) });
	console.log(`${kills} kills; acknowledged and there: ${logins} logins, ${users} users; ${unanswered} attempts without an answer\n`
		+ (complaints.length === 0 ? "nothing is wrong" : complaints.join("\n")));
	process.exitCode = complaints.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await main().catch((error) => {
		console.error(`prebind kills: ${error.stack}`);
		process.exitCode = 1;
	});
