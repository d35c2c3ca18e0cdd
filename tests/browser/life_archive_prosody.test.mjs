// What people do to pages, with an archive: lighttpd and Prosody. `make scenes` plays the rest.
import { after, before, test } from "node:test";
import { ARCHIVED, CORE, play, RELOADS, startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "lighttpd", server: "prosody", archive: true });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...ARCHIVED, ...CORE, ...RELOADS }))
	test(what, () => play(stage, scene));
