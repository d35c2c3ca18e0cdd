// prebindctl check --deep tries the walls around guests on a real Prosody: with all settings of docs/guests.md, and with
// each of them taken away. It names the setting that is missing, and only what a guest can then do.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checked, wallTests, WALLS } from "../lib/guest_walls.mjs";
import { GUESTS, SERVERS } from "../lib/guests.mjs";

const NO_MODULE = { ', "prebind_guests"': "" };
const MODULE = Object.fromEntries(WALLS.slice(0, 5).filter((wall) => wall !== "list a user's devices").map((wall) => [wall, "prebind_guests"]));

for (const [name, run] of wallTests("Prosody", {
	"with all": [{}, {}],
	"without mod_prebind_guests": [NO_MODULE, MODULE],
}))
	test(name, run);

describe("what is not tried", () => {
	test("rooms, where the site has none", async (t) => {
		const { code, lines } = await checked(t, SERVERS.Prosody, {}, { site: {} });
		assert.equal(lines.length, WALLS.length - 2);
		assert.equal(code, 0);
	});

	test("the rooms for guests, which are below the guests' host", async (t) => {
		const { code, lines } = await checked(t, SERVERS.Prosody, {}, { site: { rooms: `help@rooms.${GUESTS} "Help"` } });
		assert.equal(lines.length, WALLS.length - 2);
		assert.equal(code, 0);
	});

	test("writing to a user who is one of the staff", async (t) => {
		const { code, lines } = await checked(t, SERVERS.Prosody, {}, { user: "support" });
		assert.match(lines.at(-1).said, /not staff/);
		assert.equal(lines.length, WALLS.length - 2 + 1);
		assert.equal(code, 0);
	});

	test("anything, where the server lets no guests in", async (t) => {
		const { code, lines } = await checked(t, SERVERS.Prosody, { 'authentication = "anonymous"': 'authentication = "internal_hashed"' });
		assert.equal(lines.length, 1);
		assert.match(lines[0].said, /guest_domain: .*ANONYMOUS/);
		assert.equal(code, 1);
	});
});
