/*
 * Scenes of networks and servers that fail for a while, and come back. life.mjs sets the stage, and plays them.
 */
import assert from "node:assert/strict";
import { banner, seesAll, tabsOf, two } from "./life.mjs";
import { greet, leave, offline, online, received, sent, texts, write } from "./people.mjs";
import { until } from "./wait.mjs";

const OUTAGE_MS = 5_000;
const LONG_OUTAGE_MS = 120_000; // by the page's clock
const STEP_MS = 2_000; // how far that clock is moved at a time
const BACK_S = 120; // until a page is ready again, on a busy machine
const BACK_MS = BACK_S * 1000;

/** Records the page's states from now on. Some are too short to be found by looking at the page. */
async function watch(page) {
	const handle = await page.evaluateHandle(() => {
		const seen = [];
		const look = () => seen.push(document.body.dataset.state);
		new window.MutationObserver(look).observe(document.body, { attributes: true, attributeFilter: ["data-state"] });
		return seen;
	});
	return () => handle.jsonValue();
}

/** Waits until the page has reported that its session is lost, and is ready again. */
async function lostAndFound(states) {
	await until("the session to be lost", async () => (await states()).includes("lost"), { seconds: BACK_S });
	await until("another session", async () => (await states()).at(-1) === "ready", { seconds: BACK_S });
}

/** Closes the pages, and ignores the browser's complaints about the network outage. */
async function leaveBehind(...pages) {
	for (const page of pages)
		page.complaints = page.complaints.filter((text) => !/net::ERR_|status of (404|50[0234])/.test(text));
	await leave(...pages);
}

/**
 * The network fails for five seconds. Messages that are written meanwhile arrive once, and the
 * session stays.
 */
async function shortOutage(stage, fail) {
	const { alice, bob } = await two(stage);
	await greet(alice, bob, "before");
	const binds = stage.binds();
	const states = await Promise.all(tabsOf(alice).map(watch));
	stage.wire[fail]();
	await write(alice, "alice meanwhile");
	await write(bob, "bob meanwhile");
	await alice.waitForTimeout(OUTAGE_MS); // the test is about this time
	assert.equal(await received(bob, "alice meanwhile").count(), 0);
	stage.wire.mend();
	await received(bob, "alice meanwhile").waitFor({ timeout: BACK_MS });
	await received(alice, "bob meanwhile").waitFor({ timeout: BACK_MS });
	await greet(alice, bob, "after");
	const all = ["before", "meanwhile", "after"].flatMap((word) => [`alice ${word}`, `bob ${word}`]);
	for (const page of [...tabsOf(alice), bob]) {
		await seesAll(page, all);
		assert.equal(await page.locator(".unsent").count(), 0);
	}
	for (const ofTab of states) assert.deepEqual(await ofTab(), [], "ready all the time");
	assert.equal(stage.binds(), binds, "the same session");
	await leaveBehind(alice, bob);
}

/** Scenes for servers with their default times. */
export const SHORT_OUTAGES = {
	"5 s of silence: nothing is lost or doubled, nobody notices": (stage) => shortOutage(stage, "silence"),
	"5 s without a network: nothing is lost or doubled, nobody notices": (stage) => shortOutage(stage, "cut"),
};

/**
 * Moves the page's clock on by two minutes. Returns the milliseconds until the page reported that
 * it has no connection; 0: it did not.
 */
async function sitThroughOutage(page) {
	const lost = page.locator("body[data-state=lost], body[data-state=connecting]");
	let toldAfter = 0;
	for (let ms = 0; ms < LONG_OUTAGE_MS; ms += STEP_MS) {
		await page.clock.runFor(STEP_MS);
		await page.waitForTimeout(50); // its network requests need real time
		if (!toldAfter && await lost.count() > 0 && await banner(page).count() > 0) toldAfter = ms + STEP_MS;
	}
	return toldAfter;
}

async function longOutage(stage, fail) {
	const { alice, bob } = await two(stage);
	await alice.clock.install();
	await greet(alice, bob, "before");
	stage.wire[fail]();
	await write(alice, "into the void");
	const toldAfter = await sitThroughOutage(alice);
	console.log(`# 2 minutes without a network (${fail}): told after ${toldAfter / 1000} s`);
	assert.ok(toldAfter > 0, "the page says so");
	for (const tab of tabsOf(alice)) {
		await banner(tab).getByText(/connection to the chat server is lost|Connecting/).waitFor();
		assert.equal(await tab.locator("#send").isDisabled(), true);
		await tab.locator(".message.out.unsent", { hasText: "into the void" }).waitFor();
	}
	await offline(bob, "alice");
	stage.wire.mend();
	await alice.clock.resume();
	for (const tab of tabsOf(alice)) await tab.evaluate(() => window.dispatchEvent(new Event("online")));
	for (const tab of tabsOf(alice)) {
		await tab.locator("body[data-state=ready]").waitFor({ timeout: BACK_MS });
		assert.equal(await banner(tab).count(), 0);
		await online(tab, "bob");
	}
	await online(bob, "alice");
	await greet(alice, bob, "after");
	const all = ["before", "after"].flatMap((word) => [`alice ${word}`, `bob ${word}`]);
	for (const page of [...tabsOf(alice), bob]) {
		await received(page, "bob after").or(sent(page, "bob after")).waitFor();
		const shown = await texts(page);
		assert.deepEqual(shown.filter((text) => text !== "into the void").sort(), all.sort());
		assert.ok(shown.length <= all.length + 1, "what was not sent while ready is marked, and not doubled");
	}
	await leaveBehind(alice, bob);
}

/** Scenes for servers that give up a session soon. */
export const LOSSES = {
	"2 minutes of silence: the page says so, and comes back by itself": (stage) => longOutage(stage, "silence"),

	async "asleep for longer than the server waits: the page says so and comes back by itself"(stage) {
		const { alice, bob } = await two(stage);
		const states = await Promise.all(tabsOf(alice).map(watch));
		await alice.context().setOffline(true);
		await offline(bob, "alice");
		await alice.context().setOffline(false);
		await Promise.all(states.map(lostAndFound));
		await online(bob, "alice");
		await greet(alice, bob, "slept well");
		for (const page of [...tabsOf(alice), bob]) await seesAll(page, ["alice slept well", "bob slept well"]);
		await leaveBehind(alice, bob);
	},
};

/** More scenes for every combination of servers. */
export const RESTARTS = {
	async "the XMPP server restarts: both come back and talk"(stage) {
		const { alice, bob } = await two(stage);
		await greet(alice, bob, "before");
		const states = await Promise.all([...tabsOf(alice), bob].map(watch));
		await stage.chat.site.restartXmpp();
		await Promise.all(states.map(lostAndFound));
		await online(alice, "bob");
		await online(bob, "alice");
		await greet(alice, bob, "after");
		const all = ["before", "after"].flatMap((word) => [`alice ${word}`, `bob ${word}`]);
		for (const page of [...tabsOf(alice), bob]) await seesAll(page, all);
		await leaveBehind(alice, bob);
	},
};
