/*
 * Group chats that stay, and contacts that come and go: the same scenes on each XMPP server.
 */
import assert from "node:assert/strict";
import { violations } from "./axe.mjs";
import { screenshot } from "./chromium.mjs";
import { contact, enter, leave, online, offline, received, sees, talkTo, write } from "./people.mjs";
import { until } from "./wait.mjs";

const OLD = 24; // more than a group chat sends to a new member by itself

const presence = (page, text) => page.locator("#peer-presence", { hasText: text }).waitFor();
const more = (page) => page.getByRole("button", { name: "More" });
const row = (page, jid) => page.locator(`[data-contact="${jid}"]`);

async function startWith(page, typed) {
	await page.getByLabel("Chat address").fill(typed);
	await page.getByRole("button", { name: "Write to" }).click();
}

/* Each scene gets what the test file has started: browser, chat, room. */
export const ROOMS = {
	"a group chat stays: on another device, with its history, its members, until the user leaves it": async ({ browser, chat, room }) => {
		const alice = await enter(browser, chat, "alice", { bypassCSP: true });
		await startWith(alice, room);
		await presence(alice, "Group chat: alice");
		const lines = Array.from({ length: OLD }, (_, i) => `line ${String(i + 1).padStart(2, "0")}`);
		for (const line of lines) await write(alice, line);
		await alice.locator(".message.out .sent").nth(OLD - 1).waitFor();

		const bob = await enter(browser, chat, "bob");
		await startWith(bob, room);
		await presence(bob, "alice, bob");
		await sees(bob, lines); // from the archive of the group chat
		await more(bob).click();
		await bob.locator(".members li").nth(1).waitFor();
		assert.match(await bob.locator(".members").textContent(), /alice owner/);

		const phone = await enter(browser, chat, "bob"); // another browser, whose storage is empty
		await row(phone, room).click();
		await presence(phone, "alice, bob");
		await sees(phone, lines);
		await leave(phone);

		await bob.getByRole("button", { name: "Leave the group chat" }).click();
		await presence(alice, /^Group chat: alice$/);
		await presence(bob, "you are not in it");
		await alice.reload();
		await presence(alice, "Group chat: alice");
		await more(alice).click();
		await alice.locator(".members").waitFor();
		await screenshot(alice, "members");
		assert.deepEqual(await violations(alice, "members"), []);
		await alice.keyboard.press("Escape");
		assert.equal(await alice.locator("#conversation").isVisible(), true); // only the menu is closed
		const again = await enter(browser, chat, "bob");
		await online(again, "alice");
		assert.equal(await row(again, room).count(), 0);
		await leave(alice, bob, again);
	},

	"contacts are blocked, removed and added again": async ({ browser, chat }) => {
		const alice = await enter(browser, chat, "alice", { bypassCSP: true });
		const bob = await enter(browser, chat, "bob");
		await Promise.all([online(alice, "bob"), online(bob, "alice")]);
		await talkTo(alice, "bob");
		await talkTo(bob, "alice");
		const code = "**/static/*more.js*";
		await alice.route(code, (route) => route.abort());
		await more(alice).click();
		await alice.locator("#peer-menu", { hasText: "The menu did not load." }).waitFor();
		await alice.keyboard.press("Escape");
		await alice.unroute(code);
		await until("the complaint", () => alice.complaints.length > 0);
		assert.match(alice.complaints.splice(0).join("\n"), /^error: Failed to load resource.*more\.js\S*\)$/);
		await more(alice).click(); // loads, although browsers remember that an import failed
		await alice.getByRole("button", { name: "Block", exact: true }).waitFor();
		assert.deepEqual(await violations(alice, "menu"), []);
		await screenshot(alice, "peer-menu");
		await alice.getByRole("button", { name: "Block", exact: true }).click();
		await presence(alice, "Blocked");
		await offline(bob, "alice");
		await bob.locator("#compose").fill("can you read this?");
		await bob.locator("#compose").press("Enter");
		await bob.locator(".message.unsent", { hasText: "can you read this?" }).waitFor();
		await more(alice).press("Enter");
		await alice.getByRole("button", { name: "Unblock" }).press("Enter");
		await online(bob, "alice");
		await write(bob, "and now?");
		await received(alice, "and now?").waitFor();
		assert.equal(await received(alice, "can you read this?").count(), 0);

		await more(alice).click();
		await alice.getByRole("button", { name: "Remove from contacts" }).click();
		await presence(alice, "Not in your contacts");
		await offline(bob, "alice");
		await more(alice).click();
		await alice.getByRole("button", { name: "Add to contacts" }).click();
		await presence(alice, /Offline|Online/);
		await contact(alice, "bob").waitFor();
		await leave(alice, bob);
	},
};
