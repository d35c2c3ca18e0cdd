/*
 * What prebindctl check --deep says of the walls around guests, with settings of docs/guests.md taken away.
 */
import assert from "node:assert/strict";
import { ROOM_SERVICE, SERVERS } from "./guests.mjs";
import { Place } from "./place.mjs";

const ROOMS = { rooms: `news@${ROOM_SERVICE} "Everybody"` };
export const WALLS = ["write to users", "list a user's devices", "enter other rooms", "list the rooms", "store contacts", "write to other servers"];

/** Changes a snippet; each text must be in it. */
const change = (changes) => (text) => Object.entries(changes).reduce((rest, [from, to]) => {
	assert.ok(rest.includes(from), `${from} in ${rest}`);
	return rest.replace(from, to);
}, text);

/** A place with such a site, and what check --deep says of the guests. */
export async function checked(t, start, changes, { site = ROOMS, user = "alice" } = {}) {
	const place = new Place();
	t.after(() => place.close({ logs: true }));
	const made = await start(place, { change: change(changes), site });
	const { code, stdout, stderr } = await made.prebind.ctl(["check", "--deep", "--user", user, "--json"]);
	assert.equal(stderr, "");
	return { code, lines: JSON.parse(stdout).filter(({ what }) => what === "guests") };
}

/**
 * The tests, by name, one for each row: what is taken away; the changes in the snippet; what guests can do then, and the setting that check
 * names.
 * @param {keyof typeof SERVERS} server
 * @param {Record<string, [Record<string, string>, Record<string, string>]>} rows
 */
export const wallTests = (server, rows) =>
	Object.entries(rows).map(([what, [changes, open]]) => {
		const run = async (t) => {
			const { code, lines } = await checked(t, SERVERS[server], changes);
			const said = lines.map((line) => line.said).join("\n");
			assert.deepEqual(lines.map(({ ok }) => ok), WALLS.map((wall) => !(wall in open)), said);
			for (const [i, wall] of WALLS.entries()) {
				assert.ok(lines[i].said.startsWith(wall in open ? `guests can ${wall}, because ` : `guests cannot ${wall}: `), lines[i].said);
				assert.ok(lines[i].said.includes(open[wall] ?? "refuses it ("), lines[i].said);
			}
			assert.equal(code, Object.keys(open).length === 0 ? 0 : 1);
		};
		return /** @type {const} */ ([`${server}, ${what} settings`, run]);
	});
