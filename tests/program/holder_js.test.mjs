// One session for all tabs of a user (static/holder.js, share.js, voice.js) without a browser: who holds it, what the
// others send and hear, and what happens when the holder is gone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "../lib/browser.mjs";
import { bodies, Clock, hide, make, MINE, namesOf, openPage, openTab, SESSION, Stanza } from "../lib/page.mjs";

/** Stanzas go from tab to tab as text. */
const revive = ({ name, attributes, text, inner }) => Object.assign(make(name, attributes, ...inner.map(revive)), { textContent: text });
const flatten = ({ localName, attributes, textContent, children }) => ({ name: localName, attributes, text: textContent, inner: children.map(flatten) });
const toText = (stanza) => JSON.stringify(flatten(stanza));

before(() => {
	globalThis.DOMParser = class {
		parseFromString(text) {
			return { documentElement: text.startsWith("{") ? revive(JSON.parse(text)) : new Stanza("body") };
		}
	};
	globalThis.XMLSerializer = class {
		serializeToString = toText;
	};
});
after(() => {
	delete globalThis.DOMParser;
	delete globalThis.XMLSerializer;
});

const clock = new Clock();
const bob = (id, text) => make("message", { from: "bob@example.org/x", to: "alice@example.org", type: "chat", id }, make("body").t(text));

/** Opens a page of the chat in a tab of its own. */
async function open(browser, options = {}) {
	const tab = browser.tab();
	const { locks, Channel } = tab;
	const page = openPage({ block: { ...MINE, sid: `s${Math.random()}` }, who: "u1", ...options, tab: { ...openTab(clock), locks, Channel, ...options.tab } });
	page.tab = tab;
	page.bosh.serialize = toText;
	page.sent = [];
	page.chat.addEventListener("sent", ({ detail }) => page.sent.push(...detail.ids));
	page.chat.start();
	await settle();
	return page;
}

/** What tabs tell each other takes a few turns of the event loop. */
async function settle() {
	for (let i = 0; i < 6; i++) await clock.settle();
}

/** An answer of the server to this request of the page. */
async function answer(page, rid, ...stanzas) {
	const connection = page.connection();
	connection._proto._requests = connection._proto._requests.filter((request) => request.rid !== rid);
	connection._dataRecv({ rid, getResponse: () => make("body", {}, ...stanzas) });
	await settle();
}

/** Strophe.js puts what waits into a request. */
async function leaveIn(page, rid) {
	const connection = page.connection();
	connection._proto._requests.push({ rid, data: `<body rid="${rid}"/>`, age: () => 0, sends: 0 });
	connection._proto._processRequest(connection._proto._requests.length - 1);
	connection.left(rid);
	await settle();
}

const messages = (page) => page.connection().sent.filter(({ localName }) => localName === "message").map(({ children }) => children[0].textContent);
const ids = (page) => page.named("message").map(({ id }) => id);

test("the second tab has no session of its own, ends the one that came with its page, and knows what the first knows", async () => {
	const browser = new Browser();
	const one = await open(browser);
	one.connection().receive(make("presence", { from: "bob@example.org/x" }));
	const two = await open(browser, { block: { ...MINE, sid: "own" } });
	assert.deepEqual([one.chat.state, two.chat.state], ["ready", "ready"]);
	assert.equal(two.bosh.connections.length, 0);
	assert.equal(two.binds.length, 0);
	assert.match(bodies(two)[0], /sid="own" type="terminate"/);
	assert.equal(two.chat.connection.jid, "alice@example.org/web-1");
	const [question] = one.connection().sent.slice(-1);
	assert.equal(question.children[0].namespaceURI, "jabber:iq:roster");
	const item = make("item", { jid: "bob@example.org", subscription: "both" });
	const roster = make("iq", { type: "result", id: question.getAttribute("id") }, make("query", { xmlns: "jabber:iq:roster" }, item));
	await answer(one, 1000, roster);
	assert.deepEqual(two.named("presence").map(({ jid }) => jid), ["bob@example.org"]);
	assert.ok(two.chat.roster.has("bob@example.org"));
});

test("each tab hears what arrives, once; only the holder answers for all", async () => {
	const browser = new Browser();
	const [one, two] = [await open(browser), await open(browser)];
	for (const page of [one, two]) page.chat.roster.set("bob@example.org", { jid: "bob@example.org", name: "", subscription: "both" });
	await leaveIn(one, 1000);
	const many = one.connection().sent.length;
	const asks = bob("m1", "hi").with(make("request", { xmlns: "urn:xmpp:receipts" }));
	await answer(one, 1000, asks, make("presence", { from: "bob@example.org", type: "subscribe" }));
	assert.deepEqual([ids(one), ids(two)], [["m1"], ["m1"]]);
	assert.deepEqual(namesOf(one.connection().sent.slice(many)), ["received", "presence"]);
});

test("what another tab sends leaves in the one session, and both are told when the server has it", async () => {
	const browser = new Browser();
	const [one, two] = [await open(browser), await open(browser)];
	const id = two.chat.send("bob@example.org", "from the second");
	await settle();
	assert.deepEqual(messages(one), ["from the second"]);
	await settle();
	assert.deepEqual([one.sent, two.sent], [[id], [id]], "the ping behind it was answered");
});

test("the holder crashes: the next tab goes on with the next rid, repeats what has no answer, and sends what nobody has sent, once", async () => {
	const browser = new Browser();
	const [one, two, three] = [await open(browser), await open(browser), await open(browser)];
	two.chat.send("bob@example.org", "left in a request");
	await settle();
	await leaveIn(one, 1000);
	one.tab.crash();
	three.chat.send("bob@example.org", "after the crash");
	await settle();
	await clock.advance(100);
	await settle();
	const { sid, rid } = two.connection();
	assert.deepEqual([sid, rid], [one.connection().sid, 1001]);
	assert.ok(bodies(two).includes('<body rid="1000"/>'), "repeated");
	assert.deepEqual(messages(two), ["after the crash"]);
	assert.equal(three.bosh.connections.length, 0);
	await answer(two, 1001, bob("m2", "still there?"));
	assert.deepEqual([ids(two), ids(three)], [["m2"], ["m2"]]);
	for (const page of [two, three]) assert.deepEqual([page.chat.state, page.named("lost"), page.named("unsent")], ["ready", [], []]);
});

test("the holder's page goes away: it gives the session to another tab and stores nothing; the last page ends it", async () => {
	const browser = new Browser();
	const [one, two] = [await open(browser), await open(browser)];
	hide(one);
	assert.equal(one.chat.state, "left");
	await settle();
	assert.equal(two.connection().sid, one.connection().sid);
	assert.equal(bodies(one).filter((body) => body.includes("terminate")).length, 0);
	assert.deepEqual(two.named("lost"), []);
	two.document.dispatchEvent(new Event("freeze"));
	assert.equal(bodies(two).filter((body) => body.includes("terminate")).length, 2, "its own spare session, and the one that it held");
	await settle();
	two.document.dispatchEvent(new Event("resume"));
	await settle();
	assert.equal(two.binds.length, 1);
});

test("other users and other sites of the same host have their own session", async () => {
	const browser = new Browser();
	const one = await open(browser);
	const other = await open(browser, { block: { ...MINE, user: "u2", jid: "bob@example.org/web-2" }, who: "u2" });
	const elsewhere = await open(browser, { base: "/other" });
	for (const page of [one, other, elsewhere]) assert.equal(page.bosh.connections.length, 1);
});

test("a log-out in any tab ends the session, and the tab waits for the server's answer", async () => {
	const browser = new Browser();
	const [one, two] = [await open(browser), await open(browser)];
	let done = false;
	const out = two.chat.logout().then(() => (done = true));
	await settle();
	assert.equal(one.connection().open, false);
	assert.equal(done, true);
	await out;
	assert.deepEqual([one.chat.state, two.chat.state], ["stopped", "stopped"]);
	const { held } = await two.tab.locks.query();
	assert.deepEqual(held, []);
});

test("the holder is gone before a log-out has reached it: the tab that logs out ends the session", async () => {
	const browser = new Browser();
	const [one, two] = [await open(browser), await open(browser)];
	one.tab.crash();
	const many = bodies(two).length;
	const out = two.chat.logout();
	await settle();
	await clock.advance(1_500);
	await out;
	assert.equal(two.bosh.connections.length, 0, "it does not go on with the session");
	assert.match(bodies(two).slice(many).join(), new RegExp(`sid="${one.connection().sid}" type="terminate"`));
	assert.equal(two.chat.state, "stopped");
});

test("a lost session is lost in all tabs, and one of them asks for another", async () => {
	const browser = new Browser();
	const [one, two] = [await open(browser), await open(browser)];
	one.bosh.answer = two.bosh.answer = () => null; // no answer any more
	const id = two.chat.send("bob@example.org", "into the void");
	await settle();
	one.bosh.answer = () => "pong";
	one.connection().fail(404);
	await settle();
	assert.deepEqual([one.chat.state, two.chat.state], ["lost", "lost"]);
	for (const page of [one, two]) assert.deepEqual(page.named("unsent"), [{ name: "unsent", ids: [id] }]);
	await clock.advance(10_000);
	await settle();
	assert.deepEqual([one.chat.state, two.chat.state], ["ready", "ready"]);
	assert.deepEqual([one.binds.length, two.binds.length], [1, 0]);
});

test("what comes with the first answer of another session, each tab hears once", async () => {
	const browser = new Browser();
	const [one, two] = [await open(browser), await open(browser)];
	one.bosh.answer = () => null;
	one.connection().fail(404);
	await clock.advance(10_000);
	await settle();
	await answer(one, 1000, make("presence", { from: "bob@example.org/x" }), bob("m1", "hi"));
	assert.deepEqual([one.chat.state, two.chat.state], ["ready", "ready"]);
	await answer(one, 1001, bob("m2", "and again"));
	for (const page of [one, two]) {
		assert.deepEqual(page.named("presence").map(({ jid }) => jid), ["bob@example.org"]);
		assert.deepEqual(ids(page), ["m1", "m2"]);
	}
});

test("a holder that does not answer loses the session to the tab that waits", async () => {
	const browser = new Browser();
	const one = await open(browser);
	for (const channel of one.tab.channels) channel.onmessage = () => {}; // it hangs
	const two = await open(browser);
	assert.notEqual(two.chat.state, "ready");
	await clock.advance(5_000);
	await settle();
	assert.equal(two.chat.state, "ready");
	assert.equal(two.bosh.connections.length, 1);
});

test("a holder that hung sends nothing with a rid that another tab may have used, and takes part again", async () => {
	const browser = new Browser();
	const { locks } = browser.tab();
	let wake;
	const woken = new Promise((resolve) => (wake = resolve));
	const slow = (...args) => locks.request(...args).catch((error) => woken.then(() => Promise.reject(error)));
	const one = await open(browser, { tab: { locks: { ...locks, request: slow } } });
	const two = await open(browser);
	await leaveIn(one, 1000);
	const { posted } = one.connection()._proto;
	assert.deepEqual(posted, [1000]);
	for (const channel of one.tab.channels) {
		const hear = channel.onmessage;
		channel.onmessage = (event) => !["ping", "holder", "say"].includes(event.data.type) && hear(event); // it hangs
	}
	two.document.dispatchEvent(new Event("visibilitychange"));
	await clock.advance(5_100);
	assert.equal(two.connection().rid, 1001);
	await leaveIn(one, 1001);
	assert.deepEqual(posted, [1000], "it asks the browser first");
	wake();
	await settle();
	assert.deepEqual([one.chat.state, two.chat.state], ["ready", "ready"]);
	assert.equal(one.chat.connection.jid, two.chat.connection.jid);
	await leaveIn(two, 1001);
	await clock.advance(10_000);
	await leaveIn(two, 1002);
	assert.deepEqual(two.connection()._proto.posted, [1001], "it asks again after a silence");
	await settle();
	two.connection()._proto._processRequest(1);
	assert.deepEqual(two.connection()._proto.posted, [1001, 1002]);
});

test("the page before goes late: the next one, which has looked for its session already, goes on with it", async () => {
	for (const block of [null, { ...MINE, sid: "own" }]) {
		const browser = new Browser();
		const { storage } = openTab(clock);
		const one = await open(browser, { block: { ...MINE, sid: "before" }, tab: { storage } });
		const { locks, Channel } = browser.tab();
		const two = openPage({ block, who: "u1", tab: { ...openTab(clock), storage, locks, Channel } });
		two.chat.start();
		hide(one);
		await settle();
		assert.deepEqual([two.chat.state, two.connection().sid, two.binds], ["ready", "before", []]);
		assert.deepEqual(bodies(two).filter((body) => body.includes("terminate")).map((body) => /sid="(\w+)"/.exec(body)[1]), block ? ["own"] : []);
		assert.equal(storage.getItem("prebind-session"), null, "taken");
	}
});

/** A page that comes with a session, in a tab with this storage. */
function come(storage, more) {
	const { locks, Channel } = new Browser().tab();
	const page = openPage({ block: { ...MINE, sid: "own" }, who: "u1", tab: { ...openTab(clock), storage, locks, Channel, ...more } });
	page.chat.start();
	return page;
}

function leaveFor(user, storage) {
	const session = { ...SESSION, sid: "theirs", rid: 7, url: "/http-bind", unanswered: [] };
	storage.setItem("prebind-session", JSON.stringify({ base: "/chat", user, session, state: {}, at: clock.now(), lock: "l" }));
}

test("what a page in another process has left is seen after its lock is free: who was online in this tab waits 100 ms for it", async () => {
	const online = () => {
		const { storage } = openTab(clock);
		storage.setItem("prebind-online", '"u1"');
		return storage;
	};
	const storage = online();
	const [late, none, early] = [come(storage), come(online()), come(online(), { navigation: new EventTarget() })];
	await settle();
	assert.deepEqual([late, none, early].map(({ chat }) => chat.state), ["attaching", "attaching", "ready"]);
	leaveFor("u1", storage);
	await clock.advance(5);
	await settle();
	assert.equal(late.connection().sid, "theirs");
	assert.equal(none.connection(), undefined);
	await clock.advance(100);
	await settle();
	assert.equal(none.connection().sid, "own");
});

test("the page before goes late, and was another user's: its session is ended", async () => {
	const { storage } = openTab(clock);
	const two = come(storage);
	leaveFor("u2", storage);
	await settle();
	assert.deepEqual([two.chat.state, two.connection().sid], ["ready", "own"]);
	assert.match(bodies(two)[0], /rid="7" sid="theirs" type="terminate"/);
});

test("where each tab has a session of its own, a hidden one ends it, and asks for another when it is seen", async () => {
	const page = await open(new Browser(), { tab: { locks: null } });
	assert.equal(page.chat.state, "ready");
	const turn = (visibilityState) => {
		page.document.visibilityState = visibilityState;
		page.document.dispatchEvent(new Event("visibilitychange"));
	};
	turn("hidden");
	await clock.advance(9_000);
	assert.equal(page.chat.state, "ready", "a short look at another tab costs nothing");
	await clock.advance(1_000);
	assert.match(bodies(page).at(-1), /terminate/);
	assert.deepEqual(page.named("lost"), [{ name: "lost", reason: "hidden", retryIn: null }]);
	turn("visible");
	await clock.advance(5_000);
	assert.equal(page.chat.state, "ready");
});
