/*
 * A part of `make torture`: the lines between the program and a real MariaDB or PostgreSQL break at each kind of byte.
 * They cut, stall, delay and garble, while people are logged in, log in and out, and strangers try to. After each fault
 * this must hold: no crash, no hang, bounded memory, no half page, nobody in who was not, nobody is somebody else; and
 * then everything works in every worker. Without TLS no value is garbled, nor what names it or says its form: nothing
 * could notice that. With TLS (PostgreSQL) any byte may change. Prints the count of each outcome.
 *   node tests/torture/drivers.mjs [--faults N] [--seed S] [--stands mariadb,postgresql,store,postgresql-tls,store-tls] [--lanes N]
 * faults: for each of the stands. lanes: of each stand so many side by side. A seed and a lane make the same faults.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MariadbStand, PostgresqlStand, PostgresqlTlsStand, Servers, StoreStand, StoreTlsStand } from "./drivers_stand.mjs";
import { until } from "../lib/wait.mjs";
import { BREAKS, GARBLES } from "./line.mjs";
import { Numbers } from "./malformed_requests.mjs";

export const STANDS = { mariadb: MariadbStand, postgresql: PostgresqlStand, store: StoreStand, "postgresql-tls": PostgresqlTlsStand, "store-tls": StoreTlsStand };

/** What became of a fault. "turned away": somebody who is known was taken for a stranger. */
export const OUTCOMES = ["as without it", "refused", "turned away"];
const KINDS = [...BREAKS, ...GARBLES];
/** How often each kind comes. Those that cost the whole time limit are rare. */
const OFTEN = ["cut", "cut", "cut", "reset", "reset", "stall", "delay", "delay", "drip", ...GARBLES, ...GARBLES, ...GARBLES, "flip", "flip", "byte", "byte", "length"];

/** So many faults come between two times when everything must work. */
const TOGETHER = 5;
const TABLE_EVERY = 250; // faults of a lane
const CGI_EVERY = 5; // so often the program runs as plain CGI

const SESSION = /"sid":|"rid":|bfcd28f4/;
const whole = ({ headers, body }) => headers["content-length"] === undefined || Number(headers["content-length"]) === Buffer.byteLength(body);
/** Only the program's own head and tail make a page. */
const isAnswer = ({ body, headers }) => (/json/.test(headers["content-type"] ?? "") ? JSON.parse(body) !== null : !/html/.test(headers["content-type"] ?? "") || /(<\/html>|<\/p>)\s*$/.test(body));

/** Throws if the answer is neither right nor a clear refusal. Returns the outcome. */
export function judge(scene, answer, kind) {
	assert.ok(whole(answer) && isAnswer(answer), `cut short: ${answer.body.slice(-200)}`);
	if (scene.stranger) {
		assert.doesNotMatch(answer.body, SESSION, "a session for a stranger");
		scene.check(answer);
	}
	if (answer.status === scene.status) {
		scene.check(answer);
		return OUTCOMES[0];
	}
	assert.doesNotMatch(answer.body, SESSION, "a session in a refusal");
	if (answer.status === 503)
		return OUTCOMES[1];
	assert.ok(!scene.stranger && GARBLES.includes(kind) && [401, 403, 303].includes(answer.status), `a ${answer.status}: ${answer.body.slice(0, 300)}`);
	return OUTCOMES[2];
}

/** Counts by kind and outcome. */
export class Tally {
	constructor() {
		this.rows = Object.fromEntries(KINDS.map((kind) => [kind, Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0]))]));
		this.complaints = [];
		this.unreached = this.longestMs = this.healedMs = this.grown = this.cgi = 0;
	}

	get faults() {
		return Object.values(this.rows).flatMap(Object.values).reduce((sum, count) => sum + count, this.complaints.length);
	}

	text() {
		const line = (name, cells) => name.padEnd(8) + cells.map((cell) => String(cell).padStart(15)).join("");
		return [line("", OUTCOMES), ...KINDS.map((kind) => line(kind, Object.values(this.rows[kind]))),
			`${this.faults} faults (${this.cgi} in plain CGI), ${this.complaints.length} wrong; ${this.unreached} bytes were not reached; `
			+ `longest answer ${this.longestMs} ms, all workers work after ${this.healedMs} ms at most, a worker grew by ${this.grown} KiB at most`].join("\n");
	}
}

class Bench {
	/** @param {Numbers} numbers */
	constructor(stand, numbers, tally) {
		this.stand = stand;
		this.numbers = numbers;
		this.tally = tally;
		this.since = [];
	}

	/** What a scene needs. After a silence the server rests for a second. */
	async prepared(scene) {
		let ready;
		await until(`what ${scene.name} needs`, async () => {
			ready = await scene.prepare?.(this.stand);
			return true;
		}, { seconds: 60 });
		return ready;
	}

	/** How many bytes go each way in a scene, at a new line and at one that is in use. */
	async learn() {
		this.lengths = new Map();
		for (const scene of this.stand.scenes) {
			const lengths = {};
			for (const fresh of [true, false]) {
				const ready = await this.prepared(scene);
				if (fresh)
					this.stand.line.clear();
				this.stand.line.arm(null);
				const answer = await this.stand.ask(scene.request(this.stand, ready));
				assert.equal(answer.status, scene.status, `${scene.name}: ${answer.body.slice(0, 300)}`);
				scene.check(answer);
				lengths[String(fresh)] = { ...this.stand.line.seen };
			}
			this.lengths.set(scene.name, lengths);
		}
	}

	/** A scene, a fault, and how the program runs. */
	next() {
		const { numbers } = this;
		const scene = numbers.of(this.stand.scenes);
		const cgi = numbers.below(CGI_EVERY) === 0;
		const fresh = cgi || numbers.below(2) === 0;
		const direction = numbers.below(3) === 0 ? "up" : "down";
		const length = this.lengths.get(scene.name)[String(fresh)][direction];
		const fault = { kind: numbers.of(OFTEN), direction, at: numbers.below(Math.max(length, 1)), again: numbers.below(3) === 0, number: numbers.below(1 << 16) };
		return { scene, fault, fresh, cgi };
	}

	/** One fault. What stalled before goes on stalling. */
	async one(log) {
		const { stand, tally } = this;
		const { scene, fault, fresh, cgi } = this.next();
		const what = `${scene.name}: ${fault.kind} at byte ${fault.at} ${fault.direction} of a ${fresh ? "new" : "used"} line${fault.again ? ", and of the next ones" : ""}, number ${fault.number}${cgi ? ", plain CGI" : ""}`;
		this.since.push(what);
		const ready = await this.prepared(scene);
		if (fresh)
			stand.line.clear();
		stand.line.arm(fault);
		const began = Date.now();
		let answer, where;
		try {
			answer = await stand.ask(scene.request(stand, ready), { cgi });
			const ms = Date.now() - began;
			const { hits } = stand.line.fault;
			where = stand.line.fault.where;
			stand.line.arm(null);
			log(`${what} (${where}): ${answer.status} after ${ms} ms\n`);
			tally.longestMs = Math.max(tally.longestMs, ms);
			assert.ok(ms < stand.constructor.longestMs, `an answer after ${ms} ms`);
			const outcome = judge(scene, answer, fault.kind);
			if (outcome === OUTCOMES[0] && scene.after) {
				stand.line.clear();
				await scene.after(stand, ready, answer);
			}
			if (hits === 0)
				tally.unreached++;
			else {
				tally.rows[fault.kind][outcome]++;
				tally.cgi += cgi ? 1 : 0;
			}
		} catch (error) {
			throw new Error(`${what} (${where ?? stand.line.fault?.where}): ${error.message}`, { cause: error });
		} finally {
			stand.line.arm(null);
		}
	}

	async check() {
		const { stand, tally, since } = this;
		this.since = [];
		try {
			await stand.assertSound();
		} catch (error) {
			throw new Error(`after\n\t${since.join("\n\t")}\n${error.message}`, { cause: error });
		} finally {
			tally.healedMs = Math.max(tally.healedMs, stand.healedMs);
			tally.grown = Math.max(tally.grown, stand.grown ?? 0);
		}
	}
}

/** One stand with its faults; ends early if a program is beyond help. */
async function lane(Stand, { servers, faults, seed, tally, progress, log }) {
	const complain = (error) => {
		tally.complaints.push(error.message);
		progress(`${Stand.title}: ${error.message}\n`);
	};
	const numbers = new Numbers(seed);
	let stand = await Stand.start(servers);
	try {
		let bench = new Bench(stand, numbers, tally);
		await bench.learn();
		for (let i = 1; i <= faults; i++) {
			await bench.one(log).catch(complain);
			if (i % TABLE_EVERY === 0)
				progress(`${Stand.title}, so far\n${tally.text()}\n`);
			if (i % TOGETHER !== 0 && i !== faults)
				continue;
			const before = tally.complaints.length;
			await bench.check().catch(complain);
			if (tally.complaints.length > before && i < faults) { // a new program, for the next faults
				await stand.close().catch(complain);
				stand = await Stand.start(servers);
				bench = new Bench(stand, numbers, tally);
				await bench.learn();
			}
		}
	} finally {
		await stand.close().catch(complain);
	}
}

/** Runs so many faults on each of the stands. Returns a tally for each. */
export async function breakLines(servers, { faults, seed, stands = Object.keys(STANDS), lanes = 1, progress, log = () => {} }) {
	const tallies = Object.fromEntries(stands.map((name) => [name, new Tally()]));
	const work = stands.flatMap((name) => Array.from({ length: lanes }, (_, i) => lane(STANDS[name], {
		servers, faults: Math.ceil(faults / lanes), seed: seed + 1000 * i, tally: tallies[name], progress, log: (text) => log(`${name}.${i} ${text}`) })));
	const ended = await Promise.allSettled(work);
	for (const { reason } of ended.filter(({ status }) => status === "rejected"))
		throw reason;
	return tallies;
}

async function main() {
	const { values } = parseArgs({ options: {
		faults: { type: "string", default: "2000" },
		seed: { type: "string", default: String(Date.now() % 1e6) },
		stands: { type: "string", default: Object.keys(STANDS).join() },
		lanes: { type: "string", default: "4" },
		verbose: { type: "boolean", default: false },
	} });
	console.log(`--seed ${values.seed}`);
	const servers = await Servers.start();
	const tallies = await breakLines(servers, { faults: Number(values.faults), seed: Number(values.seed), stands: values.stands.split(","), lanes: Number(values.lanes),
		progress: (text) => process.stdout.write(text), log: (text) => values.verbose && process.stdout.write(text) }).finally(() => servers.close());
	for (const [name, tally] of Object.entries(tallies))
		console.log(`${STANDS[name].title}\n${tally.text()}`);
	process.exitCode = Object.values(tallies).every(({ complaints, faults }) => complaints.length === 0 && faults > 0) ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await main().catch((error) => {
		console.error(`prebind drivers: ${error.stack}`);
		process.exitCode = 1;
	});
