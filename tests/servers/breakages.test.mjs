// Installations that are each broken in one way, with a real Prosody: what fails first in `prebindctl check`, or where only a session
// shows it in `check --deep`, names the cause and what to do. Numbers as in tests/program/breakages.test.mjs.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { clockOff } from "../lib/clock.mjs";
import { newKey } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";
import { startSite } from "../lib/xmpp_site.mjs";

const CLOCK_OFF_S = 200; // more than a token lives, less than what Prosody takes for nonsense
const URL_KEY = /prebind\.conf:\d+: bosh_service: /;
/** One Prosody for the rows that break nothing of it, its host with tokens; and two that are wrong themselves. */
const sites = {};
const places = [];

async function start(name, options) {
	const place = new Place();
	places.push(place);
	sites[name] = await startSite(place, { server: "prosody", ...options(place) });
}

before(async () => {
	await start("token", () => ({ way: "token" }));
	await start("password", () => ({ way: "password" }));
	await start("clock", (place) => ({ way: "token", env: clockOff(place, CLOCK_OFF_S) }));
	await start("elsewhere", () => ({ way: "token", bosh: { 'modules_enabled = { "bosh" }': "modules_enabled = { }" },
		more: 'VirtualHost "other.example"\n\tmodules_enabled = { "bosh" }' }));
	await start("insecure", () => ({ way: "token", bosh: { "consider_bosh_secure = true": "consider_bosh_secure = false" } }));
	await start("down", () => ({ way: "token" }));
	await sites.down.xmpp.stop();
});
after(async () => {
	for (const place of places)
		await place.close();
});

/** The configuration with that value, for as long as the test takes. */
function change(t, site, pattern, value) {
	const text = fs.readFileSync(site.prebind.conf, "utf8");
	assert.match(text, pattern);
	fs.writeFileSync(site.prebind.conf, text.replace(pattern, value));
	t.after(() => fs.writeFileSync(site.prebind.conf, text));
}

const setService = (url) => (t, site) => change(t, site, /^bosh_service = .*$/m, `bosh_service = ${url(site.port)}`);

const rows = [
	["1", { what: "another key at Prosody", deep: true, site: "token",
		damage: (t, site) => {
			const file = site.prebind.place.path("etc/bosh.key");
			const right = fs.readFileSync(file, "utf8");
			fs.writeFileSync(file, newKey().text);
			t.after(() => fs.writeFileSync(file, right));
		},
		says: /pre-bind: .*one-time token for alice@example\.org \(not-authorized\).*key.*bosh_token_key_file.*clocks/ }],
	["2", { what: "a wrong XMPP password is kept", deep: true, site: "password",
		damage: (t, { prebind }) => prebind.ctlOk(["map", "set", "alice", "alice@example.org", "--xmpp-password-stdin"], { input: "not-it\n" }),
		says: /pre-bind: .*password .*alice@example\.org \(not-authorized\).*prebindctl map set alice alice@example\.org --xmpp-password-stdin/ }],
	["2b", { what: "no XMPP password is kept", deep: true, site: "password",
		damage: (t, { prebind }) => prebind.ctlOk(["map", "delete", "alice"]),
		says: /pre-bind: .*no XMPP password.*prebindctl map set .*--xmpp-password-stdin/ }],
	["3", { what: "Prosody is down", site: "down", says: /upstream: .*no connection \(Connection refused\).*HTTP service is running at this address/, key: true }],
	["4", { what: "a wrong port", site: "token", damage: setService(() => `http://127.0.0.1:${DEAD_PORT}/http-bind`),
		says: /upstream: .*127\.0\.0\.1:1\b.*no connection \(Connection refused\)/, key: true }],
	["4c", { what: "bosh_service without /http-bind", site: "token", damage: setService((port) => `http://127.0.0.1:${port}/`),
		says: /upstream: .*check (that )?bosh_service|upstream: .*check the path/, key: true }],
	["4d", { what: "BOSH is on for another host only", site: "elsewhere",
		says: /upstream: .*HTTP status 404.*BOSH must be enabled for the host name/, key: true }],
	["7", { what: "the XMPP server's clock is ahead", deep: true, site: "clock",
		says: /pre-bind: .*one-time token for alice@example\.org \(not-authorized\).*clocks/ }],
	["22", { what: "a domain that Prosody does not serve", site: "token",
		damage: (t, site) => change(t, site, /^jid = .*$/m, "jid = {user}@other.example"),
		says: /improper-addressing.*check the key jid/ }],
	["27", { what: "consider_bosh_secure is missing", site: "insecure",
		says: /upstream: .*offers none of the mechanisms.*consider_bosh_secure/ }],
];

for (const [number, { what, site: name, deep = false, damage = () => {}, says, key = false }] of rows)
	test(`${number}: ${what}${deep ? " (--deep)" : ""}`, async (t) => {
		const site = sites[name];
		await damage(t, site);
		const { code, stdout, stderr } = await site.prebind.ctl(deep ? ["check", "--deep"] : ["check"]);
		const cause = /^FAIL .*$/m.exec(stdout)?.[0];
		t.diagnostic(`${number}: ${cause}`);
		assert.equal(code, 1, stdout + stderr);
		assert.match(cause, says, stdout);
		if (key)
			assert.match(cause, URL_KEY);
	});

test("whole: nothing fails, each session is had", async () => {
	const { code, stdout } = await sites.token.prebind.ctl(["check", "--deep"]);
	assert.equal(code, 0, stdout);
	assert.match(stdout, /^ok {4}default: pre-bind: /m);
});
