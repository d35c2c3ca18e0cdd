// That `make pages-soak` sees what is lost, and repeats a run by its seed. tests/browser/page_changes.test.mjs runs a slice of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { faultIn, randomOf } from "../lib/page_changes.mjs";

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
