/*
 * A campaign: one person has three tabs of a site and goes from page to page at random, while two
 * others write to them. After each change no message may be lost or doubled, and each tab must show
 * the right number of unread messages. `make pages-soak` and tests/browser/page_changes*.test.mjs
 * run it.
 */
import assert from "node:assert/strict";
import { DOMAIN, startChat, typablePassword } from "./chat.mjs";
import { startChromium } from "./chromium.mjs";
import { contact, enter, leave, online, ready, talkTo, write } from "./people.mjs";
import { until } from "./wait.mjs";

const TABS = 3;
const PAGES = ["/one.html", "/two.html", "/chat/"];
const WRITERS = ["bob", "carol"];
const SETTLE_S = 60; // on a busy machine
const REPLACED_S = 30; // a page that has not come by then comes no more: another change took its place
const LAST_STEPS = 12; // told after a fault

const ARCHIVE = { prosody: "default_archive_policy = true\n", bosh: { '"bosh"': '"bosh", "mam", "pep"' } };

const sitePage = (title) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<link rel="icon" href="data:,"><script type="module" src="/chat/static/embed.js" data-prebind="/chat/"></script></head>
<body><h1>${title}</h1><p><a href="/one.html">one</a> <a href="/two.html">two</a> <a href="/chat/">chat</a></p></body></html>`;

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). @param {number} seed */
export function randomOf(seed) {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** What a tab shows. It runs in the page. */
function look() {
	const host = document.getElementById("prebind-chat");
	const root = host ? host.shadowRoot : document;
	const frame = host ? root.getElementById("panel") : document.body;
	if (!host && !document.getElementById("contacts")) return null; // the page is not there yet
	const badge = host ? root.querySelector(".badge") : null;
	const talk = root.getElementById("conversation");
	const log = talk && !talk.hidden ? root.querySelector(".log:not([hidden])") : null;
	return {
		state: frame?.dataset.state ?? "closed",
		unread: host ? (badge.hidden ? 0 : Number(badge.textContent)) : Number(/^\((\d+)\)/.exec(document.title)?.[1] ?? 0),
		open: log?.dataset.jid ?? "",
		inSight: Boolean(log) && !frame.hidden,
		texts: [...(log?.querySelectorAll(".message .text") ?? [])].map((text) => text.textContent),
		lost: [...(log?.querySelectorAll(".message.unsent .text") ?? [])].map((text) => text.textContent),
		draft: log ? root.getElementById("compose").value : "",
		kept: Object.fromEntries(Object.entries(window.localStorage)
			.filter(([key]) => key.startsWith("prebind-talk "))
			.map(([key, value]) => [key.split(" ").pop(), JSON.parse(value).lines.map(({ text }) => text)])),
	};
}

/** The conversation that is kept as open in a tab. It runs in the page. */
const openOne = () => ({ jid: JSON.parse(window.sessionStorage.getItem("prebind-conversation"))?.jid ?? "" });

/**
 * What is wrong with the texts of a conversation that show its end; "": nothing.
 * @param {string[]} shown @param {string[]} said in the order of each sender
 */
export function faultIn(shown, said) {
	const doubled = shown.find((text, i) => shown.indexOf(text) !== i);
	if (doubled) return `"${doubled}" is there twice`;
	for (const sender of new Set(said.map((text) => text.split(" ", 1)[0]))) {
		const of = (texts) => texts.filter((text) => text.startsWith(`${sender} `));
		const [seen, all] = [of(shown), of(said)];
		const end = seen.length > 0 ? all.slice(-seen.length) : all.slice(-1);
		if (JSON.stringify(seen) !== JSON.stringify(end)) return `of ${sender} there is ${JSON.stringify(seen.slice(-5))} and not ${JSON.stringify(end.slice(-5))}`;
	}
	return "";
}

/** A change that another one has replaced. */
function interrupted(error) {
	if (!/ERR_ABORTED|interrupted by another|context was destroyed|Not attached to an active page/.test(error.message)) throw error;
}

/** What a tab shows; null: it is between two pages. */
const seenIn = (tab) => tab.evaluate(look).catch(() => null);

class Campaign {
	#random;
	#chat;
	#settle; // seconds
	#tabs = [];
	#writers = {};
	#steps = [];
	#count = 0;
	#again = 0;
	#said = Object.fromEntries(WRITERS.map((name) => [name, []])); // by conversation
	#unread = Object.fromEntries(WRITERS.map((name) => [name, { min: 0, max: 0 }]));
	#drafts = Object.fromEntries(WRITERS.map((name) => [name, ""]));

	constructor(chat, random, settle) {
		this.#chat = chat;
		this.#random = random;
		this.#settle = settle;
	}

	get messages() {
		return this.#count;
	}

	/** How many messages the server has refused. */
	get again() {
		return this.#again;
	}

	get steps() {
		return this.#steps.slice(-LAST_STEPS);
	}

	async open(browser) {
		const first = await enter(browser, this.#chat, "alice");
		this.#tabs = [first];
		while (this.#tabs.length < TABS) {
			const tab = await first.context().newPage();
			await tab.goto(this.#chat.url);
			await ready(tab);
			this.#tabs.push(tab);
		}
		for (const name of WRITERS) {
			this.#writers[name] = await enter(browser, this.#chat, name);
			await online(this.#writers[name], "alice");
			await talkTo(this.#writers[name], "alice");
		}
		for (const page of [first, ...Object.values(this.#writers)]) page.context().setDefaultTimeout(this.#settle * 1000);
	}

	async close() {
		this.#tabs[0].complaints = this.#tabs[0].complaints.filter((text) => !/net::ERR_/.test(text));
		await leave(this.#tabs[0], ...Object.values(this.#writers));
	}

	#chance = (share) => this.#random() < share;
	#one = (list) => list[Math.floor(this.#random() * list.length)];

	/** One change of a page, with what people do meanwhile. Then everything must be right. */
	async step() {
		const tab = this.#one(this.#tabs);
		const before = await this.#look();
		this.#steps.push([]);
		if (this.#chance(0.5)) await this.#click(tab);
		const news = Object.fromEntries(WRITERS.map((name) => [name, 0]));
		const clicked = await this.#look();
		await this.#say(tab);
		const writing = this.#plan(news).map(([name, texts]) => this.#writeAll(name, texts));
		const [glimpsed] = await Promise.all([this.#change(tab), ...writing]);
		await this.#check(tab, { news, sight: [before, clicked], glimpsed });
	}

	#note(text) {
		this.#steps.at(-1).push(text);
	}

	#name = (tab) => `tab ${this.#tabs.indexOf(tab) + 1}`;

	#look() {
		return Promise.all(this.#tabs.map(seenIn));
	}

	/** A click that changes what this tab shows. */
	async #click(tab) {
		const seen = await until("the page", () => seenIn(tab));
		const launcher = tab.locator("#prebind-chat .launcher");
		const name = this.#one(WRITERS);
		if (await launcher.count() && (seen.state === "closed" || this.#chance(0.3))) {
			this.#note(`${this.#name(tab)}: launcher`);
			await launcher.click();
			await tab.locator("#prebind-chat .panel[data-state=ready]").waitFor({ state: "attached" });
		} else if (await contact(tab, name).isVisible()) {
			this.#note(`${this.#name(tab)}: opens ${name}`);
			await talkTo(tab, name);
		} else if (seen.inSight) {
			this.#note(`${this.#name(tab)}: Escape`);
			await tab.locator("#compose").press("Escape");
		}
	}

	/** Alice may write in this tab, or begin to, just before the page goes. */
	async #say(tab) {
		const { state, inSight, open } = await until("the page", () => seenIn(tab));
		if (state !== "ready" || !inSight) return;
		const name = open.split("@")[0];
		if (this.#chance(0.4)) {
			const text = `alice ${++this.#count}`;
			this.#note(`${this.#name(tab)}: writes ${text} to ${name}`);
			this.#said[name].push(text);
			this.#drafts[name] = "";
			await write(tab, text);
		}
		if (this.#chance(0.3)) {
			this.#drafts[name] = `half a sentence ${this.#count}`;
			this.#note(`${this.#name(tab)}: draft to ${name}`);
			await tab.locator("#compose").fill(this.#drafts[name]);
		}
	}

	/** What the others write during the change. */
	#plan(news) {
		return WRITERS.map((name) => {
			const texts = [];
			while (this.#chance(0.45)) texts.push(`${name} ${++this.#count}`);
			news[name] = texts.length;
			if (texts.length > 0) this.#note(`${name}: ${texts.join(", ")}`);
			this.#said[name].push(...texts);
			return [name, texts];
		});
	}

	async #writeAll(name, texts) {
		for (const text of texts) await write(this.#writers[name], text);
	}

	/**
	 * Another page, or the same again; sometimes two changes at once.
	 * @returns {Promise<string>} whose conversation a page in between may have shown for a moment; "": nobody's
	 */
	async #change(tab) {
		const go = async (wait) => {
			const kind = this.#one(["link", "link", "link", "script reload", "reload", "back"]);
			const path = this.#one(PAGES);
			this.#note(`${this.#name(tab)}: ${kind} ${kind === "link" ? path : ""}${wait}`);
			const options = { waitUntil: wait };
			const link = tab.locator(`body > p > a[href="${path}"]`);
			if (kind === "reload") await tab.reload(options).catch(interrupted);
			else if (kind === "back") await tab.goBack(options).catch(interrupted);
			else if (kind === "script reload") await Promise.all([tab.waitForEvent("load"), tab.evaluate(() => location.reload()).catch(interrupted)]);
			else if (await link.count()) await this.#comes(tab, path, wait, () => link.click({ timeout: REPLACED_S * 1000 }));
			else await this.#comes(tab, path, wait, () => tab.evaluate((url) => location.assign(url), new URL(path, this.#chat.url).href));
		};
		const twice = this.#chance(0.25);
		const open = twice ? (await until("the page", () => tab.evaluate(openOne))).jid : "";
		if (twice) await go("commit");
		await go("load");
		await until(`a page in ${this.#name(tab)}`, () => this.#arrive(tab), { seconds: this.#settle })
			.catch(async (error) => this.#fail(`${error.message}: ${tab.url()}, ${JSON.stringify(await tab.locator("body").innerText().catch(String))}`));
		return open.split("@")[0];
	}

	/**
	 * Goes to another page by `go`, and waits for it. A change that is still under way may take its place: this is no fault,
	 * and #arrive waits for the page that comes instead.
	 */
	async #comes(tab, path, wait, go) {
		if (wait === "load") await tab.evaluate(() => (window.left = true)).catch(interrupted); // the link may lead to the same page
		await go().catch((error) => error.name === "TimeoutError" || interrupted(error));
		const there = async () => new URL(tab.url()).pathname === path && (wait === "commit" || !await tab.evaluate(() => window.left));
		await until(path, there, { seconds: REPLACED_S }).catch(() => this.#note(`${this.#name(tab)}: at ${tab.url()} instead`));
		if (wait === "load") await tab.waitForLoadState("load");
	}

	#fail(fault) {
		assert.fail(`${fault}\n${this.steps.map((each) => each.join("; ")).join("\n")}`);
	}

	/**
	 * "Back" can lead to the login or to the empty page, and a change that was replaced may still go on. A machine that stands still
	 * for longer than `timeout` shows a page that says so, and a person tries again.
	 */
	async #arrive(tab) {
		await tab.waitForLoadState("load");
		const again = tab.locator("main > .ways > form > button", { hasText: "Try again" });
		if (await again.count()) {
			this.#note(`${this.#name(tab)}: ${await tab.locator("main").innerText()}`);
			await again.click().catch(interrupted);
		}
		if (!PAGES.includes(new URL(tab.url()).pathname)) await tab.goto(this.#chat.url).catch(interrupted);
		return (await seenIn(tab)) !== null;
	}

	/**
	 * Without an archive a server keeps nothing for a user who is not online, and between two pages Alice may
	 * be offline: the browser's own reload button ends the session. The sender is told, and sends it again.
	 */
	async #sendRefused() {
		for (const name of WRITERS) {
			const page = this.#writers[name];
			for (const text of await page.locator(".message.unsent .text").allTextContents()) {
				this.#note(`${name}: sends ${text} again`);
				this.#again++;
				this.#said[name].splice(this.#said[name].indexOf(text), 1);
				this.#said[name].push(text);
				await page.locator(".message.unsent").filter({ has: page.getByText(text, { exact: true }) }).getByRole("button").click();
			}
		}
	}

	/** Waits until all is right; else says what is not. */
	async #check(tab, step) {
		let fault = "";
		await until("the tabs", async () => {
			await this.#sendRefused();
			const now = await this.#look();
			fault = this.#faultIn(now, tab, step);
			return fault === "";
		}, { seconds: this.#settle }).catch((error) => this.#fail(fault || error.message));
	}

	#faultIn(now, changed, { news, sight, glimpsed }) {
		for (const [i, seen] of now.entries()) {
			const where = `tab ${i + 1}`;
			if (!seen || !["ready", "closed"].includes(seen.state)) return `${where} is ${seen?.state ?? "empty"}`;
			if (seen.lost.length > 0) return `${where}: not sent: ${seen.lost}`;
			const open = seen.open.split("@")[0];
			const fault = open && faultIn(seen.texts, this.#said[open]);
			if (fault) return `${where}: ${fault}`;
			if (open && this.#tabs[i] === changed && seen.draft !== this.#drafts[open]) return `${where}: the draft is "${seen.draft}" and not "${this.#drafts[open]}"`;
		}
		for (const name of WRITERS) {
			const fault = faultIn(now[0].kept[`${name}@${DOMAIN}`] ?? [], this.#said[name]);
			if (fault) return `kept: ${fault}`;
		}
		return this.#badgeFault(now, news, sight, glimpsed);
	}

	/** What is read is known, except what came while a tab that showed it was changing, and what a page in between may have shown. */
	#badgeFault(now, news, sight, glimpsed) {
		const showed = (tabs, name) => tabs.some((seen) => seen?.inSight && seen.open.startsWith(`${name}@`));
		const next = {};
		for (const name of WRITERS) {
			const { min, max } = this.#unread[name];
			const read = sight.some((tabs) => showed(tabs, name)); // everything before this change
			next[name] = { min: (read ? 0 : min + news[name]), max: (read ? 0 : max) + news[name] };
			if (name === glimpsed) next[name].min = 0;
			if (showed(now, name)) next[name] = { min: 0, max: 0 };
		}
		const min = WRITERS.reduce((sum, name) => sum + next[name].min, 0);
		const max = WRITERS.reduce((sum, name) => sum + next[name].max, 0);
		for (const [i, { unread }] of now.entries()) {
			if (unread < min || unread > max) return `tab ${i + 1} has ${unread} unread, and not ${min === max ? min : `${min} to ${max}`}`;
			if (unread !== now[0].unread) return `tab ${i + 1} has ${unread} unread, and tab 1 has ${now[0].unread}`;
		}
		if (now[0].unread === min) for (const name of WRITERS) next[name].max = next[name].min;
		if (now[0].unread === max) for (const name of WRITERS) next[name].min = next[name].max;
		this.#unread = next;
		return "";
	}
}

/**
 * Runs a campaign on Prosody. Throws at the first fault, with the last steps.
 * @param {import('./place.mjs').Place} place
 * @param {{ changes: number, seed: number, archive: boolean, settle?: number, progress?: (text: string) => void }} options
 *   settle: for how many seconds a tab may show what is not right
 * @returns {Promise<{changes: number, messages: number, again: number}>} again: how many the server has refused, while
 *   Alice was offline between two pages; they were sent again
 */
export async function changePages(place, { changes, seed, archive, settle = SETTLE_S, progress = () => {} }) {
	const users = Object.fromEntries(["alice", ...WRITERS].map((name) => [name, typablePassword()]));
	const chat = await startChat(place, { users, ...(archive ? ARCHIVE : {}), site: { limit_bind_user: "off" } });
	for (const name of ["one", "two"]) place.write(`htdocs/${name}.html`, sitePage(name), 0o644);
	const campaign = new Campaign(chat, randomOf(seed), settle);
	await campaign.open(await startChromium(place, { whole: true }));
	for (let i = 1; i <= changes; i++) {
		await campaign.step().catch((error) => {
			error.message = `change ${i}, seed ${seed}: ${error.message}`;
			throw error;
		});
		if (i % 50 === 0) progress(`${i} changes, ${campaign.messages} messages`);
	}
	await campaign.close();
	return { changes, messages: campaign.messages, again: campaign.again };
}
