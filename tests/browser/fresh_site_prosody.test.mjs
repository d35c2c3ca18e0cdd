// A fresh site with three users: they find each other, keep each other over a reload, and meet in the site's room. In Chromium, on Prosody.
import { after, before, test } from "node:test";
import { startChromium } from "../lib/chromium.mjs";
import { startFreshSite, threePeopleMeet } from "../lib/fresh_site.mjs";
import { Place } from "../lib/place.mjs";
import { DOMAIN } from "../lib/xmpp_site.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	const domain = `rooms.${DOMAIN}`;
	chat = await startFreshSite(place, {
		server: "prosody",
		domain,
		bosh: { '"bosh"': '"bosh", "mam", "pep", "blocklist"' },
		more: `default_archive_policy = true\nComponent "${domain}" "muc"\n  modules_enabled = { "muc_mam" }\n`,
	});
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

test("three people find each other and meet in the site's room", () => threePeopleMeet({ browser, chat }));
