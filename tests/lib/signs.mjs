/*
 * The signs of a message on both sides, and what is new: the same scenes on each XMPP server.
 */
import assert from "node:assert/strict";
import { violations } from "./axe.mjs";
import { screenshot } from "./chromium.mjs";
import { contact, enter, leave, online, received, talkTo, write } from "./people.mjs";

const sign = (page, text) => page.locator(".message.out", { hasText: text }).locator(".meta");
const unread = (page, user) => contact(page, user).locator(".unread:not([hidden])");

/* Each scene gets what the test file has started: browser, chat. */
export const SIGNS = {
	"a message is sent, then delivered, and read when the other one looks": async ({ browser, chat }) => {
		const [alice, bob] = [await enter(browser, chat, "alice"), await enter(browser, chat, "bob")];
		await Promise.all([online(alice, "bob"), online(bob, "alice")]);
		await talkTo(alice, "bob");
		await write(alice, "first question");
		await write(alice, "second question");
		await sign(alice, "second question").locator(".delivered", { hasText: "Delivered" }).waitFor();
		await talkTo(bob, "alice");
		await received(bob, "second question").waitFor();
		for (const text of ["first question", "second question"])
			await sign(alice, text).locator(".read", { hasText: "Read" }).waitFor();
		await alice.reload();
		await sign(alice, "second question").locator(".read").waitFor();
		await leave(alice, bob);
	},

	"a line stands above what was unread, until the user writes; another browser learns what is read": async ({ browser, chat }) => {
		const [alice, phone, bob] = [await enter(browser, chat, "alice"), await enter(browser, chat, "alice", { bypassCSP: true }), await enter(browser, chat, "bob")];
		await Promise.all([alice, phone].map((page) => online(page, "bob")));
		await talkTo(bob, "alice");
		for (const text of ["news 1", "news 2", "news 3"]) await write(bob, text);
		await Promise.all([alice, phone].map((page) => unread(page, "bob").filter({ hasText: "3" }).waitFor()));
		await talkTo(phone, "bob");
		await received(phone, "news 3").waitFor();
		const heading = phone.locator(".log:not([hidden]) .day.new");
		assert.equal(await heading.count(), 1);
		assert.equal(await heading.evaluate((el) => el.nextElementSibling.querySelector(".text").textContent), "news 1");
		await unread(alice, "bob").waitFor({ state: "detached" });
		await screenshot(phone, "first-unread");
		assert.deepEqual(await violations(phone, "first unread"), []);
		await write(phone, "thank you");
		await heading.waitFor({ state: "detached" });
		await leave(alice, phone, bob);
	},
};
