/*
 * What people do on the chat page in a browser, and what they see there.
 */
import assert from "node:assert/strict";
import { DOMAIN } from "./chat.mjs";
import { newPage } from "./chromium.mjs";
import { until } from "./wait.mjs";

const ANSWERS_MAX_MS = 5_000; // a server that is away does not answer

/** Waits until the page can send. */
export const ready = (page) => page.locator("body[data-state=ready]").waitFor();

/** Fills in the login form that the page shows. */
export async function logIn(page, user, password) {
	await page.getByLabel("User name").fill(user);
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Log in" }).click();
}

/**
 * Opens a page where this user is logged in and connected.
 * @param {{ url: string, users: Record<string, string> }} chat
 */
export async function enter(browser, chat, user, options) {
	const page = await newPage(browser, options);
	await page.goto(chat.url);
	await logIn(page, user, chat.users[user]);
	await ready(page);
	return page;
}

export const contact = (page, user) => page.locator(`[data-contact="${user}@${DOMAIN}"]`);
export const received = (page, text) => page.locator(".message.in .text", { hasText: text });
export const sent = (page, text) => page.locator(".message.out .text", { hasText: text });
export const online = (page, user) => contact(page, user).filter({ hasText: "Online" }).waitFor();
export const offline = (page, user) => contact(page, user).filter({ hasText: "Offline" }).waitFor();

/** Opens the conversation with this user. */
export const talkTo = (page, user) => contact(page, user).click();

export async function write(page, text) {
	await page.locator("#compose").fill(text);
	await page.locator("#compose").press("Enter");
	await sent(page, text).last().waitFor();
}

/**
 * Logs alice and bob in, and opens their conversation with each other. hers, options: chat and
 * options of alice.
 */
export async function enterBoth(browser, chat, hers = chat, options) {
	const [alice, bob] = [await enter(browser, hers, "alice", options), await enter(browser, chat, "bob")];
	await Promise.all([online(alice, "bob"), online(bob, "alice")]);
	await talkTo(alice, "bob");
	await talkTo(bob, "alice");
	return { alice, bob };
}

/** Each sends a message, and the other receives it. */
export async function greet(alice, bob, word) {
	await write(alice, `alice ${word}`);
	await received(bob, `alice ${word}`).waitFor();
	await write(bob, `bob ${word}`);
	await received(alice, `bob ${word}`).waitFor();
}

/** The texts of the open conversation, in order. */
export const texts = (page) => page.locator(".log:not([hidden]) .message .text").allTextContents();

/** The page shows each of these texts exactly once, in this order, and no other. */
export async function sees(page, expected) {
	await page.locator(".log:not([hidden]) .message .text", { hasText: expected[expected.length - 1] }).last().waitFor();
	// The last one can come before those that the archive still has to send.
	await until(`${expected.length} messages`, async () => (await texts(page)).length >= expected.length).catch(() => {});
	assert.deepEqual(await texts(page), expected);
}

/**
 * Lets a page end its session as if it went away, and waits for the server's answers. A browser that
 * closes a context does not always send the last requests of its pages.
 */
const goAway = (page) => page.evaluate(async (most) => {
	const answers = [];
	const { fetch } = window;
	window.fetch = (...request) => {
		const answer = fetch(...request);
		answers.push(answer);
		return answer;
	};
	window.dispatchEvent(new window.Event("pagehide"));
	await Promise.race([Promise.allSettled(answers), new Promise((resolve) => setTimeout(resolve, most))]);
}, ANSWERS_MAX_MS).catch((error) => {
	if (!/context was destroyed/.test(error.message)) throw error; // a page that goes to another one has done it
});

/**
 * Lets one tab after the other go away. If all go at once, the tab that holds the session passes it to one that goes too. Then
 * nobody ends it, and the next scene sees it until the server gives it up after a minute.
 */
async function allGoAway(context) {
	for (const page of context.pages().reverse()) {
		await goAway(page);
		if (context.pages().length > 1) await page.close();
	}
}

/** Closes the pages. The console and the Content-Security-Policy must have no complaints. */
export async function leave(...pages) {
	for (const page of pages) {
		assert.deepEqual(page.complaints, [], "console and Content-Security-Policy");
		await allGoAway(page.context());
		await page.context().close();
	}
}
