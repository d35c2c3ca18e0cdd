// One session for all tabs of a browser: lighttpd and ejabberd.
import { after, before, test } from "node:test";
import { SCENES } from "../lib/holder.mjs";
import { play, startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

let place, stage;

before(async () => {
	place = new Place();
	const life = await startLife(place, { web: "lighttpd", server: "ejabberd" });
	stage = { ...life, url: life.chat.url, plain: `${life.chat.origin}/news.html` };
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(SCENES))
	test(what, () => play(stage, scene));
