/*
 * One person has many tabs of a site, and one of them holds the chat session of all. The scenes end
 * that tab in different ways while two people write, and count what the tabs and the other person
 * show. tests/browser/holder_*.test.mjs and tests/bench/holder.mjs play them.
 */
import assert from "node:assert/strict";
import { SCRIPT } from "./http.mjs";
import { enterBoth, leave, ready, received, talkTo, texts, write } from "./people.mjs";
import { until } from "./wait.mjs";
import { endSession, whoIsOnline } from "./xmpp_site.mjs";

const SETTLE_S = 60; // a busy machine
const CHECKED = 80; // a new tab shows the last 100 messages
const ENDS = ["close", "freeze", "crash", "reload"];

/** Another tab of the same person, with the conversation with bob. */
async function anotherTab(page, url) {
	const tab = await page.context().newPage();
	tab.complaints = page.complaints;
	tab.on("pageerror", (error) => page.complaints.push(`exception: ${error.stack ?? error.message}`));
	await tab.goto(url);
	await ready(tab);
	await talkTo(tab, "bob");
	return tab;
}

/** Whether this tab holds the session. It runs in the page: a lock of its own shows how the browser names the tab. */
const holds = (tab) => tab.evaluate(() => navigator.locks.request(`probe-${Math.random()}`, async ({ name }) => {
	const { held } = await navigator.locks.query();
	const own = held.find((lock) => lock.name === name)?.clientId;
	return held.some((lock) => lock.name.startsWith("prebind-session ") && lock.clientId === own);
}));

/** Waits until one of these tabs holds the session. */
export function holderOf(tabs) {
	return until("a tab that holds the session", async () => {
		const each = await Promise.all(tabs.map(holds));
		return each.filter(Boolean).length === 1 ? tabs[each.indexOf(true)] : null;
	}, { seconds: SETTLE_S });
}

/**
 * The sessions that alice has at the XMPP server, as a contact's session sees them. A server may answer a ping before
 * it passes on who is online, so this asks until there is one.
 */
export async function sessionsOf(site, user = "alice", other = "bob") {
	const visitor = await site.enter(other);
	return until(`a session of ${user}`, async () => {
		const seen = await lookUp(site, visitor, user);
		return seen.size > 0 && seen;
	}, { seconds: SETTLE_S });
}

async function lookUp(site, visitor, user) {
	const session = JSON.parse((await visitor.post("/prebind.json", { bind: "yes" }, SCRIPT)).body);
	const answer = await whoIsOnline(site.port, session);
	await endSession(site.port, session);
	const seen = answer.matchAll(new RegExp(`<presence\\b(?![^>]*\\btype=)[^>]*\\bfrom=['"]${user}@[^/'"]+/([^'"]+)`, "g"));
	return new Set([...seen].map(([, resource]) => resource));
}

/** Counts the BOSH requests that a browser context has open. */
export function countOpen(context) {
	const open = new Set();
	context.on("request", (request) => request.url().endsWith("/http-bind") && open.add(request));
	for (const end of ["requestfinished", "requestfailed"]) context.on(end, (request) => open.delete(request));
	return () => open.size;
}

/** The milliseconds until a plain page of the site is there, in a tab of its own. */
export async function plainPage(context, url) {
	const tab = await context.newPage();
	const since = performance.now();
	await tab.goto(url);
	const took = performance.now() - since;
	await tab.close();
	return took;
}

/** How the tab that holds the session can end. Each returns what brings the tab back; null: nothing does. */
const END = {
	close: async (tab) => {
		await tab.close();
		return null;
	},
	reload: async (tab) => {
		await tab.reload();
		return () => talkTo(tab, "bob");
	},
	crash: async (tab) => {
		const client = await tab.context().newCDPSession(tab);
		const crashed = tab.waitForEvent("crash");
		client.send("Page.crash").catch(() => {}); // nobody answers
		await crashed;
		await tab.close();
		return null;
	},
	// Playwright keeps each tab visible, and the browser does not freeze a visible one: the page gets the events
	freeze: async (tab) => {
		await tab.evaluate(() => document.dispatchEvent(new window.Event("freeze")));
		return () => tab.evaluate(() => document.dispatchEvent(new window.Event("resume")));
	},
};

/** What is wrong with the texts that a tab shows; "": nothing. */
function faultIn(shown, said) {
	const doubled = shown.filter((text, i) => shown.indexOf(text) !== i);
	const missing = said.filter((text) => !shown.includes(text));
	return [...doubled.map((text) => `"${text}" is there twice`), ...missing.map((text) => `"${text}" is not there`)].join(", ");
}

/** What a tab shows and keeps, for the report of a fault. It runs in the page. */
const describeLogs = () => JSON.stringify({
	shown: [...document.querySelectorAll(".log:not([hidden]) .message")].map((el) => [el.dataset.id, el.className, el.textContent]),
	kept: Object.values({ ...window.localStorage }),
}).slice(-4_000);

/** Waits until each of these pages shows everything that was said, once. */
async function allThere(pages, said, what) {
	for (const page of pages) {
		let fault = "";
		await until("everything that was said", async () => (fault = faultIn(await texts(page), said)) === "", { seconds: SETTLE_S })
			.catch(async () => assert.fail(`${what}, in tab ${pages.indexOf(page)}: ${fault}; ${await page.evaluate(describeLogs)}`));
	}
}

let count = 0; // for all scenes: the server's archive has what was said in the scenes before

export class Crowd {
	#said = [];

	/** @param {{ chat: any, browser: any, url: string }} stage */
	constructor({ chat, browser, url }) {
		Object.assign(this, { chat, browser, url });
	}

	/** Opens the tabs of alice, and bob's page. */
	async open(tabs) {
		const { alice, bob } = await enterBoth(this.browser, this.chat, { ...this.chat, url: this.url });
		Object.assign(this, { bob, tabs: [alice], context: alice.context(), sids: new Set() });
		this.context.on("request", (request) => {
			const [, attributes] = /^<body\b([^>]*)>/.exec(request.postData() ?? "") ?? [];
			const [, sid] = /\bsid="([^"]+)"/.exec(attributes ?? "") ?? [];
			if (sid && !/\btype="terminate"/.test(attributes)) this.sids.add(sid); // the session that a page comes with is ended
		});
		while (this.tabs.length < tabs) await this.add();
	}

	async add() {
		this.tabs.push(await anotherTab(this.tabs[0], this.url));
	}

	async #write(page, who) {
		const text = `${who} ${++count}.`;
		this.#said.push(text);
		await write(page, text);
	}

	/** Ends the holder while bob writes, and alice in another tab. Returns the milliseconds until another tab holds. */
	async endHolder(how) {
		const holder = await holderOf(this.tabs);
		const others = this.tabs.filter((tab) => tab !== holder);
		const since = performance.now();
		const writing = [this.#write(this.bob, "bob"), this.#write(others[0], "alice")];
		const back = await END[how](holder);
		this.tabs = others;
		await holderOf(others);
		const took = performance.now() - since;
		await Promise.all(writing);
		await Promise.all([this.#write(this.bob, "bob"), this.#write(others.at(-1), "alice")]);
		await this.check(`after ${how}`);
		if (back) {
			await back();
			await ready(holder);
			this.tabs.push(holder);
			await this.check("after the thaw");
		}
		return took;
	}

	/** Nothing is lost or doubled, anywhere. */
	async check(what) {
		await allThere([this.bob, ...this.tabs], this.#said.slice(-CHECKED), what);
		for (const page of [this.bob, ...this.tabs])
			assert.equal(await page.locator(".unsent, .message.pending").count(), 0, `${what}: every message is at the server`);
	}

	async greet(tab) {
		await this.#write(tab, "alice");
		await received(this.bob, this.#said.at(-1)).waitFor();
	}

	close() {
		return leave(this.tabs[0], this.bob);
	}
}

/** Waits until the server has ended all other sessions of alice, such as those that pages came with. */
async function theOneSession(site) {
	let sessions;
	await until("one session", async () => (sessions = await sessionsOf(site)).size === 1, { seconds: SETTLE_S });
	return sessions;
}

/** The tests for one web server and XMPP server: name and scene. */
export const SCENES = {
	async "20 tabs: one session at the server, two requests at most, and a plain page is there as soon as without them"(stage) {
		const crowd = new Crowd(stage);
		await crowd.open(1);
		const open = countOpen(crowd.context);
		const alone = await plainPage(crowd.context, stage.plain);
		while (crowd.tabs.length < 20) await crowd.add();
		const among = await plainPage(crowd.context, stage.plain);
		const sessions = await sessionsOf(stage.chat.site);
		console.log(`# a plain page: ${Math.round(alone)} ms with one tab, ${Math.round(among)} ms with 20; ${sessions.size} session, ${open()} requests open`);
		assert.equal(sessions.size, 1);
		assert.ok(open() <= 2, `${open()} requests are open`);
		assert.ok(among < 10_000 + alone, "with a session in each tab it waits for a minute");
		for (const tab of [crowd.tabs[0], crowd.tabs[10], crowd.tabs[19]]) await crowd.greet(tab);
		await crowd.check("in 20 tabs");
		await crowd.close();
	},

	...Object.fromEntries(ENDS.map((how) => [`the tab that holds the session ends (${how}): another goes on with the same session, and nothing is lost or doubled`,
		async (stage) => {
			const crowd = new Crowd(stage);
			await crowd.open(4);
			const binds = stage.binds();
			const took = [];
			for (let i = 0; i < 2; i++) took.push(Math.round(await crowd.endHolder(how)));
			console.log(`# ${how}: another tab held the session after ${took.join(", ")} ms, as the test sees it`);
			const came = how === "reload" ? took.length : 0; // each chat page comes with a session, which is ended
			assert.equal(stage.binds(), binds + came, "no tab asks for another session");
			assert.equal(crowd.sids.size, 1, "all tabs used one session");
			await theOneSession(stage.chat.site);
			await crowd.close();
		}])),
};

/** For a stand where not all of these scenes are played. */
export const THREE_TABS = {
	async "three tabs: the one that holds the session freezes, and then another one closes: nothing is lost or doubled"(stage) {
		const crowd = new Crowd({ ...stage, url: stage.chat.url });
		await crowd.open(3);
		await crowd.endHolder("freeze");
		await crowd.endHolder("close");
		assert.equal(crowd.sids.size, 1);
		await crowd.close();
	},
};

/** Ends the holder again and again. */
export async function endHolders(stage, times, report = () => {}) {
	const crowd = new Crowd(stage);
	await crowd.open(3);
	for (let i = 0; i < times; i++) {
		const how = ENDS[i % ENDS.length];
		report(i + 1, how, await crowd.endHolder(how));
		while (crowd.tabs.length < 3) await crowd.add();
	}
	const sessions = await sessionsOf(stage.chat.site);
	assert.equal(sessions.size, 1);
	await crowd.close();
}
