/*
 * The scenes of life.mjs with Converse.js, if they apply to a client that manages its sessions
 * itself.
 */
import assert from "node:assert/strict";
import { newPage, startChromium } from "./chromium.mjs";
import { contactLink, hears, say, sees } from "./converse.mjs";
import { logIn } from "./people.mjs";
import { until } from "./wait.mjs";
import { addresses, publish, startWebSite } from "./web_site.mjs";
import { Wire } from "./wire.mjs";

const OUTAGE_MS = 5_000;
const BACK_MS = 120_000; // until a page is ready again, on a busy machine

/**
 * Makes a stage for the scenes; life.mjs plays them.
 * @param {import('./place.mjs').Place} place
 * @param {{ web: string, server: string }} options
 */
export async function startConverse(place, { web, server }) {
	const chat = await startWebSite(place, { web, server, way: "password", site: { client: "converse" } });
	publish(place, "news.html", '<!doctype html><link rel="icon" href="data:,"><title>News</title><p>Nothing new.');
	const browser = await startChromium(place);
	return { chat, browser, wire: await Wire.lay(place, chat.webPort) };
}

/** The messages that the page shows, in order. */
const bodies = async (page) => (await page.locator("converse-chat-message-body").allInnerTexts()).map((text) => text.trim());

/** Logs alice (behind the wire) and bob in, and opens their conversation with each other. */
async function two({ chat, browser, wire }) {
	const pages = [];
	for (const [user, url] of [["alice", addresses(wire.port).url], ["bob", chat.url]]) {
		const page = await newPage(browser);
		await page.goto(url);
		await logIn(page, user, chat.users[user]);
		pages.push(page);
	}
	const [alice, bob] = pages;
	await Promise.all([sees(alice, "bob"), sees(bob, "alice")]);
	await contactLink(alice, "Bob").click();
	await contactLink(bob, "Alice").click();
	return { alice, bob };
}

async function greet(alice, bob, word) {
	await say(alice, `alice ${word}`);
	await hears(bob, `alice ${word}`);
	await say(bob, `bob ${word}`);
	await hears(alice, `bob ${word}`);
}

/**
 * Waits until the server sends the user's presence to the page; Converse.js may still show an older
 * one.
 */
function isTold(page, user) {
	const presence = new RegExp(`<presence(?![^>]*type=)[^>]*from=['"]${user}@`);
	return page.waitForResponse(async (answer) =>
		answer.url().endsWith("/http-bind") && presence.test(await answer.text().catch(() => "")), { timeout: BACK_MS });
}

/** The page shows each of these words from both users exactly once, and nothing else. */
async function assertOnce(page, ...words) {
	const expected = words.flatMap((word) => [`alice ${word}`, `bob ${word}`]).sort();
	assert.deepEqual((await bodies(page)).sort(), expected);
}

/** Waits in a page that was loaded again until both are online, and opens the conversation. */
async function goOn(alice, bob) {
	await Promise.all([sees(alice, "bob"), sees(bob, "alice")]);
	if (!(await alice.locator("textarea.chat-textarea:visible").count())) await contactLink(alice, "Bob").click();
}

/**
 * Logs out. A session that is only left goes on, and ejabberd sends its messages again when it
 * ends.
 */
async function logOut(...pages) {
	for (const page of pages) {
		await page.getByRole("button", { name: "Log out" }).click();
		await page.getByLabel("User name").waitFor();
	}
}

/** The network fails for five seconds. Messages that are written meanwhile arrive once. */
async function shortOutage(stage, fail) {
	const { alice, bob } = await two(stage);
	await greet(alice, bob, "before");
	stage.wire[fail]();
	await say(alice, "alice meanwhile");
	await say(bob, "bob meanwhile");
	await alice.waitForTimeout(OUTAGE_MS); // the test is about this time
	stage.wire.mend();
	await hears(alice, "bob meanwhile", { timeout: BACK_MS });
	await hears(bob, "alice meanwhile", { timeout: BACK_MS });
	await greet(alice, bob, "after");
	for (const page of [alice, bob])
		await assertOnce(page, "before", "meanwhile", "after");
	await logOut(alice, bob);
}

export const PAGES = {
	async "reload, to another page and back: the conversation is there, and goes on"(stage) {
		const { alice, bob } = await two(stage);
		const { origin, url } = addresses(stage.wire.port);
		await greet(alice, bob, "before");
		await alice.reload();
		await goOn(alice, bob);
		await greet(alice, bob, "after a reload");
		await alice.goto(`${origin}/news.html`);
		await alice.goto(url);
		await goOn(alice, bob);
		await greet(alice, bob, "after the news");
		for (const page of [alice, bob])
			await assertOnce(page, "before", "after a reload", "after the news");
		await logOut(alice, bob);
	},

	async "a second tab and a duplicated one: sessions of their own, all see what is said"(stage) {
		const { alice, bob } = await two(stage);
		await greet(alice, bob, "before");
		const second = await alice.context().newPage();
		await second.goto(addresses(stage.wire.port).url);
		await goOn(second, bob);
		const opened = alice.context().waitForEvent("page");
		await alice.evaluate(() => window.open(location.href)); // the new tab gets a copy of sessionStorage
		const copy = await opened;
		await goOn(copy, bob);
		for (const [page, name] of [[alice, "first"], [second, "second"], [copy, "copy"]]) {
			await say(page, `from the ${name}`);
			await hears(bob, `from the ${name}`);
		}
		await say(bob, "to all of you");
		for (const page of [alice, second, copy])
			await hears(page, "to all of you");
		assert.deepEqual(await bodies(bob),
			["alice before", "bob before", "from the first", "from the second", "from the copy", "to all of you"]);
		await logOut(alice, bob);
		for (const page of [second, copy]) // their tabs log out, too
			await page.getByLabel("User name").waitFor();
	},
};

/** Answers each request of this page for a session with 502, until stop() is called. */
async function refuseSessions(page) {
	let refused = 0;
	await page.route("**/prebind.json", (route) => {
		refused++;
		return route.fulfill({ status: 502, body: "" });
	});
	return { count: () => refused, stop: () => page.unroute("**/prebind.json") };
}

export const TROUBLE = {
	"5 s of silence: nothing is lost or doubled": (stage) => shortOutage(stage, "silence"),
	"5 s without a network: nothing is lost or doubled": (stage) => shortOutage(stage, "cut"),

	async "program and XMPP server restart: both come back and talk"(stage) {
		const { alice, bob } = await two(stage);
		await greet(alice, bob, "before");
		await stage.chat.prebind.stop();
		await greet(alice, bob, "without the program");
		await stage.chat.prebind.start();
		const back = Promise.all([isTold(alice, "bob"), isTold(bob, "alice")]);
		await stage.chat.site.restartXmpp();
		await back;
		await greet(alice, bob, "after");
		for (const page of [alice, bob])
			await assertOnce(page, "before", "without the program", "after");
		await logOut(alice, bob);
	},
};

export const REFUSALS = {
	async "the site answers 502 three times: the page asks again, at its pace, and talks"(stage) {
		const { alice, bob } = await two(stage);
		await greet(alice, bob, "before");
		const refusal = await refuseSessions(alice);
		await stage.chat.site.restartXmpp();
		await until("three refused requests", () => refusal.count() >= 3, { seconds: BACK_MS / 1000 });
		const told = Promise.all([isTold(alice, "bob"), isTold(bob, "alice")]);
		await refusal.stop();
		await told;
		await greet(alice, bob, "after");
		for (const page of [alice, bob])
			await assertOnce(page, "before", "after");
		await logOut(alice, bob);
	},
};
