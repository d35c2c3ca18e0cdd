// A slice of `make pages-soak`: page changes at random in three tabs, while two people write.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changePages, faultIn, randomOf } from "../lib/page_changes.mjs";
import { Place } from "../lib/place.mjs";

const CHANGES = 15; // with each server

for (const archive of [false, true]) {
	test(`page changes at random, ${archive ? "with" : "without"} an archive: none lost, none doubled, the badge right`, async () => {
		const place = new Place();
		const seed = Math.floor(Math.random() * 1e9);
		console.log(`# seed ${seed}`);
		try {
			assert.equal((await changePages(place, { changes: CHANGES, seed, archive })).changes, CHANGES);
		} finally {
			await place.close();
		}
	});
}

test("what is lost, doubled or in the wrong order is said", () => {
	const said = ["bob 1", "alice 2", "bob 3", "bob 4"];
	for (const shown of [said, ["alice 2", "bob 1", "bob 3", "bob 4"], ["bob 3", "alice 2", "bob 4"]]) assert.equal(faultIn(shown, said), "");
	assert.match(faultIn(["bob 1", "alice 2", "bob 3", "bob 3", "bob 4"], said), /twice/);
	for (const shown of [["alice 2", "bob 1", "bob 3"], ["alice 2", "bob 1", "bob 4"], ["alice 2", "bob 4", "bob 3"], ["bob 3", "bob 4"], []])
		assert.match(faultIn(shown, said), /^of (bob|alice) there is/);
});

test("a seed repeats its numbers", () => {
	const [a, b, c] = [1, 1, 2].map(randomOf);
	const ten = (next) => Array.from({ length: 10 }, next);
	const numbers = ten(a);
	assert.deepEqual(numbers, ten(b));
	assert.notDeepEqual(numbers, ten(c));
	assert.ok(numbers.every((n) => n >= 0 && n < 1));
});
