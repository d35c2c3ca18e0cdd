// Which group chats the server keeps: XEP-0402, private XML, or none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bookmarks } from "../../static/bookmarks.js";

const TEA = "tea@rooms.example.org";

/** As much of a DOM element as reading needs. */
const el = (localName, attributes = {}, ...children) => ({
	localName,
	namespaceURI: attributes.xmlns,
	children: children.filter((inner) => typeof inner !== "string"),
	textContent: children.filter((inner) => typeof inner === "string").join(""),
	getAttribute: (name) => attributes[name] ?? null,
});

/** A builder that remembers every element as [name, attributes, text]. */
function build(attributes) {
	const stanza = { elements: [["iq", attributes, ""]] };
	stanza.c = (name, given = {}) => (stanza.elements.push([name, given, ""]), stanza);
	stanza.cnode = (node) => (stanza.elements.push([node.localName, { jid: node.getAttribute("jid") }, node.textContent]), stanza);
	stanza.t = (text) => ((stanza.elements.at(-1)[2] = text), stanza);
	stanza.up = () => stanza;
	stanza.find = (name) => stanza.elements.find(([each]) => each === name);
	return stanza;
}

/**
 * @param {(kind: string) => any} answer kind: the first element of the request, after its type
 * @param {(iq: any) => any} [answerSet]
 */
function start(answer, answerSet = () => el("iq", { type: "result" })) {
	const asked = [];
	const ask = async (iq) => {
		asked.push(iq);
		const [[, { type }], [name]] = iq.elements;
		return type === "set" ? answerSet(iq) : answer(name);
	};
	return { asked, bookmarks: new Bookmarks({ ask, build: () => ({ $iq: build }) }) };
}

const sets = (asked) => asked.filter((iq) => iq.elements[0][1].type === "set");
const error = (condition) => el("iq", { type: "error" }, el("error", {}, el(condition)));
const native = (...items) => el("iq", { type: "result" }, el("pubsub", { xmlns: "http://jabber.org/protocol/pubsub" }, el("items", {}, ...items)));
const stored = (...rooms) => el("iq", { type: "result" }, el("query", { xmlns: "jabber:iq:private" }, el("storage", { xmlns: "storage:bookmarks" }, ...rooms)));
const item = (id, attributes, ...inner) => el("item", { id }, el("conference", { xmlns: "urn:xmpp:bookmarks:1", ...attributes }, ...inner));

test("bookmarks of XEP-0402 are read, added and removed", async () => {
	const password = el("password", {}, "secret");
	const { asked, bookmarks } = start((kind) =>
		(kind === "pubsub" ? native(item(TEA, { autojoin: "true", name: "Tea" }, el("nick", {}, "Al")), item("b@rooms.example.org", {}, password)) : error("service-unavailable")));
	assert.deepEqual(await bookmarks.load(), [
		{ jid: TEA, name: "Tea", nick: "Al", autojoin: true, rest: [] },
		{ jid: "b@rooms.example.org", name: "", nick: "", autojoin: false, rest: [password] },
	]);
	await bookmarks.add({ jid: TEA, nick: "Al" });
	assert.equal(sets(asked).length, 0, "it is there");
	await bookmarks.add({ jid: "c@rooms.example.org", nick: "Al" });
	assert.equal(sets(asked)[0].find("item")[1].id, "c@rooms.example.org");
	assert.equal(sets(asked)[0].find("conference")[1].autojoin, "true");
	assert.deepEqual(sets(asked)[0].elements.filter(([, , text]) => text === "whitelist").length, 1, "only this user may read them");
	assert.equal(sets(asked)[0].find("field") && sets(asked)[0].elements.some(([, , text]) => text === "max"), true);
	await bookmarks.remove(TEA);
	assert.equal(sets(asked)[1].find("retract")[1].node, "urn:xmpp:bookmarks:1");
	await bookmarks.remove(TEA);
	assert.equal(sets(asked).length, 2);
	await bookmarks.add({ jid: "b@rooms.example.org", nick: "Al" });
	assert.equal(sets(asked)[2].find("password")[2], "secret", "what another client keeps there stays");
});

test("a server that refuses the settings gets the list first; nothing is put where others may read it", async () => {
	const values = (iq) => iq.elements.map(([, , text]) => text);
	const [done, refused] = [el("iq", { type: "result" }), error("resource-constraint")];
	const withSettings = (iq) => iq.find("publish") && iq.find("publish-options");
	const table = [
		["makes the list", (iq) => (withSettings(iq) || values(iq).includes("max") ? refused : done), ["publish", "create", "create", "publish"]],
		["has the list", (iq) => (withSettings(iq) ? error("precondition-not-met") : iq.find("create") ? error("conflict") : done), ["publish", "create", "publish"]],
		["refuses all", () => refused, ["publish", "create", "create"]],
		["takes it", () => done, ["publish"]],
	];
	for (const [what, answerSet, expected] of table) {
		const { asked, bookmarks } = start(() => native(), answerSet);
		await bookmarks.add({ jid: TEA, nick: "Al" });
		assert.deepEqual(sets(asked).map((iq) => (iq.find("create") ? "create" : "publish")), expected, what);
		if (expected.length === 4) assert.ok(values(sets(asked)[2]).includes("128"));
	}
});

/** Private XML, which the requests change. */
function privateXml(...children) {
	const now = { children };
	now.read = () => stored(...now.children);
	now.write = (iq) => {
		now.children = iq.elements.filter(([name]) => ["conference", "url"].includes(name)).map(([name, { jid }]) => el(name, { jid, autojoin: "true" }));
		return el("iq", { type: "result" });
	};
	now.jids = () => now.children.map((each) => each.getAttribute("jid") ?? each.localName);
	return now;
}

test("without XEP-0402 they are private XML, which is stored as a whole", async () => {
	const old = el("conference", { jid: TEA, autojoin: "1", name: "Tea" }, el("nick", {}, "Al"));
	const xml = privateXml(old, el("url", {}));
	const { bookmarks } = start((kind) => (kind === "pubsub" ? error("service-unavailable") : xml.read()), xml.write);
	assert.deepEqual((await bookmarks.load()).map(({ jid, nick }) => [jid, nick]), [[TEA, "Al"]]);
	await bookmarks.add({ jid: "c@rooms.example.org", nick: "Al" });
	assert.deepEqual(xml.jids(), [TEA, "url", "c@rooms.example.org"]);
	await bookmarks.remove(TEA);
	assert.deepEqual(xml.jids(), ["url", "c@rooms.example.org"]);
});

test("an account without XEP-0402 bookmarks takes over its older ones, and they do not come back", async () => {
	const xml = privateXml(el("conference", { jid: TEA, autojoin: "true" }), el("conference", { jid: "quiet@rooms.example.org" }));
	const set = (iq) => (iq.find("storage") ? xml.write(iq) : el("iq", { type: "result" }));
	const { asked, bookmarks } = start((kind) => (kind === "pubsub" ? error("item-not-found") : xml.read()), set);
	assert.equal((await bookmarks.load())[0].jid, TEA);
	await bookmarks.add({ jid: "c@rooms.example.org", nick: "Al" });
	const published = () => sets(asked).filter((iq) => iq.find("publish")).map((iq) => iq.find("item")[1].id);
	assert.deepEqual(published(), [TEA, "c@rooms.example.org"]);
	await bookmarks.remove(TEA);
	assert.deepEqual(xml.jids(), ["quiet@rooms.example.org"]);
});

test("a server that keeps none is asked only to read", async () => {
	const { asked, bookmarks } = start(() => error("service-unavailable"));
	await bookmarks.add({ jid: TEA, nick: "Al" });
	await bookmarks.remove(TEA);
	assert.equal(asked.length, 2);
	assert.equal(sets(asked).length, 0);
});
