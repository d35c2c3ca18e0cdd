// The part of the benchmark about several nodes: each number of nodes answers with the right user, and has its figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodesText, runNodes } from "./nodes.mjs";

test("each database and number of nodes has its row", async () => {
	const found = await runNodes({ visitors: [2], rounds: 1, requests: 8, seconds: 0, progress: () => {} });
	assert.deepEqual(found.rows.map(({ name, nodes }) => [name, nodes]), [["sqlite", 1], ["postgresql", 1], ["postgresql", 2], ["postgresql", 3]]);
	assert.match(nodesText(found), /\d processors/);
	assert.doesNotMatch(nodesText(found), /NaN|undefined/);
});
