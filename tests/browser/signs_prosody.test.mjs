// Sent, delivered, read, and the line above what is unread: in Chromium on Prosody.
import { after, before, test } from "node:test";
import { startChat, typablePassword } from "../lib/chat.mjs";
import { startChromium } from "../lib/chromium.mjs";
import { Place } from "../lib/place.mjs";
import { SIGNS } from "../lib/signs.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	const users = Object.fromEntries(["alice", "bob"].map((name) => [name, typablePassword()]));
	chat = await startChat(place, { users });
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(SIGNS))
	test(what, () => scene({ browser, chat }));
