// /status and prebindctl status: the last hour and day, what is slow, what fails, who is limited; and who may read it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const TOKEN = "k9vJ3mZ0Q7xw2T5b";
const JSON_ONLY = { Accept: "application/json" };
const FAR = { REMOTE_ADDR: "192.0.2.7", HTTPS: "on" };

let place, peer, prebind, failed;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { processes: 2, status_token_file: place.write("etc/status.token", `${TOKEN}\n`, 0o600) },
		site: { ...peer.site(place), limit_login: "1/1m" },
	});
	await prebind.prepare({ alice: "correct horse" });
	await prebind.start();
	const alice = new Visitor((request) => prebind.request(request));
	assert.equal((await alice.login("alice", "correct horse")).status, 303);
	for (let i = 0; i < 3; i++)
		assert.equal((await alice.get("/", NAVIGATION)).status, 200);
	const mallory = new Visitor((request) => prebind.request(request));
	assert.equal((await mallory.login("alice", "wrong")).status, 401);
	assert.equal((await mallory.login("alice", "wrong")).status, 429);
	peer.answer("045-auth-non-admin");
	failed = await alice.get("/prebind.json", SCRIPT);
	assert.equal(failed.status, 502);
});
after(() => place.close({ logs: true }));

const status = async () => JSON.parse((await prebind.request({ path: "/status", headers: JSON_ONLY })).body);

function check(report) {
	for (const period of [report.hour, report.day]) {
		assert.equal(period.sessions, 3);
		assert.equal(period.sessions_failed, 1);
		assert.equal(period.errors_502, 1);
		assert.equal(period.errors, 1);
		assert.equal(period.logins, 1);
		assert.equal(period.logins_failed, 2);
		assert.equal(period.limited, 1);
		assert.ok(period.call_95_ms > 0 && period.call_median_ms <= period.call_95_ms);
	}
	const sum = (steps) => steps.reduce((total, value) => total + value, 0);
	assert.equal(report.plots.sessions.hour.length, 60);
	assert.equal(report.plots.sessions.day.length, 96);
	assert.equal(sum(report.plots.sessions.hour), 3);
	assert.equal(sum(report.plots.sessions.day), 3);
	const [failure, ...others] = report.failed;
	assert.deepEqual(others, []);
	assert.equal(failure.error, "chat_server");
	assert.equal(failure.route, "/prebind.json");
	assert.equal(failure.user, "alice");
	assert.equal(failure.request_id, failed.headers["x-request-id"]);
	assert.deepEqual(report.limited.map(({ error, route, ip }) => [error, route, ip]), [["slow_down", "/login", "127.0.0.1"]]);
}

test("as JSON: what happened is in the hour and the day, with the last failure and its request id", async () => {
	check(await status());
});

test("prebindctl status: the same, as JSON and as text", async () => {
	check(JSON.parse(await prebind.ctlOk(["status", "--json"])));
	const text = await prebind.ctlOk(["status"], { env: { LC_ALL: "C.UTF-8" } });
	assert.match(text, /^sessions +3 +3 {2}[▁-█]{60}$/m);
	assert.match(text, new RegExp(`chat_server  /prebind\\.json .* user alice .* request ${failed.headers["x-request-id"]}`));
	assert.match(await prebind.ctlOk(["status"], { env: { LC_ALL: "C" } }), /^sessions +3 +3 {2}[_.=+*#@-]{60}$/m);
});

test("as a page: plots without script, the same numbers in tables, in the reader's language", async () => {
	const page = await prebind.request({ path: "/status" });
	assert.equal(page.status, 200, page.body);
	assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
	assert.doesNotMatch(page.body, /<script/);
	const lines = [...page.body.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) => points.split(" "));
	const { plots } = await status();
	assert.deepEqual(lines.map((points) => points.length), Object.values(plots).flatMap(() => [60, 96]));
	for (const point of lines.flat())
		assert.match(point, /^\d+,\d+$/);
	assert.match(page.body, /<th scope="row">Chat sessions<\/th><td>3<\/td><td>3<\/td>/);
	assert.ok(page.body.includes(`<code>${failed.headers["x-request-id"]}</code>`));
	const german = await prebind.request({ path: "/status", headers: { "Accept-Language": "de" } });
	assert.match(german.body, /<th scope="row">Chat-Sitzungen<\/th><td>3<\/td>/);
});

test("each series has its text in each language, and each limit its series", async () => {
	const { hour } = await status();
	for (const language of ["de", "en", "fr"]) {
		const texts = JSON.parse(fs.readFileSync(path.join(top, `templates/lang/${language}.json`), "utf8"));
		assert.deepEqual(Object.keys(hour).filter((name) => !(`status_${name}` in texts)), [], language);
	}
	const { body } = await prebind.request({ path: "/metrics" });
	const limits = [...body.matchAll(/^prebind_limited_total\{limit="(\w+)"\}/gm)].map(([, name]) => `limit_${name}`);
	assert.deepEqual(Object.keys(hour).filter((name) => name.startsWith("limit_")), limits);
});

test("from elsewhere only with the token", async () => {
	for (const [who, params, expected] of [
		["elsewhere", FAR, 404],
		["a wrong token", { ...FAR, HTTP_AUTHORIZATION: `Bearer ${TOKEN}x` }, 404],
		["a proxy on this machine", { HTTP_X_FORWARDED_FOR: "192.0.2.7" }, 404],
		["the token", { ...FAR, HTTP_AUTHORIZATION: `Bearer ${TOKEN}` }, 200],
	])
		assert.equal((await prebind.request({ path: "/status", params })).status, expected, who);
});

test("plain CGI has no memory, and no such address", async () => {
	assert.equal((await prebind.cgi({ path: "/status" })).status, 404);
});

test("templates of an older version have no page: the log says which file to copy", async () => {
	fs.rmSync(place.path("templates", "status.html"));
	await prebind.stop();
	await prebind.start();
	assert.equal((await prebind.request({ path: "/status" })).status, 404);
	await until("the log to say why", () => /status\.html; copy the file/.test(prebind.child.log));
	assert.equal((await prebind.request({ path: "/status", headers: JSON_ONLY })).status, 200);
});

test("prebindctl status says so if the server does not run", async () => {
	await prebind.stop();
	const { code, stderr } = await prebind.ctl(["status"]);
	assert.equal(code, 1);
	assert.match(stderr, /the server does not answer/);
	await prebind.start();
});
