// Every page and state by axe-core's rules (WCAG 2.2 AA), light and dark; right to left; without script; in the other
// languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { startChat } from "../lib/chat.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { enter, leave, logIn, online, ready, received, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place);
	place.write("htdocs/site.html", '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Site</title><link rel="icon" href="data:,">'
		+ '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
		+ '<script type="module" src="/chat/static/embed.js"></script></head><body><main><h1>Site</h1></main></body></html>', 0o644);
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

for (const colorScheme of ["light", "dark"]) {
	for (const [device, viewport] of [["desktop", { width: 1000, height: 700 }], ["phone", { width: 360, height: 640 }]]) {
		test(`no violations: ${colorScheme}, ${device}`, async () => {
			const options = { colorScheme, viewport, bypassCSP: true }; // axe is put into the page
			const found = [];
			const page = await newPage(browser, options);
			const look = async (where) => found.push(...await violations(page, where));
			await page.goto(chat.url);
			await look("login");
			await logIn(page, "alice", "wrong");
			await page.getByRole("alert").waitFor();
			await look("login refused");
			await page.goto(`${chat.url}nothing-here`);
			await look("error");
			await page.goto(`${chat.url}status`);
			await page.getByRole("heading", { name: "What is slow" }).waitFor();
			await look("status");
			await page.goto(chat.url);
			await logIn(page, "alice", chat.users.alice);
			await ready(page);
			const bob = await enter(browser, chat, "bob");
			await online(page, "bob");
			await look("contacts");
			await talkTo(page, "bob");
			await write(page, "hello https://example.org/");
			await online(bob, "alice");
			await talkTo(bob, "alice");
			await write(bob, "hello yourself");
			await received(page, "hello yourself").waitFor();
			await look("conversation");
			await page.getByRole("button", { name: "Emoji" }).click();
			await look("emoji");
			await page.keyboard.press("Escape");
			await page.context().setOffline(true);
			await page.evaluate(() => window.dispatchEvent(new Event("offline")));
			await page.context().setOffline(false);
			await page.goto(`${chat.origin}/site.html`);
			await page.locator("#prebind-chat .launcher").waitFor();
			await look("embed closed");
			await page.locator("#prebind-chat .launcher").click();
			await page.locator("#prebind-chat .panel[data-state=ready]").waitFor();
			await look("embed open");
			assert.deepEqual(found, []);
			await page.context().close();
			await bob.context().close();
		});
	}
}

test("right to left: nothing sticks out, nothing is mirrored wrongly", async () => {
	const alice = await enter(browser, chat, "alice", { bypassCSP: true });
	await alice.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
	const at = (selector) => alice.locator(selector).evaluate((el) => el.getBoundingClientRect().left);
	assert.ok(await at(".side") > await at(".talk"), "the contacts are at the right");
	await talkTo(alice, "bob");
	await write(alice, "שלום");
	const box = await alice.locator(".message.out").last().boundingBox();
	const logs = await alice.locator("#logs").boundingBox();
	assert.ok(box.x - logs.x < logs.width / 2, "one's own messages are at the left");
	const overflow = await alice.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.equal(overflow, 0);
	await screenshot(alice, "chat-rtl");
	await leave(alice);
});

test("without script the page says what is missing, and logging out works", async () => {
	const page = await newPage(browser, { javaScriptEnabled: false });
	await page.goto(chat.url);
	await logIn(page, "alice", chat.users.alice);
	await page.getByRole("button", { name: "Log out" }).waitFor();
	await screenshot(page, "chat-noscript");
	await page.locator(".notice").waitFor(); // in noscript, where words are not looked for
	await page.getByRole("button", { name: "Log out" }).click();
	await page.getByLabel("User name").waitFor();
	await leave(page);
});

for (const [locale, words] of [["de-AT", { login: "Beim Chat anmelden", password: "Passwort", button: "Anmelden", user: "Benutzername", placeholder: "Nachricht schreiben", show: "Online" }],
	["fr", { login: "Se connecter à la discussion", password: "Mot de passe", button: "Se connecter", user: "Nom d’utilisateur", placeholder: "Écrire un message", show: "En ligne" }]]) {
	test(`in ${locale}: login, error and chat page`, async () => {
		const page = await newPage(browser, { locale });
		await page.goto(`${chat.url}nothing-here`);
		assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
		await page.goto(chat.url);
		await page.getByRole("heading", { name: words.login }).waitFor();
		await page.getByLabel(words.user).fill("alice");
		await page.getByLabel(words.password).fill(chat.users.alice);
		await page.getByRole("button", { name: words.button }).click();
		await ready(page);
		const bob = await enter(browser, chat, "bob");
		await page.locator(".contact .presence", { hasText: words.show }).first().waitFor();
		await talkTo(page, "bob");
		await page.getByPlaceholder(words.placeholder).waitFor();
		page.complaints = page.complaints.filter((text) => !text.includes("404"));
		await leave(page, bob);
	});
}
