/*
 * A fresh site with three users, where nobody is anybody's contact: the same scene on each XMPP server. They find each
 * other by the names that the site has.
 */
import assert from "node:assert/strict";
import { newPage } from "./chromium.mjs";
import { contact, enter, leave, logIn, online, ready, received, sent, talkTo, write } from "./people.mjs";
import { runSql } from "./sqlite.mjs";
import { publish, startWebSite } from "./web_site.mjs";

const NAMES = { alice: "Ally Adams", carol: "Carol Clark", dave: "Dave Doe" };
const CSP = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; base-uri 'none'";
const ARTICLE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Article</title>
<meta http-equiv="Content-Security-Policy" content="${CSP}"><link rel="icon" href="data:,">
<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script></head>
<body><main><h1>Article</h1><p><a href="/profile" data-prebind-chat="carol">Chat with the author</a></p></main></body></html>`;

/** @param {object} options those of startWebSite; domain: of the rooms */
export async function startFreshSite(place, { domain, ...options }) {
	const users = Object.fromEntries(Object.keys(NAMES).map((name) => [name, `${name}'s site password`]));
	const room = `everybody@${domain}`;
	const site = { people: "all", rooms: `${room} "Everybody" join` };
	const chat = await startWebSite(place, { way: "password", users, contacts: false, site, ...options });
	const rename = Object.entries(NAMES).map(([name, shown]) => `UPDATE site_user SET display_name = '${shown}' WHERE name = '${name}';`);
	await runSql(place, chat.prebind.database, rename.join("\n"));
	publish(place, "article.html", ARTICLE);
	return Object.assign(chat, { room });
}

const row = (page, jid) => page.locator(`[data-contact="${jid}"]`);
const named = (page, user) => contact(page, user).locator(".name", { hasText: NAMES[user] }).waitFor();

/** Carol accepts the request, which shows the name, not the address. */
async function accept(carol, name) {
	const request = carol.locator(".request", { hasText: name });
	await request.waitFor();
	assert.doesNotMatch(await request.textContent(), /@/);
	await request.getByRole("button", { name: "Accept" }).click();
}

/** They find each other, keep each other, and meet. */
export async function threePeopleMeet({ browser, chat }) {
	const alice = await enter(browser, chat, "alice");
	const carol = await enter(browser, chat, "carol");
	await alice.getByRole("combobox", { name: "Find people" }).fill("ca");
	await alice.getByRole("option", { name: NAMES.carol }).click();
	await alice.locator("#peer-name", { hasText: NAMES.carol }).waitFor();
	await write(alice, "hello Carol");
	await named(carol, "alice");
	await talkTo(carol, "alice");
	await received(carol, "hello Carol").waitFor();
	await alice.getByRole("button", { name: "Add to contacts" }).first().click();
	await accept(carol, NAMES.alice);
	await Promise.all([online(alice, "carol"), online(carol, "alice")]);
	await write(carol, "hello Ally");
	await received(alice, "hello Ally").waitFor();
	for (const [page, other] of [[alice, "carol"], [carol, "alice"]]) {
		await page.reload();
		await ready(page);
		await named(page, other);
		await online(page, other);
	}
	await sent(alice, "hello Carol").waitFor();
	await received(carol, "hello Carol").waitFor();

	const dave = await newPage(browser);
	await dave.goto(`${chat.url}login?next=${encodeURIComponent("/chat/login")}`);
	await logIn(dave, "dave", chat.users.dave);
	await dave.goto(`${chat.origin}/article.html`);
	await dave.locator("#prebind-chat .launcher").waitFor();
	await dave.getByText("Chat with the author").click();
	await dave.locator("#prebind-chat .panel[data-state=ready]").waitFor();
	await dave.locator("#peer-name", { hasText: NAMES.carol }).waitFor();
	await write(dave, "about your article");
	await named(carol, "dave");
	await talkTo(carol, "dave");
	await received(carol, "about your article").waitFor();

	await dave.goto(chat.url);
	await ready(dave);
	await dave.getByRole("combobox", { name: "Find people" }).fill("al");
	await dave.getByRole("option", { name: NAMES.alice }).click();
	await dave.getByRole("button", { name: "Add to contacts" }).first().click();
	await accept(alice, NAMES.dave); // of whom she has heard nothing before
	await online(alice, "dave");
	for (const page of [alice, carol, dave]) {
		await row(page, chat.room).click();
		await page.locator("#peer-presence", { hasText: Object.values(NAMES).join(", ") }).waitFor();
	}
	await write(dave, "here we are");
	for (const page of [alice, carol])
		await received(page, "here we are").waitFor();
	for (const page of [alice, carol, dave])
		assert.deepEqual(page.complaints, []);
	await leave(alice, carol, dave);
}
