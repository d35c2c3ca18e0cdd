/*
 * What was compared, as tables; and each aim of the program with the figure that was measured beside it. Nothing here
 * passes or fails: a busy machine misses every aim.
 */
import { spread } from "./report.mjs";

const mib = (kib) => kib / 1024;
const ms = (us) => us / 1000;
const fixed = (value, digits = 2) => (value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits));
const range = ({ min, max }, digits, of = (value) => value) => `(${fixed(of(min), digits)} … ${fixed(of(max), digits)})`;

/** Columns of cells, the first to the left. */
export function columns(rows) {
	const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
	return rows.map((row) => `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")}`.trimEnd());
}

const HEAD = ["", "per s", "(least … most)", "of floor", "p50 ms", "(least … most)", "p99 ms", "CPU µs", "of floor", "memory MiB", "a process", "failed"];

function line(row) {
	return [
		row.name,
		fixed(row.perSecond.median, 0), range(row.perSecond, 0), fixed(row.overFloor.median),
		fixed(ms(row.p50.median)), range(row.p50, 2, ms), fixed(ms(row.p99.median)),
		fixed(row.cpu.median, 0), fixed(row.cpuOverFloor.median),
		row.pss ? fixed(mib(row.pss), 1) : "–", row.pss ? fixed(mib(row.pss / row.processes), 1) : "–",
		String(row.failed),
	];
}

/** How long a crowd takes at least that comes at once: so many calls at a time, each so many ms; in s. */
export const leastSeconds = (visitors, delay, callsAtOnce) => (Math.ceil(visitors / callsAtOnce) * delay) / 1000;

function slowLines({ delay, crowd, series, keys, server }) {
	const calls = keys.upstream_max * server.processes;
	const least = leastSeconds(crowd.atOnce, delay, calls);
	return columns([
		[`all at once; with ${calls} calls at a time at least ${fixed(least)} s`, "total s", "(least … most)", "of least", "lone visitor p50 ms", "p99", "max"],
		...series.filter(({ lone }) => lone).map(({ name, total, lone }) => [
			name, fixed(total.median), range(total), fixed(total.median / least),
			...["p50", "p99", "max"].map((which) => fixed(ms(lone[which].median), 1)),
		]),
	]);
}

const complaints = (series) => series.filter(({ failed }) => failed > 0).map(({ name, complaint }) => `  ${name}: ${complaint}`);

function poolText({ phpChildren, phpTried, server, keys }) {
	const tried = phpTried && Object.entries(phpTried).map(([size, rate]) => `${size}: ${fixed(rate, 0)}`).join(", ");
	return [
		`php-fpm: ${phpChildren} children${tried ? `, the best of ${tried} a second` : ""}`,
		...(server ? [`ours: processes = ${server.processes}, upstream_max = ${keys.upstream_max}`] : []),
	].join("; ");
}

export function compareText(results) {
	return results.flatMap(({ delay, crowd, series, ...how }) => [
		`compared: upstream answers after ${delay} ms, ${crowd.atOnce} at a time (${poolText(how)})`,
		...columns([HEAD, ...series.map(line)]),
		...(crowd.lone ? slowLines({ delay, crowd, series, ...how }) : []),
		...complaints(series),
		"",
	]).join("\n");
}

export function cgiText({ crowd, series }) {
	return [
		`plain CGI, ${crowd.atOnce} at a time, upstream at once`,
		...columns([HEAD.slice(0, 9), ...series.map((row) => line(row).slice(0, 9))]),
		...complaints(series),
		"",
	].join("\n");
}

/* ---- aims ---- */

const named = ({ series }, name) => series.find((row) => row.name === name);
const ratio = (a, b, of) => spread(a.rounds.map((round, i) => of(round) / of(b.rounds[i]))).median;
const rate = (round) => round.requests / round.seconds;
const short = (aim) => Number(aim.toFixed(2));
const atLeast = (aim, value, digits = 2) => ({ aim: `≥ ${short(aim)}`, value: fixed(value, digits), met: value >= aim });
const atMost = (aim, value, digits = 2) => ({ aim: `≤ ${short(aim)}`, value: fixed(value, digits), met: value <= aim });

function fastAims(result) {
	const [page, json, php] = ["page", "json", "php"].map((name) => named(result, name));
	return [
		{ what: "page: requests/s, of the floor's", ...atLeast(0.85, page.overFloor.median) },
		{ what: "json: requests/s, of the floor's", ...atLeast(0.85, json.overFloor.median) },
		{ what: "page: CPU a request, of the floor's", ...atMost(1.3, page.cpuOverFloor.median) },
		{ what: "json: CPU a request, of the floor's", ...atMost(1.3, json.cpuOverFloor.median) },
		{ what: "page: requests/s, of php-fpm's", ...atLeast(3, ratio(page, php, rate)) },
		...(page.pss && php.pss ? [{ what: "page: memory, of php-fpm's", ...atMost(1 / 3, page.pss / php.pss) }] : []),
	];
}

function slowAims({ delay, crowd, series, keys, server }) {
	const least = leastSeconds(crowd.atOnce, delay, keys.upstream_max * server.processes);
	const who = `${crowd.atOnce} at once on ${delay} ms`;
	return series.filter(({ program, lone }) => program === "prebind" && lone).flatMap((row) => [
		{ what: `${row.name}, ${who}: failed`, ...atMost(0, row.failed, 0) },
		{ what: `${row.name}, ${who}: total, of the least`, ...atMost(1.25, row.total.median / least) },
		{ what: `${row.name}, ${who}: the longest wait without a call, ms`, ...atMost(50, ms(row.lone.max.median), 1) },
		...(row.pss ? [{ what: `${row.name}, ${who}: memory of all processes, MiB`, ...atMost(128, mib(row.pss), 1) }] : []),
	]);
}

function cgiAims(result) {
	const [floor, page, php] = ["floor", "page", "php"].map((name) => named(result, name));
	return [
		{ what: "plain CGI: time a request, of the floor's", ...atMost(1.3, ratio(floor, page, rate)) },
		{ what: "plain CGI: CPU a request, of the floor's", ...atMost(1.3, page.cpuOverFloor.median) },
		{ what: "plain CGI: time a request, of php-cgi's", ...atMost(0.5, ratio(php, page, rate)) },
		{ what: "plain CGI: CPU a request, of php-cgi's", ...atMost(0.5, ratio(page, php, (round) => round.cpu)) },
	];
}

function growthAims({ sites, bySites, byUsers }) {
	const median = (values) => spread(values).median;
	const few = byUsers[0];
	const one = median(bySites.one["the same page again"]);
	return [
		...byUsers.slice(1).map(({ count, who }) =>
			({ what: `look-up with ${count} users, of that with ${few.count}`, ...atMost(1.2, median(who) / median(few.who)) })),
		...["the same page again", "each site in turn"].map((row) =>
			({ what: `look-up with ${sites + 1} sites, ${row}, of that with 1`, ...atMost(1.2, median(bySites.many[row]) / one) })),
	];
}

/** Each aim that the report has a figure for. */
export function aims({ compare = [], cgi, crowd }) {
	const fast = compare.find((result) => result.delay === 0 && result.crowd.atOnce === 16);
	const slow = compare.find((result) => result.crowd.lone && result.crowd.atOnce === 1000);
	return [
		...(fast ? fastAims(fast) : []),
		...(slow ? slowAims(slow) : []),
		...(cgi ? cgiAims(cgi) : []),
		...(crowd ? growthAims(crowd) : []),
	];
}

export function aimsText(report) {
	const rows = aims(report).map(({ what, aim, value, met }) => [what, aim, value, met ? "" : "missed"]);
	return rows.length === 0 ? "" : [...columns([["", "aim", "measured", ""], ...rows]), ""].join("\n");
}
