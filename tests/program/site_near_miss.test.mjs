// What only looks like a stored session or name is nobody, whatever the column's collation is: in SQLite, MariaDB and
// PostgreSQL, with each of their usual collations and types. The index of the column is still used.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { build, confText } from "../lib/prebind.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { runSql } from "../lib/sqlite.mjs";

const KEPT = "Alice-Straße-17"; // tests/unit/near_miss_test.c has what is like it
const ROWS = 2000; // so that a plan uses an index

/** The columns of table `kept`, by kind of database: name to type. All hold KEPT in one row; `number` holds 17. */
const COLUMNS = {
	sqlite: { plain: "TEXT", nocase: "TEXT COLLATE NOCASE", rtrim: "TEXT COLLATE RTRIM", number: "INTEGER", number_text: "TEXT" },
	mariadb: {
		general: "varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
		unicode: "varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
		unicode520: "varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci",
		three_bytes: "varchar(64) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci",
		latin1: "varchar(64) CHARACTER SET latin1 COLLATE latin1_swedish_ci",
		latin1_german: "varchar(64) CHARACTER SET latin1 COLLATE latin1_german2_ci",
		padded: "varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		fixed: "char(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
		bytes: "varbinary(64)",
		number: "int",
		number_big: "bigint unsigned",
	},
	postgresql: {
		plain: "text", varied: "varchar(64)", fixed: "char(40)", citext: "citext", nondeterministic: 'text COLLATE "alike"',
		number: "integer", number_big: "bigint", number_small: "smallint",
	},
};

/** A query for a column: the ways to compare it. */
const FORMS = {
	"": (column) => `${column} = :sid`,
	turned: (column) => `:sid = k.${column} AND NOT (${column} <> :sid)`,
	in: (column) => `${column} IN (:sid)`,
	or: (column) => `(${column} = :sid OR (${column} = :sid))`,
	subquery: (column) => `id = (SELECT id FROM kept WHERE ${column} = :sid)`,
	folds: (column) => `lower(${column}) = lower(:sid)`,
};

let place;
const servers = {};

/** SQL that makes the table with an index for each column, and fills it. */
function tableSql(kind) {
	const columns = Object.entries(COLUMNS[kind]);
	const names = columns.map(([name]) => name);
	const row = (id, text, number) => `(${id}, 'alice', ${names.map((name) => (name.startsWith("number") ? number : `'${text}'`)).join(", ")})`;
	const others = Array.from({ length: ROWS }, (_, i) => row(i + 2, `other-${i}`, 1000 + i));
	return `CREATE TABLE kept (id int PRIMARY KEY, name varchar(64), ${columns.map(([name, type]) => `${name} ${type}`).join(", ")});
		INSERT INTO kept (id, name, ${names.join(", ")}) VALUES ${[row(1, KEPT, 17), ...others].join(",\n")};
		${names.map((name) => `CREATE INDEX by_${name} ON kept (${name});`).join("\n")}`;
}

const DATABASE = {
	sqlite: async () => {
		const file = `${place.folder("site")}/site.db`;
		await runSql(place, file, tableSql("sqlite"));
		return file;
	},
	mariadb: async () => {
		const server = (servers.mariadb = await Mariadb.start(place, { more: ["--general-log=1"] }));
		await server.sql(`CREATE DATABASE site; USE site; SET NAMES utf8mb4; ${tableSql("mariadb")} ANALYZE TABLE kept;
			CREATE USER reader@localhost; GRANT SELECT ON site.* TO reader@localhost;`);
		return server.uri("reader", "site");
	},
	postgresql: async () => {
		const server = (servers.postgresql = await Postgresql.start(place));
		await server.sql("ALTER SYSTEM SET log_statement = 'all'; SELECT pg_reload_conf(); CREATE DATABASE site; CREATE ROLE reader LOGIN");
		await server.sql(`CREATE EXTENSION citext; CREATE COLLATION alike (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
			${tableSql("postgresql")} GRANT SELECT ON kept TO reader; ANALYZE kept;`, "site");
		return server.uri("reader", "site");
	},
};

before(() => (place = new Place()));
after(() => place.close({ logs: true }));

for (const kind of Object.keys(COLUMNS)) {
	test(`${kind}: near misses are nobody`, { timeout: 100_000 }, async () => {
		const database = await DATABASE[kind]();
		const sites = {};
		for (const column of Object.keys(COLUMNS[kind]))
			for (const [form, where] of Object.entries(FORMS)) {
				const name = `${kind}-${column}${form && `-${form}`}`;
				if (form === "folds" && (column === "bytes" || column.startsWith("number")))
					continue; // lower() is for texts
				if (column === "nocase" && form === "folds")
					continue; // SQLite's lower() leaves Ä as it is, so the list of what it folds would differ
				sites[name] = { database: `/nowhere/${name}.db`, hosts: `${name.replaceAll("_", "-")}.example.org`, jid: "{user}@example.org",
					identity: "site_session", site_database: database, site_cookie: "sid", backend: "bosh", bosh_service: "http://127.0.0.1:5280/http-bind",
					site_query: place.write(`queries/${name}.sql`, `SELECT k.name AS user FROM kept k WHERE ${where(column)}`, 0o644) };
			}
		const conf = place.write(`${kind}.conf`, confText({ sites }));
		const program = place.copy(path.join(build, "unit/near_miss_test"), "bin/near_miss_test");
		const { code, stdout, stderr } = await place.run([program], { env: { PREBIND_CONF: conf } });
		assert.equal(code, 0, stdout.slice(-2000) + stderr.slice(-2000));
		assert.equal(stdout.split("\n").filter((line) => line.startsWith("# ")).length, Object.keys(sites).length, stdout);
	});
}

test("mariadb: the index is still used", async () => {
	const log = fs.readFileSync(`${servers.mariadb.dir}/general.log`, "utf8");
	const prepared = [...log.matchAll(/Prepare\t(SELECT k\.name.*)/g)].map((match) => match[1]);
	const asked = [...new Set(prepared)].filter((sql) => /kept k WHERE \((general|latin1|bytes|number) = \? AND CAST/.test(sql));
	assert.equal(asked.length, 4, prepared.slice(0, 5).join("\n"));
	for (const sql of asked) {
		const value = /number/.test(sql) ? "17" : `'${KEPT}'`;
		const plan = await servers.mariadb.sql(`SET sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT'; EXPLAIN ${sql.replaceAll("?", value)}`, "site");
		assert.match(plan, /\tref\tby_(general|latin1|bytes|number)\t/, `${sql}\n${plan}`);
	}
});

test("postgresql: the index is still used", async () => {
	const asked = [...new Set([...servers.postgresql.child.stderr.matchAll(/execute q\d+: (SELECT \* FROM \(SELECT k\.name.*)/g)].map((match) => match[1]))]
		.filter((sql) => /kept k WHERE \((plain|varied|fixed|citext|nondeterministic|number|number_big|number_small) = \$1 AND CAST/.test(sql));
	assert.equal(asked.length, Object.keys(COLUMNS.postgresql).length, servers.postgresql.child.stderr.slice(-2000));
	for (const sql of asked) {
		const plan = await servers.postgresql.sql(`EXPLAIN ${sql.replaceAll(/\$\d/g, /number/.test(sql) ? "'17'" : `'${KEPT}'`)}`, "site");
		assert.match(plan, /Index Scan (using|on) by_/, `${sql}\n${plan}`);
		assert.doesNotMatch(plan, /Seq Scan/, `${sql}\n${plan}`);
	}
});
