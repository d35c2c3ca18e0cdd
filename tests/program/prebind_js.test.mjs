// The session's life in a page (static/prebind.js) without a browser: a Strophe.js that answers as told, a site that
// answers as told, and a clock that only the test moves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRid, parseSession } from "../../static/bind.js";
import { BindPace, retryAfterMs } from "../../static/pace.js";
import { cleanText, jidName, readMessage, readRoster } from "../../static/stanza.js";
import { bodies, Clock, hide, json, make, MINE, namesOf, NS_ROSTER, openPage, openTab, parserOf, readyPage, SESSION, STATUS } from "../lib/page.mjs";

// ---- the session's data ----

test("a rid is a decimal string with room to count on", () => {
	const max = Number.MAX_SAFE_INTEGER - 1_000_000;
	const good = { 0: 0, "0000000000000007": 7, 6062472: 6062472, [String(max)]: max };
	for (const [text, rid] of Object.entries(good)) assert.equal(parseRid(text), rid, text);
	const bad = ["", " 1", "1 ", "-1", "+1", "1.0", "1e3", "0x10", "١", String(max + 1), "9007199254740991"];
	bad.push("9999999999999999", "00000000000000001", 5, null, undefined, ["5"]);
	for (const text of bad) assert.equal(parseRid(text), null, JSON.stringify(text));
});

test("a session is taken whole or not at all", () => {
	const from = { page: "https://www.example.org/chat/", madeAt: 1000 };
	const good = parseSession(SESSION, from);
	assert.deepEqual(good, {
		jid: "alice@example.org/web-1",
		sid: "s1",
		rid: 1000,
		url: "https://www.example.org/http-bind",
		wait: 60,
		hold: 1,
		goodUntil: 9000,
	});
	const broken = [
		{ jid: "alice@example.org" }, { jid: "example.org/x" }, { jid: 5 }, { sid: "" }, { sid: null }, { rid: 1000 },
		{ bosh_url: "" }, { bosh_url: "javascript:alert(1)" }, { bosh_url: "data:,x" }, { bosh_url: "http://" },
	];
	for (const part of broken) assert.equal(parseSession({ ...SESSION, ...part }, from), null, JSON.stringify(part));
	for (const data of [null, undefined, "x", [], { bind: "required" }]) assert.equal(parseSession(data, from), null);
});

test("wait, hold and expires_in out of range become sane", () => {
	const from = { page: "https://www.example.org/", madeAt: 0 };
	const odd = parseSession({ ...SESSION, wait: 0, hold: 9, expires_in: -1 }, from);
	assert.deepEqual([odd.wait, odd.hold, odd.goodUntil], [60, 1, 8000]);
	const text = parseSession({ ...SESSION, wait: "30", hold: "2", expires_in: 1 }, from);
	assert.deepEqual([text.wait, text.hold, text.goodUntil], [30, 2, 1000]);
});

test("Retry-After in seconds and as a date", () => {
	const now = Date.parse("Sun, 22 Nov 2026 13:00:00 GMT");
	const table = [
		["0", 0], ["7", 7000], [" 7 ", 7000], ["86400", 3_600_000], ["Sun, 22 Nov 2026 13:00:05 GMT", 5000],
		["Sun, 22 Nov 2026 12:00:00 GMT", 0], ["soon", 0], ["-5", 0], ["", 0], [null, 0],
	];
	for (const [value, ms] of table) assert.equal(retryAfterMs(value, now), ms, String(value));
});

// ---- the pace ----

test("the back-off doubles, has an upper end, and is forgotten after a good session", () => {
	let now = 0;
	const pace = new BindPace({ now: () => now, random: () => 0 });
	const waits = [];
	for (let i = 0; i < 6; i++) {
		pace.bound();
		pace.failed();
		waits.push(pace.wait() / 1000);
		now += pace.wait();
	}
	assert.deepEqual(waits, [5, 10, 20, 40, 60, 60]);
	pace.bound();
	now += 31_000;
	pace.ended(30_000, false);
	assert.equal(pace.wait(), 0);
	pace.ended(29_999, false);
	assert.equal(pace.wait(), 5000, "a session that lived so short counts as a failure");
});

test("nobody is faster than five a minute, nor than a server's Retry-After", () => {
	let now = 0;
	const pace = new BindPace({ now: () => now, random: () => 0 });
	for (let i = 0; i < 5; i++) {
		pace.bound();
		now += 5000;
	}
	assert.equal(pace.wait(true), 35_000);
	now += 35_000;
	assert.equal(pace.wait(true), 0);
	pace.failed(90_000);
	assert.equal(pace.wait(true), 90_000);
});

// ---- the life of a session ----

test("the page's own session: block removed, attached, proven, ready", async () => {
	const page = await readyPage();
	assert.equal(page.removed, true);
	assert.equal(page.binds.length, 0);
	const connection = page.connection();
	const { service, options, jid, sid, rid, wait, hold } = connection;
	assert.deepEqual(
		{ service, options, jid, sid, rid, wait, hold },
		{
			service: "https://www.example.org/http-bind",
			options: { keepalive: false },
			jid: SESSION.jid,
			sid: "s1",
			rid: 1000,
			wait: 60,
			hold: 1,
		},
	);
	assert.deepEqual(namesOf(connection.sent), ["query", "presence", "enable", "pubsub"]);
	assert.deepEqual(page.named("ready"), [{ name: "ready", jid: "alice@example.org", resumed: false }]);
});

test("bind required, no block, or a broken one: prebind.json is asked, once", async () => {
	for (const block of [{ bind: "required" }, null, { ...SESSION, rid: "x" }]) {
		const page = await readyPage({ block });
		assert.equal(page.binds.length, 1);
		const { url, request } = page.requests[0];
		assert.equal(url, "/chat/prebind.json");
		assert.equal(request.method, "POST");
		assert.deepEqual(request.headers, { Accept: "application/json" });
		assert.equal(request.credentials, "same-origin");
	}
});

test("a session older than it may be is not tried", async () => {
	const young = await readyPage({ pageAge: 7999 });
	assert.equal(young.binds.length, 0);
	const old = openPage({ pageAge: 8001 });
	old.chat.start();
	await old.clock.advance(1);
	assert.equal(old.chat.state, "ready");
	assert.equal(old.binds.length, 1);
	assert.equal(old.bosh.connections.length, 1);
});

for (const condition of ["not-authorized", "service-unavailable"]) {
	test(`an early ${condition} is asked again on the same session`, async () => {
		const page = openPage();
		const error = make("iq", { type: "error" }, make("error", {}, make(condition)));
		page.bosh.answer = (_, attempt) => (attempt === 0 ? error : "pong");
		page.chat.start();
		await page.clock.advance(200);
		assert.equal(page.chat.state, "ready");
		assert.equal(page.bosh.connections.length, 1);
		assert.equal(page.binds.length, 0);
		assert.deepEqual(namesOf(page.connection().sent), ["query", "presence", "enable", "query", "presence", "enable", "pubsub"],
			"the server may have dropped all of it");
	});
}

test("the roster's answer proves life; one that takes long does not end the session", async () => {
	const page = openPage();
	page.bosh.answer = (_, attempt) => (attempt === 0 ? null : "pong");
	page.chat.start();
	await page.clock.advance(3_999);
	assert.equal(page.chat.state, "attaching");
	await page.clock.advance(1);
	assert.equal(page.chat.state, "ready");
	assert.deepEqual(namesOf(page.connection().sent), ["query", "presence", "enable", "ping", "pubsub"]);
	assert.equal(page.connection().sent[3].getAttribute("to"), "example.org");
	const item = make("item", { jid: "bob@example.org", subscription: "both" });
	page.connection().answerRoster(make("iq", { type: "result" }, make("query", { xmlns: NS_ROSTER }, item)));
	assert.equal(page.chat.roster.size, 1, "it comes late and is there");
});

test("what comes before the roster proves life and is not lost; an error does not", async () => {
	const stanzas = [
		make("message", { from: "bob@example.org/x", type: "chat" }, make("body").t("hi")),
		make("presence", { from: "bob@example.org/x" }),
	];
	for (const stanza of stanzas) {
		const page = openPage();
		page.bosh.answer = () => null;
		page.chat.start();
		await page.clock.settle();
		page.connection().receive(make(stanza.localName, { from: "example.org", type: "error" }));
		assert.equal(page.chat.state, "attaching");
		page.connection().receive(stanza);
		assert.equal(page.chat.state, "ready");
		const names = page.events.map(({ name }) => name).slice(-2);
		assert.deepEqual(names, ["ready", stanza.localName]);
	}
});

test("an early 404 is tried again once with the same sid and rid", async () => {
	const page = openPage();
	page.bosh.answer = () => (page.bosh.connections.length === 1 ? 404 : "pong");
	page.chat.start();
	await page.clock.advance(200);
	assert.equal(page.chat.state, "ready");
	assert.equal(page.binds.length, 0);
	assert.deepEqual(page.bosh.connections.map(({ sid, rid }) => [sid, rid]), [["s1", 1000], ["s1", 1000]]);
});

test("a server that knows no ping is alive; one that answers nothing is not", async () => {
	const page = openPage();
	page.bosh.answer = () => make("iq", { type: "error" }, make("error", {}, make("feature-not-implemented")));
	page.chat.start();
	await page.clock.settle();
	assert.equal(page.chat.state, "ready");

	const silent = openPage();
	silent.bosh.answer = () => null;
	silent.chat.start();
	await silent.clock.advance(9_999);
	assert.equal(silent.connection().questions, 2);
	assert.equal(silent.chat.state, "attaching");
	await silent.clock.advance(1);
	assert.equal(silent.named("lost")[0].reason, "silent");
});

test("a BOSH service that answers 404 for ever: five sessions in any minute at most", async () => {
	const page = openPage();
	page.bosh.answer = () => 404;
	page.chat.start();
	await page.clock.advance(600_000);
	const made = [page.clock.time - 600_000, ...page.binds];
	for (const start of made) {
		const minute = made.filter((time) => time >= start && time < start + 60_000);
		assert.ok(minute.length <= 5, `${minute.length} in a minute`);
	}
	assert.ok(page.binds.length >= 8, "and it goes on trying");
	for (let i = 1; i < page.binds.length; i++) assert.ok(page.binds[i] - page.binds[i - 1] >= 5000);
});

test("a session that dies as soon as it is ready is not a way round the pace", async () => {
	const page = await readyPage();
	for (let i = 0; i < 119; i++) {
		if (page.chat.state === "ready") page.connection().fail(404);
		if (i % 2 === 0) page.chat.retry();
		await page.clock.advance(500);
	}
	assert.ok(page.binds.length + 1 <= 5, `${page.binds.length + 1} in a minute`);
});

test("Retry-After is obeyed, by hand too", async () => {
	const site = (n) => (n === 1 ? json(429, { error: "slow_down" }, { "Retry-After": "42" }) : json(200, SESSION));
	const page = openPage({ block: null, site });
	page.chat.start();
	await page.clock.settle();
	assert.deepEqual(page.named("lost"), [{ name: "lost", reason: "slow_down", retryIn: 42_000 }]);
	await page.clock.advance(20_000);
	page.chat.retry();
	await page.clock.advance(21_999);
	assert.equal(page.binds.length, 1);
	await page.clock.advance(1);
	assert.equal(page.binds.length, 2);
	assert.equal(page.chat.state, "ready");
});

test("401 needs a login; other refusals are errors; neither is asked again", async () => {
	const table = [
		[json(401, { error: "login_required" }), { name: "needs-login", url: "/chat/" }],
		[json(403, { error: "no_chat_account" }), { name: "error", code: "no_chat_account" }],
		[new Response("<html>", { status: 404 }), { name: "error", code: "http_404" }],
	];
	for (const [answer, event] of table) {
		const page = openPage({ block: null, site: () => answer });
		page.chat.start();
		await page.clock.advance(600_000);
		assert.deepEqual(page.events[page.events.length - 1], event);
		assert.equal(page.binds.length, 1);
	}
});

test("what may pass is asked again: 5xx, no answer, an answer that is none", async () => {
	const fails = [
		() => json(502, { error: "chat_server" }), () => new Response("<html>"), () => json(200, { jid: "x" }),
		() => Promise.reject(new TypeError("no network")),
	];
	for (const fail of fails) {
		const page = openPage({ block: null, site: (n) => (n === 1 ? fail() : json(200, SESSION)) });
		page.chat.start();
		await page.clock.advance(4_999);
		assert.equal(page.binds.length, 1);
		await page.clock.advance(1);
		assert.equal(page.chat.state, "ready");
	}
});

test("back from the back/forward cache: the session was ended, another one is asked for at once", async () => {
	const page = await readyPage();
	page.connection().left(1000);
	page.connection().left(1001);
	page.window.dispatchEvent(new Event("pagehide"));
	const { url, request } = page.requests[0];
	assert.equal(url, "https://www.example.org/http-bind");
	assert.equal(request.keepalive, true);
	assert.match(request.body, /^<body xmlns="http:\/\/jabber.org\/protocol\/httpbind" rid="1002" sid="s1" type="terminate">/);
	page.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
	await page.clock.advance(1);
	assert.equal(page.binds.length, 1);
	assert.equal(page.chat.state, "ready");
});

test("an ordinary pageshow changes nothing", async () => {
	const page = await readyPage();
	page.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: false }));
	await page.clock.advance(1000);
	assert.equal(page.binds.length, 0);
	assert.equal(page.named("lost").length, 0);
});

test("after a conflict nobody takes the address back by himself", async () => {
	const page = await readyPage();
	page.connection().connect_callback(STATUS.CONNFAIL, "conflict");
	page.connection().connect_callback(STATUS.DISCONNECTED, "conflict");
	await page.clock.advance(600_000);
	assert.deepEqual(page.named("lost"), [{ name: "lost", reason: "conflict", retryIn: null }]);
	assert.equal(page.binds.length, 0);
	page.chat.retry();
	await page.clock.advance(5_000);
	assert.equal(page.chat.state, "ready");
});

test("another user's session is not adopted", async () => {
	const bob = { ...SESSION, jid: "bob@example.org/web-2" };
	const page = await readyPage({ site: () => json(200, bob) });
	await page.clock.advance(60_000);
	page.connection().fail(404);
	await page.clock.advance(2_000);
	assert.equal(page.named("other-user").length, 1);
	assert.equal(page.chat.state, "stopped");
	assert.equal(page.bosh.connections.length, 1);
});

test("a guest goes on with another JID, as long as the site's key is the same", async () => {
	const answers = ["u1", "u2"].map((user) => json(200, { ...SESSION, jid: `${user}-next@guests.example.org/web`, sid: user, user }));
	const page = await readyPage({ block: MINE, site: () => answers.shift() });
	for (const named of [0, 1]) {
		await page.clock.advance(60_000);
		page.connection().fail(404);
		await page.clock.advance(2_000);
		assert.equal(page.named("other-user").length, named);
		assert.equal(page.chat.jid, "u1-next@guests.example.org");
	}
	assert.equal(page.chat.state, "stopped");
});

test("requests that only fail give the session up after a while, one that succeeds does not", async () => {
	const page = await readyPage();
	page.connection().fail(0);
	await page.clock.advance(19_000);
	page.connection().heard();
	await page.clock.advance(19_000);
	assert.equal(page.chat.state, "ready");
	page.connection().fail(502);
	await page.clock.advance(20_000);
	assert.equal(page.named("lost")[0].reason, "unreachable");
});

test("answers that are not BOSH give the session up", async () => {
	const page = await readyPage();
	for (let i = 0; i < 4; i++) page.connection().nextValidRid(1001);
	assert.equal(page.named("lost")[0].reason, "unreadable");
	assert.equal(page.bosh.connections[0].open, false);
});

test("after a long silence the session is asked whether it lives", async () => {
	const page = await readyPage();
	await page.clock.advance(75_000);
	page.document.dispatchEvent(new Event("visibilitychange"));
	assert.equal(namesOf(page.connection().sent).filter((name) => name === "ping").length, 0);
	await page.clock.advance(1);
	page.bosh.answer = () => null;
	page.document.dispatchEvent(new Event("visibilitychange"));
	await page.clock.advance(10_000);
	assert.equal(page.named("lost")[0].reason, "silent");
});

test("messages that the server has not confirmed are named when the session is lost", async () => {
	const page = await readyPage();
	const connection = page.connection();
	const first = page.chat.send("bob@example.org", "one");
	await page.clock.settle();
	page.bosh.answer = () => null;
	const second = page.chat.send("bob@example.org", "two");
	connection.left(1003, ...connection.sent.slice(-2));
	connection.heard(); // the answer to an earlier request, which the server held
	const third = page.chat.send("bob@example.org", "three");
	connection.fail(404);
	assert.notEqual(first, second);
	assert.deepEqual(page.named("unsent"), [{ name: "unsent", ids: [second, third] }]);
	assert.equal(page.chat.send("bob@example.org", "four"), "");
});

test("log-out says good-bye and is the end", async () => {
	const page = await readyPage();
	await page.chat.logout();
	assert.equal(page.connection().open, false);
	page.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
	page.chat.retry();
	await page.clock.advance(600_000);
	assert.equal(page.binds.length, 0);
	assert.equal(page.chat.state, "stopped");
});

/** A log-out from a server that has not answered yet. */
async function loggingOut() {
	const page = await readyPage();
	const connection = page.connection();
	connection.disconnect = () => {};
	page.done = false;
	page.chat.logout().then(() => (page.done = true));
	await page.clock.settle();
	assert.equal(page.done, false);
	return page;
}

test("log-out takes as long as the server: any sign that the session is gone will do", async () => {
	const signs = [
		(connection) => connection.xmlInput(make("body", { type: "terminate" })),
		(connection) => connection.httpErrors[404](404),
		(connection) => connection.httpErrors[500](500),
		(connection) => connection.httpErrors[502](502),
	];
	for (const sign of signs) {
		const page = await loggingOut();
		page.connection().xmlInput(make("body", {}));
		await page.clock.settle();
		assert.equal(page.done, false, "an answer to something else is none");
		sign(page.connection());
		await page.clock.settle();
		assert.equal(page.done, true, String(sign));
		assert.equal(page.requests.length, 0);
	}
});

test("log-out without an answer: after 1.5 s, or with the page, the rest goes by itself and in order", async () => {
	const ends = [(page) => page.clock.advance(1_500), (page) => page.window.dispatchEvent(new Event("pagehide"))];
	for (const end of ends) {
		const page = await loggingOut();
		const request = (rid, age, type = "") => ({ data: `<body rid="${rid}"${type}/>`, rid, age: () => age });
		page.connection()._proto._requests = [request(1000, 20), request(1001, 1), request(1002, 0, ' type="terminate"')];
		await end(page);
		const sent = page.requests.map(({ request: { keepalive, body } }) => [keepalive, /rid="(\d+)"/.exec(body)[1], body.includes("terminate")]);
		assert.deepEqual(sent, [[true, "1001", false], [true, "1002", true]]);
		await page.clock.advance(1_500);
		assert.equal(page.done, true);
		assert.equal(page.requests.length, 2, "once");
	}
});

test("a session that was asked for ahead is used, or ended if there is another; a second one is asked for as ever", async () => {
	const page = await readyPage({ block: null, ahead: true });
	assert.equal(page.binds.length, 1);
	page.connection().fail(404);
	await page.clock.advance(60_000);
	assert.equal(page.chat.state, "ready");
	assert.equal(page.binds.length, 2);

	const asked = { ...SESSION, sid: "s2" };
	const other = await readyPage({ ahead: true, site: () => json(200, asked) });
	assert.deepEqual([other.binds.length, other.connection().sid], [1, "s1"]);
	assert.equal(bodies(other).filter((body) => body.includes('sid="s2" type="terminate"')).length, 1);

	const late = openPage({ block: null, ahead: true, site: () => json(200, asked) });
	await late.chat.logout();
	await late.clock.settle();
	assert.match(bodies(late)[0], /sid="s2" type="terminate"/, "a log-out leaves none behind");
});

// ---- from page to page ----

/** Besides, a tab remembers who was online in it. */
const sessionsLeft = (tab) => [...tab.storage.items.keys()].filter((key) => key === "prebind-session").length;

test("a page leaves its session to the next one, and stores no session while it lives", async () => {
	const tab = openTab();
	const one = await readyPage({ block: MINE, tab });
	assert.equal(sessionsLeft(tab), 0);
	one.connection().left(1000);
	one.connection().left(1001);
	one.connection().receive(make("presence", { from: "bob@example.org/x" }));
	hide(one);
	assert.match(bodies(one)[0], /^<body xmlns="[^"]*" rid="1002" sid="s1"><\/body>$/, "an empty request, to be repeated");
	assert.equal(sessionsLeft(tab), 1);

	const two = await readyPage({ block: null, who: "u1", tab });
	assert.equal(two.binds.length, 0);
	assert.equal(sessionsLeft(tab), 0);
	const { sid, rid, _data, sent } = two.connection();
	assert.deepEqual([sid, rid, _data], ["s1", 1002, [null]]);
	assert.deepEqual(namesOf(sent), ["query"], "no presence: nobody sees a change");
	assert.deepEqual(two.named("ready"), [{ name: "ready", jid: "alice@example.org", resumed: true }]);
});

test("a page that leaves its session with a message that waits sends no empty request: the server would forget an answer", async () => {
	const tab = openTab();
	const one = await readyPage({ block: MINE, tab });
	one.connection()._proto._requests = [{ rid: 1001, data: '<body rid="1001"/>', age: () => 20 }];
	one.connection().left(1001);
	one.connection()._data = [make("message", { to: "bob@example.org" })];
	hide(one);
	assert.equal(bodies(one).length, 1);
	assert.match(bodies(one)[0], /^<body [^>]*rid="1002"[^>]*>.+<\/body>$/);

	const two = await readyPage({ block: null, who: "u1", tab });
	const [first, second] = bodies(two);
	assert.equal(first, '<body rid="1001"/>');
	assert.equal(second, bodies(one)[0]);
	assert.equal(two.connection().rid, 1003);
});

/** Leaves a page with these requests open; returns the next page. Strophe.js has serialized the bodies. */
async function leaveOpen(requests, answers = {}, answer = undefined) {
	const tab = openTab();
	const one = await readyPage({ block: MINE, tab });
	one.connection()._proto._requests = requests.map((rid) => ({ rid, data: `<body rid="${rid}"/>`, age: () => 20 }));
	one.connection().left(requests.at(-1));
	hide(one);
	const bosh = ({ body }) => new Response(answers[/rid="(\d+)"/.exec(body)[1]] ?? "not XML");
	const two = openPage({ block: null, who: "u1", tab, bosh });
	if (answer) two.bosh.answer = answer;
	two.chat.start();
	await two.clock.settle();
	return two;
}

test("the next page repeats the last requests without an answer, before its own, and hears what they bring", async (t) => {
	globalThis.DOMParser = parserOf({
		gone: make("body", { type: "terminate" }),
		news: make("body", {}, make("presence", { from: "bob@example.org/x" })),
	});
	t.after(() => delete globalThis.DOMParser);
	const two = await leaveOpen([1000, 1001, 1002], { 1001: "gone", 1002: "news" });
	assert.deepEqual(bodies(two), ['<body rid="1001"/>', '<body rid="1002"/>'], "no server keeps more answers than two");
	assert.equal(two.connection().rid, 1003);
	assert.ok(two.named("presence").every(({ jid }) => jid === "bob@example.org"));
	assert.ok(two.named("presence").length > 0);
	assert.equal(two.chat.state, "ready", "a server that no longer has an answer has not ended the session");
});

test("a page that goes on asks for the roster again if only a later question is answered", async () => {
	const two = await leaveOpen([1000], {}, (_, attempt) => (attempt === 0 ? null : "pong"));
	assert.equal(two.chat.state, "attaching");
	await two.clock.advance(4_000);
	assert.deepEqual(namesOf(two.connection().sent), ["query", "ping", "query"]);
	assert.equal(two.named("roster").length, 1);
	await two.clock.advance(60_000);
	assert.equal(two.connection().sent.length, 3, "once");
});

test("an answer that waits for an earlier one is not lost when the page hands over, leaves or logs out", async () => {
	const ends = [[MINE, hide], [SESSION, hide], [MINE, (page) => void page.chat.logout()]];
	for (const [block, end] of ends) {
		const page = await readyPage({ block, tab: openTab() });
		const connection = page.connection();
		const message = (id) => make("message", { from: "bob@example.org/x", to: "alice@example.org", type: "chat", id }, make("body").t("hi"));
		connection._proto._requests = [{ rid: 1000, data: "", age: () => 20 }];
		connection._dataRecv({ rid: 1002 }, message("later"));
		connection._dataRecv({ rid: 1001 }, message("sooner"));
		assert.deepEqual(page.named("message"), []);
		end(page);
		assert.deepEqual(page.named("message").map(({ id }) => id), ["sooner", "later"]);
	}
});

test("the page's own session is ended when the one from the page before goes on, and used when it does not", async () => {
	for (const lives of [true, false]) {
		const tab = openTab();
		hide(await readyPage({ block: MINE, tab }));
		const two = openPage({ block: { ...MINE, sid: "s2" }, tab });
		two.bosh.answer = (connection) => (connection.sid === "s1" && !lives ? 404 : "pong");
		two.chat.start();
		await two.clock.advance(200);
		assert.equal(two.chat.state, "ready");
		assert.equal(two.binds.length, 0);
		assert.equal(two.connection().sid, lives ? "s1" : "s2");
		assert.equal(bodies(two).filter((body) => body.includes('sid="s2" type="terminate"')).length, lives ? 1 : 0);
		assert.equal(two.named("lost").length, 0, "nobody notices");
	}
});

test("another user's session is ended, not gone on with; neither is one of nobody", async () => {
	for (const [block, who] of [[{ ...SESSION, sid: "s2", user: "u2" }, ""], [null, "u2"], [null, ""]]) {
		const tab = openTab();
		hide(await readyPage({ block: MINE, tab }));
		const two = openPage({ block, who, tab });
		two.chat.start();
		await two.clock.settle();
		assert.equal(bodies(two).filter((body) => body.includes('sid="s1" type="terminate"')).length, 1);
		assert.equal(sessionsLeft(tab), 0);
		assert.ok(two.bosh.connections.every(({ rid }) => rid === 1000));
	}
});

test("what lay too long is not tried", async () => {
	const tab = openTab();
	hide(await readyPage({ block: MINE, tab }));
	await tab.clock.advance(60_001);
	const two = await readyPage({ block: null, who: "u1", tab });
	assert.equal(two.binds.length, 1);
});

test("of two tabs with the same copy one goes on", async () => {
	const held = new Set();
	const locks = {
		request: async (name, _, run) => {
			const lock = held.has(name) ? null : { name };
			held.add(name);
			await run(lock);
		},
	};
	const tab = openTab();
	hide(await readyPage({ block: MINE, tab }));
	const copy = openTab(tab.clock);
	for (const [key, value] of tab.storage.items) copy.storage.setItem(key, value);
	const [one, two] = [
		await readyPage({ block: null, who: "u1", tab: { ...tab, locks } }),
		await readyPage({ block: null, who: "u1", tab: { ...copy, locks } }),
	];
	assert.deepEqual([one.binds.length, two.binds.length], [0, 1]);
});

test("a page that leaves the site, as far as the browser tells, ends its session", async () => {
	for (const [url, stays] of [["https://www.example.org/news", true], ["https://elsewhere.example/", false], [null, false]]) {
		const navigation = new EventTarget();
		const tab = { ...openTab(), navigation };
		const page = await readyPage({ block: MINE, tab });
		const to = { destination: { url, sameDocument: false }, downloadRequest: null };
		if (url) navigation.dispatchEvent(Object.assign(new Event("navigate"), to));
		hide(page);
		assert.equal(sessionsLeft(tab), stays ? 1 : 0, String(url));
		assert.equal(bodies(page).some((body) => body.includes("terminate")), !stays);
	}
});

test("what the next page goes on with is stored before the page is left, and not for long", async () => {
	const cases = {
		"left for the next page": [hide, 1],
		"stays, because the answer was no page": [(page) => page.clock.advance(10_000), 0],
		"left later, for another site": [(page, leave) => leave("https://elsewhere.example/"), 0],
	};
	for (const [what, [go, stored]] of Object.entries(cases)) {
		const navigation = new EventTarget();
		const tab = { ...openTab(), navigation };
		const page = await readyPage({ block: MINE, tab });
		const navigate = (url) => navigation.dispatchEvent(
			Object.assign(new Event("navigate"), { destination: { url, sameDocument: false }, downloadRequest: null }));
		page.connection().left(1001);
		navigate("https://www.example.org/next");
		const before = JSON.parse(tab.storage.getItem("prebind-session"));
		assert.deepEqual([before.user, before.session.sid, before.session.rid], [MINE.user, MINE.sid, 1002], what);
		assert.equal(page.chat.state, "ready", "the page itself goes on");
		await go(page, (url) => {
			navigate(url);
			hide(page);
		});
		assert.equal(sessionsLeft(tab), stored, what);
	}
});

test("without the Navigation API, what the next page goes on with is stored when the page is about to be left", async () => {
	const tab = openTab();
	const page = await readyPage({ block: MINE, tab });
	page.connection().left(1001);
	page.window.dispatchEvent(new Event("beforeunload"));
	const { user, session } = JSON.parse(tab.storage.getItem("prebind-session"));
	assert.deepEqual([user, session.sid, session.rid], [MINE.user, MINE.sid, 1002]);
	assert.equal(page.chat.state, "ready", "the page itself goes on");
	await page.clock.advance(10_000);
	assert.equal(sessionsLeft(tab), 0, "it was a download, so the page stays");
});

test("what may not have reached the server goes once more before the page does: no rid may be missing there", async () => {
	for (const [tab, last] of [[openTab(), /^<body [^>]*rid="1003" sid="s1"><\/body>$/], [{}, /rid="1003" sid="s1" type="terminate"/]]) {
		const page = await readyPage({ block: MINE, tab });
		const request = (rid, age) => ({ data: `<body rid="${rid}"/>`, age: () => age });
		page.connection()._proto._requests = [request(1000, 20), request(1001, 0), request(1002, 0)];
		page.connection().left(1002);
		hide(page);
		const sent = bodies(page);
		assert.deepEqual(sent.map((body) => /rid="(\d+)"/.exec(body)[1]), ["1001", "1002", "1003"]);
		assert.match(sent[2], last);
	}
});

test("the way back: the page that came in between left the session here", async () => {
	const tab = openTab();
	const one = await readyPage({ block: MINE, who: "u1", tab });
	hide(one);
	const two = await readyPage({ block: null, who: "u1", tab });
	hide(two);
	one.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
	await one.clock.advance(1);
	assert.equal(one.chat.state, "ready");
	assert.equal(one.binds.length, 0);
	assert.equal(one.connection().sid, "s1");
});

/** The channel between tabs. */
function openChannels() {
	const all = new Set();
	return class {
		constructor() {
			all.add(this);
		}
		postMessage(data) {
			for (const other of all) if (other !== this) other.onmessage?.({ data });
		}
		close() {
			all.delete(this);
		}
	};
}

test("a log-out ends the chat in all tabs of that user", async () => {
	const clock = new Clock();
	const Channel = openChannels();
	const [one, two] = [
		await readyPage({ block: MINE, who: "u1", tab: { ...openTab(clock), Channel } }),
		await readyPage({ block: MINE, who: "u1", tab: { ...openTab(clock), Channel } }),
	];
	await one.chat.logout();
	await clock.settle();
	assert.equal(two.chat.state, "stopped");
	assert.deepEqual(two.named("needs-login"), [{ name: "needs-login", url: "/chat/" }]);
	assert.match(bodies(two)[0], /terminate/);
});

test("when another user comes in another tab, the site is asked who is logged in", async () => {
	const clock = new Clock();
	const Channel = openChannels();
	const still = await readyPage({ block: MINE, who: "u1", tab: { ...openTab(clock), Channel } });
	const gone = await readyPage({ block: MINE, who: "u2", tab: { ...openTab(clock), Channel } });
	const bob = { ...SESSION, jid: "bob@example.org/web-2", user: "u2" };
	await readyPage({ block: bob, tab: { ...openTab(clock), Channel } });
	await clock.settle();
	assert.equal(still.chat.state, "ready", "a forged word ends nothing");
	assert.equal(gone.chat.state, "stopped");
	assert.equal(gone.named("other-user").length, 1);
});

test("a tab whose login has ended hears of the next user, so that nothing of the former one remains in sight", async () => {
	const clock = new Clock();
	const Channel = openChannels();
	const open = (block, who) => readyPage({ block, who, tab: { ...openTab(clock), Channel } });
	const [left, forged, first] = [await open(MINE, "u2"), await open(MINE, "u1"), await open(MINE, "u1")];
	await first.chat.logout();
	await clock.settle();
	assert.deepEqual([left.chat.state, forged.chat.state, left.named("other-user").length], ["stopped", "stopped", 0]);
	await open({ ...SESSION, jid: "bob@example.org/web-2", user: "u2" }, "u2");
	await clock.settle();
	assert.deepEqual([left, forged].map((page) => page.named("other-user").length), [1, 0]);
	for (const page of [left, forged]) assert.equal(page.named("needs-login").length, 1);
});

// ---- stanzas ----

test("a private message of a group chat is a conversation of its own, whoever knows the room", async () => {
	const room = "tea@rooms.example.org";
	const message = (...inner) => make("message", { from: `${room}/Carol`, type: "chat" }, make("body").t("psst"), ...inner);
	const page = await readyPage();
	page.connection().receive(message(make("x", { xmlns: "http://jabber.org/protocol/muc#user" })));
	page.chat.join(room);
	page.connection().receive(message());
	page.connection().receive(make("message", { from: "bob@example.org/x", type: "chat" }, make("body").t("hi")));
	assert.deepEqual(page.named("message").map(({ peer }) => peer), [`${room}/Carol`, `${room}/Carol`, "bob@example.org"]);

	page.chat.send(room, "to all");
	page.chat.send(`${room}/Carol`, "to her");
	const messages = page.connection().sent.filter(({ localName }) => localName === "message");
	const sent = messages.map(({ attributes, children }) =>
		[attributes.to, attributes.type, children.some(({ localName }) => localName === "x")]);
	assert.deepEqual(sent, [[room, "groupchat", false], [`${room}/Carol`, "chat", true]]);
});

test("presence is granted to contacts, others are asked about", async () => {
	const page = await readyPage();
	page.chat.roster.set("bob@example.org", { jid: "bob@example.org", name: "", subscription: "to" });
	const before = page.connection().sent.length;
	page.connection().receive(make("presence", { from: "bob@example.org", type: "subscribe" }));
	page.connection().receive(make("presence", { from: "eve@example.org", type: "subscribe" }));
	const sent = page.connection().sent.slice(before);
	assert.deepEqual(sent.map((s) => s.attributes), [{ to: "bob@example.org", type: "subscribed" }]);
	assert.deepEqual(page.named("request"), [{ name: "request", jid: "eve@example.org" }]);
});

test("presence that comes before the roster is told again when the names are known", async () => {
	const page = await readyPage();
	page.connection().receive(make("presence", { from: "bob@example.org/x" }));
	page.connection().receive(make("presence", { from: "eve@example.org/y" }));
	page.connection().receive(make("presence", { from: "eve@example.org/y", type: "unavailable" }));
	page.events.length = 0;
	const item = make("item", { jid: "bob@example.org", subscription: "both" });
	page.connection().answerRoster(make("iq", { type: "result" }, make("query", { xmlns: "jabber:iq:roster" }, item)));
	assert.deepEqual(page.events.map(({ name, jid }) => [name, jid]), [["roster", undefined], ["presence", "bob@example.org"]]);
});

test("carbons and roster pushes are believed from our own account only", async () => {
	const inner = make("message", { xmlns: "jabber:client", from: "bob@example.org/x", to: "alice@example.org/y",
		type: "chat" }, make("body").t("hi"));
	const carbon = (from) => make("message", { from }, make("received", { xmlns: "urn:xmpp:carbons:2" },
		make("forwarded", { xmlns: "urn:xmpp:forward:0" }, inner)));
	const now = new Date(0);
	assert.equal(readMessage(carbon("alice@example.org"), "Alice@example.org", now)?.body, "hi");
	for (const from of ["eve@example.org", "alice@example.org.evil", "example.org"])
		assert.equal(readMessage(carbon(from), "alice@example.org", now), null, from);

	const item = make("item", { jid: "eve@example.org", subscription: "both" });
	const push = (from) => make("iq", { type: "set", ...from }, make("query", { xmlns: "jabber:iq:roster" }, item));
	assert.equal(readRoster(push({}), "alice@example.org")?.length, 1);
	assert.equal(readRoster(push({ from: "alice@example.org/z" }), "alice@example.org")?.length, 1);
	assert.equal(readRoster(push({ from: "eve@example.org" }), "alice@example.org"), null);
});

test("a message has a time that is not later than now", () => {
	const now = new Date("2026-11-22T12:00:00Z");
	const read = (stamp) => readMessage(make("message", { from: "b@c", type: "chat" }, make("body").t("x"),
		make("delay", { xmlns: "urn:xmpp:delay", stamp })), "a@b", now).time.toISOString();
	assert.equal(read("2026-11-20T08:00:00Z"), "2026-11-20T08:00:00.000Z");
	assert.equal(read("2036-01-01T00:00:00Z"), now.toISOString());
	assert.equal(read("yesterday"), now.toISOString());
});

test("text that XML cannot carry is left out, names are shown as written", () => {
	assert.equal(cleanText("a\u0000\u000b\ud800b\ufffe\n\t\u{1f600}"), "ab\n\t\u{1f600}");
	assert.equal(jidName("d\\27artagnan\\40musketeers@example.org/x"), "d'artagnan@musketeers");
	assert.equal(jidName("example.org"), "example.org");
});
