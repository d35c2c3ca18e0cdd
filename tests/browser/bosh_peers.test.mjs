// The browser's modules with a BOSH service that loses one of two requests at the same time, as Tigase does, and with a
// network where requests overtake each other: no session ends by mistake, and nothing is lost or doubled. The same for
// pages that are left while the service answers them. `make scenes TABS=3` plays these scenes with three tabs of the user.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { newPage, newTab, startChromium } from "../lib/chromium.mjs";
import { holderOf } from "../lib/holder.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { ChatPeer, CONTACTS } from "../peers/chat_peer.mjs";

const ROUNDS = 8;
const TEXTS = 30;
const TABS = Number(process.env.PREBIND_TABS || 1);
const APART_MS = 10; // Tigase needs 1 ms; the page leaves 20
const PEERS = {
	"one of two requests at the same time is lost": { apartMs: APART_MS },
	"requests and answers are late, at random": { lateMs: 150 },
};

let place, browser;
before(async () => {
	place = new Place();
	browser = await startChromium(place);
});
after(() => place.close());

/** Opens the peer's page, and waits until the session works. */
async function open(page, peer) {
	await page.goto(peer.url);
	await page.waitForFunction((count) => window.scene?.contacts() === count, CONTACTS.length);
	return peer.sessions.at(-1);
}

const ended = (session) => until("the session to end", () => session.ended);

const tabsOf = (page) => page.context().pages();
const othersOf = (page) => tabsOf(page).filter((tab) => tab !== page);

/** Opens the peer's page, and then in as many other tabs as the scenes are played with. Returns the session of all. */
async function openAll(page, peer, count = TABS) {
	const session = await open(page, peer);
	while (tabsOf(page).length < count) await newTab(page);
	const own = [];
	for (const tab of othersOf(page)) own.push(await open(tab, peer));
	await until("the end of the sessions that the other pages came with", () => own.every(({ ended: why }) => why === "client"));
	return session;
}

const write = (tab, text) => tab.evaluate(({ to, body }) => window.scene.chat.send(to, body), { to: CONTACTS[0], body: text });

/** What the contact said, as the tab heard it. */
const heard = (tab) => tab.evaluate((from) => window.scene.heard.filter((text) => !text.startsWith(from)), "alice");

test("the peer loses one of two requests at the same time, and only then", () => {
	const peer = new ChatPeer({ apartMs: APART_MS });
	const { rid } = peer.newSession();
	const [session] = peer.sessions;
	const post = (n, at) => session.receive(`<body rid="${Number(rid) + n}"/>`, at, () => {});
	post(0, 0);
	post(1, APART_MS);
	post(2, 2 * APART_MS);
	assert.equal(session.ended, "");
	post(3, 3 * APART_MS - 1);
	assert.match(session.ended, /lost/);
});

/** The page was left: the session goes on in the other tabs, until they go, too. */
async function othersGo(page, session) {
	const others = othersOf(page);
	for (const [i, tab] of others.entries()) {
		const text = `alice from tab ${i}`;
		await write(tab, text);
		await until("the text", () => session.texts.includes(text));
		assert.equal(session.ended, "");
		await tab.goto("about:blank");
	}
}

for (const [what, options] of Object.entries(PEERS)) {
	describe(what, () => {
		let peer;
		before(async () => {
			peer = await ChatPeer.start(place, options);
		});

		test("fresh pages get their contacts, and end their sessions when they go", async () => {
			const page = await newPage(browser);
			for (let i = 0; i < ROUNDS; i++) {
				const session = await openAll(page, peer);
				await page.goto("about:blank");
				await othersGo(page, session);
				await ended(session);
				assert.equal(session.ended, "client");
			}
			await page.context().close();
		});

		test("what is written and heard during polls arrives once, in order", async () => {
			const page = await newPage(browser);
			const session = await openAll(page, peer);
			const expected = (who) => Array.from({ length: TEXTS }, (_, i) => `${who} ${i}`);
			const written = page.evaluate(async ({ to, texts }) => {
				for (const [i, text] of texts.entries()) {
					window.scene.chat.send(to, text);
					await new Promise((resolve) => setTimeout(resolve, (i * 7) % 40));
				}
			}, { to: CONTACTS[0], texts: expected("alice") });
			for (const [i, text] of expected("bob").entries()) {
				session.say(text);
				await page.waitForTimeout((i * 11) % 50); // spreads them over what the page writes
			}
			await written;
			await until("all of alice's texts", () => session.texts.length >= TEXTS, { seconds: 30 });
			assert.deepEqual(session.texts, expected("alice"));
			for (const tab of tabsOf(page)) {
				await until("all of bob's texts", async () => (await heard(tab)).length >= TEXTS);
				assert.deepEqual(await heard(tab), expected("bob"));
			}
			assert.equal(session.ended, "");
			await page.context().close();
		});

		/** Writes, and ends the session in one of two ways, while one or two requests are open. */
		async function writeAndGo(go) {
			const page = await newPage(browser);
			for (let i = 0; i < ROUNDS; i++) {
				const session = await openAll(page, peer);
				await page.evaluate(async ({ to, i: round, go: how }) => {
					const { chat } = window.scene;
					const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
					chat.send(to, "first");
					await pause(round * 9);
					chat.send(to, "second");
					await pause(round * 5);
					chat.send(to, "third");
					if (how === "log out") await chat.logout();
					else location.assign("about:blank");
				}, { to: CONTACTS[0], i, go });
				await until("what was written", () => session.texts.length >= 3 || session.ended);
				if (go === "leave") await othersGo(page, session);
				await ended(session);
				assert.deepEqual([session.texts.slice(0, 3), session.ended], [["first", "second", "third"], "client"], `round ${i}`);
				assert.equal(session.texts.length, 3 + (go === "leave" ? othersOf(page).length : 0));
				if (go === "leave") await page.waitForURL("about:blank");
			}
			await page.context().close();
		}

		test("three tabs share one session; the one that holds it closes while the others write: each text arrives once", async () => {
			const first = peer.sessions.length;
			const page = await newPage(browser);
			const session = await openAll(page, peer, 3);
			const tabs = tabsOf(page);
			const said = [];
			const writeOne = (tab, text) => {
				said.push(text);
				return write(tab, text);
			};
			for (let round = 0; round < ROUNDS; round++) {
				session.say(`bob ${round}`);
				await Promise.all(tabs.map((tab, i) => writeOne(tab, `alice in tab ${i}, round ${round}`)));
			}
			const [holder, ...left] = tabs;
			session.say("bob at the end");
			await Promise.all([holder.close(), ...left.map((tab, i) => writeOne(tab, `alice in tab ${i + 1}, at the end`))]);
			session.say("bob after the end");
			await writeOne(left[1], "alice in tab 2, after the end");
			await until("all texts", () => session.texts.length >= said.length, { seconds: 30 });
			assert.deepEqual([...session.texts].sort(), said.sort());
			for (const tab of left) {
				await until("what was said", async () => (await heard(tab)).length >= ROUNDS + 2, { seconds: 30 });
				assert.deepEqual(await heard(tab), [...Array.from({ length: ROUNDS }, (_, i) => `bob ${i}`), "bob at the end", "bob after the end"]);
			}
			assert.deepEqual([session.ended, peer.sessions.length - first], ["", 3]);
			await left[0].context().close();
		});

		test("log-out: what was written before arrives, and the session ends", () => writeAndGo("log out"));

		test("leaving the page: what was written before arrives, and the session ends", () => writeAndGo("leave"));
	});
}

/** Opens the peer's page in all tabs, and waits until the service holds one of their requests. */
async function openAndPoll(page, peer) {
	const session = await openAll(page, peer);
	await until("a held request", () => session.open === 1);
	return session;
}

/** Says something in an answer that does not reach the page. */
function sayInVain(session, text) {
	session.inVain = true;
	session.say(text);
}

/** Reloads the page by script, as a person does by a link. The session goes on in the next page, or in another tab. */
async function reload(page, session) {
	session.inVain = false;
	await Promise.all([page.waitForEvent("load"), page.evaluate(() => location.reload())]);
	await page.waitForFunction((count) => window.scene?.contacts() === count, CONTACTS.length);
}

/**
 * The tabs hear these texts, each once and in this order, and the session lives. Another tab may have heard the first ones before
 * the page was there again.
 */
async function hear(page, session, ...expected) {
	for (const tab of tabsOf(page)) {
		await tab.waitForFunction((last) => window.scene.heard.includes(last), expected.at(-1));
		const all = await heard(tab);
		const since = tab === page && TABS > 1 ? expected.length - all.length : 0;
		assert.deepEqual(all, expected.slice(since));
		await tab.evaluate(() => window.scene.heard.splice(0));
	}
	assert.equal(session.ended, "");
}

describe("a page is left while the service answers it", () => {
	test("the next page gets that answer, once and before all others", async () => {
		const peer = await ChatPeer.start(place);
		const first = await newPage(browser);
		const session = await openAndPoll(first, peer);
		for (let i = 0; i < ROUNDS; i++) {
			const page = await holderOf(tabsOf(first));
			await until("a held request", () => session.open === 1);
			sayInVain(session, `lost ${i}`);
			await reload(page, session);
			session.say(`next ${i}`);
			await hear(page, session, `lost ${i}`, `next ${i}`);
		}
		await first.context().close();
	});

	test("the same if the page had just written, too", async () => {
		const peer = await ChatPeer.start(place);
		const page = await newPage(browser);
		const session = await openAndPoll(page, peer);
		sayInVain(session, "lost");
		await write(page, "alice wrote");
		await until("what was written", () => session.texts.length === 1);
		await reload(page, session);
		session.say("next");
		await hear(page, session, "lost", "next");
		assert.deepEqual(session.texts, ["alice wrote"]);
		await page.context().close();
	});

	for (const unknown of ["refuse", "silence"]) {
		test(`a service that no longer has that answer (${unknown}): the session goes on`, async () => {
			const peer = await ChatPeer.start(place, { unknown });
			const page = await newPage(browser);
			const session = await openAndPoll(page, peer);
			sayInVain(session, "lost");
			session.forget();
			await reload(page, session);
			session.say("next");
			await hear(page, session, "next");
			await page.context().close();
		});
	}
});
