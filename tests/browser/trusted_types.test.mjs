// Trusted types: the browser lets no script turn text into HTML or code, on our own page by the key trusted_types, and on a
// site's page with the embed by the site's policy. What is read from text still works: what another tab or the page
// before has received, and the page with a new log-out form.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startChat } from "../lib/chat.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { enter, enterBoth, greet, leave, logIn, ready, received, sent, sees, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { publish } from "../lib/web_site.mjs";

const DIRECTIVES = "require-trusted-types-for 'script'; trusted-types prebind";
const EMBED = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Site</title><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy" content="${DIRECTIVES}"><script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script>
</head><body><h1>Site</h1></body></html>`;

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place, { site: { trusted_types: "on" } });
	publish(place, "site.html", EMBED);
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

/** Another tab of the same person, whose complaints are the first one's. */
async function anotherTab(page, url) {
	const tab = await page.context().newPage();
	tab.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
	tab.on("pageerror", (error) => page.complaints.push(`exception: ${error.message}`));
	await tab.goto(url);
	return tab;
}

/** Whether the browser refuses a script that makes HTML of text. */
const refusesText = (page) => page.evaluate(() => {
	try {
		new window.DOMParser().parseFromString("<b>text</b>", "text/html");
		return false;
	} catch (error) {
		return error instanceof TypeError;
	}
});

test("our page: two tabs, a reload, and the end", async () => {
	const { alice, bob } = await enterBoth(browser, chat);
	assert.equal(await refusesText(alice), true);
	alice.complaints.splice(0); // the refusal is reported
	const second = await anotherTab(alice, chat.url);
	await ready(second);
	await talkTo(second, "bob");
	await write(bob, "to both of you");
	await Promise.all([alice, second].map((page) => received(page, "to both of you").waitFor()));
	await write(second, "from the second");
	await received(bob, "from the second").waitFor();
	await sent(alice, "from the second").waitFor();
	await second.close();
	await Promise.all([alice.waitForEvent("load"), alice.evaluate(() => location.reload())]);
	await ready(alice);
	await greet(alice, bob, "after the reload");
	await sees(bob, ["to both of you", "from the second", "alice after the reload", "bob after the reload"]);
	await alice.getByRole("button", { name: "Log out" }).click();
	await alice.getByLabel("User name").waitFor();
	await leave(alice, bob);
});

test("what a visitor sees who is not logged in has the same policy", async () => {
	const page = await newPage(browser);
	const answer = await page.goto(`${chat.url}login`);
	assert.match(answer.headers()["content-security-policy"], new RegExp(`; ${DIRECTIVES}$`));
	await leave(page);
});

test("the embed on a page that requires trusted types: two tabs", async () => {
	const bob = await enter(browser, chat, "bob");
	const first = await newPage(browser);
	await first.goto(`${chat.url}login?next=${encodeURIComponent("/chat/login")}`);
	await logIn(first, "alice", chat.users.alice);
	await first.waitForURL("**/chat/login");
	await first.goto(`${chat.origin}/site.html`);
	const second = await anotherTab(first, `${chat.origin}/site.html`);
	for (const page of [first, second]) {
		await page.locator("#prebind-chat .launcher").click();
		await page.locator("#prebind-chat .panel[data-state=ready]").waitFor();
		await talkTo(page, "bob");
	}
	await talkTo(bob, "alice");
	await write(bob, "on your site");
	await Promise.all([first, second].map((page) => received(page, "on your site").waitFor()));
	await write(second, "in the second tab");
	await received(bob, "in the second tab").waitFor();
	await sent(first, "in the second tab").waitFor();
	await second.close();
	await leave(first, bob);
});
