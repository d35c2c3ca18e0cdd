// What the page must never do: flood the site, let its secrets out, grow. And how long it takes to be ready.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { startChat } from "../lib/chat.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { enter, leave, logIn, online, ready, talkTo, write } from "../lib/people.mjs";
import { Place, top } from "../lib/place.mjs";
import { Secrets } from "../lib/secrets.mjs";

const BYTES_MAX = 60_000; // compressed, Strophe.js included
const READY_MAX_MS = 2_000; // the goal is 300; a busy machine measures its own load
const ROUNDS = 5;
const MINUTE_MS = 60_000;

/** A script or style sheet as make install leaves it. */
const stripped = (body) => execFileSync("sed", ["-f", path.join(top, "static/strip.sed")], { input: body });

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place);
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

test("a BOSH service that answers 404: fewer than 6 sessions in a minute", async () => {
	const page = await newPage(browser);
	await page.clock.install(); // the page's own: a minute of it is soon over
	await page.route("**/http-bind", (route) => route.fulfill({ status: 404, body: "" }));
	let sessions = 0;
	page.on("response", (response) => {
		const { pathname } = new URL(response.url());
		if (response.status() === 200 && (pathname === "/chat/" || pathname === "/chat/prebind.json")) sessions++;
	});
	await page.goto(chat.url);
	await logIn(page, "alice", chat.users.alice);
	await page.locator("body[data-state=lost]").waitFor();
	for (let ms = 0; ms < MINUTE_MS; ms += 500) {
		await page.clock.runFor(500);
		if (ms % 5000 === 0) await page.waitForTimeout(50); // answers come in real time
	}
	console.log(`# built-in client, BOSH answers 404: ${sessions} sessions in a minute`);
	assert.ok(sessions >= 2 && sessions < 6, `${sessions}`);
	await page.locator("#banner").waitFor();
	await page.context().close();
});

test("jid, sid and rid are in no address, cookie, storage, console line or document", async () => {
	const page = await newPage(browser);
	const secrets = new Secrets(page);
	await page.goto(chat.url);
	await logIn(page, "alice", chat.users.alice);
	await ready(page);
	const bob = await enter(browser, chat, "bob");
	await online(page, "bob");
	await talkTo(page, "bob");
	await write(page, "hello");
	await page.reload();
	await online(page, "bob");
	assert.deepEqual(await secrets.found(), []);
	console.log(`# built-in client: ${secrets}: none let out`);
	assert.ok(secrets.values.size >= 6, [...secrets.values.values()].join());
	await leave(page, bob);
});

test("size of the page, and time to ready", async () => {
	const page = await newPage(browser);
	let answers = [];
	page.on("response", (response) => answers.push(response));
	await page.goto(chat.url);
	await logIn(page, "alice", chat.users.alice);
	await ready(page);
	const times = [];
	let server = 0;
	for (let i = 0; i < ROUNDS; i++) {
		answers = [];
		await page.goto("about:blank");
		await page.goto(chat.url);
		await ready(page);
		const [total, waited] = await page.evaluate(() => {
			const [{ responseStart, requestStart }] = performance.getEntriesByType("navigation");
			const ping = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/http-bind"));
			return [performance.getEntriesByName("prebind-ready")[0].startTime, responseStart - requestStart + ping.duration];
		});
		times.push(total);
		server += waited / ROUNDS;
	}
	const late = await page.evaluate(() => {
		const preloaded = new Set([...document.querySelectorAll("link[rel=modulepreload], script[src]")].map((el) => el.href ?? el.src));
		return performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.endsWith(".js") && !preloaded.has(name));
	});
	assert.deepEqual(late, [], "templates/chat.html names every module: none waits for the one that imports it");
	const files = answers.filter((response) => response.url().startsWith(chat.origin) && !response.url().includes("http-bind"));
	const sizes = await Promise.all(files.map(async (response) => {
		const body = await response.body().catch(() => Buffer.alloc(0));
		const installed = /\/static\/(lang\/)?\w+\.(js|css)$/.test(response.url()) ? stripped(body) : body;
		return [body, installed].map((bytes_) => gzipSync(bytes_, { level: 6 }).length);
	}));
	const [asIs, bytes] = [0, 1].map((i) => sizes.reduce((sum, size) => sum + size[i], 0));
	const median = times.sort((a, b) => a - b)[ROUNDS >> 1];
	console.log(`# built-in client: ${files.length} requests, ${bytes} bytes compressed (${asIs} with the comments)`);
	console.log(`# time to ready: median ${Math.round(median)} ms (${times.map(Math.round).join(", ")}); `
		+ `of that on average ${Math.round(server)} ms for the page with its pre-bind and for the ping's answer`);
	assert.ok(bytes < BYTES_MAX, `${bytes} bytes`);
	assert.ok(median < READY_MAX_MS, `${median} ms`);
	await leave(page);
});
