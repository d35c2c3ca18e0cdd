// What a user's tabs keep of their conversations (static/talks.js, static/lines.js, static/messages.js): two tabs that share a storage.
import assert from "node:assert/strict";
import { test } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { Archive } from "../../static/archive.js";
import { Displayed } from "../../static/displayed.js";
import { newLine } from "../../static/lines.js";
import { Messages } from "../../static/messages.js";
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

test("a tab that overwrites what it has not seen is corrected, once", () => {
	const KEY = `prebind-talk u1 ${BOB}`;
	const changes = {
		"what is read": (a) => a.see(a.get(BOB)),
		"a message": (a) => a.add(a.get(BOB), line("two", { time: new Date(NOW + 1) })),
		"a draft": (a) => a.write(a.get(BOB), "half a sent"),
		"a message's fate": (a) => Object.assign(a.get(BOB).lines[0], { fate: "delivered" }) && a.save(a.get(BOB)),
	};
	for (const [what, change] of Object.entries(changes)) {
		const storage = new Shared();
		const [a, b] = [openTab(storage), openTab(storage, { now: NOW - 1 })];
		say(b, line("one"));
		hear(a, storage);
		const stale = storage.getItem(KEY);
		change(a);
		a.flush();
		const known = JSON.stringify(JSON.parse(storage.getItem(KEY)).lines);
		storage.setItem(KEY, stale); // by the other tab
		hear(a, storage);
		a.flush();
		assert.equal(JSON.stringify(JSON.parse(storage.getItem(KEY)).lines), known, what);
		hear(b, storage);
		b.flush();
		assert.equal(b.get(BOB).draft, a.get(BOB).draft, what);
		assert.equal(b.unread(b.get(BOB)), a.unread(a.get(BOB)), what);
	}
});

test("a tab that overwrites what a page stored as it was left stores it again when it is told", () => {
	const KEY = `prebind-talk u1 ${BOB}`;
	const storage = new Shared();
	const [left, other] = [openTab(storage), openTab(storage)];
	say(left, line("one"));
	hear(other, storage);
	const stale = storage.getItem(KEY);
	say(left, line("two", { time: new Date(NOW + 1) }));
	left.write(left.get(BOB), "half a sent");
	left.flush();
	const told = storage.getItem(KEY);
	storage.setItem(KEY, stale); // by the other tab, to which the browser has not yet told of that
	other.see(other.get(BOB));
	other.flush();
	other.hear(KEY, told);
	other.flush();
	const next = openTab(storage);
	assert.equal(next.get(BOB).draft, "half a sent");
	assert.deepEqual(texts(next), ["one", "two"]);
	assert.equal(next.get(BOB).lines[0].seen, true);
	const stored = storage.getItem(KEY);
	other.hear(KEY, told);
	other.flush();
	assert.equal(storage.getItem(KEY), stored, "once");
	other.hear(KEY, "not JSON");
	assert.deepEqual(texts(other), ["one", "two"]);
});

test("two tabs that hear the messages at different times have them in one order", () => {
	const storage = new Shared();
	const [a, b] = [openTab(storage), openTab(storage)];
	const at = (text, ms) => line(text, { time: new Date(NOW + ms) });
	say(a, at("one", 5));
	say(b, at("one", 1), at("two", 2));
	a.add(a.get(BOB), at("three", 9));
	hear(a, storage);
	a.flush();
	hear(b, storage);
	for (const tab of [a, b, openTab(storage)]) assert.deepEqual(texts(tab), ["one", "two", "three"]);
});

test("two tabs that guess differently do not go on correcting each other", () => {
	const storage = new Shared();
	const [a, b] = [openTab(storage), openTab(storage)];
	say(a, line("one", { direction: "out", fate: "pending" }));
	hear(b, storage);
	b.get(BOB).lines[0].fate = "unsent";
	let writes = 0;
	storage.setItem = (key, value) => ++writes && storage.values.set(key, value);
	b.save(b.get(BOB));
	for (let i = 0; i < 5; i++) for (const tab of [b, a]) {
		tab.flush();
		hear(tab, storage);
	}
	assert.equal(writes, 1);
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
	assert.equal(talks.add(talks.get(BOB), line("hello", { id: "m2" }), { replaces: "m1" }), false);
	assert.equal(talks.add(talks.get(BOB), line("helo", { id: "m1" })), false);
	assert.deepEqual(texts(talks), ["hello"]);
	assert.equal(talks.get(BOB).lines[0].edited, true);
	talks.add(talks.get(BOB), line("mine", { id: "m3", direction: "out" }), { replaces: "m1" });
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
	say(talks, line("b", { time: new Date(NOW + 2) }), line("c", { time: new Date(NOW + 2) }), line("a", { time: new Date(NOW + 1) }));
	assert.deepEqual(texts(talks), ["a", "b", "c"]);
});

test("an archive that knows only the second does not change the order", async (t) => {
	const second = (text, archiveId) => ({ ...message(text, archiveId), time: new Date(NOW) });
	const table = [
		[["one", "two"], ["two"]],
		[["two"], ["one", "two"]],
		[["one", "three"], ["one", "two", "three"]],
		[["three"], ["one", "two", "three"]],
		[["one"], ["two", "three"]],
	];
	for (const [live, archived] of table) {
		clockOf(t).forget();
		const page = openPage(t, markedAt("a0"));
		for (const [i, text] of live.entries())
			page.messages.arrived({ ...message(text, ""), time: new Date(NOW + 400 + i) });
		page.messages.ready(false);
		page.catchUps[0].answer({ messages: archived.map((text) => second(text, `a ${text}`)), last: "a9", complete: true });
		await settled();
		const all = ["one", "two", "three"].filter((text) => [...live, ...archived].includes(text));
		assert.deepEqual(page.talk().lines.map(({ text }) => text), all, JSON.stringify([live, archived]));
	}
});

test("what comes while the archive is asked stays after what the archive has of the same second", async (t) => {
	for (const archived of [["one", "two"], ["one", "two", "three"]]) {
		clockOf(t).forget();
		const page = openPage(t, markedAt("a0"));
		page.messages.ready(false);
		page.messages.arrived({ ...message("three", ""), time: new Date(NOW + 400) });
		page.catchUps[0].answer({ messages: archived.map((text) => ({ ...message(text, `a ${text}`), time: new Date(NOW) })), last: "a9", complete: true });
		await settled();
		assert.deepEqual(page.talk().lines.map(({ text }) => text), ["one", "two", "three"]);
	}
});

test("a line whose exact time another tab knows stays before what the archive has after it", () => {
	const talks = openTab(new Shared());
	say(talks, ...["one", "two", "three"].map((text) => line(text, { archiveId: `a ${text}` })));
	for (const [i, text] of ["one", "two"].entries()) {
		say(talks, line(text, { time: new Date(NOW + 200 * (i + 1)) }));
		assert.deepEqual(texts(talks), ["one", "two", "three"]);
	}
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

test("earlier lines push none out; new ones do, and the archive's id of the oldest that is left is known", () => {
	const storage = new Shared();
	const talks = openTab(storage);
	const at = (i, parts) => line(`line ${i}`, { time: new Date(NOW + i), archiveId: `a${i}`, ...parts });
	const talk = talks.get(BOB);
	for (let i = 0; i < 1000; i++) talks.add(talk, at(i));
	for (let i = -1; i >= -30; i--) talks.add(talk, at(i));
	assert.deepEqual([talk.lines.length, texts(talks)[0], talk.cut], [1030, "line -30", null]);
	talks.add(talk, at(1000));
	assert.deepEqual([talk.lines.length, texts(talks)[0], talk.cut], [931, "line 70", "a70"]);
	talks.flush();
	assert.equal(openTab(storage).get(BOB).cut, null, "the next page has removed nothing yet");
});

test("a line without an archive's id gets it from its copy there", () => {
	const talks = openTab(new Shared());
	say(talks, line("hi", { direction: "out" }), line("hi", { direction: "out", archiveId: "a1" }));
	assert.deepEqual(talks.get(BOB).lines.map(({ archiveId }) => archiveId), ["a1"]);
});

// ---- messages.js ----

const MARK = "prebind-mark u1";
const USER = "alice@example.org";
const markIn = (storage) => JSON.parse(storage.getItem(MARK))?.mark ?? null;
const message = (text, archiveId) => ({
	kind: "chat", peer: BOB, direction: "in", from: `${BOB}/x`, body: text, id: `id of ${text}`, archiveId, time: new Date(), replaces: "",
});

const clocks = new WeakMap();

/** A clock of the test's own, which stands at NOW. Node 18's mock timers have no Date. */
function clockOf(t) {
	if (clocks.has(t))
		return clocks.get(t);
	const real = { Date, setTimeout, clearTimeout };
	const timers = new Map();
	let now = NOW, last = 0;
	globalThis.Date = class extends real.Date {
		constructor(...args) {
			super(...(args.length === 0 ? [now] : args));
		}
		static now() {
			return now;
		}
	};
	globalThis.setTimeout = (run, ms = 0) => timers.set(++last, { run, at: now + ms }) && last;
	globalThis.clearTimeout = (id) => timers.delete(id);
	t.after(() => Object.assign(globalThis, real));
	const clock = {
		/** The page is gone, and its timers with it. */
		forget: () => timers.clear(),
		tick(ms) {
			const until = now + ms;
			for (;;) {
				const next = [...timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
				if (!next)
					break;
				timers.delete(next[0]);
				now = Math.max(now, next[1].at);
				next[1].run();
			}
			now = until;
		},
	};
	clocks.set(t, clock);
	return clock;
}

/** A page's messages. catchUps: its questions to the archive, oldest first. */
function openPage(t, storage, resource = "r1", displayed = null) {
	Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true, writable: true });
	clockOf(t);
	const catchUps = [];
	let sent = 0;
	const chat = {
		connection: { jid: `${USER}/${resource}` },
		send: (to, text, id) => id ?? `${resource}-${++sent}`,
		catchUp: (after) => new Promise((answer) => catchUps.push({ after, answer })),
		history: async () => pages.shift() ?? null,
		displayed: async () => displayed,
		tellDisplayed: (peer, id) => told.push([peer, id]),
	};
	const told = [];
	const pages = []; // of the archive, for one conversation
	const contacts = new Map();
	const contactOf = (jid) => contacts.get(jid) ?? contacts.set(jid, { jid, lockedTo: jid, room: false }).get(jid);
	const messages = new Messages({ chat, contactOf, inSight: () => false, draw: () => {}, announce: () => {} });
	messages.open("u1");
	const talk = () => messages.talk(contactOf(BOB));
	return { catchUps, pages, told, contact: contactOf(BOB), contactOf, messages, talk };
}

/** The event loop goes round: what was answered has been read. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A storage whose mark is at this message of the archive. */
function markedAt(mark) {
	const storage = new Shared();
	storage.setItem(MARK, JSON.stringify({ mark, at: NOW }));
	return storage;
}

test("what a catch-up could not read is asked for again by the next session, whatever comes live meanwhile", async (t) => {
	const failures = [null, { messages: [message("two", "a2")], last: "a2", complete: false }];
	for (const failure of failures) {
		clockOf(t).forget();
		const storage = markedAt("a1");
		const page = openPage(t, storage);
		page.messages.ready(false);
		page.messages.arrived(message("four", "a4"));
		page.catchUps[0].answer(failure);
		await settled();
		page.messages.arrived(message("five", "a5"));
		const known = failure?.last ?? "a1";
		assert.equal(markIn(storage), known);
		page.messages.ready(true);
		assert.equal(page.catchUps[1].after, known);
		page.catchUps[1].answer({ messages: [message("three", "a3")], last: "a5", complete: true });
		await settled();
		assert.equal(markIn(storage), "a5");
		page.messages.arrived(message("six", "a6"));
		assert.equal(markIn(storage), "a6");
		assert.ok(page.talk().lines.some(({ text }) => text === "three"));
	}
});

test("without an archive, the page forgets lines that the conversation has removed", async (t) => {
	v8.setFlagsFromString("--expose-gc");
	const page = openPage(t, new Shared());
	const arrive = (text) => page.messages.arrived(message(text, ""));
	const watched = () => new WeakRef(page.talk().lines.at(-1));
	page.messages.ready(false);
	page.messages.ready(true);
	arrive("while two queries run");
	const refs = [watched()];
	page.catchUps[1].answer(null);
	page.catchUps[0].answer(null);
	await settled();
	arrive("after them");
	refs.push(watched());
	for (let i = 0; i < 1000; i++) arrive(`later ${i}`);
	assert.ok(page.talk().lines[0].text.startsWith("later"));
	await settled(); // a WeakRef holds its object until the turn ends
	vm.runInNewContext("gc")();
	assert.deepEqual(refs.map((ref) => ref.deref()?.text), [undefined, undefined]);
});

test("a query to the archive that fails leaves the lines of a later query in their place", async (t) => {
	const page = openPage(t, markedAt("a1"));
	const second = { time: new Date(Math.floor(NOW / 1000) * 1000) };
	page.messages.ready(false);
	page.messages.ready(false);
	page.catchUps[0].answer(null);
	await settled();
	page.messages.arrived({ ...message("three", "a3"), ...second });
	page.catchUps[1].answer({ messages: [{ ...message("two", "a2"), ...second }], last: "a2", complete: true });
	await settled();
	assert.deepEqual(page.talk().lines.map(({ text }) => text), ["two", "three"]);
});

test("a browser that knows nothing yet counts as unread what was neither answered nor read elsewhere", async (t) => {
	const mine = { direction: "out", from: `${USER}/x` };
	const archived = [message("one", "a1"), { ...message("answer", "a2"), ...mine }, message("two", "a3"), message("three", "a4")];
	const table = [
		[null, ["two", "three"]],
		[new Map(), ["two", "three"]],
		[new Map([[BOB, "a3"]]), ["three"]],
		[new Map([[BOB, "a4"]]), []],
		[new Map([[BOB, "a1"]]), ["two", "three"]],
		[new Map([[BOB, "older than this page"]]), ["two", "three"]],
		[new Map([["carol@example.org", "a4"]]), ["two", "three"]],
	];
	for (const [displayed, unread] of table) {
		clockOf(t).forget();
		const page = openPage(t, new Shared(), "r1", displayed);
		page.messages.ready(false);
		page.catchUps[0].answer({ messages: archived, last: "a4", complete: true });
		await settled();
		await settled();
		assert.deepEqual(page.talk().lines.filter(({ seen }) => !seen).map(({ text }) => text), unread, JSON.stringify([...displayed ?? []]));
	}
});

test("a conversation that is opened out of sight reads the archive, and what is unread stays unread", async (t) => {
	const page = openPage(t, markedAt("a1"));
	page.messages.arrived(message("unread", "a2"));
	page.pages.push({ messages: [message("earlier", "a1"), message("unread", "a2")], first: "a1", last: "a2", complete: true });
	await page.messages.readEarlier(page.contact, "");
	assert.deepEqual(page.talk().lines.map(({ text, seen }) => [text, seen]), [["earlier", true], ["unread", false]]);
});

test("the server is told once what was read, and by the next page or tab not again", (t) => {
	const storage = new Shared();
	const page = openPage(t, storage);
	page.messages.arrived(message("one", "a1"));
	page.messages.arrived(message("two", "a2"));
	page.messages.see(page.contact);
	page.messages.see(page.contact);
	assert.deepEqual(page.told, [[BOB, "a2"]]);
	page.messages.flush();
	const next = openPage(t, storage);
	next.messages.see(next.contact);
	assert.deepEqual(next.told, []);
	next.messages.arrived(message("without an archive", ""));
	next.messages.see(next.contact);
	assert.deepEqual(next.told, []);
	next.messages.send(next.contact, "answer");
	next.messages.arrived(message("three", "a3"));
	next.messages.see(next.contact);
	assert.deepEqual(next.told, [[BOB, "a3"]]);
});

test("what was read is published one after the other, the newest only, until the server refuses", async () => {
	const stanza = new Proxy({}, { get: (_, name) => (name === "then" ? undefined : (...args) => published.push([name, ...args]) && stanza) });
	const answer = (type) => ({ getAttribute: () => type, children: [] });
	const published = [];
	const waiting = [];
	const displayed = new Displayed({
		ask: () => new Promise((resolve) => waiting.push((type) => resolve(answer(type)))), build: () => ({ $iq: () => stanza }), own: () => USER,
	});
	const ids = () => published.filter(([, name]) => name === "stanza-id").map(([, , { id }]) => id);
	for (const id of ["a1", "a2", "a3"]) displayed.publish(BOB, id);
	assert.deepEqual([ids(), waiting.length], [["a1"], 1]);
	waiting[0]("result");
	await settled();
	assert.deepEqual([ids(), waiting.length], [["a1", "a3"], 2]);
	displayed.publish(BOB, "a4");
	for (const at of [1, 2, 3]) { // it also refuses to make the list, with either setting
		waiting[at]("error");
		await settled();
	}
	displayed.publish(BOB, "a5");
	assert.deepEqual([ids(), waiting.length], [["a1", "a3"], 4]);
});

test("a resumed session asks the archive too; a message before its answer does not move the mark", async (t) => {
	const storage = markedAt("a1");
	const page = openPage(t, storage);
	page.messages.arrived(message("three", "a3"));
	page.messages.ready(true);
	assert.deepEqual([page.catchUps.length, page.catchUps[0]?.after, markIn(storage)], [1, "a1", "a1"]);
});

test("of two catch-ups that overlap, the later one moves the mark, and both add their messages", async (t) => {
	const storage = markedAt("a1");
	const page = openPage(t, storage);
	page.messages.ready(false);
	page.messages.ready(false);
	page.catchUps[0].answer({ messages: [message("two", "a2")], last: "a2", complete: true });
	await settled();
	page.messages.arrived(message("four", "a4"));
	assert.equal(markIn(storage), "a1");
	page.catchUps[1].answer({ messages: [message("three", "a3")], last: "a3", complete: true });
	await settled();
	assert.equal(markIn(storage), "a4");
	assert.deepEqual(page.talk().lines.map(({ text }) => text).sort(), ["four", "three", "two"]);
});

test("a page of the archive that fails is told, and the end that was reached stays known", async () => {
	const el = (name, attributes, ...children) => ({
		localName: name, namespaceURI: attributes.xmlns, children: children.filter((each) => each.localName),
		textContent: children.join(""), getAttribute: (key) => attributes[key] ?? null,
	});
	const fin = (first, last, complete) => el("iq", {}, el("fin", { xmlns: "urn:xmpp:mam:2", complete },
		el("set", { xmlns: "http://jabber.org/protocol/rsm" }, ...(first ? [el("first", {}, first), el("last", {}, last)] : []))));
	const stanza = new Proxy({}, { get: (_, name) => (name === "then" ? undefined : () => stanza) });
	const refused = (condition) => el("iq", {}, el("error", {}, el(condition, {})));
	const table = [
		[[fin("a2", "a9"), null], { last: "a9", complete: false }],
		[[fin("a2", "a9"), fin("b1", "b5", "true")], { last: "b5", complete: true }],
		[[fin("a2", "a9"), fin("", "", "true")], { last: "a9", complete: true }],
		[[fin("a2", "a9"), refused("item-not-found")], { last: "a9", complete: false }],
		[[refused("item-not-found"), fin("c1", "c9")], { last: "c9", complete: true }], // that message is gone: the newest page
		[[refused("item-not-found"), refused("item-not-found")], null],
		[[refused("internal-server-error"), fin("c1", "c9")], null], // the next session asks again after the same message
		[[null, fin("c1", "c9")], null],
	];
	for (const [answers, expected] of table) {
		const archive = new Archive({ ask: async () => answers.shift(), build: () => ({ $iq: () => stanza }) });
		const news = await archive.since("a1");
		assert.deepEqual(news && { last: news.last, complete: news.complete }, expected);
	}
});

test("a message to a group chat is on its way until the room sends it back, to any tab", (t) => {
	const ROOM = "tea@rooms.example.org";
	const back = (id, direction, text = "tea?") => ({
		...message(text, ""), kind: "room", peer: ROOM, from: `${ROOM}/alice`, direction, id, time: new Date(),
	});
	const table = [
		["it comes back", (page) => page.messages.arrived(back("r1-1", "out"))],
		["the server's word is enough", (page) => page.messages.setFate(["r1-1"], "")],
		["another tab, which has another nick, hears it first", (page, room, storage) => {
			const tab = openPage(t, storage, "r2");
			tab.messages.arrived(back("r1-1", "in"));
			tab.messages.flush();
			page.messages.hear(`prebind-talk u1 ${ROOM}`);
		}],
	];
	for (const [what, settle] of table) {
		const storage = new Shared();
		const page = openPage(t, storage, "r1");
		const room = page.contactOf(ROOM);
		room.room = { state: "joined", people: [] };
		page.messages.setNick(room, "alice");
		page.messages.send(room, "tea?");
		page.messages.flush();
		const lines = () => page.messages.talk(room).lines.map(({ text, fate, author }) => [text, fate, author]);
		assert.deepEqual(lines(), [["tea?", "pending", "alice"]], what);
		settle(page, room, storage);
		assert.deepEqual(lines(), [["tea?", "", "alice"]], what);
		page.messages.arrived(back("r1-1", "out"));
		assert.equal(lines().length, 1, what);
	}
});

test("a resumed session settles its own pending lines only; another tab's are given up when they are old", async (t) => {
	const storage = new Shared();
	const own = openPage(t, storage, "r1");
	own.messages.send(own.contact, "mine");
	own.messages.flush();
	clockOf(t).forget();
	const tab = openPage(t, storage, "r2");
	tab.messages.send(tab.contact, "the other tab's");
	tab.messages.flush();
	clockOf(t).forget();
	const next = openPage(t, storage, "r1");
	next.messages.ready(true);
	const fates = () => Object.fromEntries(next.talk().lines.map(({ text, fate }) => [text, fate]));
	assert.deepEqual(fates(), { mine: "", "the other tab's": "pending" });
	clockOf(t).tick(30_000);
	assert.deepEqual(fates(), { mine: "", "the other tab's": "unsent" });
});
