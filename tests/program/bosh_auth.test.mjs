// Logging in without a user's password, against a scripted service: what is sent, what is kept, what is told when it is refused.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { SCRIPT, Visitor } from "../lib/http.mjs";
import { makeJwt, makeToken, newKey, now } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { assertNoSession, Prebind } from "../lib/prebind.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";

const JID = "alice@example.org/desk";
const PASSWORD = "alice's own";
const ALL = say.mechanisms("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "X-OAUTH2");

/** ejabberd's oauth_issue_token, scripted. */
class TokenPeer {
	async start(place) {
		this.server = http.createServer((request, response) => this.serve(request, response));
		await new Promise((resolve) => this.server.listen(0, "127.0.0.1", () => resolve(null)));
		place.onClose(() => {
			this.server.closeAllConnections();
			return new Promise((resolve) => this.server.close(resolve));
		});
		return this;
	}

	script(answer) {
		this.answer = answer;
		this.calls = [];
	}

	get url() {
		return `http://127.0.0.1:${this.server.address().port}/api/oauth_issue_token`;
	}

	async serve(request, response) {
		let body = "";
		for await (const chunk of request.setEncoding("utf8"))
			body += chunk;
		this.calls.push({ authorization: request.headers.authorization, body: JSON.parse(body) });
		const { status = 200, ...answer } = this.answer(this.calls.length);
		response.writeHead(status, { "Content-Type": "application/json" }).end(answer.raw ?? JSON.stringify(answer));
	}
}

const token = newKey();
const jwt = newKey();
let place, peer, tokens, prebind, visitor;

before(async () => {
	place = new Place();
	peer = await BoshPeer.start(place);
	tokens = await new TokenPeer().start(place);
	const site = (name, keys) => ({ hosts: `${name}.example.org`, jid: "{user}@example.org", backend: "bosh", bosh_service: peer.url, resource: "desk", ...keys });
	const oauth = { bosh_auth: "oauth", bosh_oauth_url: tokens.url };
	prebind = new Prebind(place, {
		site: site("password", { bosh_mechanisms: "PLAIN SCRAM-SHA-1", bosh_route: "xmpp:xmpp1.example.org:5222" }),
		sites: {
			token: site("token", { bosh_auth: "token", bosh_token_key_file: place.write("etc/token.key", token.text) }),
			jwt: site("jwt", { bosh_auth: "jwt", bosh_jwt_key_file: place.write("etc/jwt.key", jwt.text) }),
			oauth: site("oauth", oauth),
			basic: site("basic", {
				...oauth, bosh_oauth_user: "api@example.org", bosh_oauth_password_file: place.write("etc/oauth.password", "secret\n"),
			}),
			gone: site("gone", { ...oauth, bosh_oauth_url: `http://127.0.0.1:${DEAD_PORT}/api/oauth_issue_token` }),
		},
	});
	const ctl = (...args) => prebind.ctlOk(["--site", "default", ...args], { input: `${PASSWORD}\n` });
	await ctl("migrate");
	for (const user of ["alice", "bob"])
		await ctl("user", "add", user, "--password-stdin");
	await ctl("map", "set", "alice", "alice@example.org", "--xmpp-password-stdin");
	await prebind.spread();
	await prebind.start();
	visitor = (name) => new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: `${name}.example.org` } }));
});
after(() => place.close());
beforeEach(() => tokens.script((count) => ({ token: `token-${count}`, scopes: ["sasl_auth"], expires_in: "600 seconds" })));

/** A log-in at that site while the peer answers by the steps. */
function bind(site, steps, who = "alice") {
	peer.script(...steps);
	return prebind.bind(who, site);
}

const UP_TO_BIND = [say.success(), say.bindOffer()];
const BOUND = [...UP_TO_BIND, say.bound(JID)];

/** The mechanism and the parts of the message that a body began SASL with. */
function sent(body) {
	const [, mechanism, data] = /<auth [^>]*mechanism=['"]([^'"]*)['"][^>]*>([^<]*)</.exec(body);
	const [authzid, user, secret] = Buffer.from(data, "base64").toString().split("\0");
	return { mechanism, authzid, user, secret };
}

describe("what is sent", () => {
	test("a one-time token by PLAIN, whatever else is offered: another each time, for a minute", async () => {
		const nonces = new Set();
		for (let i = 0; i < 3; i++) {
			const { code, stderr } = await bind("token", [ALL, ...BOUND]);
			assert.equal(code, 0, stderr);
			const { secret, ...rest } = sent(peer.bodies[1]);
			assert.deepEqual(rest, { mechanism: "PLAIN", authzid: "", user: "alice" });
			const [expiry, nonce] = secret.split(":");
			assert.equal(secret, makeToken(token.key, { user: "alice", host: "example.org", expiry, nonce }));
			assert.ok(Math.abs(Number(expiry) - now() - 60) <= 5, expiry);
			nonces.add(nonce);
		}
		assert.equal(nonces.size, 3);
	});

	test("a JWT by PLAIN, for a minute", async () => {
		const { code, stderr } = await bind("jwt", [ALL, ...BOUND]);
		assert.equal(code, 0, stderr);
		const { secret, ...rest } = sent(peer.bodies[1]);
		assert.deepEqual(rest, { mechanism: "PLAIN", authzid: "", user: "alice" });
		const claims = JSON.parse(Buffer.from(secret.split(".")[1], "base64url").toString());
		assert.deepEqual({ jid: claims.jid, life: claims.exp - claims.iat }, { jid: "alice@example.org", life: 60 });
		assert.ok(Math.abs(claims.iat - now()) <= 5);
		assert.equal(secret, makeJwt(jwt.key, claims));
	});

	test("an OAuth token by X-OAUTH2, asked for with the JID", async () => {
		const { code, stderr } = await bind("oauth", [ALL, ...BOUND]);
		assert.equal(code, 0, stderr);
		assert.deepEqual(sent(peer.bodies[1]), { mechanism: "X-OAUTH2", authzid: "", user: "alice", secret: "token-1" });
		assert.deepEqual(tokens.calls, [{ authorization: undefined, body: { jid: "alice@example.org", ttl: 600, scopes: "sasl_auth" } }]);
	});

	test("with the credentials of bosh_oauth_user, where it is set", async () => {
		assert.equal((await bind("basic", [ALL, ...BOUND])).code, 0);
		assert.equal(tokens.calls[0].authorization, `Basic ${Buffer.from("api@example.org:secret").toString("base64")}`);
	});

	test("the mechanisms of bosh_mechanisms only, the strongest of them first", async () => {
		await bind("default", [ALL, say.failure("not-authorized")]);
		assert.match(peer.bodies[1], /mechanism=['"]SCRAM-SHA-1['"]/);
		assert.equal((await bind("default", [say.mechanisms("SCRAM-SHA-256", "PLAIN"), ...BOUND])).code, 0);
		assert.deepEqual(sent(peer.bodies[1]), { mechanism: "PLAIN", authzid: "", user: "alice", secret: PASSWORD });
		assertNoSession(await bind("default", [say.mechanisms("SCRAM-SHA-256")]), "chat_server",
			/bosh_auth = password can use \(PLAIN SCRAM-SHA-1\); it offers only: SCRAM-SHA-256/);
	});

	test("bosh_route, as the creation's route", async () => {
		await bind("default", [ALL]);
		assert.match(peer.bodies[0], /\broute=['"]xmpp:xmpp1\.example\.org:5222['"]/);
		await bind("token", [ALL]);
		assert.doesNotMatch(peer.bodies[0], /route/);
	});
});

describe("a refused secret is told with what to look at", () => {
	const refusal = [ALL, say.failure("not-authorized")];
	const rows = [ // site, sentence
		["token", /one-time token for alice@example\.org \(not-authorized\).*bosh_token_key_file \(.*token\.key\).*clocks/],
		["jwt", /JWT for alice@example\.org \(not-authorized\).*jwt_key.*bosh_jwt_key_file \(.*jwt\.key\).*clock/],
		["oauth", /OAuth token for alice@example\.org.*bosh_oauth_url.*oauth_access/],
	];
	for (const [site, words] of rows) {
		test(site, async () => {
			const run = await bind(site, refusal);
			assertNoSession(run, "chat_server", words);
			assert.ok(peer.ended);
			assert.equal(peer.bodies.length, 3, "once, and then the session is ended");
			assert.doesNotMatch(run.stderr, /token-1|\d{10}:|eyJ/);
		});
	}

	test("a mechanism that is not offered", async () => {
		for (const [site, wanted] of [["token", "PLAIN"], ["jwt", "PLAIN"], ["oauth", "X-OAUTH2"]])
			assertNoSession(await bind(site, [say.mechanisms("SCRAM-SHA-1")]), "chat_server",
				new RegExp(`bosh_auth = ${site} can use \\(${wanted}\\); it offers only: SCRAM-SHA-1`));
	});

	test("an OAuth API that issues none", async () => {
		const answers = [ // answer, sentence
			[{ status: 401 }, /answers 401: check bosh_oauth_user and bosh_oauth_password_file/],
			[{ status: 403 }, /answers 403: ejabberd's api_permissions must allow/],
			[{ status: 404 }, /answers 404: .*mod_http_api/],
			[{ status: 500 }, /answers 500: see ejabberd's log/],
			[{ raw: "hello" }, /has no token/],
			[{ raw: "[]" }, /has no token/],
			[{ token: "" }, /has no token/],
			[{ token: 7 }, /has no token/],
			[{ token: "a\0b" }, /has no token/],
			[{ token: "x".repeat(1025) }, /has no token/],
		];
		for (const [answer, words] of answers) {
			tokens.script(() => answer);
			assertNoSession(await bind("oauth", []), "chat_server", words);
			assert.equal(peer.bodies.length, 0, "no session is begun in vain");
		}
		assertNoSession(await bind("gone", []), "chat_server", /127\.0\.0\.1:1\b/);
	});
});

describe("OAuth tokens are kept", () => {
	let alice, bob;

	before(async () => {
		[alice, bob] = [visitor("oauth"), visitor("oauth")];
		assert.equal((await alice.login("alice", PASSWORD)).status, 303);
		assert.equal((await bob.login("bob", PASSWORD)).status, 303);
	});

	const ask = async (who, steps) => {
		peer.script(...steps);
		const answer = await who.post("/prebind.json", {}, SCRIPT);
		return { status: answer.status, ...JSON.parse(answer.body), secrets: peer.bodies.filter((body) => body.includes("<auth")).map((body) => sent(body).secret) };
	};

	test("for their user, until the server refuses them: then a new one is taken, once", async () => {
		assert.deepEqual((await ask(alice, [ALL, ...BOUND])).secrets, ["token-1"]);
		assert.deepEqual((await ask(alice, [ALL, ...BOUND])).secrets, ["token-1"]);
		const bobs = await ask(bob, [ALL, ...UP_TO_BIND, say.bound("bob@example.org/desk")]);
		assert.deepEqual([bobs.status, bobs.jid, bobs.secrets], [200, "bob@example.org/desk", ["token-2"]]);
		assert.deepEqual(tokens.calls.map(({ body }) => body.jid), ["alice@example.org", "bob@example.org"]);

		const refused = [ALL, say.failure("not-authorized")];
		const again = await ask(alice, [...refused, ALL, ...BOUND]);
		assert.deepEqual([again.status, again.secrets], [200, ["token-1", "token-3"]]);
		const twice = await ask(alice, [...refused, ...refused]);
		assert.deepEqual([twice.status, twice.error, twice.secrets], [502, "chat_server", ["token-3", "token-4"]]);
		assert.deepEqual((await ask(alice, [ALL, ...BOUND])).secrets, ["token-5"], "the refused one is not kept");
		assert.deepEqual((await ask(bob, [ALL, ...UP_TO_BIND, say.bound("bob@example.org/desk")])).secrets, ["token-2"]);
	});

	test("not when they would end during a log-in", async () => {
		const basic = visitor("basic");
		await basic.login("alice", PASSWORD);
		for (const [life, expected] of [
			["60 seconds", ["token-1", "token-2"]],
			[30, ["token-1", "token-2"]],
			["120 seconds", ["token-1", "token-1"]],
		]) {
			tokens.script((count) => ({ token: `token-${count}`, expires_in: life }));
			const seen = [];
			for (let i = 0; i < 2; i++)
				seen.push(...(await ask(basic, [ALL, ...BOUND])).secrets);
			assert.deepEqual(seen, expected, String(life));
		}
	});
});

describe("what ends a log-in is named, with the next step", () => {
	const end = (condition) => ({ raw: `<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='${condition}'/>` });
	const streamError = (condition) => ({
		raw: "<body xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams' type='terminate' condition='remote-stream-error'>"
			+ `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></body>`,
	});
	const rows = [ // step after the features, sentence
		[end("item-not-found"), /item-not-found\): the session was idle/],
		[end("host-unknown"), /host-unknown\): .*key jid/],
		[end("host-gone"), /host-gone/],
		[end("improper-addressing"), /improper-addressing\): .*key jid/],
		[end("internal-server-error"), /internal-server-error\): .*the server's log/],
		[end("other-request"), /other-request\): .*proxy/],
		[end("policy-violation"), /policy-violation\): a limit of the server was exceeded/],
		[end("remote-connection-failed"), /remote-connection-failed\): .*bosh_route/],
		[end("see-other-uri"), /see-other-uri\): .*bosh_service/],
		[end("system-shutdown"), /system-shutdown\): the server is stopping/],
		[end("undefined-condition"), /undefined-condition\): see the server's log/],
		[streamError("conflict"), /stream error \(conflict\): .*resource = web-\{random\}/],
		[streamError("system-shutdown"), /stream error \(system-shutdown\)/],
		[streamError("see-other-host"), /stream error \(see-other-host\): .*bosh_service/],
		[streamError("resource-constraint"), /stream error \(resource-constraint\)/],
		[{ status: 404 }, /ended the session with HTTP status 404: the server was restarted/],
	];
	for (const [step, words] of rows) {
		test(String(words), async () => {
			assertNoSession(await bind("token", [ALL, step]), "chat_server", words);
			assert.equal(peer.bodies.length, 2);
		});
	}

	test("a resource that another session has and keeps", async () => {
		assertNoSession(await bind("token", [ALL, ...UP_TO_BIND, say.iqError("conflict")]), "chat_server", /conflict\): another session .*resource = web-\{random\}/);
	});
});

test("addresses over which a secret would travel readable are refused", async () => {
	const other = new Place();
	try {
		const elsewhere = new Prebind(other, {
			site: { backend: "bosh", bosh_service: peer.url, bosh_auth: "oauth", bosh_oauth_url: "http://192.0.2.1/api/oauth_issue_token" },
		});
		await elsewhere.prepare();
		const { code, stdout } = await elsewhere.ctl(["check", "--json"]);
		assert.equal(code, 1);
		assert.match(stdout, /bosh_oauth_url: is neither an https address nor/);
	} finally {
		await other.close();
	}
});
