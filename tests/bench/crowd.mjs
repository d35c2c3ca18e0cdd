/*
 * What many sites, and many users, cost beside few: the same questions asked of both in turn, at the program's own
 * socket and without an XMPP server. docs/benchmarks.md says how to read it.
 *   node tests/bench/crowd.mjs [--rounds 5] [--requests 200] [--sites 1000] [--users 1000000]
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { copiesFor, hostOf, keysOf } from "../lib/sites.mjs";
import { copyDatabase, runSql } from "../lib/sqlite.mjs";
import { accepts, DEAD_PORT } from "../lib/wait.mjs";
import { Processes } from "./processes.mjs";
import { spread } from "./report.mjs";

const VISITORS = 100; // users who are logged in, spread over all there are
const IN_TURN = 200; // sites: as many as are open at once also where descriptors are few

/** Sessions and users of a database, by SQL: the program's own way, a form and argon2id for each, would take days. */
function crowdSql(users, tokens) {
	const now = Math.floor(Date.now() / 1000);
	const rows = tokens.map((token, i) => {
		const hash = createHash("sha256").update(token).digest("hex");
		return `(x'${hash}', 'login', 'user${Math.floor((i + 0.5) * users / tokens.length)}', ${now}, ${now})`;
	});
	return `BEGIN;
		INSERT INTO site_user (name, folded, password_hash, created)
			WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${users}) SELECT 'user' || i, 'user' || i, 'x', ${now} FROM n;
		INSERT INTO login_session (token_hash, source, user, created, last_seen) VALUES ${rows.join(",\n")};
		COMMIT;`;
}

const newTokens = () => Array.from({ length: VISITORS }, () => randomBytes(32).toString("base64url"));

/** Who is logged in: a session, a user, a JID; no XMPP server is asked. */
async function who(prebind, host, token) {
	const answer = await prebind.request({
		method: "POST", path: "/prebind.json", body: "bind=no",
		headers: { Host: host, Cookie: `prebind-insecure=${token}`, "Content-Type": "application/x-www-form-urlencoded", ...SCRIPT },
	});
	assert.equal(answer.status, 200, answer.body);
}

const since = (started) => Number(process.hrtime.bigint() - started) / 1e6;

async function timed(what) {
	const started = process.hrtime.bigint();
	await what();
	return since(started);
}

/** The median of so many, in ms; each(i) makes one. */
async function median(count, each) {
	const times = [];
	for (let i = 0; i < count; i++)
		times.push(await timed(() => each(i)));
	return spread(times).median;
}

/** A stopped program whose default site has these users; with `sites` more that are copies of it. */
async function setUp(place, { users, sites = 0, tokens }) {
	const site = {
		jid: "{user}@example.org", backend: "tigase", tigase_user: "admin@example.org",
		tigase_url: `http://127.0.0.1:${DEAD_PORT}/rest/adhoc/bosh@example.org`,
		tigase_password_file: place.write("etc/tigase.password", "secret\n"),
	};
	const more = Object.fromEntries(Array.from({ length: sites }, (_, i) => [`n${i}`, { ...site, ...keysOf(place, i) }]));
	const prebind = new Prebind(place, { server: { threads: 16, log_level: "warn" }, site: { ...site, hosts: "first.example.org" }, sites: more });
	await prebind.prepare();
	await runSql(place, place.path("data/prebind.db"), crowdSql(users, tokens));
	await copyDatabase(place, prebind.database, copiesFor(place, sites));
	return prebind;
}

/** Until it takes a connection: asked without a pause, for a start is over sooner than the tests look. */
async function start(prebind) {
	prebind.child = prebind.place.start("prebind.fcgi", [prebind.program, "-c", prebind.conf]);
	prebind.place.onClose(() => prebind.stop());
	while (!await accepts(prebind.socket))
		assert.equal(prebind.child.gone(), null);
}

const memoryOf = (prebind) => new Processes(prebind.child.pid).memory().reduce((sum, kib) => sum + kib, 0) / 1024;

/** One site, and that one among many. */
async function measureSites({ sites, rounds, requests }, progress) {
	const newFigures = () => ({ "a start": [], "the same page again": [], "a site's first request": [], "each site in turn": [], "one CGI request": [], memory: [] });
	const results = { one: newFigures(), many: newFigures() };
	for (let round = 0; round < rounds; round++) {
		progress(` ${round + 1}`);
		for (const [name, count] of [["one", 0], ["many", sites]]) {
			const place = new Place();
			const add = (what, value) => results[name][what].push(value);
			try {
				const tokens = newTokens();
				const prebind = await setUp(place, { users: 100, sites: count, tokens });
				add("a start", await timed(() => start(prebind)));
				const first = () => who(prebind, "first.example.org", tokens[0]);
				await first();
				add("the same page again", await median(requests, first));
				if (count > 0) {
					const some = Math.min(count, IN_TURN);
					add("a site's first request", await median(some, (i) => who(prebind, hostOf(i), tokens[i % VISITORS])));
					add("each site in turn", await median(some, (i) => who(prebind, hostOf(i), tokens[i % VISITORS])));
					for (let i = some; i < count; i++)
						await who(prebind, hostOf(i), tokens[i % VISITORS]);
				}
				add("memory", memoryOf(prebind));
				add("one CGI request", await median(20, () => prebind.cgi({ path: "/health", headers: { Host: "first.example.org" } })));
			} finally {
				await place.close();
			}
		}
	}
	return results;
}

/** Databases with few users, and with many, asked in turn. */
async function measureUsers({ users: counts, rounds, requests }, progress) {
	const results = counts.map((count) => ({ count, who: [], size: 0 }));
	const places = counts.map(() => new Place());
	try {
		const programs = [];
		for (const [n, count] of counts.entries()) {
			const tokens = newTokens();
			const prebind = await setUp(places[n], { users: count, tokens });
			results[n].size = fs.statSync(places[n].path("data/prebind.db")).size / 1024 / 1024;
			await prebind.start();
			programs.push({ prebind, tokens });
		}
		for (let round = 0; round < rounds; round++) {
			progress(` ${round + 1}`);
			for (const [n, { prebind, tokens }] of programs.entries())
				results[n].who.push(await median(requests, (i) => who(prebind, "first.example.org", tokens[i % VISITORS])));
		}
	} finally {
		for (const place of places)
			await place.close();
	}
	return results;
}

/** Rows of the JID map out of a CSV file; seconds. */
async function measureImport(rows) {
	const place = new Place();
	try {
		const prebind = await setUp(place, { users: 1, tokens: newTokens() });
		const file = place.write("map.csv", "");
		const out = fs.openSync(file, "w");
		for (let i = 0; i < rows; i += 10000)
			fs.writeSync(out, Array.from({ length: Math.min(10000, rows - i) }, (_, n) => `user${i + n},u${i + n}@example.org\n`).join(""));
		fs.closeSync(out);
		return (await timed(() => prebind.ctlOk(["map", "import", file]))) / 1000;
	} finally {
		await place.close();
	}
}

/** The whole plan; returns the figures. */
export async function runCrowd({ sites = 1000, users = [1e3, 1e5, 1e6], rounds, requests, progress }) {
	progress("\n  many sites:");
	const bySites = await measureSites({ sites, rounds, requests }, progress);
	progress("\n  many users:");
	const byUsers = await measureUsers({ users, rounds, requests }, progress);
	progress("\n  an import");
	return { sites, users, bySites, byUsers, importSeconds: await measureImport(users.at(-1)) };
}

const figure = (values) => {
	if (values.length === 0)
		return "–".padStart(22);
	const { median: middle, min, max } = spread(values);
	const digits = middle < 10 ? 2 : 1;
	return `${middle.toFixed(digits).padStart(8)}  ${`(${min.toFixed(digits)} … ${max.toFixed(digits)})`.padEnd(16)}`.slice(0, 26);
};

/** As a table. */
export function crowdText({ sites, users, bySites, byUsers, importSeconds }) {
	const rows = Object.keys(bySites.one).map((name) =>
		`  ${`${name}, ${name === "memory" ? "MiB" : "ms"}`.padEnd(30)}${figure(bySites.one[name])}${figure(bySites.many[name])}`);
	return [
		`  ${"".padEnd(30)}${"1 site".padStart(8)}${"".padEnd(18)}${`${sites + 1} sites`.padStart(12)}`,
		...rows.map((row) => row.trimEnd()),
		"",
		...byUsers.map(({ count, size, who: times }) =>
			`  ${`who am I, of ${count} users, ms`.padEnd(30)}${figure(times)}database ${size.toFixed(1)} MiB`),
		`  map import of ${users.at(-1)} rows: ${importSeconds.toFixed(1)} s`,
		"",
	].join("\n");
}

async function main() {
	const { values } = parseArgs({
		options: {
			rounds: { type: "string", default: "5" },
			requests: { type: "string", default: "200" },
			sites: { type: "string", default: "1000" },
			users: { type: "string", default: "1000000" }, // at most
		},
	});
	const counts = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
	const users = [1000, 100000, counts.users].filter((count, i, all) => i === all.length - 1 || count < counts.users);
	const report = await runCrowd({ ...counts, users, progress: (text) => process.stdout.write(text) });
	console.log(`\n\n${crowdText(report)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await main();
