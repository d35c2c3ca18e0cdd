/*
 * `make pages-soak`: a thousand page changes at random in three tabs, while two people write.
 *   node tests/bench/page_changes.mjs [--changes 1000] [--seed N] [--archive yes|no]
 */
import { parseArgs } from "node:util";
import { changePages } from "../lib/page_changes.mjs";
import { Place } from "../lib/place.mjs";

const SETTLE_S = 300; // it may run beside other work, with the lowest priority

const { values } = parseArgs({
	options: {
		changes: { type: "string", default: "1000" },
		seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
		archive: { type: "string", default: "both" },
	},
});

for (const archive of values.archive === "both" ? ["no", "yes"] : [values.archive]) {
	const place = new Place();
	console.log(`Prosody, archive: ${archive}, seed ${values.seed}`);
	try {
		const began = Date.now();
		const options = { changes: Number(values.changes), seed: Number(values.seed), archive: archive === "yes", settle: SETTLE_S };
		const { changes, messages, again } = await changePages(place, { ...options, progress: (text) => console.log(`  ${text}`) });
		console.log(`  ${changes} changes, ${messages} messages (${again} refused by the server while Alice was offline, and sent again): 0 lost, 0 doubled, the number of unread ones right, in ${Math.round((Date.now() - began) / 1000)} s`);
	} catch (error) {
		console.log(`  ${error.message}`);
		process.exitCode = 1;
	} finally {
		await place.close();
	}
}
