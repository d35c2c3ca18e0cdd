// Provider token, from outside: the examples of the manual are run as they are, and the program knows whom they name;
// everything else is nobody. Then the form: a page of the site's posts a token, once.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { dataBlock, FORM, hiddenFields, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const AUDIENCE = "www.example.org";
const SITE = "http://www.example.org";
const KEY = crypto.randomBytes(32).toString("base64url");
const NEW_KEY = crypto.randomBytes(32).toString("base64url");
const CROSS_SITE = { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Origin: SITE };
let place, prebind, keyFile;

const now = () => Math.floor(Date.now() / 1000);

function token(claims = {}, { kid = "k1", key = KEY } = {}) {
	const payload = Buffer.from(JSON.stringify({ user: "alice", iat: now(), exp: now() + 300, aud: AUDIENCE,
		jti: crypto.randomUUID(), ...claims })).toString("base64url");
	const mac = crypto.createHmac("sha256", Buffer.from(key, "base64url")).update(`prebind-sso-v1\0${kid}${payload}`);
	return `v1.${kid}.${payload}.${mac.digest("base64url")}`;
}

function jwt(header, claims, sign) {
	const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
	return `${text}.${sign(text)}`;
}

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	keyFile = place.write("etc/token.keys", `k1:${KEY}\n`);
	const key = { identity: "token login", token_key_file: keyFile, token_audience: AUDIENCE, jid: "{user|lower}@example.test" };
	prebind = new Prebind(place, {
		site: { ...peer.site(place), ...key, hosts: "example.org", token_origins: SITE },
		sites: {
			cookie: { ...peer.site(place), ...key, identity: "token", hosts: "cookie.example" },
		},
	});
	await prebind.prepare({ bob: "correct horse" });
	await prebind.start();
});
after(() => place.close());

/** A line of the log may come a little later than the answer. */
const logged = (line) => until(`the log to have ${line}`, () => line.test(prebind.child.stderr));

const visitor = (host = "example.org") => new Visitor((request) =>
	prebind.request({ ...request, params: { HTTP_HOST: host, SERVER_NAME: host } }));

function withCookie(text, host) {
	const one = visitor(host);
	one.jar.cookies.set("chat_token", text);
	return one;
}

const isKnown = async (text, host) => (await withCookie(text, host).get("/")).status === 200;

for (const [file, command] of [
	["token.php", "php"],
	["token.py", "/usr/bin/python3"],
	["token.mjs", process.execPath],
	["token.pl", "perl"],
]) {
	test(`docs/examples/${file} makes a token that is taken`, async () => {
		const example = path.join(top, "docs/examples", file);
		for (const user of ["alice", "zoë"]) {
			const text = execFileSync(command, [example, keyFile, AUDIENCE, user], { encoding: "utf8" }).trim();
			const one = withCookie(text);
			const page = await one.get("/");
			assert.equal(page.status, 200, page.body);
			assert.match(page.body, new RegExp(user));
			assert.ok(dataBlock(page.body).sid);
		}
		const text = execFileSync(command, [example, keyFile, "elsewhere.example", "alice"], { encoding: "utf8" }).trim();
		assert.equal(await isKnown(text), false, "for another audience");
	});
}

test("prebindctl token issue makes one, too", async () => {
	const text = (await prebind.ctlOk(["--site", "default", "token", "issue", "alice"])).trim();
	assert.equal(await isKnown(text), true);
	for (const ttl of ["0s", "13h", "soon", "10"]) {
		const { code, stderr } = await prebind.ctl(["--site", "default", "token", "issue", "alice", "--ttl", ttl]);
		assert.equal(code, 1, ttl);
		assert.match(stderr, /--ttl/);
	}
});

test("a token in a cookie: who is known, who is nobody, who is refused and asked no further", async () => {
	for (const [what, text, status] of [
		["good", token(), 200],
		["another user's name put in", token().replace(/\.([^.]+)\.([^.]+)$/, (_, payload, mac) =>
			`.${Buffer.from(Buffer.from(payload, "base64url").toString().replace("alice", "carol")).toString("base64url")}.${mac}`), 401],
		["over", token({ iat: now() - 100, exp: now() - 1 }), 303],
		["from the future", token({ iat: now() + 400, exp: now() + 500 }), 401],
		["too long", token({ exp: now() + 13 * 3600 }), 401],
		["for somebody else", token({ aud: "other" }), 401],
		["unknown kid", token({}, { kid: "k2" }), 401],
		["another key", token({}, { key: NEW_KEY }), 401],
		["a guest", token({ user: "guest" }), 303],
		["rubbish", "rubbish", 401],
		["huge", `v1.k1.${"A".repeat(2000)}.AAAA`, 401],
	]) {
		const page = await withCookie(text).get("/");
		assert.equal(page.status, status, what);
	}
});

test("after a bad token the next provider is not asked; after one that is over it is", async () => {
	const one = visitor();
	assert.equal((await one.login("bob", "correct horse")).status, 303);
	assert.equal((await one.get("/")).status, 200);
	one.jar.cookies.set("chat_token", token({ aud: "other" }));
	assert.equal((await one.get("/")).status, 401, "a page that says so: our form would lead back here");
	one.jar.cookies.set("chat_token", token({ iat: now() - 100, exp: now() - 1 }));
	const page = await one.get("/");
	assert.equal(page.status, 200);
	assert.match(page.body, /bob/);
});

test("a new key counts at once, an old one until it leaves the file", async () => {
	place.write("etc/token.keys", `# k2 since today\nk1:${KEY}\nk2:${NEW_KEY}\n`);
	assert.equal(await isKnown(token({}, { kid: "k2", key: NEW_KEY })), true);
	assert.equal(await isKnown(token()), true);
	place.write("etc/token.keys", `k2:${NEW_KEY}\n`);
	assert.equal(await isKnown(token()), false);
	place.write("etc/token.keys", `k1:${KEY}\n`);
	assert.equal(await isKnown(token()), true);
});

test("a key file that cannot be used is a 503, and nobody else is asked", async () => {
	const one = withCookie(token());
	await one.login("bob", "correct horse");
	fs.chmodSync(keyFile, 0o644);
	const page = await one.get("/");
	fs.chmodSync(keyFile, 0o600);
	assert.equal(page.status, 503);
	await logged(/token\.keys: other users can read or write the file .*chmod 600/);
	assert.doesNotMatch(page.body, /token\.keys/);
	assert.equal((await one.get("/")).status, 200);
});

test("revoked tokens are good no more, later ones are", async () => {
	const older = token({ user: "rita" });
	assert.equal(await isKnown(older), true);
	await prebind.ctlOk(["--site", "default", "token", "revoke", "rita"]);
	assert.equal(await isKnown(older), false);
	for (const ahead of [0, 2, 100, 298])
		assert.equal(await isKnown(token({ user: "rita", iat: now() + ahead })), false, `a clock ${ahead} s ahead`);
	await until("a token of 5 minutes later", () => isKnown(token({ user: "rita", iat: now() + 300, exp: now() + 600 })));
	assert.equal(await isKnown(token({ user: "ritas" })), true, "somebody else");
});

test("JSON: a 401 without a token, a session with one", async () => {
	assert.equal((await visitor().get("/prebind.json", SCRIPT)).status, 401);
	assert.equal((await withCookie(token()).get("/prebind.json", SCRIPT)).status, 200);
	assert.equal((await withCookie("rubbish").get("/prebind.json", SCRIPT)).status, 401);
});

// ---- the form ----

const post = (one, fields, headers = CROSS_SITE) => one.post("/login", fields, headers);

test("a posted token becomes a session of ours, once", async () => {
	const text = token({ user: "Carol" });
	const one = visitor();
	const welcome = await post(one, { sso: text, next: "/chat/" });
	assert.equal(welcome.status, 303);
	assert.equal(welcome.headers.location, "/chat/");
	assert.ok(one.jar.cookies.has("prebind-insecure"));
	const page = await one.get("/");
	assert.equal(page.status, 200);
	assert.match(page.body, /Carol/);
	assert.equal((await post(visitor(), { sso: text })).status, 403, "a second time");
	await logged(/the posted token of Carol was used before/);
	assert.equal((await one.get("/")).status, 200, "the first one's session stays");

	assert.equal((await one.post("/logout", { token: hiddenFields(page.body).token })).status, 303);
	assert.equal((await one.get("/")).status, 303);
});

test("two tokens at once, each once: one of twenty posts wins", async () => {
	const text = token({ user: "dora" });
	const answers = await Promise.all(Array.from({ length: 20 }, () => post(visitor(), { sso: text })));
	assert.equal(answers.filter(({ status }) => status === 303).length, 1);
	assert.equal(answers.filter(({ status }) => status === 403).length, 19);
});

test("an old session ends when a token makes a new one", async () => {
	const one = visitor();
	await post(one, { sso: token({ user: "erin" }) });
	const old = one.jar.cookies.get("prebind-insecure");
	await post(one, { sso: token({ user: "frank" }) });
	assert.match((await one.get("/")).body, /frank/);
	const thief = visitor();
	thief.jar.cookies.set("prebind-insecure", old);
	assert.equal((await thief.get("/")).status, 303);
});

test("revoking ends the session that a token made", async () => {
	const one = visitor();
	await post(one, { sso: token({ user: "gina" }) });
	assert.equal((await one.get("/")).status, 200);
	await prebind.ctlOk(["--site", "default", "token", "revoke", "gina"]);
	assert.equal((await one.get("/")).status, 303);
});

for (const [what, fields, headers, status] of [
	["from an origin that is not in token_origins", { sso: true }, { ...CROSS_SITE, Origin: "http://evil.example" }, 403],
	["from no origin", { sso: true }, { ...CROSS_SITE, Origin: undefined }, 403],
	["from a page without a referrer", { sso: true }, { ...CROSS_SITE, Origin: "null" }, 403],
	["from our own", { sso: true }, { ...FORM, Origin: "http://example.org" }, 403],
	["from an origin that only begins alike", { sso: true }, { ...CROSS_SITE, Origin: `${SITE}.evil.example` }, 403],
	["beside a password", { sso: true, user: "bob", password: "correct horse" }, CROSS_SITE, 400],
	["that is over", { sso: { iat: now() - 100, exp: now() - 1 } }, CROSS_SITE, 403],
	["that is good for an hour", { sso: { exp: now() + 3600 } }, CROSS_SITE, 403],
	["for another audience", { sso: { aud: "other" } }, CROSS_SITE, 403],
	["that is no token", { sso: "rubbish" }, CROSS_SITE, 403],
	["that is empty", { sso: "" }, CROSS_SITE, 403],
	["larger than any", { sso: "x".repeat(4097) }, CROSS_SITE, 400],
]) {
	test(`a posted token ${what}: ${status}`, async () => {
		const one = visitor();
		const sso = fields.sso === true ? token() : typeof fields.sso === "object" ? token(fields.sso) : fields.sso;
		const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
		const answer = await post(one, { ...fields, sso }, given);
		assert.equal(answer.status, status, answer.body);
		assert.equal(one.jar.cookies.has("prebind-insecure"), false);
		assert.equal((await one.get("/")).status, 303);
	});
}

test("without token_origins no token can be posted, and a session made by one is none", async () => {
	const one = visitor("cookie.example");
	assert.equal((await post(one, { sso: token() })).status, 403);
	assert.equal(await isKnown(token(), "cookie.example"), true);
	assert.equal((await visitor("cookie.example").get("/")).status, 401, "no login form of ours");
	const other = visitor();
	await post(other, { sso: token({ user: "hugo" }) });
	const guest = visitor("cookie.example");
	guest.jar.cookies = other.jar.cookies;
	assert.equal((await guest.get("/")).status, 401);
});

test("no secret and no token is in the log", () => {
	const log = prebind.child.stderr;
	assert.doesNotMatch(log, new RegExp(`${KEY}|${NEW_KEY}|v1\\.k1\\.`));
});

// ---- JWT ----

test("JWT: HS256, RS256 and ES256 by kid, and no mixing of them", async (t) => {
	const own = new Place();
	t.after(() => own.close());
	const peer = await startTigasePeer({ place: own });
	const rsa = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
	const ec = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
	const pem = (pair) => pair.publicKey.export({ type: "spki", format: "pem" });
	const keys = own.write("etc/jwt.keys", [
		"# one of each", `h:${KEY}`,
		`r:${own.write("etc/rsa.pem", pem(rsa), 0o644)}`, `e:${own.write("etc/ec.pem", pem(ec), 0o644)}`, "",
	].join("\n"));
	const program = new Prebind(own, { server: { listen: "" }, site: { ...peer.site(own), identity: "token",
		token_format: "jwt", token_key_file: keys, token_audience: AUDIENCE, token_cookie: "jwt", jid: "{user}@example.test" } });
	await program.prepare();
	const get = (text) => program.cgi({ path: "/", headers: { ...NAVIGATION, Cookie: `jwt=${text}` } });
	const claims = () => ({ sub: "alice", aud: [AUDIENCE], iat: now(), exp: now() + 60 });
	const hs = (key) => (text) => crypto.createHmac("sha256", key).update(text).digest("base64url");
	const rs = (text) => crypto.sign("sha256", Buffer.from(text), rsa.privateKey).toString("base64url");
	const es = (text) => crypto.sign("sha256", Buffer.from(text), { key: ec.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
	for (const [what, header, sign, status] of [
		["HS256", { alg: "HS256", kid: "h" }, hs(Buffer.from(KEY, "base64url")), 200],
		["RS256", { alg: "RS256", kid: "r" }, rs, 200],
		["ES256", { alg: "ES256", kid: "e" }, es, 200],
		["none", { alg: "none", kid: "h" }, () => "", 401],
		["the public key as a shared one", { alg: "HS256", kid: "r" }, hs(pem(rsa)), 401],
		["another kid", { alg: "RS256", kid: "e" }, rs, 401],
		["no kid", { alg: "RS256" }, rs, 401],
	])
		assert.equal((await get(jwt(header, claims(), sign))).status, status, what);
	const issued = (await program.ctlOk(["token", "issue", "alice", "--ttl", "1m"])).trim();
	assert.equal((await get(issued)).status, 200, "the first key can sign");
	assert.match(await program.ctlOk(["check"]), /token: prebind reads the user from the JWT token in the cookie jwt/);
});

// ---- prebindctl check, and a start ----

test("check says what it would see", async () => {
	const { stdout } = await prebind.ctl(["--site", "default", "check"]);
	assert.match(stdout, /^ok +default: token: prebind reads the user from the v1 token in the cookie chat_token or posted to \/login; the token must have the audience www\.example\.org and a signature by one of 1 key \(.*token\.keys\)\. If a real token is signed/m);
});

for (const [what, damage, says] of [
	["no key file", (file) => fs.rmSync(file), /token\.keys: cannot read the secret: No such file/],
	["a key file that others may read", (file) => fs.chmodSync(file, 0o640), /token\.keys: other users can read or write the file \(mode 0640\); run: chmod 600/],
	["a line that is no key", (file) => fs.writeFileSync(file, "k1\n"), /token\.keys:1: the line is not KID:KEY/],
	["a short key", (file) => fs.writeFileSync(file, "k1:c2hvcnQ\n"), /token\.keys:1: the key has 5 bytes.*openssl rand/],
	["an empty file", (file) => fs.writeFileSync(file, ""), /token\.keys: the file is empty/],
]) {
	test(`${what}: check says so`, async () => {
		const good = fs.readFileSync(keyFile);
		damage(keyFile);
		const { code, stdout, stderr } = await prebind.ctl(["--site", "cookie", "check"]);
		place.write("etc/token.keys", good);
		assert.equal(code, 1);
		assert.match(stdout + stderr, says);
		assert.doesNotMatch(stdout + stderr, new RegExp(KEY));
	});
}
