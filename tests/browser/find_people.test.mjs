// A fresh site with three users, where nobody has contacts: they find each other by the site's names, and a page of the
// site leads to its author. In Chromium, on Prosody.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { startChat, typablePassword } from "../lib/chat.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { contact, enter, leave, logIn, online, ready, received, sent, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";

const QUERY = `SELECT name AS user, shown AS display_name, picture FROM people
 WHERE (name = :user OR (:q <> '' AND (fold(shown) LIKE :q || '%' OR fold(name) LIKE :q || '%'))) ORDER BY shown LIMIT :limit`;
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#a33" d="M0 0h8v8H0z"/></svg>';
const CSP = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'";
const sitePage = (title, body) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><meta http-equiv="Content-Security-Policy" content="${CSP}">
<link rel="icon" href="data:,"><script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script></head><body><main><h1>${title}</h1>${body}</main></body></html>`;

let place, chat, browser;

before(async () => {
	place = new Place();
	const database = `${place.folder("site")}/site.db`;
	await runSql(place, database, `CREATE TABLE people (name TEXT PRIMARY KEY, shown TEXT, picture TEXT);
		INSERT INTO people VALUES ('alice', 'Ally Adams', ''), ('carol', 'Carol Clark', '/pictures/carol.svg'), ('dave', 'Dave <b>Doe</b>', '');`);
	place.write("htdocs/pictures/carol.svg", PICTURE, 0o644);
	place.write("htdocs/topic.html", sitePage("Topic", '<p>By <a href="/profile" id="author" data-prebind-chat="carol">Carol</a>, and <b id="plain" data-prebind-chat="carol">her again</b>,'
		+ ' <a href="#stranger" id="missing" data-prebind-chat="nobody">nobody</a>.</p>'), 0o644);
	chat = await startChat(place, {
		users: Object.fromEntries(["alice", "carol", "dave"].map((name) => [name, typablePassword()])), contacts: false,
		bosh: { '"bosh"': '"bosh", "mam"' }, prosody: "default_archive_policy = true\n",
		site: { people: "all", limit_people: "off", site_database: database, people_query: place.write("etc/people.sql", QUERY, 0o644) },
	});
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

const find = (page) => page.getByRole("combobox", { name: "Find people" });
const named = (page, user, name) => contact(page, user).locator(".name", { hasText: name }).waitFor();
/** The addresses that the page shows of the contact whose conversation is open. */
async function addresses(page, user) {
	await page.getByRole("button", { name: "More", exact: true }).click();
	await page.locator("#peer-menu button").first().waitFor();
	const menu = await page.locator("#peer-menu .address").allTextContents();
	await page.keyboard.press("Escape");
	return { tooltip: await contact(page, user).getAttribute("title"), menu };
}
const pictureOf = (page, user) => contact(page, user).locator(".avatar img").evaluate((image) => image.complete && image.naturalWidth > 0);

test("alice finds Carol by the beginning of her name, writes, and adds her; both keep each other", async () => {
	const alice = await enter(browser, chat, "alice", { bypassCSP: true });
	const carol = await enter(browser, chat, "carol");
	await find(alice).pressSequentially("cA");
	const option = alice.getByRole("option", { name: "Carol Clark" });
	await option.waitFor();
	assert.equal(await find(alice).getAttribute("aria-expanded"), "true");
	assert.deepEqual(await violations(alice, "find people"), []);
	await screenshot(alice, "find-people");
	assert.doesNotMatch(await alice.locator("#found").textContent(), /@/, "names, never addresses");
	await find(alice).press("ArrowDown");
	assert.equal(await find(alice).getAttribute("aria-activedescendant"), await option.getAttribute("id"));
	await find(alice).press("Enter");
	await alice.locator("#peer-name", { hasText: "Carol Clark" }).waitFor();
	assert.deepEqual(await addresses(alice, "carol"), { tooltip: "", menu: [] });
	await write(alice, "hello Carol");
	await talkTo(carol, "alice");
	await received(carol, "hello Carol").waitFor();
	await named(carol, "alice", "Ally Adams");
	assert.deepEqual(await addresses(carol, "alice"), { tooltip: "", menu: [] });
	await alice.getByRole("button", { name: "Add to contacts" }).first().click();
	await carol.locator(".request").getByRole("button", { name: "Accept" }).click();
	await Promise.all([online(alice, "carol"), online(carol, "alice")]);
	await until("the offer is gone", () => alice.locator(".offer").isHidden());
	const jid = await contact(alice, "carol").getAttribute("data-contact");
	assert.deepEqual(await addresses(alice, "carol"), { tooltip: jid, menu: [jid] }, "Carol is in the roster now");
	await write(carol, "hello Ally");
	await received(alice, "hello Ally").waitFor();
	await until("her picture", () => pictureOf(alice, "carol"));
	for (const [page, other, name] of [[alice, "carol", "Carol Clark"], [carol, "alice", "Ally Adams"]]) {
		await page.reload();
		await ready(page);
		await named(page, other, name);
		await online(page, other);
	}
	await sent(alice, "hello Carol").waitFor();
	assert.deepEqual(alice.complaints, []);
	await leave(alice, carol);
});

test("by keyboard and for screen readers: nobody, Escape, and a name that is markup", async () => {
	const alice = await enter(browser, chat, "alice");
	await find(alice).fill("zz");
	await alice.getByRole("status").filter({ hasText: "Nobody was found." }).waitFor();
	await find(alice).press("Escape");
	assert.equal(await find(alice).inputValue(), "");
	await find(alice).fill("dave");
	await alice.getByRole("option", { name: "Dave <b>Doe</b>" }).waitFor();
	await alice.getByRole("status").filter({ hasText: "1 found" }).waitFor();
	await find(alice).press("ArrowUp");
	await find(alice).press("Escape");
	await until("the list is closed", () => alice.locator("#found").isHidden());
	assert.equal(await find(alice).getAttribute("aria-activedescendant"), null);
	await find(alice).fill("dave");
	await alice.getByRole("option", { name: "Dave" }).click();
	await alice.locator("#peer-name", { hasText: "Dave <b>Doe</b>" }).waitFor();
	await leave(alice);
});

/** A browser in which this user is logged in, with no page of the chat open. */
async function visitor(user) {
	const page = await newPage(browser);
	await page.goto(`${chat.url}login?next=${encodeURIComponent("/chat/login")}`);
	await logIn(page, user, chat.users[user]);
	return page;
}

test("Dave clicks “chat with the author” on a page of the site, also on what is added later and by keyboard", async () => {
	const carol = await enter(browser, chat, "carol");
	const dave = await visitor("dave");
	await dave.goto(`${chat.origin}/topic.html`);
	await dave.locator("#prebind-chat .launcher").waitFor();
	await dave.locator("#author").click();
	await dave.locator("#prebind-chat .panel[data-state=ready]").waitFor();
	await dave.locator("#peer-name", { hasText: "Carol Clark" }).waitFor();
	await write(dave, "about your topic");
	await talkTo(carol, "dave");
	await received(carol, "about your topic").waitFor();
	assert.equal(new URL(dave.url()).pathname, "/topic.html");
	await dave.getByRole("button", { name: "Add to contacts" }).first().click();
	await carol.locator(".request").getByRole("button", { name: "Accept" }).click();
	await dave.locator("#author [data-prebind-dot=online]").waitFor();
	await dave.locator("#back").click();
	await dave.locator("#plain").focus();
	await dave.keyboard.press("Enter");
	await dave.locator("#peer-name", { hasText: "Carol Clark" }).waitFor();
	await dave.locator("#back").click();
	await dave.evaluate(() => {
		const added = document.createElement("button");
		Object.assign(added, { id: "added", textContent: "ask Ally" });
		added.dataset.prebindChat = "alice";
		document.querySelector("main").append(added);
	});
	await dave.locator("#added").click();
	await dave.locator("#peer-name", { hasText: "Ally Adams" }).waitFor();
	await dave.locator("#back").click();
	await dave.locator("#missing").click();
	await dave.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
	await dave.evaluate(() => import("/chat/static/embed.js?another").then(({ chatWith }) => chatWith("carol")));
	await dave.locator("#peer-name", { hasText: "Carol Clark" }).waitFor();
	assert.deepEqual(dave.complaints, []);
	await leave(dave, carol);
});

test("who is not logged in sees no chat, and is led to the login", async () => {
	const page = await newPage(browser);
	const answered = page.waitForResponse("**/prebind.json");
	await page.goto(`${chat.origin}/topic.html`);
	await answered;
	assert.equal(await page.locator("#prebind-chat").count(), 0);
	await page.locator("#author").click();
	await page.getByLabel("User name").waitFor();
	page.complaints = page.complaints.filter((text) => !text.includes("401"));
	await leave(page);
});

test("in German and French", async () => {
	for (const [locale, label] of [["de", "Personen finden"], ["fr", "Trouver des personnes"]]) {
		const page = await newPage(browser, { locale });
		await page.goto(chat.url);
		await page.locator("[name=user]").fill("alice");
		await page.locator("[name=password]").fill(chat.users.alice);
		await page.locator("[type=submit]").click();
		await ready(page);
		await page.getByRole("combobox", { name: label }).waitFor();
		await leave(page);
	}
});
