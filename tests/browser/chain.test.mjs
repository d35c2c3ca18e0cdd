// Two instances in a row, in Chromium: the second one's Tigase is the first one's /rest/adhoc, and behind that is
// Prosody. What went through both is a session like any other.
import { test } from "node:test";
import { startChain } from "../lib/chain.mjs";
import { startChromium } from "../lib/chromium.mjs";
import { contact, enter, leave, online, received, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";

for (const format of ["json", "xml"])
	test(`alice and bob talk through both, in ${format}`, async (t) => {
		const place = new Place();
		t.after(() => place.close({ logs: true }));
		const chat = await startChain(place, { format });
		const browser = await startChromium(place);
		const alice = await enter(browser, chat, "alice");
		const bob = await enter(browser, chat, "bob");
		await online(alice, "bob");
		await online(bob, "alice");

		await talkTo(alice, "bob");
		await write(alice, `hello in ${format}`);
		await contact(bob, "alice").locator(".unread", { hasText: "1" }).waitFor();
		await talkTo(bob, "alice");
		await received(bob, `hello in ${format}`).waitFor();
		await write(bob, "hello back");
		await received(alice, "hello back").waitFor();
		await leave(alice, bob);
	});
