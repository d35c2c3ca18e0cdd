/*
 * What the round trips are counted on: lighttpd with its shipped file and mod_deflate, this program, Prosody, and a
 * forwarder in front. Beside our pages there is one with Converse.js and a password.
 */
import { execFile } from "node:child_process";
import fs from "node:fs";
import { promisify } from "node:util";
import { DOMAIN, startChat } from "../lib/chat.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { Far } from "../lib/far.mjs";
import { logIn } from "../lib/people.mjs";
import { Trips } from "../lib/trips.mjs";
import { addresses, publish } from "../lib/web_site.mjs";

const CONVERSE = "/chat/static/vendor/converse";
const SITE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Site</title><link rel="icon" href="data:,">
<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script></head><body><h1>Site</h1></body></html>`;

/** As its manual has it. */
const conversePage = (password) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Converse</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="${CONVERSE}/converse.min.css">
</head><body class="converse-fullscreen"><converse-root></converse-root><script type="module">
import converse from "${CONVERSE}/converse.min.js";
converse.initialize({
	bosh_service_url: "/http-bind", authentication: "login", auto_login: true, jid: "alice@${DOMAIN}", password: "${password}",
	view_mode: "fullscreen", discover_connection_methods: false, assets_path: "${CONVERSE}/",
});
</script></body></html>`;

/** What is waited for: in the page, or in the embed's shadow tree. */
const SEEN = {
	roster: { selector: `[data-contact="bob@${DOMAIN}"]` },
	launcher: { selector: ".launcher", inEmbed: true },
	panelRoster: { selector: `[data-contact="bob@${DOMAIN}"]`, inEmbed: true },
	converseRoster: { selector: `[data-jid="bob@${DOMAIN}"]` },
};

/** Leaves out of the scripts and style sheets what `make install` leaves out. @param {string} folder */
async function stripAsInstalled(folder) {
	const files = fs.readdirSync(folder).filter((name) => /\.(css|js)$/.test(name));
	await promisify(execFile)("sed", ["-i", "-f", "strip.sed", ...files], { cwd: folder });
}

export async function startTripsStand(place) {
	const chat = await startChat(place, { web: { modules: ["mod_deflate"] }, site: { limit_bind_user: "100/1m" } });
	await stripAsInstalled(place.path("static"));
	publish(place, "site.html", SITE);
	publish(place, "converse.html", conversePage(chat.accounts.alice));
	const far = await Far.lay(place, chat.webPort);
	const browser = await startChromium(place, { whole: true });
	return new Stand(chat, far, browser);
}

/** Waits in the page, so that no time is lost on the way to it; returns the milliseconds since `from`. */
const timeTo = (page, what, from) => page.evaluate(({ selector, inEmbed, start }) => new Promise((resolve) => {
	const root = () => (inEmbed ? document.getElementById("prebind-chat")?.shadowRoot : document);
	const look = () => (root()?.querySelector(selector) ? resolve(performance.now() - start) : window.requestAnimationFrame(look));
	look();
}), { ...SEEN[what], start: from });

class Stand {
	constructor(chat, far, browser) {
		Object.assign(this, { chat, far, browser, ...addresses(far.port) });
	}

	/** A page of alice, who is logged in, in a browser that has stored nothing else. */
	async visitor() {
		const page = await newPage(this.browser, { bypassCSP: true });
		await page.goto(`${this.chat.url}login?next=${encodeURIComponent("/chat/login")}`);
		await logIn(page, "alice", this.chat.users.alice);
		await page.waitForURL("**/chat/login");
		return page;
	}

	/**
	 * One flow in a fresh browser.
	 * @param {Flow} flow @param {number} delay
	 */
	async run({ path, before, act, seen, steps }, delay) {
		const page = await this.visitor();
		try {
			const trips = await Trips.watch(page);
			if (before) {
				this.far.begin(0);
				await page.goto(`${this.origin}${path}`);
				await before(page);
			}
			trips.begin();
			this.far.begin(delay);
			const from = before ? await page.evaluate(() => performance.now()) : 0;
			if (act)
				await page.evaluate(act);
			else
				await page.goto(`${this.origin}${path}`, { waitUntil: "commit" });
			const ms = await timeTo(page, seen, from);
			const { connections, up, down } = this.far;
			return { ms, connections, up, down, asked: trips.asked, requests: trips.asked.length, trips: steps ? trips.count(steps) : null };
		} finally {
			await page.context().close();
		}
	}
}

const PAGE = /^GET \/chat\/$/;
const SITE_PAGE = /^GET \/site\.html$/;
const SESSION = /^POST \/chat\/prebind\.json$/;
const BOSH = /^POST \/http-bind$/;
const PANEL = /^GET .*panel\.js$/;
const click = () => document.getElementById("prebind-chat").shadowRoot.querySelector(".launcher").click();
const launched = (page) => page.locator("#prebind-chat .launcher").waitFor();

/** The pointer comes to the button, and what it fetches is there. */
async function hover(page) {
	await launched(page);
	const fetched = page.waitForEvent("requestfinished", (request) => PANEL.test(`GET ${new URL(request.url()).pathname}`));
	await page.locator("#prebind-chat .launcher").hover();
	await fetched;
}

/**
 * @typedef {object} Flow
 * @property {string} path
 * @property {(page: import('playwright-core').Page) => Promise<void>} [before] what happens before it is counted
 * @property {() => void} [act] in the page; without: the page is loaded
 * @property {keyof SEEN} seen the end
 * @property {RegExp[][]} [steps] what has to happen one after the other
 * @property {number} [aim] round trips
 */
/** @type {Record<string, Flow>} */
export const FLOWS = {
	"page to roster": { path: "/chat/", seen: "roster", steps: [[PAGE], [/^GET .*chat\.js$/], [BOSH]], aim: 4 },
	"embed to button": { path: "/site.html", seen: "launcher", steps: [[SITE_PAGE], [/^GET .*embed\.js$/], [SESSION]], aim: 4 },
	"click to roster": { path: "/site.html", before: launched, act: click, seen: "panelRoster", steps: [[SESSION, PANEL], [BOSH]], aim: 3 },
	"hover, click to roster": { path: "/site.html", before: hover, act: click, seen: "panelRoster", steps: [[SESSION], [BOSH]], aim: 2 },
	"Converse.js, page to roster": { path: "/converse.html", seen: "converseRoster" },
};
