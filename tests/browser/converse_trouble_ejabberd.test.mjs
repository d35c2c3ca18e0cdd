// What happens to networks and servers behind the page of client = converse: lighttpd and ejabberd.
import { after, before, test } from "node:test";
import { TROUBLE, startConverse } from "../lib/converse_life.mjs";
import { play } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startConverse(place, { web: "lighttpd", server: "ejabberd" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(TROUBLE))
	test(what, () => play(stage, scene));
