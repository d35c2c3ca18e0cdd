// A slice of what fails in a FastCGI server: in requests, and while a worker is replaced.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tortureServer } from "./server.mjs";

test("a server whose calls fail answers clearly or not at all, and works again as soon as they do", async () => {
	const { requests, starts, lives } = await tortureServer({ every: 150, startEvery: 1, progress: () => {} });
	assert.deepEqual([requests, starts, lives].flatMap(({ complaints }) => complaints), []);
	assert.ok(requests.faults >= 10, requests.text());
	assert.ok(starts.faults >= 2, starts.text());
	assert.ok(lives.faults >= 3, lives.text());
});
