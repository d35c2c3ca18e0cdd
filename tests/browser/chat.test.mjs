// Two people in Chromium, on lighttpd, Prosody and the program: what the whole thing is for.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DOMAIN, startChat } from "../lib/chat.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { contact, enter as enterAs, leave, received, sent, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place);
	browser = await startChromium(place, { whole: true });
});
after(() => place.close({ logs: true }));

const enter = (user, options) => enterAs(browser, chat, user, options);

test("alice and bob log in, see each other and talk", async () => {
	const alice = await enter("alice");
	const bob = await enter("bob");
	await contact(alice, "bob").filter({ hasText: "Online" }).waitFor();
	await contact(bob, "alice").filter({ hasText: "Online" }).waitFor();

	await contact(alice, "bob").click();
	await write(alice, "hello");
	await contact(bob, "alice").locator(".unread", { hasText: "1" }).waitFor();
	await contact(bob, "alice").click();
	await received(bob, "hello").waitFor();
	await write(bob, "hello yourself");
	await received(alice, "hello yourself").waitFor();

	await screenshot(alice, "chat-alice");
	await screenshot(bob, "chat-bob");
	await leave(alice, bob);
});

test("what somebody writes is text, whatever it looks like", async () => {
	const alice = await enter("alice");
	const bob = await enter("bob");
	const text = "<img src=x onerror=alert(1)> & \"quotes\" 'and' <script>alert(2)</script> ]]> äöü 🙂";
	await contact(alice, "bob").filter({ hasText: "Online" }).waitFor();
	await contact(alice, "bob").click();
	await write(alice, text);
	await contact(bob, "alice").click();
	await received(bob, text).waitFor();
	assert.equal(await bob.locator("#logs img, #logs script").count(), 0);
	await leave(alice, bob);
});

test("the session's secrets are taken out of the page", async () => {
	const alice = await enter("alice");
	assert.equal(await alice.locator("script#prebind").count(), 0);
	const stored = await alice.evaluate(() => JSON.stringify([Object.entries(window.localStorage), document.cookie, location.href, window.name]));
	assert.doesNotMatch(stored, /sid|rid/);
	const cookies = await alice.context().cookies();
	assert.ok(cookies.every(({ httpOnly, sameSite }) => httpOnly && ["Lax", "Strict"].includes(sameSite)));
	await leave(alice);
});

test("the keyboard is enough", async () => {
	const bob = await enter("bob");
	const page = await newPage(browser);
	await page.goto(chat.url);
	await page.locator("#user:focus").waitFor(); // by itself
	await page.keyboard.type("alice");
	await page.keyboard.press("Tab");
	await page.keyboard.type(chat.users.alice);
	await page.keyboard.press("Enter");
	await page.locator("body[data-state=ready]").waitFor();
	await contact(page, "bob").filter({ hasText: "Online" }).waitFor();

	const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-contact") ?? "");
	for (let i = 0; i < 10 && !(await focused()); i++)
		await page.keyboard.press("Tab");
	assert.equal(await focused(), `bob@${DOMAIN}`);
	await page.keyboard.press("Enter");
	await page.keyboard.type("no mouse here");
	await page.keyboard.press("Enter");
	await sent(page, "no mouse here").waitFor();
	await contact(bob, "alice").click();
	await received(bob, "no mouse here").waitFor();
	await leave(page, bob);
});

/** How bright the page's ground is: 0 black, 1 white. */
function brightness(page) {
	return page.evaluate(() => {
		const canvas = document.createElement("canvas").getContext("2d");
		canvas.fillStyle = window.getComputedStyle(document.body).backgroundColor;
		canvas.fillRect(0, 0, 1, 1);
		const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
		return (red + green + blue) / 3 / 255;
	});
}

test("dark where the system is dark, light where it is light", async () => {
	const dark = await enter("alice", { colorScheme: "dark" });
	const light = await enter("bob", { colorScheme: "light" });
	assert.ok(await brightness(dark) < 0.25);
	assert.ok(await brightness(light) > 0.75);
	await contact(dark, "bob").click();
	await write(dark, "good evening");
	await screenshot(dark, "chat-dark");
	await leave(dark, light);
});

test("after a reload the chat goes on", async () => {
	const alice = await enter("alice");
	const bob = await enter("bob");
	await alice.reload();
	await alice.locator("body[data-state=ready]").waitFor();
	await contact(alice, "bob").filter({ hasText: "Online" }).waitFor();
	await contact(bob, "alice").click();
	await write(bob, "still there?");
	await contact(alice, "bob").click();
	await received(alice, "still there?").waitFor();
	await leave(alice, bob);
});

test("logging out ends the chat and the login", async () => {
	const alice = await enter("alice");
	const bob = await enter("bob");
	await contact(bob, "alice").filter({ hasText: "Online" }).waitFor();
	await alice.getByRole("button", { name: "Log out" }).click();
	await alice.getByLabel("User name").waitFor();
	await contact(bob, "alice").filter({ hasText: "Offline" }).waitFor();
	await alice.goto(chat.url);
	await until("the login form", () => new URL(alice.url()).pathname === "/chat/login");
	await leave(alice, bob);
});

test("a wrong password is said on the form, and only there", async () => {
	const page = await newPage(browser);
	await page.goto(chat.url);
	await page.getByLabel("User name").fill("alice");
	await page.getByLabel("Password").fill("wrong");
	await page.getByRole("button", { name: "Log in" }).click();
	await page.getByRole("alert").waitFor();
	assert.equal(await page.getByLabel("User name").inputValue(), "alice");
	assert.equal(await page.getByLabel("Password").inputValue(), "");
	await screenshot(page, "login-refused");
	page.complaints = page.complaints.filter((text) => !text.includes("401")); // Chromium reports the status itself
	await leave(page);
});

test("a narrow window shows one thing at a time", async () => {
	const alice = await enter("alice", { viewport: { width: 360, height: 640 } });
	await contact(alice, "bob").click();
	assert.equal(await contact(alice, "bob").isVisible(), false);
	await screenshot(alice, "chat-narrow");
	await alice.getByRole("button", { name: "Back to the contacts" }).click();
	await contact(alice, "bob").waitFor();
	const overflow = await alice.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.equal(overflow, 0, "nothing sticks out sideways");
	await leave(alice);
});
