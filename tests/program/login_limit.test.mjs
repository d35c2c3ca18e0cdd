// Guessing passwords: ten wrong ones for an account, and it must wait longer and longer; its owner, in a browser that has
// been in before, need not. Fifty wrong ones from an address, over all accounts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { askSql, runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const DEVICE = "prebind-insecure-device";
const USERS = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	// loopback: plain http is for nobody else
	prebind = new Prebind(place, { server: { threads: 16 }, site: { ...peer.site(place), limit_login: "10/15m" } });
	await prebind.prepare(Object.fromEntries(USERS.map((name) => [name, PASSWORD])));
	await prebind.start();
});
after(() => place.close());

const visitorAt = (address) => new Visitor((request) => prebind.request({ ...request, params: { REMOTE_ADDR: address } }));

/** So many wrong passwords, a few at a time; how they were answered. */
async function guess(user, count, address, device) {
	const statuses = [];
	while (statuses.length < count) {
		const some = Math.min(4, count - statuses.length);
		statuses.push(...await Promise.all(Array.from({ length: some }, async () => {
			const one = visitorAt(address);
			if (device)
				one.jar.cookies.set(DEVICE, device);
			return (await one.login(user, "wrong")).status;
		})));
	}
	return statuses;
}

test("the eleventh wrong password is not looked at, nor is the right one then", async () => {
	assert.deepEqual(await guess("alice", 10, "127.0.1.1"), Array(10).fill(401));
	const stranger = await visitorAt("127.0.1.2").login("alice", PASSWORD);
	assert.equal(stranger.status, 429);
	const wait = Number(stranger.headers["retry-after"]);
	assert.ok(wait > 60 && wait <= 90, `Retry-After: ${wait}`);
	assert.equal((await visitorAt("127.0.1.3").login("bob", PASSWORD)).status, 303, "another account");
});

test("a name in another case, or with blanks around it, is the same account", async () => {
	for (const name of ["Alice", "ALICE", " alice", "alice "])
		assert.equal((await visitorAt("127.0.1.4").login(name, PASSWORD)).status, 429, name);
});

test("many at once are not more than ten", async () => {
	const answers = await Promise.all(Array.from({ length: 16 }, () => visitorAt("127.0.2.1").login("grace", "wrong")));
	const counted = answers.filter(({ status }) => status === 401).length;
	assert.ok(counted <= 10, `${counted} were looked at`);
	assert.ok(answers.every(({ status }) => [401, 429, 503].includes(status)));
});

test("a browser that has been in before is not locked out, and counts for itself", async () => {
	const owner = visitorAt("127.0.3.1");
	const welcome = await owner.login("carol", PASSWORD);
	assert.equal(welcome.status, 303);
	const device = owner.jar.cookies.get(DEVICE);
	assert.match(device, /^\d{10}\.[\w-]{22}\.[\w-]{43}$/);
	const cookie = welcome.headers["set-cookie"].find((text) => text.startsWith(DEVICE));
	assert.match(cookie, /; Path=\/; HttpOnly; SameSite=Lax; Max-Age=15552000$/);

	await guess("carol", 10, "127.0.3.2");
	assert.equal((await visitorAt("127.0.3.3").login("carol", PASSWORD)).status, 429);
	const again = visitorAt("127.0.3.1");
	again.jar.cookies.set(DEVICE, device);
	const second = await again.login("carol", PASSWORD);
	assert.equal(second.status, 303);
	assert.equal((second.headers["set-cookie"] ?? []).some((text) => text.startsWith(DEVICE)), false, "one is enough");

	assert.deepEqual(await guess("carol", 10, "127.0.3.4", device), Array(10).fill(401));
	const stolen = visitorAt("127.0.3.4");
	stolen.jar.cookies.set(DEVICE, device);
	assert.equal((await stolen.login("carol", PASSWORD)).status, 429, "a device that guesses waits, too");
});

test("a device cookie is for its account, and no other text is one", async () => {
	const owner = visitorAt("127.0.4.1");
	await owner.login("dave", PASSWORD);
	const device = owner.jar.cookies.get(DEVICE);
	await guess("erin", 10, "127.0.4.2");
	for (const value of [device, device.replace(/^\d/, "2"), `${device.slice(0, -1)}${device.endsWith("A") ? "B" : "A"}`, "x", "1.2.3"]) {
		const one = visitorAt("127.0.4.3");
		one.jar.cookies.set(DEVICE, value);
		assert.equal((await one.login("erin", PASSWORD)).status, 429, value);
	}
});

test("right passwords count for nothing", async () => {
	for (let i = 0; i < 3; i++) {
		const answers = await Promise.all(Array.from({ length: 4 }, () => visitorAt("127.0.5.1").login("frank", PASSWORD)));
		assert.ok(answers.every(({ status }) => status === 303));
	}
});

test("fifty wrong ones from an address, over many accounts; a known browser there is let in", async () => {
	const owner = visitorAt("127.0.6.2");
	await owner.login("heidi", PASSWORD);
	for (let i = 0; i < 10; i++)
		await guess(`nobody${i}`, 5, "127.0.6.1");
	const blocked = await visitorAt("127.0.6.1").login("heidi", PASSWORD);
	assert.equal(blocked.status, 429);
	assert.ok(Number(blocked.headers["retry-after"]) >= 1);
	const known = visitorAt("127.0.6.1");
	known.jar.cookies.set(DEVICE, owner.jar.cookies.get(DEVICE));
	assert.equal((await known.login("heidi", PASSWORD)).status, 303);
	assert.equal((await visitorAt("127.0.6.3").login("heidi", PASSWORD)).status, 303, "another address");
});

test("with limit_login = off nobody waits, and nobody gets a device cookie", async (t) => {
	const own = new Place();
	t.after(() => own.close());
	const program = new Prebind(own, { server: { listen: "" }, site: (await startTigasePeer({ place: own })).site(own) });
	await program.prepare({ alice: PASSWORD });
	const one = new Visitor((request) => program.cgi(request));
	for (let i = 0; i < 12; i++)
		assert.equal((await new Visitor((request) => program.cgi(request)).login("alice", "wrong")).status, 401);
	assert.equal((await one.login("alice", PASSWORD)).status, 303);
	assert.equal(one.jar.cookies.has(DEVICE), false);
});

test("a hash of ours that costs less than today's is made anew at the next log-in", async (t) => {
	const own = new Place();
	t.after(() => own.close());
	const program = new Prebind(own, { server: { listen: "" }, site: (await startTigasePeer({ place: own })).site(own) });
	await program.prepare({ alice: PASSWORD });
	const hash = async () => (await askSql(own, program.database, "SELECT password_hash FROM site_user", [{}]))[0];
	await runSql(own, program.database, "UPDATE site_user SET password_hash = '$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1'");
	const log = [];
	const login = async (password) => {
		const one = new Visitor(async (request) => {
			const answer = await program.cgi(request);
			log.push(answer.stderr);
			return answer;
		});
		return (await one.login("alice", password)).status;
	};
	assert.equal(await login("wrong"), 401);
	assert.match(await hash(), /\$P\$/);
	assert.equal(await login(PASSWORD), 303);
	const renewed = await hash();
	assert.match(renewed, /\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
	assert.match(log.join(""), /"event":"password_rehashed".*"user":"alice"/);
	assert.equal(await login(PASSWORD), 303);
	assert.equal(await hash(), renewed, "once is enough");
});
