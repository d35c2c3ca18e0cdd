// The list that people know: recent and unread conversations first, the last line with its time, and a filter. In Chromium,
// on Prosody.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { DOMAIN, startChat, typablePassword } from "../lib/chat.mjs";
import { screenshot, startChromium } from "../lib/chromium.mjs";
import { contact, enter, leave, online, received, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";

const NAMES = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place, { users: Object.fromEntries(NAMES.map((name) => [name, typablePassword()])) });
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

const names = (page) => page.locator(".contact:visible").evaluateAll((all) => all.map((button) => button.dataset.contact.split("@")[0]));

async function lists(page, ...expected) {
	await until(`the list begins with ${expected}`, async () => (await names(page)).slice(0, expected.length).join() === expected.join());
}

test("who wrote last is first, with the line and its time; then who is online", async () => {
	const alice = await enter(browser, chat, "alice", { bypassCSP: true });
	const grace = await enter(browser, chat, "grace");
	await online(alice, "grace");
	await lists(alice, "grace", "bob", "carol");
	const frank = await enter(browser, chat, "frank");
	await online(alice, "frank");
	await lists(alice, "frank", "grace", "bob");
	await talkTo(frank, "alice");
	await write(frank, "hello from frank");
	await contact(alice, "frank").locator(".last", { hasText: "hello from frank" }).waitFor();
	await lists(alice, "frank", "grace", "bob");
	const row = contact(alice, "frank");
	assert.match(await row.locator("time").textContent(), /\d/);
	await row.locator(".unread", { hasText: "1" }).waitFor();
	await talkTo(alice, "erin");
	await write(alice, "hi erin");
	await lists(alice, "frank", "erin", "grace"); // what is unread stays above what is newer
	assert.equal(await contact(alice, "erin").locator(".last").textContent(), "You: hi erin");
	await talkTo(alice, "frank");
	await received(alice, "from frank").waitFor();
	await lists(alice, "erin", "frank", "grace");
	await screenshot(alice, "contact-list");
	assert.deepEqual(await violations(alice, "list"), []);
	await alice.reload();
	await lists(alice, "erin", "frank", "grace");
	assert.match(await contact(alice, "frank").getByText("Online").textContent(), /Online/); // for screen readers
	await leave(alice, frank, grace);
});

test("the list does not move under a pressed pointer: who was pressed is opened", async () => {
	const [alice, grace] = [await enter(browser, chat, "alice"), await enter(browser, chat, "grace")];
	await online(alice, "grace");
	await talkTo(grace, "alice");
	await write(grace, "first");
	await contact(alice, "grace").locator(".last", { hasText: "first" }).waitFor();
	const frank = await enter(browser, chat, "frank");
	await talkTo(frank, "alice");
	const box = await contact(alice, "grace").boundingBox();
	const order = await names(alice);
	await alice.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
	await alice.mouse.down();
	await write(frank, "in between"); // frank goes to the top
	await until("it to arrive", async () => /^\(2\)/.test(await alice.title()));
	assert.deepEqual(await names(alice), order);
	await alice.mouse.up();
	await received(alice, "first").waitFor();
	await lists(alice, "frank", "grace");
	await talkTo(alice, "frank");
	await leave(alice, frank, grace);
});

test("the filter, by keyboard", async () => {
	const alice = await enter(browser, chat, "alice", { bypassCSP: true });
	const filter = alice.getByRole("searchbox", { name: "Find a contact" });
	await filter.fill("a");
	await until("those with an a", async () => !(await names(alice)).includes("bob"));
	await filter.fill("CARO");
	await until("one is left", async () => (await names(alice)).join() === "carol");
	await filter.press("ArrowDown");
	assert.equal(await alice.evaluate(() => document.activeElement.dataset.contact), `carol@${DOMAIN}`);
	await filter.fill("nobody at all");
	await alice.getByRole("status").filter({ hasText: "No contact has that name." }).waitFor();
	assert.deepEqual(await violations(alice, "filter"), []);
	await filter.press("Escape");
	await until("all are back", async () => (await names(alice)).length === NAMES.length - 1);
	assert.equal(await alice.locator("#no-match").textContent(), "");
	await filter.fill("dav");
	await filter.press("Enter");
	await alice.locator("#peer-name", { hasText: "Dave" }).waitFor();
	assert.equal(await filter.inputValue(), "");
	await leave(alice);
});
