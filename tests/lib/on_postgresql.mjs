/*
 * Runs test files of tests/program again, with prebind's own databases on a PostgreSQL server.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { ROLE } from "./own_database.mjs";
import { Child, Place, top } from "./place.mjs";
import { Postgresql } from "./postgresql.mjs";

export class OnPostgresql {
	async start() {
		this.place = new Place();
		this.server = await Postgresql.start(this.place);
		await this.server.sql(`CREATE ROLE ${ROLE} LOGIN`);
	}

	close() {
		return this.place.close();
	}

	/**
	 * @param {string} name of a file
	 * @param {string} [only] a pattern for the names of its tests; "." is all
	 */
	async run(name, only = ".") {
		const env = { ...process.env, PREBIND_TEST_POSTGRESQL: `${this.server.dir} ${this.server.port}` };
		delete env.NODE_TEST_CONTEXT; // the file is to report to us
		const child = new Child(name, spawn(process.execPath, ["--test-reporter=tap", `--test-name-pattern=${only}`,
			path.join(top, "tests/program", `${name}.test.mjs`)], { env, stdio: ["ignore", "pipe", "pipe"] }));
		const { code } = await child.end;
		assert.equal(code, 0, child.stdout + child.stderr);
		assert.match(child.stdout, /^# pass [1-9]/m);
		const made = await this.server.sql("SELECT count(*) FROM pg_database WHERE datname ~ '^t[0-9a-f]{16}$'");
		assert.notEqual(made.trim(), "0", "its databases were on the server");
	}
}
