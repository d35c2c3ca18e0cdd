/*
 * The third part of `make torture`: whose answer is it. Users at random ask for pages and JSON, at four sites, while
 * others log in and out, are switched off and on, hang up, and while the program is reloaded and its workers are killed.
 * An answer may name nobody but who asked; who is in for the whole time of a request gets it, who is out does not.
 *   node tests/torture/identity.mjs [--answers 1000000] [--seconds 3600]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { childrenOf, signalAll } from "../lib/children.mjs";
import { Place } from "../lib/place.mjs";
import { IdentityStand, OWN } from "./identity_stand.mjs";

const USERS_EACH = 50;
const AT_ONCE = 12;
/** More than 10 deaths in a minute, and the program waits 5 s before it starts the next worker. */
const KILL_PAUSE_MS = 7000;
const PAUSES_MS = { logins: 20, bans: 200, reload: 1500, hangUps: 30, kill: KILL_PAUSE_MS };

const random = (list) => list[Math.floor(Math.random() * list.length)];
/** "bind" is dear: the scripted XMPP server runs in this process. */
const WAYS = ["page", "page", "who", "who", "who", "who", "who", "bind"];

/** What is wrong with an answer that names these users; null: nothing. */
export function complaint(user, { text, names, before, stable }) {
	const others = names.filter((name) => name !== user.name);
	if (others.length > 0)
		return `${user.name} was told about ${others.join(" ")}`;
	const named = names.length > 0;
	const status = Number(/Status: (\d+)/.exec(text)?.[1] ?? 200);
	if (!stable || status >= 500)
		return null; // in or out at some time meanwhile; or the program said that it does not know
	if (before && !(status === 200 && named))
		return `${user.name} is in, but got ${status}`;
	if (!before && (named || status === 200))
		return `${user.name} is out, but got ${status}`;
	return null;
}

class Run {
	/** @param {IdentityStand} stand */
	constructor(stand, { answers, until, progress }) {
		Object.assign(this, { stand, wanted: answers, until, progress });
		this.counts = { answers: 0, named: 0, refused: 0, failed: 0, broken: 0 };
		this.events = { logins: 0, logouts: 0, bans: 0, reloads: 0, kills: 0, hangUps: 0 };
		this.complaints = [];
		this.problem = null;
	}

	/** Also until everything has happened once. */
	get going() {
		const enough = this.counts.answers >= this.wanted && Object.values(this.events).every((count) => count > 0);
		return !enough && Date.now() < this.until && !this.problem;
	}

	async askOn() {
		while (this.going) {
			const user = random(this.stand.users);
			const { in: before, changes, changing } = user;
			const text = await this.stand.ask(user, random(WAYS));
			if (text === null) {
				this.counts.broken++; // its worker was killed
				continue;
			}
			const names = this.stand.namesIn(text);
			const wrong = complaint(user, { text, names, before, stable: before !== null && !changing && user.changes === changes });
			if (wrong)
				this.complaints.push(`${wrong}: ${text.replace(/[^ -~\n]/g, "").slice(0, 1500)}`);
			this.note(text, names);
		}
	}

	note(text, names) {
		const { counts } = this;
		if (names.length > 0)
			counts.named++;
		else if (/Status: 5/.test(text))
			counts.failed++;
		else
			counts.refused++;
		if (++counts.answers % 50_000 === 0)
			this.progress(this.text());
		if (this.stand.peer.requests.length > 1000)
			this.stand.peer.requests.length = 0;
	}

	/** Does something over and over; a request of it may break off with a worker. */
	async repeat(pauseMs, what) {
		while (this.going) {
			await what().catch((error) => {
				if (!/broke|ended|ECONNRESET|EPIPE|not a CGI answer/.test(error.message))
					this.problem = error;
			});
			await new Promise((resolve) => setTimeout(resolve, pauseMs));
		}
	}

	free(test) {
		return random(this.stand.users.filter((user) => !user.changing && test(user)));
	}

	async changeLogin() {
		const user = this.free(({ site }) => site === OWN);
		if (user.in)
			await this.stand.logOut(user).then(() => this.events.logouts++);
		else
			await this.stand.logIn(user).then(() => this.events.logins++);
	}

	async changeBan() {
		const user = this.free(({ site }) => site !== OWN);
		await this.stand.ban(user, user.in);
		this.events.bans++;
	}

	async reload() {
		this.stand.prebind.child.process.kill("SIGHUP");
		this.events.reloads++;
	}

	async kill() {
		const workers = childrenOf(this.stand.prebind.child.pid);
		if (workers.length < 2)
			return;
		signalAll([random(workers)], "SIGKILL");
		this.events.kills++;
	}

	async hangUp() {
		this.stand.hangUp(random(this.stand.users));
		this.events.hangUps++;
	}

	async run() {
		await Promise.all([
			...Array.from({ length: AT_ONCE }, () => this.askOn()),
			this.repeat(PAUSES_MS.logins, () => this.changeLogin()),
			this.repeat(PAUSES_MS.bans, () => this.changeBan()),
			this.repeat(PAUSES_MS.reload, () => this.reload()),
			this.repeat(PAUSES_MS.hangUps, () => this.hangUp()),
			this.repeat(PAUSES_MS.kill, () => this.kill()),
		]);
		if (this.problem)
			throw this.problem;
	}

	text() {
		const { answers, named, refused, failed, broken } = this.counts;
		const { logins, logouts, bans, reloads, kills, hangUps } = this.events;
		return `${answers} answers checked: ${named} named who asked, ${refused} refused, ${failed} failed; ${broken} broke off; meanwhile ${logins} logins, `
			+ `${logouts} logouts, ${bans} users switched off or on, ${reloads} reloads, ${kills} workers killed, ${hangUps} hang-ups; ${this.complaints.length} wrong\n`;
	}
}

/** Checks so many answers, or as many as come in that time. */
export async function checkIdentity({ answers, seconds, progress }) {
	const place = new Place();
	try {
		const stand = await IdentityStand.start(place, USERS_EACH);
		const run = new Run(stand, { answers, until: Date.now() + seconds * 1000, progress });
		await run.run();
		return { counts: run.counts, events: run.events, complaints: run.complaints, text: run.text() };
	} finally {
		await place.close();
	}
}

async function main() {
	const { values } = parseArgs({ options: { answers: { type: "string", default: "1000000" }, seconds: { type: "string", default: "3600" } } });
	const { text, complaints } = await checkIdentity({ answers: Number(values.answers), seconds: Number(values.seconds),
		progress: (line) => process.stdout.write(line) });
	process.stdout.write(text + complaints.slice(0, 10).join("\n"));
	process.exitCode = complaints.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await main().catch((error) => {
		console.error(`prebind identity: ${error.stack}`);
		process.exitCode = 1;
	});
