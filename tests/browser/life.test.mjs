// What people do to pages and what happens to servers: each with what the person sees, and no message that was sent
// while both were there lost or doubled.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startChat } from "../lib/chat.mjs";
import { startChromium } from "../lib/chromium.mjs";
import { contact, enter, leave, logIn, online, ready, received, sees, sent, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";

// Shortened, so that sleep can be tested awake: how long Prosody holds a request, and when it gives a session up
const WAIT_S = 2;
const QUIET_S = 3;

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place, { site: { wait: WAIT_S }, prosody: `bosh_max_inactivity = ${QUIET_S}` });
	place.write("htdocs/news.html", '<!doctype html><link rel="icon" href="data:,"><title>News</title><p>Nothing new.', 0o644);
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

const binds = () => chat.prebind.child.log.split("bind_ok").length - 1;

async function anotherTab(page) {
	const tab = await page.context().newPage();
	await tab.goto(chat.url);
	return tab;
}

/** alice and bob, each with the other's conversation open. */
async function two() {
	const [alice, bob] = [await enter(browser, chat, "alice"), await enter(browser, chat, "bob")];
	await online(alice, "bob");
	await online(bob, "alice");
	await talkTo(alice, "bob");
	await talkTo(bob, "alice");
	return { alice, bob };
}

/** As the page itself does it; the browser's own button tells the page nothing, and the session ends with it. */
async function reload(page) {
	await Promise.all([page.waitForEvent("load"), page.evaluate(() => location.reload())]);
	await ready(page);
}

test("reload: the session goes on, and what was said in between arrives once", async () => {
	const { alice, bob } = await two();
	await write(bob, "before");
	await received(alice, "before").waitFor();
	for (let i = 1; i <= 5; i++) {
		await Promise.all([reload(alice), write(bob, `between ${i}`)]);
		await write(bob, `after ${i}`);
		await talkTo(alice, "bob");
		await received(alice, `after ${i}`).waitFor();
		assert.equal(await received(alice, `after ${i}`).count(), 1);
		assert.ok(await received(alice, `between ${i}`).count() <= 1);
		await online(alice, "bob");
		await write(alice, `and back ${i}`);
		await received(bob, `and back ${i}`).waitFor();
	}
	assert.equal(await bob.locator(".unsent").count(), 0);
	await leave(alice, bob);
});

test("nobody sees a reload: the contact stays online", async () => {
	const { alice, bob } = await two();
	const seen = await bob.evaluateHandle(() => {
		const changes = [];
		const peer = document.getElementById("conversation");
		new window.MutationObserver(() => changes.push(peer.dataset.show)).observe(peer, { attributes: true, attributeFilter: ["data-show"] });
		return changes;
	});
	await reload(alice);
	await online(alice, "bob");
	await talkTo(alice, "bob");
	await write(alice, "still me");
	await received(bob, "still me").waitFor();
	assert.ok((await seen.jsonValue()).every((show) => show === "online"), JSON.stringify(await seen.jsonValue()));
	await leave(alice, bob);
});

test("to another page and back: what was written meanwhile is there, once", async () => {
	const { alice, bob } = await two();
	await alice.evaluate(() => location.assign("/news.html"));
	await alice.waitForURL("**/news.html");
	await write(bob, "while you read");
	await alice.evaluate((url) => location.assign(url), chat.url);
	await ready(alice);
	await talkTo(alice, "bob");
	await write(bob, "welcome back");
	await sees(alice, ["while you read", "welcome back"]);
	await leave(alice, bob);
});

test("away from the site: the contact goes offline at once", async () => {
	const { alice, bob } = await two();
	await alice.goto("about:blank");
	await contact(bob, "alice").filter({ hasText: "Offline" }).waitFor({ timeout: QUIET_S * 900 });
	await leave(alice, bob);
});

test("a second tab has a session of its own; both see what is said", async () => {
	const { alice, bob } = await two();
	const binds0 = binds();
	const second = await anotherTab(alice);
	await ready(second);
	await talkTo(second, "bob");
	await write(bob, "to both of you");
	await received(alice, "to both of you").waitFor();
	await received(second, "to both of you").waitFor();
	await write(second, "from the second");
	await received(bob, "from the second").waitFor();
	await sent(alice, "from the second").waitFor();
	await sees(bob, ["to both of you", "from the second"]);
	assert.equal(binds() - binds0, 1);
	await leave(alice, bob);
});

test("a duplicated tab has a session of its own, and the first one keeps its own", async () => {
	const { alice, bob } = await two();
	const opened = alice.context().waitForEvent("page");
	await alice.evaluate(() => window.open(location.href)); // takes a copy of sessionStorage along
	const copy = await opened;
	await ready(copy);
	await write(bob, "who is there?");
	await received(alice, "who is there?").waitFor();
	await talkTo(copy, "bob");
	await write(copy, "the copy");
	await write(alice, "and me");
	await sees(bob, ["who is there?", "the copy", "and me"]);
	assert.equal(await alice.locator("#banner:not([hidden])").count(), 0);
	await leave(alice, bob);
});

test("log out in one tab: the other says so, and neither talks any more", async () => {
	const { alice, bob } = await two();
	const second = await anotherTab(alice);
	await ready(second);
	await second.getByRole("button", { name: "Log out" }).click();
	await second.getByLabel("User name").waitFor();
	await alice.getByText("You are no longer logged in.").waitFor();
	assert.equal(await alice.locator("#send").isDisabled(), true);
	await contact(bob, "alice").filter({ hasText: "Offline" }).waitFor();
	await leave(alice, bob);
});

test("another user in the same browser: nothing of the former one remains", async () => {
	const { alice, bob } = await two();
	await write(alice, "a secret of mine");
	await alice.evaluate(() => {
		window.sessionStorage.setItem("strophe-bosh-session", "{}");
		window.localStorage.setItem("converse-session", "{}");
	});
	await alice.getByRole("button", { name: "Log out" }).click();
	await logIn(alice, "bob", chat.users.bob);
	await ready(alice);
	assert.equal(await alice.locator("#me").textContent(), "bob");
	assert.equal(await alice.getByText("a secret of mine").count(), 0);
	assert.deepEqual(await alice.evaluate(() => [window.sessionStorage.length, window.localStorage.length]), [0, 0]);
	await leave(alice, bob);
});

test("another user in another tab: the former one's tab becomes the new one's", async () => {
	const { alice, bob } = await two();
	await alice.context().clearCookies(); // the site's log-out, of which no script hears
	const second = await anotherTab(alice);
	await logIn(second, "bob", chat.users.bob);
	await ready(second);
	await until("bob's name in the first tab", async () => (await alice.locator("#me").textContent()) === "bob");
	await leave(alice, bob);
});

/** Cuts the person off the network, for good or until the returned function is called. */
async function cut(page) {
	await page.context().setOffline(true);
	return async () => {
		await page.context().setOffline(false);
		page.complaints = page.complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED/.test(text));
	};
}

test("asleep for longer than the server waits: the page says so and comes back by itself", async () => {
	const { alice, bob } = await two();
	const wake = await cut(alice);
	await contact(bob, "alice").filter({ hasText: "Offline" }).waitFor();
	await wake();
	await contact(bob, "alice").filter({ hasText: "Online" }).waitFor({ timeout: 40_000 });
	await ready(alice);
	await write(bob, "slept well?");
	await received(alice, "slept well?").waitFor();
	await write(alice, "yes");
	await sees(bob, ["slept well?", "yes"]);
	alice.complaints = [];
	await leave(alice, bob);
});

test("the XMPP server restarts: both come back and talk", async () => {
	const { alice, bob } = await two();
	await chat.restartProsody();
	await Promise.all([alice, bob].map((page) => page.locator("body:not([data-state=ready])").waitFor()));
	await alice.locator("#banner").waitFor();
	await Promise.all([alice, bob].map((page) => page.locator("body[data-state=ready]").waitFor({ timeout: 60_000 })));
	await online(alice, "bob");
	await write(alice, "and we are back");
	await received(bob, "and we are back").waitFor();
	alice.complaints = bob.complaints = [];
	await leave(alice, bob);
});

test("the program restarts: nobody notices", async () => {
	const { alice, bob } = await two();
	await chat.prebind.stop();
	await write(alice, "without it");
	await received(bob, "without it").waitFor();
	await chat.prebind.start();
	await alice.reload();
	await ready(alice);
	await talkTo(alice, "bob");
	await write(bob, "with it");
	await received(alice, "with it").waitFor();
	await leave(alice, bob);
});
