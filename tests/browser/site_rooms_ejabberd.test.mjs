// The site's rooms and staff, rooms of its pages, and reports: in Chromium on ejabberd, with Debian's configuration.
import { after, before, test } from "node:test";
import { startChromium } from "../lib/chromium.mjs";
import { Place } from "../lib/place.mjs";
import { SITE_ROOMS, startWithRooms } from "../lib/site_rooms.mjs";
import { DOMAIN } from "../lib/xmpp_site.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startWithRooms(place, { server: "ejabberd", domain: `conference.${DOMAIN}`, debian: true, also: { archive: {} } });
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(SITE_ROOMS))
	test(what, () => scene({ browser, chat }));
