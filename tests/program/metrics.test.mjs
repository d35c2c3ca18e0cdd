// /metrics: the sum over all processes, exact over a reload and a killed worker; and who may read it.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { childrenOf, signalAll } from "../lib/children.mjs";
import { NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const TOKEN = "k9vJ3mZ0Q7xw2T5b";
const PROCESSES = 2;
const ROUND = 40; // requests of each kind

let place, peer, prebind, alice;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { processes: PROCESSES, status_token_file: place.write("etc/status.token", `${TOKEN}\n`, 0o600) },
		site: { ...peer.site(place), limit_login: "1/1m" },
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
	alice = new Visitor((request) => prebind.request(request));
	assert.equal((await alice.login("alice", PASSWORD)).status, 303);
});
after(() => place.close({ logs: true }));

const workers = () => childrenOf(prebind.child.pid);

/** The samples of an OpenMetrics text, by name with labels; checks its form on the way. */
function samples(text) {
	assert.match(text, /\n# EOF\n$/);
	const found = new Map();
	let family;
	for (const line of text.trimEnd().split("\n").slice(0, -1)) {
		if (line.startsWith("# TYPE ")) {
			family = line.split(" ")[2];
			continue;
		}
		if (line.startsWith("# HELP ")) {
			assert.equal(line.split(" ")[2], family);
			continue;
		}
		const [, name, labels = "", value] = /^(\w+)(\{[^}]*\})? (-?\d+(?:\.\d+)?)$/.exec(line) ?? assert.fail(`not a sample: ${line}`);
		assert.ok(name.startsWith(family), `${name} below ${family}`);
		assert.equal(found.has(name + labels), false, `${name}${labels} twice`);
		found.set(name + labels, Number(value));
	}
	return found;
}

async function metrics(request = {}) {
	const answer = await prebind.request({ path: "/metrics", ...request });
	assert.equal(answer.status, 200, answer.body);
	assert.equal(answer.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
	return samples(answer.body);
}

/** What has been added to each sample since then. */
const added = (start, now) => Object.fromEntries([...now].map(([name, value]) => [name, value - (start.get(name) ?? 0)])
	.filter(([name, value]) => value !== 0 && !name.startsWith("prebind_upstream_seconds_bucket") && !name.endsWith("_sum")));

/** One round of requests, many at a time. */
async function ask() {
	const guest = new Visitor((request) => prebind.request(request));
	await Promise.all(Array.from({ length: ROUND }, () => [
		alice.get("/", NAVIGATION).then(({ status }) => assert.equal(status, 200)),
		alice.get("/prebind.json", SCRIPT).then(({ status }) => assert.equal(status, 200)),
		guest.get("/prebind.json", SCRIPT).then(({ status }) => assert.equal(status, 401)),
		guest.get("/there-is-no-such-page").then(({ status }) => assert.equal(status, 404)),
	]).flat());
}

const OF_A_ROUND = {
	'prebind_requests_total{route="/",status="200"}': ROUND,
	'prebind_requests_total{route="/prebind.json",status="200"}': ROUND,
	'prebind_requests_total{route="/prebind.json",status="401"}': ROUND,
	'prebind_requests_total{route="other",status="404"}': ROUND,
	'prebind_binds_total{backend="tigase",result="ok"}': 2 * ROUND,
	prebind_upstream_seconds_count: 2 * ROUND,
};
const times = (n, counts) => Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, n * value]));

test("the counters are what was asked, over a reload and the death of a worker", async () => {
	const start = await metrics();
	await ask();
	prebind.child.process.kill("SIGHUP");
	await until("the reload", () => prebind.child.log.includes('"event":"reloaded"'));
	await ask();
	const [victim, other] = workers();
	process.kill(victim, "SIGKILL");
	await until("another worker", () => workers().length === PROCESSES && !workers().includes(victim));
	await ask();
	process.kill(other, "SIGKILL");
	await until("another worker", () => workers().length === PROCESSES && !workers().includes(other));
	await ask();
	assert.deepEqual(added(start, await metrics()), { ...times(4, OF_A_ROUND), 'prebind_requests_total{route="/metrics",status="200"}': 1 });
});

test("a histogram grows to its count", async () => {
	await alice.get("/", NAVIGATION);
	const now = await metrics();
	const buckets = [...now].filter(([name]) => name.startsWith("prebind_upstream_seconds_bucket")).map(([, value]) => value);
	assert.deepEqual(buckets, [...buckets].sort((a, b) => a - b));
	assert.equal(buckets.at(-1), now.get("prebind_upstream_seconds_count"));
	assert.ok(now.get("prebind_upstream_seconds_sum") > 0);
});

test("a waiting visitor is a gauge; it is 0 after his worker's death", async () => {
	let release;
	peer.answer({ until: new Promise((resolve) => (release = resolve)) });
	const lost = alice.get("/", NAVIGATION).catch(() => "lost");
	await until("somebody to wait", async () => (await metrics()).get("prebind_waiting") === 1);
	signalAll(workers(), "SIGKILL");
	await until("other workers", async () => workers().length === PROCESSES);
	assert.equal(await lost, "lost");
	await until("nobody to wait", async () => (await metrics()).get("prebind_waiting") === 0);
	release();
	peer.answer(null);
});

test("failed logins, a limit and a breaker are counted", async () => {
	const start = await metrics();
	const mallory = new Visitor((request) => prebind.request(request));
	assert.equal((await mallory.login("alice", "wrong")).status, 401);
	assert.equal((await mallory.login("alice", "wrong")).status, 429);
	peer.answer("045-auth-non-admin");
	await until("the breaker to open", async () => {
		await alice.get("/prebind.json", SCRIPT);
		return (await metrics()).get("prebind_breakers_open") > 0;
	});
	const now = added(start, await metrics());
	assert.equal(now['prebind_logins_total{result="failed"}'], 2);
	assert.equal(now['prebind_limited_total{limit="login"}'] ?? now['prebind_limited_total{limit="login_device"}'], 1);
	assert.equal(now.prebind_breaker_opened_total, now.prebind_breakers_open);
	assert.equal(Object.entries(now).filter(([name]) => /^prebind_binds_total\{.*result="(?!ok)/.test(name))
		.reduce((sum, [, value]) => sum + value, 0), Object.entries(now)
		.filter(([name]) => /^prebind_requests_total\{route="\/prebind\.json",status="5/.test(name)).reduce((sum, [, value]) => sum + value, 0));
});

const FAR = { REMOTE_ADDR: "192.0.2.7", HTTPS: "on" };

test("from elsewhere only with the token; through a proxy on this machine, too", async () => {
	for (const [who, params, status] of [
		["elsewhere", FAR, 404],
		["a wrong token", { ...FAR, HTTP_AUTHORIZATION: `Bearer ${TOKEN}x` }, 404],
		["a part of it", { ...FAR, HTTP_AUTHORIZATION: `Bearer ${TOKEN.slice(1)}` }, 404],
		["none", { ...FAR, HTTP_AUTHORIZATION: "Bearer " }, 404],
		["Basic", { ...FAR, HTTP_AUTHORIZATION: `Basic ${TOKEN}` }, 404],
		["a proxy on this machine", { REMOTE_ADDR: "127.0.0.1", HTTP_X_FORWARDED_FOR: "192.0.2.7" }, 404],
		["the token", { ...FAR, HTTP_AUTHORIZATION: `Bearer ${TOKEN}` }, 200],
		["this machine", { REMOTE_ADDR: "::1" }, 200],
	]) {
		const answer = await prebind.request({ path: "/metrics", params });
		assert.equal(answer.status, status, who);
		if (status === 404)
			assert.equal(JSON.parse(answer.body).error, "not_found", who);
	}
	fs.chmodSync(place.path("etc", "status.token"), 0o644);
	const refused = await prebind.request({ path: "/metrics", params: { ...FAR, HTTP_AUTHORIZATION: `Bearer ${TOKEN}` } });
	assert.equal(refused.status, 404);
	await until("the log to say why", () => /"event":"status_token".*"key":"status_token_file".*chmod/.test(prebind.child.log));
	fs.chmodSync(place.path("etc", "status.token"), 0o600);
});

test("plain CGI counts nothing and has no such address", async () => {
	assert.equal((await prebind.cgi({ path: "/metrics" })).status, 404);
});
