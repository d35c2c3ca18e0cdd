// A slice of the kills of `make torture`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { killOften, KILLS_IN_ROUND } from "./kills.mjs";

test("workers, the program and prebindctl are killed during writes: what was acknowledged is there", async () => {
	const { kills, logins, users, complaints } = await killOften({ kills: KILLS_IN_ROUND, progress: () => {} });
	assert.deepEqual(complaints, []);
	assert.ok(kills >= KILLS_IN_ROUND && logins > kills && users >= 1, `${kills} kills, ${logins} logins, ${users} users`);
});
