// A site that gives no session for a while, behind the page of client = converse: lighttpd and Prosody.
import { after, before, test } from "node:test";
import { REFUSALS, startConverse } from "../lib/converse_life.mjs";
import { play } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startConverse(place, { web: "lighttpd", server: "prosody" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(REFUSALS))
	test(what, () => play(stage, scene));
