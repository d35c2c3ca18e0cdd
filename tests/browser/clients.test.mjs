// The pages of client = converse and client = none: by axe-core's rules, light and dark; and what the one that only holds
// the data is good for.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { startChat } from "../lib/chat.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { contactLink, hears, say, sees } from "../lib/converse.mjs";
import { leave, logIn } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";

const VIEWPORTS = { desktop: { width: 1000, height: 700 }, phone: { width: 360, height: 640 } };
const places = {};
const chats = {};
let browser;

before(async () => {
	for (const client of ["converse", "none"]) {
		places[client] = new Place();
		chats[client] = await startChat(places[client], { site: { client } });
	}
	browser = await startChromium(places.none);
});
after(async () => {
	for (const place of Object.values(places))
		await place.close({ logs: true });
});

async function enter(client, user, options) {
	const page = await newPage(browser, options);
	await page.goto(chats[client].url);
	await logIn(page, user, chats[client].users[user]);
	return page;
}

for (const colorScheme of ["light", "dark"]) {
	for (const [device, viewport] of Object.entries(VIEWPORTS)) {
		const options = { colorScheme, viewport, bypassCSP: true };

		test(`Converse.js, ${colorScheme}, ${device}: no violations`, async () => {
			const page = await enter("converse", "alice", options);
			const bob = await enter("converse", "bob");
			await Promise.all([sees(page, "bob"), sees(bob, "alice")]);
			const found = await violations(page, "contacts");
			await contactLink(page, "Bob").click();
			await contactLink(bob, "Alice").click();
			await say(page, "hello");
			await hears(bob, "hello");
			await say(bob, "hello yourself");
			await hears(page, "hello yourself");
			found.push(...await violations(page, "conversation"));
			assert.deepEqual(found, []);
			await page.context().close();
			await bob.context().close();
		});

		test(`only data, ${colorScheme}, ${device}: no violations`, async () => {
			const page = await enter("none", "alice", options);
			await page.getByText("This page contains the data of a chat session").waitFor();
			assert.deepEqual(await violations(page, "data"), []);
			await page.context().close();
		});
	}
}

test("only data: no script of ours, one session that the site's own client can go on with; log-out", async () => {
	const page = await newPage(browser);
	const loaded = [];
	page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
	await page.goto(chats.none.url);
	await logIn(page, "alice", chats.none.users.alice);
	await page.getByText("alice", { exact: true }).waitFor();
	assert.ok(loaded.every((path) => !path.endsWith(".js")), loaded.join());
	const session = JSON.parse(await page.locator("#prebind").textContent());
	assert.match(session.jid, /^alice@example\.org\/web-/);

	const answer = await page.evaluate(async ({ sid, rid, bosh_url: url }) => {
		const ping = "<iq xmlns='jabber:client' type='get' id='ping-1' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>";
		const body = `<body rid='${rid}' sid='${sid}' xmlns='http://jabber.org/protocol/httpbind'>${ping}</body>`;
		return (await fetch(url, { method: "POST", headers: { "Content-Type": "text/xml; charset=utf-8" }, body })).text();
	}, session);
	assert.match(answer, /type='result'/);
	assert.ok(answer.includes(`to='${session.jid}'`), answer);

	await page.getByRole("button", { name: "Log out" }).click();
	await page.getByLabel("User name").waitFor();
	await leave(page);
});
