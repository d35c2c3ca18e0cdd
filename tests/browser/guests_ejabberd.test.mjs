// Guests in Chromium, on ejabberd with its walls: as guests.test.mjs on Prosody.
import { after, before, test } from "node:test";
import { startChromium } from "../lib/chromium.mjs";
import { asksAndGoesOn, talksInTheRoom } from "../lib/guest_scenes.mjs";
import { GUESTS, letThroughToStaff, OPTIONS } from "../lib/guests.mjs";
import { Place } from "../lib/place.mjs";
import { startWebSite } from "../lib/web_site.mjs";

const ROOM = `help@rooms.${GUESTS}`; // that of docs/guests.md
let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startWebSite(place, OPTIONS.ejabberd(place, { site: { limit_guest_ip: "off", rooms: `${ROOM} "Help"` } }));
	await letThroughToStaff(chat.boshPort);
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

test("a guest asks the staff, the staff answer, and the guest reloads, goes on and ends the visit", () => asksAndGoesOn({ browser, chat }));

test("a guest and the staff talk in the room for guests", () => talksInTheRoom({ browser, chat, room: ROOM }));
