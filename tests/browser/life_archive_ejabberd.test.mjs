// What three tabs need, with an archive: Apache and ejabberd. `make scenes` plays the rest.
import { after, before, test } from "node:test";
import { THREE_TABS } from "../lib/holder.mjs";
import { ARCHIVED, play, startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "apache", server: "ejabberd", archive: true });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...ARCHIVED, ...THREE_TABS }))
	test(what, () => play(stage, scene));
