// prebindctl check --deep tries the walls around guests on a real Prosody and ejabberd: with all settings of docs/guests.md,
// and with each of them taken away. It names the setting that is missing, and only what a guest can then do.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GUESTS, ROOM_SERVICE, SERVERS } from "../lib/guests.mjs";
import { Place } from "../lib/place.mjs";

const ROOMS = { rooms: `news@${ROOM_SERVICE} "Everybody"` };
const WALLS = ["write to users", "list a user's devices", "enter other rooms", "list the rooms", "keep contacts", "write to other servers"];

/** Changes a snippet; each text must be in it. */
const change = (changes) => (text) => Object.entries(changes).reduce((rest, [from, to]) => {
	assert.ok(rest.includes(from), `${from} in ${rest}`);
	return rest.replace(from, to);
}, text);

const NO_MODULE = { ', "prebind_guests"': "" };
const MODULE = Object.fromEntries(WALLS.slice(0, 5).filter((wall) => wall !== "list a user's devices").map((wall) => [wall, "prebind_guests"]));

/* What is taken away; what guests can do then, and the setting that check names. */
const TAKEN = {
	Prosody: {
		"with all": [{}, {}],
		"without mod_prebind_guests": [NO_MODULE, MODULE],
	},
	ejabberd: {
		"with all": [{}, {}],
		"without mod_block_strangers": [
			{ "  mod_block_strangers:\n    access: not_guests\n    allow_local_users: false\n": "" }, { "write to users": "mod_block_strangers" },
		],
		"without its allow_local_users": [{ "    allow_local_users: false\n": "" }, { "write to users": "allow_local_users: false" }],
		"without access of mod_muc": [{ "mod_muc:\n    access: not_guests\n": "mod_muc:\n" }, { "enter other rooms": "mod_muc", "list the rooms": "mod_muc" }],
		"with mod_roster": [{ "      mod_ping: {}\n": "      mod_ping: {}\n      mod_roster: {}\n" }, { "keep contacts": "mod_roster" }],
		"without s2s_access": [{ "    s2s_access: none\n": "" }, { "write to other servers": "s2s_access: none" }],
	},
};

/** A place with such a site, and what check --deep says of the guests. */
async function checked(t, start, changes, { site = ROOMS, user = "alice" } = {}) {
	const place = new Place();
	t.after(() => place.close({ logs: true }));
	const made = await start(place, { change: change(changes), site });
	const { code, stdout, stderr } = await made.prebind.ctl(["check", "--deep", "--user", user, "--json"]);
	assert.equal(stderr, "");
	return { code, lines: JSON.parse(stdout).filter(({ what }) => what === "guests") };
}

for (const [server, start] of Object.entries(SERVERS)) {
	describe(server, () => {
		for (const [what, [changes, open]] of Object.entries(TAKEN[server]))
			test(`${what} settings`, async (t) => {
				const { code, lines } = await checked(t, start, changes);
				const said = lines.map((line) => line.said).join("\n");
				assert.deepEqual(lines.map(({ ok }) => ok), WALLS.map((wall) => !(wall in open)), said);
				for (const [i, wall] of WALLS.entries()) {
					assert.ok(lines[i].said.startsWith(wall in open ? `guests can ${wall}: ` : `guests cannot ${wall}: `), lines[i].said);
					assert.ok(lines[i].said.includes(open[wall] ?? "refuses it ("), lines[i].said);
				}
				assert.equal(code, Object.keys(open).length === 0 ? 0 : 1);
			});
	});
}

describe("what is not tried", () => {
	test("rooms, where the site has none", async (t) => {
		const { code, lines } = await checked(t, SERVERS.Prosody, {}, { site: {} });
		assert.equal(lines.length, WALLS.length - 2);
		assert.equal(code, 0);
	});

	test("the rooms for guests, which are below the guests' host", async (t) => {
		const { code, lines } = await checked(t, SERVERS.ejabberd, {}, { site: { rooms: `help@rooms.${GUESTS} "Help"` } });
		assert.equal(lines.length, WALLS.length - 2);
		assert.equal(code, 0);
	});

	test("writing to a user who is one of the staff", async (t) => {
		const { code, lines } = await checked(t, SERVERS.Prosody, {}, { user: "support" });
		assert.match(lines.at(-1).said, /not of the staff/);
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
