// The pre-bind service with back end tigase, as `prebindctl prebind` shows it: both formats, every answer that is
// no session, time-outs and broken connections. The peer answers with the recorded bytes of a real server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { assertNoSession, confText, Prebind } from "../lib/prebind.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const TIMEOUT_MS = 400;
const API_KEY = "key-for-tests";
const ODD_KEY = "k&y=1 #ü+%41/";
const RECORDED = {
	json: { sid: "bfcd28f4-24c8-4378-8d23-af11354dff74", rid: 791632 },
	xml: { sid: "28b777e2-276f-410f-8ccc-3ec435582b67", rid: 6062471 },
};

let place, peer, keyedPeer, oddPeer, prebind;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	keyedPeer = await startTigasePeer({ place, apiKey: API_KEY });
	oddPeer = await startTigasePeer({ place, apiKey: ODD_KEY });
	const site = (keys) => ({ ...peer.site(place), timeout: "4s", ...keys });
	const odd = { tigase_api_key_in: "query", tigase_api_key_file: place.write("etc/odd.key", ODD_KEY) };
	const deadUrl = `http://127.0.0.1:${DEAD_PORT}/rest/adhoc/bosh@example.test`;
	const hosts = (name) => ({ hosts: `${name}.example.org` });
	prebind = new Prebind(place, {
		site: site({ hosts: "example.org" }),
		sites: {
			json: site({ ...hosts("json"), tigase_format: "json" }),
			xml: site({ ...hosts("xml"), tigase_format: "xml" }),
			fixed: site({ ...hosts("fixed"), resource: "desk" }),
			server: site({ ...hosts("server"), resource: "server", session_life: "25s" }),
			hurried: site({ ...hosts("hurried"), timeout: `${TIMEOUT_MS}ms` }),
			dead: site({ ...hosts("dead"), tigase_url: deadUrl }),
			wrong: site({ ...hosts("wrong"), tigase_password_file: place.write("etc/wrong.password", "not-it\n") }),
			keyed: site({ ...hosts("keyed"), ...keyedPeer.site(place) }),
			query: site({ ...hosts("query"), ...odd, tigase_url: oddPeer.url }),
			query_dead: site({ ...hosts("query-dead"), ...odd, tigase_url: deadUrl }),
			keyless: site({ ...hosts("keyless"), tigase_url: keyedPeer.url }),
		},
	});
	await prebind.prepare();
});
after(() => place.close());

/** One `prebindctl prebind JID --json`; the peer answers by the script while it runs. */
async function bind(site, jid, script = null) {
	const first = peer.requests.length;
	peer.answer(script);
	const run = await prebind.bind(jid, site);
	peer.answer(null);
	return { ...run, requests: peer.requests.slice(first) };
}

/** What every failure has in common; returns the sentence. */
function assertFailed(run, error) {
	assertNoSession(run, error, /^prebindctl: [^\n]+\n$/);
	assert.doesNotMatch(run.stdout + run.stderr, /adminpass|not-it|key-for-tests|Basic /);
	return run.stderr;
}

for (const format of ["json", "xml"]) {
	describe(format, () => {
		test("the session: rid + 1, and the JID of the answer", async () => {
			const { code, stderr, answer } = await bind(format, "alice@example.test/web1");
			assert.equal(code, 0, stderr);
			assert.deepEqual(answer, {
				jid: "alice@example.test/web1",
				sid: RECORDED[format].sid,
				rid: String(RECORDED[format].rid + 1),
				bosh_url: "/http-bind",
				hold: 1,
				wait: 60,
				expires_in: 10,
			});
		});

		test("the request: one POST, credentials, a length, a literal @", async () => {
			const { requests } = await bind(format, "alice@example.test/web1");
			assert.equal(requests.length, 1);
			const [{ method, path, headers, body }] = requests;
			assert.equal(`${method} ${path}`, "POST /rest/adhoc/bosh@example.test");
			assert.equal(headers.authorization, "Basic YWRtaW5AZXhhbXBsZS50ZXN0OmFkbWlucGFzcw==");
			assert.equal(headers["content-type"], `application/${format}; charset=utf-8`);
			assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
			for (const name of ["transfer-encoding", "expect", "accept-encoding", "cookie", "api-key"])
				assert.equal(headers[name], undefined, name);
			assert.match(body, /alice@example\.test\/web1/);
		});

		test("the rule chooses the resource where none is given", async () => {
			const { answer, requests } = await bind(format, "bob@example.test");
			assert.match(answer.jid, /^bob@example\.test\/web-[0-9a-f]{16}$/);
			assert.ok(requests[0].body.includes(answer.jid));
			const again = await bind(format, "bob@example.test");
			assert.notEqual(again.answer.jid, answer.jid);
		});

		test("a resource in UTF-8", async () => {
			const { answer } = await bind(format, "alice@example.test/büro–東京");
			assert.equal(answer.jid, "alice@example.test/büro–東京");
		});
	});
}

test("a fixed resource; and the server's choice, with the life that the site says", async () => {
	assert.equal((await bind("fixed", "bob@example.test")).answer.jid, "bob@example.test/desk");
	const { answer, requests } = await bind("server", "bob@example.test");
	assert.match(answer.jid, /^bob@example\.test\/[0-9a-f-]{36}$/);
	assert.equal(answer.expires_in, 25);
	assert.match(requests[0].body, /"bob@example\.test"/);
});

test("a session of somebody else is not handed out", async () => {
	const sentence = assertFailed(await bind("json", "mallory@example.test", "020-json-full-jid"), "chat_server");
	assert.match(sentence, /alice@example\.test.*mallory@example\.test/);
	assertFailed(await bind("json", "alice@other.test", "020-json-full-jid"), "chat_server");
});

for (const [site, written] of [["json", "ALICE@EXAMPLE.test/web1"], ["xml", "\uff41lice@example.test/web1"], ["json", "al\u00adice@example.test/web1"],
	["xml", "alice@example.test/\uff57eb1"]])
	test(`a JID that the server writes as ${written} is handed out as it is prepared`, async () => {
		const { code, stderr, answer } = await bind(site, "alice@example.test/web1", { jid: written });
		assert.equal(code, 0, stderr);
		assert.equal(answer.jid, "alice@example.test/web1");
	});

test("a JID that cannot be prepared is no session", async () => {
	assert.match(assertFailed(await bind("json", "alice@example.test/web1", { jid: "alice@example\u3002test/web1" }), "chat_server"), /a JID that is not valid.*not a JID/);
});

describe("answers that are no session", () => {
	const rows = [ // site, recording, error, what its sentence says
		["json", "033-json-unknown-domain", "chat_server", /Domain of the JID doesn't exists.*virtual host/],
		["xml", "050-xml-unknown-domain", "chat_server", /Domain of the JID doesn't exists.*virtual host/],
		["json", "032-json-missing-from", "chat_server", /form/],
		["xml", "052-xml-missing-from", "chat_server", /form/],
		["xml", "090-badjid-at-at", "chat_server", /returned no results/],
		["json", "041-auth-wrong-password", "chat_server", /401.*tigase_password_file/],
		["json", "140-apikey-missing", "chat_server", /403.*tigase_api_key_file/],
		["json", "034-json-unknown-node", "chat_server", /404.*tigase_url/],
		["xml", "045-auth-non-admin", "chat_server", /404.*administers/],
		["xml", "109-wrong-context", "chat_server", /405.*tigase_url/],
		["json", "029-json-truncated", "chat_server", /500/],
		["xml", "059-xml-malformed", "chat_server", /500/],
		["xml", "102-domain-only-target-long", "chat_timeout", /504/],
		["json", "010-xml-full-jid", "chat_server", /content type/],
		["xml", "020-json-full-jid", "chat_server", /content type/],
	];
	for (const [site, name, error, words] of rows) {
		test(`${name} as ${site}`, async () => {
			const run = await bind(site, "alice@example.test/web1", name);
			assert.match(assertFailed(run, error), words);
			assert.equal(run.requests.length, 1, "asked once, whatever the answer");
		});
	}

	test("each has a sentence of its own", async () => {
		const own = new Set();
		const names = ["033-json-unknown-domain", "032-json-missing-from", "041-auth-wrong-password", "140-apikey-missing",
			"034-json-unknown-node", "029-json-truncated", "102-domain-only-target-long"];
		for (const name of names)
			own.add((await bind("json", "alice@example.test/web1", name)).stderr);
		assert.equal(own.size, names.length);
	});
});

describe("what is no answer of Tigase's", () => {
	const head = (fields) => `HTTP/1.1 200 OK\r\n${fields}\r\n`;
	const rows = [ // name, script, what the sentence says
		["a redirect", { raw: "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n" }, /302.*does not follow redirects/],
		["HTML", { raw: head("Content-Type: text/html\r\nContent-Length: 6\r\n") + "<html>" }, /content type/],
		["compressed", { raw: head("Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n") + "{}" },
			/compressed/],
		["too large", { raw: head("Content-Type: application/json\r\nContent-Length: 65537\r\n") + " ".repeat(65537) }, /64 KiB/],
		["not HTTP", { raw: "SSH-2.0-OpenSSH\r\n" }, /not HTTP/],
		["a close", { way: "close" }, /without an answer/],
		["a reset", { way: "reset" }, /broke/],
		["half an answer", { raw: head("Content-Type: application/json\r\nContent-Length: 500\r\n") + "{" }, /broke/],
	];
	for (const [name, script, words] of rows) {
		test(name, async () => {
			const run = await bind("json", "alice@example.test/web1", script);
			assert.match(assertFailed(run, "chat_server"), words);
			assert.equal(run.requests.length, 1, "a request that left is not repeated");
		});
	}
});

for (const way of ["hang", "drip"]) {
	test(`the deadline ends a ${way}`, async () => {
		const started = Date.now();
		const run = await bind("hurried", "alice@example.test/web1", { way });
		assert.match(assertFailed(run, "chat_timeout"), /no complete answer.*timeout/);
		assert.ok(Date.now() - started >= TIMEOUT_MS * 0.9);
	});
}

test("a slow answer within the deadline is taken", async () => {
	const { code, stderr } = await bind("json", "alice@example.test/web1", { delayMs: 100 });
	assert.equal(code, 0, stderr);
});

test("nobody listens there", async () => {
	assert.match(assertFailed(await bind("dead", "alice@example.test"), "chat_server"), /Connection refused/);
});

test("a wrong Tigase password", async () => {
	const run = await bind("wrong", "alice@example.test");
	assert.match(assertFailed(run, "chat_server"), /401.*tigase_password_file/);
});

test("the API key travels in its header, once, and never in the address", async () => {
	const { code, stderr, answer } = await bind("keyed", "alice@example.test/web1");
	assert.equal(code, 0, stderr);
	assert.equal(answer.jid, "alice@example.test/web1");
	const { headers, path } = keyedPeer.requests.at(-1);
	assert.equal(headers["api-key"], API_KEY);
	assert.doesNotMatch(path, /api-key/);
	assert.match(assertFailed(await bind("keyless", "alice@example.test"), "chat_server"), /403.*tigase_api_key_file/);
});

test("the API key in the address, for old servers: encoded, and never shown", async () => {
	const { code, stderr, answer } = await bind("query", "alice@example.test/web1");
	assert.equal(code, 0, stderr);
	assert.equal(answer.jid, "alice@example.test/web1");
	const { headers, path } = oddPeer.requests.at(-1);
	assert.equal(headers["api-key"], undefined);
	assert.equal(path, `/rest/adhoc/bosh@example.test?api-key=${encodeURIComponent(ODD_KEY)}`);
	const check = JSON.parse((await prebind.ctl(["--site", "query", "check", "--json"])).stdout);
	assert.equal(check.find(({ what }) => what === "upstream").ok, true);

	oddPeer.answer("143-apikey-wrong");
	for (const run of [await bind("query", "alice@example.test"), await bind("query_dead", "alice@example.test")]) {
		assertFailed(run, "chat_server");
		assert.doesNotMatch(run.stdout + run.stderr, /api-key=|k&y|k%26y/);
	}
	oddPeer.answer(null);
});

test("resources that break Tigase's stream are refused before it is asked", async () => {
	for (const resource of ["a&b", "a<b", "a>b", 'a"b', "a'b"]) {
		const run = await bind("json", `alice@example.test/${resource}`);
		assertFailed(run, "bad_request");
		assert.equal(run.requests.length, 0);
	}
});

describe("prebindctl check", () => {
	const check = async (site, script = null) => {
		peer.answer(script);
		const run = await prebind.ctl(["--site", site, "check", "--json"]);
		peer.answer(null);
		return { ...run, upstream: JSON.parse(run.stdout).find(({ what }) => what === "upstream") };
	};

	for (const format of ["json", "xml"]) {
		test(`finds the command (${format})`, async () => {
			const { upstream } = await check(format);
			assert.deepEqual([upstream.ok, /offers pre-bind-bosh-session/.test(upstream.said)], [true, true], upstream.said);
		});
	}

	test("binds nobody", async () => {
		const first = peer.requests.length;
		await check("json");
		const requests = peer.requests.slice(first);
		assert.deepEqual(requests.map(({ method }) => method), ["GET", "POST"]);
		assert.doesNotMatch(requests[1].body, /from/, "it asks for the form");
	});

	for (const format of ["json", "xml"]) {
		test(`an account that may not call the command, which everybody is shown (${format})`, async () => {
			peer.refused.add("bind");
			const { code, upstream } = await check(format);
			peer.refused.clear();
			assert.deepEqual([code, upstream.ok], [1, false]);
			assert.match(upstream.said, /does not allow admin@example\.test to use it \(HTTP 404\).*tigase_user/);
		});
	}

	test("says what is wrong", async () => {
		const rows = [
			["wrong", null, /401.*tigase_password_file/],
			["dead", null, /Connection refused/],
			["keyless", null, /403.*tigase_api_key_file/],
			["json", "045-auth-non-admin", /404.*tigase_user/],
			["json", { raw: "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 8\r\n\r\n<items/>" },
				/does not offer pre-bind-bosh-session/],
			["hurried", { way: "hang" }, /no complete answer/],
		];
		for (const [site, script, words] of rows) {
			const { code, upstream } = await check(site, script);
			assert.equal(code, 1);
			assert.equal(upstream.ok, false);
			assert.match(upstream.said, words);
		}
	});
});

describe("a configuration that cannot work", () => {
	const rows = [
		["%40 in the path", { tigase_url: "http://127.0.0.1:1/rest/adhoc/bosh%40example.test" }, /tigase_url: .*@/],
		["no component", { tigase_url: "http://127.0.0.1:1/rest/adhoc/example.test" }, /tigase_url: .*bosh@/],
		["plain http to a network", { tigase_url: "http://192.0.2.1/rest/adhoc/bosh@example.test" }, /upstream_http/],
		["credentials in the URL", { tigase_url: "http://admin@127.0.0.1/rest/adhoc/bosh@example.test" }, /tigase_url/],
		["no password file", { tigase_password_file: "/nonexistent/tigase.password" }, /tigase_password_file/],
	];
	for (const [name, keys, words] of rows) {
		test(name, async () => {
			const conf = place.write("etc/broken.conf", confText({
				sites: {
					default: { database: place.path("data", "prebind.db"), templates: place.path("templates"), identity: "login",
						allow_http: "on", ...peer.site(place), ...keys },
				},
			}));
			const { code, stdout, stderr } = await place.run([prebind.ctlProgram, "-c", conf, "prebind", "a@example.test"]);
			assert.equal(code, 1);
			assert.equal(stdout, "");
			assert.match(stderr, words);
		});
	}
});
