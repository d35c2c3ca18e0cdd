// The part of the benchmark about site databases: every kind of database answers with the right user, and has its figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runSiteDatabases, siteDatabasesText } from "./site_databases.mjs";

test("each kind of site database has its rows", async () => {
	const found = await runSiteDatabases({ visitors: [2], rounds: 1, requests: 4, seconds: 0, progress: () => {} });
	assert.deepEqual(found.pages.map(({ kind }) => kind), ["sqlite", "mariadb", "postgresql"]);
	assert.deepEqual(found.cgi.slice(0, 3).map(({ kind }) => kind), ["sqlite", "mariadb", "postgresql"]);
	for (const { rounds } of found.cgi)
		assert.ok(rounds.every((us) => us > 0), JSON.stringify(found.cgi));
	assert.doesNotMatch(siteDatabasesText(found), /NaN|undefined/);
});
