// The parts of the browser side that need no page: what stanzas say, links, the archive, group chats, languages.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Archive } from "../../static/archive.js";
import { forgetAll, Handover } from "../../static/handover.js";
import { People } from "../../static/people.js";
import { mentions, Rooms } from "../../static/rooms.js";
import { readArchived, readMessage, readSeen, readSigns, roomCodes, typedJid } from "../../static/stanza.js";
import { Tabs } from "../../static/tabs.js";
import { fill } from "../../static/texts.js";
import { top } from "../lib/place.mjs";

globalThis.crypto ??= webcrypto; // browsers have it, Node 18 has not

/** As much of a DOM element as reading and building stanzas needs. */
class El {
	constructor(name, attributes = {}, ...children) {
		Object.assign(this, { localName: name, attributes, namespaceURI: attributes.xmlns, children: [], own: "" });
		for (const inner of children) {
			if (typeof inner === "string") this.own += inner;
			else this.children.push(inner);
		}
	}
	get textContent() {
		return this.own + this.children.map((inner) => inner.textContent).join("");
	}
	getAttribute(name) {
		return this.attributes[name] ?? null;
	}
}
const el = (name, attributes, ...children) => new El(name, attributes, ...children);

/** Strophe's builders: only the attributes of the first element, the archive's query id, and all text are remembered. */
const build = (name) => (attributes = {}) => {
	const stanza = { name, attributes, names: [], text: [] };
	stanza.c = (inner, given = {}) => {
		stanza.names.push(inner);
		return Object.assign(stanza, { last: given, query: given.queryid ?? stanza.query });
	};
	stanza.t = (text) => (stanza.text.push(text), stanza);
	stanza.up = () => stanza;
	return stanza;
};
const client = { $iq: build("iq"), $pres: build("presence"), $msg: build("message") };

const OWN = "alice@example.org";
const NOW = new Date("2026-11-22T12:00:00Z");

test("typing and receipts are read from messages of their own kind only", () => {
	const state = (name) => el(name, { xmlns: "http://jabber.org/protocol/chatstates" });
	const received = el("received", { xmlns: "urn:xmpp:receipts", id: "m1" });
	const displayed = el("displayed", { xmlns: "urn:xmpp:chat-markers:0", id: "m2" });
	const table = [
		[{ type: "chat" }, [state("composing")], { typing: true, received: "", displayed: "" }],
		[{ type: "chat" }, [state("paused")], { typing: false, received: "", displayed: "" }],
		[{ type: "chat" }, [state("active"), received], { typing: false, received: "m1", displayed: "" }],
		[{ type: "chat" }, [displayed], { typing: null, received: "", displayed: "m2" }],
		[{ type: "groupchat" }, [displayed], { typing: null, received: "", displayed: "" }],
		[{}, [received], { typing: null, received: "m1", displayed: "" }],
		[{ type: "groupchat" }, [state("composing"), received], { typing: null, received: "", displayed: "" }],
		[{ type: "error" }, [state("composing"), received], { typing: null, received: "", displayed: "" }],
		[{ type: "chat" }, [el("composing", { xmlns: "urn:x" })], { typing: null, received: "", displayed: "" }],
	];
	for (const [attributes, children, expected] of table)
		assert.deepEqual(readSigns(el("message", { from: "bob@example.org/x", ...attributes }, ...children)),
			{ peer: "bob@example.org", full: "bob@example.org/x", ...expected });
});

test("what this user has read elsewhere is believed from the user's own account only", () => {
	const marker = el("message", { xmlns: "jabber:client", to: "bob@example.org/x", from: `${OWN}/phone` },
		el("displayed", { xmlns: "urn:xmpp:chat-markers:0", id: "m1" }));
	const carbon = (from, way) => el("message", { from }, el(way, { xmlns: "urn:xmpp:carbons:2" },
		el("forwarded", { xmlns: "urn:xmpp:forward:0" }, marker)));
	assert.deepEqual(readSeen(carbon(OWN, "sent"), OWN), { peer: "bob@example.org", id: "m1" });
	assert.equal(readSeen(carbon("mallory@example.org", "sent"), OWN), null);
	assert.equal(readSeen(carbon(OWN, "received"), OWN), null);
	assert.equal(readSeen(marker, OWN), null);
});

test("an address without a domain is at the user's own", () => {
	const table = [
		[" Bob ", OWN, "bob@example.org"],
		["bob.smith", `${OWN}/tab`, "bob.smith@example.org"],
		["Bob@Elsewhere.example", OWN, "bob@elsewhere.example"],
		["bob@", OWN, "bob@"],
		["", OWN, ""],
		["bob", "", "bob"],
	];
	for (const [text, own, expected] of table) assert.equal(typedJid(text, own), expected);
});

test("a receipt is asked for by the message itself, not by a copy of it", () => {
	const request = el("request", { xmlns: "urn:xmpp:receipts" });
	const attributes = { xmlns: "jabber:client", from: "bob@example.org/x", to: OWN, type: "chat", id: "m1" };
	const message = el("message", attributes, el("body", {}, "hi"), request);
	assert.equal(readMessage(message, OWN, NOW).receipt, true);
	const carbon = el("message", { from: OWN }, el("received", { xmlns: "urn:xmpp:carbons:2" },
		el("forwarded", { xmlns: "urn:xmpp:forward:0" }, message)));
	assert.equal(readMessage(carbon, OWN, NOW).receipt, false);
});

function archived(from, to, owner = undefined) {
	const inner = el("message", { xmlns: "jabber:client", from, to, type: "chat", id: "m1" }, el("body", {}, "hi"));
	const delay = el("delay", { xmlns: "urn:xmpp:delay", stamp: "2026-11-20T08:00:00Z" });
	return el("message", owner ? { from: owner } : {}, el("result", { xmlns: "urn:xmpp:mam:2", queryid: "q1" },
		el("forwarded", { xmlns: "urn:xmpp:forward:0" }, delay, inner)));
}

test("the archive speaks for our own account only, and knows who wrote", () => {
	const { query, message } = readArchived(archived("bob@example.org/x", OWN), OWN, NOW);
	assert.equal(query, "q1");
	assert.deepEqual([message.direction, message.peer, message.time.toISOString()], ["in", "bob@example.org", "2026-11-20T08:00:00.000Z"]);
	const own = readArchived(archived(`${OWN}/y`, "bob@example.org"), OWN, NOW).message;
	assert.deepEqual([own.direction, own.peer], ["out", "bob@example.org"]);
	assert.equal(readArchived(archived("bob@example.org/x", OWN, "eve@example.org"), OWN, NOW).message, null);
	assert.equal(readArchived(el("message", {}), OWN, NOW), null);
});

/** A server with so many messages to read on each page of the archive. */
function archiveWith(pages) {
	const asked = [];
	const archive = new Archive({
		build: () => client,
		ask: async (iq) => {
			const before = iq.text[iq.text.length - 1];
			asked.push(before);
			const n = pages[asked.length - 1];
			for (let i = 0; i < n; i++) archive.onMessage({ query: iq.query, message: { body: `${asked.length}.${i}` } });
			const complete = asked.length === pages.length ? "true" : null;
			return el("iq", {}, el("fin", { xmlns: "urn:xmpp:mam:2", ...(complete && { complete }) },
				el("set", { xmlns: "http://jabber.org/protocol/rsm" }, el("first", {}, `id${asked.length}`))));
		},
	});
	return { archive, asked };
}

test("history: asked on until there is something to read, four times at most", async () => {
	const table = [[[30, 30], 1], [[2, 9, 30], 2], [[0, 0, 0, 0, 30], 4], [[3], 1]];
	for (const [pages, calls] of table) {
		const { archive, asked } = archiveWith(pages);
		const page = await archive.fetch("bob@example.org");
		assert.equal(asked.length, calls);
		assert.equal(page.messages.length, pages.slice(0, calls).reduce((a, b) => a + b));
		assert.equal(page.first, `id${calls}`);
		assert.equal(page.complete, calls === pages.length);
		assert.deepEqual(asked, ["", "id1", "id2", "id3"].slice(0, calls));
	}
	const none = new Archive({ build: () => client, ask: async () => null });
	assert.equal(await none.fetch("bob@example.org"), null);
});

function rooms({ setUp = () => false } = {}) {
	const [sent, asked, told, waiting] = [[], [], [], []];
	const all = new Rooms({ build: () => client, ask: async (iq) => (asked.push(iq), null), send: (stanza) => sent.push(stanza), nick: () => "alice", own: () => "a.lee", setUp, entered: () => {}, later: (run) => waiting.push(run),
		tell: (type, detail) => told.push(detail) });
	const presence = (resource, type, ...children) =>
		all.onPresence(el("presence", {}, ...children), { jid: "tea@rooms.example.org", resource, type });
	return { all, sent, asked, told, waiting, presence };
}
const self = el("x", { xmlns: "http://jabber.org/protocol/muc#user" }, el("status", { code: "110" }));

test("a group chat: entered once our own presence is back, left when it says so", () => {
	const { all, sent, told, presence } = rooms();
	all.join("tea@rooms.example.org");
	assert.equal(sent[0].attributes.to, "tea@rooms.example.org/alice");
	presence("bob", "available");
	assert.equal(told.length, 0);
	presence("alice", "available", self);
	const member = (nick) => ({ nick, role: "", affiliation: "" });
	assert.deepEqual(told.pop(), { jid: "tea@rooms.example.org", nick: "alice", name: "", state: "joined", muted: false, people: ["alice", "bob"],
		members: [member("alice"), member("bob")] });
	const item = (role, affiliation) => el("x", { xmlns: "http://jabber.org/protocol/muc#user" }, el("item", { role, affiliation }));
	presence("zoe", "available", item("moderator", "owner"));
	assert.deepEqual(told.pop().members.map(({ nick, affiliation }) => [nick, affiliation]), [["zoe", "owner"], ["alice", ""], ["bob", ""]]);
	presence("zoe", "unavailable");
	presence("alice", "available", item("visitor", "none"));
	assert.equal(told.pop().muted, true);
	const message = { peer: "tea@rooms.example.org", from: "tea@rooms.example.org/alice", direction: "in" };
	assert.equal(all.onMessage(message), true);
	assert.equal(message.direction, "out");
	assert.equal(all.onMessage({ peer: "tea@rooms.example.org", from: "tea@rooms.example.org" }), false);
	assert.equal(all.onMessage({ peer: "other@rooms.example.org", from: "other@rooms.example.org/x" }), false);
	presence("alice", "unavailable", self);
	assert.equal(told.pop().state, "left");
	assert.equal(all.has("tea@rooms.example.org"), false);
});

test("a new group chat is opened for others; what it says of itself makes no member", () => {
	const { all, asked, told, presence } = rooms();
	const created = el("x", { xmlns: "http://jabber.org/protocol/muc#user" }, el("status", { code: "201" }), el("status", { code: "110" }));
	all.join("tea@rooms.example.org");
	presence("", "available", el("c", { xmlns: "http://jabber.org/protocol/caps" })); // ejabberd
	presence("alice", "available", created);
	assert.deepEqual(told.pop().people, ["alice"]);
	assert.deepEqual(asked.map(({ attributes }) => attributes), [{ type: "set", to: "tea@rooms.example.org" }]);
	presence("alice", "available", self);
	assert.equal(asked.length, 1);
});

test("a new group chat of the site is set up by the site's rules", () => {
	const made = [];
	const { all, asked, presence } = rooms({ setUp: ({ jid, name }) => made.push([jid, name]) });
	all.join("tea@rooms.example.org", "", "Tea");
	presence("alice", "available", el("x", { xmlns: "http://jabber.org/protocol/muc#user" }, el("status", { code: "201" }), el("status", { code: "110" })));
	assert.deepEqual(made, [["tea@rooms.example.org", "Tea"]]);
	assert.equal(asked.length, 0);
});

test("who is blocked sees this user go, and come back; a stranger sees nothing", async () => {
	const log = [];
	const answers = [];
	const people = new People({
		build: () => client,
		ask: async (iq) => (log.push(iq.attributes.type), el("iq", { type: answers.shift() ?? "result" })),
		sees: (jid) => jid === "bob@example.org",
		sendPresence: ({ to, type = "available" }) => log.push(`${to} ${type}`),
	});
	await people.block("bob@example.org", true);
	assert.deepEqual(log.splice(0), ["bob@example.org unavailable", "set"]);
	await people.block("bob@example.org", false);
	assert.deepEqual(log.splice(0), ["set", "bob@example.org available"]);
	answers.push("error");
	assert.equal(await people.block("bob@example.org", true), false);
	assert.deepEqual(log.splice(0), ["bob@example.org unavailable", "set", "bob@example.org available"]);
	await people.block("mallory@example.org", true);
	assert.deepEqual(log.splice(0), ["set"]);
});

test("a mention is the whole name, without case, and also without its number", () => {
	const table = [["Alice: hi", "alice", true], ["hi ALICE!", "alice", true], ["malice", "alice", false], ["alices", "alice", false],
		["(alice-2)", "alice-2", true], ["Ann Lee?", "Ann Lee (alice)", true], ["Ann", "Ann Lee (alice)", false], ["alice?", "alice-2", true], ["alice3", "alice-2", false], ["Jörg, da?", "jörg", true],
		["a.b there", "a.b", true], ["aXb there", "a.b", false], ["a [b] c", "[b]", true], ["", "alice", false], ["anything", "", false]];
	for (const [text, nick, expected] of table) assert.equal(mentions(text, nick), expected, `${text} | ${nick}`);
});

test("the archive of a group chat is believed for that group chat only", () => {
	const room = "tea@rooms.example.org";
	const from = (by, sender, type = "groupchat") => readArchived(el("message", { from: by }, el("result", { xmlns: "urn:xmpp:mam:2", queryid: "q" },
		el("forwarded", { xmlns: "urn:xmpp:forward:0" }, el("message", { xmlns: "jabber:client", from: sender, type, id: "m" }, el("body", {}, "hi"))))), OWN, NOW);
	assert.equal(from(room, `${room}/bob`).message.peer, room);
	assert.equal(from("other@rooms.example.org", `${room}/bob`).message, null);
	assert.equal(from(room, `${room}/bob`, "chat").message, null);
	assert.equal(from(OWN, `${room}/bob`).message, null);
});

test("a taken name gets a number; a refusal is told", () => {
	const { all, sent, told, presence } = rooms();
	all.join("tea@rooms.example.org");
	presence("alice", "error", el("error", {}, el("conflict")));
	assert.equal(sent[1].attributes.to, "tea@rooms.example.org/alice-2");
	presence("alice-2", "error", el("error", {}, el("forbidden")));
	assert.equal(told.pop().state, "refused");
	assert.deepEqual(roomCodes(el("presence", {}, self)), ["110"]);
	all.join("tea@rooms.example.org");
	for (const nick of ["alice", "alice-2", "alice-3", "alice-4", "alice (a.lee)"]) {
		assert.equal(sent.at(-1).attributes.to, `tea@rooms.example.org/${nick}`);
		presence(nick, "error", el("error", {}, el("conflict")));
	}
	assert.equal(told.pop().state, "refused"); // and not the name of somebody else
});

test("a room that somebody else is just setting up is waited for, but not for ever", () => {
	const { all, sent, told, waiting, presence } = rooms();
	const locked = () => presence("alice", "error", el("error", {}, el("item-not-found")));
	all.join("tea@rooms.example.org");
	for (let i = 2; i <= 6; i++) {
		locked();
		waiting.pop()();
		assert.equal(sent.length, i);
	}
	assert.equal(told.length, 0);
	locked();
	assert.equal(told.pop().state, "refused");
	all.join("tea@rooms.example.org");
	locked();
	all.leave("tea@rooms.example.org");
	const before = sent.length;
	waiting.pop()();
	assert.equal(sent.length, before); // the user does not want in any more
});

test("what the tab's storage holds is taken once, whole, and not too late", async () => {
	const items = new Map();
	const storage = { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value), removeItem: (key) => items.delete(key) };
	let now = 0;
	const handover = new Handover({ storage, locks: null, now: () => now });
	const left = { user: "u1", session: { sid: "s", rid: 7, unanswered: [] }, state: null };
	handover.put(left);
	now = 60_000;
	assert.equal((await handover.take()).session.rid, 7);
	assert.equal(await handover.take(), null);
	handover.put(left);
	now = 120_001;
	assert.equal(await handover.take(), null);
	const stored = (session) => JSON.stringify({ user: "u1", at: now, lock: "l", session });
	items.set("prebind-session", stored(left.session));
	assert.equal((await handover.take()).session.sid, "s");
	const broken = [{ sid: 1, rid: 7, unanswered: [] }, { sid: "s", rid: 7 }, { sid: "s", rid: 7, unanswered: {} }];
	for (const rubbish of ["", "x", "null", "{}", ...broken.map(stored)]) {
		items.set("prebind-session", rubbish);
		assert.equal(await handover.take(), null, rubbish);
	}
	const full = new Handover({ storage: { ...storage, setItem: () => { throw new Error("full"); } }, locks: null, now: () => now });
	full.put(left);
	assert.equal(await new Handover({ storage: null, locks: null, now: () => now }).take(), null);
	forgetAll(); // there are no storages here, and that is no error
});

test("tabs believe a user's key only", () => {
	const heard = [];
	let channel;
	class Channel {
		constructor() {
			channel = this;
		}
		postMessage() {}
		close() {}
	}
	const tabs = new Tabs(Channel, { out: () => heard.push("out"), other: () => heard.push("other") });
	tabs.open("u1");
	for (const data of [null, "out", { type: "out", user: "u2" }, { type: "here", user: "u1" }, { type: "x" }]) channel.onmessage({ data });
	assert.deepEqual(heard, []);
	channel.onmessage({ data: { type: "here", user: "u2" } });
	channel.onmessage({ data: { type: "out", user: "u1" } });
	assert.deepEqual(heard, ["other", "out"]);
});

test("every language says everything, with the same gaps to fill", async () => {
	const folder = path.join(top, "static/lang");
	const modules = await Promise.all(fs.readdirSync(folder).map(async (file) => await import(path.join(folder, file))));
	const pages = fs.readdirSync(path.join(top, "templates/lang"))
		.map((file) => JSON.parse(fs.readFileSync(path.join(top, "templates/lang", file), "utf8")));
	for (const [first, ...others] of [modules.map((each) => each.default), modules.map(({ more }) => more), pages]) {
		assert.ok(others.length >= 2);
		for (const other of others) {
			assert.deepEqual(Object.keys(other).sort(), Object.keys(first).sort());
			for (const [key, text] of Object.entries(other)) {
				assert.ok(text.trim(), key);
				assert.deepEqual((text.match(/\{\w+\}/g) ?? []).sort(), (first[key].match(/\{\w+\}/g) ?? []).sort(), key);
			}
		}
	}
	assert.deepEqual(fs.readdirSync(folder).map((file) => path.parse(file).name),
		fs.readdirSync(path.join(top, "templates/lang")).map((file) => path.parse(file).name));
	assert.equal(fill("{a} and {b}", { a: 1, b: "x{a}" }), "1 and x{a}");
});

test("make install leaves every rule of the style sheets", async () => {
	const { execFileSync } = await import("node:child_process");
	const words = (text) => text.replace(/\/\*[\s\S]*?\*\//g, "").split(/\s+/).filter(Boolean);
	const sheets = fs.readdirSync(path.join(top, "static")).filter((name) => name.endsWith(".css"));
	assert.ok(sheets.length >= 3, sheets.join());
	for (const file of sheets) {
		const text = execFileSync("sed", ["-f", "static/strip.sed", `static/${file}`], { cwd: top, encoding: "utf8" });
		assert.deepEqual(words(text), words(fs.readFileSync(path.join(top, "static", file), "utf8")), file);
		assert.doesNotMatch(text, /^\s*\/\*/m, file);
	}
});

test("what make install leaves of the scripts is still a script", async () => {
	const { execFileSync, spawnSync } = await import("node:child_process");
	const scripts = fs.readdirSync(path.join(top, "static"));
	const built = (name) => scripts.includes(`${name}.map`); // installed as it is
	for (const file of scripts.filter((name) => name.endsWith(".js") && !built(name))) {
		const text = execFileSync("sed", ["-f", "static/strip.sed", `static/${file}`], { cwd: top, encoding: "utf8" });
		const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--check"], { input: text, encoding: "utf8" });
		assert.equal(status, 0, `${file}: ${stderr}`);
		assert.doesNotMatch(text, /@param|^\s*\/\//m, file);
	}
});
