/*
 * Debian's Chromium by playwright-core: one browser, a context for each person, and a record of all
 * complaints of a page. Most tests use Chromium's headless shell: the same engine without the
 * browser's own windows, for a third of the processor time.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { top } from "./place.mjs";

// An import would search the package's text, 6 MB, for the names that it exports. That takes almost as long as to run it.
/** @type {import('playwright-core')} */
const { chromium } = createRequire(import.meta.url)("playwright-core");

const SHELL = "/usr/bin/chromium-headless-shell";
const WHOLE = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const STEP_MS = 60_000; // a step takes well under a second, but much longer on a busy machine

/**
 * @param {import('./place.mjs').Place} place closes the browser when it closes
 * @param {{ cache?: boolean, whole?: boolean }} [options]
 *   cache: use the back/forward cache, which Playwright turns off by default;
 *   whole: the browser that people use, not its headless shell
 */
export async function startChromium(place, { cache = false, whole = false } = {}) {
	const browser = await chromium.launch({
		executablePath: (whole ? WHOLE : [SHELL, ...WHOLE]).find((file) => fs.existsSync(file)),
		ignoreDefaultArgs: cache ? ["--disable-back-forward-cache"] : [],
		args: [
			// Chromium's sandbox refuses root. The browser opens only our own pages on loopback.
			...(process.getuid() === 0 ? ["--no-sandbox"] : []),
			"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
			"--disable-sync",
		],
	});
	place.onClose(() => browser.close());
	return browser;
}

/**
 * Opens a page in its own context (cookies, storage).
 * @param {import('playwright-core').Browser} browser
 * @param {import('playwright-core').BrowserContextOptions} [options]
 * @returns {Promise<import('playwright-core').Page & { complaints: string[] }>} complaints: console errors and
 *   warnings, among them violations of the Content-Security-Policy, and uncaught exceptions
 */
export async function newPage(browser, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
	context.setDefaultTimeout(STEP_MS);
	const page = await context.newPage();
	page.complaints = [];
	record(page, (complaint) => page.complaints.push(complaint));
	return page;
}

/** Opens another tab beside this page. Its complaints count as the page's. */
export async function newTab(page) {
	const tab = await page.context().newPage();
	record(tab, (complaint) => page.complaints.push(complaint));
	return tab;
}

/** Passes each complaint of a page on. */
function record(page, add) {
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			add(`${message.type()}: ${message.text()} (${message.location().url})`);
	});
	page.on("pageerror", (error) => add(`exception: ${error.stack ?? error.message}`));
}

/** Writes a picture of the page to artifacts/, which is not in the repository. */
export async function screenshot(page, name) {
	const folder = path.join(top, "artifacts");
	fs.mkdirSync(folder, { recursive: true });
	await page.screenshot({ path: path.join(folder, `${name}.png`), animations: "disabled" });
}
