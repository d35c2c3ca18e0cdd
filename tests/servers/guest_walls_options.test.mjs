// prebindctl check --deep tries the walls around guests on a real ejabberd, as guest_walls.test.mjs on Prosody: single options
// taken away.
import { test } from "node:test";
import { wallTests } from "../lib/guest_walls.mjs";

for (const [name, run] of wallTests("ejabberd alone", {
	"without its allow_local_users": [{ "    allow_local_users: false\n": "" }, { "write to users": "allow_local_users: false" }],
	"without s2s_access": [{ "    s2s_access: none\n": "" }, { "write to other servers": "s2s_access: none" }],
}))
	test(name, run);
