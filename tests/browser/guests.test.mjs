// Guests in Chromium, on Prosody with its walls: a visitor who is not logged in types a name, asks the staff, reloads and goes on,
// on the chat page and in the panel of any page of the site.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { asksAndGoesOn, begin, posts, talksInTheRoom } from "../lib/guest_scenes.mjs";
import { OPTIONS, ROOM_SERVICE } from "../lib/guests.mjs";
import { leave, logIn, ready } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { publish, startWebSite } from "../lib/web_site.mjs";

const ROOM = `help@${ROOM_SERVICE}`; // that of docs/guests.md
const page = (lang) => `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script></head><body><main><h1>Shop</h1></main></body></html>`;

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startWebSite(place, OPTIONS.Prosody(place, { site: { limit_guest_ip: "off", rooms: `${ROOM} "Help"` } }));
	for (const lang of ["en", "de", "fr"])
		publish(place, lang === "en" ? "shop.html" : `shop-${lang}.html`, page(lang));
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

test("a guest asks the staff, the staff answer, and the guest reloads, goes on and ends the visit", () => asksAndGoesOn({ browser, chat }));

test("a guest and the staff talk in the room for guests", () => talksInTheRoom({ browser, chat, room: ROOM }));

test("in the panel, by keyboard, and a log-in ends the visit", async () => {
	const guest = await newPage(browser, { bypassCSP: true });
	const asked = posts(guest);
	await guest.goto(`${chat.origin}/shop.html`);
	await guest.getByRole("button", { name: "Open chat" }).press("Enter");
	await guest.getByLabel("Your name").fill("Anna");
	assert.deepEqual(asked, ["bind=no"]);
	assert.deepEqual(await violations(guest, "guest's form in the panel"), []);
	await screenshot(guest, "guest-panel");
	await guest.getByLabel("Your name").press("Enter");
	await guest.locator("#prebind-chat .panel[data-state=ready]").waitFor();
	await Promise.all([guest.waitForEvent("load"), guest.evaluate(() => location.assign("/shop.html?next"))]);
	await guest.locator("#prebind-chat .panel[data-state=ready]").waitFor();
	assert.equal(await guest.getByLabel("Your name").count(), 0);
	assert.equal(asked.filter((body) => body.startsWith("bind=yes")).length, 1, "the session goes on");
	await guest.goto(chat.url);
	await ready(guest);
	await guest.getByRole("link", { name: "Log in" }).click();
	await logIn(guest, "alice", chat.users.alice);
	await ready(guest);
	assert.equal(await guest.locator("#me").textContent(), "alice");
	assert.equal((await guest.context().cookies()).filter(({ name }) => name.endsWith("-guest")).length, 0);
	await leave(guest);
});

for (const [file, open, name, start, end] of [
	["shop", "Open chat", "Your name", "Start the chat", "End the visit"],
	["shop-de", "Chat öffnen", "Dein Name", "Chat beginnen", "Besuch beenden"],
	["shop-fr", "Ouvrir la discussion", "Votre nom", "Commencer le chat", "Terminer la visite"],
])
	test(`the panel ends a visit by keyboard (${file}.html)`, async () => {
		const guest = await newPage(browser, { bypassCSP: true });
		const form = guest.getByLabel(name);
		await guest.goto(`${chat.origin}/${file}.html`);
		await guest.getByRole("button", { name: open }).press("Enter");
		await form.fill("Anna");
		await guest.getByRole("button", { name: start }).press("Enter");
		await guest.locator("#prebind-chat .panel[data-state=ready]").waitFor();
		await guest.getByRole("button", { name: end }).waitFor();
		assert.deepEqual(await violations(guest, "guest's panel"), []);
		await screenshot(guest, `guest-panel-list-${file}`);
		await Promise.all([guest.waitForEvent("load"), guest.getByRole("button", { name: end }).press("Enter")]);
		assert.equal((await guest.context().cookies()).filter(({ name: cookie }) => cookie.endsWith("-guest")).length, 0);
		await guest.getByRole("button", { name: open }).press("Enter");
		await form.waitFor();
		assert.equal(await guest.getByRole("button", { name: end }).isVisible(), false, "there is none");
		await leave(guest);
	});

test("a name that cannot be used can be typed again", async () => {
	const guest = await newPage(browser);
	await guest.goto(chat.url);
	await begin(guest, "An\u200bna");
	await guest.getByText("This name cannot be used").waitFor();
	assert.match(guest.complaints.splice(0).join("\n"), /^[^\n]*status of 400[^\n]*prebind\.json\)$/);
	await begin(guest, "Anna");
	await ready(guest);
	await leave(guest);
});

for (const [locale, label, start, mark, refusal] of [
	["de-DE", "Dein Name", "Chat beginnen", "Gast", "Dieser Name geht nicht."],
	["fr-FR", "Votre nom", "Commencer le chat", "Invité", "Ce nom ne peut pas être utilisé."],
])
	test(`the form speaks ${locale}`, async () => {
		const guest = await newPage(browser, { locale });
		await guest.goto(chat.url);
		assert.equal(await guest.locator(".guest-mark").textContent(), mark);
		await guest.getByLabel(label).fill("An\u200bna");
		await guest.getByRole("button", { name: start }).click();
		await guest.getByText(refusal).waitFor();
		guest.complaints.splice(0); // the browser reports the answer 400
		await leave(guest);
	});
