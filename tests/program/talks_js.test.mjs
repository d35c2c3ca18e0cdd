// What a user's tabs keep of their conversations (static/talks.js, static/lines.js): two tabs that share a storage.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newLine } from "../../static/lines.js";
import { Talks } from "../../static/talks.js";

const BOB = "bob@example.org";
const NOW = Date.parse("2026-11-29T12:00:00Z");
const DAY_MS = 86_400_000;

/** As much of localStorage as is used. full: nothing can be stored. */
class Shared {
	values = new Map();
	full = false;
	get length() {
		return this.values.size;
	}
	key(i) {
		return [...this.values.keys()][i] ?? null;
	}
	getItem(key) {
		return this.values.get(key) ?? null;
	}
	setItem(key, value) {
		if (this.full) throw new Error("full");
		this.values.set(key, value);
	}
	removeItem(key) {
		this.values.delete(key);
	}
}

function openTab(storage, { user = "u1", now = NOW } = {}) {
	const talks = new Talks({ storage, now: () => now });
	talks.open(user);
	return talks;
}

const line = (text, parts = {}) => newLine({ direction: "in", text, id: `id of ${text}`, time: new Date(NOW), ...parts });
const texts = (talks, jid = BOB) => talks.get(jid).lines.map(({ text }) => text);

/** Adds lines in a tab, and stores them. */
function say(talks, ...lines) {
	for (const each of lines) talks.add(talks.get(BOB), each);
	talks.flush();
}

/** Tells a tab that another one has changed what is stored. */
const hear = (talks, storage) => [...storage.values.keys()].forEach((key) => talks.hear(key));

test("the next page has the lines, the draft, the group chat and what is unread", () => {
	const storage = new Shared();
	const page = openTab(storage);
	say(page, line("one"), line("two"));
	page.write(page.get(BOB), "half a sent");
	Object.assign(page.get("tea@rooms.example.org"), { nick: "alice" });
	page.save(page.get("tea@rooms.example.org"));
	page.mark = "m2";
	page.flush();
	const next = openTab(storage);
	assert.deepEqual(texts(next), ["one", "two"]);
	assert.deepEqual([next.get(BOB).draft, next.unread(next.get(BOB)), next.mark], ["half a sent", 2, "m2"]);
	assert.equal(next.get("tea@rooms.example.org").nick, "alice");
	assert.deepEqual(texts(openTab(storage, { user: "u2" })), []);
	assert.equal(storage.length, 0, "nothing of the former user remains");
});

test("two tabs that hear the same have it once; what is read in one is read in both", () => {
	const storage = new Shared();
	const [a, b] = [openTab(storage), openTab(storage)];
	say(a, line("one"));
	say(b, line("one"), line("two"));
	hear(a, storage);
	assert.deepEqual([texts(a), texts(b)], [["one", "two"], ["one", "two"]]);
	assert.equal(a.unread(a.get(BOB)), 2);
	a.see(a.get(BOB));
	say(b, line("three"));
	a.flush();
	hear(b, storage);
	assert.equal(b.unread(b.get(BOB)), 1);
	assert.deepEqual(texts(openTab(storage)), ["one", "two", "three"]);
});

test("what this user has answered is read, wherever it was written", () => {
	const talks = openTab(new Shared());
	say(talks, line("a question"), line("an answer", { direction: "out", time: new Date(NOW + 1) }), line("thanks", { time: new Date(NOW + 2) }));
	assert.equal(talks.unread(talks.get(BOB)), 1);
});

test("copies of a message: by its id, else by its text and time", () => {
	const later = { time: new Date(NOW + 4_000) };
	const table = [
		[line("ok"), line("ok", later), false],
		[line("ok"), line("ok", { id: "another" }), true],
		[line("ok"), line("ok", { id: "", ...later }), false],
		[line("ok"), line("ok", { id: "", time: new Date(NOW + 6_000) }), true],
		[line("ok"), line("ok", { direction: "out" }), true],
		[line("ok", { author: "alice" }), line("ok", { author: "alice", direction: "out" }), false],
		[line("ok", { author: "alice" }), line("ok", { author: "carol" }), true],
	];
	for (const [first, second, isNew] of table) {
		const talks = openTab(new Shared());
		say(talks, first);
		assert.equal(talks.add(talks.get(BOB), second), isNew, JSON.stringify(second));
	}
});

test("a correction replaces the text; only the sender's, and the old text does not come back", () => {
	const talks = openTab(new Shared());
	say(talks, line("helo", { id: "m1" }));
	assert.equal(talks.add(talks.get(BOB), line("hello", { id: "m2" }), "m1"), false);
	assert.equal(talks.add(talks.get(BOB), line("helo", { id: "m1" })), false);
	assert.deepEqual(texts(talks), ["hello"]);
	assert.equal(talks.get(BOB).lines[0].edited, true);
	talks.add(talks.get(BOB), line("mine", { id: "m3", direction: "out" }), "m1");
	assert.deepEqual(texts(talks), ["hello", "mine"]);
});

test("a message that may be lost is known as sent when a copy of it comes", () => {
	const talks = openTab(new Shared());
	const own = (fate) => line("on its way", { direction: "out", fate });
	say(talks, own("unsent"));
	say(talks, own("pending"));
	assert.equal(talks.get(BOB).lines[0].fate, "unsent");
	say(talks, own(""));
	say(talks, own("unsent"));
	assert.equal(talks.get(BOB).lines[0].fate, "");
	assert.equal(talks.findSent("id of on its way").talk.jid, BOB);
});

test("lines are in the order of their times", () => {
	const talks = openTab(new Shared());
	say(talks, line("b", { time: new Date(NOW + 2) }), line("c", { time: new Date(NOW + 2) }), line("a", { time: new Date(NOW) }));
	assert.deepEqual(texts(talks), ["a", "b", "c"]);
});

test("what is kept is bounded: lines, characters, conversations, time", () => {
	const storage = new Shared();
	const talks = openTab(storage);
	for (let i = 0; i < 150; i++) talks.add(talks.get(BOB), line(`line ${i}`, { time: new Date(NOW + i) }));
	talks.flush();
	assert.deepEqual([texts(openTab(storage)).length, texts(openTab(storage))[0]], [100, "line 50"]);
	for (let i = 0; i < 5; i++) say(talks, line(`${i}`.padEnd(8_000, "x"), { time: new Date(NOW + 1000 + i) }));
	assert.deepEqual(texts(openTab(storage)).map((text) => text[0]), ["2", "3", "4"]);
	for (let i = 0; i < 60; i++) {
		talks.add(talks.get(`user${i}@example.org`), line("hi"));
		talks.flush();
	}
	assert.equal(storage.length, 40);
	openTab(storage, { now: NOW + 31 * DAY_MS });
	assert.equal(storage.length, 0);
});

test("without a storage, with a full one, and after a log-out, it works and nothing is stored", () => {
	const full = Object.assign(new Shared(), { full: true });
	for (const storage of [null, full]) {
		const talks = openTab(storage);
		say(talks, line("one"));
		assert.deepEqual(texts(talks), ["one"]);
	}
	const storage = new Shared();
	const talks = openTab(storage);
	talks.add(talks.get(BOB), line("one"));
	talks.close();
	talks.flush();
	talks.mark = "m1";
	assert.equal(storage.length, 0);
});
