// Cookies that a provider cannot believe: two of its name with different values, a malformed one, a forged one. The visitor
// is told which cookie to delete, and is never sent in a circle. And what is no reason to refuse anything.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { after, before, test } from "node:test";
import { NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const SID = "0123456789abcdef0123456789abcdef";
const OTHER = "fedcba9876543210fedcba9876543210";
const LOGIN_URL = "https://www.example.org/login.php";
const KEY = crypto.randomBytes(32).toString("base64url");
const COOKIES_MAX = 64;

let place, prebind;
/** Of each provider: the cookie's name, a value that is alice's, another one, and where the page's link leads. */
const ways = {
	php_session: { cookie: "PHPSESSID", good: SID, other: OTHER, link: LOGIN_URL },
	site_session: { cookie: "sid", good: SID, other: OTHER, link: LOGIN_URL },
	token: { cookie: "chat_token", good: null, other: "v1.k1.e30.AAAA", link: LOGIN_URL },
	login: { cookie: "prebind-insecure", good: null, other: "A".repeat(43), link: "/chat/login" },
	login_elsewhere: { cookie: "other-insecure", good: null, other: "A".repeat(43), link: LOGIN_URL },
};
const host = (way) => `${way.replace("_", "-")}.example.org`;

function token() {
	const now = Math.floor(Date.now() / 1000);
	const payload = Buffer.from(JSON.stringify({ user: "alice", iat: now, exp: now + 600, aud: "www.example.org" })).toString("base64url");
	const mac = crypto.createHmac("sha256", Buffer.from(KEY, "base64url")).update(`prebind-sso-v1\0k1${payload}`);
	return `v1.k1.${payload}.${mac.digest("base64url")}`;
}

async function logIn(way) {
	const visitor = new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host(way) } }));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	return visitor.jar.cookies.get(ways[way].cookie);
}

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const sessions = place.folder("sessions");
	const siteDatabase = `${place.folder("site")}/site.db`;
	await runSql(place, siteDatabase, `CREATE TABLE session (id TEXT, user TEXT); INSERT INTO session VALUES ('${SID}', 'alice');`);
	place.write(`sessions/sess_${SID}`, 'user|a:1:{s:4:"name";s:5:"alice";}', 0o600);
	const site = (way, keys) => [way, { ...peer.site(place), hosts: host(way), login_url: LOGIN_URL, ...keys }];
	prebind = new Prebind(place, {
		site: { ...peer.site(place), hosts: "example.org" },
		sites: Object.fromEntries([
			site("php_session", { identity: "php_session", php_session_path: sessions, php_session_user: "user.name" }),
			site("site_session", { identity: "site_session", site_database: siteDatabase, site_cookie: "sid",
				site_query: place.write("site/query.sql", "SELECT user FROM session WHERE id = :sid", 0o644) }),
			site("token", { identity: "token", token_key_file: place.write("etc/token.keys", `k1:${KEY}\n`), token_audience: "www.example.org" }),
			site("login", { login_url: undefined }),
			site("login_elsewhere", { session_cookie: "other" }),
			site("remote_user", { identity: "remote_user" }),
		]),
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
	ways.token.good = token();
	ways.login.good = await logIn("login");
	ways.login_elsewhere.good = await logIn("login_elsewhere");
});
after(() => place.close({ logs: true }));

const get = (way, cookie, { path = "/", headers = NAVIGATION, params = {} } = {}) =>
	prebind.request({ path, headers: { ...headers, ...(cookie === undefined ? {} : { Cookie: cookie }) }, params: { HTTP_HOST: host(way), ...params } });

for (const [way, of] of Object.entries(ways)) {
	const { cookie: name, other, link } = of;

	test(`${way}: equal values are one cookie, and commas elsewhere separate nothing`, async () => {
		for (const cookie of [`${name}=${of.good}`, `${name}=${of.good}; a=1; ${name}=${of.good}`, `a=1,${name}=${other}; ${name}=${of.good}`,
			`${name}=${of.good}; a={"b":1, ${name}=${other}}; c=,`, `${"a=1; ".repeat(COOKIES_MAX - 1)}${name}=${of.good}`]) {
			const answer = await get(way, cookie);
			assert.equal(answer.status, 200, `${cookie}: ${answer.body}`);
			assert.match(answer.body, /alice@example\.test/);
		}
	});

	test(`${way}: two different values, or a malformed one: a page that names the cookie, and no redirect`, async () => {
		for (const cookie of [`${name}=${of.good}; ${name}=${other}`, `${name}=${other}; ${name}=${of.good}`, `${name}=${of.good}; ${name}=`,
			`${name}=${of.good}; ${name}=${of.good}; ${name}=x`, `${name}="${of.good}"`, `${name}=${of.good}, ${name}=${other}`]) {
			const page = await get(way, cookie);
			assert.equal(page.status, 401, `${cookie}: ${page.body}`);
			assert.equal(page.headers.location, undefined);
			assert.ok(page.body.includes(`<code>${name}</code>`), page.body);
			assert.ok(page.body.includes(`href="${link}"`), page.body);
			assert.match(page.body, /delete it/i);
			const json = await get(way, cookie, { path: "/prebind.json", headers: SCRIPT });
			assert.equal(json.status, 401);
			assert.match(json.headers["content-type"], /^application\/json/);
			const { request_id: id, ...said } = JSON.parse(json.body);
			assert.deepEqual(said, { error: "login_required", cookie: name });
			assert.match(id, /^[0-9a-f]{16}$/);
		}
	});

	test(`${way}: no cookie, or one that is over: to the login`, async () => {
		for (const cookie of [undefined, "a=1"]) {
			const answer = await get(way, cookie);
			assert.equal(answer.status, 303);
			assert.equal(answer.headers.location.split("?")[0], link);
		}
	});

	test(`${way}: more than ${COOKIES_MAX} cookies are a 431, on the login form too`, async () => {
		const many = `${"a=1; ".repeat(COOKIES_MAX)}${name}=${of.good}`;
		for (const path of ["/", "/login", "/prebind.json"]) {
			const answer = await get(way, many, { path });
			assert.equal(answer.status, 431, path);
			assert.equal(answer.headers.location, undefined);
		}
		for (const [path, headers] of [["/prebind.json", SCRIPT], ["/login", { Accept: "application/json" }]]) {
			const json = await get(way, many, { path, headers });
			assert.equal(json.status, 431);
			assert.equal(JSON.parse(json.body).error, "headers_too_large");
		}
	});
}

test("a login at the site that no provider sees: three redirects, then a page with a link", async () => {
	const send = (request) => prebind.request({ ...request, params: { HTTP_HOST: host("php_session") } });
	const visitor = new Visitor(send);
	visitor.jar.cookies.set("OTHERNAME", SID); // PHP's, where php_session_cookie is wrong
	for (let i = 0; i < 3; i++) {
		const sent = await visitor.get("/");
		assert.deepEqual([sent.status, sent.headers.location], [303, LOGIN_URL]);
		assert.match(sent.headers["set-cookie"][0], /^prebind-insecure-sent=\d; Path=\/; HttpOnly; SameSite=Lax; Max-Age=10$/);
	}
	const page = await visitor.get("/");
	assert.equal(page.status, 401, page.body);
	assert.equal(page.headers["set-cookie"], undefined, "in ten seconds it is over");
	assert.ok(page.body.includes(`href="${LOGIN_URL}"`), page.body);
	await until("the log to say so", () => /"login_circle"/.test(prebind.child.stderr));
	assert.equal(JSON.parse((await visitor.get("/prebind.json", SCRIPT)).body).error, "login_required");
	visitor.jar.cookies.set("PHPSESSID", SID);
	assert.equal((await visitor.get("/")).status, 200);
	for (const odd of ["", "0", "x", "99", "\"3\""])
		assert.equal((await get("php_session", `prebind-insecure-sent=${odd}`)).status, 303, odd);
});

test("a forged token: the page, not the login", async () => {
	const page = await get("token", `chat_token=${token().replace(/.$/, (last) => (last === "A" ? "E" : "A"))}`);
	assert.equal(page.status, 401, page.body);
	assert.ok(page.body.includes("<code>chat_token</code>") && page.body.includes(`href="${LOGIN_URL}"`), page.body);
});

test("a name of the web server's that is not believed: no redirect, and no cookie is blamed", async () => {
	const page = await get("remote_user", undefined, { params: { REMOTE_USER: "a".repeat(300), AUTH_TYPE: "Basic" } });
	assert.equal(page.status, 401, page.body);
	assert.equal(page.headers.location, undefined);
	assert.ok(page.body.includes(`href="${LOGIN_URL}"`), page.body);
	assert.doesNotMatch(page.body, /<code>[^<]*<\/code>\. /);
	assert.doesNotMatch(page.body, /cookie/i);
});

test("two installations on one host, by session_cookie: a login here does not end the one there", async () => {
	const visitor = new Visitor((request) => prebind.request(request));
	const sendTo = (way) => { visitor.send = (request) => prebind.request({ ...request, params: { HTTP_HOST: host(way) } }); };
	for (const way of ["login", "login_elsewhere"]) {
		sendTo(way);
		assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	}
	for (const way of ["login", "login_elsewhere"]) {
		sendTo(way);
		assert.equal((await visitor.get("/")).status, 200, way);
	}
	assert.deepEqual([...visitor.jar.cookies.keys()].sort(), ["other-insecure", "prebind-insecure"]);
});
