// What a user's tabs keep from page to page: the last messages, unread counts, drafts, group chats and what is open.
// On Prosody without an archive, and with one.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DOMAIN, startChat, typablePassword } from "../lib/chat.mjs";
import { startChromium } from "../lib/chromium.mjs";
import { contact, enter, leave, logIn, offline, online, ready, received, sees, sent, talkTo, texts, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";

const ROOM = `tea@rooms.${DOMAIN}`;
const rooms = `Component "rooms.${DOMAIN}" "muc"\n  restrict_room_creation = false\n  muc_room_locking = false\n`;
const SERVERS = {
	"without an archive": { prosody: rooms },
	"with an archive": { prosody: `default_archive_policy = true\n${rooms}`, bosh: { '"bosh"': '"bosh", "mam", "pep"' } },
};

const unread = (page, user) => contact(page, user).locator(".unread:not([hidden]) .count");
const noneUnread = (page, user) => contact(page, user).locator(".unread").waitFor({ state: "hidden" });
const titled = (page, title) => until(`the title ${title}`, async () => (await page.title()) === title);

/** Goes to another place and back: the session ends, and the page gets a new one. */
async function comeBack(page, chat) {
	await page.goto("about:blank");
	await page.goto(chat.url);
	await ready(page);
}

for (const [what, options] of Object.entries(SERVERS)) {
	describe(what, () => {
		let place, browser, chat;
		before(async () => {
			place = new Place();
			browser = await startChromium(place);
			const users = Object.fromEntries(["alice", "bob", "carol"].map((name) => [name, typablePassword()]));
			chat = await startChat(place, { users, ...options });
		});
		after(() => place.close({ logs: true }));

		const three = () => Promise.all(["alice", "bob", "carol"].map((user) => enter(browser, chat, user)));

		test("the next page has the messages, the draft, the badge and what was open", async () => {
			const [alice, bob, carol] = await three();
			await Promise.all([online(alice, "bob"), online(bob, "alice"), online(carol, "alice")]);
			await talkTo(alice, "bob");
			await talkTo(bob, "alice");
			await write(alice, "a question");
			await received(bob, "a question").waitFor();
			await write(bob, "an answer");
			await received(alice, "an answer").waitFor();
			await talkTo(carol, "alice");
			await write(carol, "one");
			await write(carol, "two");
			await unread(alice, "carol").getByText("2").waitFor();
			await alice.locator("#compose").fill("half a sent");
			await comeBack(alice, chat);
			await sees(alice, ["a question", "an answer"]);
			assert.equal(await alice.locator("#compose").inputValue(), "half a sent");
			await unread(alice, "carol").getByText("2").waitFor();
			await titled(alice, "(2) Chat");
			await write(bob, "more");
			await received(alice, "more").waitFor();
			await noneUnread(alice, "bob");
			await talkTo(alice, "carol"); // so that nothing is unread in the next test
			await noneUnread(alice, "carol");
			await leave(alice, bob, carol);
		});

		test("unread is one number in all tabs, and so is the draft", async () => {
			const [alice, bob] = await three();
			const second = await alice.context().newPage();
			await second.goto(chat.url);
			await Promise.all([online(second, "bob"), online(bob, "alice")]);
			await talkTo(bob, "alice");
			await write(bob, "to both tabs");
			await Promise.all([alice, second].map((page) => unread(page, "bob").getByText("1").waitFor()));
			await alice.bringToFront();
			await talkTo(alice, "bob");
			await received(alice, "to both tabs").waitFor();
			await noneUnread(second, "bob");
			await titled(second, "Chat");
			await alice.locator("#compose").fill("begun here");
			await second.bringToFront();
			await until("the draft in the other tab", async () => {
				await talkTo(second, "bob");
				return (await second.locator("#compose").inputValue()) === "begun here";
			});
			await second.locator("#compose").press("Enter");
			await Promise.all([second, alice, bob].map((page) => page.locator(".text", { hasText: "begun here" }).waitFor()));
			for (const page of [alice, second])
				assert.deepEqual((await texts(page)).slice(-2), ["to both tabs", "begun here"]);
			await leave(alice, bob);
		});

		test("a draft comes to the tab that shows the conversation, also if it is in front, but not over what somebody writes there", async () => {
			const alice = await enter(browser, chat, "alice");
			const second = await alice.context().newPage();
			await second.goto(chat.url);
			await ready(second);
			await Promise.all([talkTo(alice, "bob"), talkTo(second, "bob")]);
			const field = (page) => page.locator("#compose");
			assert.equal(await alice.evaluate(() => document.hasFocus()), true);
			await field(second).fill("from the other tab");
			await until("the draft in this tab", async () => (await field(alice).inputValue()) === "from the other tab");
			await field(alice).fill("from this one");
			const heard = alice.evaluate(() => new Promise((resolve) =>
				window.addEventListener("storage", ({ newValue }) => newValue?.includes("much later") && resolve())));
			await field(second).fill("much later");
			await heard;
			assert.equal(await field(alice).inputValue(), "from this one");
			await field(second).fill("");
			await field(alice).fill("");
			await leave(alice);
		});

		for (const api of ["with", "without"]) test(`a page that the browser ends without its last event has stored the draft, ${api} the Navigation API`, async () => {
			const alice = await enter(browser, chat, "alice");
			await talkTo(alice, "bob");
			await write(alice, `said ${api} it`);
			if (api === "without") await alice.addInitScript(() => Object.defineProperty(window, "navigation", { value: undefined }));
			await alice.addInitScript(() => window.addEventListener("pagehide", (event) => window.ends && event.stopImmediatePropagation()));
			await Promise.all([alice.waitForEvent("load"), alice.reload()]);
			await ready(alice);
			await sent(alice, `said ${api} it`).waitFor();
			await Promise.all([alice.waitForEvent("load"), alice.evaluate(() => {
				const field = document.getElementById("compose");
				window.setTimeout = () => 0; // the page ends before the time after which it stores a draft
				window.ends = true;
				field.value = "just typed";
				field.dispatchEvent(new window.Event("input"));
				location.reload();
			})]);
			await ready(alice);
			await alice.waitForFunction(() => document.getElementById("compose")?.value === "just typed");
			await alice.locator("#compose").fill("");
			await leave(alice);
		});

		test("a group chat is entered again, and its messages are there once", async () => {
			const [alice, bob, carol] = await three();
			for (const page of [alice, bob]) {
				await page.getByLabel("Chat address").fill(ROOM);
				await page.getByRole("button", { name: "Write to" }).click();
			}
			await bob.locator("#peer-presence", { hasText: "alice, bob" }).waitFor();
			await bob.locator("#compose").fill("before");
			await bob.locator("#compose").press("Enter");
			await sees(alice, ["before"]);
			await comeBack(alice, chat);
			await alice.locator("#peer-presence", { hasText: "alice, bob" }).waitFor();
			await bob.locator("#compose").fill("after");
			await bob.locator("#compose").press("Enter");
			await sees(alice, ["before", "after"]);
			await leave(alice, bob, carol);
		});

		test("log-out removes everything, in all tabs", async () => {
			const [alice, bob] = await three();
			await online(alice, "bob");
			await talkTo(alice, "bob");
			await write(alice, "mine alone");
			await alice.locator("#compose").fill("and this");
			const second = await alice.context().newPage();
			await second.goto(chat.url);
			await ready(second);
			await alice.getByRole("button", { name: "Log out" }).click();
			await alice.getByLabel("User name").waitFor();
			await second.getByText("You are no longer logged in.").waitFor();
			await second.close();
			assert.deepEqual(await alice.evaluate(() => [window.sessionStorage.length, window.localStorage.length]), [0, 0]);
			await logIn(alice, "bob", chat.users.bob);
			await ready(alice);
			await alice.locator("#nobody").waitFor();
			// with an archive, the list has the last line that Bob himself received
			assert.equal(await (options.bosh ? alice.locator("#logs") : alice).getByText("mine alone").count(), 0);
			await leave(alice, bob);
		});

		if (options.bosh) {
			test("a browser that knows nothing counts what was not read, and nothing that was", async () => {
				const [alice, bob, carol] = await three();
				await Promise.all([online(alice, "bob"), online(bob, "alice")]);
				await Promise.all([talkTo(alice, "bob"), talkTo(bob, "alice")]);
				await write(alice, "a greeting");
				await received(bob, "a greeting").waitFor();
				const told = alice.waitForRequest((request) => /urn:xmpp:mds:displayed:0/.test(request.postData() ?? ""));
				await write(bob, "read and not answered");
				await received(alice, "read and not answered").waitFor();
				await told;
				await alice.locator("#compose").press("Escape");
				await write(bob, "not read");
				await write(bob, "nor this");
				await unread(alice, "bob").getByText("2").waitFor();
				await alice.getByRole("button", { name: "Log out" }).click(); // removes all that the browser knew
				await logIn(alice, "alice", chat.users.alice);
				await unread(alice, "bob").getByText("2").waitFor();
				await talkTo(alice, "bob");
				await received(alice, "nor this").waitFor();
				await leave(alice, bob, carol);
			});

			test("what came while there was no session counts as unread, and is there", async () => {
				const [alice, bob, carol] = await three();
				await online(alice, "carol");
				await talkTo(alice, "carol");
				await alice.goto("about:blank");
				await offline(bob, "alice");
				await talkTo(bob, "alice");
				await write(bob, "while you were away");
				await alice.goto(chat.url);
				await unread(alice, "bob").getByText("1").waitFor();
				await talkTo(alice, "bob");
				await received(alice, "while you were away").waitFor();
				assert.equal(await received(alice, "while you were away").count(), 1);
				await noneUnread(alice, "bob");
				await leave(alice, bob, carol);
			});
		}
	});
}
