// An XMPP server that is down, slow or out of its mind, as visitors see it: within the deadline, with the right status
// and a way to try again, and never asked twice for one session. Then the breaker, fail-over, and how many at once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dataBlock, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { DEAD_PORT, freePorts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const TIMEOUT = "600ms";
const DEADLINE_MS = 5000; // generous: the answer is there long before, but machines are busy
const CALLERS = 32;
const UPSTREAM_MAX = 4;
const RECOVERY_SECONDS = 8; // the first period is 5 s, give or take a fifth

const head = (fields) => `HTTP/1.1 200 OK\r\n${fields}\r\n`;
/** name: how it answers; what a visitor then gets */
const TROUBLES = {
	slow: { script: { way: "hang" }, status: 504, error: "chat_timeout" },
	dripping: { script: { way: "drip" }, status: 504, error: "chat_timeout" },
	closing: { script: { way: "close" }, status: 502, error: "chat_server" },
	resetting: { script: { way: "reset" }, status: 502, error: "chat_server" },
	"half-closing": {
		script: { raw: head("Content-Type: application/json\r\nContent-Length: 500\r\n") + '{"command":' },
		status: 502, error: "chat_server",
	},
	garbage: { script: { raw: "\x16\x03\x01\x00\xff\r\n\r\n" }, status: 502, error: "chat_server" },
	html: { script: { raw: head("Content-Type: text/html\r\nContent-Length: 6\r\n") + "<html>" }, status: 502, error: "chat_server" },
	broken: { script: "029-json-truncated", status: 502, error: "chat_server" },
	forbidden: { script: "045-auth-non-admin", status: 502, error: "chat_server" },
	busy: { script: { raw: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n" }, status: 502, error: "chat_server" },
};

let place, prebind, returningPort;
const jars = {};
const peers = {};

const urlOf = (port) => `http://127.0.0.1:${port}/rest/adhoc/bosh@example.test`;

before(async () => {
	place = new Place();
	const names = [...Object.keys(TROUBLES), "calm", "refusing", "backup", "narrow", "tight", "user", "second"];
	for (const name of names)
		peers[name] = await startTigasePeer({ place });
	[returningPort] = await freePorts(1);
	const site = (name, peer, keys = {}) => ({
		...peer.site(place), hosts: `${name}.example.org`, timeout: TIMEOUT, ...keys,
	});
	const sites = Object.fromEntries(Object.keys(TROUBLES).map((name) => [name, site(name, peers[name])]));
	Object.assign(sites, {
		down: site("down", peers.calm, { tigase_url: urlOf(DEAD_PORT) }),
		returning: site("returning", peers.calm, { tigase_url: urlOf(returningPort) }),
		refusing: site("refusing", peers.refusing, { tigase_password_file: place.write("etc/wrong", "not-it\n") }),
		backup: site("backup", peers.backup, { tigase_url: `${urlOf(DEAD_PORT)} ${peers.backup.url}` }),
		ordered: site("ordered", peers.calm, { tigase_url: `${peers.calm.url} ${peers.second.url}` }),
		narrow: site("narrow", peers.narrow, { timeout: "20s", upstream_max: UPSTREAM_MAX }),
		tight: site("tight", peers.tight, { timeout: "3s", upstream_max: 1 }),
		user: site("user", peers.user, { timeout: "20s", limit_bind_user: "1000/1m" }),
	});
	prebind = new Prebind(place, { server: { threads: CALLERS + 8 }, site: { ...peers.calm.site(place), hosts: "example.org" }, sites });
	await prebind.prepare({ alice: PASSWORD, bob: PASSWORD });
	await prebind.start();
});
after(() => place.close({ logs: true }));

const newVisitor = (site) => new Visitor((request) =>
	prebind.request({ ...request, headers: { ...request.headers, Host: `${site}.example.org` } }));

/** Somebody who is logged in: once at each site. */
async function visitor(site, user = "alice") {
	const logIn = async () => {
		const who = newVisitor(site);
		assert.equal((await who.login(user, PASSWORD)).status, 303);
		return who.jar;
	};
	const who = newVisitor(site);
	who.jar = await (jars[`${user} at ${site}`] ??= logIn());
	return who;
}

const page = async (site, user) => (await visitor(site, user)).get("/", NAVIGATION);
const json = async (site, user) => (await visitor(site, user)).request("POST", "/prebind.json", {
	headers: { ...SCRIPT, Origin: `http://${site}.example.org` },
});

/** The log's lines of an event at a site. */
function logged(event, site) {
	return prebind.child.stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))
		.filter((line) => line.event === event && line.site === site);
}

/** A failed page: its status, a form to try again, nothing of a session. */
function assertFailedPage(answer, status) {
	assert.equal(answer.status, status, answer.body);
	assert.match(answer.body, /<form method="\w+" action="\/chat\/">\s*<button type="submit">Try again/, "a way on");
	assert.equal(dataBlock(answer.body), null);
	assert.equal(answer.headers["cache-control"], "no-store");
}

function assertFailedJson(answer, status, error) {
	assert.equal(answer.status, status, answer.body);
	assert.deepEqual(Object.keys(JSON.parse(answer.body)).sort(), ["error", "request_id"]);
	assert.equal(JSON.parse(answer.body).error, error);
}

/** Makes a peer keep its answers until the returned function is called. */
function hold(peer) {
	let release;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	return () => {
		peer.answer(null);
		release();
	};
}

describe("trouble", () => {
	for (const [name, { script, status, error }] of Object.entries(TROUBLES)) {
		test(`${name}: page and JSON, one POST each, within the deadline`, async () => {
			const peer = peers[name];
			peer.answer(script);
			const started = Date.now();
			assertFailedPage(await page(name), status);
			assert.equal(peer.binds, 1);
			assertFailedJson(await json(name), status, error);
			assert.equal(peer.binds, 2);
			assert.ok(Date.now() - started < DEADLINE_MS);
			peer.answer(null);
			assert.equal((await page(name)).status, 200, "and when it is well again");
			assert.equal(peer.binds, 3);
		});
	}

	test("nobody there: a 502", async () => {
		assertFailedPage(await page("down"), 502);
		assertFailedJson(await json("down"), 502, "chat_server");
	});

	test("other pages are served meanwhile", async () => {
		const calls = [];
		const release = hold(peers.narrow);
		try {
			const who = await visitor("narrow");
			let waiting = true;
			for (let i = 0; i < CALLERS; i++)
				calls.push(who.get("/", NAVIGATION));
			Promise.race(calls).then(() => (waiting = false));
			await until("the calls upstream", () => peers.narrow.running === UPSTREAM_MAX);
			for (let i = 0; i < 5; i++) {
				assert.equal((await newVisitor("narrow").get("/health")).status, 200);
				assert.equal((await newVisitor("narrow").get("/login")).status, 200);
			}
			assert.equal((await newVisitor("narrow").login("bob", PASSWORD)).status, 303);
			assert.ok(waiting, "nobody was answered upstream yet");
		} finally {
			release();
		}
		for (const call of calls)
			assert.equal((await call).status, 200);
	});
});

describe("how many at once", () => {
	test(`${CALLERS} callers: ${UPSTREAM_MAX} upstream, and all are served`, async () => {
		const who = await visitor("narrow");
		const first = peers.narrow.binds;
		const answers = await Promise.all(Array.from({ length: CALLERS }, () => who.get("/", NAVIGATION)));
		assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
		assert.equal(peers.narrow.binds - first, CALLERS);
		assert.equal(peers.narrow.mostRunning, UPSTREAM_MAX);
	});

	test("who finds no place in time is asked to come again", async () => {
		await Promise.all(["alice", "bob"].map((name) => visitor("tight", name))); // the times below do not include the log-ins
		const release = hold(peers.tight);
		try {
			const first = page("tight");
			await until("the call upstream", () => peers.tight.running === 1);
			const second = await page("tight", "bob");
			assertFailedPage(second, 503);
			assert.equal(second.headers["retry-after"], "1");
			assertFailedPage(await first, 504);
			assert.equal(peers.tight.binds, 1);
		} finally {
			release();
		}
	});

	test("two of one user; the third waits, others do not", async () => {
		const calls = [];
		const release = hold(peers.user);
		try {
			for (let i = 0; i < 3; i++)
				calls.push(page("user"));
			calls.push(page("user", "bob"));
			await until("two of alice's and one of bob's", () => peers.user.running === 3);
			assert.equal((await newVisitor("user").get("/health")).status, 200);
			const bodies = peers.user.requests.map(({ body }) => body);
			assert.equal(bodies.filter((body) => body.includes("alice@")).length, 2);
		} finally {
			release();
		}
		for (const call of calls)
			assert.equal((await call).status, 200);
		assert.equal(peers.user.binds, 4);
	});
});

describe("the breaker", () => {
	test("five connections that fail open it; nobody is asked then; recovery is seen", async () => {
		for (let i = 0; i < 5; i++)
			assertFailedPage(await page("returning"), 502);
		const peer = await startTigasePeer({ place, port: returningPort });
		const refused = await page("returning");
		assertFailedPage(refused, 503);
		assert.ok(Number(refused.headers["retry-after"]) >= 1 && Number(refused.headers["retry-after"]) <= 6);
		const answer = await json("returning");
		assertFailedJson(answer, 503, "unavailable");
		assert.equal(answer.headers["retry-after"] > 0, true);
		assert.equal(peer.connections, 0);
		await until("the log", () => logged("breaker_open", "returning").length > 0);
		assert.equal(logged("breaker_open", "returning").length, 1);
		assert.match(logged("breaker_open", "returning")[0].why, /Connection refused.*HTTP service is running at this address/);

		await until("recovery", async () => (await page("returning")).status === 200, { seconds: RECOVERY_SECONDS });
		assert.equal(peer.binds, 1, "the probe was the first session");
		await until("the log", () => logged("breaker_closed", "returning").length === 1);
		assert.equal(logged("breaker_open", "returning").length, 1);
		assert.equal((await page("returning")).status, 200);
	});

	test("refused credentials open it at once, and are logged once", async () => {
		assertFailedPage(await page("refusing"), 502);
		for (let i = 0; i < 3; i++) {
			const answer = await json("refusing");
			assertFailedJson(answer, 503, "unavailable");
			assert.equal(answer.headers["retry-after"], "60");
		}
		assert.equal(peers.refusing.binds, 1);
		await until("the log", () => logged("breaker_open", "refusing").length > 0);
		const [line, ...others] = logged("breaker_open", "refusing");
		assert.equal(others.length, 0);
		assert.equal(line.level, "error");
		assert.match(line.why, /401.*tigase_password_file/);
		assert.equal(line.upstream, peers.refusing.url);
	});

	test("half of ten calls open it", async () => {
		peers.busy.answer(TROUBLES.busy.script);
		await until("a 503 of ours", async () => (await json("busy")).status === 503);
		const calls = peers.busy.binds;
		assert.ok(calls >= 10 && calls <= 13, `${calls} calls`);
		assertFailedPage(await page("busy"), 503);
		assert.equal(peers.busy.binds, calls);
	});

	test("a user at fault does not open it", async () => {
		peers.html.answer("033-json-unknown-domain");
		for (let i = 0; i < 25; i++)
			assert.equal((await json("html")).status, 502);
		peers.html.answer(null);
		assert.equal((await page("html")).status, 200);
	});
});

describe("fail-over", () => {
	test("the next address where one cannot be reached", async () => {
		const first = await page("backup");
		assert.equal(first.status, 200);
		assert.equal(peers.backup.binds, 1);
		await until("the log", () => logged("failover", "backup").length > 0);
		assert.match(logged("failover", "backup")[0].why, /Connection refused/);
		for (let i = 0; i < 6; i++)
			assert.equal((await page("backup")).status, 200);
		await until("the log", () => logged("breaker_open", "backup").length > 0);
		assert.equal(logged("failover", "backup").length, 5, "then it is left alone");
	});

	test("not where one was asked and did not answer", async () => {
		peers.calm.answer({ way: "reset" });
		assertFailedPage(await page("ordered"), 502);
		peers.calm.answer("041-auth-wrong-password");
		assertFailedPage(await page("ordered"), 502);
		assert.equal(peers.calm.binds, 2);
		assert.equal(peers.second.binds, 0);
		peers.calm.answer(null);
		assert.equal((await page("ordered")).status, 200, "the first one refuses us: it is the second one's turn");
		assert.equal(peers.calm.binds, 2);
		assert.equal(peers.second.binds, 1);
	});

	test("all must be the same component's", async () => {
		const other = peers.second.url.replace("example.test", "other.test");
		const { tigase_url, ...keys } = peers.calm.site(place);
		const conf = place.write("etc/two.conf", ["[site default]", `database = ${place.path("data", "prebind.db")}`,
			`templates = ${place.path("templates")}`, `tigase_url = ${tigase_url} ${other}`,
			...Object.entries(keys).map(([key, value]) => `${key} = ${value}`), ""].join("\n"));
		const { code, stderr } = await place.run([prebind.ctlProgram, "-c", conf, "prebind", "a@example.test"]);
		assert.equal(code, 1);
		assert.match(stderr, /tigase_url: .*bosh@other\.test differs from bosh@example\.test/);
	});

	test("prebindctl check asks every address", async () => {
		const run = await prebind.ctl(["--site", "backup", "check", "--json"]);
		assert.match(JSON.parse(run.stdout).find(({ what }) => what === "upstream").said, /Connection refused/);
	});
});
