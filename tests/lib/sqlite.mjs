/*
 * Makes and locks SQLite databases with Python's sqlite3, because Node 18 has no SQLite. Where
 * own_database.mjs put a database on a server, its functions do the work.
 */
import assert from "node:assert/strict";
import * as own from "./own_database.mjs";
import { until } from "./wait.mjs";

const PYTHON = "/usr/bin/python3"; // Debian's; another one may lack the module

/** Runs SQL in a database of a place; makes the file if it does not exist. */
export async function runSql(place, file, sql) {
	if (own.isThere(file)) {
		await own.runSql(place, file, sql);
		return;
	}
	const program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())";
	const { code, stderr } = await place.run([PYTHON, "-c", program, file], { input: sql });
	assert.equal(code, 0, stderr);
}

/**
 * Runs a SELECT with each set of named values. Returns the first column of each first row; null
 * without a row.
 */
export async function askSql(place, file, sql, sets) {
	if (own.isThere(file))
		return await own.askSql(place, file, sql, sets);
	const program = "import json, sqlite3, sys; db = sqlite3.connect(sys.argv[1])\n" +
		"rows = [db.execute(sys.argv[2], values).fetchone() for values in json.load(sys.stdin)]\n" +
		"print(json.dumps([row and row[0] for row in rows]))";
	const { code, stdout, stderr } = await place.run([PYTHON, "-c", program, file, sql], { input: JSON.stringify(sets) });
	assert.equal(code, 0, stderr);
	return JSON.parse(stdout);
}

/**
 * Copies a database of prebind for other sites. The program may have the database open, but not the
 * copies.
 * @param {Record<string, string>} copies site to file
 */
export async function copyDatabase(place, file, copies) {
	if (own.isThere(file)) {
		await own.copyDatabase(place, file, copies);
		return;
	}
	const program = "import json, os, sqlite3, sys\nos.umask(0o077)\nsource = sqlite3.connect(sys.argv[1])\n" +
		"for site, copy in json.load(sys.stdin).items():\n" +
		" db = sqlite3.connect(copy); db.execute('PRAGMA synchronous = OFF'); source.backup(db)\n" +
		" db.execute('UPDATE database_site SET site = ?', [site]); db.commit(); db.close()";
	const { code, stderr } = await place.run([PYTHON, "-c", program, file], { input: JSON.stringify(copies) });
	assert.equal(code, 0, stderr);
}

/** Runs statements in a process that keeps the database until the returned function is called. */
async function hold(place, file, statements) {
	const program = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None)\n" +
		"for sql in sys.argv[2:]: db.execute(sql)\nprint('held', flush=True); sys.stdin.read()";
	const child = place.start("sqlite3", [PYTHON, "-c", program, file, ...statements], { stdio: ["pipe", "pipe", "pipe"] });
	await until("the lock", () => child.stdout.includes("held"), { seconds: 60, gone: () => child.gone() });
	return async () => {
		child.process.stdin.end();
		await child.end;
	};
}

/** Locks the database for all others; returns the function that unlocks it. */
export const lockDatabase = (place, file) => hold(place, file, ["PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"]);

/**
 * Keeps a write transaction open, so that others can only read; returns the function that ends it.
 */
export const writeDatabase = (place, file) => hold(place, file, ["BEGIN IMMEDIATE"]);

/** Overwrites the first page of a table. */
export async function damageTable(place, file, table) {
	const program = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1])\n" +
		"page, = db.execute('SELECT rootpage FROM sqlite_schema WHERE name = ?', sys.argv[2:]).fetchone()\n" +
		"size, = db.execute('PRAGMA page_size').fetchone(); db.close()\n" +
		"with open(sys.argv[1], 'r+b') as f: f.seek((page - 1) * size); f.write(b'x' * size)";
	const { code, stderr } = await place.run([PYTHON, "-c", program, file, table]);
	assert.equal(code, 0, stderr);
}
