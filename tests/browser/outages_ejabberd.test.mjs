// Five seconds without a network, and a restart of the XMPP server: lighttpd and ejabberd.
import { after, before, test } from "node:test";
import { play, startLife } from "../lib/life.mjs";
import { RESTARTS, SHORT_OUTAGES } from "../lib/outages.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "lighttpd", server: "ejabberd" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...SHORT_OUTAGES, ...RESTARTS }))
	test(what, () => play(stage, scene));
