/*
 * What a search for people costs on a site with a million of them: in our own table, and by a people_query over SQLite, MariaDB and
 * PostgreSQL, one that reads all names and one that uses an index; each with the database's plan. Then what it costs an account to
 * list everybody: the least number of searches, and how long limit_people makes them last.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { SCRIPT } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place, top } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";
import { spread } from "./report.mjs";

const FIRST = 1000; // first names; with as many last names they make a million
const LIMIT = { count: 30, seconds: 60 }; // the default of limit_people
const SHOWN = 20; // by one search

/** What is searched for: two, three and four letters of a name, both names, a user name, and what nobody is called. */
function searchesFor(first, last) {
	const [one, two] = [first[first.length >> 1].toLowerCase(), last[last.length >> 1].toLowerCase()];
	return [one.slice(0, 2), one.slice(0, 3), one.slice(0, 4), `${one} ${two[0]}`, `${one}.${two.slice(0, 3)}`, "zz"];
}

const CONSONANTS = "bdfgklmnprstvz".split("");
const VOWELS = "aeiou".split("");

/** Made-up names, different from each other, and more of some beginnings than of others; the same each time. */
function names(count) {
	const syllables = CONSONANTS.flatMap((c) => VOWELS.map((v) => c + v));
	const made = new Set();
	let state = 1;
	const next = () => {
		state = (state * 48_271) % 2_147_483_647; // Lehmer's generator
		return state / 2_147_483_647;
	};
	while (made.size < count) {
		const parts = Array.from({ length: 2 + Math.floor(next() * 2) }, (_, i) => syllables[Math.floor((i === 0 ? next() ** 2 : next()) * syllables.length)]);
		made.add(parts.join("") + (next() < 0.5 ? "n" : ""));
	}
	return [...made];
}

const capital = (name) => name[0].toUpperCase() + name.slice(1);

/** SQL for every kind: all pairs of a first and a last name, as rows of a table. */
function fill(first, last, insert) {
	const rows = (table, list) => `CREATE TABLE ${table} (t varchar(32)); INSERT INTO ${table} VALUES ${list.map((name) => `('${name}')`).join(", ")};`;
	return `${rows("fn", first)} ${rows("ln", last)} ${insert("lower(fn.t)", "lower(ln.t)")} FROM fn CROSS JOIN ln;`;
}

const SITE_TABLE = "CREATE TABLE people (name varchar(64) NOT NULL PRIMARY KEY, shown varchar(64) NOT NULL, low varchar(64) NOT NULL);";
const siteInsert = (concat) => (first, last) => `INSERT INTO people SELECT ${concat(first, "'.'", last)}, ${concat("fn.t", "' '", "ln.t")}, ${concat(first, "' '", last)}`;
const bars = (...parts) => parts.join(" || ");
const concat = (...parts) => `concat(${parts.join(", ")})`;

const select = (condition) => `SELECT name AS user, shown AS display_name FROM people WHERE name = :user OR (:q <> '' AND ${condition}) ORDER BY shown LIMIT :limit`;
const RANGE = "(low >= :q AND low < :q || '\u{10ffff}')";
const SCAN = "fold(shown) LIKE :q || '%'";
const PREFIX = "low LIKE :q || '%'";

/** The kinds of rows: what finds people there. */
const SITES = {
	"sqlite, all names": { kind: "sqlite", condition: SCAN },
	"sqlite, by index": { kind: "sqlite", condition: RANGE },
	"mariadb, all names": { kind: "mariadb", condition: SCAN },
	"mariadb, by index": { kind: "mariadb", condition: PREFIX },
	"postgresql, all names": { kind: "postgresql", condition: SCAN },
	"postgresql, by index": { kind: "postgresql", condition: PREFIX },
};

async function startDatabases(place, first, last) {
	const file = `${place.folder("site")}/site.db`;
	await runSql(place, file, `${SITE_TABLE} ${fill(first, last, siteInsert(bars))} CREATE INDEX people_low ON people (low); ANALYZE;`);
	const mariadb = await Mariadb.start(place);
	await mariadb.sql(`CREATE DATABASE site CHARACTER SET utf8mb4; USE site; ${SITE_TABLE} ${fill(first, last, siteInsert(concat))} CREATE INDEX people_low ON people (low);
		ANALYZE TABLE people; CREATE USER reader@localhost; GRANT SELECT ON site.* TO reader@localhost`);
	const postgresql = await Postgresql.start(place);
	await postgresql.sql("CREATE DATABASE site; CREATE ROLE reader LOGIN");
	await postgresql.sql(`${SITE_TABLE} ${fill(first, last, siteInsert(bars))} CREATE INDEX people_low ON people (low text_pattern_ops);
		GRANT SELECT ON people TO reader; ANALYZE`, "site");
	return { mariadb, postgresql, uris: { sqlite: file, mariadb: mariadb.uri("reader", "site"), postgresql: postgresql.uri("reader", "site") }, file };
}

/** The statement of store/query_sql.c that searches our own users. */
function ownSql() {
	const text = fs.readFileSync(path.join(top, "cgi/store/query_sql.c"), "utf8");
	const query = /#define USER_SEARCH\s([^]*?)#define/.exec(text)?.[1] ?? assert.fail("USER_SEARCH");
	return [...query.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => part).join("");
}

const PLAN = `import json, sqlite3, sys; db = sqlite3.connect(sys.argv[1])
print("; ".join(row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sys.argv[2], json.loads(sys.argv[3]))))`;

async function sqlitePlan(place, file, sql, values) {
	const { code, stdout, stderr } = await place.run(["/usr/bin/python3", "-c", PLAN, file, sql, JSON.stringify(values)]);
	assert.equal(code, 0, stderr);
	return stdout.trim();
}

/** The statement with the values in it, as the database sees them. */
const filled = (condition) => select(condition).replaceAll(":limit", "60").replaceAll(":user", "''").replaceAll(":q", "'mar'").replaceAll("fold(", "lower(");

async function planOf({ place, databases, prebind }, name) {
	if (name === "our own users")
		return sqlitePlan(place, prebind.databases.own, ownSql(), ["mar", 60]);
	const { kind, condition } = SITES[name];
	if (kind === "sqlite")
		return sqlitePlan(place, databases.file, select(condition).replaceAll("fold(", "lower("), { q: "mar", user: "", limit: 60 });
	if (kind === "mariadb") {
		const rows = (await databases.mariadb.sql(`SET sql_mode = 'PIPES_AS_CONCAT'; EXPLAIN ${filled(condition)}`, "site")).trim().split("\n");
		return rows.map((row) => row.split("\t")).map((cells) => `type ${cells[3]}, key ${cells[5]}, rows ${cells[8]}, ${cells[9]}`).join("; ");
	}
	return (await databases.postgresql.sql(`EXPLAIN (COSTS OFF) ${filled(condition)}`, "site")).trim().split("\n").map((line) => line.trim()).join("; ");
}

async function startPrebind(place, databases, first, last) {
	const peer = await startTigasePeer({ place });
	const common = { ...peer.site(place), jid: "{user}@example.org", identity: "remote_user", people: "all", limit_people: "off" };
	const sites = { own: { ...common, identity: "login remote_user", hosts: "own.example.test" } };
	for (const [i, [name, { kind, condition }]] of Object.entries(SITES).entries())
		sites[`site${i}`] = { ...common, hosts: `site${i}.example.test`, site_database: databases.uris[kind], people_query: place.write(`etc/${name.replaceAll(/\W+/g, "-")}.sql`, select(condition), 0o644) };
	const prebind = new Prebind(place, { site: { ...common, people: "off", hosts: "example.test" }, sites });
	await prebind.prepare();
	const insert = (f, l) => `INSERT INTO site_user (name, folded, display_name, display_folded, created)
		SELECT ${f} || '.' || ${l}, ${f} || '.' || ${l}, fn.t || ' ' || ln.t, ${f} || ' ' || ${l}, 1`;
	await runSql(place, prebind.databases.own, `BEGIN; ${fill(first, last, insert)} DROP TABLE fn; DROP TABLE ln; COMMIT;`);
	await prebind.start();
	return prebind;
}

async function search(prebind, host, q) {
	const begun = performance.now();
	const answer = await prebind.request({ path: `/people.json?${new URLSearchParams({ q })}`, headers: SCRIPT, params: { HTTP_HOST: `${host}.example.test`, REMOTE_USER: "somebody", AUTH_TYPE: "Basic" } });
	return { ms: performance.now() - begun, status: answer.status, found: answer.status === 200 ? JSON.parse(answer.body).length : null };
}

/**
 * The fewest searches that show everybody, if each shows at most SHOWN: a beginning with more people is asked again with each letter
 * that may follow.
 */
function searchesForAll(all) {
	const sorted = [...all].sort();
	const letters = [...new Set(sorted.join(""))];
	const begin = (text) => {
		let [low, high] = [0, sorted.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (sorted[middle] < text)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	};
	const count = (prefix) => begin(`${prefix}\u{10ffff}`) - begin(prefix);
	const walk = (prefix) => 1 + (count(prefix) > SHOWN ? letters.reduce((sum, letter) => sum + walk(prefix + letter), 0) : 0);
	return letters.flatMap((one) => letters.map((two) => walk(one + two))).reduce((sum, n) => sum + n, 0);
}

export async function runPeople({ people = FIRST * FIRST, rounds = 5, progress }) {
	const side = Math.round(Math.sqrt(people));
	const [first, last] = [names(side).map(capital), names(side).map(capital)];
	const place = new Place();
	try {
		progress(`\n  people: ${side * side} rows in four databases, which takes a while`);
		const databases = await startDatabases(place, first, last);
		const prebind = await startPrebind(place, databases, first, last);
		const hosts = { "our own users": "own", ...Object.fromEntries(Object.keys(SITES).map((name, i) => [name, `site${i}`])) };
		const series = [];
		for (const [name, host] of Object.entries(hosts)) {
			await search(prebind, host, "warm up");
			const runs = [];
			for (let round = 0; round < rounds; round++)
				for (const q of searchesFor(first, last))
					runs.push(await search(prebind, host, q));
			series.push({ name, runs, plan: await planOf({ place, databases, prebind }, name) });
			progress(` ${series.length}`);
		}
		const searches = searchesForAll(first.flatMap((one) => last.map((two) => `${one} ${two}`.toLowerCase())));
		return { people: side * side, series, searches, seconds: (searches - LIMIT.count) * LIMIT.seconds / LIMIT.count };
	} finally {
		await place.close();
	}
}

export function peopleText({ people, series, searches, seconds }) {
	const line = ({ name, runs, plan }) => {
		const { median, min, max } = spread(runs.map(({ ms }) => ms));
		const failed = runs.filter(({ status }) => status !== 200).length;
		return `  ${name.padEnd(24)}${median.toFixed(1).padStart(9)}${`(${min.toFixed(1)} … ${max.toFixed(1)})`.padStart(22)}${failed ? `  ${failed} of ${runs.length} refused` : ""}\n      ${plan}`;
	};
	return [`people: a search among ${people}, in ms, and the database's plan`, ...series.map(line), "",
		`  To list all of them, one account needs at least ${searches} searches: with limit_people = ${LIMIT.count}/1m that takes ${(seconds / 3600).toFixed(1)} hours.`, ""].join("\n");
}
