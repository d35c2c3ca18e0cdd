// Each documented way to log in, on a real server: a session that any HTTP client goes on with.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { askRoster, DOMAIN, endSession, goOn, startSite, WAYS, whose } from "../lib/xmpp_site.mjs";

/** The mechanism that has to be chosen. */
const MECHANISMS = { password: "SCRAM-SHA-1", token: "PLAIN", jwt: "PLAIN", oauth: "X-OAUTH2" };

const places = [];
const sites = new Map();

/** One server for both ways with a password. */
async function start(name) {
	const place = new Place();
	places.push(place);
	const beside = name.endsWith("by PLAIN") ? await sites.get(name.replace("PLAIN", "SCRAM")) : undefined;
	return startSite(place, { ...WAYS[name], beside });
}

before(async () => {
	for (const name of Object.keys(WAYS)) {
		const started = start(name);
		started.catch(() => {}); // the test that waits for it says so
		sites.set(name, started);
	}
	await Promise.all(sites.values());
});
after(async () => {
	for (const place of places.reverse())
		await place.close({ logs: true });
});

async function assertLives(port, session, user) {
	assert.match(session.jid, new RegExp(`^${user}@${DOMAIN}/web-[0-9a-f]{16}$`));
	assert.match(session.rid, /^[0-9]{1,16}$/);
	assert.equal(await whose(port, session), session.jid);
	const roster = await askRoster(port, session);
	assert.match(roster, /type=['"]result/);
	assert.match(roster, new RegExp(`<item [^>]*jid=['"]${user === "alice" ? "bob" : "alice"}@${DOMAIN}['"]`));
}

for (const name of Object.keys(WAYS)) {
	describe(name, () => {
		let site;
		before(async () => {
			site = await sites.get(name);
		});

		test("prebindctl prebind", async () => {
			const session = JSON.parse(await site.prebind.ctlOk(["prebind", "alice", "--json"]));
			await assertLives(site.port, session, "alice");
			await endSession(site.port, session);
		});

		test("the page and /prebind.json, each user as themselves", async () => {
			for (const user of ["alice", "bob"]) {
				const visitor = await site.enter(user);
				for (let i = 0; i < 3; i++) {
					const answer = await visitor.post("/prebind.json", {}, SCRIPT);
					assert.equal(answer.status, 200, answer.body + site.prebind.child.log);
					const session = JSON.parse(answer.body);
					await assertLives(site.port, session, user);
					await endSession(site.port, session);
				}
			}
		});

		test("the mechanism, and how long a session lives, by prebindctl check", async () => {
			const { code, stdout, stderr } = await site.prebind.ctl(["check", "--deep"]);
			assert.equal(code, 0, stdout + stderr);
			const mechanism = name.endsWith("by PLAIN") ? "PLAIN" : MECHANISMS[site.way];
			assert.match(stdout, new RegExp(`offers .*\\b${mechanism}\\b`));
			assert.match(stdout, site.server === "prosody" ? /no browser uses expires after 60 s/ : /no browser uses expires after 30 s/);
		});

		test("a fixed resource: the newer session ends the older, and nobody else's", async () => {
			const jid = `alice@${DOMAIN}/desk`;
			const bind = async (who) => JSON.parse(await site.prebind.ctlOk(["prebind", who, "--json"]));
			const [first, bob] = [await bind(jid), await bind(`bob@${DOMAIN}/desk`)];
			const second = await bind(jid);
			assert.equal(second.jid, jid);
			assert.equal(await whose(site.port, second), jid);
			assert.equal(await whose(site.port, bob), `bob@${DOMAIN}/desk`);
			const { status, body } = await goOn(site.port, first, "");
			assert.ok(status === 404 || /terminate/.test(body), `${status} ${body}`);
			await endSession(site.port, second);
			await endSession(site.port, bob);
		});
	});
}
