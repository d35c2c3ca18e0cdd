// Guests in Chromium, on Prosody with its walls: a visitor who is not logged in types a name, asks the staff, reloads and goes on,
// on the chat page and in the panel of any page of the site.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { leave, logIn, ready, received, sent, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { publish, startWebSite } from "../lib/web_site.mjs";
import { DOMAIN } from "../lib/xmpp_site.mjs";

const STAFF = `support@${DOMAIN}`;
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script></head><body><main><h1>Shop</h1></main></body></html>`;

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startWebSite(place, {
		server: "prosody", way: "token", users: { alice: "alice's site password", support: "support's site password" },
		site: { identity: "login guest", guest_domain: `guests.${DOMAIN}`, staff: STAFF, limit_guest_ip: "off" }, more: docSnippet("docs/guests.md", "prosody"),
	});
	publish(place, "shop.html", PAGE);
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

const guestRow = (page) => page.locator("#contacts .contact", { hasText: "Anna (guest)" });
const posts = (page) => {
	const bodies = [];
	page.on("request", (request) => request.url().endsWith("/prebind.json") && bodies.push(request.postData()));
	return bodies;
};

async function begin(page, name) {
	await page.getByLabel("Your name").fill(name);
	await page.getByRole("button", { name: "Start the chat" }).click();
}

test("a guest asks the staff, the staff answer, and the guest reloads and goes on", async () => {
	const support = await newPage(browser); // the chat page itself would take them for a guest
	await support.goto(`${chat.url}login`);
	await logIn(support, "support", chat.users.support);
	await ready(support);
	const guest = await newPage(browser, { bypassCSP: true });
	const asked = posts(guest);
	await guest.goto(chat.url);
	await guest.getByLabel("Your name").waitFor();
	assert.deepEqual(asked, [], "the page alone makes no session");
	assert.deepEqual(await violations(guest, "guest's form"), []);
	await screenshot(guest, "guest-form");
	await begin(guest, "Anna");
	await ready(guest);
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
	await leave(support, guest);
});

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
	["de-DE", "Ihr Name", "Chat beginnen", "Gast", "Dieser Name geht nicht."],
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
