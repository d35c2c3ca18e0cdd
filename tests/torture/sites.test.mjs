// A slice of calls that fail at further kinds of sites: their visitors' logins, and ours at the XMPP server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SITE_SCENES, SiteStand } from "./sites.mjs";
import { torture } from "./torture.mjs";

test("whatever fails, no site's visitor is taken for another, and the next one is known", async () => {
	const tally = await torture({ every: 100, places: true, scenes: SITE_SCENES, start: () => SiteStand.start(), stands: 2, progress: () => {} });
	assert.deepEqual(tally.complaints, []);
	assert.ok(tally.faults >= 40, tally.text());
});
