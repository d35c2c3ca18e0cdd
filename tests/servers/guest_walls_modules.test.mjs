// prebindctl check --deep tries the walls around guests on a real ejabberd, as guest_walls.test.mjs on Prosody: the modules of the
// guests' host, and rooms.
import { test } from "node:test";
import { wallTests } from "../lib/guest_walls.mjs";

for (const [name, run] of wallTests("ejabberd alone", {
	"without access of mod_muc": [{ "mod_muc:\n    access: not_guests\n": "mod_muc:\n" }, { "enter other rooms": "mod_muc", "list the rooms": "mod_muc" }],
	"with mod_roster": [{ "      mod_ping: {}\n": "      mod_ping: {}\n      mod_roster: {}\n" }, { "store contacts": "mod_roster" }],
}))
	test(name, run);
