// A fresh site with three users: they find each other, keep each other over a reload, and meet in the site's room. In Chromium, on ejabberd.
import { after, before, test } from "node:test";
import { startChromium } from "../lib/chromium.mjs";
import { startFreshSite, threePeopleMeet } from "../lib/fresh_site.mjs";
import { Place } from "../lib/place.mjs";
import { DOMAIN } from "../lib/xmpp_site.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	const domain = `conference.${DOMAIN}`;
	chat = await startFreshSite(place, { server: "ejabberd", domain, debian: true, also: { archive: {} } });
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

test("three people find each other and meet in the site's room", () => threePeopleMeet({ browser, chat }));
