// A slice of the answers that `make torture` checks, and a wrong one would be said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkIdentity, complaint } from "./identity.mjs";

const SLICE = { answers: 1000, seconds: 150 };

test("an answer names who asked, whatever else goes on: logins, users switched off, reloads, deaths of workers", async () => {
	const { counts, events, complaints, text } = await checkIdentity({ ...SLICE, progress: () => {} });
	assert.deepEqual(complaints.slice(0, 3), []);
	assert.ok(counts.named > 0 && counts.refused > 0, text);
	for (const [event, count] of Object.entries(events))
		assert.ok(count > 0, `${event}: ${text}`);
});

test("what is wrong with an answer is said", () => {
	const ask = (text, names, state) => complaint({ name: "own1x" }, { text, names, before: true, stable: true, ...state });
	const IN = "Status: 200 OK\r\n", OUT = "Status: 401 Unauthorized\r\n", DOWN = "Status: 503 Service Unavailable\r\n";
	assert.equal(ask(IN, ["own1x"]), null);
	assert.match(ask(IN, ["own1x", "own2x"]), /own1x was told about own2x/);
	assert.match(ask(DOWN, ["own2x"], { stable: false }), /told about/);
	assert.match(ask(OUT, []), /is in, but got 401/);
	assert.match(ask(IN, ["own1x"], { before: false }), /is out, but got 200/);
	assert.equal(ask(OUT, [], { before: false }), null);
	assert.equal(ask(OUT, [], { stable: false }), null);
	assert.equal(ask(DOWN, []), null);
});
