// Sounds and notifications, on the chat page and on a page of the site: nothing before the user asks for it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { startChat } from "../lib/chat.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { contact, enter, leave, logIn, online, ready, received, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place);
	place.write("htdocs/site.html", `<!doctype html><html lang="en"><head><title>Site</title><link rel="icon" href="data:,">
<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script></head><body><main><h1>Site</h1></main></body></html>`, 0o644);
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

/** Records what the page plays and shows, and lets the test say whether it is visible. */
function record() {
	const seen = { asked: 0, tones: 0, notes: [], clicks: [], state: "visible" };
	window.seen = seen;
	const { start } = window.OscillatorNode.prototype;
	window.OscillatorNode.prototype.start = function (...when) {
		seen.tones += 1;
		start.apply(this, when);
	};
	window.Notification = class {
		static permission = window.sessionStorage.getItem("test-permission") ?? "default";
		static async requestPermission() {
			seen.asked += 1;
			this.permission = "granted";
			window.sessionStorage.setItem("test-permission", "granted");
		}
		constructor(title, { body }) {
			seen.notes.push(`${title}: ${body}`);
		}
		addEventListener(type, run) {
			seen.clicks.push(run);
		}
		close() {}
	};
	Object.defineProperty(document, "visibilityState", { get: () => seen.state });
}

const bell = (page) => page.getByRole("button", { name: "Notify me of messages" });
const pressed = (page, on) => page.locator(`#notify[aria-pressed=${on}]`).waitFor();
const seen = (page) => page.evaluate(() => ({ ...window.seen, clicks: window.seen.clicks.length }));
const hide = (page, state = "hidden") => page.evaluate((to) => (window.seen.state = to), state);

/** The page has no sound in progress, so that the next message has one. */
const quiet = (page) => until("the sound before to be over", async () =>
	page.evaluate(async () => !(await navigator.locks.query()).held.some(({ name }) => name === "prebind-sound")));

test("the chat page asks nothing and is silent until the user turns it on; one tab speaks for all", async () => {
	const [alice, bob] = [await newPage(browser, { bypassCSP: true }), await enter(browser, chat, "bob")];
	await alice.context().addInitScript(record);
	await alice.goto(chat.url);
	await logIn(alice, "alice", chat.users.alice);
	await ready(alice);
	await online(bob, "alice");
	await talkTo(bob, "alice");
	await hide(alice);
	await write(bob, "before");
	await contact(alice, "bob").locator(".unread", { hasText: "1" }).waitFor();
	await pressed(alice, false);
	await bell(alice).press("Enter");
	await pressed(alice, true);
	assert.equal((await seen(alice)).asked, 1);
	assert.deepEqual((await seen(alice)).notes, []);
	assert.deepEqual(await violations(alice, "alerts"), []);
	await until("a sample of the sound", async () => (await seen(alice)).tones === 2);
	await quiet(alice);
	await write(bob, "psst");
	await until("a notification", async () => (await seen(alice)).notes.join() === "Bob: psst");
	await until("a sound", async () => (await seen(alice)).tones === 4);
	await alice.evaluate(() => window.seen.clicks[0]());
	await alice.locator("#peer-name", { hasText: "Bob" }).waitFor();

	const second = await alice.context().newPage(); // the user reads there
	await second.goto(chat.url);
	await ready(second);
	await talkTo(second, "bob");
	await pressed(second, true);
	await write(bob, "in sight elsewhere");
	await received(second, "in sight elsewhere").waitFor();
	await contact(alice, "bob").locator(".last", { hasText: "in sight elsewhere" }).waitFor();
	await bell(second).click();
	await pressed(alice, false);
	await second.close();
	await write(bob, "turned off");
	await contact(alice, "bob").locator(".last", { hasText: "turned off" }).waitFor();
	assert.deepEqual((await seen(alice)).notes, ["Bob: psst"]);
	await leave(alice, bob);
});

test("on a page of the site: a sound while the panel is closed, a notification that opens it", async () => {
	const [alice, bob] = [await newPage(browser, { bypassCSP: true }), await enter(browser, chat, "bob")];
	await alice.context().addInitScript(record);
	await alice.goto(`${chat.url}login?next=${encodeURIComponent("/chat/login")}`);
	await logIn(alice, "alice", chat.users.alice);
	await alice.goto(`${chat.origin}/site.html`);
	const launcher = alice.locator("#prebind-chat .launcher");
	await launcher.click();
	await online(alice, "bob");
	await bell(alice).click();
	await pressed(alice, true);
	await until("a sample of the sound", async () => (await seen(alice)).tones === 2);
	await screenshot(alice, "panel-bell");
	assert.deepEqual(await violations(alice, "panel with bell"), []);
	await launcher.click();
	await quiet(alice);
	await online(bob, "alice");
	await talkTo(bob, "alice");
	await write(bob, "look at the bubble");
	await until("a sound", async () => (await seen(alice)).tones === 4);
	assert.deepEqual((await seen(alice)).notes, []);
	await hide(alice);
	await write(bob, "look at the tab");
	await until("a notification", async () => (await seen(alice)).notes.length === 1);
	await hide(alice, "visible");
	await alice.evaluate(() => window.seen.clicks[0]());
	await alice.locator("#prebind-chat .panel #peer-name", { hasText: "Bob" }).waitFor();
	await received(alice, "look at the tab").waitFor();
	await leave(alice, bob);
});
