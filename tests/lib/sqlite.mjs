/*
 * SQLite databases of other programs, made and locked with Python's sqlite3: Node 18 has none of its own.
 */
import assert from "node:assert/strict";
import { until } from "./wait.mjs";

const PYTHON = "/usr/bin/python3"; // Debian's: another one may lack the module

/** Runs SQL in a database of a place; makes it. */
export async function runSql(place, file, sql) {
	const program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())";
	const { code, stderr } = await place.run([PYTHON, "-c", program, file], { input: sql });
	assert.equal(code, 0, stderr);
}

/** Holds the database locked against everybody; returns what lets it go. */
export async function lockDatabase(place, file) {
	const program = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); " +
		"db.execute('PRAGMA locking_mode = EXCLUSIVE'); db.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()";
	const child = place.start("sqlite3", [PYTHON, "-c", program, file], { stdio: ["pipe", "pipe", "pipe"] });
	await until("the lock", () => child.stdout.includes("locked"), { gone: () => child.gone() });
	return async () => {
		child.process.stdin.end();
		await child.end;
	};
}
