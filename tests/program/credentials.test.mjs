// /credentials.json: who gets a one-time password, and under which headers and limits. What servers make of it is in
// tests/servers/impersonation and tests/browser/xmpp_servers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FORM, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { makeJwt, makeToken, newKey, now } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";

const PASSWORD = "alice's own";
const PATH = "/credentials.json";

const key = newKey();
let place, prebind;

before(async () => {
	place = new Place();
	const keyFile = place.write("etc/bosh.key", key.text);
	const token = { backend: "bosh", bosh_service: `http://127.0.0.1:${DEAD_PORT}/http-bind`, bosh_auth: "token", bosh_token_key_file: keyFile };
	const sites = {
		default: { ...token, credentials: "on" },
		jwt: { ...token, bosh_auth: "jwt", bosh_jwt_key_file: keyFile, credentials: "on" },
		off: token,
		fixed: { ...token, credentials: "on", resource: "desk" },
		server: { ...token, credentials: "on", resource: "server" },
		map: { ...token, credentials: "on", accounts: "map" },
		limited: { ...token, credentials: "on", limit_bind_user: "5/24h" },
		https: { ...token, credentials: "on", allow_http: "off" },
	};
	for (const [name, keys] of Object.entries(sites))
		keys.hosts = `${name}.example.org`;
	const { default: site, ...others } = sites;
	prebind = new Prebind(place, { site, sites: others });
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
});
after(() => place.close());

const at = (site) => new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: `${site}.example.org` } }));

async function alice(site = "default") {
	const visitor = at(site);
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	return visitor;
}

async function given(visitor) {
	const answer = await visitor.get(PATH, SCRIPT);
	assert.equal(answer.status, 200, answer.body);
	return JSON.parse(answer.body);
}

test("a token for the visitor's JID, with the site's resource; another each time", async () => {
	const visitor = await alice();
	const [one, two] = [await given(visitor), await given(visitor)];
	assert.deepEqual(Object.keys(one), ["jid", "password"]);
	assert.match(one.jid, /^alice@example\.org\/web-[0-9a-f]{16}$/);
	assert.notEqual(one.jid, two.jid);
	assert.notEqual(one.password, two.password);
	const [expiry, nonce] = one.password.split(":");
	assert.equal(one.password, makeToken(key.key, { user: "alice", host: "example.org", expiry, nonce }));
	assert.ok(Math.abs(Number(expiry) - now() - 60) <= 5);
	assert.equal((await given(await alice("fixed"))).jid, "alice@example.org/desk");
	assert.equal((await given(await alice("server"))).jid, "alice@example.org");
});

test("a JWT where the server takes those", async () => {
	const { jid, password } = await given(await alice("jwt"));
	assert.match(jid, /^alice@example\.org\//);
	const claims = JSON.parse(Buffer.from(password.split(".")[1], "base64url").toString());
	assert.equal(claims.jid, "alice@example.org");
	assert.equal(claims.exp - claims.iat, 60);
	assert.equal(password, makeJwt(key.key, claims));
});

test("by POST, too, and with the headers of every JSON answer", async () => {
	const visitor = await alice();
	const [answer, prebindJson] = [await visitor.post(PATH, {}, SCRIPT), await visitor.post("/prebind.json", { bind: "no" }, SCRIPT)];
	assert.equal(answer.status, 200, answer.body);
	const names = ({ rawHeaders }) => rawHeaders.filter((_, i) => i % 2 === 0).sort();
	assert.deepEqual(names(answer), names(prebindJson));
	for (const name of ["cache-control", "content-security-policy", "content-type", "x-content-type-options"])
		assert.equal(answer.headers[name], prebindJson.headers[name], name);
	assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
	assert.match(answer.headers["cache-control"], /no-store/);
	assert.equal(answer.headers["access-control-allow-origin"], undefined);
});

test("to nobody else", async () => {
	const visitor = await alice();
	const rows = [ // visitor, request, status, error
		[at("default"), ["GET", PATH, { headers: SCRIPT }], 401, "login_required"],
		[visitor, ["GET", PATH, { headers: NAVIGATION }], 403, "forbidden"],
		[visitor, ["GET", PATH, { headers: { ...SCRIPT, "Sec-Fetch-Site": "cross-site" } }], 403, "forbidden"],
		[visitor, ["GET", PATH, { headers: { ...SCRIPT, "Sec-Fetch-Site": "same-site" } }], 403, "forbidden"],
		[visitor, ["GET", PATH, { headers: { ...SCRIPT, "Sec-Fetch-Dest": "script" } }], 403, "forbidden"],
		[visitor, ["GET", PATH, { headers: {} }], 403, "forbidden"],
		[visitor, ["GET", PATH, { headers: { Referer: "http://evil.example/" } }], 403, "forbidden"],
		[visitor, ["POST", PATH, { headers: { ...SCRIPT, "Sec-Fetch-Site": "none" } }], 403, "forbidden"],
		[visitor, ["POST", PATH, { headers: { Origin: "null" } }], 403, "forbidden"],
		[visitor, ["POST", PATH, { headers: { Origin: "http://evil.example" } }], 403, "forbidden"],
		[visitor, ["GET", `${PATH}?user=bob`, { headers: SCRIPT }], 200, undefined],
		[visitor, ["HEAD", PATH, { headers: SCRIPT }], 405, "method_not_allowed"],
		[visitor, ["PUT", PATH, { headers: SCRIPT }], 405, "method_not_allowed"],
		[await alice("off"), ["GET", PATH, { headers: SCRIPT }], 404, "not_found"],
		[await alice("off"), ["POST", PATH, { headers: { ...FORM, ...SCRIPT } }], 404, "not_found"],
		[at("https"), ["GET", PATH, { headers: SCRIPT }], 403, "https_required"],
		[await alice("map"), ["GET", PATH, { headers: SCRIPT }], 403, "no_chat_account"],
	];
	for (const [who, request, status, error] of rows) {
		const answer = await who.request(...request);
		assert.equal(answer.status, status, JSON.stringify([request, answer.body]));
		if (error && answer.headers["content-type"]?.startsWith("application/json"))
			assert.equal(JSON.parse(answer.body || "{}").error ?? error, error, JSON.stringify(request));
		if (status !== 200)
			assert.doesNotMatch(answer.body, /password/);
	}
});

test("within the limit for chat sessions", async () => {
	const visitor = await alice("limited");
	const statuses = [];
	let answer;
	for (let i = 0; i < 6; i++) {
		answer = await visitor.get(PATH, SCRIPT);
		statuses.push(answer.status);
	}
	assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
	assert.equal(JSON.parse(answer.body).error, "slow_down");
	assert.ok(Number(answer.headers["retry-after"]) > 0);
	assert.equal((await visitor.get("/prebind.json", SCRIPT)).status, 429);
});

test("a log that tells who, and never what", async () => {
	const { password } = await given(await alice());
	const line = prebind.child.stderr.split("\n").find((text) => text.includes('"credentials_ok"'));
	assert.match(line, /"user":"alice".*"jid":"alice@example\.org\//);
	assert.ok(!prebind.child.stderr.includes(password));
	assert.doesNotMatch(prebind.child.stderr, /\d{10}:[\w-]{22}:|eyJ[\w-]+\./);
});

test("only with a way to log in that has one-time passwords", async () => {
	for (const bosh_auth of ["password", "oauth"]) {
		const other = new Place();
		const { code, stderr } = await new Prebind(other, {
			site: { backend: "bosh", bosh_service: "http://127.0.0.1:1/", bosh_auth, bosh_oauth_url: "http://127.0.0.1:1/", credentials: "on" },
		}).ctl(["check"]);
		await other.close();
		assert.notEqual(code, 0);
		assert.match(stderr, /credentials: works only with backend = bosh and bosh_auth = token or jwt/);
	}
});
