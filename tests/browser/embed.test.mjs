// One tag on a page of the site: chat beside everything else there, under a strict Content-Security-Policy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startChat } from "../lib/chat.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { contact, enter, leave, logIn, online, ready, received, sent, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";

const CSP = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; base-uri 'none'";

/** A page of an old site, with styles that would ruin ours. */
const sitePage = (title, attributes = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta http-equiv="Content-Security-Policy" content="${CSP}">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/site.css">
<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"${attributes}></script></head>
<body><h1>${title}</h1><p>An old site. <a href="/two.html">The other page</a></p></body></html>`;

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place);
	place.write("htdocs/one.html", sitePage("One"), 0o644);
	place.write("htdocs/two.html", sitePage("Two"), 0o644);
	place.write("htdocs/eager.html", sitePage("Eager", " data-eager"), 0o644);
	place.write("htdocs/hostile.html", sitePage("Hostile").replace("/site.css", "/hostile.css")
		.replace("</head>", '<script type="module" src="/chat/static/embed.js?again" data-prebind="/chat/"></script></head>'), 0o644);
	place.write("htdocs/hostile.css", `html > *, body > div, #prebind-chat, div { float: left !important; position: static !important;
		display: none !important; transform: scale(0.1) !important; opacity: 0 !important }`, 0o644);
	place.write("htdocs/site.css", "* { font-size: 40px !important; color: red !important } button { display: none !important }", 0o644);
	browser = await startChromium(place, { whole: true });
});
after(() => place.close({ logs: true }));

const url = (page) => `${chat.origin}/${page}.html`;
const launcher = (page) => page.locator("#prebind-chat .launcher");
const panel = (page) => page.locator("#prebind-chat .panel");
const panelReady = (page) => page.locator("#prebind-chat .panel[data-state=ready]").waitFor({ state: "attached" });
const asked = (page) => {
	const requests = [];
	page.on("request", (request) => requests.push(request));
	return { sessions: () => requests.filter((r) => r.url().endsWith("/prebind.json") && r.postData() !== "bind=no").length };
};

/** Logged in, with the chat page closed again: the browser of somebody who reads the site. */
async function visitor(user) {
	const page = await newPage(browser);
	await page.goto(`${chat.url}login?next=${encodeURIComponent("/chat/login")}`);
	await logIn(page, user, chat.users[user]);
	return page;
}

test("nobody is logged in: no button, no session", async () => {
	const page = await newPage(browser);
	const seen = asked(page);
	const answered = page.waitForResponse("**/prebind.json");
	await page.goto(url("one"));
	assert.equal((await answered).status(), 401);
	assert.equal(await page.locator("#prebind-chat").count(), 0);
	assert.equal(seen.sessions(), 0);
	page.complaints = page.complaints.filter((text) => !text.includes("401"));
	await leave(page);
});

test("a button, no session before it is pressed; then the panel, and talk both ways", async () => {
	const bob = await enter(browser, chat, "bob");
	const alice = await visitor("alice");
	const seen = asked(alice);
	await alice.goto(url("one"));
	await launcher(alice).waitFor();
	assert.equal(seen.sessions(), 0);
	assert.equal(await launcher(alice).getAttribute("aria-label"), "Open chat");
	await launcher(alice).click();
	await panelReady(alice);
	assert.equal(seen.sessions(), 1);
	await online(alice, "bob");
	await talkTo(alice, "bob");
	await write(alice, "hello from a page of the site");
	await talkTo(bob, "alice");
	await received(bob, "hello from a page of the site").waitFor();
	await write(bob, "hello to it");
	await received(alice, "hello to it").waitFor();
	await screenshot(alice, "embed-open");
	await leave(alice, bob);
});

test("the site's styles stay outside", async () => {
	const alice = await visitor("alice");
	await alice.goto(url("one"));
	await launcher(alice).click();
	await panelReady(alice);
	await contact(alice, "bob").waitFor();
	const look = await contact(alice, "bob").locator(".name").evaluate((el) => {
		const { fontSize, color } = window.getComputedStyle(el);
		return { fontSize, color };
	});
	assert.deepEqual(look, { fontSize: "16px", color: "rgb(88, 95, 116)" });
	assert.equal((await panel(alice).boundingBox()).width, 384);
	await leave(alice);
});

test("open on one page, open on the next, with the same session", async () => {
	const bob = await enter(browser, chat, "bob");
	const alice = await visitor("alice");
	const seen = asked(alice);
	await alice.goto(url("one"));
	await launcher(alice).click();
	await panelReady(alice);
	await online(bob, "alice");
	await talkTo(bob, "alice");
	await Promise.all([alice.waitForURL("**/two.html"), alice.getByRole("link", { name: "The other page" }).click()]);
	await panelReady(alice);
	await panel(alice).waitFor();
	await online(alice, "bob");
	assert.equal(seen.sessions(), 1);
	await write(bob, "on page two");
	await contact(alice, "bob").locator(".unread").waitFor();
	await talkTo(alice, "bob");
	await received(alice, "on page two").waitFor();
	await leave(alice, bob);
});

test("closed, it counts what is unread", async () => {
	const bob = await enter(browser, chat, "bob");
	const alice = await visitor("alice");
	await alice.goto(url("eager"));
	await panelReady(alice);
	assert.equal(await panel(alice).isVisible(), false);
	await online(bob, "alice");
	await talkTo(bob, "alice");
	await write(bob, "one");
	await write(bob, "two");
	await alice.locator("#prebind-chat .badge", { hasText: "2" }).waitFor();
	assert.equal(await launcher(alice).getAttribute("aria-label"), "Open chat, 2 unread");
	await launcher(alice).click();
	await talkTo(alice, "bob");
	await received(alice, "two").waitFor();
	await alice.locator("#prebind-chat .badge").waitFor({ state: "hidden" });
	await alice.keyboard.press("Escape"); // back to the list
	await alice.keyboard.press("Escape"); // and closed
	await panel(alice).waitFor({ state: "hidden" });
	await leave(alice, bob);
});

test("closed, and reloaded by the browser's own button, which no script hears of: online again; another user is not", async () => {
	const bob = await enter(browser, chat, "bob");
	const alice = await visitor("alice");
	await alice.goto(url("one"));
	await launcher(alice).click();
	await panelReady(alice);
	await online(bob, "alice");
	await launcher(alice).click();
	await panel(alice).waitFor({ state: "hidden" });
	const seen = asked(alice);
	await alice.reload();
	await panelReady(alice);
	await online(bob, "alice");
	assert.equal(await panel(alice).isVisible(), false);
	assert.equal(seen.sessions(), 1);
	await alice.goto("about:blank"); // the next user of the site in this tab has not opened the chat
	await alice.context().clearCookies();
	await alice.goto(`${chat.url}login?next=${encodeURIComponent("/chat/login")}`);
	await logIn(alice, "bob", chat.users.bob);
	await alice.goto(url("one"));
	await launcher(alice).waitFor();
	assert.equal(await panel(alice).count(), 0);
	assert.equal(seen.sessions(), 1);
	await leave(alice, bob);
});

test("a hostile style sheet, and the tag twice at two addresses: one launcher, in its place", async () => {
	const alice = await visitor("alice");
	await alice.goto(url("hostile"));
	await launcher(alice).waitFor();
	const { x, y, width } = await launcher(alice).boundingBox();
	assert.deepEqual({ x, y, width }, { x: 1000 - 16 - 56, y: 700 - 16 - 56, width: 56 });
	await launcher(alice).click();
	await panelReady(alice);
	assert.equal(await alice.locator("#prebind-chat").count(), 1);
	await leave(alice);
});

test("on a phone an open conversation keeps the way to close the panel", async () => {
	const alice = await visitor("alice");
	await alice.setViewportSize({ width: 360, height: 640 });
	await alice.goto(url("one"));
	await launcher(alice).click();
	await panelReady(alice);
	await talkTo(alice, "bob");
	await panel(alice).getByRole("button", { name: "Close chat" }).click();
	await panel(alice).waitFor({ state: "hidden" });
	await leave(alice);
});

test("the panel did not load the first time: the next press loads it", async () => {
	const alice = await visitor("alice");
	const code = "**/static/*panel.js*";
	await alice.route(code, (route) => route.abort());
	await alice.goto(url("one"));
	const failed = alice.waitForEvent("requestfailed", (request) => request.url().includes("panel.js"));
	await launcher(alice).click();
	await failed;
	await alice.unroute(code);
	await until("the panel to load", async () => {
		if (await panel(alice).isVisible())
			return true;
		await launcher(alice).click();
		return false;
	}, { every: 500 });
	assert.match(alice.complaints.splice(0).join("\n"), /^(error: Failed to load resource.*panel\.js\S*\)\n?)+$/);
	await leave(alice);
});

test("pressed while the panel is on its way: it opens", async () => {
	const alice = await visitor("alice");
	let go;
	const held = new Promise((resolve) => (go = resolve));
	await alice.route("**/static/*panel.js*", async (route) => {
		await held;
		await route.continue();
	});
	const asks = alice.waitForRequest("**/static/*panel.js*");
	await alice.goto(url("eager"));
	await asks;
	await launcher(alice).click();
	go();
	await panel(alice).waitFor();
	await leave(alice);
});

test("a page that replaces its body without being loaded keeps the chat", async () => {
	const alice = await visitor("alice");
	await alice.goto(url("one"));
	await launcher(alice).click();
	await panelReady(alice);
	await alice.evaluate(() => {
		const body = document.createElement("body");
		body.textContent = "another page";
		document.body.replaceWith(body);
		document.getElementById("prebind-chat").remove();
	});
	await panel(alice).waitFor();
	await leave(alice);
});

test("back from the back/forward cache the chat goes on", async () => {
	const bob = await enter(browser, chat, "bob");
	const alice = await visitor("alice");
	await alice.goto(url("one"));
	await launcher(alice).click();
	await panelReady(alice);
	await talkTo(alice, "bob");
	await write(alice, "before the link");
	await alice.evaluate(() => location.assign("/two.html"));
	await alice.waitForURL("**/two.html");
	await panelReady(alice);
	await alice.goBack();
	await panelReady(alice);
	await online(bob, "alice");
	await talkTo(bob, "alice");
	await write(bob, "and after");
	await received(alice, "and after").waitFor();
	assert.equal(await received(alice, "and after").count(), 1);
	await leave(alice, bob);
});

test("what one user left open is closed for the next", async () => {
	const page = await visitor("alice");
	const openPanel = async () => {
		await page.goto(url("one"));
		await launcher(page).click();
		await panelReady(page);
	};
	const isClosedFor = async (user) => {
		await logIn(page, user, chat.users[user]);
		await ready(page);
		await page.goto(url("eager")); // the panel is loaded, open or not
		await panelReady(page);
		assert.equal(await panel(page).isVisible(), false, user);
	};
	await openPanel();
	await page.goto(chat.url);
	await ready(page);
	await page.getByRole("button", { name: "Log out" }).click();
	await page.waitForURL("**/chat/login*");
	assert.equal(await page.evaluate(() => window.sessionStorage.getItem("prebind-open")), null);
	await page.goto(chat.url);
	await isClosedFor("bob");
	await launcher(page).click();
	await panel(page).waitFor();
	await page.goto("about:blank"); // a page without the tag: nothing of ours runs while the login ends
	await page.context().clearCookies();
	await page.goto(chat.url);
	await isClosedFor("alice");
	await leave(page);
});

test("logged out on the chat page: the panel of the other tab goes away", async () => {
	const alice = await visitor("alice");
	await alice.goto(url("one"));
	await launcher(alice).click();
	await panelReady(alice);
	const page = await alice.context().newPage();
	await page.goto(chat.url);
	await ready(page);
	await page.getByRole("button", { name: "Log out" }).click();
	await alice.locator("#prebind-chat").waitFor({ state: "detached" });
	assert.equal(await sent(alice, "x").count(), 0);
	await leave(alice);
});
