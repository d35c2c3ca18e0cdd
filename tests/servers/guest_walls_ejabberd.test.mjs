// prebindctl check --deep tries the walls around guests on a real ejabberd, as guest_walls.test.mjs on Prosody: with all settings of
// docs/guests.md, without our module, and without the one against strangers too.
import { test } from "node:test";
import { wallTests } from "../lib/guest_walls.mjs";

for (const [name, run] of wallTests("ejabberd", { "with all": [{}, {}] }))
	test(name, run);

for (const [name, run] of wallTests("ejabberd alone", {
	"with all": [{}, {}],
	"without mod_block_strangers": [
		{ "  mod_block_strangers:\n    access: not_guests\n    allow_local_users: false\n": "" }, { "write to users": "mod_block_strangers" },
	],
}))
	test(name, run);
