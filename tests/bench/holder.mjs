/*
 * `make pages-soak` runs this too: the tab that holds the session of all tabs is closed, frozen and
 * crashed again and again, while two people write.
 *   node tests/bench/holder.mjs [--ends 50] [--server prosody|ejabberd]
 */
import { parseArgs } from "node:util";
import { endHolders } from "../lib/holder.mjs";
import { startLife } from "../lib/life.mjs";
import { Place } from "../lib/place.mjs";

const { values } = parseArgs({ options: { ends: { type: "string", default: "50" }, server: { type: "string", default: "both" } } });

/** @param {number[]} times */
const median = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];

for (const server of values.server === "both" ? ["prosody", "ejabberd"] : [values.server]) {
	const place = new Place();
	const times = {};
	try {
		const life = await startLife(place, { web: "lighttpd", server });
		await endHolders({ ...life, url: life.chat.url }, Number(values.ends), (_, how, ms) => (times[how] ??= []).push(ms));
		const each = Object.entries(times).map(([how, all]) => `${how} ${all.length} times, another holds after ${Math.round(median(all))} ms (at most ${Math.round(Math.max(...all))} ms)`);
		console.log(`${server}: 0 lost, 0 doubled, one session; ${each.join("; ")}`);
	} catch (error) {
		console.log(`${server}: after ${Object.values(times).flat().length} ends: ${error.message}`);
		process.exitCode = 1;
	} finally {
		await place.close();
	}
}
