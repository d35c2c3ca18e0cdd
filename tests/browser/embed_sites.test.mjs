// The embed on pages as sites have them: with hostile style sheets, with libraries that change pages without loading one,
// in a frame, under a strict policy, and on paper.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startChat } from "../lib/chat.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { leave, logIn, ready, received, talkTo, write } from "../lib/people.mjs";
import { Place, top } from "../lib/place.mjs";
import { publish } from "../lib/web_site.mjs";
import fs from "node:fs";
import path from "node:path";

const TAG = '<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script>';
const SIZE = { width: 1000, height: 700 };
const LAUNCHER = { x: SIZE.width - 16 - 56, y: SIZE.height - 16 - 56, width: 56, height: 56 };
const PANEL = { x: SIZE.width - 16 - 384, width: 384, height: 576 };

/** From real sites: a reset, a float layout, a blocker of frames and buttons, and effects on html's children and the body. */
const SHEETS = {
	reset: "* { all: unset } *, *::before { margin: 9px !important; padding: 9px !important }",
	floats: "div { float: left; width: 33%; position: relative } body > div { display: grid !important } html > * { float: right }",
	hidden: "iframe, button, aside, [id*=chat] { display: none !important; visibility: hidden !important } :not(p) { opacity: 0.99 }",
	zoom: "body { zoom: 1.5; transform: rotate(0.5deg) scale(0.8); filter: grayscale(1); perspective: 100px; overflow: hidden; contain: paint }",
	print: `html { font-size: 62.5%; line-height: 3; letter-spacing: 4px; text-transform: uppercase; text-align: right; font-family: fantasy }
		:root { --muted: red } svg { fill: red !important; width: 100% !important } html > :last-child { position: absolute !important; z-index: -1 !important }`,
};

const POLICY = "default-src 'none'; script-src 'nonce-n0nce' 'strict-dynamic'; connect-src 'self'; style-src 'none'; img-src data:; base-uri 'none'; "
	+ "form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

/** @param {string} head @param {string} [body] */
const sitePage = (head, body = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Site</title>
<link rel="icon" href="data:,">${head}</head><body><h1>Site</h1><div>One</div><div>Two</div><p>Text</p><button>Theirs</button>
<a id="next" href="/next.html">Next</a>${body}</body></html>`;

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place);
	for (const [name, css] of Object.entries(SHEETS)) {
		publish(place, `${name}.css`, css);
		publish(place, `${name}.html`, sitePage(`<link rel="stylesheet" href="/${name}.css">${TAG}`));
	}
	const library = (file, name) => publish(place, name, fs.readFileSync(path.join(top, "node_modules", file), "utf8"));
	library("@hotwired/turbo/dist/turbo.es2017-umd.js", "turbo.js");
	library("htmx.org/dist/htmx.min.js", "htmx.js");
	const pages = {
		turbo: sitePage(`<script src="/turbo.js"></script>${TAG}`),
		"turbo-body": sitePage('<script src="/turbo.js"></script>', TAG),
		htmx: sitePage(`<script src="/htmx.js"></script>${TAG}`).replace("<body>", '<body hx-boost="true">'),
		frame: sitePage("", '<iframe src="/inner.html" width="700" height="500" title="inner"></iframe>'),
		inner: sitePage(TAG),
		strict: sitePage(`<meta http-equiv="Content-Security-Policy" content="${POLICY}">${TAG.replace("<script", '<script nonce="n0nce"')}`),
	};
	for (const [name, html] of Object.entries(pages))
		publish(place, `${name}.html`, html);
	publish(place, "next.html", sitePage("").replace("<h1>Site", "<h1>Next"));
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

const launcher = (page) => page.locator("#prebind-chat .launcher");
const panel = (page) => page.locator("#prebind-chat .panel");
const panelReady = (page) => page.locator("#prebind-chat .panel[data-state=ready]").waitFor();

/** A page of the site where alice is logged in. */
async function visit(name) {
	const page = await newPage(browser, { viewport: SIZE });
	await page.goto(`${chat.url}login?next=${encodeURIComponent("/chat/login")}`);
	await logIn(page, "alice", chat.users.alice);
	await page.waitForURL("**/chat/login");
	await page.goto(`${chat.origin}/${name}.html`);
	return page;
}

async function open(page) {
	await launcher(page).click();
	await panelReady(page);
}

/** How the panel looks to a reader. */
const look = (page) => panel(page).locator(".top .name").evaluate((el) => {
	const { fontSize, textTransform, letterSpacing, textAlign, opacity } = window.getComputedStyle(el);
	return { fontSize, textTransform, letterSpacing, textAlign, opacity };
});

for (const name of Object.keys(SHEETS)) {
	test(`a hostile style sheet: ${name}`, async () => {
		const page = await visit(name);
		await launcher(page).waitFor();
		assert.deepEqual(await launcher(page).boundingBox(), LAUNCHER);
		await open(page);
		const { x, width, height } = await panel(page).boundingBox();
		assert.deepEqual({ x, width, height }, PANEL);
		assert.deepEqual(await look(page),
			{ fontSize: "16px", textTransform: "none", letterSpacing: "normal", textAlign: "start", opacity: "1" });
		await screenshot(page, `embed-hostile-${name}`);
		await leave(page);
	});
}

for (const name of ["turbo", "turbo-body", "htmx"]) {
	test(`${name} changes the page without loading it: the chat stays, and goes on`, async () => {
		const bobs = await newPage(browser);
		await bobs.goto(chat.url);
		await logIn(bobs, "bob", chat.users.bob);
		await ready(bobs);
		const page = await visit(name);
		await open(page);
		await page.evaluate(() => (window.stays = true));
		await page.evaluate(() => document.getElementById("next").click());
		await page.getByRole("heading", { name: "Next" }).waitFor();
		assert.equal(await page.evaluate(() => window.stays), true, "the library has loaded the page, not the browser");
		await panel(page).waitFor();
		assert.equal(await page.locator("#prebind-chat").count(), 1);
		await talkTo(bobs, "alice");
		await write(bobs, `after ${name}`);
		await talkTo(page, "bob");
		await received(page, `after ${name}`).waitFor();
		await page.goBack();
		await page.getByRole("heading", { name: "Site" }).waitFor();
		await panel(page).waitFor();
		assert.equal(await page.locator("#prebind-chat").count(), 1);
		await screenshot(page, `embed-${name}`);
		await leave(page, bobs);
	});
}

test("in a frame", async () => {
	const page = await visit("frame");
	const frame = page.frameLocator("iframe");
	await frame.locator("#prebind-chat .launcher").click();
	await frame.locator("#prebind-chat .panel[data-state=ready]").waitFor();
	await screenshot(page, "embed-frame");
	await leave(page);
});

test("under a strict Content-Security-Policy with trusted types", async () => {
	const page = await visit("strict");
	await open(page);
	await talkTo(page, "bob");
	await write(page, "under a strict policy");
	await screenshot(page, "embed-strict");
	await leave(page);
});

test("not on paper", async () => {
	const page = await visit("inner");
	await open(page);
	await page.emulateMedia({ media: "print" });
	assert.equal(await launcher(page).isVisible(), false);
	assert.equal(await panel(page).isVisible(), false);
	await page.emulateMedia({ media: "screen" });
	assert.equal(await panel(page).isVisible(), true);
	await leave(page);
});
