// What becomes of messages: on their way, below what is in sight, sent again, corrected, from a member of a group chat.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { DOMAIN, startChat, typablePassword } from "../lib/chat.mjs";
import { startChromium } from "../lib/chromium.mjs";
import { contact, enter, enterBoth, leave, ready, received, sees, sent, texts, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";

const ROOM = `tea@rooms.${DOMAIN}`;
const LINES = 40; // more than fit on the page
const BACK_MS = 60_000;

let place, chat, browser;
before(async () => {
	place = new Place();
	const users = Object.fromEntries(["alice", "bob", "carol"].map((name) => [name, typablePassword()]));
	chat = await startChat(place, {
		users,
		prosody: `Component "rooms.${DOMAIN}" "muc"\n  restrict_room_creation = false\n  muc_room_locking = false\n`,
	});
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

const unread = (page, user) => contact(page, user).locator(".unread:not([hidden]) .count");
const news = (page) => page.getByRole("button", { name: "New messages" });

/** Opens a session without a user interface in this page, which can send any stanza. */
const openRaw = (page) => page.evaluate(async () => {
	const { connect } = await import("/chat/static/prebind.js");
	const raw = connect({ base: "/chat" });
	window.raw = raw;
	window.rawHeard = [];
	raw.addEventListener("message", ({ detail }) => window.rawHeard.push([detail.kind, detail.peer, detail.body]));
	await new Promise((resolve) => raw.addEventListener("ready", resolve));
});

/** Sends a stanza, as XML. */
const sendRaw = (page, xml) => page.evaluate((text) => {
	window.raw.connection.send(new DOMParser().parseFromString(text, "text/xml").documentElement);
	window.raw.connection.flush();
}, xml);

/**
 * From now on the requests arrive at the server, and the page gets none of the answers, not even to the request that the
 * server holds already: each looks like a network failure. Or all is well again.
 */
const loseAnswers = (page, lose) => page.evaluate((lost) => {
	const answers = window.XMLHttpRequest.prototype;
	window.statusOf ??= Object.getOwnPropertyDescriptor(answers, "status");
	const { get } = window.statusOf;
	Object.defineProperty(answers, "status", { ...window.statusOf, get: lost ? () => 0 : get });
}, lose);

/**
 * Waits until the page has one request open, which the server holds. With two, a message would wait for an answer.
 * @param say what makes somebody else send a message, which ends the request that is open already
 */
async function atRest(page, say) {
	await page.evaluate(() => {
		const requests = window.XMLHttpRequest.prototype;
		const { send } = requests;
		window.openRequests = 0;
		requests.send = function (body) {
			window.openRequests++;
			this.addEventListener("loadend", () => window.openRequests--);
			send.call(this, body);
		};
	});
	await say();
	await page.waitForFunction(() => window.openRequests === 1);
}

test("scrolled up, a new message has a button, and is unread until it is in sight", async () => {
	const { alice, bob } = await enterBoth(browser, chat);
	for (let i = 0; i < LINES; i++) await write(bob, `line ${i}`);
	await received(alice, `line ${LINES - 1}`).waitFor();
	assert.equal(await news(alice).isVisible(), false);
	await alice.locator("#logs").evaluate((el) => (el.scrollTop = 0));
	await write(bob, "news");
	await news(alice).waitFor();
	await unread(alice, "bob").getByText("1").waitFor();
	assert.equal(await alice.title(), "(1) Chat");
	assert.equal(await alice.locator("#logs").evaluate((el) => el.scrollTop), 0, "the log stays where it is read");
	assert.deepEqual(await violations(alice, "chat"), []);
	await news(alice).click();
	await contact(alice, "bob").locator(".unread").waitFor({ state: "hidden" });
	await news(alice).waitFor({ state: "hidden" });
	assert.equal(await alice.evaluate(() => document.activeElement.id), "compose");
	await leave(alice, bob);
});

test("a message on its way has a sign; one that arrived unnoticed is not doubled by sending it again", async () => {
	const { alice, bob } = await enterBoth(browser, chat);
	await atRest(alice, async () => {
		await write(bob, "hello");
		await bob.locator(".message.out .read").waitFor(); // all that alice sends in return
	});
	await alice.clock.install();
	await loseAnswers(alice, true);
	await alice.locator("#compose").evaluate((field) => (field.value = "did it arrive?")); // sends no sign of typing
	await alice.locator("#compose").press("Enter");
	await alice.locator(".message.out .pending").waitFor();
	const drawn = await alice.locator(".message.out", { hasText: "did it arrive?" }).elementHandle();
	await received(bob, "did it arrive?").waitFor();
	const lost = alice.locator(".message.out.unsent");
	await until("the page to give up", async () => {
		await alice.clock.runFor(2_000);
		return (await lost.count()) > 0;
	}, { seconds: 60 });
	assert.equal(await alice.locator(".message.out .pending").count(), 0);
	await loseAnswers(alice, false);
	await alice.clock.resume();
	await alice.evaluate(() => window.dispatchEvent(new Event("online")));
	await alice.locator("body[data-state=ready]").waitFor({ timeout: BACK_MS });
	await alice.getByRole("button", { name: "Send again" }).click();
	await lost.waitFor({ state: "detached" });
	assert.ok(await drawn.evaluate((el) => el.isConnected), "the message's element stays, whatever becomes of it");
	await write(alice, "and this?");
	await received(bob, "and this?").waitFor();
	for (const page of [alice, bob])
		assert.deepEqual((await texts(page)).slice(-2), ["did it arrive?", "and this?"]);
	await leave(alice, bob);
});

test("a correction replaces the message, and only its sender's", async () => {
	const { alice, bob } = await enterBoth(browser, chat);
	await openRaw(bob);
	const correct = (id, text) => sendRaw(bob, `<message xmlns="jabber:client" type="chat" to="alice@${DOMAIN}" id="${id}2"><body>${text}</body>`
		+ `<replace xmlns="urn:xmpp:message-correct:0" id="${id}"/></message>`);
	await sendRaw(bob, `<message xmlns="jabber:client" type="chat" to="alice@${DOMAIN}" id="typo"><body>helo</body></message>`);
	await received(alice, "helo").waitFor();
	await correct("typo", "hello");
	await received(alice, "hello").waitFor();
	assert.equal(await received(alice, "helo").count(), 0);
	await alice.locator(".message.in", { hasText: "hello" }).locator(".edited").waitFor();
	await write(alice, "my own words");
	const own = await alice.locator(".message.out").last().getAttribute("data-id");
	await correct(own, "not alice's words");
	await received(alice, "not alice's words").waitFor();
	assert.equal(await sent(alice, "my own words").count(), 1);
	assert.deepEqual(await violations(alice, "chat"), []);
	await leave(alice, bob);
});

test("a private message in a group chat is a conversation of its own, and changes no other", async () => {
	const [alice, carol] = [await enter(browser, chat, "alice"), await enter(browser, chat, "carol")];
	await alice.getByLabel("Chat address").fill(ROOM);
	await alice.getByRole("button", { name: "Write to" }).click();
	await openRaw(carol);
	await sendRaw(carol, `<presence xmlns="jabber:client" to="${ROOM}/Carol"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
	await alice.locator("#peer-presence", { hasText: "Carol" }).waitFor();
	await sendRaw(carol, `<message xmlns="jabber:client" type="chat" to="${ROOM}/alice" id="psst"><body>psst</body>`
		+ '<x xmlns="http://jabber.org/protocol/muc#user"/></message>');
	const inRoom = alice.locator(`[data-contact="${ROOM}/Carol"]`);
	await inRoom.locator(".unread", { hasText: "1" }).waitFor();
	assert.equal(await inRoom.locator(".name").textContent(), `Carol in ${ROOM}`);
	await alice.locator("#compose").fill("to everybody");
	await alice.locator("#compose").press("Enter");
	await sees(alice, ["to everybody"]);
	await inRoom.click();
	await sees(alice, ["psst"]);
	await write(alice, "to you alone");
	await until("both messages", () => carol.evaluate(() => window.rawHeard.some(([, , body]) => body === "to you alone")));
	const heard = await carol.evaluate(() => window.rawHeard.filter(([, , body]) => body !== ""));
	assert.equal(heard.filter(([kind, , body]) => kind === "chat" && body === "to you alone").length, 1);
	await alice.goto("about:blank");
	await alice.goto(chat.url);
	await ready(alice);
	await inRoom.waitFor();
	assert.equal(await inRoom.locator(".name").textContent(), `Carol in ${ROOM}`);
	await leave(alice, carol);
});
