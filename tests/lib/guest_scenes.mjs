/*
 * What a guest does in a browser, on each XMPP server.
 */
import assert from "node:assert/strict";
import { violations } from "./axe.mjs";
import { newPage, screenshot } from "./chromium.mjs";
import { leave, logIn, ready, received, sent, write } from "./people.mjs";

const guestRow = (page) => page.locator("#contacts .contact", { hasText: "Anna (guest)" });

/** The bodies that the page posts to prebind.json, as they come. */
export function posts(page) {
	const bodies = [];
	page.on("request", (request) => request.url().endsWith("/prebind.json") && bodies.push(request.postData()));
	return bodies;
}

export async function begin(page, name) {
	await page.getByLabel("Your name").fill(name);
	await page.getByRole("button", { name: "Start the chat" }).click();
}

/** A member of the staff. The chat page itself would take them for a guest. */
async function staff(browser, chat) {
	const support = await newPage(browser);
	await support.goto(`${chat.url}login`);
	await logIn(support, "support", chat.users.support);
	await ready(support);
	return support;
}

/** A guest asks the staff, the staff answer, and the guest reloads, goes on, and ends the visit. */
export async function asksAndGoesOn({ browser, chat }) {
	const support = await staff(browser, chat);
	const guest = await newPage(browser, { bypassCSP: true });
	const asked = posts(guest);
	await guest.goto(chat.url);
	await guest.getByLabel("Your name").waitFor();
	assert.deepEqual(asked, [], "the page alone makes no session");
	assert.deepEqual(await violations(guest, "guest's form"), []);
	await screenshot(guest, "guest-form");
	await begin(guest, "Anna");
	await ready(guest);
	assert.equal(await guest.evaluate(() => document.activeElement.className), "side", "the keyboard goes on behind the form");
	assert.equal(await guest.locator("#me").textContent(), "Anna");
	for (const part of ["#start", "#filter", "#no-contacts"])
		assert.equal(await guest.locator(part).isVisible(), false, `${part} is for users`);
	await guest.getByRole("button", { name: "Ask us" }).click();
	await write(guest, "Where is my parcel?");
	await guestRow(support).click();
	await received(support, "Where is my parcel?").waitFor();
	await write(support, "On its way.");
	await received(guest, "On its way.").waitFor();
	assert.deepEqual(await violations(guest, "guest's conversation"), []);
	await screenshot(guest, "guest");

	await Promise.all([guest.waitForEvent("load"), guest.evaluate(() => location.reload())]);
	await ready(guest);
	await sent(guest, "Where is my parcel?").waitFor();
	await received(guest, "On its way.").waitFor();
	assert.equal(await guest.locator("#me").textContent(), "Anna");
	await write(guest, "Thank you!");
	await received(support, "Thank you!").waitFor();
	assert.equal(asked.filter((body) => body.startsWith("bind=yes")).length, 1, "the session goes on");

	await guest.getByRole("button", { name: "End the visit" }).click();
	await guest.getByLabel("Your name").waitFor();
	assert.equal((await guest.context().cookies()).filter(({ name }) => name.endsWith("-guest")).length, 0);
	assert.equal(await guest.getByRole("button", { name: "End the visit" }).isVisible(), false, "there is none");
	await begin(guest, "Zoe");
	await ready(guest);
	assert.equal(await guest.getByText("On its way.").count(), 0, "nothing of the visit before is left");
	await leave(support, guest);
}

/** A guest and the staff talk in the site's room for guests, which the staff make. */
export async function talksInTheRoom({ browser, chat, room }) {
	const row = (page) => page.locator(`[data-contact="${room}"]`);
	const support = await staff(browser, chat);
	await row(support).click();
	await support.locator("#peer-presence", { hasText: "support" }).waitFor();
	const guest = await newPage(browser);
	await guest.goto(chat.url);
	await begin(guest, "Anna");
	await ready(guest);
	await row(guest).click();
	await guest.locator("#peer-presence", { hasText: "Anna (guest)" }).waitFor();
	await write(guest, "Hello from a guest");
	await received(support, "Hello from a guest").waitFor();
	await write(support, "Hello guest");
	await received(guest, "Hello guest").waitFor();
	await leave(support, guest);
}
