/*
 * The site's rooms and staff, rooms of its pages, and reports: the same scenes on each XMPP server. The staff, support,
 * are nobody's contacts.
 */
import assert from "node:assert/strict";
import { violations } from "./axe.mjs";
import { BoshContact } from "./bosh_contact.mjs";
import { newPage, screenshot } from "./chromium.mjs";
import { enter, leave, logIn, received, sees, sent, talkTo, write } from "./people.mjs";
import { runSql } from "./sqlite.mjs";
import { until } from "./wait.mjs";
import { publish, startWebSite } from "./web_site.mjs";
import { DOMAIN } from "./xmpp_site.mjs";

const USERS = ["alice", "bob", "carol", "support"];
const NAMES = { alice: "Ann Lee", bob: "Bob Brown", carol: "Ann Lee", support: "Sue" };
const CSP = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; base-uri 'none'";
const CLIENT = "xmlns='jabber:client'";

const TOPIC = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Topic 7</title>
<meta http-equiv="Content-Security-Policy" content="${CSP}"><link rel="icon" href="data:,">
<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script></head>
<body><h1>Topic 7</h1><p><span data-prebind-room="Topic 7" data-prebind-name="About topic 7">Talk about it</span>
<button data-prebind-ask>Ask the staff</button></p></body></html>`;

/** @param {object} options those of startWebSite; domain: of the rooms */
export async function startWithRooms(place, { domain, ...options }) {
	const users = Object.fromEntries(USERS.map((name) => [name, `${name}'s site password`]));
	const site = { rooms: `everybody@${domain} "Everybody, all" join, help@${domain} "Help"`, staff: `support@${DOMAIN}` };
	const chat = await startWebSite(place, { way: "password", users, strangers: ["support"], site, ...options });
	const rename = Object.entries(NAMES).map(([name, shown]) => `UPDATE site_user SET display_name = '${shown}' WHERE name = '${name}';`);
	await runSql(place, chat.prebind.database, rename.join("\n"));
	publish(place, "topic.html", TOPIC);
	return Object.assign(chat, { domain });
}

const presence = (page, text) => page.locator("#peer-presence", { hasText: text }).waitFor();
const row = (page, jid) => page.locator(`[data-contact="${jid}"]`);
const panelReady = (page) => page.locator("#prebind-chat .panel[data-state=ready]").waitFor();
const more = (page) => page.getByRole("button", { name: "More" });

/** A page of the site, for somebody who is logged in. */
async function visit(browser, chat, user, options) {
	const page = await newPage(browser, options);
	await page.goto(`${chat.url}login?next=${encodeURIComponent("/chat/login")}`);
	await logIn(page, user, chat.users[user]);
	await page.goto(`${chat.origin}/topic.html?id=7#end`);
	await page.locator("#prebind-chat .launcher").waitFor();
	return page;
}

/** Whether the contact owns a room, and nobody else. Who has made the room gives it away a moment after it can be entered. */
async function ownsAlone(contact, room) {
	const id = `owners-${Math.random()}`;
	await contact.send(`<iq ${CLIENT} type='get' id='${id}' to='${room}'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner'/></query></iq>`);
	const answer = await until("the owners", () => contact.heard.split("<iq").find((iq) => iq.includes(id)));
	const owners = [...answer.matchAll(/\bjid=['"]([^@'"]+)@/g)].map(([, name]) => name);
	return owners.length === 1 && owners[0] === "support";
}

/** Each scene gets what the test file has started: browser, chat. */
export const SITE_ROOMS = {
	"three people meet in the site's room with their names, of which each is there once": async ({ browser, chat }) => {
		const room = `everybody@${chat.domain}`;
		const alice = await enter(browser, chat, "alice", { bypassCSP: true });
		await row(alice, room).filter({ hasText: "Ann Lee" }).click();
		const bob = await enter(browser, chat, "bob");
		await row(bob, room).filter({ hasText: "Ann Lee, Bob Brown" }).click();
		const carol = await enter(browser, chat, "carol");
		await row(carol, room).click();
		await presence(carol, "Ann Lee, Ann Lee-2, Bob Brown");
		assert.equal(await carol.locator("#peer-name").textContent(), "Everybody, all");
		await write(carol, "carol is here");
		await received(alice, "carol is here").waitFor();
		assert.deepEqual(await received(alice, "carol is here").locator("xpath=../*[contains(@class, 'author')]").allTextContents(), ["Ann Lee-2: "]);
		await write(bob, "bob too");
		for (const page of [alice, bob, carol])
			await sees(page, ["carol is here", "bob too"]);
		assert.deepEqual(await violations(alice, "site's room"), []);
		await leave(alice, bob, carol);
	},

	"a room is entered when it is opened; who leaves one stays out of it": async ({ browser, chat }) => {
		const [all, help] = ["everybody", "help"].map((name) => `${name}@${chat.domain}`);
		const bob = await enter(browser, chat, "bob");
		await row(bob, all).filter({ hasText: "Bob Brown" }).waitFor();
		assert.match(await row(bob, help).textContent(), /Help[^]*you are not in it/);
		await row(bob, help).focus();
		await bob.keyboard.press("Enter");
		await presence(bob, "Bob Brown");
		await row(bob, all).click();
		await more(bob).click();
		await bob.getByRole("button", { name: "Leave the group chat" }).click();
		await presence(bob, "you are not in it");
		await row(bob, help).click();
		await Promise.all([bob.waitForNavigation(), bob.evaluate(() => { window.sessionStorage.clear(); location.reload(); })]);
		await row(bob, help).filter({ hasText: "Bob Brown" }).waitFor();
		assert.match(await row(bob, all).textContent(), /you are not in it/);
		await row(bob, all).click();
		await presence(bob, "Bob Brown");
		await leave(bob);
	},

	"who may only read is told so, and may write again": async ({ browser, chat }) => {
		const room = `help@${chat.domain}`;
		const bob = await enter(browser, chat, "bob", { bypassCSP: true });
		await row(bob, room).click();
		await presence(bob, "Bob Brown");
		const support = await BoshContact.enter(chat.site, "support");
		await support.send(`<presence ${CLIENT} to='${room}/Sue'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
		const role = (is) => support.send(`<iq ${CLIENT} type='set' id='r-${is}' to='${room}'><query xmlns='http://jabber.org/protocol/muc#admin'>`
			+ `<item nick='Bob Brown' role='${is}'/></query></iq>`);
		await presence(bob, "Bob Brown, Sue");
		await until("the room to be the staff's alone", () => ownsAlone(support, room), { every: 200 });
		await bob.locator("#compose").fill("half a wor");
		await role("visitor");
		await bob.getByText("You can read here, but not write.").waitFor();
		assert.deepEqual(await bob.locator("#compose, #send").evaluateAll((parts) => parts.map(({ disabled }) => disabled)), [true, true]);
		assert.deepEqual(await violations(bob, "muted"), []);
		await screenshot(bob, "muted");
		await role("participant");
		await bob.locator("#compose:enabled").press("Enter");
		await sent(bob, "half a wor").waitFor();
		await until("the words in the room", () => support.count("half a wor") > 0);
		await support.leave();
		await leave(bob);
	},

	"a visitor asks the staff, who answer; the page's address goes with the message": async ({ browser, chat }) => {
		const sue = await enter(browser, chat, "support");
		assert.equal(await sue.locator("#ask").count(), 0);
		const alice = await visit(browser, chat, "alice", { bypassCSP: true });
		await alice.getByRole("button", { name: "Ask the staff" }).press("Enter");
		await panelReady(alice);
		await alice.locator("#conversation[data-show=online]").waitFor(); // though nobody is anybody's contact
		assert.equal(await alice.locator("#peer-name").textContent(), "support");
		const address = `${chat.origin}/topic.html?id=7`;
		await alice.getByText("The address of this page goes with your message:").waitFor();
		await screenshot(alice, "ask");
		assert.deepEqual(await violations(alice, "ask", { include: ["#prebind-chat"] }), []);
		await write(alice, "how does it work?");
		await row(sue, `alice@${DOMAIN}`).click();
		await received(sue, "how does it work?").filter({ hasText: address }).waitFor();
		await sent(alice, "how does it work?").filter({ hasText: address }).waitFor();
		assert.equal(await alice.locator(".note-of-staff").evaluate(({ offsetHeight }) => offsetHeight), 0, "there is nothing more to say");
		await write(sue, "like this");
		await received(alice, "like this").waitFor();
		await write(alice, "thank you");
		await received(sue, "thank you").waitFor();
		assert.equal(await received(sue, "thank you").textContent(), "thank you");
		await leave(sue);
		await alice.getByText("Nobody is here right now.").waitFor();
		await leave(alice);
	},

	"nobody of the staff is there: a message is left, without the page's address": async ({ browser, chat }) => {
		const bob = await visit(browser, chat, "bob");
		await bob.locator("#prebind-chat .launcher").click();
		await panelReady(bob);
		await bob.locator("#ask").click();
		await bob.getByText("Nobody is here right now.").waitFor();
		await bob.getByRole("button", { name: "Leave it out" }).click();
		await write(bob, "call me back");
		assert.equal(await sent(bob, "call me back").textContent(), "call me back");
		await leave(bob);
	},

	"a room of a page, also for what is added later and by keyboard; it is the staff's": async ({ browser, chat }) => {
		const room = `topic\\207@${chat.domain}`;
		const [alice, bob] = [await visit(browser, chat, "alice"), await visit(browser, chat, "bob")];
		await bob.evaluate(() => {
			document.querySelector("[data-prebind-room]").remove();
			const later = document.createElement("b");
			later.textContent = "Talk, too";
			Object.assign(later.dataset, { prebindRoom: "topic 7", prebindName: "Again" });
			document.body.append(later);
		});
		// at the same time: the one who comes second has to wait until the room is set up
		await Promise.all([alice.getByText("Talk about it").click(), bob.getByRole("button", { name: "Talk, too" }).press("Enter")]);
		await Promise.all([alice, bob].map((page) => presence(page, "Ann Lee, Bob Brown")));
		assert.deepEqual(await Promise.all([alice, bob].map((page) => page.locator("#peer-name").textContent())), ["About topic 7", "Again"]);
		await write(bob, "about this page");
		await received(alice, "about this page").waitFor();
		const support = await BoshContact.enter(chat.site, "support");
		await support.send(`<iq ${CLIENT} type='get' id='what' to='${room}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`);
		for (const feature of ["muc_persistent", "muc_hidden", "muc_open"])
			await until(feature, () => support.heard.includes(feature)).catch(() => assert.fail(`${feature}: ${support.heard}`));
		await until("the room to be the staff's alone", () => ownsAlone(support, room), { every: 200 });
		const from = support.heard.length;
		await support.send(`<presence ${CLIENT} to='${room}/Sue'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
		await until("support to own the room", () => /affiliation=['"]owner/.test(support.heard.slice(from)));
		assert.doesNotMatch(support.heard.slice(from).replace(/<presence(?:(?!<\/presence>).)*\/Sue(?:(?!<\/presence>).)*<\/presence>/g, ""), /affiliation=['"]owner/);
		await support.leave();
		await leave(alice, bob);
	},

	"an element of a page leads a visitor without a login to the chat page": async ({ browser, chat }) => {
		const page = await newPage(browser);
		const asked = page.waitForResponse("**/prebind.json");
		await page.goto(`${chat.origin}/topic.html`);
		await asked;
		await page.getByRole("button", { name: "Talk about it" }).click();
		await page.getByLabel("User name").waitFor();
		page.complaints = page.complaints.filter((text) => !text.includes("401"));
		await leave(page);
	},

	"a message is reported to the staff, after a look at what is sent": async ({ browser, chat }) => {
		const sue = await enter(browser, chat, "support");
		const [alice, bob] = [await enter(browser, chat, "alice", { bypassCSP: true }), await enter(browser, chat, "bob")];
		await Promise.all([talkTo(alice, "bob"), talkTo(bob, "alice")]);
		await write(bob, "first insult");
		await write(bob, "second line");
		await received(alice, "second line").waitFor();
		await more(alice).press("Enter");
		await alice.getByRole("button", { name: "Report to the staff" }).press("Enter");
		const dialog = alice.getByRole("dialog", { name: "Report to the staff" });
		await dialog.getByLabel("Message", { exact: true }).selectOption({ label: "first insult" });
		await dialog.getByLabel("What is wrong with it?").fill("rude");
		assert.match(await dialog.locator("blockquote").textContent(), new RegExp(`^Report about bob@${DOMAIN}\n.*\n> first insult\n\nrude$`));
		assert.deepEqual(await violations(alice, "report"), []);
		await screenshot(alice, "report");
		await alice.keyboard.press("Escape");
		assert.equal(await alice.locator("#conversation").isVisible(), true); // only the dialog is closed
		await more(alice).click();
		await alice.getByRole("button", { name: "Report to the staff" }).click();
		await dialog.getByLabel("Message", { exact: true }).selectOption({ label: "first insult" });
		await dialog.getByRole("button", { name: "Send the report" }).click();
		await alice.locator("#announcer", { hasText: "The report was sent." }).waitFor({ state: "attached" });
		await row(sue, `alice@${DOMAIN}`).click();
		await received(sue, "Report about bob@").filter({ hasText: "first insult" }).waitFor();
		assert.equal(await received(sue, "rude").count(), 0); // what was cancelled is not sent
		await leave(sue, alice, bob);
	},
};
