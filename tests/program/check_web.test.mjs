// prebindctl check --web through a scripted web server: it asks the real program, serves static files and is the BOSH service, unless a test says
// otherwise. For answers that the real servers of servers/check_web give rarely. Each finding names its cause first, and what to do.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const TYPES = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };
const BODY = "xmlns='http://jabber.org/protocol/httpbind'";
const OURS = { "X-Request-Id": "r-17" };
const IN_CONF = "\\S*/prebind\\.conf(:\\d+)?: ";

let place, prebind, server, port, url;
/** What the next test changes. host: for which the program is asked; page, login, static, bosh: answers; session: of the BOSH service. */
let scene;

/** The BOSH service: makes a session, answers pings, and at once what should wait. */
function bosh(body) {
	const kind = /\btype='terminate'/.test(body) ? "terminate" : /\bsid=/.test(body) ? (/<iq\b/.test(body) ? "ping" : "wait") : "create";
	if (scene.bosh?.[kind])
		return scene.bosh[kind];
	const attributes = kind === "create" ? ` sid='s-1' wait='60' hold='1' requests='2' ${scene.session ?? "inactivity='30'"}` : "";
	return { status: 200, headers: { "Content-Type": "text/xml; charset=utf-8" }, body: `<body ${BODY}${attributes}/>` };
}

async function answer(request, body) {
	const { pathname } = new URL(request.url, "http://127.0.0.1");
	if (pathname === "/http-bind")
		return request.method === "OPTIONS" ? scene.options : { ...bosh(body), ...(scene.allow && { headers: { "Access-Control-Allow-Origin": scene.allow } }) };
	const file = pathname.replace("/chat/", "");
	const own = { "": scene.page, "login": scene.login, "prebind.json": scene.json }[file] ?? (file.startsWith("static/") ? scene.static : undefined);
	if (own && !own.add)
		return own;
	if (file.startsWith("static/"))
		return { status: 200, headers: { "Content-Type": TYPES[path.extname(file)] }, body: fs.readFileSync(path.join(top, file)) };
	const found = await prebind.request({ path: `/${file}`, params: { SCRIPT_NAME: "/chat", REQUEST_URI: request.url, HTTP_HOST: scene.host ?? request.headers.host } });
	const headers = Object.fromEntries(Object.entries(found.headers).filter(([name]) => name !== "status"));
	return { ...found, headers: { ...headers, ...own?.add } };
}

before(async () => {
	place = new Place();
	server = http.createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request.setEncoding("utf8"))
			body += chunk;
		const { status, headers = {}, body: text = "", hang } = await answer(request, body) ?? { status: 405 };
		if (hang)
			return request.socket.destroy();
		const given = Object.entries(headers).filter(([, value]) => value !== undefined);
		response.writeHead(status, Object.fromEntries(given)).end(text);
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
	port = server.address().port;
	url = `http://127.0.0.1:${port}/chat/`;
	const peer = await startTigasePeer({ place });
	const site = (keys) => ({ ...peer.site(place), base_path: "/chat", bosh_url: "/http-bind", ...keys });
	prebind = new Prebind(place, {
		site: site({ hosts: "127.0.0.1" }),
		sites: {
			remote: site({ hosts: "remote.test", identity: "remote_user" }),
			cross: site({ hosts: "cross.test", bosh_url: `http://localhost:${port}/http-bind` }),
			nodes: site({ hosts: "nodes.test", bosh_url: `http://{hostname}:${port}/http-bind`, bosh_hosts: "127.0.0.1 localhost" }),
		},
	});
	for (const name of ["default", "remote", "cross", "nodes"])
		await prebind.ctlOk(["--site", name, "migrate"]);
	for (const name of ["default", "cross", "nodes"])
		await prebind.ctlOk(["--site", name, "user", "add", "alice", "--password-stdin"], { input: "correct horse\n" });
	await prebind.start();
});
after(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
	await place.close({ logs: true });
});
beforeEach(() => { scene = {}; });

async function check(site = "default", web = url) {
	const { code, stdout, stderr } = await prebind.ctl(["--site", site, "check", "--web", web]);
	return { code, stdout, stderr, failed: stdout.match(/^FAIL .*$/gm) ?? [] };
}

/** What is different; the first line that fails. */
const ROWS = {
	"another site's page": [{ page: { status: 200, body: "hello" } }, /page: \S+ answers 200, but the answer is not from prebind \(no X-Request-Id\); include prebind's file .*or correct --web/],
	"a redirection by the web server": [{ page: { status: 301, headers: { Location: "https://www.example.org/chat/" } } },
		/page: the web server redirects \S+ to https:\/\/www\.example\.org\/chat\/; give the second address with --web/],
	"the web server lets nobody in": [{ page: { status: 403 } }, /page: the web server answers 403 at \S+ itself; allow this URL/],
	"it does not reach the program": [{ page: { status: 502 } }, /page: the web server answers 502 at \S+ itself, .*error log, and compare the socket in its configuration with listen = \S*prebind\.sock/],
	"the connection ends": [{ page: { hang: true } }, /page: .*127\.0\.0\.1/],
	"prebind fails": [{ page: { status: 503, headers: OURS }, json: { status: 503, headers: OURS, body: '{"error":"unavailable"}' } },
		/page: prebind answers 503 at \S+: unavailable; look up the request r-17 in prebind's log \(docs\/troubleshooting\.md\)$/],
	"prebind fails, without JSON": [{ page: { status: 500, headers: OURS }, json: { status: 500, body: "oh" } }, /page: prebind answers 500 at \S+\/chat\/; look up the request /],
	"prebind gets another path than we see": [{ page: { status: 404, headers: OURS } }, /page: prebind answers 404 at \S+, because the Host or path that prebind receives does not match/],
	"prebind gets another host than we see": [{ host: "nobody.test" }, /page: prebind answers 404 at \S+, because the Host or path that prebind receives does not match hosts or base_path .*pass on the Host header/],
	"plain http": [{ page: { status: 403, headers: OURS }, json: { status: 403, headers: OURS, body: '{"error":"https_required"}' } },
		/page: prebind refuses plain http at \S+; give the https address/],
	"the form is elsewhere": [{ login: { status: 404 } }, /page: prebind redirects to \S+, where the answer is 404; if a proxy removes a part of the path, set public_path/],
	"the form's connection ends": [{ login: { hang: true } }, /page: .*127\.0\.0\.1/],
	"the form's cookie is taken away": [{ login: { add: { "set-cookie": undefined } } }, /cookie: the login form comes without its cookie \S+-login, because .*Set-Cookie; configure it to pass on this header unchanged/],
	"pages are compressed": [{ login: { add: { "Content-Encoding": "br" } } }, /headers: the web server compresses prebind's pages, .*\(BREACH\); switch off compression/],
	"a header is changed": [{ login: { add: { "x-frame-options": "SAMEORIGIN" } } }, /headers: .*adds, changes or removes the header X-Frame-Options/],
	"static files: the connection ends": [{ static: { hang: true } }, /static: .*127\.0\.0\.1/],
	"bosh_url: the connection ends": [{ bosh: { create: { hang: true } } }, new RegExp(`bosh_url: ${IN_CONF}bosh_url: .*127\\.0\\.0\\.1`)],
	"bosh_url is no BOSH service": [{ bosh: { create: { status: 200, body: "<html/>" } } }, new RegExp(`bosh_url: ${IN_CONF}bosh_url: \\S+ does not answer as a BOSH service: `)],
	"the session is on another server": [{ bosh: { ping: { status: 404 } } },
		/attach: .*a new session cannot be continued at \S+\/http-bind: the answer is 404; this address must lead to the node/],
	"the session has ended": [{ bosh: { ping: { status: 200, body: `<body ${BODY} type='terminate' condition='item-not-found'/>` } } },
		/attach: .*a new session cannot be continued at \S+: .*item-not-found/],
	"a proxy ends what waits": [{ bosh: { wait: { status: 504 } } }, /wait: .*ends a waiting request after 0 s \(HTTP 504\), but wait is \d+ s; make the time-out/],
	"the connection ends while a request waits": [{ bosh: { wait: { hang: true } } }, /wait: .*ends a waiting request after 0 s \(no answer\), but wait is \d+ s; make the time-out/],
};
for (const [what, [changes, says]] of Object.entries(ROWS))
	test(`${what}: the first line that fails names the cause`, async () => {
		scene = changes;
		const { code, stdout, stderr, failed } = await check();
		assert.equal(code, 1, stdout + stderr);
		assert.match(failed[0], says, stdout);
	});

test("all is right; the operator is told why it takes a while", async () => {
	const { code, stdout, stderr } = await check();
	assert.equal(code, 0, stdout);
	assert.match(stderr, /^prebindctl: a request to \S+\/http-bind now waits for its answer; this takes \d\d s\n$/);
	for (const what of ["address", "page", "headers", "cookie", "static", "bosh_url", "inactivity", "attach", "wait"])
		assert.match(stdout, new RegExp(`^ok {4}default: ${what}: `, "m"));
});

test("a server that soon ends sessions is noted; one that does not say when is not", async () => {
	scene = { session: "inactivity='5'" };
	const few = await check();
	assert.match(few.stdout, /^note {2}default: inactivity: the XMPP server ends an unused session after 5 s; raise this time in the XMPP server's configuration/m);
	assert.equal(few.code, 0);
	scene = { session: "" };
	assert.doesNotMatch((await check()).stdout, /: inactivity: /);
});

test("users who log in at the web server: it may ask for a password, and nobody is there to try a session with", async () => {
	scene = { page: { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } } };
	const asked = await check("remote");
	assert.equal(asked.code, 0, asked.stdout);
	assert.match(asked.stdout, /^ok {4}remote: page: \S+ answers 401$/m);
	assert.match(asked.stdout, /^ok {4}remote: attach: not tried, because prebind does not know the names of the site's users; give a user with --user NAME$/m);
	scene = { host: "remote.test" };
	assert.match((await check("remote")).stdout, /^ok {4}remote: headers: /m, "it asks the program itself, without a user");
});

const ALLOWED = { status: 204, headers: { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Content-Type" } };
const CORS = {
	"allowed": [{ allow: "*", options: ALLOWED }, /^ok {4}cross: cors: \S+ allows pages of http:\/\/127\.0\.0\.1:\d+ \(CORS\)$/m],
	"allowed to our origin": [{ own: true, options: ALLOWED }, /^ok {4}cross: cors: /m],
	"not the header": [{ allow: "*", options: { ...ALLOWED, headers: { "Access-Control-Allow-Origin": "*" } } }, /^FAIL {2}cross: cors: .*does not allow the page's origin \(CORS\)/m],
	"not the question": [{ allow: "*" }, /^FAIL {2}cross: cors: .*does not allow the page's origin \(CORS\).*make this server answer OPTIONS and POST/m],
	"not the answer": [{ options: ALLOWED }, /^FAIL {2}cross: cors: /m],
	"another origin": [{ allow: "https://elsewhere.test", options: ALLOWED }, /^FAIL {2}cross: cors: /m],
};
for (const [what, [changes, says]] of Object.entries(CORS))
	test(`bosh_url is another origin, ${what}`, async () => {
		scene = { host: "cross.test", ...changes, ...(changes.own && { allow: url.replace("/chat/", "") }) };
		assert.match((await check("cross")).stdout, says);
	});

test("a cluster: each node is asked, and a session is tried at the one that has it", async () => {
	scene = { host: "nodes.test", allow: "*", options: ALLOWED };
	const { stdout } = await check("nodes");
	assert.deepEqual(stdout.match(/bosh_url: \S+/g), [`bosh_url: http://127.0.0.1:${port}/http-bind`, `bosh_url: http://localhost:${port}/http-bind`]);
	assert.match(stdout, /^ok {4}nodes: attach: the session of alice@\S+ is on another node$/m);
	assert.match(stdout, /^ok {4}nodes: attach: the session of alice@\S+ continues at http:\/\/localhost:/m);
});

test("several sites, and none has the host", async () => {
	const { code, stdout } = await prebind.ctl(["check", "--web", "http://nowhere.test/chat/"]);
	assert.equal(code, 1);
	assert.match(stdout, /^FAIL {2}\[server\]: hosts: no site has the host 'nowhere\.test' of http:\/\/nowhere\.test\/chat\/; add the host to the key `hosts` of the right \[site NAME\]$/m);
	const found = await prebind.ctl(["check", "--web", url]);
	assert.match(found.stdout, /^ok {4}default: page: /m);
	assert.doesNotMatch(found.stdout, /^.{6}(remote|cross|nodes): page: /m);
});
