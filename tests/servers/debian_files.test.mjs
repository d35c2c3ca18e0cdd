// Debian's own prosody.cfg.lua and ejabberd.yml, plus exactly what docs/prosody.md and docs/ejabberd.md say: the server starts,
// prebindctl check --deep is content with it, and the session is the user's.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, describe, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { askRoster, DOMAIN, endSession, startSite, WAYS, whose } from "../lib/xmpp_site.mjs";

// Six XMPP servers start side by side, so on a busy machine an answer may take longer than the default of 4 s.
const SITE = { timeout: "30s" };

const places = [];
after(async () => {
	for (const place of places.reverse())
		await place.close({ logs: true });
});

for (const name of Object.keys(WAYS).filter((each) => !each.endsWith("by PLAIN"))) {
	describe(name, () => {
		test("check --deep finds nothing wrong, and alice is bound as alice", async () => {
			const place = new Place();
			places.push(place);
			const site = await startSite(place, { ...WAYS[name], debian: true, site: SITE });
			const { code, stdout, stderr } = await site.prebind.ctl(["check", "--deep"]);
			assert.equal(code, 0, stdout + stderr);
			const session = JSON.parse(await site.prebind.ctlOk(["prebind", "alice", "--json"]));
			assert.equal(await whose(site.port, session), session.jid);
			assert.match(session.jid, new RegExp(`^alice@${DOMAIN}/`));
			assert.match(await askRoster(site.port, session), /type=['"]result/);
			await endSession(site.port, session);
		});
	});
}

test("Prosody says nothing about a key of ours that it does not use, or one that stands at the wrong place", () => {
	const logs = places.map((place) => place.children.find((child) => child.name === "prosody")).filter(Boolean);
	assert.ok(logs.length > 0);
	for (const { stdout, stderr } of logs)
		assert.doesNotMatch(stdout + stderr, /has no effect|is not a valid|duplicate|deprecated/i);
});

test("the files are Debian's", () => {
	for (const file of ["/etc/prosody/prosody.cfg.lua", "/usr/share/ejabberd/ejabberd.yml.example"])
		assert.ok(fs.statSync(file).size > 4000, file);
});
