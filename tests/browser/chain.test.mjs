// Two instances in a row, in Chromium: the second one's Tigase is the first one's /rest/adhoc, and behind that is
// Prosody. What went through both is a session like any other, for Strophe.js (our page) and for Converse.js.
import { test } from "node:test";
import { startChain } from "../lib/chain.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { contactLink, hears, say, sees } from "../lib/converse.mjs";
import { contact, enter, leave, logIn, online, received, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";

/** @param {import('node:test').TestContext} t */
async function start(t, options) {
	const place = new Place();
	t.after(() => place.close({ logs: true }));
	const chat = await startChain(place, options);
	return { chat, browser: await startChromium(place) };
}

for (const format of ["json", "xml"]) {
	test(`alice and bob talk through both, in ${format}`, async (t) => {
		const { chat, browser } = await start(t, { format });
		const alice = await enter(browser, chat, "alice");
		const bob = await enter(browser, chat, "bob");
		await online(alice, "bob");
		await online(bob, "alice");

		await talkTo(alice, "bob");
		await write(alice, `hello in ${format}`);
		await contact(bob, "alice").locator(".unread", { hasText: "1" }).waitFor();
		await talkTo(bob, "alice");
		await received(bob, `hello in ${format}`).waitFor();
		await write(bob, "hello back");
		await received(alice, "hello back").waitFor();
		await leave(alice, bob);
	});

	test(`the same with Converse.js, in ${format}`, async (t) => {
		const { chat, browser } = await start(t, { format, site: { client: "converse" } });
		const pages = [];
		for (const user of ["alice", "bob"]) {
			const page = await newPage(browser);
			await page.goto(chat.url);
			await logIn(page, user, chat.users[user]);
			pages.push(page);
		}
		const [alice, bob] = pages;
		await Promise.all([sees(alice, "bob"), sees(bob, "alice")]);
		await contactLink(alice, "Bob").click();
		await say(alice, `hello in ${format}`);
		await contactLink(bob, "Alice").click();
		await hears(bob, `hello in ${format}`);
		await say(bob, "hello back");
		await hears(alice, "hello back");
		await leave(alice, bob);
	});
}
