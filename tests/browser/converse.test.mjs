// client = converse: Converse.js as the page, under our Content-Security-Policy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DOMAIN, startChat } from "../lib/chat.mjs";
import { newPage, screenshot, startChromium } from "../lib/chromium.mjs";
import { contactLink, hears, say, sees } from "../lib/converse.mjs";
import { leave, logIn } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { Secrets } from "../lib/secrets.mjs";
import { until } from "../lib/wait.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startChat(place, { site: { client: "converse", limit_bind_user: "10/1m" } });
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

/** A page where that user is logged in; requests that leave the site are remembered. */
async function enter(user) {
	const page = await newPage(browser);
	page.outside = [];
	page.on("request", (request) => {
		if (!request.url().startsWith(chat.origin) && !/^(data|blob):/.test(request.url())) page.outside.push(request.url());
	});
	await page.goto(chat.url);
	await logIn(page, user, chat.users[user]);
	return page;
}

test("alice and bob talk; nothing is loaded from elsewhere, and the policy holds", async () => {
	const [alice, bob] = [await enter("alice"), await enter("bob")];
	await Promise.all([sees(alice, "bob"), sees(bob, "alice")]);
	await contactLink(alice, "Bob").click();
	await say(alice, "hello from Converse.js");
	await contactLink(bob, "Alice").click();
	await hears(bob, "hello from Converse.js");
	await say(bob, "hello back");
	await hears(alice, "hello back");
	await screenshot(alice, "converse");
	assert.deepEqual([...alice.outside, ...bob.outside], []);
	assert.equal(await alice.locator("script#prebind").count(), 0);
	await leave(alice, bob);
});

test("after a reload it is there again, with one session; after a log-out nothing of it is stored", async () => {
	const alice = await enter("alice");
	await contactLink(alice, "Bob").waitFor();
	const binds = () => chat.prebind.child.log.split("bind_ok").length - 1;
	const first = binds();
	await alice.reload();
	await contactLink(alice, "Bob").waitFor();
	assert.equal(binds(), first + 1);
	await alice.getByRole("button", { name: "Log out" }).click();
	await alice.getByLabel("User name").waitFor();
	await until("nothing stored", () => alice.evaluate(async () => {
		const databases = await window.indexedDB.databases();
		return window.sessionStorage.length + window.localStorage.length + databases.length === 0;
	}));
	await logIn(alice, "bob", chat.users.bob);
	await contactLink(alice, "Alice").waitFor();
	assert.equal(await alice.getByText(`alice@${DOMAIN}`).count(), 0);
	await leave(alice);
});

test("sid and rid are in no address, cookie, console line or document, and stored in the tab alone", async () => {
	const page = await newPage(browser);
	const secrets = new Secrets(page);
	await page.goto(chat.url);
	await logIn(page, "alice", chat.users.alice);
	await contactLink(page, "Bob").click();
	const bob = await enter("bob");
	await sees(page, "bob");
	await say(page, "hello");
	await hears(page, "hello");
	const found = [...new Set(await secrets.found())];
	console.log(`# Converse.js: ${secrets}; ${found.join(", ")}`);
	assert.ok(secrets.values.size >= 3, [...secrets.values.values()].join());
	// Its own ways (docs/converse.md): who you are stands in its page, and what it goes on with is stored in the tab.
	const its = ["jid in document", "jid in sessionStorage", "sid in sessionStorage", "rid in sessionStorage"];
	assert.deepEqual(found.filter((text) => !its.includes(text)), []);
	await leave(page, bob);
});

test("a BOSH service that answers 404: the site's limit holds Converse.js", async () => {
	const page = await newPage(browser);
	await page.route("**/http-bind", (route) => route.fulfill({ status: 404, body: "" }));
	const answers = [];
	page.on("response", (response) => {
		if (response.url().endsWith("/prebind.json")) answers.push(response.status());
	});
	await page.goto(chat.url);
	await logIn(page, "alice", chat.users.alice);
	await until("the limit's answer", () => answers.includes(429), { seconds: 20 });
	await page.waitForTimeout(5_000); // whether it goes on asking is the question
	const sessions = answers.filter((status) => status === 200).length;
	console.log(`# Converse.js, BOSH answers 404: ${answers.length} calls, ${sessions} sessions`);
	assert.ok(sessions <= 10, `${sessions} sessions`);
	assert.ok(answers.length - sessions <= 5, `${answers.length} calls`);
	await page.context().close();
});
