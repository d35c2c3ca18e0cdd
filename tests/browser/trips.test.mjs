// How many requests and round trips come before the contacts are there, over a slow network. No time is held against a
// clock: `make trips` shows the times.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FLOWS, PROTOCOLS, startTripsStand } from "../bench/trips_stand.mjs";
import { Place } from "../lib/place.mjs";

const DELAY = 20; // long enough for the browser to have a free connection, or none
const MAX_DOWN = 60_000;

/** What is asked for until the end is seen; the first body asks for the contacts. More bodies and the icon may come before it. */
const NEEDED = {
	"page to roster": ["GET /chat/", "GET /chat/static/chat.css", "GET /chat/static/chat.js", "POST /http-bind"],
	"embed to button": ["GET /chat/static/embed.js", "GET /site.html", "POST /chat/prebind.json"],
	"click to roster": ["GET /chat/static/embed-panel.js", "POST /chat/prebind.json", "POST /http-bind"],
	"hover, click to roster": ["POST /chat/prebind.json", "POST /http-bind"],
};

for (const protocol of Object.keys(PROTOCOLS)) {
	describe(protocol, () => {
		let place, stand;

		before(async () => {
			place = new Place();
			stand = await startTripsStand(place, protocol);
		});
		after(() => place.close({ logs: true }));

		for (const [name, requests] of Object.entries(NEEDED)) {
			const aim = FLOWS[name].aims[protocol];
			test(`${name}: ${requests.length} requests, at most ${aim} round trips`, async () => {
				const { trips, asked, down } = await stand.run(FLOWS[name], DELAY);
				const bodies = asked.filter((one) => one.name === "POST /http-bind").map(({ body }) => body);
				const names = new Set(asked.map((one) => one.name).filter((one) => !one.endsWith("icon.svg")));
				assert.deepEqual([...names].sort(), requests);
				// Sometimes fewer: Chromium may have a second connection already.
				assert.ok(trips <= aim, `${trips}: ${JSON.stringify(asked)}`);
				assert.ok(down <= MAX_DOWN, `${down} bytes`);
				for (const part of bodies.length > 0 ? ["jabber:iq:roster", "<presence", "urn:xmpp:carbons:2"] : [])
					assert.ok(bodies[0].includes(part), `${part} is not in the first body: ${bodies[0]}`);
			});
		}
	});
}
