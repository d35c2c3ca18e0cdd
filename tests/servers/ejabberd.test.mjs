// Debian's ejabberd, with the snippets of docs/ejabberd.md: what each of them lets in, and whom not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BoshClient, boshLogin } from "../lib/bosh_client.mjs";
import { startEjabberd } from "../lib/ejabberd.mjs";
import { httpRequest } from "../lib/http.mjs";
import { jwkText, makeJwt, newKey, now } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { freePorts } from "../lib/wait.mjs";

const DOMAIN = "example.org";
const USERS = { alice: "alice's own", bob: "bob's own" };

const { key } = newKey();
let place, ports;

before(async () => {
	place = new Place();
	ports = await freePorts(3);
	await Promise.all([
		startEjabberd(place, { name: "password", domain: DOMAIN, port: ports[0], snippets: { password: {} }, users: USERS }),
		startEjabberd(place, {
			name: "jwt", domain: DOMAIN, port: ports[1],
			snippets: { jwt: { "/etc/ejabberd/prebind.jwk": place.write("prebind.jwk", jwkText(key)) } },
		}),
		startEjabberd(place, { name: "oauth", domain: DOMAIN, port: ports[2], snippets: { oauth: {} }, users: USERS }),
	]);
});
after(() => place.close({ logs: true }));

/** @param {number} port @param {string} user @param {string} password @param {string} [mechanism] */
const login = (port, user, password, mechanism) => boshLogin({ port, domain: DOMAIN, user, password, mechanism });

async function mechanisms(port) {
	const client = new BoshClient({ port, domain: DOMAIN });
	const names = await client.create();
	await client.end();
	return names.sort();
}

test("snippet password: SCRAM and PLAIN", async () => {
	assert.deepEqual((await mechanisms(ports[0])).filter((name) => ["PLAIN", "SCRAM-SHA-1"].includes(name)), ["PLAIN", "SCRAM-SHA-1"]);
	assert.equal(await login(ports[0], "alice", USERS.alice, "SCRAM-SHA-1"), "alice@example.org/test");
	assert.equal(await login(ports[0], "alice", USERS.alice), "alice@example.org/test");
	assert.equal(await login(ports[0], "alice", "wrong"), "not-authorized");
	assert.equal(await login(ports[0], "alice", "wrong", "SCRAM-SHA-1"), "not-authorized");
});

const claims = (more) => ({ jid: `alice@${DOMAIN}`, iat: now(), exp: now() + 60, ...more });

test("snippet jwt: a token lets its user in, and can do what a session can", async () => {
	const client = new BoshClient({ port: ports[1], domain: DOMAIN });
	assert.equal(await client.authenticate("alice", makeJwt(key, claims())), "success");
	assert.equal(await client.bind("phone"), "alice@example.org/phone");
	assert.match(await client.ask("<iq xmlns='jabber:client' type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>"), /type='result'/);
	await client.end();
});

for (const [what, make] of [
	["expired", () => makeJwt(key, claims({ exp: now() - 1 }))],
	["of a clock ten minutes behind", () => makeJwt(key, claims({ iat: now() - 600, exp: now() - 540 }))],
	["for another user", () => makeJwt(key, claims({ jid: `bob@${DOMAIN}` }))],
	["for another host", () => makeJwt(key, claims({ jid: "alice@example.com" }))],
	["made with another key", () => makeJwt(newKey().key, claims())],
	["without a user", () => makeJwt(key, { exp: now() + 60 })],
	["that is none", () => "alice's own"],
]) {
	test(`snippet jwt: a token ${what} is refused`, async () => {
		assert.equal(await login(ports[1], "alice", make()), "not-authorized");
	});
}

test("snippet oauth: the token that the API issues lets its user in, by X-OAUTH2", async () => {
	assert.ok((await mechanisms(ports[2])).includes("X-OAUTH2"));
	const answer = await httpRequest({
		port: ports[2], path: "/api/oauth_issue_token", method: "POST", headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ jid: `alice@${DOMAIN}`, ttl: 60, scopes: "sasl_auth" }),
	});
	assert.equal(answer.status, 200, answer.body);
	const { token } = JSON.parse(answer.body);
	assert.equal(await login(ports[2], "alice", token, "X-OAUTH2"), "alice@example.org/test");
	assert.equal(await login(ports[2], "bob", token, "X-OAUTH2"), "not-authorized");
	assert.equal(await login(ports[2], "alice", `${token}x`, "X-OAUTH2"), "not-authorized");
});
