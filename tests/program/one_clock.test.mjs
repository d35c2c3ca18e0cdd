// One-time tokens and slow senders: a token that is over when the last byte of its request comes is over, used or not,
// whatever has been forgotten meanwhile.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { after, before, test } from "node:test";
import { formText, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { cgiParams, parseAnswer } from "../lib/cgi.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { askSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const AUDIENCE = "www.example.org";
const ORIGIN = "http://www.example.org";
const KEY = crypto.randomBytes(32);
const HEADERS = { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Origin: ORIGIN,
	"Content-Type": "application/x-www-form-urlencoded" };
const COOKIE = "prebind-insecure=";
let place, prebind, database;

const now = () => Math.floor(Date.now() / 1000);

function token(user, seconds) {
	const payload = Buffer.from(JSON.stringify({ user, iat: now() - 1, exp: now() + seconds, aud: AUDIENCE, jti: crypto.randomUUID() }))
		.toString("base64url");
	const mac = crypto.createHmac("sha256", KEY).update(`prebind-sso-v1\0k1${payload}`);
	return `v1.k1.${payload}.${mac.digest("base64url")}`;
}
const end = (text) => JSON.parse(Buffer.from(text.split(".")[2], "base64url").toString()).exp;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	database = `${place.folder("data")}/prebind.db`;
	prebind = new Prebind(place, { site: { ...peer.site(place), database, identity: "token", token_origins: ORIGIN, token_audience: AUDIENCE,
		token_key_file: place.write("etc/token.keys", `k1:${KEY.toString("base64url")}\n`) } });
	await prebind.prepare();
	await prebind.start();
});
after(() => place.close());

/** The request, whose body's last byte comes when `last` is resolved, by CGI or FastCGI. */
const ways = {
	FastCGI: (body, last) => prebind.request({ method: "POST", path: "/login", headers: HEADERS,
		params: { CONTENT_LENGTH: String(body.length) },
		pieces: (async function* pieces() {
			yield body.slice(0, -1);
			await last;
			yield body.slice(-1);
		})() }),
	CGI: async (body, last) => {
		const env = { PREBIND_CONF: prebind.conf, ...cgiParams({ method: "POST", path: "/login", headers: HEADERS, body }) };
		const child = place.start("cgi", [prebind.program], { env, stdio: ["pipe", "pipe", "pipe"] });
		child.process.stdin.write(body.slice(0, -1));
		await last;
		child.process.stdin.end(body.slice(-1));
		await child.end;
		return parseAnswer(child.stdout);
	},
};

const post = (sso) => new Visitor((request) => prebind.request(request)).post("/login", { sso }, HEADERS);
const hasSession = ({ headers }) => (headers["set-cookie"] ?? []).some((text) => text.startsWith(COOKIE));

/** Until the token has expired, and somebody else's login has swept up what could be forgotten. */
async function overAndSwept(text) {
	await until("the token to be over", () => now() > end(text));
	assert.equal((await post(token("other", 60))).status, 303);
}

for (const [way, send] of Object.entries(ways)) {
	test(`${way}: a used token does not work again, however late its last byte comes`, async () => {
		const text = token("alice", 3);
		assert.equal((await post(text)).status, 303);
		const answer = await send(formText({ sso: text }), overAndSwept(text));
		assert.equal(answer.status, 403);
		assert.equal(hasSession(answer), false);
	});

	test(`${way}: an unused token that is over with its last byte is over`, async () => {
		const text = token("bob", 1);
		const answer = await send(formText({ sso: text }), overAndSwept(text));
		assert.equal(answer.status, 403);
		assert.equal(hasSession(answer), false);
	});

	test(`${way}: one that is good with its last byte is taken`, async () => {
		const answer = await send(formText({ sso: token("carol", 60) }), post(token("other", 60)));
		assert.equal(answer.status, 303);
		assert.equal(hasSession(answer), true);
	});
}

test("a used token is remembered for long after its end", async () => {
	const text = token("dora", 1);
	assert.equal((await post(text)).status, 303);
	await overAndSwept(text);
	const [rows] = await askSql(place, database, "SELECT count(*) FROM used_nonce WHERE expiry = :end", [{ end: end(text) }]);
	assert.equal(rows, 1);
});
