// The endpoint /rest/adhoc/{jid}: every recorded request to a real Tigase sent to us, behind lighttpd and as CGI, and
// what comes back is what Tigase said, or stands in a table of differences with its reason. Then what is ours alone:
// callers, their limits, and the cookies that are worth nothing here.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Visitor } from "../lib/http.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { meaningOf, plainBody, recordedMeaning, recordedNames, recordedRequest, sendRecorded } from "../lib/recorded.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PATH = "/rest/adhoc/bosh@example.test";
const CALLER = "admin@example.test"; // of the recordings, as its password
const PASSWORD = "adminpass";
const KEYED = "keyed@example.test"; // the same, with an API key
const SITE_PASSWORD = "correct horse";

let place, peer, prebind, port, apiKey;

const basic = (name, password) => `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

/** A gateway caller; returns what prebindctl printed. */
const addCaller = (name, { password = PASSWORD, domains = "example.test", more = [], site = "default" } = {}) =>
	prebind.ctlOk(["--site", site, "gateway", "add", name, "--domains", domains, "--password-stdin", ...more], { input: `${password}\n` });

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	const [webPort, boshPort] = await freePorts(2);
	const site = (keys) => peer.site(place, { gateway: "on", limit_gateway: "off", ...keys });
	prebind = new Prebind(place, {
		site: site({ hosts: "127.0.0.1 api.example.test example.org" }),
		sites: {
			off: site({ hosts: "off.example", gateway: "off" }),
			map: site({ hosts: "map.example", accounts: "map" }),
			limited: site({ hosts: "limited.example", limit_gateway: "3/24h" }),
			silent: site({ hosts: "silent.example", tigase_url: "http://127.0.0.1:1/rest/adhoc/bosh@example.test" }),
		},
	});
	await prebind.prepare({ alice: SITE_PASSWORD });
	await addCaller(CALLER);
	await addCaller("alice@example.test", { password: "alicepass", domains: "other.test" });
	apiKey = /^api key {3}(\S{43})$/m.exec(await addCaller(KEYED, { more: ["--api-key"] }))[1];
	await prebind.spread();
	await prebind.start();
	await lighttpdFastcgi(place, { port: webPort, socket: prebind.socket, boshPort });
	port = webPort;
});
after(() => place.close({ logs: false }));

// ---- the recordings ----

const REFUSED_JID = "a JID that is no account's, or whose streams break, is refused";
const METHOD = "what is no GET or POST is a 405 with Allow";
const HANG = "nothing is there: said at once";
const ONE_COMPONENT = "bosh is the only component";
const WEB_SERVER = "the web server has rewritten it before we see it";

/**
 * Where we answer otherwise than Tigase on purpose: status, kind and fields that replace the recorded ones; lighttpd and
 * cgi: only there.
 */
const DIFFERENCES = {
	"018-xml-entities-in-resource": { why: REFUSED_JID, kind: "error", fields: {} },
	"019-xml-uppercase-jid": { why: "the JID is the one that was bound: prepared", fields: { from: "alice@example.test/Web1" } },
	"046-auth-full-jid": { why: "a caller's name is compared as a whole", status: 401 },
	"065-xml-injection-in-value": { why: REFUSED_JID, kind: "error", fields: {} },
	"070-chunked-request": { why: WEB_SERVER, status: 200, kind: "session", format: "xml", fields: { from: "alice@example.test/web1" } },
	"092-domain-only-jid": { why: REFUSED_JID, kind: "error", fields: {} },
	"093-domain-resource-jid": { why: REFUSED_JID, kind: "error", fields: {} },
	"095-resource-1100-bytes": { why: REFUSED_JID, kind: "no result", fields: {} },
	"102-domain-only-target": { why: HANG, status: 404 },
	"102-domain-only-target-long": { why: HANG, status: 404 },
	"104-other-component": { why: HANG, status: 404 },
	"104-other-component-long": { why: HANG, status: 404 },
	"107-path-double-slash": {
		why: WEB_SERVER,
		lighttpd: { status: 200, kind: "session", format: "xml", fields: { from: "alice@example.test/web1" } },
		cgi: { status: 400 },
	},
	"109-wrong-context": { why: "an address that does not exist is a 404", status: 404 },
	"110-method-put": { why: METHOD, status: 405 },
	"111-method-delete": { why: METHOD, status: 405 },
	"112-method-head": { why: METHOD, status: 405 },
	"113-method-options": { why: METHOD, status: 405 },
	"130-apikey-module-commands": { why: ONE_COMPONENT, status: 404 },
	"131-apikey-add-form": { why: ONE_COMPONENT, status: 404 },
	"150-apikey-path-encoded": {
		why: "keys belong to callers, not to paths, and the web server has decoded %40",
		status: 200, kind: "session", format: "xml", fields: { from: "alice@example.test/web1" },
	},
	"151-apikey-missing-wrong-password": { why: "the key is the caller's: who that is, is asked first", status: 401 },
	"152-apikey-twice": { why: "a parameter that comes twice is a 400 everywhere", status: 400 },
};

/** The request for us: our mount point, and in place of the recorded API keys ours. */
function adapted(name) {
	const request = recordedRequest(name);
	const keyed = /^1[45]\d-/.test(name);
	const target = request.target.replaceAll(/api-key=(?:test1|adhoconly)/g, `api-key=${apiKey}`)
		.replace("api-key=%74est1", `api-key=%${apiKey.charCodeAt(0).toString(16)}${apiKey.slice(1)}`);
	const headers = request.headers.map(([header, value]) => {
		if (header === "Api-Key" && value === "test1")
			return [header, apiKey];
		if (header === "Authorization" && keyed)
			return [header, basic(KEYED, Buffer.from(value.slice(6), "base64").toString().split(":")[1])];
		return [header, value];
	});
	return { ...request, target: `/chat${target}`, headers };
}

/** The same as a web server hands it to a CGI program. */
function asCgi(request) {
	const headers = Object.fromEntries(request.headers.filter(([name]) =>
		!/^(content-length|transfer-encoding|connection|expect)$/i.test(name)).map(([name, value]) =>
		[name, name === "Host" ? value.replace(/:\d+$/, "") : value]));
	const body = plainBody(request).toString();
	return { method: request.method, path: request.target.slice("/chat".length), headers, ...(request.method === "POST" ? { body } : {}) };
}

function expected(name, way) {
	const { why, lighttpd, cgi, ...difference } = DIFFERENCES[name] ?? {};
	const recorded = recordedMeaning(name);
	assert.ok(recorded || why, `${name}: no recorded answer, and no row in DIFFERENCES`);
	const wanted = { ...recorded, ...difference, ...{ lighttpd, cgi }[way] };
	return wanted.status === 200 ? wanted : { status: wanted.status, kind: "none", format: "", fields: {} };
}

function assertSession(fields, wanted) {
	const bare = /\/[0-9a-f]{8}-[0-9a-f-]{27}$/; // the random resource that Tigase drew
	if (bare.test(wanted.from))
		assert.match(fields.from, new RegExp(`^${wanted.from.replace(bare, "")}/web-[0-9a-f]{16}$`));
	else
		assert.equal(fields.from, wanted.from);
	assert.match(fields.sid, /^[\w-]{16,64}$/);
	assert.match(fields.rid, /^[0-9]{1,16}$/);
	assert.match(fields.hostname, /^[\w.-]+$/);
	for (const name of ["hostname", "hold", "wait"].filter((key) => key in wanted))
		assert.equal(fields[name], wanted[name], name);
}

function assertMeans(answer, wanted) {
	const meaning = meaningOf(answer);
	assert.equal(meaning.status, wanted.status, answer.body);
	assert.equal(meaning.kind, wanted.kind, answer.body);
	assert.equal(meaning.format, wanted.format);
	if (wanted.kind === "session")
		assertSession(meaning.fields, wanted.fields);
	else if (wanted.kind === "form" || (wanted.kind === "error" && wanted.fields.Error))
		assert.deepEqual(meaning.fields, wanted.fields);
	else if (wanted.kind === "none" && answer.status !== 404)
		assert.match(answer.headers["content-type"], /^(application\/(xml|json)|text\/html); charset=utf-8$/);
	assert.equal(answer.headers["www-authenticate"] !== undefined, answer.status === 401);
}

const ways = {
	lighttpd: (name) => sendRecorded(port, adapted(name)),
	cgi: (name) => prebind.cgi(asCgi(adapted(name))),
};

const NAMES = recordedNames();

test("the table of differences names recordings, and real differences", () => {
	assert.ok(NAMES.length > 100);
	for (const [name, { lighttpd, cgi, ...row }] of Object.entries(DIFFERENCES)) {
		assert.ok(NAMES.includes(name), name);
		assert.ok(row.why.length > 10, name);
		const recorded = recordedMeaning(name);
		for (const difference of lighttpd ? [lighttpd, cgi] : [row]) {
			assert.ok(recorded === null || Object.entries(difference).some(([key, value]) =>
				key !== "why" && (key === "fields" ? value.from !== recorded.fields.from : value !== recorded[key])), name);
		}
	}
});

for (const [way, send] of Object.entries(ways)) {
	describe(`recorded requests, ${way}`, () => {
		for (const name of NAMES)
			test(name, async () => assertMeans(await send(name), expected(name, way)));
	});
}

// ---- callers ----

const XML = "<command><node>pre-bind-bosh-session</node><fields><item><var>from</var><value>FROM</value></item></fields></command>";

/** One call over FastCGI. */
function call({ from = "alice@example.test/web1", name = CALLER, password = PASSWORD, host = "example.org", path = PATH,
	headers = {}, method = "POST", params = {}, body = XML.replace("FROM", from) } = {}) {
	return prebind.request({
		method, path, params,
		headers: { Host: host, "Content-Type": "text/xml", ...(name ? { Authorization: basic(name, password) } : {}), ...headers },
		...(method === "POST" ? { body } : {}),
	});
}

const code = ({ body }) => /<code>(\w+)<\/code>/.exec(body)?.[1] ?? JSON.parse(body).error;

test("the rid is the used one: one less than the next to send", async () => {
	const { fields } = meaningOf(await call());
	const own = JSON.parse(await prebind.ctlOk(["--site", "default", "prebind", "alice@example.test/web1", "--json"]));
	assert.equal(Number(fields.rid) + 1, Number(own.rid), "the scripted Tigase says the same twice");
});

test("the JID is the prepared one, however the server writes it", async () => {
	peer.answer({ jid: "\uff21LICE@example.test/web1" });
	try {
		assert.equal(meaningOf(await call()).fields.from, "alice@example.test/web1");
	} finally {
		peer.answer(null);
	}
});

test("an unknown caller and a wrong password look the same", async () => {
	const wrong = await call({ password: "wrong" });
	const unknown = await call({ name: "nobody" });
	for (const answer of [wrong, unknown]) {
		assert.equal(answer.status, 401);
		assert.equal(code(answer), "bad_credentials");
		assert.match(answer.headers["www-authenticate"], /^Basic realm="prebind"/);
	}
	const plain = ({ body }) => body.replace(/<request_id>.*/, "");
	assert.equal(plain(wrong), plain(unknown));
});

test("an error speaks the request's format", async () => {
	const json = await call({ headers: { "Content-Type": "application/json" }, body: "{}" });
	assert.equal(json.status, 500);
	assert.equal(json.headers["content-type"], "application/json; charset=utf-8");
	const { error, message, request_id: id } = JSON.parse(json.body);
	assert.equal(error, "bad_request");
	assert.match(message, /the body is not a valid command/);
	assert.equal(id, json.headers["x-request-id"]);
	const xml = await call({ body: "<x/>" });
	assert.equal(xml.status, 500);
	assert.equal(xml.headers["content-type"], "application/xml; charset=utf-8");
	assert.match(xml.body, /^<error>\n {2}<code>bad_request<\/code>\n {2}<message>.*root.*<\/message>/);
	assert.match(xml.headers["content-security-policy"], /^default-src 'none'; frame-ancestors 'none'$/);
});

test("a disabled caller, and one with a new password", async () => {
	await addCaller("shop");
	assert.equal((await call({ name: "shop" })).status, 200);
	await prebind.ctlOk(["gateway", "disable", "shop"]);
	assert.equal((await call({ name: "shop" })).status, 401);
	await prebind.ctlOk(["gateway", "enable", "shop"]);
	assert.equal((await call({ name: "shop" })).status, 200);
	const made = /^password {2}(\S{43})\n$/.exec(await prebind.ctlOk(["gateway", "passwd", "shop"]))[1];
	assert.equal((await call({ name: "shop" })).status, 401);
	assert.equal((await call({ name: "shop", password: made })).status, 200);
	await prebind.ctlOk(["gateway", "delete", "shop"]);
	assert.equal((await call({ name: "shop", password: made })).status, 401);
});

test("only from its addresses", async () => {
	await addCaller("near", { more: ["--addresses", "192.0.2.0/24,2001:db8::1"] });
	const https = { HTTPS: "on" };
	for (const [address, status] of [["192.0.2.9", 200], ["2001:db8::1", 200], ["127.0.0.1", 403], ["2001:db8::2", 403]])
		assert.equal((await call({ name: "near", params: { ...https, REMOTE_ADDR: address } })).status, status, address);
});

test("an API key in the header or in the address, not in both", async () => {
	const header = { headers: { "Api-Key": apiKey } };
	const query = { path: `${PATH}?api-key=${apiKey}` };
	assert.equal((await call({ name: KEYED, ...header })).status, 200);
	assert.equal((await call({ name: KEYED, ...query })).status, 200);
	for (const bad of [{}, { ...header, ...query }, { headers: { "Api-Key": `${apiKey}x` } }]) {
		const answer = await call({ name: KEYED, ...bad });
		assert.equal(answer.status, 403);
		assert.match(answer.body, /API key/);
	}
});

test("only in its domains", async () => {
	const jid = await call({ from: "alice@other.test/web1" });
	assert.match(meaningOf(jid).fields.Error, /Domain of the JID/);
	assert.equal((await call({ path: "/rest/adhoc/bosh@other.test" })).status, 404);
	assert.equal((await call({ path: "/rest/adhoc/bosh@" })).status, 404);
});

test("an account must be there: accounts = map", async () => {
	const host = "map.example";
	assert.match(meaningOf(await call({ host })).fields.Error, /no account/);
	await prebind.ctlOk(["--site", "map", "map", "set", "alice", "alice@example.test"]);
	assert.equal(meaningOf(await call({ host })).fields.from, "alice@example.test/web1");
	assert.match(meaningOf(await call({ host, from: "bob@example.test" })).fields.Error, /no account/);
});

test("no user gets the account in tigase_user", async () => {
	const calls = peer.requests.length;
	assert.match(meaningOf(await call({ from: "Admin@example.test/x" })).fields.Error, /no account/);
	assert.equal(peer.requests.length, calls);
});

test("hold and wait come back as they were asked for, and go nowhere", async () => {
	const fields = [["from", "alice@example.test"], ["hold", "9999"], ["wait", "0"]].map(([name, value]) => ({ var: name, value }));
	const answer = await call({
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ command: { node: "pre-bind-bosh-session", fields } }),
	});
	const meaning = meaningOf(answer);
	assert.deepEqual([meaning.fields.hold, meaning.fields.wait], ["9999", "0"]);
	const asked = JSON.parse(peer.requests.at(-1).body).command.fields;
	assert.deepEqual(asked.slice(1).map((field) => field.value), ["1", "60"], "the site's own");
});

test("a limit for each caller, with Retry-After", async () => {
	const host = "limited.example";
	for (let i = 0; i < 3; i++)
		assert.equal((await call({ host })).status, 200);
	const answer = await call({ host });
	assert.equal(answer.status, 429);
	assert.equal(code(answer), "slow_down");
	assert.ok(Number(answer.headers["retry-after"]) >= 1);
	await addCaller("other", { site: "limited" });
	assert.equal((await call({ host, name: "other" })).status, 200);
});

test("guessing ends: 50 failures an hour from one address", async () => {
	const params = { HTTPS: "on", REMOTE_ADDR: "198.51.100.7" };
	const began = Date.now();
	const guess = async (number) => (await call({ host: "limited.example", name: `guess${number}`, params })).status;
	let guesses = 0, status = await guess(0);
	for (; status === 401; status = await guess(guesses))
		guesses++;
	assert.equal(status, 429);
	const refilled = Math.floor((Date.now() - began) / 72_000); // one of 50 an hour, on a busy machine
	assert.ok(guesses >= 50 && guesses <= 50 + refilled, `${guesses} guesses`);
	assert.equal((await call({ name: "other", host: "limited.example" })).status, 200, "from another address");
});

test("the XMPP server's fault has its status and is not told", async () => {
	const answer = await call({ host: "silent.example" });
	assert.equal(answer.status, 502);
	assert.equal(code(answer), "chat_server");
	assert.doesNotMatch(answer.body, /127\.0\.0\.1|refused/);
});

test("gateway = off: there is no such address, whatever is sent", async () => {
	for (const method of ["GET", "POST", "HEAD", "PUT"]) {
		const answer = await call({ host: "off.example", method });
		assert.equal(answer.status, 404, method);
		assert.equal(answer.headers["www-authenticate"], undefined);
	}
});

test("a site user's session gives no right here", async () => {
	const visitor = new Visitor((request) => prebind.request({ ...request, headers: { Host: "example.org", ...request.headers } }));
	assert.equal((await visitor.login("alice", SITE_PASSWORD)).status, 303);
	assert.equal((await call({ name: null, headers: visitor.jar.headers })).status, 401);
	assert.equal((await call({ name: "alice", password: SITE_PASSWORD })).status, 401);
	const calls = peer.requests.length;
	assert.equal((await call({ name: CALLER, password: SITE_PASSWORD, headers: visitor.jar.headers })).status, 401);
	assert.equal(peer.requests.length, calls);
});

test("a body of 64 KiB is read, a longer one is a 413", async () => {
	const filled = (size) => XML.replace("FROM", "alice@example.test/web1").padEnd(size, " ");
	assert.equal((await call({ body: filled(65536) })).status, 200);
	assert.equal((await call({ body: filled(65537) })).status, 413);
});

test("the log has every call, and no secret", async () => {
	const before_ = prebind.child.stderr.length;
	await call({ name: KEYED, headers: { "Api-Key": apiKey } });
	await call({ password: "a-wrong-password" });
	const logged = () => prebind.child.stderr.slice(before_).split("\n").slice(0, -1).map((line) => JSON.parse(line)).filter(({ event }) => event === "gateway_bind");
	await until("both calls", () => logged().length >= 2);
	const [ok, bad] = logged();
	assert.equal(ok.caller, KEYED);
	assert.equal(ok.jid, "alice@example.test/web1");
	assert.equal(ok.result, "ok");
	assert.equal(bad.result, "bad_credentials");
	const log = prebind.child.stderr;
	for (const secret of [PASSWORD, apiKey, "a-wrong-password", basic(CALLER, PASSWORD).slice(6)])
		assert.ok(!log.includes(secret));
});

// ---- prebindctl ----

test("prebindctl gateway list", async () => {
	const rows = JSON.parse(await prebind.ctlOk(["gateway", "list", "--json"]));
	const keyed = rows.find(({ name }) => name === KEYED);
	assert.deepEqual({ ...keyed, created: 0 },
		{ name: KEYED, domains: ["example.test"], addresses: [], api_key: true, disabled: false, created: 0 });
	const text = await prebind.ctlOk(["gateway", "list"]);
	assert.match(text, /^near {2}domains example\.test {2}addresses 192\.0\.2\.0\/24 2001:db8::1$/m);
	assert.match(text, /^keyed@example\.test .*\(API key\)$/m);
});

for (const [args, why] of [
	[["a b", "--domains", "example.test"], /spaces/],
	[["a:b", "--domains", "example.test"], /colons/],
	[["Admin@Example.test", "--domains", "example.test"], /'admin@example\.test'/],
	[["@example.test", "--domains", "example.test"], /localpart/],
	[["new"], /--domains/],
	[["new", "--domains", "exa mple"], /exa mple|domain/],
	[["new", "--domains", "example.test", "--addresses", "192.0.2.1/24"], /192\.0\.2\.1\/24/],
	[["admin@example.test", "--domains", "example.test"], /already/],
]) {
	test(`prebindctl gateway add ${args.join(" ")} is refused`, async () => {
		const { code: exit, stdout, stderr } = await prebind.ctl(["gateway", "add", ...args]);
		assert.equal(exit, 1);
		assert.match(stderr, why);
		assert.equal(stdout, "", "no password of a caller that was not added");
	});
}

test("prebindctl check says when nobody may call", async () => {
	const check = async () => (await prebind.ctl(["--site", "default", "check"])).stdout;
	assert.match(await check(), /^ok {4}default: gateway: \d+ callers$/m);
	for (const { name } of JSON.parse(await prebind.ctlOk(["gateway", "list", "--json"])))
		await prebind.ctlOk(["gateway", "delete", name]);
	assert.match(await check(), /^FAIL {2}default: gateway: there is no gateway caller/m);
});
