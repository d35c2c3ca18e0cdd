// Group chats that stay, and contacts that come and go: in Chromium on Prosody.
import { after, before, test } from "node:test";
import { DOMAIN, startChat } from "../lib/chat.mjs";
import { startChromium } from "../lib/chromium.mjs";
import { Place } from "../lib/place.mjs";
import { ROOMS } from "../lib/rooms.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	const room = `Component "rooms.${DOMAIN}" "muc"\n  modules_enabled = { "muc_mam" }\n  restrict_room_creation = false\n`;
	chat = await startChat(place, {
		bosh: { '"bosh"': '"bosh", "mam", "pep", "blocklist"' },
		prosody: `default_archive_policy = true\n${room}`,
	});
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(ROOMS))
	test(what, () => scene({ browser, chat, room: `tea@rooms.${DOMAIN}` }));
