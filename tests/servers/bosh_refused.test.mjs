// Keys and clocks that do not fit: the server refuses, and our sentence says what to look at. (Tokens of other users and
// hosts, used ones and malformed ones cannot come from the program: prosody_token, ejabberd and extauth send them.)
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { clockOff } from "../lib/clock.mjs";
import { SCRIPT } from "../lib/http.mjs";
import { newKey } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { startSite } from "../lib/xmpp_site.mjs";

const CLOCK_OFF_S = 600;

const rows = [
	{
		name: "Prosody, token", server: "prosody", way: "token",
		key: /one-time token for alice@example\.org \(not-authorized\).*bosh_token_key_file.*clock/,
		why: /Token for alice@example\.org refused: .*another key/,
		ahead: /Token for alice@example\.org refused: it expired 5\d\d s ago: compare the clocks of both machines/,
		behind: /Token for alice@example\.org refused: it expires in 6\d\d s, more than 600: the clock/,
	},
	{
		name: "ejabberd, jwt", server: "ejabberd", way: "jwt",
		key: /JWT for alice@example\.org \(not-authorized\).*jwt_key.*bosh_jwt_key_file.*clock/,
		behind: null, // ejabberd looks only at a JWT's end
	},
];
const places = [];

/** A site, its server with another clock where that is asked for. */
async function start(row, seconds) {
	const place = new Place();
	places.push(place);
	return startSite(place, { ...row, env: seconds ? clockOff(place, seconds) : undefined });
}

before(async () => {
	await Promise.all(rows.map(async (row) => {
		row.sites = {};
		for (const [name, seconds] of [["right", 0], ["ahead", CLOCK_OFF_S], ["behind", -CLOCK_OFF_S]])
			row.sites[name] = await start(row, seconds);
	}));
});
after(async () => {
	for (const place of places)
		await place.close({ logs: true });
});

/** The refusal: in prebindctl's words and as the visitor gets it. */
async function assertRefused(site, words) {
	const { code, stdout, stderr } = await site.prebind.ctl(["prebind", "alice", "--json"]);
	assert.equal(code, 1, stdout);
	assert.equal(JSON.parse(stdout).error, "chat_server");
	assert.match(stderr, words);
	const answer = await (await site.enter("alice")).get("/prebind.json", SCRIPT);
	assert.equal(answer.status, 502);
	assert.equal(JSON.parse(answer.body).error, "chat_server");
	await until("the log to say why", () => words.test(site.prebind.child.log));
}

for (const row of rows) {
	describe(row.name, () => {
		test("with the same key and the same time it works", async () => {
			await row.sites.right.prebind.ctlOk(["prebind", "alice"]);
		});

		test("the server's clock ten minutes ahead: refused", async () => {
			await assertRefused(row.sites.ahead, row.key);
			if (row.ahead)
				await until("its log to say so", () => row.ahead.test(row.sites.ahead.xmpp.stdout));
		});

		test(`the server's clock ten minutes behind: ${row.behind ? "refused" : "taken, as its makers decided"}`, async () => {
			if (!row.behind) {
				await row.sites.behind.prebind.ctlOk(["prebind", "alice"]);
				return;
			}
			await assertRefused(row.sites.behind, row.key);
			await until("its log to say so", () => row.behind.test(row.sites.behind.xmpp.stdout));
		});

		test("another key: refused", async () => {
			const site = row.sites.right;
			const file = site.prebind.place.path("etc", "bosh.key");
			site.prebind.place.write("etc/bosh.key", newKey().text);
			const { code, stderr } = await site.prebind.ctl(["prebind", "alice"]);
			assert.equal(code, 1);
			assert.match(stderr, row.key);
			assert.ok(stderr.includes(file), stderr);
			if (row.why)
				await until("its log to say so", () => row.why.test(site.xmpp.stdout));
		});

		test("a key that is too short is said at the start", async () => {
			const site = row.sites.right;
			site.prebind.place.write("etc/bosh.key", "AAAA\n");
			const { code, stdout } = await site.prebind.ctl(["check"]);
			assert.equal(code, 1);
			assert.match(stdout, /bosh_(token|jwt)_key_file: the key has 3 bytes/);
		});
	});
}
