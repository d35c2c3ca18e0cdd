// Provider site_http, from outside, with a scripted site: what each answer of the site means, what the site is asked and
// with which cookies, how long an answer counts, and how many questions a thousand visitors are.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { NAVIGATION } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { DEAD_PORT, until } from "../lib/wait.mjs";
import { startSitePeer } from "../peers/site_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const VISITORS = 1000;
const CALLS_MAX = 16; // SITE_CACHE_CALLS_MAX
const HOST = "www.example.org";
const HOUR_S = 3600;

let place, peer, site, other, prebind;

const now = () => Math.floor(Date.now() / 1000);

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	site = await startSitePeer({ place });
	other = await startSitePeer({ place });
	const keys = { ...peer.site(place), identity: "site_http remote_user", site_http_url: site.url, site_http_cookies: "sid remember.me", jid: "{user|lower}@example.test" };
	prebind = new Prebind(place, {
		server: { threads: 16 },
		site: { ...keys, hosts: `${HOST} example.org`, site_http_cache: "0" },
		sites: {
			remembering: { ...keys, hosts: "remembering.example.org", site_http_cache: "30s", timeout: "30s" },
			brief: { ...keys, hosts: "brief.example.org", site_http_cache: "1s" },
			impatient: { ...keys, hosts: "impatient.example.org", timeout: "500ms" },
			dead: { ...keys, hosts: "dead.example.org", site_http_url: `http://127.0.0.1:${DEAD_PORT}/whoami` },
		},
	});
	await prebind.prepare();
	// a proxy of the environment would be asked instead of the site
	Object.assign(process.env, { http_proxy: other.url, https_proxy: other.url, all_proxy: other.url });
	await prebind.start();
	for (const name of ["http_proxy", "https_proxy", "all_proxy"])
		delete process.env[name];
});
after(() => place.close({ logs: true }));
beforeEach(() => {
	site.questions.length = 0;
	site.most = 0;
	site.answer({ status: 401 });
});

const MALLORY = { REMOTE_USER: "mallory", AUTH_TYPE: "Basic" };

/** Asks for the page; behind site_http stands a provider that would say mallory. */
async function look(cookie = "sid=a", { host = HOST, headers = {}, ask = prebind, path = "/", params = {} } = {}) {
	const page = await ask.request({ path, params: { HTTP_HOST: host, ...MALLORY, ...params },
		headers: { ...NAVIGATION, "Sec-Fetch-Site": "cross-site", ...(cookie === null ? {} : { Cookie: cookie }), ...headers } });
	return { ...page, me: /<span id="me">([^<]*)</.exec(page.body)?.[1] ?? null };
}

const reasons = () => prebind.child.stderr.split("\n").filter((line) => line.endsWith("}")).map((line) => JSON.parse(line).why);
const logged = (words) => until(`the log to say ${words}`, () => reasons().some((why) => words.test(why)), { seconds: 5 });
const alice = (more) => ({ body: { user: "alice", ...more } });

const NOBODY = "mallory";

for (const [what, answer, me] of [
	["a user", alice(), "alice"],
	["everything", alice({ display_name: "Alice A.", jid: null, email: null, id: null, expires: now() + HOUR_S, more: { x: [1] } }), "Alice A."],
	["a display name that cannot be shown", alice({ display_name: "a\nb" }), "alice"],
	["an end with a fraction", alice({ expires: now() + HOUR_S + 0.5 }), "alice"],
	["text/plain", { body: '{"user":"alice"}', headers: { "Content-Type": "text/plain" } }, "alice"],
	["no type", { body: '{"user":"alice"}' }, "alice"],
	["401", { status: 401, body: "<html>log in</html>", headers: { "Content-Type": "text/html" } }, NOBODY],
	["204", { status: 204 }, NOBODY],
	["user null", { body: { user: null } }, NOBODY],
	["user empty", { body: { user: "" } }, NOBODY],
	["a guest", { body: { user: "Guest" } }, NOBODY],
	["a session that has ended", alice({ expires: now() - 1 }), NOBODY],
])
	test(`the site answers ${what}: ${me === NOBODY ? "nobody, and the next provider is asked" : me}`, async () => {
		site.answer(answer);
		const page = await look();
		assert.equal(page.status, 200, page.body);
		assert.equal(page.me, me);
		assert.equal(site.questions.length, 1);
	});

for (const [what, answer, says] of [
	["a redirect to its login", { status: 302, headers: { Location: "/login" } }, /whoami answers 302: prebind does not follow redirects; make the site answer 401/],
	["a redirect to another host", () => ({ status: 301, headers: { Location: other.url } }), /answers 301: prebind does not follow redirects/],
	["its login page", { body: "<form>", headers: { "Content-Type": "text/html; charset=utf-8" } }, /answers with a page \(text\/html\) instead of JSON/],
	["403", { status: 403 }, /answers 403: the site must accept its own Host header/],
	["404", { status: 404 }, /answers 404: check the path/],
	["500", { status: 500, body: { user: "alice" } }, /answers 500: see the site's log/],
	["201", { status: 201, body: { user: "alice" } }, /answers 201/],
	["nothing", { body: "" }, /is not JSON/],
	["half a JSON", { body: '{"user":"alice"' }, /is not JSON/],
	["two users", { body: '{"user":"alice","user":"bob"}' }, /is not JSON/],
	["a list", { body: ["alice"] }, /has no member "user"/],
	["another member", { body: { name: "alice" } }, /has no member "user"/],
	["a number", { body: { user: 17 } }, /"user" that is neither a string nor null/],
	["a JID that is no text", alice({ jid: true }), /"jid" that is neither/],
	["an end in milliseconds", alice({ expires: Date.now() + 1000 }), /"expires" that is not a number of seconds .*milliseconds/],
	["an end as text", alice({ expires: "tomorrow" }), /"expires" that is not a number/],
	["65 KiB", alice({ display_name: "x".repeat(65 * 1024) }), /larger than 64 KiB/],
	["packed bytes", { body: "x", headers: { "Content-Encoding": "gzip" } }, /./],
	["no answer", { way: "close" }, /closed without an answer|connection broke/],
])
	test(`the site answers ${what}: 503, and nobody else is asked`, async () => {
		site.answer(typeof answer === "function" ? answer() : answer);
		const page = await look();
		assert.equal(page.status, 503, page.body);
		assert.equal(page.me, null);
		assert.equal(other.questions.length, 0);
		await logged(new RegExp(`site_http_url: .*${says.source}`));
	});

test("a name that is not one is BAD, as with every provider", async () => {
	for (const user of ["a\tb", "x".repeat(256)]) {
		site.answer({ body: { user } });
		assert.equal((await look()).status, 401);
	}
	await logged(/^site_http: the user's name/);
});

test("a JID of the site follows the rules for JIDs, and one account has one user", async () => {
	site.answer((cookie) => ({ body: { user: cookie.slice(4), jid: "pat@example.test" } }));
	const headers = { "Sec-Fetch-Site": "none" };
	assert.equal((await look("sid=ann", { headers })).status, 200);
	assert.equal((await look("sid=ben", { headers })).status, 403, "the account is ann's");
	site.answer(alice({ jid: "alice@elsewhere.test" }));
	assert.equal((await look("sid=alice", { headers })).status, 403, "another domain");
	site.answer(alice({ jid: "admin@example.test" }));
	assert.equal((await look("sid=alice", { headers })).status, 403, "deny_jids");
});

// ---- what the site is asked

test("the question: GET, the site's Host, and no header of the visitor's but the cookies", async () => {
	site.answer(alice());
	await look("a=1; sid=s%3Aabc.d+/=; other=2", { path: "/?site=evil&user=mallory", headers: {
		"X-Forwarded-Host": "evil.example", Authorization: "Basic eDp5", Accept: "text/html", "User-Agent": "browser", Origin: "https://evil.example" } });
	const [{ method, path, headers }] = site.questions;
	assert.equal(method, "GET");
	assert.equal(path, "/whoami");
	assert.match(headers["user-agent"], /^prebind\//);
	delete headers["user-agent"];
	assert.deepEqual({ ...headers }, { host: HOST, accept: "application/json", cookie: "sid=s%3Aabc.d+/=" });
	assert.equal(other.questions.length, 0, "no proxy of the environment");
});

test("over https the site is told so, as by any proxy", async () => {
	site.answer(alice());
	await look("sid=a", { params: { HTTPS: "on" } });
	assert.equal(site.questions[0].headers["x-forwarded-proto"], "https");
});

test("a Host that is not the site's is never asked for", async () => {
	for (const host of ["evil.example", "www.example.org.evil.example", "example.org@evil.example", "example.org:80:90", "a b", "example.org\r\nX: y", ""])
		assert.ok([400, 404].includes((await look("sid=a", { host })).status), host);
	assert.equal(site.questions.length, 0);
	await look("sid=a", { host: "EXAMPLE.org.:443" });
	assert.equal(site.questions[0].headers.host, "example.org");
});

for (const [what, cookie, sent] of [
	["one", "sid=a", "sid=a"],
	["both, in the configuration's order", "remember.me=r; x=y; sid=a", "sid=a; remember.me=r"],
	["percent signs and every character that a value may have", "sid=!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~%0d%0aX:%20y", "sid=!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~%0d%0aX:%20y"],
	["an empty value", "sid=; remember.me=r", "sid=; remember.me=r"],
	["the same twice", "sid=a; sid=a", "sid=a"],
	["names that only look alike", "SID=1; sid2=2; xsid=3; sid =4; remember_me=5; remember.me=r; remember.me.x=6", "remember.me=r"],
	["without blanks", "x=1;sid=a;y=2", "sid=a"],
	["a long one", `sid=${"a".repeat(7000)}`, `sid=${"a".repeat(7000)}`],
])
	test(`cookies: ${what}`, async () => {
		site.answer(alice());
		assert.equal((await look(cookie)).me, "alice");
		assert.deepEqual(site.questions.map(({ headers }) => headers.cookie), [sent]);
		const names = site.questions[0].rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
		assert.deepEqual([...new Set(names)], names, "no header twice");
	});

for (const [what, cookie] of [["none", null], ["an empty header", ""], ["others", "x=sid=a; y=1"], ["a name without a value", "sid"]])
	test(`cookies: ${what}: nobody, and no question`, async () => {
		assert.equal((await look(cookie)).me, NOBODY);
		assert.equal(site.questions.length, 0);
	});

for (const [what, cookie] of [
	["two with different values", "sid=a; sid=b"],
	["a comma, which some sites take for a semicolon", "sid=a,admin=1"],
	["quotes, in which some sites read a semicolon", 'sid="a'],
	["a blank", "sid=a b"],
	["a line of its own", "sid=a\r\nX-Evil: 1"],
	["a new line", "sid=a\nCookie: admin=1"],
	["a tab", "sid=a\tb"],
	["a backslash", "sid=a\\b"],
	["not ASCII", "sid=é"],
])
	test(`cookies: ${what}: refused, and no question`, async () => {
		site.answer(alice());
		const page = await look(cookie);
		assert.ok([400, 401].includes(page.status), `${page.status}`);
		assert.equal(page.me, null);
		assert.equal(site.questions.length, 0);
	});

test("connections are kept", async () => {
	site.answer(alice());
	await look("sid=first");
	const made = site.connections;
	for (let i = 0; i < 20; i++)
		assert.equal((await look(`sid=${i}`)).me, "alice");
	assert.equal(site.connections - made, 0);
});

// ---- how long an answer counts

test("site_http_cache = 0: each page asks, and a log-out counts at once", async () => {
	site.answer(alice());
	assert.equal((await look()).me, "alice");
	site.answer({ status: 401 });
	assert.equal((await look()).me, NOBODY);
	assert.equal(site.questions.length, 2);
});

test("an answer is remembered, also 401, and for its cookies alone", async () => {
	const ask = (cookie) => look(cookie, { host: "remembering.example.org" });
	site.answer((cookie) => (cookie === "sid=known" ? alice() : { status: 401 }));
	for (let i = 0; i < 3; i++) {
		assert.equal((await ask("sid=known")).me, "alice");
		assert.equal((await ask("sid=unknown")).me, NOBODY);
		assert.equal((await ask("sid=known; remember.me=1")).me, NOBODY);
	}
	assert.deepEqual(site.questions.map(({ headers }) => headers.cookie), ["sid=known", "sid=unknown", "sid=known; remember.me=1"]);
});

test("a failure is not remembered", async () => {
	const ask = () => look("sid=failing", { host: "remembering.example.org" });
	site.answer({ status: 500 });
	assert.equal((await ask()).status, 503);
	site.answer(alice());
	assert.equal((await ask()).me, "alice");
});

test("a remembered answer ends with `expires`, and with site_http_cache", async () => {
	const ends = now() + 2;
	for (const [host, answer] of [["remembering.example.org", alice({ expires: ends })], ["brief.example.org", alice()]]) {
		site.answer(answer);
		assert.equal((await look("sid=ending", { host })).me, "alice");
		site.answer({ status: 401 });
		await until("the answer to count no more", async () => (await look("sid=ending", { host })).me === NOBODY, { seconds: 10 });
		if (answer.body.expires)
			assert.ok(Date.now() >= ends * 1000);
	}
});

// ---- many visitors

/** All at once. Returns how many had which status. */
async function crowd(visitors) {
	const pages = await Promise.all(visitors.map(([cookie, host]) => look(cookie, { host })));
	return pages;
}

test(`${VISITORS} requests of one visitor at once: one question, whose answer all share`, async () => {
	let release;
	const pages = crowd(Array.from({ length: 200 }, () => ["sid=one", "remembering.example.org"]));
	site.answer({ ...alice(), until: new Promise((resolve) => (release = resolve)) });
	await until("the question", () => site.questions.length === 1);
	release();
	assert.ok((await pages).every(({ me }) => me === "alice"));
	for (let i = 0; i < VISITORS - 200; i += 200)
		await crowd(Array.from({ length: 200 }, () => ["sid=one", "remembering.example.org"]));
	assert.equal(site.questions.length, 1);
});

test("without a cache those who come while a question is under way share the next one", async () => {
	let release;
	site.answer({ ...alice(), until: new Promise((resolve) => (release = resolve)) });
	const first = look("sid=shared");
	await until("the first question", () => site.questions.length === 1);
	const others = crowd(Array.from({ length: 50 }, () => ["sid=shared", HOST]));
	await pause(100); // they come while it is under way; if some come later, they ask once more
	site.answer({ status: 401 }); // the user has logged out meanwhile
	release();
	assert.equal((await first).me, "alice");
	assert.ok((await others).every(({ me }) => me === NOBODY), "none of them gets the older answer");
	assert.ok(site.questions.length < 10, `${site.questions.length} questions`);
});

test(`${VISITORS} visitors of one page: a question for each, ${CALLS_MAX} at a time; then none`, async () => {
	site.answer((cookie) => ({ body: { user: `u${cookie.slice(4)}` }, until: pause(5) })); // so that many are under way
	const visitors = Array.from({ length: VISITORS }, (_, i) => [`sid=${i}`, "remembering.example.org"]);
	for (const questions of [VISITORS, VISITORS]) {
		for (let i = 0; i < VISITORS; i += 200) {
			const pages = await crowd(visitors.slice(i, i + 200));
			pages.forEach(({ me, status }, j) => assert.equal(me, `u${i + j}`, `${status}`));
		}
		assert.equal(site.questions.length, questions);
	}
	console.log(`# ${VISITORS} visitors, two pages each: ${site.questions.length} questions, at most ${site.most} at once`);
	assert.ok(site.most <= CALLS_MAX, `${site.most} at once`);
});

// ---- a site that is slow or down

test("a slow site: 503 within the request's time; nobody waits longer", async () => {
	site.answer({ way: "hang" });
	const began = performance.now();
	const pages = await crowd([["sid=a", "impatient.example.org"], ["sid=a", "impatient.example.org"], ["sid=b", "impatient.example.org"]]);
	for (const { status, me } of pages)
		assert.deepEqual([status, me], [503, null]);
	assert.ok(performance.now() - began < 8000);
	await logged(/no complete answer within \d+ ms \(key timeout\)/);
});

test("a site that is down: 503", async () => {
	const page = await look("sid=a", { host: "dead.example.org" });
	assert.equal(page.status, 503);
	await logged(/site_http_url: .*no connection \(Connection refused\): check that the site is running at this address/);
	assert.equal((await look(null, { host: "dead.example.org" })).me, NOBODY, "without a cookie nobody needs it");
});

test("plain CGI: one request, one question", async () => {
	const ask = { request: (request) => prebind.cgi(request) };
	site.answer(alice());
	for (let i = 0; i < 2; i++)
		assert.equal((await look("sid=a", { host: "remembering.example.org", ask })).me, "alice");
	assert.equal(site.questions.length, 2);
	site.answer({ status: 500 });
	assert.equal((await look("sid=a", { ask })).status, 503);
});

// ---- prebindctl check

for (const [what, answer, code, says] of [
	["401", { status: 401 }, 0, /^ok .*site_http: .*a test without a cookie correctly finds no user at \S+whoami/m],
	["204", { status: 204 }, 0, /^ok .*site_http: /m],
	["a user for everybody", alice(), 1, /^FAIL .*site_http: .*site_http_url: .* returned the user 'alice' for a request without a cookie/m],
	["a redirect", { status: 302, headers: { Location: "/login" } }, 1, /^FAIL .*site_http: .*site_http_url: .*answers 302: .*make the site answer 401/m],
	["a page", { body: "<html>", headers: { "Content-Type": "text/html" } }, 1, /^FAIL .*site_http: .*answers with a page/m],
])
	test(`check: the site answers ${what}`, async () => {
		site.answer(answer);
		const check = await prebind.ctl(["--site", "default", "check"]);
		assert.match(check.stdout, says);
		assert.equal(check.code, code, check.stdout);
		assert.deepEqual(site.questions.map(({ headers }) => [headers.host, headers.cookie]), [[HOST, undefined]]);
	});

for (const [what, keys, says] of [
	["plain http to another host", { site_http_url: "http://www.example.org/whoami" }, /site_http_url: http:\/\/www\.example\.org:80: plain http would show passwords .*use https or a loopback address$/m],
	["a password in the URL", { site_http_url: "http://a:b@127.0.0.1/whoami" }, /site_http_url: /],
	["no URL", { site_http_url: "" }, /site_http_url: is missing, .*with provider site_http/],
	["no cookie", { site_http_cookies: "" }, /site_http_cookies: is missing/],
	["a name that is not a cookie's", { site_http_cookies: "sid a;b" }, /site_http_cookies: "a;b" has a character/],
	["a cookie twice", { site_http_cookies: "sid sid" }, /site_http_cookies: "sid" appears twice/],
	["a cache that is too long", { site_http_cache: "31s" }, /site_http_cache: .*too large/],
])
	test(`configuration: ${what} is refused`, async () => {
		const broken = new Prebind(new Place(), { site: { ...peer.site(place), identity: "site_http", site_http_url: site.url, site_http_cookies: "sid", ...keys } });
		try {
			const { code, stdout, stderr } = await broken.ctl(["migrate"]).then(() => broken.ctl(["check"]));
			assert.equal(code, 1);
			assert.match(stdout + stderr, says);
		} finally {
			await broken.place.close();
		}
	});
