// A NUL in what others write: in C a text ends there, so `alice\0x` could be taken for alice. It is refused with a sentence, or kept whole.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { FORM, NAVIGATION, Visitor, formText, hiddenFields } from "../lib/http.mjs";
import { makeJwt } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const SID = "0123456789abcdef0123456789abcdef";
const KEY = crypto.randomBytes(32);
const DJANGO_KEY = "a secret key";
const AUDIENCE = "www.example.org";
const GATEWAY = "/rest/adhoc/bosh@example.test";
const now = Math.floor(Date.now() / 1000);
let place, peer, prebind;

const hmac = (key, text) => crypto.createHmac("sha256", key).update(text).digest("base64url");
const base64url = (value) => Buffer.from(value).toString("base64url");
const claims = (user) => ({ user, iat: now, exp: now + 600, aud: AUDIENCE });

function token(user) {
	const payload = base64url(JSON.stringify(claims(user)));
	return `v1.k1.${payload}.${hmac(KEY, `prebind-sso-v1\0k1${payload}`)}`;
}

/** A session as Django packs it. */
function djangoSession(userId) {
	const text = `${base64url(JSON.stringify({ _auth_user_id: userId, _auth_user_hash: "hash" }))}:1xV93B`;
	const key = crypto.createHash("sha256").update(`django.contrib.sessions.SessionStoresigner${DJANGO_KEY}`).digest();
	return `${text}:${hmac(key, text)}`;
}

const phpFile = (name, text) => place.write(`sessions/sess_${name}`, text);
const phpText = (text) => `user|s:${Buffer.byteLength(text)}:"${text}";`;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	place.folder("data");
	const forum = `${place.folder("site")}/forum.db`;
	await runSql(place, forum, `
		CREATE TABLE session (id TEXT PRIMARY KEY, name TEXT, data TEXT);
		INSERT INTO session VALUES ('${SID}', 'alice', '${djangoSession("7")}'),
			('name', 'alice' || char(0) || 'x', ''), ('packed', 'alice', '${djangoSession("7\0x")}'), ('cut', '', '${djangoSession("7")}' || char(0));`);
	phpFile(SID, phpText("alice"));
	phpFile(SID.replace("0", "1"), phpText("alice\0x"));
	phpFile(SID.replace("0", "2"), `${phpText("alice")}\0`);
	const common = (name) => ({ ...peer.site(place), hosts: `${name}.test`, jid: "{user}@example.test", database: place.path("data", `${name}.db`) });
	const query = (name, text) => place.write(`etc/${name}.sql`, text);
	const tokens = { identity: "token", token_audience: AUDIENCE, token_key_file: place.write("etc/token.keys", `k1:${KEY.toString("base64url")}\n`) };
	const session = { identity: "site_session", site_database: forum, site_cookie: "sid" };
	prebind = new Prebind(place, {
		site: { ...common("login"), gateway: "on", limit_gateway: "off", token_origins: "http://site.test", ...tokens, identity: "token login" },
		sites: {
			site: { ...common("site"), ...session, site_query: query("site", "SELECT name AS user FROM session WHERE id = :sid") },
			django: { ...common("django"), ...session, site_query: query("django", "SELECT data AS session_data FROM session WHERE id = :sid"),
				site_result: "django", site_secret_file: place.write("etc/django.key", DJANGO_KEY),
				site_profile_query: query("who", "SELECT 'alice' AS user, 'x' AS password WHERE :user = '7'") },
			php: { ...common("php"), identity: "php_session", php_session_path: place.path("sessions"), php_session_user: "user" },
			token: { ...common("token"), ...tokens },
			jwt: { ...common("jwt"), ...tokens, token_format: "jwt" },
		},
	});
	for (const name of ["default", "site", "django", "php", "token", "jwt"])
		await prebind.ctlOk(["--site", name, "migrate"]);
	await ctl("user add alice --password-stdin", `${PASSWORD}\n`);
	await ctl("gateway add shop --domains example.test --password-stdin", `${PASSWORD}\n`);
	await prebind.start();
});
after(() => place.close());

const ctl = async (line, input, site = "default") => {
	const { code, stderr } = await prebind.ctl(["--site", site, ...line.split(" ")], { input });
	return { code, stderr };
};

const events = () => prebind.child.stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

/** Sends a request; returns the answer, and what the log says of it. */
async function ask(host, request) {
	const seen = events().length;
	const answer = await prebind.request({ ...request, params: { HTTP_HOST: host, SERVER_NAME: host } });
	await until("the log", () => events().slice(seen).some(({ event }) => event === "request"));
	return { ...answer, why: events().slice(seen).map(({ why }) => why).filter(Boolean).join("\n") };
}

const page = (host, cookie) => ask(host, { path: "/", headers: { ...NAVIGATION, Cookie: cookie } });

async function login(user, password) {
	const one = new Visitor((request) => ask("login.test", request));
	const fields = hiddenFields((await one.get("/login", NAVIGATION)).body);
	return ask("login.test", { method: "POST", path: "/login", headers: { ...FORM, ...one.jar.headers, "Content-Type": "application/x-www-form-urlencoded" },
		body: formText({ ...fields, user, password }) });
}

/** A call at the gateway, in JSON or XML. */
const call = (type, body, credentials = `shop:${PASSWORD}`) => ask("login.test", { method: "POST", path: GATEWAY, body,
	headers: { "Content-Type": type, Authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } });
const json = (from) => JSON.stringify({ command: { node: "pre-bind-bosh-session", fields: [{ var: "from", value: from }] } });
const xml = (from) => `<command><node>pre-bind-bosh-session</node><fields><item><var>from</var><value>${from}</value></item></fields></command>`;

/** Each: what is asked without a NUL and with one, the two statuses, and what the log says of the second. */
const asked = {
	"the name of a query's field": [() => ask("login.test", { path: "/login?a=b" }), 200, () => ask("login.test", { path: "/login?a%00=b" }), 400, /NUL/],
	"the value of a query's field": [() => ask("login.test", { path: "/login?next=/" }), 200, () => ask("login.test", { path: "/login?next=/%00" }), 400, /NUL/],
	"the user of the login form": [() => login("alice", PASSWORD), 303, () => login("alice\0x", PASSWORD), 400, /NUL/],
	"the password of the login form": [() => login("alice", PASSWORD), 303, () => login("alice", `${PASSWORD}\0x`), 400, /NUL/],
	"the cookie of the site's session": [() => page("site.test", `sid=${SID}`), 200, () => page("site.test", `sid=${SID}%00`), 401, /^nobody is logged in$/],
	"the cookie of a PHP session": [() => page("php.test", `PHPSESSID=${SID}`), 200, () => page("php.test", `PHPSESSID=${SID}%00`), 401, /is not a PHP session id/],
	"the cookie of a token": [() => page("token.test", `chat_token=${token("alice")}`), 200, () => page("token.test", `chat_token=${token("alice")}%00`), 401, /MAC/],
	"a token's user": [() => page("token.test", `chat_token=${token("alice")}`), 200, () => page("token.test", `chat_token=${token("alice\0x")}`), 401, /payload/],
	"a JWT's user": [() => page("jwt.test", `chat_token=${makeJwt(KEY, claims("alice"))}`), 200,
		() => page("jwt.test", `chat_token=${makeJwt(KEY, claims("alice\0x"))}`), 401, /not JSON|payload/],
	"the user in the site's table": [() => page("site.test", `sid=${SID}`), 200, () => page("site.test", "sid=name"), 401, /column user contains a NUL byte/],
	"Django's session": [() => page("django.test", `sid=${SID}`), 401, () => page("django.test", "sid=packed"), 401, /u0000/],
	"Django's packed session": [() => page("django.test", `sid=${SID}`), 401, () => page("django.test", "sid=cut"), 401, /session_data contains a NUL byte/],
	"the user in a PHP session": [() => page("php.test", `PHPSESSID=${SID}`), 200, () => page("php.test", `PHPSESSID=${SID.replace("0", "1")}`), 401, /user contains a NUL byte/],
	"after a PHP session": [() => page("php.test", `PHPSESSID=${SID}`), 200, () => page("php.test", `PHPSESSID=${SID.replace("0", "2")}`), 401, /at byte 17/],
	"the gateway's JSON": [() => call("application/json", json("alice@example.test")), 200, () => call("application/json", json("alice@example.test\0x")), 500, /u0000/],
	"the end of the gateway's JSON": [() => call("application/json", json("alice@example.test")), 200,
		() => call("application/json", `${json("alice@example.test")}\0`), 500, /a NUL/],
	"the gateway's XML": [() => call("text/xml", xml("alice@example.test")), 200, () => call("text/xml", xml("alice@example.test&#0;x")), 500, /XML/],
	"the end of the gateway's XML": [() => call("text/xml", xml("alice@example.test")), 200, () => call("text/xml", `${xml("alice@example.test")}\0`), 500, /XML/],
	"the name of a gateway caller": [() => call("text/xml", xml("alice@example.test")), 200,
		() => call("text/xml", xml("alice@example.test"), `shop\0x:${PASSWORD}`), 500, /Basic credentials/],
	"the password of a gateway caller": [() => call("text/xml", xml("alice@example.test")), 200,
		() => call("text/xml", xml("alice@example.test"), `shop:${PASSWORD}\0x`), 500, /Basic credentials/],
};

for (const [what, [good, statusOfGood, bad, status, says]] of Object.entries(asked))
	test(`${what}`, async () => {
		assert.equal((await good()).status, statusOfGood, "without a NUL");
		const answer = await bad();
		assert.equal(answer.status, status, answer.why);
		assert.match(answer.why, says);
	});

test("the JID that the XMPP server gave", async (t) => {
	t.after(() => peer.answer(null));
	peer.answer({ jid: "alice\0x@example.test/web1" });
	const answer = await page("site.test", `sid=${SID}`);
	assert.equal(answer.status, 502);
	assert.match(answer.why, /u0000/);
});

// ---- what the operator writes

const typed = {
	"a password, and no newline": ["user add ann --password-stdin", `${PASSWORD}\0x`],
	"a password": ["user add ann --password-stdin", `${PASSWORD}\0x\n`],
	"a password that is a NUL": ["user passwd alice --password-stdin", "\0\n"],
	"the XMPP password of a row": ["map set alice alice@example.test --xmpp-password-stdin", `${PASSWORD}\0x`],
	"a gateway caller's password": ["gateway add ann --domains example.test --password-stdin", `\0${PASSWORD}`],
	"a CSV file's user": ["map import -", "alice\0x,zoe@example.test\n"],
	"a CSV file's JID, in quotes": ["map import -", "alice,\"zoe@example.test\0x\"\n"],
};
for (const [what, [line, input]] of Object.entries(typed))
	test(`prebindctl: ${what}`, async () => {
		const lists = () => Promise.all(["user", "map", "gateway"].map((of) => prebind.ctlOk(["--site", "default", of, "list"])));
		const earlier = await lists();
		const { code, stderr } = await ctl(line, input);
		assert.equal(code, 1, stderr);
		assert.match(stderr, /a NUL byte/);
		assert.deepEqual(await lists(), earlier);
	});

const written = {
	"prebind.conf, behind a value": ["etc/prebind.conf", (text) => text.replace("{user}@example.test", "{user}@example.test\0x"), /prebind\.conf:\d+: .*NUL/],
	"prebind.conf, at its end": ["etc/prebind.conf", (text) => `${text}\0`, /prebind\.conf:\d+: .*NUL/],
	"a token key": ["etc/token.keys", (text) => text.replace("\n", "\0x\n"), /token\.keys: the file contains a NUL byte/],
	"Django's key": ["etc/django.key", (text) => `${text}\0x`, /django\.key: the file contains a NUL byte/],
	"a query": ["etc/site.sql", (text) => `${text}\0 OR 1`, /site\.sql: contains a NUL byte/],
	"a template": ["templates/chat.html", (text) => `${text}\0`, /chat\.html: .*NUL/],
};
for (const [what, [name, change, says]] of Object.entries(written))
	test(`check: ${what}`, async () => {
		const file = place.path(...name.split("/"));
		const text = fs.readFileSync(file, "utf8");
		fs.writeFileSync(file, change(text));
		const { code, stdout, stderr } = await prebind.ctl(["check"]);
		fs.writeFileSync(file, text);
		assert.equal(code, 1);
		assert.match(stdout + stderr, says);
	});

test("our own table, if somebody else wrote it: nobody is taken for another", async () => {
	await runSql(place, place.path("data", "login.db"), "INSERT INTO site_user (name, display_name, created) VALUES ('zoe' || char(0) || 'x', '', 1)");
	assert.equal((await login("zoe", PASSWORD)).status, 401);
	const { code, stderr } = await ctl("user list");
	assert.equal(code, 1);
	assert.match(stderr, /name contains a NUL byte/);
});
