// The page at the root of a host, chat.example.org/, behind each web server: by the commands of its document, in front of a
// program with base_path = /. Static files and BOSH have paths of their own there; prebind has the rest.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataBlock, NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { noNamespace, SERVER_KEYS } from "../lib/namespace.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { BOSH_QUICK, CALLER, basic, follow, hostOf, installServer, openStands, SECRETS } from "./web_stand.mjs";

const PROXY_FILES = {
	apache: "/etc/apache2/conf-enabled/proxy.conf",
	lighttpd: "/etc/lighttpd/conf-enabled/11-proxy.conf",
	nginx: "/etc/nginx/conf.d/proxy.conf",
};
const FORMS = ["apache", "lighttpd", "nginx"].map((name) => ({
	name, server: name === "apache" ? "apache2" : name, socket: true, keys: SERVER_KEYS, basePath: "/", bosh: false,
	async install(stand) {
		await installServer(stand);
		if (name === "lighttpd") // it is the same file, with another line
			await follow(stand, "docs/lighttpd.md", "fastcgi");
		await follow(stand, `docs/${name}.md`, "root");
		await stand.ns.write(PROXY_FILES[name], docSnippet("docs/proxies.md", `proxy_${name}`));
		if (name === "apache")
			await stand.ns.sh("a2enmod -q remoteip");
	},
}));

const place = new Place();
/** @type {Map<object, import('./web_stand.mjs').Stand>} */
let stands = new Map();

before(async () => {
	if (!noNamespace)
		stands = await openStands(place, FORMS);
});
after(() => place.close({ logs: true }));

for (const form of FORMS) {
	const it = (name, run) => test(`${form.name}: ${name}`, { skip: noNamespace }, () => run(stands.get(form)));

	it("the page, its login and its session", async (stand) => {
		const stranger = stand.visitor(hostOf("login", "json"));
		const sent = await stranger.get("/");
		assert.deepEqual([sent.status, sent.headers.location], [303, "/login?next=%2F"], sent.body);
		const login = await stranger.login("alice", "correct horse");
		assert.deepEqual([login.status, login.headers.location], [303, "/"], login.body);
		const page = await stranger.get("/");
		assert.equal(page.status, 200);
		assert.match(dataBlock(page.body).jid, /^alice@/);
		const json = await stranger.get("/prebind.json", SCRIPT);
		assert.match(JSON.parse(json.body).jid, /^alice@/);
		assert.equal((await stranger.get("/nothing")).status, 404);
		assert.match((await stranger.get("/chat/")).body, /<code>[0-9a-f]{16}<\/code>/);
	});

	it("/http-bind is the XMPP server's", async (stand) => {
		for (const slash of ["", "/"]) {
			const answer = await stand.send({ method: "POST", path: `/http-bind${slash}?${BOSH_QUICK}`, body: "<body/>" });
			assert.equal(answer.status, 200, answer.body);
			assert.equal(answer.body, "<body method='POST'/>");
		}
	});

	it("static files, and nothing else of theirs", async (stand) => {
		const script = await stand.send({ path: "/static/prebind.js" });
		assert.equal(script.status, 200);
		assert.match(script.headers["content-type"], /^text\/javascript/);
		for (const file of ["/static/", "/static/../templates/chat.html", "/static/vendor/strophe.LICENSE.txt", ...SECRETS.map((name) => `/${name}`)]) {
			const answer = await stand.send({ path: file, headers: NAVIGATION });
			assert.ok([303, 400, 403, 404].includes(answer.status), `${file}: ${answer.status}`);
			assert.doesNotMatch(answer.body, /^secret|\[site|\{\{/, file);
		}
	});

	it("programs call /rest/adhoc", async (stand) => {
		const call = (headers) => stand.send({ host: hostOf("login", "json"), path: "/rest/adhoc/bosh@example.test", headers });
		assert.equal((await call({})).status, 401);
		assert.equal((await call(basic(CALLER.name, CALLER.password))).status, 200);
	});

	it("behind a proxy that the web server was told of: each visitor has an address of his own", async (stand) => {
		const answer = await stand.send({ host: hostOf("login", "json"), path: "/nothing", headers: { "X-Forwarded-For": "198.51.100.9, 203.0.113.7" } });
		await until("the request in the log", () => stand.program.log.includes(answer.headers["x-request-id"]));
		const line = stand.program.log.split("\n").find((text) => text.includes(answer.headers["x-request-id"]) && text.includes('"request"'));
		assert.equal(JSON.parse(line.slice(line.indexOf("{"))).ip, "203.0.113.7");
	});
}
