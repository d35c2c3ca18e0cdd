// The browser's modules with a BOSH service that loses one of two requests at the same time, as Tigase does, and with a
// network where requests overtake each other: no session ends by mistake, and nothing is lost or doubled. The same for
// pages that are left while the service answers them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { ChatPeer, CONTACTS } from "../peers/chat_peer.mjs";

const ROUNDS = 8;
const TEXTS = 30;
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

for (const [what, options] of Object.entries(PEERS)) {
	describe(what, () => {
		let peer;
		before(async () => {
			peer = await ChatPeer.start(place, options);
		});

		test("fresh pages get their contacts, and end their sessions when they go", async () => {
			const page = await newPage(browser);
			for (let i = 0; i < ROUNDS; i++) {
				const session = await open(page, peer);
				await page.goto("about:blank");
				await ended(session);
				assert.equal(session.ended, "client");
			}
			await page.context().close();
		});

		test("what is written and heard during polls arrives once, in order", async () => {
			const page = await newPage(browser);
			const session = await open(page, peer);
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
			await page.waitForFunction((count) => window.scene.heard.length >= count, TEXTS);
			assert.deepEqual(session.texts, expected("alice"));
			assert.deepEqual(await page.evaluate(() => window.scene.heard), expected("bob"));
			assert.equal(session.ended, "");
			await page.context().close();
		});

		/** Writes, and ends the session in one of two ways, while one or two requests are open. */
		async function writeAndGo(go) {
			const page = await newPage(browser);
			for (let i = 0; i < ROUNDS; i++) {
				const session = await open(page, peer);
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
				await ended(session);
				assert.deepEqual([session.texts, session.ended], [["first", "second", "third"], "client"], `round ${i}`);
				if (go === "leave") await page.waitForURL("about:blank");
			}
			await page.context().close();
		}

		test("three tabs share one session; the one that holds it closes while the others write: each text arrives once", async () => {
			const first = peer.sessions.length;
			const tabs = [await newPage(browser)];
			const session = await open(tabs[0], peer);
			while (tabs.length < 3) {
				tabs.push(await tabs[0].context().newPage());
				await open(tabs.at(-1), peer);
			}
			const others = () => peer.sessions.slice(first).filter((each) => each !== session);
			await until("the end of the sessions that the other pages came with", () => others().every(({ ended: why }) => why === "client"));
			const said = [];
			const write = (tab, text) => {
				said.push(text);
				return tab.evaluate(({ to, body }) => window.scene.chat.send(to, body), { to: CONTACTS[0], body: text });
			};
			const heard = (tab) => tab.evaluate(() => window.scene.heard.filter((text) => text.startsWith("bob")));
			for (let round = 0; round < ROUNDS; round++) {
				session.say(`bob ${round}`);
				await Promise.all(tabs.map((tab, i) => write(tab, `tab ${i}, round ${round}`)));
			}
			const [holder, ...left] = tabs;
			session.say("bob at the end");
			await Promise.all([holder.close(), ...left.map((tab, i) => write(tab, `tab ${i + 1}, at the end`))]);
			session.say("bob after the end");
			await write(left[1], "tab 2, after the end");
			await until("all texts", () => session.texts.length >= said.length, { seconds: 30 });
			assert.deepEqual([...session.texts].sort(), said.sort());
			for (const tab of left) {
				await until("what was said", async () => (await heard(tab)).length >= ROUNDS + 2, { seconds: 30 });
				assert.deepEqual(await heard(tab), [...Array.from({ length: ROUNDS }, (_, i) => `bob ${i}`), "bob at the end", "bob after the end"]);
			}
			assert.deepEqual([session.ended, others().length], ["", 2]);
			await left[0].context().close();
		});

		test("log-out: what was written before arrives, and the session ends", () => writeAndGo("log out"));

		test("leaving the page: what was written before arrives, and the session ends", () => writeAndGo("leave"));
	});
}

/** Opens the peer's page, and waits until the service holds one of its requests. */
async function openAndPoll(page, peer) {
	const session = await open(page, peer);
	await until("a held request", () => session.open === 1);
	return session;
}

/** Says something in an answer that does not reach the page. */
function sayInVain(session, text) {
	session.inVain = true;
	session.say(text);
}

/** Reloads the page by script, as a person does by a link. The session goes on in the next page. */
async function reload(page, session) {
	session.inVain = false;
	await Promise.all([page.waitForEvent("load"), page.evaluate(() => location.reload())]);
	await page.waitForFunction((count) => window.scene?.contacts() === count, CONTACTS.length);
}

/** The page hears these texts, each once and in this order, and its session lives. */
async function hears(page, session, ...expected) {
	await page.waitForFunction((last) => window.scene.heard.includes(last), expected.at(-1));
	assert.deepEqual(await page.evaluate(() => window.scene.heard), expected);
	assert.equal(session.ended, "");
}

describe("a page is left while the service answers it", () => {
	test("the next page gets that answer, once and before all others", async () => {
		const peer = await ChatPeer.start(place);
		const page = await newPage(browser);
		const session = await openAndPoll(page, peer);
		for (let i = 0; i < ROUNDS; i++) {
			await until("a held request", () => session.open === 1);
			sayInVain(session, `lost ${i}`);
			await reload(page, session);
			session.say(`next ${i}`);
			await hears(page, session, `lost ${i}`, `next ${i}`);
		}
		await page.context().close();
	});

	test("the same if the page had just written, too", async () => {
		const peer = await ChatPeer.start(place);
		const page = await newPage(browser);
		const session = await openAndPoll(page, peer);
		sayInVain(session, "lost");
		await page.evaluate((to) => window.scene.chat.send(to, "written"), CONTACTS[0]);
		await until("what was written", () => session.texts.length === 1);
		await reload(page, session);
		session.say("next");
		await hears(page, session, "lost", "next");
		assert.deepEqual(session.texts, ["written"]);
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
			await hears(page, session, "next");
			await page.context().close();
		});
	}
});
