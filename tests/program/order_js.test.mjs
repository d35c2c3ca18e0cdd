// The order of the contact list, its filter, and how a row tells of the last message.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrder, matcher, previewOf, shortTime } from "../../static/order.js";

const NOW = new Date(2026, 10, 29, 15, 0);
const line = (minutesAgo, text = "hi") => ({ direction: "in", author: "", text, time: new Date(NOW.getTime() - minutesAgo * 60_000) });
const contact = (name, { online = false, known = true, unread = 0, last = null, room = null } = {}) =>
	({ jid: `${name}@example.org`, name, known, unread, last, room, resources: new Map(online ? [["x", {}]] : []) });

test("unread and recent conversations come first, then who is online, then the rest", () => {
	const list = [
		contact("offline b"),
		contact("online b", { online: true }),
		contact("recent, long ago", { online: true, last: line(600) }),
		contact("stranger", { known: false }),
		contact("recent, now", { last: line(1) }),
		contact("unread, older", { unread: 1, last: line(900) }),
		contact("unread, newer", { unread: 3, last: line(30) }),
		contact("online a", { online: true }),
		contact("offline a"),
		contact("Room", { known: false, room: { state: "joined", people: [] } }),
	];
	const expected = ["unread, newer", "unread, older", "recent, now", "recent, long ago", "Room", "stranger", "online a", "online b", "offline a", "offline b"];
	assert.deepEqual(inOrder(list).map(({ name }) => name), expected);
	assert.deepEqual(inOrder([...list].reverse()).map(({ name }) => name), expected);
});

test("the filter finds each typed word, in any order, without case and accents", () => {
	const zoe = { ...contact("Zoë Ångström"), jid: "z.a@example.org" };
	const table = [["", true], ["  ", true], ["zoe", true], ["ÅNG", true], ["angstrom zo", true], ["z.a@", true], ["zoe b", false], ["example", false], ["z.a@ex", true], ["q", false]];
	for (const [typed, found] of table) assert.equal(matcher(typed)(zoe), found, typed);
});

test("the last message is one line with its writer", () => {
	assert.equal(previewOf(line(0, "two\n\nlines ")), "two lines");
	assert.equal(previewOf({ ...line(0, "mine"), direction: "out" }), "You: mine");
	assert.equal(previewOf({ ...line(0, "all"), author: "Carol" }), "Carol: all");
	assert.equal(Array.from(previewOf(line(0, "🙂".repeat(500)))).length, 120);
});

test("today's time, this week's day, else the date", () => {
	const table = [[new Date(2026, 10, 29, 9, 5), /9:05/], [new Date(2026, 10, 28, 23, 59), /^Sat$/], [new Date(2026, 10, 24, 15, 30), /^Tue$/],
		[new Date(2026, 10, 22, 15, 0), /^Nov 22$/], [new Date(2025, 0, 2), /25/], [new Date(2026, 10, 30), /^Nov 30$/]];
	for (const [time, expected] of table) assert.match(shortTime(time, NOW), expected, String(time));
});
