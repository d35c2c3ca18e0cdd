/*
 * Scenes of what people do with pages, and of what happens to servers and networks.
 * tests/browser/life*.test.mjs play them on each web server and XMPP server. Each scene checks what
 * the person sees, and that no message that was sent while both were online is lost or doubled.
 */
import assert from "node:assert/strict";
import { newTab, startChromium } from "./chromium.mjs";
import { holderOf } from "./holder.mjs";
import { SCRIPT } from "./http.mjs";
import { contact, enter, enterBoth, greet, leave, logIn, offline, online, ready, received, sees, sent, talkTo, texts, write } from "./people.mjs";
import { until } from "./wait.mjs";
import { addresses, publish, startWebSite } from "./web_site.mjs";
import { Wire } from "./wire.mjs";
import { endSession, whoIsOnline } from "./xmpp_site.mjs";

const FORGOTTEN_S = 75; // servers give up a silent session after 60 s
const LOOK_MS = 500; // each look is a log-in to the XMPP server

/**
 * Short times, so that tests can wait for a session's end: how long a request is held, when a
 * session is given up.
 */
const WAIT_S = 2;
const QUIET_S = 5;
const SHORT = {
	prosody: { more: `bosh_max_inactivity = ${QUIET_S}\n` },
	ejabberd: { more: `modules:\n  mod_bosh:\n    max_inactivity: ${QUIET_S}\n` },
};

/** What makes the XMPP server archive all messages. */
const ARCHIVE = {
	prosody: { more: "default_archive_policy = true\n", bosh: { '"bosh"': '"bosh", "mam"' } },
	ejabberd: { also: { archive: {} } },
};

/** `make scenes` plays all scenes with an archive, too. */
const WITH_ARCHIVE = process.env.PREBIND_ARCHIVE === "yes";

/** `make scenes TABS=3` opens as many tabs of alice in each scene, and `WEB_SERVER=apache` plays all scenes on Apache. */
const TABS_OF_ALICE = Number(process.env.PREBIND_TABS || 1);
const WEB = process.env.PREBIND_WEB_SERVER;

/**
 * Makes a stage for the scenes.
 * @param {import('./place.mjs').Place} place
 * @param {{ web: string, server: string, short?: boolean, archive?: boolean }} options short: the XMPP server gives up a session
 *   soon; archive: it archives messages
 */
export async function startLife(place, { web, server, short = false, archive = WITH_ARCHIVE }) {
	const [quick, kept] = [short ? SHORT[server] : {}, archive ? ARCHIVE[server] : {}];
	const options = { ...(short ? { site: { wait: WAIT_S } } : {}), ...quick, ...kept, more: (quick.more ?? "") + (kept.more ?? "") };
	const chat = await startWebSite(place, { web: WEB || web, server, way: "password", ...options });
	publish(place, "news.html", '<!doctype html><link rel="icon" href="data:,"><title>News</title><p>Nothing new.');
	const browser = await startChromium(place);
	const wire = await Wire.lay(place, chat.webPort);
	return { chat, browser, wire, archive, binds: () => chat.prebind.child.stderr.split("bind_ok").length - 1 };
}

/**
 * Waits until the XMPP server has ended the sessions of the scene before. A browser that closes a
 * context does not always send the last requests of its pages. Then a session stays until the server
 * gives it up, and a contact in the next scene sees it.
 */
async function settle({ site, users }) {
	for (const user of Object.keys(users)) {
		const visitor = await site.enter(user);
		const others = Object.keys(users).filter((other) => other !== user).join("|");
		const seen = new RegExp(`<presence\\b(?![^>]*\\btype=)[^>]*\\bfrom=['"](${others})@`);
		await until(`the sessions of ${others} to end`, async () => {
			const session = JSON.parse((await visitor.post("/prebind.json", { bind: "yes" }, SCRIPT)).body);
			const answer = await whoIsOnline(site.port, session);
			await endSession(site.port, session);
			return !seen.test(answer);
		}, { seconds: FORGOTTEN_S, every: LOOK_MS });
	}
}

/** Plays a scene. Even if it fails, no page remains open for the next one. */
export async function play(stage, scene) {
	await settle(stage.chat);
	if (stage.archive) await stage.chat.site.emptyArchive(); // each scene looks at whole conversations
	try {
		await scene(stage);
	} finally {
		stage.wire.mend();
		await Promise.all(stage.browser.contexts().map((context) => context.close()));
	}
}

const chatUrl = ({ wire }) => addresses(wire.port).url;
export const banner = (page) => page.locator("#banner:not([hidden])");

async function anotherTab(stage, page) {
	const tab = await newTab(page);
	await tab.goto(chatUrl(stage));
	return tab;
}

/** All tabs of this person. */
export const tabsOf = (page) => page.context().pages();

/** The tabs that stay as they are while the person acts in this one. */
const othersOf = (page) => tabsOf(page).filter((tab) => tab !== page);

/**
 * Logs alice (behind the wire) and bob in, and opens their conversation with each other. If the scenes are played with several
 * tabs, alice acts in the first one, and has the conversation in the others, too.
 */
export async function two(stage) {
	const { browser, chat } = stage;
	const pages = await enterBoth(browser, chat, { ...chat, url: chatUrl(stage) });
	while (tabsOf(pages.alice).length < TABS_OF_ALICE) {
		const tab = await anotherTab(stage, pages.alice);
		await ready(tab);
		await talkTo(tab, "bob");
	}
	return pages;
}

/**
 * Reloads by script. The page does not hear of the browser's own button, so its session would end.
 */
async function reload(page) {
	await Promise.all([page.waitForEvent("load"), page.evaluate(() => location.reload())]);
	await ready(page);
}

/** The page shows each of these texts exactly once, in any order, and no other. */
export async function seesAll(page, expected) {
	await until(`${expected.length} messages`, async () => (await texts(page)).length >= expected.length, { seconds: 30 });
	assert.deepEqual((await texts(page)).sort(), [...expected].sort());
}

/** Call the result to check that the page has shown the contact of its conversation online since then, without a gap. */
async function watchOnline(page) {
	const seen = await page.evaluateHandle(() => {
		const peer = document.getElementById("conversation");
		const changes = [peer.dataset.show];
		new window.MutationObserver(() => changes.push(peer.dataset.show)).observe(peer, { attributes: true, attributeFilter: ["data-show"] });
		return changes;
	});
	return async () => assert.deepEqual((await seen.jsonValue()).filter((show) => show !== "online"), []);
}

/** The scenes for every combination of servers. */
export const CORE = {
	async "log in, see each other, talk both ways"(stage) {
		const { alice, bob } = await two(stage);
		await greet(alice, bob, "says hello");
		for (const page of [bob, ...tabsOf(alice)]) await sees(page, ["alice says hello", "bob says hello"]);
		await leave(alice, bob);
	},

	async "nobody sees a reload: the contact stays online"(stage) {
		const { alice, bob } = await two(stage);
		const onlineAllTheTime = await watchOnline(bob);
		await reload(alice);
		await online(alice, "bob");
		await talkTo(alice, "bob");
		await write(alice, "still me");
		for (const tab of othersOf(alice)) await sees(tab, ["still me"]);
		await received(bob, "still me").waitFor();
		await onlineAllTheTime();
		await leave(alice, bob);
	},
};

/** Scenes for servers with an archive. */
export const ARCHIVED = {
	async "another browser shows what was said before, once, and goes on"(stage) {
		const { alice, bob } = await two(stage);
		await greet(alice, bob, "before");
		const phone = await enter(stage.browser, stage.chat, "alice");
		await online(phone, "bob");
		await talkTo(phone, "bob");
		const before = ["alice before", "bob before"];
		await sees(phone, before);
		await greet(phone, bob, "after");
		for (const page of [...tabsOf(alice), phone, bob]) await sees(page, [...before, "alice after", "bob after"]);
		await leave(alice, phone, bob);
	},
};

/**
 * The page does not read the next answer that holds this text, nor any after it, as if it had been left just then. Counts
 * for requests that leave from now on. Call the result to wait until that answer has come.
 */
async function turnDeaf(page, text) {
	await page.evaluate((last) => {
		const requests = window.XMLHttpRequest.prototype;
		const { send } = requests;
		requests.send = function (body) {
			const read = this.onreadystatechange;
			this.onreadystatechange = (event) => {
				if (this.readyState === 4) window.deaf ||= this.responseText.includes(last);
				if (!window.deaf) read.call(this, event);
			};
			send.call(this, body);
		};
	}, text);
	return () => page.waitForFunction(() => window.deaf);
}

/** Scenes with messages that are written during a reload. */
export const RELOADS = {
	async "what the server answered to a page that was just left comes to the next page, once"(stage) {
		const { alice, bob } = await two(stage);
		const binds = stage.binds();
		const losses = [
			["<show>away", () => bob.locator("#status").selectOption("away"), (page) => contact(page, "bob").filter({ hasText: "Away" }).waitFor()],
			["just now", () => write(bob, "just now"), (page) => received(page, "just now").waitFor()],
		];
		for (const [i, [text, act, see]] of losses.entries()) {
			const holder = await holderOf(tabsOf(alice));
			const deaf = await turnDeaf(holder, text);
			await write(bob, `before ${i}`); // the request that was held before is answered
			await received(holder, `before ${i}`).waitFor();
			await act();
			await deaf();
			await write(bob, `after ${i}`);
			await reload(holder);
			for (const tab of tabsOf(alice)) {
				await see(tab);
				await received(tab, `after ${i}`).waitFor();
			}
		}
		for (const tab of tabsOf(alice)) await seesAll(tab, ["before 0", "after 0", "before 1", "just now", "after 1"]);
		assert.equal(stage.binds() - binds, 2, "each page comes with a session, and asks for no other");
		await leave(alice, bob);
	},

	async "reload: the session goes on, and what was said in between arrives once"(stage) {
		const { alice, bob } = await two(stage);
		const binds = stage.binds();
		await write(bob, "before");
		await received(alice, "before").waitFor();
		for (let i = 1; i <= 3; i++) {
			await Promise.all([reload(alice), write(bob, `between ${i}`)]);
			await write(bob, `after ${i}`);
			await talkTo(alice, "bob");
			await received(alice, `after ${i}`).waitFor();
			assert.equal(await received(alice, `after ${i}`).count(), 1);
			// perhaps the old page has shown it
			assert.ok(await received(alice, `between ${i}`).count() <= 1);
			await online(alice, "bob");
			await write(alice, `and back ${i}`);
			await received(bob, `and back ${i}`).waitFor();
		}
		const all = [1, 2, 3].flatMap((i) => [`between ${i}`, `after ${i}`, `and back ${i}`]);
		for (const tab of othersOf(alice)) await seesAll(tab, ["before", ...all]);
		assert.equal(await bob.locator(".unsent").count(), 0);
		assert.equal(stage.binds() - binds, 3, "each page comes with a session, and asks for no other");
		await leave(alice, bob);
	},
};

/** Scenes about changing pages. */
export const PAGES = {
	async "to another page and back: what was written meanwhile is there, once"(stage) {
		const { alice, bob } = await two(stage);
		await alice.evaluate(() => location.assign("/news.html"));
		await alice.waitForURL("**/news.html");
		await write(bob, "while you read");
		await alice.evaluate((url) => location.assign(url), chatUrl(stage));
		await ready(alice);
		await talkTo(alice, "bob");
		await write(bob, "welcome back");
		for (const tab of tabsOf(alice)) await sees(tab, ["while you read", "welcome back"]);
		await leave(alice, bob);
	},

	async "away from the site: the contact goes offline at once, with the last tab"(stage) {
		const { alice, bob } = await two(stage);
		const onlineAllTheTime = await watchOnline(bob);
		const others = othersOf(alice);
		for (const tab of [alice, ...others]) {
			const left = others.slice(others.indexOf(tab) + 1);
			await tab.goto("about:blank"); // the server itself would notice only after half a minute or more
			if (left.length === 0) break;
			await greet(left[0], bob, `with ${left.length}`);
			await onlineAllTheTime();
		}
		await offline(bob, "alice");
		await leave(alice, bob);
	},

	async "the program restarts: nobody notices"(stage) {
		const { alice, bob } = await two(stage);
		await stage.chat.prebind.stop();
		await write(alice, "without it");
		await received(bob, "without it").waitFor();
		await stage.chat.prebind.start();
		await reload(alice);
		await talkTo(alice, "bob");
		await write(bob, "with it");
		for (const tab of tabsOf(alice)) await received(tab, "with it").waitFor();
		for (const tab of othersOf(alice)) await sees(tab, ["without it", "with it"]);
		await leave(alice, bob);
	},
};

const becomesBobs = (tab) => until("bob's name in the tab", async () => (await tab.locator("#me").textContent()) === "bob");

/** Scenes with several tabs, and with changes of the user. */
export const TABS = {
	async "a second tab shares the session; both see what is said"(stage) {
		const { alice, bob } = await two(stage);
		const binds = stage.binds();
		const second = await anotherTab(stage, alice);
		await ready(second);
		await talkTo(second, "bob");
		await write(bob, "to both of you");
		await received(alice, "to both of you").waitFor();
		await received(second, "to both of you").waitFor();
		await write(second, "from the second");
		await received(bob, "from the second").waitFor();
		await sent(alice, "from the second").waitFor();
		for (const page of [...tabsOf(alice), bob])
			await sees(page, ["to both of you", "from the second"]);
		assert.equal(stage.binds() - binds, 1);
		await leave(alice, bob);
	},

	async "a duplicated tab shares the session, and the first one stays as it was"(stage) {
		const { alice, bob } = await two(stage);
		const opened = alice.context().waitForEvent("page");
		await alice.evaluate(() => window.open(location.href)); // the new tab gets a copy of sessionStorage
		const copy = await opened;
		await ready(copy);
		await write(bob, "who is there?");
		await received(alice, "who is there?").waitFor();
		await talkTo(copy, "bob");
		await write(copy, "the copy");
		await received(bob, "the copy").waitFor();
		await write(alice, "and me");
		for (const page of [bob, ...tabsOf(alice)]) await sees(page, ["who is there?", "the copy", "and me"]);
		assert.equal(await banner(alice).count(), 0);
		await leave(alice, bob);
	},

	async "log out in one tab: the others say so, and none talks any more"(stage) {
		const { alice, bob } = await two(stage);
		const second = await anotherTab(stage, alice);
		await ready(second);
		await second.getByRole("button", { name: "Log out" }).click();
		await second.getByLabel("User name").waitFor();
		for (const tab of othersOf(second)) {
			await tab.getByText("You are no longer logged in.").waitFor();
			assert.equal(await tab.locator("#send").isDisabled(), true);
		}
		await offline(bob, "alice");
		await leave(alice, bob);
	},

	async "another user in the same browser: nothing of the former one remains"(stage) {
		const { alice, bob } = await two(stage);
		await write(alice, "a secret of mine");
		await alice.locator("#compose").fill("a draft of mine");
		await alice.evaluate(() => {
			window.sessionStorage.setItem("strophe-bosh-session", "{}");
			window.localStorage.setItem("converse-session", "{}");
		});
		const whoIsHere = () => alice.evaluate(() => JSON.parse(window.sessionStorage.getItem("prebind-online"))); // the site's key of the user
		const hers = await whoIsHere();
		await alice.getByRole("button", { name: "Log out" }).click();
		await logIn(alice, "bob", stage.chat.users.bob);
		await ready(alice);
		assert.equal(await alice.locator("#me").textContent(), "bob");
		const his = await whoIsHere();
		assert.ok(hers && ![null, hers].includes(his), "who is online is bob");
		const kept = await alice.evaluate(() => [window.sessionStorage, window.localStorage].map(Object.keys));
		const ofOthers = kept[1].filter((key) => !stage.archive || key.split(" ")[1] !== his); // what bob has received
		assert.deepEqual([kept[0], ofOthers], [["prebind-online"], []]);
		for (const tab of tabsOf(alice)) {
			await becomesBobs(tab);
			if (!stage.archive) assert.equal(await tab.getByText("a secret of mine").count(), 0);
			await talkTo(tab, "alice");
			assert.equal(await tab.locator("#compose").inputValue(), "");
		}
		await leave(alice, bob);
	},

	async "another user in another tab: the former one's tab becomes the new one's"(stage) {
		const { alice, bob } = await two(stage);
		await alice.context().clearCookies(); // the site's log-out, which no script notices
		const second = await anotherTab(stage, alice);
		await logIn(second, "bob", stage.chat.users.bob);
		await ready(second);
		for (const tab of tabsOf(alice)) await becomesBobs(tab);
		await leave(alice, bob);
	},
};
