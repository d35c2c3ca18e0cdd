// What every combination has to show, and a restart of the XMPP server: Apache and ejabberd.
import { after, before, test } from "node:test";
import { THREE_TABS } from "../lib/holder.mjs";
import { CORE, play, startLife } from "../lib/life.mjs";
import { RESTARTS } from "../lib/outages.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "apache", server: "ejabberd" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...CORE, ...RESTARTS, ...THREE_TABS }))
	test(what, () => play(stage, scene));
