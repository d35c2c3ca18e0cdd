// Sent, delivered, read, and the line above what is unread: in Chromium on ejabberd.
import { after, before, test } from "node:test";
import { startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";
import { SIGNS } from "../lib/signs.mjs";

let place, stage;

before(async () => {
	place = new Place();
	stage = await startLife(place, { web: "lighttpd", server: "ejabberd" });
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(SIGNS))
	test(what, () => scene(stage));
