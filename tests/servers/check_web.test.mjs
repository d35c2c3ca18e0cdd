// Installations that are broken behind the web server: the first line of `prebindctl check --web` that fails names the cause, and what
// to do. Real lighttpd, Apache and Prosody. Numbers as in tests/program/breakages.test.mjs. Run with root's rights, as an operator runs
// it; with others only the rows that need to see another account's processes are left out.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import os from "node:os";
import { after, before, test } from "node:test";
import { snippet as apacheSnippet, modulesOf, startApache } from "../lib/apache.mjs";
import { idOf, SERVICE, setKey, WEB_SERVER } from "../lib/check.mjs";
import { clockOff } from "../lib/clock.mjs";
import { snippet as lighttpdSnippet, startLighttpd } from "../lib/lighttpd.mjs";
import { Place } from "../lib/place.mjs";
import { DEAD_PORT, freePorts } from "../lib/wait.mjs";
import { startSite } from "../lib/xmpp_site.mjs";

const WAIT_S = 3; // `wait` of every site here, so that a waiting request takes little time
const CLOCK_OFF_S = 200;
const DAYS_LEFT = 5;

let first; // the site whose Prosody all others share
const places = [];

before(async () => {
	const place = new Place();
	places.push(place);
	first = await startSite(place, { server: "prosody", way: "token", site: { wait: WAIT_S } });
});
after(async () => {
	for (const place of places)
		await place.close();
});

/**
 * Runs check as our own user, with the site's configuration. Without root's rights the web server runs as we do, and peer_users says so.
 */
function check(prebind, args) {
	if (process.getuid() !== 0)
		setKey(prebind, "peer_users", os.userInfo().username);
	return new Promise((resolve) => {
		execFile(prebind.ctlProgram, ["-c", prebind.conf, "check", ...args], (error, stdout, stderr) =>
			resolve({ code: error ? error.code : 0, stdout, stderr, failed: stdout.match(/^FAIL .*$/gm) ?? [] }));
	});
}

function lighttpdText({ place, socket }, settings = {}) {
	return lighttpdSnippet("lighttpd/prebind.conf", { prebind_socket: socket, prebind_static: place.copy("static", "static"),
		prebind_bosh_port: String(first.port), ...settings });
}

/** Starts lighttpd with the shipped file, changed by change. */
const lighttpd = (change = (text) => text, settings = {}) => (made) =>
	startLighttpd(made.webPlace, { port: made.port, snippets: [change(lighttpdText(made, settings))] });

/** Starts Apache with the shipped file, without some of its modules. */
const apache = ({ without = [], change = (text) => text } = {}) => ({ place, webPlace, socket, port }) => {
	const text = apacheSnippet("apache/prebind.conf", { prebind_socket: socket, prebind_static: place.copy("static", "static"),
		prebind_bosh: `http://127.0.0.1:${first.port}/http-bind` });
	return startApache(webPlace, { port, snippets: [change(text)], modules: modulesOf(text).filter((name) => !without.includes(name)) });
};

/** A text with one passage replaced, which must be there. */
const replaced = (pattern, by) => (text) => {
	assert.match(text, pattern);
	return text.replace(pattern, by);
};

/** Makes a site with its web server. made: what the rows' functions get. */
async function setUp(t, { site = {}, web = lighttpd() } = {}) {
	const place = new Place();
	t.after(() => place.close());
	const [port] = await freePorts(1);
	const keys = Object.fromEntries(Object.entries(site).map(([key, value]) => [key, value.replace("PORT", port)]));
	const { prebind } = await startSite(place, { server: "prosody", way: "token", beside: first, site: { wait: WAIT_S, ...keys } });
	const made = { place, webPlace: place, prebind, socket: prebind.socket, port, url: `http://127.0.0.1:${port}/chat/` };
	if (web)
		await web(made);
	return made;
}

/** Makes an authority and a certificate of localhost in a folder of the place. */
function makeCertificate(place, days) {
	const folder = place.folder("tls", 0o755);
	const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
	fs.writeFileSync(`${folder}/extensions`, "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
	openssl("req", "-x509", ...key, "-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=authority", "-days", "90");
	openssl("req", ...key, "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=localhost");
	openssl("x509", "-req", "-in", "own.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
		"-days", String(days), "-extfile", "extensions", "-out", "own.pem");
	fs.chmodSync(`${folder}/authority.pem`, 0o644);
	return { ca: `${folder}/authority.pem`, key: fs.readFileSync(`${folder}/own.key`), cert: fs.readFileSync(`${folder}/own.pem`) };
}

/** Ends TLS in front of the site's web server, as a CDN does. Returns the page's address behind it. */
async function endTls(t, made, certificate) {
	const proxy = https.createServer(certificate, (request, response) => {
		const onward = http.request({ port: made.port, host: "127.0.0.1", path: request.url, method: request.method,
			headers: { ...request.headers, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9" } }, (answer) => {
			response.writeHead(answer.statusCode, answer.headers);
			answer.pipe(response);
		});
		onward.on("error", () => response.destroy());
		request.pipe(onward);
	});
	await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
	t.after(() => new Promise((resolve) => {
		proxy.closeAllConnections();
		proxy.close(resolve);
	}));
	return `https://127.0.0.1:${proxy.address().port}/chat/`;
}

const IN_CONF = "\\S*/prebind\\.conf(:\\d+)?: ";

/** site, web: as in setUp. says: the first line that fails. */
const rows = [
	["5", { what: "/http-bind is not passed on", web: lighttpd(replaced(/^\$HTTP\["url"\] =~ "\^\/http-bind[^]*?^}\n/m, "")),
		says: new RegExp(`bosh_url: ${IN_CONF}bosh_url: .*/http-bind answers 404, because the web server does not pass this path .*add the lines for /http-bind`) }],
	["5, Apache", { what: "/http-bind is not passed on", site: { base_path: "/chat" },
		web: apache({ change: replaced(/^ProxyPass \/http-bind.*\n/gm, "") }),
		says: /bosh_url: .*answers 404, because the web server does not pass this path / }],
	["5, port", { what: "/http-bind leads to a port where nobody listens", web: lighttpd(undefined, { prebind_bosh_port: String(DEAD_PORT) }),
		says: /bosh_url: .*answers 50\d, because the web server cannot reach the XMPP server; correct the address of the BOSH service/ }],
	["6", { what: "the proxy's time-out is shorter than wait", site: { wait: "8" }, // lighttpd looks only now and then
		web: lighttpd(replaced(/("port" => var\.prebind_bosh_port)/, '$1, "read-timeout" => 1')),
		says: new RegExp(`wait: ${IN_CONF}wait: the web server or a proxy ends a waiting request after \\d s .*but wait is 8 s; make the time-out`) }],
	["6, Apache", { what: "the proxy's time-out is shorter than wait", site: { base_path: "/chat" },
		web: apache({ change: replaced(/timeout=150/, "timeout=1") }),
		says: /wait: .*ends a waiting request after 1 s .*but wait is 3 s/ }],
	["14", { what: "base_path is another path", site: { base_path: "/chatt" },
		says: new RegExp(`page: ${IN_CONF}base_path: is not the path of .*answers 404; set base_path = /chat$`) }],
	["14b", { what: "base_path is empty at mod_proxy_fcgi", web: apache(),
		says: new RegExp(`page: ${IN_CONF}base_path: is empty.*no PATH_INFO.*answers 500; set base_path = /chat$`) }],
	["15", { what: "the Host is not in hosts", site: { hosts: "www.example.org" },
		says: new RegExp(`page: ${IN_CONF}hosts: the page's host '127\\.0\\.0\\.1' is not in this key.*add the host$`) }],
	["20", { what: "proxy_fcgi is not enabled", site: { base_path: "/chat" }, web: apache({ without: ["proxy_fcgi"] }),
		says: /page: Apache answers 500 .* itself, because proxy_fcgi is not enabled; run: a2enmod proxy_fcgi/ }],
	["23", { what: "prebind does not run", damage: async ({ prebind }) => {
			setKey(prebind, "user", SERVICE); // without it root would read that first
			await prebind.stop();
			prebind.stop = () => {}; // the place would stop it again
		},
		says: new RegExp(`page: ${IN_CONF}listen: the web server answers 503 .*prebind\\.fcgi is not running.*start prebind`) }],
	["25", { what: "the folder of static files is wrong", web: lighttpd(undefined, { prebind_static: "/nonexistent" }),
		says: /static: the web server answers 404 at .*static\/chat\.css; make the web server serve the folder .*\/static \(prebind_static/ }],
	["types", { what: "scripts come with the wrong type",
		web: lighttpd((text) => `${text}\n$HTTP["url"] =~ "\\.js$" { mimetype.assign = (".js" => "text/plain") }\n`),
		says: /static: .*chat\.js has the Content-Type 'text\/plain', so browsers refuse the file; set the type of such files to javascript/ }],
	["header", { what: "the web server sets a policy of its own",
		web: lighttpd((text) => `${text}\nsetenv.add-response-header = ("Content-Security-Policy" => "default-src 'self'")\n`),
		says: /headers: .*adds, changes or removes the header Content-Security-Policy of prebind's page; configure it to pass on this header unchanged/ }],
	["elsewhere", { what: "the address is another path", args: (made) => [made.url.replace("/chat/", "/talk/")],
		says: /page: the web server answers 404 at .*\/talk\/ itself; include prebind's file/ }],
	["no name", { what: "the host has no address", args: () => ["https://no-such-host.invalid/chat/"],
		says: /address: no-such-host\.invalid: this machine cannot find an address of this host .*DNS/ }],
	["nobody", { what: "no web server runs", web: null,
		says: /address: 127\.0\.0\.1: nothing accepts a connection .*Connection refused.*start the web server/ }],
	["cors", { what: "bosh_url is another origin that allows nothing", site: { bosh_url: "http://localhost:PORT/http-bind" },
		web: lighttpd((text) => `${text}\nsetenv.set-response-header = ("Access-Control-Allow-Origin" => "https://other.example")\n`),
		says: new RegExp(`cors: ${IN_CONF}bosh_url: .*different origin than the page, and does not allow the page's origin \\(CORS\\).*Access-Control-Allow-Origin: http://127`) }],
];

for (const [number, { what, site = {}, web, args = (made) => [made.url], damage = () => {}, says }] of rows)
	test(`${number}: ${what}`, async (t) => {
		const made = await setUp(t, { site, web });
		await damage(made);
		const found = await check(made.prebind, ["--web", ...args(made)]);
		t.diagnostic(`${found.failed[0]}`);
		assert.equal(found.code, 1, found.stdout + found.stderr);
		assert.match(found.failed[0], says, found.stdout);
	});

test("whole: each line is ok, also as JSON, and no session is left to wait", async (t) => {
	const made = await setUp(t);
	const { code, stdout, failed } = await check(made.prebind, ["--web", made.url]);
	assert.deepEqual(failed, [], stdout);
	assert.equal(code, 0);
	for (const what of ["address", "page", "headers", "cookie", "static", "clock", "bosh_url", "inactivity", "attach", "wait"])
		assert.match(stdout, new RegExp(`^ok {4}default: ${what}: `, "m"), stdout);
	assert.match(stdout, /attach: the session of alice@example\.org\/.* continues at /);
	const json = JSON.parse((await check(made.prebind, ["--web", made.url, "--json"])).stdout);
	assert.ok(json.some(({ what, ok }) => what === "wait" && ok), "the same in JSON");
});

test("whole, Apache", async (t) => {
	const made = await setUp(t, { site: { base_path: "/chat" }, web: apache() });
	const { code, stdout } = await check(made.prebind, ["--web", made.url.replace(/\/$/, "")]);
	assert.equal(code, 0, stdout);
});

test("not an address: refused before anything is asked", async () => {
	const { code, stderr, stdout } = await check(first.prebind, ["--web", "ftp://127.0.0.1/"]);
	assert.equal(code, 1);
	assert.match(stderr, /only http:\/\/ and https:\/\//);
	assert.equal(stdout, "");
});

test("16: a proxy in front ends TLS; when it is named, the rest is right, and the certificate's end is told", async (t) => {
	const made = await setUp(t, { site: { allow_http: "off" }, web: lighttpd() });
	const certificate = makeCertificate(made.place, DAYS_LEFT);
	const url = await endTls(t, made, certificate);
	fs.appendFileSync(made.prebind.conf, `ca_file = ${certificate.ca}\n`);
	const found = await check(made.prebind, ["--web", url]);
	t.diagnostic(`${found.failed[0]}`);
	assert.match(found.failed[0], new RegExp(`page: ${IN_CONF}trusted_proxies: .* is https, but prebind receives the request as plain http.*add the proxy's address to this key`));
	assert.match(found.stdout, /^note {2}default: tls: the certificate of 127\.0\.0\.1 is valid for another [45] days; renew the certificate now/m);

	const conf = fs.readFileSync(made.prebind.conf, "utf8");
	fs.writeFileSync(made.prebind.conf, conf.replace("[server]\n", "[server]\ntrusted_proxies = 127.0.0.1\n"));
	await made.prebind.stop();
	await made.prebind.start();
	const mended = await check(made.prebind, ["--web", url]);
	assert.deepEqual(mended.failed, [], mended.stdout);

	const mixed = fs.readFileSync(made.prebind.conf, "utf8");
	fs.writeFileSync(made.prebind.conf, `${mixed}bosh_url = http://chat.example.org/http-bind\n`);
	assert.match((await check(made.prebind, ["--web", url])).failed[0], /bosh_url: .*plain http, but the page uses https, so browsers refuse this URL/);
});

test("18c: the web server's account is not in peer_users", { skip: process.getuid() !== 0 && "only root sees another account's processes" }, async (t) => {
	const made = await setUp(t, { web: null });
	made.webPlace = new Place();
	t.after(() => made.webPlace.close());
	made.webPlace.user = { name: WEB_SERVER, uid: idOf("-u", WEB_SERVER), gid: idOf("-g", WEB_SERVER) };
	made.webPlace.own(made.webPlace.dir);
	fs.chmodSync(made.place.dir, 0o711);
	fs.chmodSync(made.place.path("run"), 0o711);
	fs.chmodSync(made.socket, 0o666);
	await lighttpd()(made);
	const found = await check(made.prebind, ["--web", made.url]);
	t.diagnostic(`${found.failed[0]}`);
	assert.match(found.failed[0], new RegExp(`page: ${IN_CONF}peer_users: the web server \\(lighttpd, process \\d+\\) runs as ${WEB_SERVER}, which is not in this key.*add ${WEB_SERVER}, and restart prebind`));
});

test("the XMPP server's clock: --deep names it and by how much", async (t) => {
	const place = new Place();
	t.after(() => place.close());
	const { prebind } = await startSite(place, { server: "prosody", way: "token", env: clockOff(place, CLOCK_OFF_S) });
	const { stdout } = await check(prebind, ["--deep"]);
	assert.match(stdout, /^FAIL {2}default: clocks: the XMPP server's clock is (199|200|201) s ahead of this machine's.*NTP/m, stdout);
	assert.match(stdout, /^note {2}default: web: the web server was not tested; give the page's address with --web/m);
});
