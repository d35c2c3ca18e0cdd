// What people do to pages: Apache and Prosody.
import { after, before, test } from "node:test";
import { CORE, PAGES, play, startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "apache", server: "prosody" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...CORE, ...PAGES }))
	test(what, () => play(stage, scene));
