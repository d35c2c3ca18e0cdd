// The way back to a page that the browser has kept as it was (back/forward cache): the same page, script and all, with a
// session that was given away when the page was left.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startChromium } from "../lib/chromium.mjs";
import { enter, leave, online, received, sent, talkTo, texts, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { publish, startWebSite } from "../lib/web_site.mjs";

const BACK_MS = 120_000; // a session of its own may be due only after the pace's gap

const sitePage = (title, tag = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<link rel="icon" href="data:,">${tag}</head><body><h1>${title}</h1></body></html>`;
const TAG = '<script type="module" src="/chat/static/embed.js" data-prebind="/chat/"></script>';

/** @param {import('node:test').TestContext} t */
async function start(options) {
	const place = new Place();
	const chat = await startWebSite(place, { way: "password", ...options });
	publish(place, "news.html", sitePage("News"));
	publish(place, "one.html", sitePage("One", TAG));
	publish(place, "two.html", sitePage("Two", TAG));
	return { place, chat, browser: await startChromium(place, { cache: true, whole: true }) };
}

/** Leaves the page as a link does, and comes back as the browser's button does. @param {() => Promise<unknown>} [meanwhile] */
async function thereAndBack(page, where, meanwhile = async () => {}) {
	const here = page.url();
	await page.evaluate(() => {
		window.kept = [];
		window.addEventListener("pageshow", (event) => window.kept.push(event.persisted));
	});
	await page.evaluate((url) => location.assign(url), where);
	await page.waitForURL(`**${where}`);
	await meanwhile();
	await page.evaluate(() => history.back());
	await until("the page before", () => page.url() === here);
	await until("the page's script", () => page.evaluate(() => document.readyState === "complete"));
	const [kept, reasons] = await page.evaluate(() =>
		[window.kept ?? null, JSON.stringify(performance.getEntriesByType("navigation")[0].notRestoredReasons ?? null)]);
	console.log(`# ${new URL(here).pathname}: ${kept ? "kept" : "loaded again"} (notRestoredReasons: ${reasons})`);
	return kept;
}

for (const server of ["prosody", "ejabberd"]) {
	describe(server, () => {
		let place, chat, browser;
		before(async () => ({ place, chat, browser } = await start({ server })));
		after(() => place.close({ logs: true }));

		test("the chat page: the conversation stands there, and what was written meanwhile comes, once", async () => {
			const [alice, bob] = [await enter(browser, chat, "alice"), await enter(browser, chat, "bob")];
			await Promise.all([online(alice, "bob"), online(bob, "alice")]);
			await talkTo(alice, "bob");
			await talkTo(bob, "alice");
			await write(alice, "before");
			await received(bob, "before").waitFor();
			const kept = await thereAndBack(alice, "/news.html", () => write(bob, "meanwhile"));
			assert.deepEqual(kept, [true]);
			await alice.locator("body[data-state=ready]").waitFor({ timeout: BACK_MS });
			await received(alice, "meanwhile").waitFor();
			await write(alice, "after");
			await received(bob, "after").waitFor();
			for (const page of [alice, bob])
				assert.deepEqual(await texts(page), ["before", "meanwhile", "after"]);
			await leave(alice, bob);
		});

		test("a page of the site with the tag: the session has been on another page, and comes back", async () => {
			const [alice, bob] = [await enter(browser, chat, "alice"), await enter(browser, chat, "bob")];
			const panelReady = () => alice.locator("#prebind-chat .panel[data-state=ready]").waitFor({ timeout: BACK_MS });
			await alice.goto(`${chat.origin}/one.html`);
			await alice.locator("#prebind-chat .launcher").click();
			await panelReady();
			await online(alice, "bob");
			await talkTo(alice, "bob");
			await online(bob, "alice");
			await talkTo(bob, "alice");
			await write(alice, "on page one");
			await received(bob, "on page one").waitFor();
			const kept = await thereAndBack(alice, "/two.html", async () => {
				await panelReady();
				await sent(alice, "on page one").waitFor(); // the same conversation is open
				await alice.locator("#prebind-chat #back").click();
				await online(alice, "bob");
			});
			assert.deepEqual(kept, [true]);
			await panelReady();
			await sent(alice, "on page one").waitFor();
			await online(bob, "alice");
			await write(bob, "back on page one");
			await received(alice, "back on page one").waitFor();
			await write(alice, "so it is");
			await received(bob, "so it is").waitFor();
			assert.deepEqual(await texts(bob), ["on page one", "back on page one", "so it is"]);
			assert.deepEqual(await texts(alice), ["on page one", "back on page one", "so it is"]);
			await leave(alice, bob);
		});
	});
}
