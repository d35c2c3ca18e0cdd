// Two people in Chromium on each server, logged in there without a password of theirs; and clients on WebSocket, which
// log in by themselves with a one-time password.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { contact, enter, enterBoth, greet, leave, logIn, online, ready, received, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { publish, startWebSite } from "../lib/web_site.mjs";

/** WebSocket needs the module of native clients, which still listens nowhere. */
const WITH_C2S = 'modules_disabled = { "s2s", "tls", "offline" }\nc2s_direct_tls_ports = {}\n';
const WITH_WEBSOCKET = { '{ "bosh" }': '{ "bosh", "websocket" }' };

const servers = [
	{ name: "Prosody, token", server: "prosody", way: "token", once: true, more: WITH_C2S + docSnippet("docs/prosody.md", "websocket"), bosh: WITH_WEBSOCKET },
	{ name: "ejabberd, jwt", server: "ejabberd", way: "jwt", once: false, more: docSnippet("docs/ejabberd.md", "websocket") },
];
const places = [];
let browser;

/** A page of the site beside ours: Converse.js as docs/bosh.md has it. */
function conversePage(port) {
	const script = docSnippet("docs/bosh.md", "converse", {
		"/converse/": "/chat/static/vendor/converse/",
		"wss://www.example.org/xmpp-websocket": `ws://127.0.0.1:${port}/xmpp-websocket`,
	});
	return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>site</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/chat/static/vendor/converse/converse.min.css">
<converse-root></converse-root>
<script type="module">
import converse from "/chat/static/vendor/converse/converse.min.js";
customElements.define("converse-footer", class extends HTMLElement {});
${script}
</script>
`;
}

const STROPHE_PAGE = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>site</title><link rel="icon" href="data:,">
<script src="/chat/static/vendor/strophe.js"></script>
`;

/** Strophe.js with a session of ours, as docs/bosh.md has it. */
const ATTACHED_PAGE = `${STROPHE_PAGE}<script type="module">${docSnippet("docs/bosh.md", "strophe")}</script>`;

before(async () => {
	const browserPlace = new Place();
	places.push(browserPlace);
	browser = await startChromium(browserPlace);
	await Promise.all(servers.map(async (row) => {
		const place = new Place();
		places.push(place);
		row.chat = await startWebSite(place, { ...row, site: { credentials: "on" } });
		publish(place, "converse.html", conversePage(row.chat.boshPort));
		publish(place, "strophe.html", STROPHE_PAGE);
		publish(place, "attached.html", ATTACHED_PAGE);
	}));
});
after(async () => {
	for (const place of places)
		await place.close({ logs: true });
});

/* The servers at the same time, because most of this is waiting. */
describe("the XMPP server", { concurrency: true }, () => {
	for (const row of servers) {
		describe(row.name, { concurrency: false }, () => {
			let chat;
			before(() => {
				({ chat } = row);
			});

			test("alice and bob talk", async () => {
				const { alice, bob } = await enterBoth(browser, chat);
				await greet(alice, bob, "says hello");
				await leave(alice, bob);
			});

			/** A page of the site beside ours, for somebody who has logged in. */
			async function visit(user, path) {
				const page = await newPage(browser);
				page.credentials = [];
				page.on("response", (response) => {
					if (response.url().endsWith("/credentials.json"))
						page.credentials.push(response.status());
				});
				await page.goto(`${chat.url}login`);
				await logIn(page, user, chat.users[user]);
				await ready(page);
				await page.goto(chat.origin + path);
				return page;
			}

			test("Converse.js on WebSocket: alice there and bob here talk; a server that restarts is logged in to again", async () => {
				const [alice, bob] = [await visit("alice", "/converse.html"), await enter(browser, chat, "bob")];
				const field = alice.locator("textarea.chat-textarea:visible");
				await online(bob, "alice");
				await alice.locator("converse-rosterview, #conversejs").getByText("Bob", { exact: true }).first().click();
				await field.fill("hello over WebSocket");
				await field.press("Enter");
				await talkTo(bob, "alice");
				await received(bob, "hello over WebSocket").waitFor();
				await write(bob, "hello over BOSH");
				await alice.locator("converse-chat-message-body", { hasText: "hello over BOSH" }).waitFor();
				assert.deepEqual(alice.credentials, [200], "one password for one connection");
				await leave(bob);

				await chat.site.restartXmpp();
				const again = await enter(browser, chat, "bob");
				await contact(again, "alice").filter({ hasText: "Online" }).waitFor({ timeout: 60_000 });
				assert.ok(alice.credentials.length >= 2, "another password for another connection");
				await alice.context().close();
				await again.context().close();
			});

			test("Strophe.js goes on with a session of ours", async () => {
				const [alice, bob] = [await visit("alice", "/attached.html"), await enter(browser, chat, "bob")];
				await online(bob, "alice");
				await talkTo(bob, "alice");
				await until("a message in the title", async () => {
					await write(bob, "to Strophe.js"); // the session of the page before may still be there
					return (await alice.title()) === "to Strophe.js";
				});
				await alice.context().close();
				await leave(bob);
			});

			test(`Strophe.js on WebSocket: a password is good ${row.once ? "once" : "for a minute"}, and nobody else's`, async () => {
				const page = await visit("alice", "/strophe.html");
				const statuses = await page.evaluate(async (url) => {
					const { Strophe } = window;
					const { jid, password } = await (await fetch("/chat/credentials.json", { method: "POST" })).json();
					const connect = (as) => new Promise((resolve) => {
						const connection = new Strophe.Connection(url, { mechanisms: [Strophe.SASLPlain] });
						let tried = false;
						const result = (text) => {
							if (tried) // disconnect() calls back with a status
								return;
							tried = true;
							resolve(text);
							connection.disconnect("tried");
						};
						connection.connect(as, password, (status) => {
							if (status === Strophe.Status.CONNECTED)
								result(`connected as ${connection.jid}`);
							else if (status === Strophe.Status.AUTHFAIL)
								result("refused");
							else if (status === Strophe.Status.CONNFAIL || status === Strophe.Status.DISCONNECTED)
								result("failed");
						});
					});
					return { jid, asBob: await connect(jid.replace("alice", "bob")), first: await connect(jid), second: await connect(jid) };
				}, `ws://127.0.0.1:${chat.boshPort}/xmpp-websocket`);
				assert.match(statuses.jid, /^alice@example\.org\/web-[0-9a-f]{16}$/);
				assert.equal(statuses.asBob, "refused");
				assert.equal(statuses.first, `connected as ${statuses.jid}`);
				assert.equal(statuses.second, row.once ? "refused" : `connected as ${statuses.jid}`);
				await until("the log to have it", () => chat.prebind.child.log.includes("credentials_ok"));
				assert.doesNotMatch(chat.prebind.child.stderr, /\d{10}:[\w-]{22}:|eyJ[\w-]+\./, "no password is in the log");
				await page.context().close();
			});
		});
	}
});
