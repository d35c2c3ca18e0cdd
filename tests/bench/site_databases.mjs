/*
 * What a login in the site's own database costs: the same page, with the same rows, on SQLite, MariaDB and PostgreSQL; then the same as
 * plain CGI, where a process opens the connection and, for a server, loads the driver. The last row hides the drivers' libraries, so
 * it shows what they cost a site that does not use them.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { cgiParams } from "../lib/cgi.mjs";
import { NAVIGATION } from "../lib/http.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { freePorts } from "../lib/wait.mjs";
import { Processes } from "./processes.mjs";
import { spread } from "./report.mjs";
import { EXPECTED, MOUNT, requestText, site, startPeer, USER } from "./stand.mjs";

const KINDS = ["sqlite", "mariadb", "postgresql"];
const VISITORS = [1, 16];
const ROWS = 2000;
const SID = "0123456789abcdef0123456789abcdef";
const LIBRARIES = ["libmariadb.so.3", "libpq.so.5"];
const FOLDERS = ["/usr/lib", "/lib"];
const QUERY = "SELECT a.name AS user, s.ends AS expires_s FROM session s JOIN account a ON a.id = s.account WHERE s.id = :sid";

const SQL = `CREATE TABLE account (id int PRIMARY KEY, name varchar(64)); CREATE TABLE session (id varchar(64) PRIMARY KEY, account int, ends bigint);
	INSERT INTO account VALUES (0, '${USER}')${Array.from({ length: ROWS }, (_, i) => `, (${i + 1}, 'user${i}')`).join("")};
	INSERT INTO session VALUES ('${SID}', 0, 4000000000)${Array.from({ length: ROWS }, (_, i) => `, ('other${i}', ${i + 1}, 4000000000)`).join("")};`;

/** Makes the three databases; returns `site_database` of each. */
async function startDatabases(place) {
	const file = `${place.folder("site")}/site.db`;
	await runSql(place, file, SQL);
	const mariadb = await Mariadb.start(place);
	await mariadb.sql(`CREATE DATABASE site; USE site; ${SQL} ANALYZE TABLE session; CREATE USER reader@localhost; GRANT SELECT ON site.* TO reader@localhost`);
	const postgresql = await Postgresql.start(place);
	await postgresql.sql("CREATE DATABASE site; CREATE ROLE reader LOGIN");
	await postgresql.sql(`${SQL} GRANT SELECT ON session, account TO reader; ANALYZE`, "site");
	return { sqlite: file, mariadb: mariadb.uri("reader", "site"), postgresql: postgresql.uri("reader", "site") };
}

async function startPrebind(place, peer) {
	const query = place.write("etc/query.sql", QUERY, 0o644);
	const sites = Object.fromEntries(Object.entries(await startDatabases(place)).map(([kind, database]) =>
		[kind, { ...site(place, kind, peer.port), identity: "site_session", site_database: database, site_cookie: "sid", site_query: query }]));
	const prebind = new Prebind(place, {
		server: { processes: undefined, threads: undefined, log: place.path("data", "prebind.log") },
		site: { ...site(place, "keep", peer.port), hosts: "example.test" },
		sites,
	});
	for (const name of ["default", ...KINDS])
		await prebind.ctlOk(["--site", name, "migrate"]);
	await prebind.start();
	return prebind;
}

const headersOf = (kind) => ({ Host: `${kind}.example.test`, ...NAVIGATION, Cookie: `sid=${SID}` });

/** One round of pages of a site, by the running server. */
async function measurePages({ place, peer, prebind, port }, kind, { atOnce, requests, seconds }) {
	const before = await peer.counts();
	const run = await place.run([
		place.path("bin/load"), "-p", port, "-r", place.write("request", requestText({ target: `${MOUNT}/`, headers: headersOf(kind) })),
		"-n", atOnce, "-c", requests, "-s", seconds, "-w", 5, ...EXPECTED.flatMap((text) => ["-e", text]),
		...new Processes(prebind.child.pid).pids.flatMap((pid) => ["-P", pid]),
	].map(String));
	assert.equal(run.code, 0, `${kind}: ${run.stderr}`);
	const figures = JSON.parse(run.stdout);
	assert.equal((await peer.counts()).calls - before.calls, figures.sent, `${kind}: upstream calls for ${figures.sent} answers`);
	return figures;
}

/** Where the drivers' libraries are. */
function libraries() {
	const folders = FOLDERS.flatMap((folder) => [folder, ...fs.readdirSync(folder).filter((name) => name.endsWith("-linux-gnu")).map((name) => `${folder}/${name}`)]);
	return [...new Set(folders.flatMap((folder) => LIBRARIES.map((name) => `${folder}/${name}`)).filter((file) => fs.existsSync(file)).map((file) => fs.realpathSync(file)))];
}

const REPEAT = 'i=0; while [ $i -lt "$COUNT" ]; do "$0" </dev/null >"$OUT" || exit 1; i=$((i + 1)); done; times';
const HIDE = 'for file in $HIDDEN; do mount --bind /dev/null "$file" || exit 1; done; exec setpriv --reuid="$UID_" --regid="$GID_" --clear-groups sh -c "$REPEAT" "$0"';

/** Milliseconds of "0m0.123s", as `times` prints them. */
const timeMs = (text) => text.match(/(\d+)m([\d.]+)s/g).reduce((sum, part) => {
	const [, minutes, seconds] = /(\d+)m([\d.]+)s/.exec(part);
	return sum + (minutes * 60 + Number(seconds)) * 1000;
}, 0);

/** Pages one after the other, each by a process of its own: the CPU time of one, in µs. */
async function measureCgi({ place, prebind }, kind, { requests, hidden }) {
	const out = place.write("data/cgi.out", "");
	const env = { PREBIND_CONF: prebind.conf, COUNT: String(requests), OUT: out, REPEAT, HIDDEN: libraries().join(" "),
		UID_: String(place.user?.uid), GID_: String(place.user?.gid), ...cgiParams({ path: "/", headers: headersOf(kind), params: { HTTP_HOST: `${kind}.example.test` } }) };
	const owner = hidden ? Object.create(place, { user: { value: null } }) : place;
	const { code, stdout, stderr } = await owner.run(hidden ? ["unshare", "--mount", "sh", "-c", HIDE, prebind.program] : ["sh", "-c", REPEAT, prebind.program], { env });
	assert.equal(code, 0, `${kind}: ${stderr}`);
	const answer = fs.readFileSync(out, "utf8");
	for (const text of EXPECTED)
		assert.ok(answer.includes(text), `${kind}: ${answer.slice(0, 500)}`);
	return timeMs(stdout.trim().split("\n").at(-1)) * 1000 / requests;
}

/** The rows of the CGI part. */
const CGI = [
	...KINDS.map((kind) => ({ name: kind, kind, hidden: false })),
	...(process.getuid() === 0 && libraries().length > 0 ? [{ name: "sqlite, without the drivers' libraries", kind: "sqlite", hidden: true }] : []),
];

export async function runSiteDatabases({ visitors = VISITORS, rounds, requests, seconds, progress }) {
	const place = new Place();
	try {
		const peer = await startPeer(place, { delay: 0, packets: 1, keep: "keep" });
		const prebind = await startPrebind(place, peer);
		const [port, nobody] = await freePorts(2);
		await lighttpdFastcgi(place, { port, socket: prebind.socket, boshPort: nobody });
		place.copy(path.join(build, "bench/load"), "bin/load");
		const stand = { place, peer, prebind, port };
		const pages = visitors.flatMap((atOnce) => KINDS.map((kind) => ({ kind, atOnce, rounds: [] })));
		const cgi = CGI.map((row) => ({ ...row, rounds: [] }));
		progress("\n  site databases: ");
		for (let round = 0; round < rounds; round++) {
			for (const row of pages)
				row.rounds.push(await measurePages(stand, row.kind, { atOnce: row.atOnce, requests, seconds }));
			for (const row of cgi)
				row.rounds.push(await measureCgi(stand, row.kind, { requests, hidden: row.hidden }));
			progress(` ${round + 1}`);
		}
		return { pages, cgi };
	} finally {
		await place.close();
	}
}

const ms = (us) => (us / 1000).toFixed(2).padStart(8);

export function siteDatabasesText({ pages, cgi }) {
	const line = ({ kind, atOnce, rounds }) => {
		const of = (value) => spread(rounds.map(value));
		const perSecond = of((round) => round.requests / round.seconds);
		return `  ${kind.padEnd(12)}${String(atOnce).padStart(9)}${perSecond.median.toFixed(0).padStart(9)}`
			+ `${`(${perSecond.min.toFixed(0)} … ${perSecond.max.toFixed(0)})`.padStart(18)}${ms(of((round) => round.p50).median)}${ms(of((round) => round.p99).median)}`
			+ `${(of((round) => round.cpu_seconds / round.requests).median * 1e6).toFixed(0).padStart(8)}`;
	};
	const cgiLine = ({ name, rounds }) => {
		const { median, min, max } = spread(rounds);
		return `  ${name.padEnd(40)}${median.toFixed(0).padStart(8)}${`(${min.toFixed(0)} … ${max.toFixed(0)})`.padStart(18)}`;
	};
	return ["site databases: a page whose user is found in the site's database",
		"              at a time    per s  (least … most)    p50 ms  p99 ms  CPU µs", ...pages.map(line), "",
		"the same as plain CGI: CPU µs of one page, with the start of the process", ...cgi.map(cgiLine), ""].join("\n");
}
