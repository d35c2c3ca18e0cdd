/*
 * `make demo`: prebind between a web server and an XMPP server, all on loopback and in a private folder, with two
 * users to try it with. Ctrl-C stops what was started here, and nothing else, and removes the folder.
 *   --once: ends by itself when its standard input does (for tests)
 */
import { startChat } from "./lib/chat.mjs";
import { Place } from "./lib/place.mjs";

function instructions({ url, users }) {
	const width = Math.max(...Object.keys(users).map((name) => name.length));
	const rows = Object.entries(users).map(([name, password]) => `      ${name.padEnd(width)}  password  ${password}`);
	return [
		"",
		`  Open  ${url}`,
		"",
		...rows,
		"",
		"  Log in as alice; then open the address once more in a private window and log in as bob.",
		"  They are each other's contacts: choose the name, write, and see it arrive.",
		"",
		"  Ctrl-C ends the demo.",
		"",
	].join("\n");
}

async function main() {
	console.log("prebind demo: starting");
	const place = new Place();
	try {
		const chat = await startChat(place, { progress: (text) => console.log(`  ${text}`) });
		console.log(instructions(chat));
		const ended = [chat.prosody, chat.prebind.child, chat.lighttpd].map((child) => child.end.then(() => child));
		if (process.argv.includes("--once"))
			ended.push(new Promise((resolve) => process.stdin.on("end", resolve).resume()));
		const child = await Promise.race(ended);
		if (child && !place.closing)
			throw new Error(child.gone());
	} catch (error) {
		if (!place.closing) {
			console.error(`\nprebind demo: ${error.message}`);
			process.exitCode = 1;
		}
	}
	await place.close();
}

for (const signal of ["SIGINT", "SIGTERM"]) {
	process.once(signal, () => {
		console.log("\nprebind demo: stopping");
		process.exitCode = 0; // the way it is meant to end
	});
}
await main();
