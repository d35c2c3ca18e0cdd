// A network that is gone for longer than a session lives: Apache and Prosody.
import { after, before, test } from "node:test";
import { play, startLife } from "../lib/life.mjs";
import { LOSSES } from "../lib/outages.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "apache", server: "prosody", short: true });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(LOSSES))
	test(what, () => play(stage, scene));
