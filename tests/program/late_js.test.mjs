// static/late.js: modules that did not load when a page first needed them. Node, like many browsers, answers a second import of
// the same URL with the first failure. A module that throws stands for one that did not arrive.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Place, top } from "../lib/place.mjs";

let place, late, texts;

before(async () => {
	place = new Place();
	place.write("package.json", '{ "type": "module" }');
	const copy = (name, folder = ".") => pathToFileURL(place.write(`${folder}/${name}`, fs.readFileSync(`${top}/static/${name}`, "utf8")));
	late = await import(copy("late.js"));
	for (const name of ["late.js", "lang/en.js"])
		copy(name, "english");
	place.write("english/more.js", 'export const texts = { en: { later: "later" }, de: { later: "später" } };');
	texts = copy("texts.js", "english");
});
after(() => place.close());

for (const [name, load] of [["more", () => late.importMore()], ["panel", () => late.importPanel()]]) {
	test(`${name}.js: each call tries again until it is loaded; then all calls return the same module`, async () => {
		place.write(`${name}.js`, 'throw new Error("cut off");');
		await Promise.all([load(), load()].map((loading) => assert.rejects(loading, /cut off/)));
		await assert.rejects(load(), /cut off/);
		place.write(`${name}.js`, "export const words = {};");
		const { words } = await load();
		assert.equal((await load()).words, words);
	});
}

test("a page in another language works in English if its texts do not load", async () => {
	globalThis.document = { documentElement: { lang: "de" } }; // this place has no lang/de.js
	const { TEXT, language, loadMore } = await import(texts);
	assert.equal(language, "de");
	assert.equal(TEXT.lost, (await import("../../static/lang/en.js")).default.lost);
	await loadMore();
	assert.equal(TEXT.later, "later", "not two languages in one page");
});
