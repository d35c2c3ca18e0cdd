// Group chats that stay, and contacts that come and go: in Chromium on ejabberd, with Debian's configuration.
import { after, before, test } from "node:test";
import { DOMAIN } from "../lib/chat.mjs";
import { startChromium } from "../lib/chromium.mjs";
import { Place } from "../lib/place.mjs";
import { ROOMS } from "../lib/rooms.mjs";
import { startWebSite } from "../lib/web_site.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startWebSite(place, { server: "ejabberd", way: "password", debian: true, also: { archive: {} } });
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(ROOMS))
	test(what, () => scene({ browser, chat, room: `tea@conference.${DOMAIN}` }));
