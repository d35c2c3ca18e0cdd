// What people do to pages, tabs and logins, and short failures of the network: lighttpd and ejabberd.
import { after, before, test } from "node:test";
import { CORE, PAGES, play, SHORT_OUTAGES, startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "lighttpd", server: "ejabberd" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...CORE, ...PAGES, ...SHORT_OUTAGES }))
	test(what, () => play(stage, scene));
