// Key trusted_proxies, from outside: what a trusted proxy says is the visitor in log, limits, scheme, Host, Origin and callers'
// addresses; what anybody else says is nothing. Who is who in the headers is a table of the unit test (forwarded.tsv).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FORM, hiddenFields, NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PROXY = "192.0.2.10";
const VISITOR = "198.51.100.7";
const STRANGER = "203.0.113.66";
const HOST = "www.example.org";
const HTTPS = { "X-Forwarded-Proto": "https" };

let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { trusted_proxies: `${PROXY} 127.0.0.1 2001:db8:1::/48` },
		site: { ...peer.site(place), jid: "{user}@example.test", hosts: HOST, allow_http: "off" },
		sites: { limited: { ...peer.site(place), jid: "{user}@example.test", hosts: "limited.example.org", allow_http: "off", limit_bind_ip: "2/1h" } },
	});
	await prebind.prepare({ alice: "correct horse" });
	await prebind.start();
});
after(() => place.close({ logs: true }));

/** One request, from the proxy if not said otherwise. */
async function ask(headers = {}, { from = PROXY, path = "/login", host = HOST, ask: way = prebind, ...more } = {}) {
	const answer = await way.request({ path, ...more, headers: { ...NAVIGATION, ...headers }, params: { REMOTE_ADDR: from, HTTP_HOST: host, ...more.params } });
	return { ...answer, id: answer.headers["x-request-id"] };
}

/** The log's line of the request. */
const lineOf = ({ id }) => until("the log's line", () => {
	const line = prebind.child.stderr.split("\n").find((one) => one.includes(id) && one.includes('"event":"request"') && one.endsWith("}"));
	return line && JSON.parse(line);
});

for (const [what, headers, from, status, ip] of [
	["X-Forwarded-For and -Proto", { ...HTTPS, "X-Forwarded-For": VISITOR }, PROXY, 200, VISITOR],
	["with a forged address before it", { ...HTTPS, "X-Forwarded-For": `${STRANGER}, ${VISITOR}` }, PROXY, 200, VISITOR],
	["Forwarded", { Forwarded: `for=${VISITOR};proto=https` }, PROXY, 200, VISITOR],
	["IPv6, with a port", { Forwarded: 'for="[2001:db8::7]:4711";proto=https' }, "2001:db8:1::1", 200, "2001:db8::7"],
	["two proxies", { ...HTTPS, "X-Forwarded-For": `${VISITOR}, 2001:db8:1::9` }, PROXY, 200, VISITOR],
	["the scheme alone", HTTPS, PROXY, 200, PROXY],
	["an address that it hides", { Forwarded: "for=_hidden;proto=https" }, PROXY, 200, PROXY],
	["plain http", { "X-Forwarded-For": VISITOR, "X-Forwarded-Proto": "http" }, PROXY, 403, VISITOR],
	["no scheme", { "X-Forwarded-For": VISITOR }, PROXY, 403, VISITOR],
	["a header that is broken", { ...HTTPS, Forwarded: 'for="' }, PROXY, 400, PROXY],
	["two headers that contradict each other", { ...HTTPS, "X-Forwarded-For": VISITOR, Forwarded: `for=${STRANGER}` }, PROXY, 400, PROXY],
	["the same from a stranger", { ...HTTPS, "X-Forwarded-For": VISITOR, Forwarded: `for=${VISITOR};proto=https` }, STRANGER, 403, STRANGER],
	["something broken from a stranger", { ...HTTPS, Forwarded: 'for="' }, STRANGER, 403, STRANGER],
])
	test(`${what}: ${status}, and the log has ${ip}`, async () => {
		const answer = await ask(headers, { from });
		assert.equal(answer.status, status, answer.body);
		assert.equal((await lineOf(answer)).ip, ip);
	});

test("a header in two lines, each a parameter of its own: the last is the proxy's", async () => {
	const answer = await ask({ ...HTTPS }, { params: { HTTP_X_FORWARDED_FOR: STRANGER }, again: [["HTTP_X_FORWARDED_FOR", VISITOR]] });
	assert.equal((await lineOf(answer)).ip, VISITOR);
});

test("the proxy's https is not the visitor's", async () => {
	const headers = { "X-Forwarded-For": VISITOR, "X-Forwarded-Proto": "http" };
	assert.equal((await ask(headers, { params: { HTTPS: "on" } })).status, 403);
	assert.equal((await ask({}, { params: { HTTPS: "on" } })).status, 200, "without headers the web server's word counts");
});

test("X-Forwarded-Host is the Host, from a trusted proxy only", async () => {
	const headers = { ...HTTPS, "X-Forwarded-For": VISITOR, "X-Forwarded-Host": HOST };
	assert.equal((await ask(headers, { host: "inside.internal" })).status, 200);
	assert.equal((await ask({ ...headers, "X-Forwarded-Host": "other.example" })).status, 404);
	assert.equal((await ask({ ...headers, "X-Forwarded-Host": "no host" })).status, 400);
	assert.equal((await ask(headers, { host: "inside.internal", from: STRANGER })).status, 404);
	assert.equal((await ask({ Forwarded: `for=${VISITOR};proto=https;host=${HOST}` }, { host: "inside.internal" })).status, 200);
});

test("cookies are Secure, and a form's Origin is the one that the browser sees", async () => {
	const headers = { ...HTTPS, "X-Forwarded-For": VISITOR, "X-Forwarded-Host": `${HOST}:8443` };
	const form = await ask(headers, { host: "inside.internal" });
	const cookie = [form.headers["set-cookie"]].flat()[0];
	assert.match(cookie, /^__Host-prebind-login=.*; Secure/);
	const old = { "Sec-Fetch-Site": undefined, "Sec-Fetch-Mode": undefined, "Sec-Fetch-Dest": undefined }; // a browser that sends none
	const send = (origin) => ask({ ...headers, ...old, Origin: origin, Cookie: cookie.split(";")[0], "Content-Type": "application/x-www-form-urlencoded" },
		{ host: "inside.internal", method: "POST", body: new URLSearchParams({ ...hiddenFields(form.body), user: "alice", password: "correct horse" }).toString() });
	assert.equal((await send(`https://${HOST}:8443`)).status, 303);
	for (const origin of [`https://${HOST}`, `http://${HOST}:8443`, "https://inside.internal"])
		assert.equal((await send(origin)).status, 403, origin);
});

test("limits count the visitor, not the proxy", async () => {
	const headers = (ip) => ({ ...HTTPS, "X-Forwarded-For": ip });
	const host = "limited.example.org";
	const form = await ask(headers(VISITOR), { host });
	const login = await ask({ ...headers(VISITOR), ...FORM, Cookie: [form.headers["set-cookie"]].flat()[0].split(";")[0], "Content-Type": "application/x-www-form-urlencoded" },
		{ host, method: "POST", body: new URLSearchParams({ ...hiddenFields(form.body), user: "alice", password: "correct horse" }).toString() });
	assert.equal(login.status, 303);
	const cookie = [login.headers["set-cookie"]].flat().find((line) => line.startsWith("__Host-prebind=")).split(";")[0];
	const bind = async (ip) => (await ask({ ...headers(ip), ...SCRIPT, Cookie: cookie }, { host, path: "/prebind.json" })).status;
	assert.deepEqual([await bind(VISITOR), await bind(VISITOR), await bind(VISITOR)], [200, 200, 429]);
	assert.equal(await bind("198.51.100.8"), 200, "another visitor, by the same proxy");
	assert.equal(await bind(`${STRANGER}, ${VISITOR}`), 429, "a forged address before the own one");
});

test("a visitor whom a proxy on this machine passes on is not on this machine", async () => {
	const deep = async (headers, from = "127.0.0.1") => (await ask({ ...HTTPS, ...headers }, { from, path: "/health?deep=1", host: HOST })).status;
	const local = (await ask({}, { from: "127.0.0.1", path: "/health?deep=1", params: { HTTPS: "on" } })).status;
	assert.equal(local, 200);
	for (const headers of [{ "X-Forwarded-For": VISITOR }, {}, { "X-Forwarded-For": "unknown" }, { "X-Forwarded-For": `127.0.0.1, ${VISITOR}` },
		{ Forwarded: "for=_x" }])
		assert.notEqual(await deep(headers), 200, JSON.stringify(headers));
});

test("a trusted proxy that does not say who visits: the log and check say so; with its word they are silent", async () => {
	const said = () => prebind.child.stderr.split("\n").filter((line) => line.includes('"event":"behind_proxy"')).map((line) => JSON.parse(line).why);
	await until("the line", () => said().some((why) => /is in trusted_proxies, but does not send the visitor/.test(why)));
	assert.match((await prebind.ctl(["--site", "default", "check"])).stdout, /^note {2}default: addresses: /m);
	assert.doesNotMatch((await prebind.ctl(["--site", "limited", "check"])).stdout, /addresses/);
});

test("plain CGI", async () => {
	const way = { request: (request) => prebind.cgi(request) };
	assert.equal((await ask({ ...HTTPS, "X-Forwarded-For": VISITOR }, { ask: way })).status, 200);
	const strangers = await ask({ ...HTTPS, "X-Forwarded-For": VISITOR }, { ask: way, from: STRANGER });
	assert.equal(strangers.status, 403);
});

for (const [value, says] of [["example.org", /trusted_proxies: "example\.org" is not an IP address/], ["192.0.2.1/24", /trusted_proxies: /], ["10.0.0.0/33", /trusted_proxies: /],
	["::1 ::1", /appears twice/]])
	test(`configuration: ${value} is refused`, async () => {
		const broken = new Prebind(new Place(), { server: { trusted_proxies: value } });
		try {
			const { code, stderr } = await broken.ctl(["check"]);
			assert.notEqual(code, 0);
			assert.match(stderr, says);
		} finally {
			await broken.place.close();
		}
	});
