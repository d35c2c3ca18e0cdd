/*
 * This program beside others that do its work: a floor in C that does nothing else, and what a site would write in PHP.
 * The tables below are the plan; compare_stand.mjs starts and measures, compare_text.mjs makes a table of it.
 */
import { Place } from "../lib/place.mjs";
import { startCgi, startFastcgi } from "./compare_stand.mjs";
import { spread } from "./report.mjs";

/**
 * What is measured in turn.
 * @typedef {object} Compared
 * @property {string} name
 * @property {"floor" | "prebind" | "php"} program
 * @property {string} target
 * @property {boolean} [script] asked by a script, not by navigation
 * @property {boolean} [guest] not logged in: no upstream call
 * @property {string} [login] where such a visitor is sent; without: the same target
 */
const FLOOR = { name: "floor", program: "floor", target: "/floor/" };
const FLOOR_GUEST = { name: "floor, not logged in", program: "floor", target: "/floor/", guest: true };
const PAGE = { name: "page", program: "prebind", target: "/chat/", login: "/chat/login" };
const JSON_ENDPOINT = { name: "json", program: "prebind", target: "/chat/prebind.json", script: true, login: "/chat/login" };
const GUEST = { name: "page, not logged in", program: "prebind", target: "/chat/login", guest: true };
const PHP = { name: "php", program: "php", target: "/page.php" };
export const COMPARED = [FLOOR, PAGE, JSON_ENDPOINT, FLOOR_GUEST, GUEST, PHP];
export const COMPARED_CGI = [FLOOR, PAGE, PHP];

/**
 * How many visitors come, and what they do.
 * @typedef {object} Crowd
 * @property {number} atOnce
 * @property {number} requests at least so many
 * @property {number} seconds and at least so long
 * @property {number} warmUp requests of each visitor before
 * @property {boolean} [lone] one more visitor, not logged in, meanwhile
 */

/**
 * An upstream that takes so many ms, its crowds, and how this program and PHP are set up for it; of several sizes of
 * PHP's pool the best is taken. A crowd before a slow upstream comes all at once, each with one request: there is a least
 * time for that.
 */
export const UPSTREAM_MAX = 256; // calls at a time
const PROCESSES = 1; // the limit is each process's: of two, one may get more than its half of the crowd
const VISITORS = [1, 16, 256, 1000];
const steadily = (atOnce, seconds) => ({ atOnce, requests: 100, seconds, warmUp: 2 });
export const comparisons = ({ seconds }) => [
	{ delay: 0, phpChildren: [4, 8, 16, 32], crowds: VISITORS.map((atOnce) => steadily(atOnce, seconds)) },
	{ delay: 10, phpChildren: 32, crowds: VISITORS.map((atOnce) => steadily(atOnce, seconds)) },
	{
		delay: 200, phpChildren: 32,
		server: { processes: PROCESSES },
		keys: { upstream_max: UPSTREAM_MAX / PROCESSES },
		crowds: VISITORS.map((atOnce) => ({ atOnce, requests: Math.max(atOnce, 5), seconds: 0, warmUp: 0, lone: atOnce >= UPSTREAM_MAX })),
	},
];
export const CGI_CROWD = { atOnce: 4, requests: 40, seconds: 1, warmUp: 1 };

/** Each series in turn, round after round; what was measured, row by row. */
async function measureCrowd(stand, crowd, { series, rounds, progress }) {
	const seen = series.map(() => []);
	for (let round = 0; round < rounds; round++) {
		for (const [i, row] of series.entries())
			seen[i].push(await stand.measure(row, crowd));
		progress(` ${round + 1}`);
	}
	return series.map((row, i) => ({ ...row, rounds: seen[i] }));
}

/** Figures over the rounds; beside them, round by round, the share of the floor's. */
function summariseRow(row, floor) {
	const of = (value) => spread(row.rounds.map(value));
	const rate = (round) => round.requests / round.seconds;
	return {
		...row,
		perSecond: of(rate),
		p50: of((round) => round.p50),
		p99: of((round) => round.p99),
		cpu: of((round) => round.cpu),
		total: of((round) => round.seconds),
		failed: row.rounds.reduce((sum, round) => sum + round.failed, 0),
		complaint: row.rounds.map((round) => round.complaint).find(Boolean),
		pss: Math.max(...row.rounds.map((round) => round.memory?.pss ?? 0)),
		rss: Math.max(...row.rounds.map((round) => round.memory?.rss ?? 0)),
		processes: row.rounds[0].memory?.processes,
		lone: row.rounds[0].lone && Object.fromEntries(["p50", "p99", "max"].map((name) => [name, of((round) => round.lone[name])])),
		overFloor: spread(row.rounds.map((round, i) => rate(round) / rate(floor.rounds[i]))),
		cpuOverFloor: spread(row.rounds.map((round, i) => round.cpu / floor.rounds[i].cpu)),
	};
}

const summarise = (rows) => rows.map((row) => summariseRow(row, rows[0]));

/** Something with everything started as FastCGI, and then stopped. */
async function withFastcgi(how, what) {
	const place = new Place();
	try {
		return await what(await startFastcgi(place, how));
	} finally {
		await place.close();
	}
}

/** PHP's requests a second at 16 at a time, with pools of these sizes. */
async function tryPhp(sizes, { delay, seconds, rounds, progress }) {
	const tried = {};
	for (const phpChildren of sizes) {
		progress(`\n  php-fpm with ${phpChildren} children: `);
		await withFastcgi({ delay, phpChildren }, async (stand) => {
			const [row] = await measureCrowd(stand, steadily(16, seconds), { series: [PHP], rounds, progress });
			tried[phpChildren] = spread(row.rounds.map((round) => round.requests / round.seconds)).median;
		});
	}
	return tried;
}

/** The whole plan, as FastCGI; returns the figures. */
export async function runCompare({ plan, series = COMPARED, rounds, seconds, progress }) {
	const results = [];
	for (const { delay, crowds, phpChildren: sizes, ...ours } of plan) {
		const phpTried = Array.isArray(sizes) ? await tryPhp(sizes, { delay, seconds, rounds, progress }) : undefined;
		const phpChildren = phpTried ? sizes.reduce((best, size) => (phpTried[size] > phpTried[best] ? size : best)) : sizes;
		const how = { delay, phpChildren, ...ours };
		await withFastcgi(how, async (stand) => {
			for (const crowd of crowds) {
				progress(`\n  compared, upstream ${delay} ms, at a time ${crowd.atOnce}: `);
				results.push({ ...how, phpTried, crowd, series: summarise(await measureCrowd(stand, crowd, { series, rounds, progress })) });
			}
		});
	}
	return results;
}

/** The same as plain CGI. */
export async function runCgi({ crowd = CGI_CROWD, rounds, progress }) {
	const place = new Place();
	try {
		progress(`\n  plain CGI, at a time ${crowd.atOnce}: `);
		const stand = await startCgi(place);
		return { crowd, series: summarise(await measureCrowd(stand, crowd, { series: COMPARED_CGI, rounds, progress })) };
	} finally {
		await place.close();
	}
}
