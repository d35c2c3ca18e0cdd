/*
 * What the round trips are counted on: a web server with its shipped file, this program, Prosody, and a forwarder in front.
 * The web server is lighttpd with mod_deflate over HTTP/1.1, or Apache over HTTP/2 and TLS. Beside our pages there is one
 * with Converse.js and a password.
 */
import { execFile } from "node:child_process";
import fs from "node:fs";
import { promisify } from "node:util";
import { apacheFastcgi } from "../lib/apache.mjs";
import { DOMAIN, MOUNT, startChat } from "../lib/chat.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { Far } from "../lib/far.mjs";
import { logIn } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { Trips } from "../lib/trips.mjs";
import { freePorts } from "../lib/wait.mjs";
import { publish } from "../lib/web_site.mjs";

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

/** Apache with HTTP/2 and TLS, in a place of its own, because its files have the names of lighttpd's. */
async function startSecureApache(place, { prebind, boshPort }) {
	const web = new Place();
	place.onClose(() => web.close({ logs: true }));
	const [key, certificate] = [web.path("key.pem"), web.path("certificate.pem")];
	await web.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate]);
	const [port] = await freePorts(1);
	const more = `SSLEngine on\nSSLCertificateFile "${certificate}"\nSSLCertificateKeyFile "${key}"`;
	await apacheFastcgi(web, { port, socket: prebind.socket, boshPort, modules: ["ssl", "http2", "brotli", "deflate"], more });
	return { web, port };
}

/**
 * @param {import('../lib/place.mjs').Place} place
 * @param {keyof PROTOCOLS} protocol
 */
export async function startTripsStand(place, protocol) {
	const { secure } = PROTOCOLS[protocol];
	// Apache sends no PATH_INFO: docs/apache.md
	const site = { limit_bind_user: "100/1m", ...(secure && { base_path: MOUNT }) };
	const chat = await startChat(place, { web: { modules: ["mod_deflate"] }, site });
	const { web, port } = secure ? await startSecureApache(place, chat) : { web: place, port: chat.webPort };
	await stripAsInstalled(web.path("static"));
	publish(web, "site.html", SITE);
	publish(web, "converse.html", conversePage(chat.accounts.alice));
	const far = await Far.lay(place, port);
	const browser = await startChromium(place, { whole: true });
	return new Stand(chat, far, browser, secure);
}

/** Waits in the page, so that no time is lost on the way to it; returns the milliseconds since `from`. */
const timeTo = (page, what, from) => page.evaluate(({ selector, inEmbed, start }) => new Promise((resolve) => {
	const root = () => (inEmbed ? document.getElementById("prebind-chat")?.shadowRoot : document);
	const look = () => (root()?.querySelector(selector) ? resolve(performance.now() - start) : window.requestAnimationFrame(look));
	look();
}), { ...SEEN[what], start: from });

class Stand {
	constructor(chat, far, browser, secure) {
		Object.assign(this, { chat, far, browser, secure, origin: `${secure ? "https" : "http"}://127.0.0.1:${far.port}` });
	}

	/** A page of alice, who is logged in, in a browser that has stored nothing else. */
	async visitor() {
		const page = await newPage(this.browser, { bypassCSP: true, ignoreHTTPSErrors: true });
		await page.goto(`${this.origin}${MOUNT}/login?next=${encodeURIComponent("/chat/login")}`);
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
			const trips = await Trips.watch(page, this.secure);
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

/** What is between the browser and the web server. */
export const PROTOCOLS = {
	"HTTP/1.1": { secure: false, server: "lighttpd, HTTP/1.1" },
	"HTTP/2": { secure: true, server: "Apache, HTTP/2 and TLS" },
};

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
 * @property {Record<string, number>} [aims] round trips, by protocol: the first request over TLS takes one more, and over
 *   HTTP/2 no other connection is needed
 */
/** @type {Record<string, Flow>} */
export const FLOWS = {
	"page to roster": { path: "/chat/", seen: "roster", steps: [[PAGE], [/^GET .*chat\.js$/], [BOSH]], aims: { "HTTP/1.1": 4, "HTTP/2": 5 } },
	"embed to button": { path: "/site.html", seen: "launcher", steps: [[SITE_PAGE], [/^GET .*embed\.js$/], [SESSION]], aims: { "HTTP/1.1": 4, "HTTP/2": 5 } },
	"click to roster": { path: "/site.html", before: launched, act: click, seen: "panelRoster", steps: [[SESSION, PANEL], [BOSH]], aims: { "HTTP/1.1": 3, "HTTP/2": 2 } },
	"hover, click to roster": { path: "/site.html", before: hover, act: click, seen: "panelRoster", steps: [[SESSION], [BOSH]], aims: { "HTTP/1.1": 2, "HTTP/2": 2 } },
	"Converse.js, page to roster": { path: "/converse.html", seen: "converseRoster" },
};
