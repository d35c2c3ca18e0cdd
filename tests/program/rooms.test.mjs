// `rooms` and `staff`: what the page and /prebind.json say about them, and to whom; nothing where they are not set.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataBlock, FORM, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const ROOMS = `News@rooms.example.test "Red, </script> & \\"blue\\"" join,help@rooms.example.test`;
const STAFF = "Support@Example.test boss@example.test";
const SAID = {
	rooms: [
		{ jid: "news@rooms.example.test", name: `Red, </script> & "blue"`, join: true },
		{ jid: "help@rooms.example.test", name: "help" },
	],
	staff: ["support@example.test", "boss@example.test"],
};
let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const keys = (name, more) => ({ ...peer.site(place), hosts: `${name}.test`, ...more });
	prebind = new Prebind(place, {
		site: keys("both", { rooms: ROOMS, staff: STAFF }),
		sites: {
			converse: keys("converse", { rooms: ROOMS, staff: STAFF, client: "converse" }),
			rooms: keys("rooms", { rooms: ROOMS }),
			empty: keys("empty", { rooms: "", staff: "" }),
			off: keys("off", {}),
		},
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.spread();
	await prebind.start();
});
after(() => place.close({ logs: true }));

const at = (site) => new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: `${site}.test`, SERVER_NAME: `${site}.test` } }));

/** The data of the page, of /prebind.json with a session, and of /prebind.json without one. */
async function said(site) {
	const visitor = at(site);
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	const page = await visitor.get("/", NAVIGATION);
	const foreign = await visitor.get("/", { ...NAVIGATION, "Sec-Fetch-Site": "cross-site" });
	const post = (body) => visitor.post("/prebind.json", body, { ...FORM, ...SCRIPT });
	const answers = [await visitor.get("/prebind.json", SCRIPT), await post("bind=yes"), await post("bind=no")];
	for (const answer of [page, foreign, ...answers])
		assert.equal(answer.status, 200, answer.body);
	return [...[page, foreign].map(({ body }) => dataBlock(body)), ...answers.map(({ body }) => JSON.parse(body))];
}

const parts = ({ rooms, staff }) => ({ rooms, staff });

test("the page and /prebind.json name the rooms and the staff, with and without a session", async () => {
	const all = await said("both");
	for (const each of all)
		assert.deepEqual(parts(each), SAID);
	assert.deepEqual(all.map(({ sid }) => Boolean(sid)), [true, false, true, true, false]);
});

test("with the rooms comes the name to have in them", async () => {
	await runSql(place, prebind.databases.rooms, "UPDATE site_user SET display_name = 'Ann </script> Lee' WHERE name = 'alice'");
	for (const [site, name] of [["rooms", "Ann </script> Lee"], ["both", "alice"], ["off", undefined]])
		for (const each of await said(site))
			assert.equal(each.name, name, site);
});

test("the page of Converse.js names them too", async () => {
	const [page] = await said("converse");
	assert.deepEqual(parts(page), SAID);
});

test("what is not set is not there", async () => {
	for (const each of await said("rooms"))
		assert.deepEqual([each.rooms, "staff" in each], [SAID.rooms, false]);
	for (const site of ["off", "empty"])
		for (const each of await said(site))
			assert.deepEqual(["rooms" in each, "staff" in each], [false, false], site);
});

test("nobody reads them without a login", async () => {
	const visitor = at("both");
	for (const [path, headers] of [["/", NAVIGATION], ["/prebind.json", SCRIPT]]) {
		const answer = await visitor.get(path, headers);
		assert.ok([303, 401].includes(answer.status), String(answer.status));
		assert.doesNotMatch(answer.body, /rooms|support|boss/);
	}
});

test("prebindctl conf shows the prepared addresses, as text and as JSON", async () => {
	assert.match(await prebind.ctlOk(["conf"]), /^rooms = news@rooms\.example\.test "Red, <\/script> & \\"blue\\"" join, help@rooms\.example\.test "help"$/m);
	const site = JSON.parse(await prebind.ctlOk(["conf", "--json"])).sites.find(({ name }) => name === "default");
	assert.deepEqual(parts(site), SAID);
});
