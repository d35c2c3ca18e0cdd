// What people expect of a chat beyond talk: history, typing, delivered marks, links, emoji, group chats.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DOMAIN, startChat } from "../lib/chat.mjs";
import { startChromium } from "../lib/chromium.mjs";
import { contact, enter, leave, online, received, sees, sent, talkTo, texts, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";

const ROOM = `tea@rooms.${DOMAIN}`;
const HISTORY = 40; // more than a page of the archive

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place, {
		bosh: { '"bosh"': '"bosh", "mam"' },
		prosody: `default_archive_policy = true\nComponent "rooms.${DOMAIN}" "muc"\n  restrict_room_creation = false\n  muc_room_locking = false\n`,
	});
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

async function two() {
	const [alice, bob] = [await enter(browser, chat, "alice"), await enter(browser, chat, "bob")];
	await online(alice, "bob");
	await online(bob, "alice");
	await talkTo(alice, "bob");
	await talkTo(bob, "alice");
	return { alice, bob };
}

async function startWith(page, typed) {
	await page.getByLabel("Chat address").fill(typed);
	await page.getByRole("button", { name: "Write to" }).click();
}

test("the other one sees that somebody writes, and no longer writes", async () => {
	const { alice, bob } = await two();
	await alice.locator("#compose").pressSequentially("hm");
	await bob.locator("#peer-presence", { hasText: "is writing…" }).waitFor();
	await alice.locator("#compose").fill("");
	await bob.locator("#peer-presence", { hasText: "Online" }).waitFor();
	await leave(alice, bob);
});

test("a message is marked as delivered when the other one has it", async () => {
	const { alice, bob } = await two();
	await write(alice, "did you get this?");
	await alice.locator(".message.out", { hasText: "did you get this?" }).locator(".delivered").waitFor();
	await leave(alice, bob);
});

test("addresses are links that tell nothing and open elsewhere; nothing else is", async () => {
	const { alice, bob } = await two();
	await write(alice, "see https://example.org/a_(b)?c=1&d=2. Not javascript:alert(1), nor http://<x>");
	await received(bob, "see https").waitFor();
	const links = await bob.locator(".message.in .text a").evaluateAll((all) =>
		all.map((a) => [a.textContent, a.href, a.target, a.rel]));
	assert.deepEqual(links, [["https://example.org/a_(b)?c=1&d=2", "https://example.org/a_(b)?c=1&d=2", "_blank", "noopener noreferrer nofollow"]]);
	await leave(alice, bob);
});

test("each text runs in its own direction", async () => {
	const { alice, bob } = await two();
	const direction = (found) => found.last().evaluate((el) => window.getComputedStyle(el).direction);
	const field = alice.locator("#compose");
	assert.equal(await direction(field), "ltr"); // its hint is English
	await field.fill("שלום bob");
	assert.equal(await direction(field), "rtl");
	await field.press("Enter");
	await write(alice, "hello, שלום");
	for (const log of [sent(alice, "שלום bob"), received(bob, "שלום bob")]) {
		await log.waitFor();
		assert.equal(await direction(log), "rtl");
	}
	await received(bob, "hello, שלום").waitFor();
	assert.equal(await direction(received(bob, "hello, שלום")), "ltr");
	assert.equal(await bob.locator("#peer-name bdi").textContent(), "Alice");
	assert.equal(await contact(bob, "alice").locator(".name bdi").textContent(), "Alice");
	await leave(alice, bob);
});

test("a name alone is an address of the user's own domain", async () => {
	const { alice, bob } = await two();
	await startWith(alice, "not an address");
	await alice.locator("#address-error", { hasText: "not a chat address" }).waitFor();
	await startWith(alice, "Bob");
	await write(alice, "by name");
	await received(bob, "by name").waitFor();
	assert.equal(await contact(alice, "bob").getAttribute("aria-current"), "true");
	await leave(alice, bob);
});

test("an emoji goes where the cursor is", async () => {
	const { alice, bob } = await two();
	await alice.locator("#compose").fill("tea?");
	await alice.locator("#compose").press("Home");
	await alice.getByRole("button", { name: "Emoji" }).click();
	await alice.getByRole("button", { name: "☕" }).click();
	assert.equal(await alice.locator("#compose").inputValue(), "☕tea?");
	await leave(alice, bob);
});

test("history: a page at a time, in order, nothing twice", async () => {
	const { alice, bob } = await two();
	for (let i = 1; i <= HISTORY; i++) {
		const [writer, reader] = i % 2 ? [alice, bob] : [bob, alice];
		await write(writer, `line ${String(i).padStart(2, "0")}`);
		await received(reader, `line ${String(i).padStart(2, "0")}`).waitFor();
	}
	await alice.reload();
	await online(alice, "bob");
	await talkTo(alice, "bob");
	await received(alice, `line ${HISTORY}`).waitFor();
	await write(bob, "a new one");
	await received(alice, "a new one").waitFor();
	for (let i = 0; i < 10 && (await sent(alice, "line 01").count()) === 0; i++) {
		await alice.getByRole("button", { name: "Earlier messages" }).click();
		await alice.getByRole("button", { name: "Earlier messages" }).or(sent(alice, "line 01")).first().waitFor();
	}
	const lines = (await texts(alice)).filter((text) => text.startsWith("line ") || text === "a new one");
	const expected = Array.from({ length: HISTORY }, (_, i) => `line ${String(i + 1).padStart(2, "0")}`);
	assert.deepEqual(lines, [...expected, "a new one"]);
	await leave(alice, bob);
});

test("a group chat by its address", async () => {
	const { alice, bob } = await two();
	const join = async (page) => {
		await startWith(page, ROOM);
		await page.locator("#peer-presence", { hasText: "Group chat:" }).waitFor();
	};
	await join(alice);
	await alice.locator("#peer-presence", { hasText: "Group chat: alice" }).waitFor();
	await join(bob);
	await alice.locator("#peer-presence", { hasText: "alice, bob" }).waitFor();
	await alice.locator("#compose").fill("hello all");
	await alice.locator("#compose").press("Enter");
	await sees(alice, ["hello all"]);
	await sees(bob, ["hello all"]);
	assert.equal(await bob.locator(".log:not([hidden]) .author").textContent(), "alice: ");
	await contact(bob, "alice").click();
	await write(alice, "still here");
	await contact(bob, "alice").waitFor();
	await bob.locator(`[data-contact="${ROOM}"] .last`, { hasText: "still here" }).waitFor();
	assert.equal(await bob.locator(`[data-contact="${ROOM}"] .unread`).isVisible(), false); // it names nobody
	await write(alice, "still there, Bob?");
	await bob.locator(`[data-contact="${ROOM}"] .unread`, { hasText: "1" }).waitFor();
	await leave(alice, bob);
});
