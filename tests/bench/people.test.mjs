// The part of the benchmark about people: every search is answered, with the plan that it should have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { peopleText, runPeople } from "./people.mjs";

test("each kind of database finds people, and says how", async () => {
	const found = await runPeople({ people: 10_000, rounds: 1, progress: () => {} });
	assert.equal(found.people, 10_000);
	assert.equal(found.series.length, 7);
	for (const { name, runs, plan } of found.series) {
		assert.ok(runs.every(({ status }) => status === 200), name);
		if (name !== "our own users") // which also finds user names
			assert.deepEqual(runs.map(({ found: n }) => n), found.series[1].runs.map(({ found: n }) => n), name);
		assert.ok(runs.some(({ found: n }) => n > 2), name);
		assert.match(plan, name.includes("all names") ? /SCAN people|type ALL|Seq Scan/ : /SEARCH|people_low/, name);
	}
	assert.ok(found.searches >= 10_000 / 20, String(found.searches));
	assert.doesNotMatch(peopleText(found), /NaN|undefined/);
});
