/*
 * `make torture`: each call of the program that can fail does so once, and then for ever, one after the other. After
 * each fault this must hold: no crash, no hang, no part of a page that looks whole, nobody in who was not, nothing lost
 * that was acknowledged, the databases are whole, and the next request works. Prints the count of each outcome.
 *   node tests/torture/torture.mjs [--every N] [--places] [--once] [--scenes PATTERN] [--classes memory,read] [--stands N]
 * every: only each Nth fault, beginning at a random one
 * places: only one call for each place in the program's code from which calls are made (with all its callers), in all scenes together
 * once: each call fails only once, with the first error of its class
 */
import assert from "node:assert/strict";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { until } from "../lib/wait.mjs";
import { CLASSES, faultsAt, faultsOf, faultText, firstOfEach, isPlain, isSlow, POWER_CUT } from "./plan.mjs";
import { SCENES } from "./scenes.mjs";
import { Stand } from "./stand.mjs";

const STDIN = 0, STDOUT = 1, STDERR = 2;
const [READ, WRITE, POLL, RANDOM] = ["read", "write", "poll", "random"].map((wanted) => CLASSES.findIndex(({ name }) => name === wanted));
const SANITIZER = /ERROR: (Address|Leak)Sanitizer|runtime error:/;

/** So many faults come between two requests that must work: one for each would take twice as long. */
const TOGETHER = 5;

const FRESH_MS = 300_000;

/** So many wrong outcomes end a run: it is the stand that is broken, or has been closed by a signal. */
const TOO_MANY = 200;

/** What became of a fault. */
export const OUTCOMES = ["as without it", "refused", "no answer", "cut short", "ended itself", "killed as planned"];

/** Whether the answer has the whole body that its head promises. */
const whole = ({ headers, body }) => headers["content-length"] === undefined || Number(headers["content-length"]) === Buffer.byteLength(body);

function judgeRequest(scene, ran, ready, { fault, seen }) {
	const { answer, stdout, code } = ran;
	const atOutput = fault.class === WRITE && seen.fd === STDOUT;
	if (answer === null) {
		assert.ok(stdout === "" || atOutput, `a part of a head: ${JSON.stringify(stdout.slice(0, 200))}`);
		assert.notEqual(code, 0, "no answer, but the exit status says that all is well");
		return "no answer";
	}
	if (!whole(answer)) {
		assert.ok(atOutput, `${Buffer.byteLength(answer.body)} bytes of ${answer.headers["content-length"]}`);
		return "cut short";
	}
	const atInput = [READ, POLL].includes(fault.class) && seen.fd === STDIN;
	if (answer.status >= 500 || (answer.status === 400 && atInput)) // 400: half a form came
		return "refused";
	assert.equal(answer.status, scene.status, answer.body);
	scene.check(ran, ready);
	return "as without it";
}

function judgeVerb(scene, ran, ready, { fault, seen }) {
	if (ran.code === 0) {
		scene.check(ran, ready);
		return "as without it";
	}
	assert.ok(ran.code === 1, `exit status ${ran.code}`);
	assert.ok(ran.stderr + ran.stdout || (fault.class === WRITE && [STDOUT, STDERR].includes(seen.fd)), "failed without a word");
	return "refused";
}

/** Returns the outcome of a run with a fault; throws if it is none that may be. */
function judge(scene, ran, ready, plan) {
	const output = `${ran.stdout}${ran.stderr}`;
	assert.doesNotMatch(ran.stderr, SANITIZER);
	if (scene.never)
		assert.doesNotMatch(output, scene.never);
	if (ran.signal === "SIGKILL" && plan.fault.mode === POWER_CUT)
		return "killed as planned";
	if (ran.signal === "SIGABRT" && plan.fault.class === RANDOM)
		return "ended itself"; // libsodium: better no session than one that can be guessed
	if (ran.signal === "SIGSEGV" && scene.excused?.test(plan.seen.where))
		return "ended itself";
	assert.equal(ran.signal, null, "ended by a signal");
	return (scene.status === undefined ? judgeVerb : judgeRequest)(scene, ran, ready, plan);
}

/** A scene without a fault; returns how many calls of each class it makes. */
async function runPlain(stand, scene, ready, listing) {
	stand.plan.arm(null, { listing });
	const ran = await scene.act(stand, ready);
	assert.equal(ran.signal ?? ran.code, 0, ran.stderr);
	if (scene.status !== undefined)
		assert.equal(ran.answer?.status, scene.status, ran.stdout + ran.stderr);
	scene.check(ran, ready);
	return { ran, calls: stand.plan.read().calls, list: stand.plan.list() };
}

/** One stand and what its scenes have prepared. */
class Bench {
	/** @param {Stand} stand */
	constructor(stand) {
		this.stand = stand;
		this.ready = new Map();
		/** What was injected since a request without a fault. @type {{ scene: import('./scenes.mjs').Scene, fault: object }[]} */
		this.since = [];
	}

	/** What the scene needs; a form's token and a login do not last for ever. */
	async prepared(scene) {
		const kept = this.ready.get(scene);
		if (kept && Date.now() - kept.since < FRESH_MS)
			return kept.ready;
		this.stand.plan.arm(null);
		// after the faults before, a server may still pause
		const ready = await until(`what ${scene.name} needs`, async () => await scene.prepare?.(this.stand) ?? {}, { seconds: this.stand.patience });
		this.ready.set(scene, { ready, since: Date.now() });
		return ready;
	}

	async after(scene, ready, done, ran) {
		this.stand.plan.arm(null);
		const used = await scene.after?.(this.stand, ready, done, ran);
		if (used)
			this.ready.delete(scene);
	}

	/** A scene without a fault, and what must hold after it; returns the calls that it makes. */
	async plain(scene, { listing = false } = {}) {
		const ready = await this.prepared(scene);
		const { ran, calls, list } = await runPlain(this.stand, scene, ready, listing);
		await this.after(scene, ready, true, ran);
		return { calls, list };
	}

	/** The calls that the scene makes the second time: a server then has what it needs. */
	async count(scene, { listing = false } = {}) {
		await this.plain(scene);
		return this.plain(scene, { listing });
	}

	/** Injects one fault. Returns its outcome; null: the program did not make that call. */
	async inject(scene, fault) {
		const { stand } = this;
		const ready = await this.prepared(scene);
		stand.plan.arm(fault);
		const ran = await scene.act(stand, ready);
		const seen = stand.plan.read();
		if (seen.failed === 0) {
			stand.plan.arm(null); // or a later request would meet it, with nobody to end it
			return null;
		}
		try {
			const outcome = judge(scene, ran, ready, { fault, seen });
			await this.after(scene, ready, outcome === "as without it", ran);
			this.since.push({ scene, fault });
			return outcome;
		} catch (error) {
			this.ready.delete(scene);
			throw new Error(`${scene.name}: ${faultText(fault)} at ${seen.where}: ${error.message}\n${ran.stderr.slice(0, 2000)}`, { cause: error });
		}
	}

	/** After some faults: the database is whole, and each of their scenes works. */
	async check() {
		const scenes = new Set(this.since.map(({ scene }) => scene));
		const faults = this.since.map(({ scene, fault }) => `${scene.name}: ${faultText(fault)}`);
		this.since = [];
		this.stand.plan.arm(null); // also after a fault whose outcome was wrong
		try {
			await this.stand.assertSound();
			for (const scene of scenes)
				await until(`${scene.name} to work again`, () => this.plain(scene), { seconds: this.stand.patience });
		} catch (error) {
			this.ready.clear();
			throw new Error(`after ${faults.join(", ")}: ${error.message}`, { cause: error });
		}
	}
}

/** Counts by class and outcome. */
export class Tally {
	constructor() {
		this.rows = CLASSES.map(() => Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])));
		this.complaints = [];
		this.unreached = 0;
	}

	add(fault, outcome) {
		if (outcome === null)
			this.unreached++;
		else
			this.rows[fault.class][outcome]++;
	}

	get faults() {
		return this.rows.flatMap(Object.values).reduce((sum, count) => sum + count, this.complaints.length);
	}

	text() {
		const line = (name, cells) => name.padEnd(10) + cells.map((cell) => String(cell).padStart(19)).join("");
		const rows = CLASSES.flatMap(({ name }, i) => {
			const cells = OUTCOMES.map((outcome) => this.rows[i][outcome]);
			return cells.some((count) => count > 0) ? [line(name, cells)] : [];
		});
		return [line("", OUTCOMES), ...rows, `${this.faults} faults injected, ${this.complaints.length} wrong; `
			+ `${this.unreached} calls were not made again`].join("\n");
	}
}

/** Every Nth fault of these scenes; with places: of one call for each place, without those that take long. */
async function planned(bench, { scenes, classes, every, offset, places, once }) {
	const all = [], known = new Set();
	for (const scene of scenes) {
		const { calls, list } = await bench.count(scene, { listing: places });
		const faults = (places ? faultsAt(firstOfEach(list, known)).filter((fault) => !isSlow(fault)) : faultsOf(calls)).filter((fault) => classes === null || classes.includes(CLASSES[fault.class].name));
		all.push(...faults.filter((fault) => !once || isPlain(fault)).map((fault) => ({ scene, fault })));
	}
	return all.filter((_, i) => i % every === offset % every);
}

/** Runs the faults on several stands; returns the counts, and what was wrong. */
export async function torture({ scenes = SCENES, classes = null, every = 1, offset = 0, places = false, once = false, stands = 2, start = () => Stand.start(), progress }) {
	const started = await Promise.allSettled(Array.from({ length: stands }, start));
	const tally = new Tally();
	try {
		const benches = started.map((result) => {
			if (result.status === "rejected")
				throw result.reason;
			return new Bench(result.value);
		});
		const work = await planned(benches[0], { scenes, classes, every, offset, places, once });
		progress(`${work.length} faults planned\n`);
		let next = 0;
		await Promise.all(benches.map(async (bench) => {
			const complain = (error) => {
				tally.complaints.push(error.message);
				progress(`${error.message}\n`);
			};
			while (next < work.length && tally.complaints.length < TOO_MANY) {
				const { scene, fault } = work[next++];
				await bench.inject(scene, fault).then((outcome) => tally.add(fault, outcome), complain);
				if (bench.since.length >= TOGETHER)
					await bench.check().catch(complain);
				if (next % 1000 === 0)
					progress(`${next} done\n${tally.text()}\n`);
			}
			await bench.check().catch(complain);
		}));
	} finally {
		await Promise.all(started.map((result) => (result.status === "fulfilled" ? result.value.close() : null)));
	}
	return tally;
}

/** What all programs of this kind may be asked for on the command line. */
export const OPTIONS = /** @type {const} */ ({ every: { type: "string" }, places: { type: "boolean" }, once: { type: "boolean" }, stands: { type: "string" } });

/** @param {{ every?: string, places?: boolean, once?: boolean, stands?: string }} values those of OPTIONS */
export function chosen({ every = "1", places = false, once = false, stands = String(os.cpus().length) }) {
	return { every: Number(every), offset: Math.floor(Math.random() * Number(every)), places, once, stands: Number(stands),
		progress: (text) => process.stdout.write(text) };
}

/** Runs such a program to its end: its tallies are printed, and the exit status is 1 if something was wrong, or nothing was done. */
export async function conclude(/** @type {() => Promise<Record<string, Tally>>} */ run) {
	try {
		const tallies = await run();
		for (const [name, tally] of Object.entries(tallies))
			console.log(`${name}\n${tally.text()}`);
		process.exitCode = Object.values(tallies).every(({ complaints, faults }) => complaints.length === 0 && faults > 0) ? 0 : 1;
	} catch (error) {
		console.error(`prebind torture: ${error.stack}`);
		process.exitCode = 1;
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await conclude(async () => {
		const { values } = parseArgs({ options: { ...OPTIONS, scenes: { type: "string", default: "." }, classes: { type: "string" } } });
		const scenes = SCENES.filter(({ name }) => new RegExp(values.scenes).test(name));
		return { "requests and verbs": await torture({ ...chosen(values), scenes, classes: values.classes?.split(",") ?? null }) };
	});
