// Long lists stay usable: the contacts in Chromium, without servers. Prints how long the page is busy at a time; what is
// asserted is the work done, not a clock.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { Place, top } from "../lib/place.mjs";

const ORIGIN = "http://site.test";
const PAGE = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><link rel="stylesheet" href="/static/chat.css">
<ul id="contacts" class="contacts" style="height: 30rem"></ul>
<template id="contact"><li><button type="button" class="contact"><span class="avatar"></span><span class="who"><span class="name"></span>
<span class="presence"></span></span><span class="unread" hidden><span class="count"></span></span></button></li></template>`;

let place, browser;
before(async () => {
	place = new Place();
	browser = await startChromium(place);
});
after(() => place.close());

async function open() {
	const page = await newPage(browser);
	await page.route(`${ORIGIN}/**`, (route) => {
		const name = new URL(route.request().url()).pathname;
		if (name === "/") return route.fulfill({ contentType: "text/html", body: PAGE });
		const contentType = name.endsWith(".css") ? "text/css" : "text/javascript";
		return route.fulfill({ contentType, body: fs.readFileSync(path.join(top, name)) });
	});
	await page.goto(`${ORIGIN}/`);
	return page;
}

/** All come online in one turn, the last one first. What that costs, and the list afterwards. */
function fill(count) {
	return (async () => {
		const { Contacts } = await import("/static/contacts.js");
		const byId = (id) => document.getElementById(id);
		const frames = (n) => new Promise((resolve) => (n ? window.requestAnimationFrame(() => resolve(frames(n - 1))) : resolve()));
		const jid = (i) => `user${String(i).padStart(5, "0")}@example.org`;
		const list = new Contacts({ list: byId("contacts"), template: byId("contact"), onOpen() {} });
		let longest = 0;
		const watch = new window.PerformanceObserver((all) => all.getEntries().forEach((e) => (longest = Math.max(longest, e.duration))));
		watch.observe({ type: "longtask" });
		list.setRoster(Array.from({ length: count }, (_, i) => ({ jid: jid(i), name: "", subscription: "both" })), true);
		await frames(2);
		let drawn = 0;
		const observer = new window.MutationObserver((records) => (drawn += records.length));
		observer.observe(byId("contacts"), { childList: true, attributes: true, attributeFilter: ["data-show"], subtree: true });
		const online = (i) => list.setPresence({ jid: jid(i), resource: "x", type: "available", show: "", status: "", priority: 0 });
		for (let i = count - 1; i >= 0; i--) online(i);
		await frames(2);
		const burst = observer.takeRecords().length + drawn;
		drawn = 0;
		list.setPresence({ jid: jid(0), resource: "x", type: "unavailable", show: "", status: "", priority: 0 });
		await frames(2);
		await new Promise((resolve) => setTimeout(resolve, 100)); // long tasks are told of later
		const names = [...byId("contacts").querySelectorAll("button")].map((button) => button.dataset.contact);
		const stops = [...byId("contacts").querySelectorAll("button")].filter((button) => button.tabIndex === 0).length;
		return { longest: Math.round(longest), burst, one: drawn, first: names[0], last: names.at(-1), stops };
	})();
}

for (const count of [100, 500, 2000, 8000]) {
	test(`${count} contacts come online at once: each is drawn once`, async () => {
		const page = await open();
		const seen = await page.evaluate(fill, count);
		console.log(`# ${count} contacts: longest task ${seen.longest} ms`);
		assert.ok(seen.burst <= 3 * count + 10, // presence, its text, the count
			 `${seen.burst} changes in the page`);
		assert.ok(seen.one <= 6, `${seen.one} changes for one contact`);
		assert.deepEqual([seen.first, seen.last, seen.stops], ["user00001@example.org", "user00000@example.org", 1]);
		await page.context().close();
	});
}
