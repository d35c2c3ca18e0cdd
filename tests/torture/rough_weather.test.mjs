// Rough weather, a row for each kind: what a visitor sees, what the operator reads, and that it heals itself. A server that
// is full of visitors is in program/server_full, a name server that does not answer in program/site_database_remote.
import assert from "node:assert/strict";
import os from "node:os";
import { after, afterEach, before, test } from "node:test";
import { childrenOf } from "../lib/children.mjs";
import { NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { runSql, writeDatabase } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { ServerStand } from "./server.mjs";
import { PASSWORD } from "./stand.mjs";

const { ENOSPC, EIO, EMFILE, ECONNABORTED } = os.constants.errno;
const DAY_S = 24 * 3600;
const DEATHS = 10;
const VISITORS = 16; // more than threads that are already in accept

/** @type {ServerStand} */
let stand;
let headers; // of somebody who is logged in

before(async () => {
	stand = await ServerStand.start();
	({ headers } = (await stand.loggedIn()).jar);
});
afterEach(() => { // also after a failure: the next test would meet its fault
	stand.plan.disarm();
	stand.plan.setClock(0);
});
after(() => stand.close());

const page = () => stand.prebind.request({ path: "/", headers: { ...headers, ...NAVIGATION } });
const json = () => stand.prebind.request({ path: "/prebind.json", headers: { ...headers, ...SCRIPT } });
const works = () => until("the page to work again", async () => (await page()).status === 200, { seconds: 60 });
const login = () => stand.visitor().login("alice", PASSWORD);
/** The operator reads this event, with these words. */
const logged = (event, words = /./) => until(`the event ${event}`, () => stand.prebind.child.stderr.split("\n")
	.some((line) => line.includes(`"event":"${event}"`) && words.test(line)));

test("the disk is full: who is in stays in, a login is a 503, and works when there is room", async () => {
	stand.plan.failAll("disk", ENOSPC);
	assert.equal((await page()).status, 200);
	const refused = await login();
	assert.equal(refused.status, 503);
	assert.equal(refused.headers["set-cookie"]?.some((line) => /^prebind-insecure=[^;]/.test(line)) ?? false, false);
	await logged("unavailable", /full|disk/);
	stand.plan.disarm();
	assert.equal((await login()).status, 303);
	await stand.assertSound();
});

test("the disk cannot be read for a while: a 503 that names the disk, and afterwards every worker works", async () => {
	stand.plan.failAll("page", EIO);
	// somebody else has written, so whichever worker answers has to read
	await runSql(stand.place, stand.prebind.database, "UPDATE login_session SET created = created");
	const refused = await login();
	assert.equal(refused.status, 503, refused.body);
	await logged("unavailable", /a read failed.*kernel/);
	stand.plan.disarm();
	await stand.assertSound();
	({ headers } = (await stand.loggedIn()).jar);
	await works();
});

test("another process locks the database: who is in stays in, a login is a 503, and works when the lock is gone", async () => {
	const unlock = await writeDatabase(stand.place, stand.prebind.database);
	assert.equal((await page()).status, 200);
	assert.equal((await login()).status, 503);
	await logged("unavailable", /lock/);
	await unlock();
	assert.equal((await login()).status, 303);
});

for (const [what, seconds] of [["a day ahead", DAY_S], ["a day back", -DAY_S]])
	test(`the clock jumps ${what}: nobody gets more than the login form, and who logs in is in, also when it is right again`, async () => {
		stand.plan.setClock(seconds);
		assert.ok([200, 303].includes((await page()).status));
		const visitor = await stand.loggedIn();
		assert.equal((await visitor.get("/")).status, 200);
		stand.plan.setClock(0);
		assert.equal((await (await stand.loggedIn()).get("/")).status, 200);
		assert.ok([200, 303].includes((await visitor.get("/")).status));
		({ headers } = (await stand.loggedIn()).jar);
		await works();
	});

for (const [what, error] of [["no descriptor is left", EMFILE], ["visitors leave before they are accepted (ECONNABORTED)", ECONNABORTED]])
	test(`${what}: a visitor waits, and is served as soon as it works again`, async () => {
		stand.plan.failAll("accept", error);
		const waiting = Promise.all(Array.from({ length: VISITORS }, json));
		await until("accept to fail", () => stand.plan.read().failed > 20);
		if (error === EMFILE) {
			await logged("accept_failed");
			assert.ok(stand.plan.read().failed < 2000, "it tries again without a pause");
		}
		stand.plan.disarm();
		assert.deepEqual((await waiting).map(({ status }) => status), Array(VISITORS).fill(200));
	});

test("the XMPP server accepts and never answers: a 504 that says so, and the next page works", async () => {
	stand.peer.answer({ way: "hang", times: 1 });
	const answer = await json();
	assert.equal(answer.status, 504, answer.body);
	assert.equal(JSON.parse(answer.body).error, "chat_timeout");
	await logged("chat_timeout", /timeout/);
	await works();
});

test(`${DEATHS} workers die in a row: visitors are served in between, and then all are there again`, async () => {
	for (let i = 0; i < DEATHS; i++) {
		await until("a worker", () => childrenOf(stand.prebind.child.pid).length > 0);
		process.kill(childrenOf(stand.prebind.child.pid)[0], "SIGKILL");
		await works();
	}
	await logged("process_died", /signal 9/);
	await stand.assertSound();
});
