// The first changes of a run of `make pages-soak`, without an archive. The eleventh is a reload that no script hears of, of the
// only page that is online.
import { after, before, test } from "node:test";
import { changePages } from "../lib/page_changes.mjs";
import { Place } from "../lib/place.mjs";

let place;

before(() => (place = new Place()));
after(() => place.close({ logs: true }));

test("12 page changes in three tabs while two people write: nothing is lost or doubled, the number of unread ones is right", async () => {
	const { messages, again } = await changePages(place, { changes: 12, seed: 7, archive: false });
	console.log(`# ${messages} messages, ${again} of them sent again`);
});
