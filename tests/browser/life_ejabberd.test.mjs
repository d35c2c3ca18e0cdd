// What people do to pages: lighttpd and ejabberd.
import { after, before, test } from "node:test";
import { CORE, PAGES, play, RELOADS, startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "lighttpd", server: "ejabberd" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...CORE, ...RELOADS, ...PAGES }))
	test(what, () => play(stage, scene));
