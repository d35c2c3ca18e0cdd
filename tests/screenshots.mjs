/*
 * `make screenshots`: every page and state, desktop and phone, light and dark, into artifacts/screenshots/. `--readme`
 * also renews the two that the README shows.
 */
import fs from "node:fs";
import path from "node:path";
import { startChat } from "./lib/chat.mjs";
import { newPage, startChromium } from "./lib/chromium.mjs";
import { contactLink, hears, say, sees } from "./lib/converse.mjs";
import { contact, enter, logIn, online, ready, received, talkTo, write } from "./lib/people.mjs";
import { Place, top } from "./lib/place.mjs";

const FOLDER = path.join(top, "artifacts/screenshots");
const README_IMAGES = { "desktop-light-conversation": "chat.png", "desktop-light-embed-open": "embed.png" };
const DEVICES = { desktop: { width: 960, height: 600 }, phone: { width: 360, height: 640 } };
const SITE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Model railways</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/site.css"><script type="module" src="/chat/static/embed.js" data-prebind="/chat/"></script></head>
<body><h1>Model railways</h1><p>The forum of our club, since 2004.</p><ul><li>Signals: block or moving?</li>
<li>Where to get N-scale catenary</li><li>Photographs from the autumn meeting</li></ul></body></html>`;
const SITE_CSS = "body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.6 Georgia, serif } li { margin: .6rem 0 }";

/** @returns a function that takes one picture */
function camera(prefix) {
	return async (page, state) => {
		const name = `${prefix}-${state}`;
		const file = path.join(FOLDER, `${name}.png`);
		await page.screenshot({ path: file, animations: "disabled", caret: "hide" });
		if (process.argv.includes("--readme") && README_IMAGES[name])
			fs.copyFileSync(file, path.join(top, "docs/images", README_IMAGES[name]));
	};
}

async function talk(page, bob) {
	await online(page, "bob");
	await online(bob, "alice");
	await talkTo(page, "bob");
	await talkTo(bob, "alice");
	const lines = [[bob, "Hi Alice! Did the new signals arrive?"], [page, "This morning. They look even better than on https://example.org/signals"],
		[bob, "Then let us build them in on Saturday."], [page, "Good. I bring cake and ☕"]];
	for (const [writer, text] of lines) {
		await write(writer, text);
		await received(writer === page ? bob : page, text).waitFor();
	}
}

async function takeAll(browser, chat, options, take) {
	const page = await newPage(browser, options);
	await page.goto(chat.url);
	await take(page, "login");
	await logIn(page, "alice", "wrong");
	await page.getByRole("alert").waitFor();
	await take(page, "login-refused");
	await page.goto(`${chat.url}nothing-here`);
	await take(page, "error");
	await page.goto(chat.url);
	await logIn(page, "alice", chat.users.alice);
	await ready(page);
	await contact(page, "bob").waitFor();
	let bob = await enter(browser, chat, "bob");
	await online(page, "bob");
	await take(page, "contacts");
	await talk(page, bob);
	await take(page, "conversation");
	await page.getByRole("button", { name: "Emoji" }).click();
	await take(page, "emoji");
	await page.keyboard.press("Escape"); // the list's, not the conversation's
	await page.route("**/http-bind", (route) => route.fulfill({ status: 404, body: "" }));
	await page.locator("#banner").waitFor({ timeout: 90_000 });
	await take(page, "lost");
	await page.unrouteAll();
	await page.goto(`${chat.origin}/site.html`);
	await page.locator("#prebind-chat .launcher").waitFor();
	await take(page, "embed-closed");
	await page.locator("#prebind-chat .launcher").click();
	await page.locator("#prebind-chat .panel[data-state=ready]").waitFor();
	await bob.context().close();
	bob = await enter(browser, chat, "bob"); // who has read none of it yet
	await talk(page, bob);
	await take(page, "embed-open");
	await page.context().close();
	await bob.context().close();
}

async function withoutScript(browser, chat, options, take) {
	const page = await newPage(browser, { ...options, javaScriptEnabled: false });
	await page.goto(chat.url);
	await logIn(page, "alice", chat.users.alice);
	await page.locator(".notice").waitFor();
	await take(page, "no-script");
	await page.context().close();
}

/** The pages of the other clients. */
async function otherClients(browser, chats, options, take) {
	const [alice, bob, data] = await Promise.all([[chats.converse, "alice"], [chats.converse, "bob"], [chats.none, "alice"]].map(async ([chat, user]) => {
		const page = await newPage(browser, options);
		await page.goto(chat.url);
		await logIn(page, user, chat.users[user]);
		return page;
	}));
	await Promise.all([sees(alice, "bob"), sees(bob, "alice")]);
	await contactLink(alice, "Bob").click();
	await contactLink(bob, "Alice").click();
	await say(bob, "Hi Alice! Did the new signals arrive?");
	await hears(alice, "Hi Alice! Did the new signals arrive?");
	await say(alice, "This morning.");
	await hears(bob, "This morning.");
	await take(alice, "converse");
	await data.getByRole("button", { name: "Log out" }).waitFor();
	await take(data, "data");
	for (const page of [alice, bob, data])
		await page.context().close();
}

async function main() {
	const places = [new Place(), new Place(), new Place()];
	const [place] = places;
	fs.mkdirSync(FOLDER, { recursive: true });
	fs.mkdirSync(path.join(top, "docs/images"), { recursive: true });
	try {
		const chat = await startChat(place, { site: { wait: 2 } });
		place.write("htdocs/site.html", SITE, 0o644);
		place.write("htdocs/site.css", SITE_CSS, 0o644);
		const chats = {
			converse: await startChat(places[1], { site: { client: "converse" } }),
			none: await startChat(places[2], { site: { client: "none" } }),
		};
		const browser = await startChromium(place, { whole: true });
		for (const [device, viewport] of Object.entries(DEVICES)) {
			for (const colorScheme of ["light", "dark"]) {
				const take = camera(`${device}-${colorScheme}`);
				await takeAll(browser, chat, { viewport, colorScheme }, take);
				await withoutScript(browser, chat, { viewport, colorScheme }, take);
				await otherClients(browser, chats, { viewport, colorScheme }, take);
			}
		}
		console.log(`${fs.readdirSync(FOLDER).length} pictures in ${path.relative(top, FOLDER)}/`);
	} finally {
		for (const each of places)
			await each.close();
	}
}
await main();
