// Real proxies that end TLS in front of real web servers: HAProxy before lighttpd, nginx before Apache, each with the lines of
// docs/proxies.md. The visitor's own address is in log and limits, https is recognised, and a forged header has no effect.
import assert from "node:assert/strict";
import fs from "node:fs";
import https from "node:https";
import { after, before, test } from "node:test";
import { apacheFastcgi } from "../lib/apache.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { httpRequest, NAVIGATION } from "../lib/http.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { nginxFastcgi } from "../lib/nginx.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { accepts, freePorts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const HAPROXY = "/usr/sbin/haproxy";
const VISITOR = "127.0.0.5"; // every address of 127.0.0.0/8 is this machine's; the proxies connect from 127.0.0.1
const FORGED = "203.0.113.66";
const needs = (file) => !fs.existsSync(file) && `needs ${file}`;

let place, prebind, pem, ports;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { trusted_proxies: "127.0.0.1" },
		site: { ...peer.site(place), hosts: "www.example.org", jid: "{user}@example.test", allow_http: "off", base_path: "/chat", limit_login: "off" },
	});
	await prebind.prepare();
	await prebind.start();
	pem = await certificate();
	const names = ["lighttpd", "haproxy", "appending", "lines", "apache", "nginx", "nginxBehind"];
	const free = await freePorts(names.length);
	ports = Object.fromEntries(names.map((name, i) => [name, free[i]]));
	const web = { socket: prebind.socket, boshPort: 1 };
	if (!needs(HAPROXY)) {
		await lighttpdFastcgi(place, { ...web, port: ports.lighttpd });
		await nginxFastcgi(place, { ...web, port: ports.nginxBehind });
		await startHaproxy();
	}
	const apache = new Place(); // its files have the names of lighttpd's
	place.onClose(() => apache.close());
	await apacheFastcgi(apache, { ...web, port: ports.apache });
	await startNginx();
});
after(() => place.close({ logs: true }));

async function certificate() {
	const [key, cert] = [place.path("etc/key.pem"), place.path("etc/cert.pem")];
	const { code, stderr } = await place.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN=www.example.org", "-keyout", key, "-out", cert]);
	assert.equal(code, 0, stderr);
	return { key, cert, both: place.write("etc/both.pem", fs.readFileSync(cert, "utf8") + fs.readFileSync(key, "utf8")) };
}

/**
 * A frontend as in the document, and two that add a line to what the visitor sent. nginx passes each line as a parameter of its
 * own, lighttpd passes them as one.
 */
function startHaproxy() {
	const lines = docSnippet("docs/proxies.md", "haproxy").trimEnd().split("\n").map((line) => `    ${line}`);
	const frontend = (name, web, text) => [`frontend ${name}`, `    bind 127.0.0.1:${ports[name]} ssl crt ${pem.both}`, ...text, `    default_backend ${web}`];
	const backend = (web) => [`backend ${web}`, `    server ${web} 127.0.0.1:${ports[web]}`];
	const appending = ["    option forwardfor", "    http-request set-header X-Forwarded-Proto https", "    http-request del-header Forwarded"];
	const file = place.write("etc/haproxy.cfg", ["global", "    log stderr local0 err", "defaults", "    mode http", "    timeout connect 5s", "    timeout client 30s",
		"    timeout server 30s", ...frontend("haproxy", "lighttpd", lines), ...frontend("appending", "lighttpd", appending),
		...frontend("lines", "nginxBehind", appending), ...backend("lighttpd"), ...backend("nginxBehind"), ""].join("\n"));
	return place.startUntil("haproxy", [HAPROXY, "-db", "-f", file], () => accepts(ports.haproxy));
}

function startNginx() {
	const run = place.folder("front");
	const location = docSnippet("docs/proxies.md", "nginx", { "127.0.0.1:8080": `127.0.0.1:${ports.apache}` });
	const file = place.write("front/nginx.conf", ["daemon off;", "worker_processes 1;", `pid ${run}/nginx.pid;`, "error_log stderr error;", "events { }", "http {", "access_log off;",
		...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${run}/${name};`),
		"server {", `listen 127.0.0.1:${ports.nginx} ssl;`, `ssl_certificate ${pem.cert};`, `ssl_certificate_key ${pem.key};`, location, "}", "}", ""].join("\n"));
	return place.startUntil("nginx", ["nginx", "-e", "stderr", "-c", file], () => accepts(ports.nginx));
}

/** One request over TLS, or straight to a web server behind the proxy; from VISITOR. */
async function ask(name, headers = {}) {
	const what = { port: ports[name], path: "/chat/login", localAddress: VISITOR, headers: { ...NAVIGATION, Host: "www.example.org", ...headers } };
	if (["lighttpd", "apache", "nginxBehind"].includes(name))
		return httpRequest(what);
	return new Promise((resolve, reject) => {
		const request = https.request({ host: "127.0.0.1", agent: false, rejectUnauthorized: false, ...what }, (response) => {
			response.on("data", () => {});
			response.on("end", () => resolve({ status: response.statusCode, headers: response.headers }));
		});
		request.on("error", reject);
		request.end();
	});
}

async function ipOf(answer) {
	const id = answer.headers["x-request-id"];
	const line = await until("the log's line", () => prebind.child.stderr.split("\n")
		.find((one) => one.includes(id) && one.includes('"event":"request"') && one.endsWith("}")));
	return JSON.parse(line).ip;
}

const FORGERIES = {
	"nothing forged": {},
	"X-Forwarded-For": { "X-Forwarded-For": FORGED },
	"a whole chain": { "X-Forwarded-For": `${FORGED}, 127.0.0.1, 127.0.0.1` },
	"underscores": { "X_Forwarded_For": FORGED, "X_Forwarded_Proto": "http" },
	"Forwarded": { Forwarded: `for=${FORGED};proto=http;host=evil.example` },
	"X-Forwarded-Proto": { "X-Forwarded-Proto": "http" },
};

for (const [proxy, web, skip] of [["haproxy", "lighttpd", needs(HAPROXY)], ["appending", "lighttpd", needs(HAPROXY)],
	["lines", "nginxBehind", needs(HAPROXY)], ["nginx", "apache", false]]) {
	for (const [what, headers] of Object.entries(FORGERIES))
		test(`${proxy} before ${web}: ${what}: https, and the visitor's own address`, { skip }, async () => {
			const answer = await ask(proxy, headers);
			assert.equal(answer.status, 200);
			assert.match([answer.headers["set-cookie"]].flat()[0], /^__Host-.*; Secure/);
			assert.equal(await ipOf(answer), VISITOR);
		});

	test(`${web}, past the proxy: the headers have no effect`, { skip }, async () => {
		const answer = await ask(web, { "X-Forwarded-For": FORGED, "X-Forwarded-Proto": "https" });
		assert.equal(answer.status, 403);
		assert.equal(await ipOf(answer), VISITOR);
	});
}

test("X-Forwarded-Host of a visitor: the document's lines remove it", { skip: needs(HAPROXY) }, async () => {
	for (const proxy of ["haproxy", "nginx"])
		assert.equal((await ask(proxy, { "X-Forwarded-Host": "evil.example" })).status, 200, proxy);
});
