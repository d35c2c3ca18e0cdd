// What every combination has to show: Apache and ejabberd.
import { after, before, test } from "node:test";
import { CORE, play, startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "apache", server: "ejabberd" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(CORE))
	test(what, () => play(stage, scene));
