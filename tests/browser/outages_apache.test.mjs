// Five seconds without a network: Apache and Prosody.
import { after, before, test } from "node:test";
import { play, SHORT_OUTAGES, startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "apache", server: "prosody" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(SHORT_OUTAGES))
	test(what, () => play(stage, scene));
