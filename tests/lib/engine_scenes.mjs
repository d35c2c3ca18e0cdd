/*
 * The main scenes for browsers other than Chromium: tests/browser/engine_*.test.mjs play them on
 * lighttpd and Prosody. alice has the browser; her contact bob is online without one. Each scene
 * checks what alice sees and what bob's server connection hears, and that the console has no
 * complaints.
 */
import assert from "node:assert/strict";
import { BoshContact } from "./bosh_contact.mjs";
import { until } from "./wait.mjs";
import { publish, startWebSite } from "./web_site.mjs";

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; base-uri 'none'";
const BOB = '[data-contact="bob@example.org"]';

const sitePage = (title) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta http-equiv="Content-Security-Policy" content="${POLICY}"><link rel="icon" href="data:,">
<script type="module" src="/chat/static/embed.js" data-prebind="/chat/"></script></head>
<body><h1>${title}</h1><a id="next" href="/two.html">The next page</a></body></html>`;

/**
 * @param {import('./place.mjs').Place} place
 * @param {(place: import('./place.mjs').Place) => Promise<any>} startEngine startFirefox or startWebKit
 */
export async function startEngineStage(place, startEngine) {
	const [chat, engine] = await Promise.all([startWebSite(place, { server: "prosody", way: "password" }), startEngine(place)]);
	publish(place, "news.html", '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>News</title><p>Nothing new.</p></html>');
	publish(place, "one.html", sitePage("One"));
	publish(place, "two.html", sitePage("Two"));
	return { chat, engine, binds: () => chat.prebind.child.stderr.split("bind_ok").length - 1 };
}

/** Plays a scene with a new person, whose tabs it closes even if the scene fails. */
export async function playEngine({ chat, engine, binds }, scene) {
	engine.complaints?.(); // a browser that starts complains of things that are not the page's
	const [person, bob] = await Promise.all([engine.newPerson(), BoshContact.enter(chat.site, "bob")]);
	try {
		const alice = await person.newTab();
		await alice.goto(chat.url);
		await alice.type("#user", "alice");
		await alice.type("#password", chat.users.alice);
		await alice.click("button[type=submit]");
		await alice.ready();
		await alice.see(BOB, "Online");
		await bob.sees("alice");
		await scene({ alice, bob, chat, person, binds });
		assert.deepEqual(engine.complaints?.() ?? [], [], "console and Content-Security-Policy");
	} finally {
		await person.leave();
		await bob.leave();
	}
}

/** Each sends a message, and the other receives it once. */
async function greet(alice, bob, word) {
	await alice.write(`alice ${word}`);
	await bob.hears(`alice ${word}`);
	await bob.say("alice", `bob ${word}`);
	await alice.see(".message.in .text", `bob ${word}`);
	assert.equal(bob.count(`alice ${word}`), 1);
	assert.deepEqual((await alice.texts()).slice(-2), [`alice ${word}`, `bob ${word}`]);
}

const LATE_MS = 500;

/**
 * Lets the page go late, as on a busy machine. After the chat page, which has a Cross-Origin-Opener-Policy, the next
 * page is in another process and does not wait for it.
 */
function goLate(tab) {
	return tab.evaluate((ms) => {
		const busy = () => {
			const end = performance.now() + ms;
			while (performance.now() < end);
		};
		window.addEventListener("pagehide", busy, { capture: true });
	}, LATE_MS);
}

/** Logs out on the chat page, and waits until bob knows. */
async function logOut(tab, bob) {
	await tab.click("button", "Log out");
	await tab.see("#user");
	await bob.seesNo("alice");
}

export const ENGINE_SCENES = {
	async "log in, talk both ways, log out: the contact knows at once, and the login has ended"({ alice, bob, chat }) {
		await alice.click(BOB);
		await greet(alice, bob, "says hello");
		await logOut(alice, bob);
		await alice.goto(chat.url);
		await alice.see("#user");
	},

	async "reload: the same session goes on, with the messages; the contact stays online"({ alice, bob, binds }) {
		await alice.click(BOB);
		await greet(alice, bob, "before");
		const before = binds();
		await alice.reload();
		await alice.ready();
		await alice.see(BOB, "Online");
		await alice.see(".message.in .text", "bob before");
		await greet(alice, bob, "after");
		assert.deepEqual(await alice.texts(), ["alice before", "bob before", "alice after", "bob after"]);
		assert.deepEqual(bob.goneOffline, []);
		assert.equal(binds() - before, 1, "the new page comes with a session, and asks for no other");
		await logOut(alice, bob);
	},

	async "the embed opens, talks, stays open on the next page and on the way back with the same session, and closes"({ alice, bob, chat, binds }) {
		const before = binds();
		await goLate(alice);
		await alice.follow(`${chat.origin}/one.html`);
		await alice.click(".launcher");
		await alice.ready();
		await alice.see(BOB, "Online");
		await alice.click(BOB);
		await greet(alice, bob, "on page one");
		await alice.evaluate(() => document.getElementById("next").click());
		await alice.arrive("/two.html");
		await alice.ready();
		await alice.see(".panel");
		await alice.see(".message.in .text", "bob on page one");
		await greet(alice, bob, "on page two");
		assert.equal(binds(), before, "the same session");
		assert.deepEqual(bob.goneOffline, []);
		await bob.say("alice", "before you go back");
		await alice.see(".message.in .text", "before you go back");
		await alice.back();
		await alice.arrive("/one.html");
		await alice.ready();
		await alice.see(".message.in .text", "before you go back");
		await greet(alice, bob, "back on page one");
		assert.deepEqual(bob.goneOffline, []);
		await alice.click(".close");
		await alice.seeNo(".panel");
		await alice.see(".launcher");
		await alice.follow(chat.url);
		await alice.ready();
		await logOut(alice, bob);
	},

	async "log out in one tab: the other says so, and an embed goes away"({ alice, bob, chat, person }) {
		const [second, embed] = [await person.newTab(), await person.newTab()];
		await second.goto(chat.url);
		await second.ready();
		await embed.goto(`${chat.origin}/one.html`);
		await embed.front();
		await embed.click(".launcher");
		await embed.ready();
		await second.front();
		await logOut(second, bob);
		await alice.front();
		await alice.see("#banner", "You are no longer logged in.");
		await until("the other tab to take no more messages", () => alice.evaluate(() => document.getElementById("send").disabled));
		await until("the embed to go away", () => embed.evaluate(() => !document.getElementById("prebind-chat")));
	},
};

/**
 * For Firefox alone: WebKit's driver gets no answer from a page with Cross-Origin-Opener-Policy, as
 * the chat page is, after going back to it from one without.
 */
export const BACK_TO_CHAT = {
	async "from the chat page to another one and back by the browser's button: what was written meanwhile is there once"({ alice, bob, chat, binds }) {
		await alice.click(BOB);
		await greet(alice, bob, "before");
		const before = binds();
		await alice.follow(`${chat.origin}/news.html`);
		await bob.say("alice", "while you read");
		await alice.back();
		await alice.arrive("/chat/");
		await alice.ready();
		await greet(alice, bob, "after");
		assert.deepEqual(await alice.texts(), ["alice before", "bob before", "while you read", "alice after", "bob after"]);
		assert.ok(binds() - before <= 1, "at most the one that comes with the page");
		assert.deepEqual(bob.goneOffline, []);
		await logOut(alice, bob);
	},
};
