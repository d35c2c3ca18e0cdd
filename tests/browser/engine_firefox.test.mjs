// The main scenes in Firefox: lighttpd and Prosody.
import { after, before, test } from "node:test";
import { BACK_TO_CHAT, ENGINE_SCENES, playEngine, startEngineStage } from "../lib/engine_scenes.mjs";
import { startFirefox } from "../lib/firefox.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startEngineStage(place, startFirefox);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...ENGINE_SCENES, ...BACK_TO_CHAT }))
	test(what, () => playEngine(stage, scene));
