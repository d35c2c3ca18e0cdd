// `make demo`, as somebody who tries it out for the first time sees it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { Child, Place, top } from "../lib/place.mjs";
import { accepts, until } from "../lib/wait.mjs";

const place = new Place();
after(() => place.close({ logs: true }));

/** Starts the demo with a folder for its folder; returns when it has said where to go. */
async function startDemo() {
	const tmp = place.folder(`demo-${place.children.length}`, 0o755);
	const demo = new Child("demo", spawn(process.execPath, ["tests/demo.mjs"], {
		cwd: top, env: { ...process.env, TMPDIR: tmp }, stdio: ["ignore", "pipe", "pipe"],
	}));
	place.children.push(demo);
	await until("the demo's address", () => /Ctrl-C/.test(demo.stdout), { seconds: 60, gone: () => demo.gone() });
	return {
		demo,
		tmp,
		url: /http:\/\/127\.0\.0\.1:\d+\/chat\//.exec(demo.stdout)[0],
		passwords: Object.fromEntries([...demo.stdout.matchAll(/^ +(\w+) +password +(\S+)$/gm)].map(([, name, password]) => [name, password])),
	};
}

async function assertGone({ demo, tmp, url }) {
	assert.deepEqual(fs.readdirSync(tmp), [], "its folder is removed");
	assert.equal(await accepts(Number(new URL(url).port)), false, "its web server is gone");
	const bosh = Number(/BOSH on 127\.0\.0\.1:(\d+)/.exec(demo.stdout)[1]);
	assert.equal(await accepts(bosh), false, "its XMPP server is gone");
}

test("it prints an address where alice and bob can talk; Ctrl-C leaves nothing behind", async () => {
	const started = await startDemo();
	assert.deepEqual(Object.keys(started.passwords), ["alice", "bob"]);
	const browser = await startChromium(place, { whole: true });
	const pages = {};
	for (const user of ["alice", "bob"]) {
		const page = pages[user] = await newPage(browser);
		await page.goto(started.url);
		await page.getByLabel("User name").fill(user);
		await page.getByLabel("Password").fill(started.passwords[user]);
		await page.keyboard.press("Enter");
		await page.locator("body[data-state=ready]").waitFor();
	}
	const { alice, bob } = pages;
	await alice.locator(".contact", { hasText: "Bob" }).click();
	await alice.locator("#compose").fill("hello");
	await alice.keyboard.press("Enter");
	await bob.locator(".contact", { hasText: "Alice" }).click();
	await bob.locator(".message.in .text", { hasText: "hello" }).waitFor();
	await bob.locator("#compose").fill("it works");
	await bob.keyboard.press("Enter");
	await alice.locator(".message.in .text", { hasText: "it works" }).waitFor();
	await screenshot(alice, "demo");
	assert.deepEqual([...alice.complaints, ...bob.complaints], []);
	await browser.close();

	started.demo.process.kill("SIGINT");
	assert.deepEqual(await started.demo.end, { code: 0, signal: null });
	await assertGone(started);
});

test("two demos at once do not know of each other", async () => {
	const [one, two] = [await startDemo(), await startDemo()];
	assert.notEqual(one.url, two.url);
	one.demo.process.kill("SIGTERM");
	await one.demo.end;
	await assertGone(one);
	assert.equal(await accepts(Number(new URL(two.url).port)), true);
	two.demo.process.kill("SIGTERM");
	await two.demo.end;
	await assertGone(two);
});

test("a part that cannot start is named, with what it said, and nothing is left", async () => {
	const tmp = place.folder("demo-broken", 0o755);
	// a lighttpd that refuses, first in PATH for nobody but this demo
	place.write("broken/lighttpd", "#!/bin/sh\necho 'no port for you' >&2\nexit 1\n", 0o755);
	fs.chmodSync(place.path("broken"), 0o755);
	const demo = new Child("demo", spawn(process.execPath, ["tests/demo.mjs"], {
		cwd: top,
		env: { ...process.env, TMPDIR: tmp, PATH: `${place.path("broken")}${path.delimiter}${process.env.PATH}` },
		stdio: ["ignore", "pipe", "pipe"],
	}));
	place.children.push(demo);
	const { code } = await demo.end;
	assert.equal(code, 1, demo.log);
	assert.match(demo.stderr, /lighttpd ended \(1\):\nno port for you/);
	assert.deepEqual(fs.readdirSync(tmp), []);
});
