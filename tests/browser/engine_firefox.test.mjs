// The main scenes in Firefox: lighttpd and Prosody.
import { after, before, test } from "node:test";
import { BACK_TO_CHAT, ENGINE_SCENES, playEngine, startEngineStage } from "../lib/engine_scenes.mjs";
import { startFirefox } from "../lib/firefox.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startEngineStage(place, startFirefox);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries({ ...ENGINE_SCENES, ...BACK_TO_CHAT }))
	test(what, () => playEngine(stage, scene));

test("what the scenes must not hear is heard: an error in the console, and what the policy forbids", async () => {
	const { chat, engine } = stage;
	const person = await engine.newPerson();
	try {
		const tab = await person.newTab();
		await tab.goto(chat.url);
		await tab.evaluate(() => {
			console.error("an error of the page");
			document.createElement("img").src = "https://other.example/picture.png";
		});
		const heard = [];
		await until("both", () => {
			heard.push(...engine.complaints());
			return ["an error of the page", "img-src https://other.example"].every((words) => heard.some((text) => text.includes(words)));
		});
	} finally {
		await person.leave();
	}
});
