// The part of the benchmark about the log: each kind of request has its figures, and the server that shall log has logged each request.
import assert from "node:assert/strict";
import { test } from "node:test";
import { logsText, runLogs } from "./logs.mjs";

test("each kind of request has its row", async () => {
	const rows = await runLogs({ rounds: 1, requests: 10, progress: () => {} });
	assert.deepEqual(rows.map(({ name }) => name), ["page", "prebind.json", "login form", "404", "health"]);
	for (const { info, error } of rows)
		assert.ok([...info, ...error].every((us) => us > 0));
	assert.doesNotMatch(logsText(rows), /NaN|undefined/);
});
