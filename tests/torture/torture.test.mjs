// A slice of `make torture`: every class of calls, at every kind of request and verb, and what is wrong would be said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CLASSES, faultsOf, faultText, firstOfEach, FOR_EVER, ONCE, POWER_CUT } from "./plan.mjs";
import { SCENES } from "./scenes.mjs";
import { torture } from "./torture.mjs";

/** Of the places in the program that make calls that can fail, and the ways in which they can. */
const EVERY = 100;

/** A class whose calls are few: the slice would miss it. */
const FEW = ["sync", "connect", "poll", "random", "socket", "map", "remove"];

const SOME = ["page", "login", "logout", "ctl user add", "BOSH log-in"];

const quiet = { stands: 2, progress: () => {} };

test("calls that fail: no crash, nobody let in, nothing lost, and it works again", async () => {
	const tally = await torture({ every: EVERY, places: true, ...quiet });
	assert.deepEqual(tally.complaints, []);
	assert.ok(tally.faults >= 50, tally.text());
});

test("the same for the calls that are few", async () => {
	const tally = await torture({ every: 12, classes: FEW, scenes: SCENES.filter(({ name }) => SOME.includes(name)), ...quiet });
	assert.deepEqual(tally.complaints, []);
	assert.ok(tally.faults >= 10, tally.text());
});

test("a program that makes two calls of a class can fail at the first and at the second, in each way", () => {
	const calls = CLASSES.map(({ name }) => (name === "write" ? 2 : 0));
	const write = CLASSES.findIndex(({ name }) => name === "write");
	const faults = faultsOf(calls);
	assert.ok(faults.every((fault) => fault.class === write));
	assert.deepEqual([...new Set(faults.map(({ at }) => at))], [1, 2]);
	assert.deepEqual([...new Set(faults.map(({ mode }) => mode))].sort(), [ONCE, FOR_EVER, POWER_CUT]);
	assert.equal(faultText(faults[0]), "write call 1 fails: once (EIO)");
});

test("of the calls of one place only the first fails, in all scenes together", () => {
	const memory = CLASSES.findIndex(({ name }) => name === "memory"), write = CLASSES.findIndex(({ name }) => name === "write");
	const call = (index, number, place) => ({ class: index, number, place: BigInt(place) });
	const known = new Set();
	const page = firstOfEach([call(memory, 1, 7), call(memory, 2, 7), call(write, 1, 7), call(memory, 3, 8)], known);
	assert.deepEqual([page[memory], page[write]], [[1, 3], [1]]);
	const login = firstOfEach([call(memory, 1, 8), call(memory, 2, 9)], known);
	assert.deepEqual([login[memory], login[write]], [[2], []]);
});
