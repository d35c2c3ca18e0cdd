// The main scenes in WebKit: lighttpd and Prosody.
import { after, before, test } from "node:test";
import { ENGINE_SCENES, playEngine, startEngineStage } from "../lib/engine_scenes.mjs";
import { startWebKit } from "../lib/webkit.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startEngineStage(place, startWebKit);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(ENGINE_SCENES))
	test(what, () => playEngine(stage, scene));
